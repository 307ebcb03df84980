"""The parts of a world, one table of methods for both faces: which request each of them sends."""

from collections.abc import Callable, Coroutine
from functools import update_wrapper
from typing import Any, Concatenate, Generic, ParamSpec, Protocol, TypeVar, cast, overload

from sandbox.client import (
    acts,
    calls,
    certificates,
    clients,
    conduct,
    contracts,
    events,
    faults,
    journal,
    keys,
    opening,
    scenarios,
    staff,
    transfers,
)
from sandbox.client.answers import Page
from sandbox.client.request import Request
from sandbox.client.transport import AsyncTransport, Transport

P = ParamSpec("P")
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
Face = TypeVar("Face", bound=Transport | AsyncTransport)


class Sender(Generic[Face]):
    """What sends requests, by one face or by the other."""

    def __init__(self, transport: Face) -> None:
        self._transport = transport


class Part(Sender[Face]):
    """Something of one world: its clock, its tokens."""

    def __init__(self, transport: Face, world: str) -> None:
        super().__init__(transport)
        self._world = world


class Method(Protocol[P, T_co]):
    """A method of both faces: it returns its answer, or what is to be awaited for it."""

    @overload
    def __get__(self, sender: Sender[Transport], owner: Any = None, /) -> Callable[P, T_co]: ...

    @overload
    def __get__(
        self, sender: Sender[AsyncTransport], owner: Any = None, /
    ) -> Callable[P, Coroutine[Any, Any, T_co]]: ...


def asked(describe: Callable[P, Request[T]]) -> Method[P, T]:
    """Return the method that sends what ``describe`` describes."""

    def method(sender: Sender[Any], /, *args: P.args, **kwargs: P.kwargs) -> Any:
        return sender._transport.send(describe(*args, **kwargs))

    return cast("Method[P, T]", update_wrapper(method, describe))


def sent(describe: Callable[Concatenate[str, P], Request[T]]) -> Method[P, T]:
    """Return the method that sends what ``describe`` describes for the part's world."""

    def method(part: Part[Any], /, *args: P.args, **kwargs: P.kwargs) -> Any:
        return part._transport.send(describe(part._world, *args, **kwargs))

    return cast("Method[P, T]", update_wrapper(method, describe))


def listed(describe: Callable[Concatenate[str, P], Request[Page[T]]]) -> Method[P, list[T]]:
    """Return the method that fetches a list to its end, a page at a time."""

    def method(part: Part[Any], /, *args: P.args, **kwargs: P.kwargs) -> Any:
        return part._transport.send_all(describe(part._world, *args, **kwargs))

    return cast("Method[P, list[T]]", update_wrapper(method, describe))


class Certificates(Sender[Face]):
    """The certificates of the server's TLS."""

    ca = asked(certificates.show_ca)
    issue = asked(certificates.issue_certificate)


class Tokens(Part[Face]):
    mint = sent(calls.mint_tokens)
    expire = sent(calls.expire_token)
    revoke = sent(calls.revoke_token)
    list = listed(calls.list_tokens)


class Grants(Part[Face]):
    revoke = sent(calls.revoke_grant)
    expire = sent(calls.expire_grant)
    leak = sent(acts.leak_grant)
    list = listed(calls.list_grants)


class Accounts(Part[Face]):
    post = sent(staff.post_entry)
    set_state = sent(staff.set_account_state)
    list = listed(calls.list_accounts)


class Contracts(Part[Face]):
    """The service contracts of one world, and their users."""

    get = sent(contracts.show)
    act = sent(contracts.act)
    list = listed(contracts.list_contracts)


class Transfers(Part[Face]):
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


class ClockOf(Part[Face]):
    get = sent(calls.show_clock)
    set = sent(calls.set_clock)
    advance = sent(calls.advance_clock)


class Snapshots(Part[Face]):
    take = sent(calls.take_snapshot)
    restore = sent(calls.restore_snapshot)
    download = sent(calls.download_snapshot)
    upload = sent(calls.upload_snapshot)
    delete = sent(calls.delete_snapshot)
    list = sent(calls.list_snapshots)


class Clients(Part[Face]):
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


class Keys(Part[Face]):
    list = sent(keys.list_keys)
    rotate = sent(keys.rotate)


class Faults(Part[Face]):
    """What goes wrong in one world on request."""

    list = sent(faults.list_faults)
    add = sent(faults.add)
    get = sent(faults.show)
    remove = sent(faults.remove)
    clear = sent(faults.clear)
    explain = sent(faults.explain)


class ConductOf(Part[Face]):
    """How the clients behaved. Called as it is, it judges by what the bank can see."""

    __call__ = sent(conduct.show)
    judge = sent(conduct.judge)
    report = sent(conduct.report)


class CalendarOf(Part[Face]):
    """When the banks of one world are open, and what stops them."""

    get = sent(opening.show_calendar)
    set = sent(opening.set_calendar)


class Maintenance(Part[Face]):
    """Stops with notice and without, what is narrowed, and what has ended."""

    add = sent(opening.add_stop)
    get = sent(opening.show_stop)
    remove = sent(opening.remove_stop)
    list = sent(opening.list_stops)


class Notices(Part[Face]):
    """What the banks publish, and what they will."""

    publish = sent(opening.publish_notice)
    remove = sent(opening.remove_notice)
    list = sent(opening.list_notices)


class TermsOf(Part[Face]):
    """The terms of use, and who objects to them."""

    publish = sent(opening.publish_terms)
    objections = sent(opening.list_objections)
    object = sent(opening.object_to_terms)
    terminate = sent(opening.terminate_objector)
    list = sent(opening.list_terms)


class Incidents(Part[Face]):
    """Leaks and misuse, and what is done about them."""

    report = sent(acts.report_incident)
    get = sent(acts.show_incident)
    disclose = sent(acts.disclose)
    rotate = sent(acts.rotate)
    answer = sent(acts.answer)
    close = sent(acts.close)
    disclosures = sent(acts.list_disclosures)
    list = sent(acts.list_incidents)


class Events(Part[Face]):
    """What providers are told, by which deliveries, and where."""

    page = sent(events.list_events)
    ping = sent(events.ping)
    delivery = sent(events.show_delivery)
    redeliver = sent(events.redeliver)
    mail = sent(events.list_mail)
    listener = sent(events.show_listener)
    listen = sent(events.listen)
    fall_silent = sent(events.fall_silent)
    deliveries = listed(events.list_deliveries)
    list = listed(events.list_events)


class JournalOf(Part[Face]):
    """The calls at the bank door; secrets and tokens are masked in it."""

    page = sent(journal.list_entries)
    clear = sent(journal.clear)
    har = sent(journal.export_har)
    last = sent(journal.list_last)
    list = listed(journal.list_entries)


class ScenariosOf(Part[Face]):
    """What comes along, and the runs that the server plays in this world."""

    library = sent(scenarios.library)
    read = sent(scenarios.read)
    check = sent(scenarios.check)
    start = sent(scenarios.start)
    get = sent(scenarios.show)
    go_on = sent(scenarios.go_on)
    stop = sent(scenarios.stop)
    report = sent(scenarios.report)
    list = sent(scenarios.list_runs)


class WorldOf(Part[Face]):
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

    def __init__(self, transport: Face, world: str) -> None:
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
        self.conduct = ConductOf(transport, world)
        self.calendar = CalendarOf(transport, world)
        self.maintenance = Maintenance(transport, world)
        self.notices = Notices(transport, world)
        self.terms = TermsOf(transport, world)
        self.incidents = Incidents(transport, world)
        self.events = Events(transport, world)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"
