"""A bank profile: what makes one bank's API its own on the wire."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from sandbox.domain.errors import BankError
from sandbox.domain.oauth.personal import subject_of
from sandbox.domain.policy import BankPolicy
from sandbox.services.bank_facts import BankFacts
from sandbox.web.pages import BankFace

if TYPE_CHECKING:
    from sandbox.web.endpoint import Endpoint


@dataclass(frozen=True, slots=True)
class Refusal:
    """How a bank says no: status, stable code, message for people."""

    status: int
    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """``bases`` are the path prefixes below the bank's own; the first is the one advertised."""

    name: str
    face: BankFace
    bank_code: str
    bases: tuple[str, ...]
    scopes: frozenset[str]
    policy: BankPolicy
    endpoints: tuple["Endpoint", ...]
    refusals: Mapping[type[BankError], Refusal]
    http_refusals: Mapping[int, Refusal]  # 404, 405, 413, 500…: no use case said it
    error_body: Callable[[Refusal, list[dict[str, str]]], dict[str, Any]]

    subject: Callable[[str, str], str] = subject_of  # bank code, contractor id → sub
    keys_path: str = "/oauth/jwks"

    @property
    def facts(self) -> BankFacts:
        return BankFacts(
            scopes=self.scopes,
            base=self.bases[0],
            subject=partial(self.subject, self.bank_code),
        )

    @property
    def base(self) -> str:
        return f"/{self.name}{self.bases[0]}"
