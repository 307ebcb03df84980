"""The journal entry of a call under way: where whoever answers it notes what it learns."""

from aiohttp import web

from sandbox.services.journal import Entry
from sandbox.services.world import World


class CallEntry(Entry):
    """``world``: the one that the request found, kept open until it is answered."""

    world: World | None = None


ENTRY = web.RequestKey("entry", CallEntry)


def entry_of(request: web.Request) -> CallEntry:
    """Return the entry of ``request``; the whole bank door has one (see ``recorded``)."""
    return request[ENTRY]
