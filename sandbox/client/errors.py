"""What can go wrong between a client and the control door."""

from collections.abc import Mapping
from typing import Any

TYPE_PREFIX = "urn:bank-sandbox:problem:"


class SandboxError(Exception):
    """Whatever the client raises."""


class ProblemError(SandboxError):
    """The server refused (``application/problem+json``, RFC 9457).

    ``type`` is a stable URN, ``slug`` its last part (``unknown-world``), ``detail`` says what to
    do, ``more`` holds what else the problem carries, such as ``error`` or ``redirect_to``.
    """

    def __init__(
        self, status: int, type: str, detail: str, more: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.type = type
        self.detail = detail
        self.more: Mapping[str, Any] = more or {}

    def __str__(self) -> str:
        return f"{self.detail} ({self.status} {self.slug})"

    @property
    def slug(self) -> str:
        return self.type.removeprefix(TYPE_PREFIX)


class Unreachable(SandboxError):
    """Nobody answers at the address, or somebody who is no bank-sandbox."""


class UnknownName(SandboxError, LookupError):
    """The world has no bank, persona or client of that name; the message lists those it has."""
