"""The journal entry of a call under way: where whoever answers it notes what it learns."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from sandbox.services.journal import Entry
from sandbox.services.world import World


class CallEntry(Entry):
    """``world``: the one that the request found, kept open until it is answered.

    ``dpop_nonce``: what the caller's next proof has to carry; it goes out with the answer.
    Of fault rules: ``peeked`` is a body that was read ahead, ``reading`` the effect on what the
    books show, and ``is_lost`` says that no answer gets through.
    """

    world: World | None = None
    dpop_nonce: str | None = None
    peeked: bytes | None = None
    reading: Mapping[str, Any] | None = None
    is_lost = False


ENTRY = web.RequestKey("entry", CallEntry)


def entry_of(request: web.Request) -> CallEntry:
    """Return the entry of ``request``; the whole bank door has one (see ``recorded``)."""
    return request[ENTRY]
