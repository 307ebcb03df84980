"""Listeners with broken TLS beside the bank door: one for each live rule of kind ``tls``.

What is asked over them the bank answers as ever: the fault is that somebody asks at all. Who hangs
up instead, with an alert or without a word, is in the journal too.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiohttp import web

from sandbox.clock import machine_now
from sandbox.domain.conduct.traits import HANDSHAKE
from sandbox.domain.effect_tls import TLS_EFFECTS, UNACCEPTABLE
from sandbox.domain.fault import FaultRule
from sandbox.services.journal import Entry
from sandbox.services.world import World
from sandbox.web.faults.greeting import Greeter
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
    greeter: Greeter
    port: int
    url: str

    @property
    def case(self) -> str:
        return str(self.rule.effect["case"])


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
        case, runner = rule.effect["case"], self._runner
        context = context_of(case, self._tls, (world.now(), machine_now()))

        def serve() -> asyncio.Protocol:
            assert runner.server is not None
            return runner.server()

        def tell(said: str, address: str | None) -> None:
            if case in UNACCEPTABLE:
                note_refusal(world, rule, said, address)

        greeter = Greeter(context, serve, tell)
        try:
            port = await greeter.listen(self._host)
        except OSError as error:
            raise ListenerRefused(f"no listener can be opened: {error.strerror}") from error
        url = f"{_prefix(self._host)}:{port}{world.prefix}"
        listener = Listener(world=world, rule=rule, greeter=greeter, port=port, url=url)
        self._by_port[port] = listener
        watch = asyncio.create_task(self._watch(listener))
        self._watches.add(watch)
        watch.add_done_callback(self._watches.discard)

    async def _watch(self, listener: Listener) -> None:
        """Close a listener as soon as its rule is gone, and what is connected with it."""
        await listener.world.faults.hang(listener.rule.fault_id, None, lambda: True)
        del self._by_port[listener.port]
        await listener.greeter.close()

    async def note(self, request: web.Request) -> None:
        """Note in the journal that a call came over such a listener, and count it."""
        if not self._by_port or request.transport is None:
            return
        listener = self._by_port.get(_port_of(request.transport.get_extra_info("sockname")))
        if listener is None:
            return
        entry = entry_of(request)
        entry.fault = listener.rule.fault_id
        if listener.case in UNACCEPTABLE:
            entry.tls_drill = listener.case
        await listener.world.faults.count(listener.rule.fault_id)

    async def close(self) -> None:
        """The server goes down."""
        for watch in list(self._watches):
            watch.cancel()
            with suppress(asyncio.CancelledError):
                await watch
        for listener in self._by_port.values():
            await listener.greeter.close()
        self._by_port.clear()


def note_refusal(world: World, rule: FaultRule, said: str, address: str | None) -> None:
    """Note in the journal that a client would not speak with such a server (C-24, R-16)."""
    entry = Entry()
    entry.at, entry.real_at, entry.latency_us = world.now(), machine_now(), 0
    entry.bank, entry.method, entry.path, entry.operation = "", "TLS", "/", HANDSHAKE
    entry.remote, entry.error_code = address, said
    entry.fault, entry.tls_drill = rule.fault_id, rule.effect["case"]
    world.journal.add(entry)


def _port_of(name: object) -> int:
    """Return the port of a socket's name; 0 of one that has none."""
    return name[1] if isinstance(name, tuple) else 0


def _prefix(host: str) -> str:
    host = "127.0.0.1" if host in ("0.0.0.0", "::", "") else host
    return f"https://[{host}]" if ":" in host else f"https://{host}"


LISTENERS = web.AppKey("listeners", Listeners)
