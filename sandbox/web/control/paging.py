"""Lists of the control API: by key range, never by offset, and without a total."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from sandbox.web.control.problem import Problem

LIMIT_DEFAULT = 100
LIMIT_MAX = 1000
TEXT_MAX = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    after: str
    limit: int


def page_of(request: web.Request) -> Page:
    """Return which part of a list is asked for.

    Raises:
        Problem: a limit that is none.
    """
    text = request.query.get("limit", str(LIMIT_DEFAULT))
    limit = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
    if not 1 <= limit <= LIMIT_MAX:
        raise Problem(422, "invalid-request", f"limit must be 1 to {LIMIT_MAX}")
    return Page(after=filter_of(request, "after") or "", limit=limit)


def filter_of(request: web.Request, name: str) -> str | None:
    """Return a filter of the query, or None where it was not given."""
    value = request.query.get(name)
    if value is not None and len(value) > TEXT_MAX:
        raise Problem(422, "invalid-request", f"{name} is longer than {TEXT_MAX} characters")
    return value or None


def one_of(request: web.Request, name: str, known: Iterable[str]) -> str | None:
    """Return a filter that takes some words only. Raises ``Problem``, naming them."""
    value, words = filter_of(request, name), [str(word) for word in known]
    if value is not None and value not in words:
        raise Problem(422, "invalid-request", f"{name} must be one of {', '.join(words)}")
    return value


def listed(name: str, found: list[dict[str, Any]], page: Page, key: str) -> dict[str, Any]:
    """Return a list's answer; ``next`` goes into ``after`` for what follows."""
    answer: dict[str, Any] = {name: found}
    if len(found) == page.limit:
        answer["next"] = found[-1][key]
    return answer
