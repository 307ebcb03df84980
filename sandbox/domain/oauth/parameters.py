"""Parameters of a query or a form, as the client wrote them."""

from dataclasses import dataclass
from urllib.parse import parse_qsl

MOST_FIELDS = 64


class TooManyFields(ValueError):
    """More fields than any honest request has."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """``values`` holds the first of each name; ``duplicated`` the names given more than once.

    Bytes that are not UTF-8 survive as surrogate escapes, so ``state`` can go back byte for byte
    (O-8). An empty value counts as absent (RFC 6749 §3.1).
    """

    values: dict[str, str]
    duplicated: frozenset[str]
    pairs: tuple[tuple[str, str], ...] = ()

    def get(self, name: str) -> str | None:
        return self.values.get(name)

    def all(self, name: str) -> tuple[str, ...]:
        """Return every value of a field that may repeat, such as a check box."""
        return tuple(value for given, value in self.pairs if given == name)


def readable(text: str) -> str:
    """Return ``text`` with whatever is no UTF-8 in it as U+FFFD: it can be stored and shown."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def parse_parameters(text: str, *, errors: str = "surrogateescape") -> Parameters:
    """Read a query or a form body.

    Raises:
        TooManyFields: more than ``MOST_FIELDS``.
    """
    try:
        pairs = parse_qsl(text, errors=errors, max_num_fields=MOST_FIELDS)
    except ValueError as error:
        raise TooManyFields(str(error)) from error
    values: dict[str, str] = {}
    duplicated = set()
    for name, value in pairs:
        if name in values:
            duplicated.add(name)
        else:
            values[name] = value
    return Parameters(values, frozenset(duplicated), tuple(pairs))
