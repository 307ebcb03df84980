"""The client for code that waits, with nothing but the standard library."""

import time
from collections.abc import Iterator, Mapping, Sequence
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
from sandbox.client.blocking_parts import (
    Accounts,
    CalendarOf,
    Clients,
    ClockOf,
    ConductOf,
    Contracts,
    Events,
    Faults,
    Grants,
    Incidents,
    Keys,
    Maintenance,
    Notices,
    Part,
    Snapshots,
    TermsOf,
    Tokens,
    Transfers,
    Transport,
    listed,
    sent,
)
from sandbox.client.blocking_scenarios import Scenarios
from sandbox.client.request import TIMEOUT_S, Door

T = TypeVar("T")


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
    act = sent(acts.act)
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
        self.calendar = CalendarOf(transport, world)
        self.maintenance = Maintenance(transport, world)
        self.notices = Notices(transport, world)
        self.terms = TermsOf(transport, world)
        self.scenarios = Scenarios(transport, world)
        self.incidents = Incidents(transport, world)
        self.events = Events(transport, world)

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

    def settings(self) -> Mapping[str, str]:
        """Return the settings of the banks, by their names; secrets are not among them."""
        return self._transport.send(server.show_settings())

    def world(self, name: str = "default") -> World:
        """Return a world by its name, without asking whether it exists."""
        return World(self._transport, name)

    def __enter__(self) -> "Sandbox":
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is held open between calls: ``with`` only frames the use."""
