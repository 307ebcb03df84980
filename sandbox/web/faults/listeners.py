"""Listeners with broken TLS beside the bank door: one for each live rule of kind ``tls``.

What is asked over them the bank answers as ever: the fault is that somebody asks at all.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiohttp import web

from sandbox.clock import machine_now
from sandbox.domain.effect_tls import TLS_EFFECTS, UNACCEPTABLE
from sandbox.domain.fault import FaultRule
from sandbox.services.world import World
from sandbox.web.noting import entry_of

if TYPE_CHECKING:
    from sandbox.services.tls import Tls

MOST_LISTENERS = 50


class ListenerRefused(Exception):
    """There can be no (further) listener. The text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    world: World
    rule: FaultRule
    site: web.TCPSite
    url: str

    @property
    def port(self) -> int:
        return self.site.port


class Listeners:
    """They close with their rule, with its world, and with the server."""

    def __init__(self) -> None:
        self._runner: web.AppRunner | None = None
        self._tls: Tls | None = None
        self._host = ""
        self._lock = asyncio.Lock()
        self._by_port: dict[int, Listener] = {}
        self._watches: set[asyncio.Task[None]] = set()

    def stand_beside(self, runner: web.AppRunner, host: str, tls: "Tls | None") -> None:
        """Open listeners on ``host`` from now on; ``tls`` None: none can be."""
        self._runner, self._host, self._tls = runner, host, tls

    @property
    def can_open(self) -> bool:
        return self._tls is not None

    def url_of(self, fault_id: str) -> str | None:
        urls = (each.url for each in self._by_port.values() if each.rule.fault_id == fault_id)
        return next(urls, None)

    async def keep_up(self, world: World) -> None:
        """Open what the world's rules ask for and is not open, also after a restart.

        Raises:
            ListenerRefused: there are too many, or no port is free.
        """
        if not self.can_open:
            return
        async with self._lock:
            for rule in world.faults.list_live():
                if rule.kind in TLS_EFFECTS and self.url_of(rule.fault_id) is None:
                    await self._open(world, rule)

    async def _open(self, world: World, rule: FaultRule) -> None:
        from sandbox.services.tls_faults import context_of

        assert self._runner is not None
        assert self._tls is not None
        if len(self._by_port) >= MOST_LISTENERS:
            raise ListenerRefused(f"there are {MOST_LISTENERS} such listeners already")
        context = context_of(rule.effect["case"], self._tls, (world.now(), machine_now()))
        site = web.TCPSite(self._runner, self._host, 0, ssl_context=context)
        try:
            await site.start()
        except OSError as error:
            raise ListenerRefused(f"no listener can be opened: {error.strerror}") from error
        host = "127.0.0.1" if self._host in ("0.0.0.0", "::", "") else self._host
        host = f"[{host}]" if ":" in host else host
        url = f"https://{host}:{site.port}{world.prefix}"
        listener = Listener(world=world, rule=rule, site=site, url=url)
        self._by_port[site.port] = listener
        watch = asyncio.create_task(self._watch(listener))
        self._watches.add(watch)
        watch.add_done_callback(self._watches.discard)

    async def _watch(self, listener: Listener) -> None:
        """Close a listener as soon as its rule is gone, and what is connected with it."""
        port = listener.port
        await listener.world.faults.hang(listener.rule.fault_id, None, lambda: True)
        del self._by_port[port]
        await listener.site.stop()
        assert self._runner is not None
        server = self._runner.server
        for handler in [] if server is None else server.connections:
            if handler.transport is not None and _port_of(handler.transport) == port:
                handler.transport.abort()

    async def note(self, request: web.Request) -> None:
        """Note in the journal that a call came over such a listener, and count it."""
        listener = self._by_port.get(_port_of(request.transport)) if self._by_port else None
        if listener is None:
            return
        entry, case = entry_of(request), listener.rule.effect["case"]
        entry.fault = listener.rule.fault_id
        if case in UNACCEPTABLE:
            entry.tls_drill = case
        await listener.world.faults.count(listener.rule.fault_id)

    async def close(self) -> None:
        """The server goes down; the runner closes what listens."""
        for watch in list(self._watches):
            watch.cancel()
            with suppress(asyncio.CancelledError):
                await watch


def _port_of(transport: asyncio.BaseTransport | None) -> int:
    name = None if transport is None else transport.get_extra_info("sockname")
    return name[1] if isinstance(name, tuple) else 0


LISTENERS = web.AppKey("listeners", Listeners)
