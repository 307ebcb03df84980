"""What an authorization request is answered with: the client's redirect URI and what goes on it."""

from collections.abc import Mapping
from urllib.parse import quote_plus, urlencode

from sandbox.domain.oauth.errors import OAuthError
from sandbox.services.world import World


class RedirectBack(Exception):
    """Send the browser to ``location``: the client's proven redirect URI with the answer on it.

    ``grant_id``: of the consent, where it carries a code and no page was shown.
    """

    def __init__(self, location: str, grant_id: str | None = None) -> None:
        super().__init__("redirect")
        self.location = location
        self.grant_id = grant_id


def answer_location(world: World, bank: str, redirect_uri: str, **values: str | None) -> str:
    """Return the redirect URI with the answer on it, ``iss`` always among it (O-7)."""
    return located(redirect_uri, answer_of(world, bank, **values))


def answer_of(world: World, bank: str, **values: str | None) -> dict[str, str]:
    """Return what the browser carries back: what there is of ``values``, and ``iss``."""
    said = {name: value for name, value in values.items() if value is not None}
    return {**said, "iss": world.issuer(bank)}


def located(redirect_uri: str, answer: Mapping[str, str]) -> str:
    query = urlencode(dict(answer), errors="surrogateescape", quote_via=quote_plus)
    return f"{redirect_uri}{'&' if '?' in redirect_uri else '?'}{query}"


def error_location(
    world: World, bank: str, redirect_uri: str, state: str | None, error: OAuthError
) -> str:
    return answer_location(
        world,
        bank,
        redirect_uri,
        error=error.error,
        error_description=error.description,
        state=state,
    )
