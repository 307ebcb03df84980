"""Brings events to providers, beside the doors: no call waits for it.

Of each open world it gathers what has happened and sends what is due: one delivery a client at a
time, so many at once in all. An attempt that the server's end cuts off is made again: a receiver
may get an event twice, and never not at all.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sandbox.clock import monotonic_s
from sandbox.domain.event import DELIVERY, ID, SIGNATURE, TYPE
from sandbox.domain.time import Instant
from sandbox.services import deliveries
from sandbox.services.deliveries import Parcel
from sandbox.services.events import gather
from sandbox.services.world import World
from sandbox.services.worlds import Worlds
from sandbox.web.front import SERVER, caught_up

if TYPE_CHECKING:
    import aiohttp

log = logging.getLogger("sandbox.events")
TICK_S = 0.1
TIMEOUT_S = 5.0  # of one attempt, in real time
MOST_AT_ONCE = 8
ANSWER_MAX_BYTES = 4096  # no more is read of an answer, and none of it is kept


@dataclass(slots=True)
class Watched:
    """What the courier knows of a world: when to look again, and whom it is just sending to."""

    world: World
    commits: int = -1
    next_at: Instant | None = None
    is_listening: bool = False
    busy: set[str] = field(default_factory=set)

    @property
    def is_due(self) -> bool:
        if self.world.database.commits != self.commits:
            return True
        return self.next_at is not None and self.world.now() >= self.next_at


class Courier:
    """``deliver`` runs until it is cancelled; then ``close``."""

    def __init__(self, worlds: Worlds, *, timeout_s: float = TIMEOUT_S) -> None:
        self._worlds = worlds
        self._timeout_s = timeout_s
        self._watched: dict[str, Watched] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._session: aiohttp.ClientSession | None = None

    async def deliver(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            for name, world in list(self._worlds.running.items()):
                try:
                    await self._look(self._watch(name, world))
                except Exception:  # another world's events must not wait for this one's trouble
                    if self._worlds.running.get(name) is world:
                        log.exception("the events of the world %s cannot be looked at", name)

    def _watch(self, name: str, world: World) -> Watched:
        found = self._watched.get(name)
        if found is None or found.world is not world:
            found = self._watched[name] = Watched(world)
            for each in self._watched.keys() - self._worlds.running.keys():
                del self._watched[each]
        return found

    async def _look(self, watched: Watched) -> None:
        """Gather and send what is due; note when to look again."""
        world = watched.world
        if watched.is_listening:
            await caught_up(world)  # nobody else may be calling
        if not watched.is_due:
            return
        watched.commits = world.database.commits
        await gather(world)
        watched.is_listening = await deliveries.has_listeners(world)
        room = MOST_AT_ONCE - len(self._tasks)
        for parcel in await deliveries.list_parcels(world, watched.busy, room):
            self._send(watched, parcel)
        # Who is busy, or had no room, is asked again when an attempt ends.
        is_full = len(self._tasks) >= MOST_AT_ONCE
        due_at = None if is_full else await deliveries.next_due_at(world, watched.busy)
        watched.next_at = due_at

    def _send(self, watched: Watched, parcel: Parcel) -> None:
        watched.busy.add(parcel.delivery.client_id)
        task = asyncio.create_task(self._attempt(watched, parcel))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _attempt(self, watched: Watched, parcel: Parcel) -> None:
        world, began_s = watched.world, monotonic_s()
        answer, problem = await self._post(parcel)
        took_ms = round((monotonic_s() - began_s) * 1000)
        try:
            if self._worlds.running.get(world.name) is world:  # else it is made again
                await deliveries.record(world, parcel, answer, problem, took_ms)
        except Exception:
            if self._worlds.running.get(world.name) is world:  # and was not closed meanwhile
                log.exception("an attempt in the world %s cannot be noted", world.name)
        finally:
            watched.busy.discard(parcel.delivery.client_id)
            for each in self._watched.values():
                each.commits = -1

    async def _post(self, parcel: Parcel) -> tuple[int | None, str | None]:
        """Return (HTTP status, None), or (None, what went wrong). What is answered is not kept."""
        import aiohttp
        from yarl import URL

        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": SERVER,
            ID: parcel.event.event_id,
            TYPE: parcel.event.type.value,
            DELIVERY: parcel.delivery.delivery_id,
            SIGNATURE: parcel.signature,
        }
        try:
            async with self._http().post(
                URL(parcel.url, encoded=True),
                data=parcel.body,
                headers=headers,
                allow_redirects=False,
            ) as response:
                await response.content.read(ANSWER_MAX_BYTES)
                return response.status, None
        except TimeoutError:
            return None, f"no answer within {self._timeout_s:g} s"
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return None, type(error).__name__

    def _http(self) -> "aiohttp.ClientSession":
        """Return the session, made with the first attempt: most servers never make one."""
        if self._session is None:
            import aiohttp

            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=self._timeout_s),
                cookie_jar=aiohttp.DummyCookieJar(),
                connector=aiohttp.TCPConnector(limit=MOST_AT_ONCE, force_close=True),
                auto_decompress=False,
            )
        return self._session

    async def close(self) -> None:
        """Break off what is under way: it is made again when the world is opened again."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()


@asynccontextmanager
async def delivering(worlds: Worlds) -> AsyncIterator[Courier]:
    """Bring the events of the open worlds to providers during the block."""
    courier = Courier(worlds)
    task = asyncio.create_task(courier.deliver())
    try:
        yield courier
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await courier.close()
