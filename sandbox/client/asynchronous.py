"""The client for code that awaits, over aiohttp (imported with the first call)."""

from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack
from functools import update_wrapper
from io import BytesIO
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar, Unpack

from sandbox.client import (
    calls,
    certificates,
    clients,
    conduct,
    contracts,
    faults,
    journal,
    keys,
    staff,
    transfers,
)
from sandbox.client.answers import Certificate, JournalEntry, Page, WorldSummary
from sandbox.client.request import TIMEOUT_S, Door, Request

if TYPE_CHECKING:
    import aiohttp

LARGE_BYTES = 64 * 1024

P = ParamSpec("P")
T = TypeVar("T")


class Transport:
    """Sends requests: over the connections it holds, or each over one of its own."""

    def __init__(self, door: Door, timeout_s: float) -> None:
        self._door = door
        self._timeout_s = timeout_s
        self.held: aiohttp.ClientSession | None = None

    def session(self) -> "aiohttp.ClientSession":
        import aiohttp

        return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=self._timeout_s))

    async def send(self, request: Request[T]) -> T:
        """Return the answer. Raises ``ProblemError`` or ``Unreachable``."""
        import aiohttp
        from yarl import URL

        url = URL(self._door.url + request.target, encoded=True)
        async with AsyncExitStack() as stack:
            session = self.held
            if session is None:
                session = await stack.enter_async_context(self.session())
            try:
                async with session.request(
                    request.method,
                    url,
                    data=_body(request.content),
                    headers=self._door.headers(request),
                    allow_redirects=False,
                ) as response:
                    status, content = response.status, await response.read()
            except (aiohttp.ClientError, TimeoutError) as error:
                raise self._door.unreachable(error) from error
        return self._door.answer(request, status, content)


def _body(content: bytes | None) -> bytes | BytesIO | None:
    """Return what aiohttp sends piece by piece where it is large; it warns of large bytes."""
    return content if content is None or len(content) <= LARGE_BYTES else BytesIO(content)


class AsyncPart:
    """Something of one world: its clock, its tokens."""

    def __init__(self, transport: Transport, world: str) -> None:
        self._transport = transport
        self._world = world


def sent(
    describe: Callable[Concatenate[str, P], Request[T]],
) -> Callable[Concatenate[AsyncPart, P], Coroutine[Any, Any, T]]:
    """Return the method that sends what ``describe`` describes for the part's world."""

    async def method(part: AsyncPart, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await part._transport.send(describe(part._world, *args, **kwargs))

    return update_wrapper(method, describe)


def listed(
    describe: Callable[Concatenate[str, P], Request[Page[T]]],
) -> Callable[Concatenate[AsyncPart, P], Coroutine[Any, Any, list[T]]]:
    """Return the method that fetches a list to its end, a page at a time."""

    async def method(part: AsyncPart, /, *args: P.args, **kwargs: P.kwargs) -> list[T]:
        request: Request[Page[T]] | None = describe(part._world, *args, **kwargs)
        found: list[T] = []
        while request is not None:
            page = await part._transport.send(request)
            found += page.items
            request = None if page.next is None else request.from_page(page.next)
        return found

    return update_wrapper(method, describe)


class AsyncTokens(AsyncPart):
    mint = sent(calls.mint_tokens)
    expire = sent(calls.expire_token)
    revoke = sent(calls.revoke_token)
    list = listed(calls.list_tokens)


class AsyncGrants(AsyncPart):
    revoke = sent(calls.revoke_grant)
    expire = sent(calls.expire_grant)
    list = listed(calls.list_grants)


class AsyncAccounts(AsyncPart):
    post = sent(staff.post_entry)
    set_state = sent(staff.set_account_state)
    list = listed(calls.list_accounts)


class AsyncContracts(AsyncPart):
    """The service contracts of one world, and their users."""

    get = sent(contracts.show)
    act = sent(contracts.act)
    list = listed(contracts.list_contracts)


class AsyncTransfers(AsyncPart):
    """The transfer requests of one world, whoever's they are."""

    get = sent(transfers.show)
    items = listed(transfers.list_items)
    answer_recall = sent(transfers.answer_recall)
    report_unable = sent(transfers.report_unable)
    ask_recall = sent(transfers.ask_recall)
    delete = sent(transfers.delete)
    script = sent(transfers.script)
    scripts = sent(transfers.list_scripts)
    fees = sent(transfers.show_fees)
    set_fees = sent(transfers.set_fees)
    list = listed(transfers.list_transfers)


class AsyncClock(AsyncPart):
    get = sent(calls.show_clock)
    set = sent(calls.set_clock)
    advance = sent(calls.advance_clock)


class AsyncSnapshots(AsyncPart):
    take = sent(calls.take_snapshot)
    restore = sent(calls.restore_snapshot)
    download = sent(calls.download_snapshot)
    upload = sent(calls.upload_snapshot)
    delete = sent(calls.delete_snapshot)
    list = sent(calls.list_snapshots)


class AsyncClients(AsyncPart):
    """The clients of one world. Called as it is, it returns those of one bank."""

    __call__ = sent(calls.clients)
    register = sent(clients.register)
    get = sent(clients.show)
    update = sent(clients.update)
    end = sent(clients.end)
    block = sent(clients.block)
    unblock = sent(clients.unblock)
    rotate_secret = sent(clients.rotate_secret)
    list = sent(clients.list_clients)


class AsyncKeys(AsyncPart):
    list = sent(keys.list_keys)
    rotate = sent(keys.rotate)


class AsyncFaults(AsyncPart):
    """What goes wrong in one world on request."""

    list = sent(faults.list_faults)
    add = sent(faults.add)
    get = sent(faults.show)
    remove = sent(faults.remove)
    clear = sent(faults.clear)
    explain = sent(faults.explain)


class AsyncConductOf(AsyncPart):
    """How the clients behaved. Called as it is, it judges by what the bank can see."""

    __call__ = sent(conduct.show)
    judge = sent(conduct.judge)
    report = sent(conduct.report)


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

    def world(self, name: str = "default") -> AsyncWorld:
        """Return a world by its name, without asking whether it exists."""
        return AsyncWorld(self._transport, name)

    async def __aenter__(self) -> "AsyncSandbox":
        self._transport.held = await self._stack.enter_async_context(self._transport.session())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._transport.held = None
        await self._stack.aclose()
