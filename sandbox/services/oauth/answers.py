"""What an authorization request is answered with: the client's redirect URI and what goes on it."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote_plus, urlencode

from sandbox.domain.oauth.authorize import QUERY
from sandbox.domain.oauth.errors import OAuthError
from sandbox.services.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the browser carries back to the client: on its address, or by ``mode`` in a form."""

    redirect_uri: str
    values: Mapping[str, str]
    mode: str = QUERY

    @property
    def location(self) -> str:
        """The redirect URI with the answer on it, which is also how the journal tells of a form."""
        query = urlencode(dict(self.values), errors="surrogateescape", quote_via=quote_plus)
        return f"{self.redirect_uri}{'&' if '?' in self.redirect_uri else '?'}{query}"


class RedirectBack(Exception):
    """Send the browser with ``answer`` to the client's proven redirect URI.

    ``grant_id``: of the consent, where it carries a code and no page was shown.
    """

    def __init__(self, answer: Answer, grant_id: str | None = None) -> None:
        super().__init__("redirect")
        self.answer = answer
        self.grant_id = grant_id


def answer_of(world: World, bank: str, **values: str | None) -> dict[str, str]:
    """Return what the browser carries back: what there is of ``values``, and ``iss`` (O-7)."""
    said = {name: value for name, value in values.items() if value is not None}
    return {**said, "iss": world.issuer(bank)}


def error_of(world: World, bank: str, state: str | None, error: OAuthError) -> dict[str, str]:
    """Return what the browser carries back instead of a code."""
    return answer_of(
        world, bank, error=error.error, error_description=error.description, state=state
    )
