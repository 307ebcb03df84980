"""How a bank sends a browser back to the app: by a redirect, or by a form that posts itself."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

Change = Mapping[str, str | None]


def changed(address: str, change: Change) -> str:
    """Return ``address`` with other values in its query; None takes a name away."""
    parts = urlsplit(address)
    query = _changed(parse_qsl(parts.query, keep_blank_values=True), change)
    return urlunsplit(parts._replace(query=urlencode(query)))


def _changed(pairs: list[tuple[str, str]], change: Change) -> list[tuple[str, str]]:
    kept = [pair for pair in pairs if pair[0] not in change]
    return kept + [(name, value) for name, value in change.items() if value is not None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Back:
    """``posted``: the fields of the form (``response_mode=form_post``); None: a redirect.

    A redirect has the bank's answer in the query of ``address``, a form in its fields.
    """

    address: str
    posted: tuple[tuple[str, str], ...] | None = None

    @property
    def values(self) -> dict[str, str]:
        """Return the bank's answer: the code, the state, or the error."""
        given = parse_qsl(urlsplit(self.address).query) if self.posted is None else self.posted
        return dict(given)

    def changed(self, change: Change) -> "Back":
        """Return it as it arrives if somebody alters the answer on its way."""
        if self.posted is None:
            return replace(self, address=changed(self.address, change))
        return replace(self, posted=tuple(_changed(list(self.posted), change)))
