"""The calls of the journal resource."""

from typing import TypedDict, Unpack

from sandbox.client.answers import Done, JournalEntry, Page
from sandbox.client.request import PAGE_SIZE, Request, given, one, page, path, raw


class Filters(TypedDict, total=False):
    """What an entry has to have."""

    operation: str | None
    client_id: str | None
    status: str | None
    error_code: str | None


def list_entries(
    world: str,
    /,
    *,
    after: str | None = None,
    limit: int = PAGE_SIZE,
    **filters: Unpack[Filters],
) -> Request[Page[JournalEntry]]:
    """List calls at the bank door, oldest first.

    Args:
        after: the id of an entry; those that follow it are listed.
        limit: how many at most in one answer of the server.
        filters: see ``Filters``.

    Raises:
        ProblemError: ``invalid-request``.
    """
    query = given(after=after, limit=str(limit), **filters)
    target = path("worlds", world, "journal")
    return Request(method="GET", path=target, read=page("journal", JournalEntry), query=query)


def clear(world: str) -> Request[Done]:
    """Forget all calls so far."""
    return Request(method="DELETE", path=path("worlds", world, "journal"), read=one(Done))


def export_har(world: str) -> Request[bytes]:
    """Return the journal as an HTTP archive (HAR 1.2, JSON), for a browser's network panel."""
    return Request(method="GET", path=path("worlds", world, "journal", "export.har"), read=raw)


def last_seen(page: Page[JournalEntry], after: str | None) -> str | None:
    """Return the ``after`` that goes on where ``page`` ended."""
    if page.next is not None:
        return page.next
    return str(page.items[-1].id) if page.items else after
