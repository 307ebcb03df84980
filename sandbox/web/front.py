"""What a door of the sandbox holds: the worlds, and how a request finds its own."""

from contextlib import suppress
from dataclasses import dataclass, field
from email.utils import formatdate
from functools import lru_cache
from typing import Any

import orjson
from aiohttp import web
from multidict import CIMultiDict

from sandbox.domain.time import Instant
from sandbox.services.agenda import catch_up
from sandbox.services.bank import Bank
from sandbox.services.world import DEFAULT_WORLD, World
from sandbox.services.worlds import UnknownWorld, Worlds
from sandbox.web.faults.listeners import Listeners
from sandbox.web.host_watch import HostWatch
from sandbox.web.metrics import CallCounter
from sandbox.web.noting import ENTRY
from sandbox.web.pages import Pages
from sandbox.web.schema import SchemaStore

WORLD_HEADER = "X-Sandbox-World"
SERVER = "bank-sandbox"
SCHEMES = ("bearer", "dpop")  # of access tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Front:
    worlds: Worlds
    schemas: SchemaStore
    pages: Pages
    is_strict: bool  # check our own replies against their schemas
    counter: CallCounter = field(default_factory=CallCounter)
    host_watch: HostWatch = field(default_factory=HostWatch)
    listeners: Listeners = field(default_factory=Listeners)

    async def bank(self, request: web.Request, bank: str, *, token: str | None = None) -> Bank:
        """Return the bank of the world that ``request`` belongs to, its agenda worked off."""
        world = await self.find_world(request, token=token)
        due_at = world.next_due_at
        if due_at is not None and world.now() >= due_at:
            await catch_up(world)
        return self.worlds.bank(world, bank)

    async def find_world(self, request: web.Request, *, token: str | None = None) -> World:
        """Return the world of ``request``, looked for once.

        First match wins: the path's world, the token's tag, the client that the entry names
        where only one world knows it, the header, the default.

        Raises:
            UnknownWorld: there is none of that name.
        """
        entry = request[ENTRY]
        if entry.world is not None:
            return entry.world
        name = request.match_info.get("world")
        if name is None and token is not None:
            name = self.worlds.name_of_token(token)
        if name is None and entry.client_id is not None:
            name = self.worlds.client_index.only_world_of(entry.client_id)
        if name is None:
            name = request.headers.get(WORLD_HEADER, DEFAULT_WORLD)
        world = self.worlds.running.get(name) or await self.worlds.open(name)
        world.users += 1
        entry.world = world
        return world

    async def dated(self, request: web.Request, response: web.Response) -> web.Response:
        """Date an answer by its world's clock, also where nothing has looked for the world yet."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        with suppress(UnknownWorld):
            await self.find_world(request, token=token if scheme.lower() in SCHEMES else None)
        return stamped(request, response)


async def caught_up(world: World) -> World:
    """Return ``world`` with all done that fell due by now."""
    due_at = world.next_due_at
    if due_at is not None and world.now() >= due_at:
        await catch_up(world)
    return world


# One made ready is copied in less time than a dictionary is read.
_JSON_HEADERS = CIMultiDict(
    {
        "Content-Type": "application/json; charset=utf-8",
        "Cache-Control": "no-store",
        "Server": SERVER,
    }
)


@lru_cache(maxsize=16)
def _http_date(second: int) -> str:
    return formatdate(second, usegmt=True)


def http_date(now: Instant) -> str:
    """Return the ``Date`` header of the world's time."""
    return _http_date(now // 1000)


def json_response(body: Any, *, status: int = 200, now: Instant | None = None) -> web.Response:
    """Return ``body`` as JSON, never to be cached, dated by the world's clock."""
    response = web.Response(body=orjson.dumps(body), status=status, headers=_JSON_HEADERS)
    if now is not None:
        response.headers["Date"] = http_date(now)
    return response


def stamped(request: web.Request, response: web.Response) -> web.Response:
    """Date an answer by the clock of the world that the request found, if it found one."""
    response.headers["Server"] = SERVER
    world = request[ENTRY].world
    if world is not None:
        response.headers["Date"] = http_date(world.now())
    return response
