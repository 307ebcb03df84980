"""The client for code that waits, with nothing but the standard library."""

import http.client
import time
from collections.abc import Callable, Iterator, Sequence
from functools import update_wrapper
from typing import Concatenate, ParamSpec, TypeVar, Unpack
from urllib.parse import urlsplit

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

P = ParamSpec("P")
T = TypeVar("T")


class Transport:
    """Sends requests, each over a connection of its own: usable from several threads."""

    def __init__(self, door: Door, timeout_s: float) -> None:
        self._door = door
        self._timeout_s = timeout_s
        self._address = urlsplit(door.url)

    def send(self, request: Request[T]) -> T:
        """Return the answer. Raises ``ProblemError`` or ``Unreachable``."""
        connection = self._connection()
        headers = self._door.headers(request)
        try:
            connection.request(
                request.method, self._address.path + request.target, request.content, headers
            )
            response = connection.getresponse()
            status, content = response.status, response.read()
        except (OSError, http.client.HTTPException) as error:
            raise self._door.unreachable(error) from error
        finally:
            connection.close()
        return self._door.answer(request, status, content)

    def _connection(self) -> http.client.HTTPConnection:
        is_safe = self._address.scheme == "https"
        kind = http.client.HTTPSConnection if is_safe else http.client.HTTPConnection
        assert self._address.hostname is not None  # the door has checked it
        return kind(self._address.hostname, self._address.port, timeout=self._timeout_s)


class Part:
    """Something of one world: its clock, its tokens."""

    def __init__(self, transport: Transport, world: str) -> None:
        self._transport = transport
        self._world = world


def sent(
    describe: Callable[Concatenate[str, P], Request[T]],
) -> Callable[Concatenate[Part, P], T]:
    """Return the method that sends what ``describe`` describes for the part's world."""

    def method(part: Part, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return part._transport.send(describe(part._world, *args, **kwargs))

    return update_wrapper(method, describe)


def listed(
    describe: Callable[Concatenate[str, P], Request[Page[T]]],
) -> Callable[Concatenate[Part, P], list[T]]:
    """Return the method that fetches a list to its end, a page at a time."""

    def method(part: Part, /, *args: P.args, **kwargs: P.kwargs) -> list[T]:
        request: Request[Page[T]] | None = describe(part._world, *args, **kwargs)
        found: list[T] = []
        while request is not None:
            page = part._transport.send(request)
            found += page.items
            request = None if page.next is None else request.from_page(page.next)
        return found

    return update_wrapper(method, describe)


class Tokens(Part):
    mint = sent(calls.mint_tokens)
    expire = sent(calls.expire_token)
    revoke = sent(calls.revoke_token)
    list = listed(calls.list_tokens)


class Grants(Part):
    revoke = sent(calls.revoke_grant)
    expire = sent(calls.expire_grant)
    list = listed(calls.list_grants)


class Accounts(Part):
    post = sent(staff.post_entry)
    set_state = sent(staff.set_account_state)
    list = listed(calls.list_accounts)


class Contracts(Part):
    """The service contracts of one world, and their users."""

    get = sent(contracts.show)
    act = sent(contracts.act)
    list = listed(contracts.list_contracts)


class Transfers(Part):
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


class ClockOf(Part):
    get = sent(calls.show_clock)
    set = sent(calls.set_clock)
    advance = sent(calls.advance_clock)


class Snapshots(Part):
    take = sent(calls.take_snapshot)
    restore = sent(calls.restore_snapshot)
    download = sent(calls.download_snapshot)
    upload = sent(calls.upload_snapshot)
    delete = sent(calls.delete_snapshot)
    list = sent(calls.list_snapshots)


class Clients(Part):
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


class Keys(Part):
    list = sent(keys.list_keys)
    rotate = sent(keys.rotate)


class Faults(Part):
    """What goes wrong in one world on request."""

    list = sent(faults.list_faults)
    add = sent(faults.add)
    get = sent(faults.show)
    remove = sent(faults.remove)
    clear = sent(faults.clear)
    explain = sent(faults.explain)


class ConductOf(Part):
    """How the clients behaved. Called as it is, it judges by what the bank can see."""

    __call__ = sent(conduct.show)
    judge = sent(conduct.judge)
    report = sent(conduct.report)


class Journal(Part):
    """The calls at the bank door; secrets and tokens are masked in it."""

    page = sent(journal.list_entries)
    clear = sent(journal.clear)
    har = sent(journal.export_har)
    last = sent(journal.list_last)
    list = listed(journal.list_entries)

    def follow(
        self, *, after: int | None = None, pause_s: float = 0.5, **filters: Unpack[journal.Filters]
    ) -> Iterator[JournalEntry]:
        """Yield the entries after ``after``, and each new one as it comes, without an end."""
        while True:
            page = self.page(after=after, **filters)
            yield from page.items
            after = journal.last_seen(page, after)
            if page.next is None:
                time.sleep(pause_s)


class World(Part):
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
        self.clients = Clients(transport, world)
        self.tokens = Tokens(transport, world)
        self.grants = Grants(transport, world)
        self.accounts = Accounts(transport, world)
        self.contracts = Contracts(transport, world)
        self.transfers = Transfers(transport, world)
        self.clock = ClockOf(transport, world)
        self.snapshots = Snapshots(transport, world)
        self.keys = Keys(transport, world)
        self.faults = Faults(transport, world)
        self.journal = Journal(transport, world)
        self.conduct = ConductOf(transport, world)

    def __repr__(self) -> str:
        return f"World({self.name!r})"


class Worlds:
    """The worlds of a server."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(self) -> tuple[WorldSummary, ...]:
        """List the worlds of the server, open or not."""
        return self._transport.send(calls.list_worlds())

    def create(
        self,
        name: str | None = None,
        *,
        seed: int | None = None,
        clock: calls.ClockSetting | None = None,
        personas: Sequence[str] | None = None,
        from_snapshot: str | None = None,
    ) -> World:
        """Make a world: see ``sandbox.client.calls.create_world``."""
        request = calls.create_world(
            name, seed=seed, clock=clock, personas=personas, from_snapshot=from_snapshot
        )
        return World(self._transport, self._transport.send(request).name)

    def delete(self, name: str) -> None:
        """Delete a world with all that is in it. One that is gone already is no error."""
        self._transport.send(calls.delete_world(name))


class Certificates:
    """The certificates of the server's TLS."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def ca(self) -> str:
        """Return the CA that has issued the server's certificate, as PEM."""
        return self._transport.send(certificates.show_ca())

    def issue(
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
        return self._transport.send(request)


class Sandbox:
    """A running server, by the address of its control door.

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
        self.worlds = Worlds(self._transport)
        self.certificates = Certificates(self._transport)

    def world(self, name: str = "default") -> World:
        """Return a world by its name, without asking whether it exists."""
        return World(self._transport, name)

    def __enter__(self) -> "Sandbox":
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is held open between calls: ``with`` only frames the use."""
