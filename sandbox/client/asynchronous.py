"""The client for code that awaits, over aiohttp (imported with the first call)."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from typing import TypeVar, Unpack

from sandbox.client import calls, journal, server
from sandbox.client.answers import JournalEntry
from sandbox.client.parts import Certificates, JournalOf, ScenariosOf, Sender, WorldOf, asked
from sandbox.client.request import TIMEOUT_S, Door, Request
from sandbox.client.scenarios import RunTimeout, ScenarioRun, ScenarioStep, is_settled
from sandbox.client.transport import AsyncTransport

PAUSE_S = 0.2

T = TypeVar("T")


class AsyncJournal(JournalOf[AsyncTransport]):
    """The calls at the bank door; secrets and tokens are masked in it."""

    async def follow(
        self, *, after: int | None = None, pause_s: float = 0.5, **filters: Unpack[journal.Filters]
    ) -> AsyncIterator[JournalEntry]:
        """Yield the entries after ``after``, and each new one as it comes, without an end."""
        import asyncio

        while True:
            page = await self.page(after=after, **filters)
            for entry in page.items:
                yield entry
            after = journal.last_seen(page, after)
            if page.next is None:
                await asyncio.sleep(pause_s)


class AsyncScenarios(ScenariosOf[AsyncTransport]):
    """What comes along, and the runs that the server plays in this world."""

    async def wait(
        self, run_id: str, *, timeout_s: float = 600.0, pause_s: float = PAUSE_S
    ) -> ScenarioRun:
        """Return a run once it is over, or waits for a step.

        Raises:
            RunTimeout: neither, after ``timeout_s``.
            ProblemError: there is no such run.
        """
        import asyncio

        waited_s = 0.0
        while True:
            run = await self.get(run_id)
            if is_settled(run):
                return run
            if waited_s >= timeout_s:
                raise RunTimeout(f"run {run_id} is still under way after {timeout_s:g} s")
            await asyncio.sleep(pause_s)
            waited_s += pause_s

    async def step(self, run_id: str, *, timeout_s: float = 600.0) -> ScenarioRun:
        """Let a run take its next step, and return it once it waits again or is over."""
        await self.go_on(run_id)
        return await self.wait(run_id, timeout_s=timeout_s)

    async def follow(self, run_id: str, *, pause_s: float = PAUSE_S) -> AsyncIterator[ScenarioStep]:
        """Yield the steps of a run, those to come as they are taken, until it is over."""
        import asyncio

        told = 0
        while True:
            run = await self.get(run_id)
            for step in run.steps[told:]:
                yield step
            told = len(run.steps)
            if run.is_over:
                return
            await asyncio.sleep(pause_s)


class AsyncWorld(WorldOf[AsyncTransport]):
    """One world of a server, by its name; that it exists shows with the first call."""

    def __init__(self, transport: AsyncTransport, world: str) -> None:
        super().__init__(transport, world)
        self.journal = AsyncJournal(transport, world)
        self.scenarios = AsyncScenarios(transport, world)


class AsyncWorlds(Sender[AsyncTransport]):
    """The worlds of a server."""

    list = asked(calls.list_worlds)
    delete = asked(calls.delete_world)

    async def create(
        self,
        name: str | None = None,
        *,
        seed: int | None = None,
        clock: calls.ClockSetting | None = None,
        personas: Sequence[str] | None = None,
        from_snapshot: str | None = None,
    ) -> AsyncWorld:
        """Make a world: see ``sandbox.client.calls.create_world``."""
        request = calls.create_world(
            name, seed=seed, clock=clock, personas=personas, from_snapshot=from_snapshot
        )
        return AsyncWorld(self._transport, (await self._transport.send(request)).name)


class AsyncSandbox(Sender[AsyncTransport]):
    """A running server, by the address of its control door.

    Within ``async with`` connections are kept; without it each call opens its own, so that nothing
    is left to be closed.

    Args:
        url: default ``http://127.0.0.1:8081``.
        token: of a door that asks for one. Default: the variable ``SANDBOX_CONTROL_TOKEN``.
        timeout_s: how long one answer may take.

    Raises:
        ValueError: no http or https address.
    """

    settings = asked(server.show_settings)

    def __init__(
        self, url: str | None = None, *, token: str | None = None, timeout_s: float = TIMEOUT_S
    ) -> None:
        door = Door.at(url, token)
        self.url = door.url
        super().__init__(AsyncTransport(door, timeout_s))
        self._stack = AsyncExitStack()
        self.worlds = AsyncWorlds(self._transport)
        self.certificates = Certificates(self._transport)

    async def send(self, request: Request[T]) -> T:
        """Send a request that has no method of its own."""
        return await self._transport.send(request)

    def world(self, name: str = "default") -> AsyncWorld:
        """Return a world by its name, without asking whether it exists."""
        return AsyncWorld(self._transport, name)

    async def __aenter__(self) -> "AsyncSandbox":
        self._transport.held = await self._stack.enter_async_context(self._transport.session())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._transport.held = None
        await self._stack.aclose()
