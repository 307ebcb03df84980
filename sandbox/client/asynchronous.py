"""The client for code that awaits, over aiohttp (imported with the first call)."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import TypeVar, Unpack

from sandbox.client import (
    acts,
    calls,
    certificates,
    journal,
    server,
    staff,
)
from sandbox.client.answers import Certificate, JournalEntry, WorldSummary
from sandbox.client.asynchronous_parts import (
    AsyncAccounts,
    AsyncCalendarOf,
    AsyncClients,
    AsyncClock,
    AsyncConductOf,
    AsyncContracts,
    AsyncEvents,
    AsyncFaults,
    AsyncGrants,
    AsyncIncidents,
    AsyncKeys,
    AsyncMaintenance,
    AsyncNotices,
    AsyncPart,
    AsyncSnapshots,
    AsyncTermsOf,
    AsyncTokens,
    AsyncTransfers,
    Transport,
    listed,
    sent,
)
from sandbox.client.asynchronous_scenarios import AsyncScenarios
from sandbox.client.request import TIMEOUT_S, Door, Request

T = TypeVar("T")


class AsyncJournal(AsyncPart):
    """The calls at the bank door; secrets and tokens are masked in it."""

    page = sent(journal.list_entries)
    clear = sent(journal.clear)
    har = sent(journal.export_har)
    last = sent(journal.list_last)
    list = listed(journal.list_entries)

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


class AsyncWorld(AsyncPart):
    """One world of a server, by its name; that it exists shows with the first call."""

    describe = sent(calls.describe)
    bank = sent(calls.bank)
    persona = sent(calls.persona)
    client = sent(calls.client)
    authorize = sent(calls.authorize)
    approve = sent(calls.approve)
    reset = sent(calls.reset)
    unlock = sent(staff.unlock)
    revoke = sent(staff.revoke)
    act_on_contractor = sent(staff.act_on_contractor)
    act = sent(acts.act)
    delete = sent(calls.delete_world)

    def __init__(self, transport: Transport, world: str) -> None:
        super().__init__(transport, world)
        self.name = world
        self.clients = AsyncClients(transport, world)
        self.tokens = AsyncTokens(transport, world)
        self.grants = AsyncGrants(transport, world)
        self.accounts = AsyncAccounts(transport, world)
        self.contracts = AsyncContracts(transport, world)
        self.transfers = AsyncTransfers(transport, world)
        self.clock = AsyncClock(transport, world)
        self.snapshots = AsyncSnapshots(transport, world)
        self.keys = AsyncKeys(transport, world)
        self.faults = AsyncFaults(transport, world)
        self.journal = AsyncJournal(transport, world)
        self.conduct = AsyncConductOf(transport, world)
        self.calendar = AsyncCalendarOf(transport, world)
        self.maintenance = AsyncMaintenance(transport, world)
        self.notices = AsyncNotices(transport, world)
        self.terms = AsyncTermsOf(transport, world)
        self.scenarios = AsyncScenarios(transport, world)
        self.incidents = AsyncIncidents(transport, world)
        self.events = AsyncEvents(transport, world)

    def __repr__(self) -> str:
        return f"AsyncWorld({self.name!r})"


class AsyncWorlds:
    """The worlds of a server."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def list(self) -> tuple[WorldSummary, ...]:
        """List the worlds of the server, open or not."""
        return await self._transport.send(calls.list_worlds())

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

    async def delete(self, name: str) -> None:
        """Delete a world with all that is in it. One that is gone already is no error."""
        await self._transport.send(calls.delete_world(name))


class AsyncCertificates:
    """The certificates of the server's TLS."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def ca(self) -> str:
        """Return the CA that has issued the server's certificate, as PEM."""
        return await self._transport.send(certificates.show_ca())

    async def issue(
        self,
        subject: str,
        *,
        alternative_names: Sequence[str] = (),
        self_signed: bool = False,
        lifetime: str | None = None,
        world: str | None = None,
    ) -> Certificate:
        """Issue a client's certificate: see ``sandbox.client.certificates.issue_certificate``."""
        request = certificates.issue_certificate(
            subject,
            alternative_names=alternative_names,
            self_signed=self_signed,
            lifetime=lifetime,
            world=world,
        )
        return await self._transport.send(request)


class AsyncSandbox:
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

    def __init__(
        self, url: str | None = None, *, token: str | None = None, timeout_s: float = TIMEOUT_S
    ) -> None:
        door = Door.at(url, token)
        self.url = door.url
        self._transport = Transport(door, timeout_s)
        self._stack = AsyncExitStack()
        self.worlds = AsyncWorlds(self._transport)
        self.certificates = AsyncCertificates(self._transport)

    async def send(self, request: Request[T]) -> T:
        """Send a request that has no method of its own."""
        return await self._transport.send(request)

    async def settings(self) -> Mapping[str, str]:
        """Return the settings of the banks, by their names; secrets are not among them."""
        return await self._transport.send(server.show_settings())

    def world(self, name: str = "default") -> AsyncWorld:
        """Return a world by its name, without asking whether it exists."""
        return AsyncWorld(self._transport, name)

    async def __aenter__(self) -> "AsyncSandbox":
        self._transport.held = await self._stack.enter_async_context(self._transport.session())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._transport.held = None
        await self._stack.aclose()
