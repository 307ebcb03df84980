"""Connections that a fault rule refuses at the door, before a byte of them is read (F-11)."""

import asyncio
from typing import Any

from aiohttp import web

from sandbox.services.faults import FaultBook
from sandbox.services.world import DEFAULT_WORLD
from sandbox.services.worlds import Worlds
from sandbox.web.faults.scripted import reset

KINDS = frozenset({"refuse_connections"})


class Gate:
    """Resets new connections of the bank door.

    What is called is not known yet, so that rules of the default world alone can strike, and of
    those the ones that match by nothing but ``address``.
    """

    def __init__(self, worlds: Worlds) -> None:
        self._worlds = worlds
        self._saving: set[asyncio.Task[None]] = set()

    def stand_before(self, server: web.Server | None) -> None:
        """Look at every connection that ``server`` takes from now on."""
        assert server is not None  # its runner has been set up
        take = server.connection_made

        def connection_made(handler: Any, transport: asyncio.Transport) -> None:
            take(handler, transport)
            if not self._worlds.fault_board.is_quiet and self._is_refused(transport):
                # In a moment: aiohttp starts its handler behind this call, and must not find
                # that it is over already.
                asyncio.get_running_loop().call_soon(reset, transport)

        server.connection_made = connection_made  # type: ignore[method-assign]

    def _is_refused(self, transport: asyncio.Transport) -> bool:
        world = self._worlds.running.get(DEFAULT_WORLD)
        if world is None or not any(rule.kind in KINDS for rule in world.faults.rules):
            return False
        peer = transport.get_extra_info("peername")
        address = peer[0] if isinstance(peer, tuple) else None
        strike, counted = world.faults.choose({"address": address}, KINDS)
        self._save(world.faults, counted)
        return strike is not None

    def _save(self, book: FaultBook, counted: set[str]) -> None:
        if counted:
            task = asyncio.create_task(book.save(counted))
            self._saving.add(task)
            task.add_done_callback(self._saving.discard)


GATE = web.AppKey("gate", Gate)
