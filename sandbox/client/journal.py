"""The calls of the journal resource."""

from datetime import datetime
from typing import Any, TypedDict, Unpack

from sandbox.client.answers import Done, JournalEntry, Page
from sandbox.client.request import PAGE_SIZE, Request, given, one, page, path, raw


class Filters(TypedDict, total=False):
    """What a call must have to be listed. ``since`` and ``until`` are world time; ``until`` is not
    within, and texts without an offset are Tokyo's.
    """

    bank: str | None
    operation: str | None
    client_id: str | None
    contractor_id: str | None
    persona: str | None
    grant_id: str | None
    status: int | None
    error_code: str | None
    reason: str | None
    since: str | datetime | None
    until: str | datetime | None


def list_entries(
    world: str,
    /,
    *,
    after: int | None = None,
    limit: int | None = None,
    **filters: Unpack[Filters],
) -> Request[Page[JournalEntry]]:
    """List calls at the bank door, oldest first; secrets and tokens are masked in them.

    Args:
        after: the id of a call; those that follow it are listed.
        limit: how many at most in one answer of the server, 1 to 1000.
        filters: see ``Filters``.

    Raises:
        ProblemError: ``invalid-request``.
    """
    return _list(world, {"after": after, "limit": limit or PAGE_SIZE, **filters})


def list_last(
    world: str, /, count: int, **filters: Unpack[Filters]
) -> Request[tuple[JournalEntry, ...]]:
    """List the newest calls, oldest first; ``count`` is 0 to 1000. Else as ``list``."""
    return _list(world, {"last": count, **filters}).then(lambda found: found.items)


def clear(world: str) -> Request[Done]:
    """Forget all calls so far. Ids go on."""
    return Request(method="DELETE", path=path("worlds", world, "journal"), read=one(Done))


def export_har(world: str, /, **filters: Unpack[Filters]) -> Request[bytes]:
    """Return the journal as an HTTP archive (HAR 1.2, JSON), for a browser's network panel."""
    target = path("worlds", world, "journal", "export.har")
    return Request(method="GET", path=target, read=raw, query=_query(dict(filters)))


def last_seen(page: Page[JournalEntry], after: int | None) -> int | None:
    """Return the ``after`` that goes on where ``page`` ended."""
    return page.items[-1].id if page.items else after


def _list(world: str, query: dict[str, Any]) -> Request[Page[JournalEntry]]:
    return Request(
        method="GET",
        path=path("worlds", world, "journal"),
        read=page("journal", JournalEntry),
        query=_query(query),
    )


def _query(values: dict[str, Any]) -> dict[str, str]:
    return {
        name: value.isoformat() if isinstance(value, datetime) else str(value)
        for name, value in given(**values).items()
    }
