"""What is so in every world of a server."""

from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.client.request import Request, one


@dataclass(frozen=True, slots=True, kw_only=True)
class _Settings:
    settings: Mapping[str, str]


def show_settings() -> Request[Mapping[str, str]]:
    """Return the settings of the banks, by their names; secrets are not among them."""
    found = Request(method="GET", path="/api/v1/settings", read=one(_Settings))
    return found.then(lambda shown: shown.settings)
