"""The parts of a world for code that waits, and how their requests are sent."""

import http.client
from collections.abc import Callable
from functools import update_wrapper
from typing import Concatenate, ParamSpec, TypeVar
from urllib.parse import urlsplit

from sandbox.client import (
    acts,
    calls,
    clients,
    conduct,
    contracts,
    events,
    faults,
    keys,
    opening,
    staff,
    transfers,
)
from sandbox.client.answers import Page
from sandbox.client.request import Door, Request

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
    leak = sent(acts.leak_grant)
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


class CalendarOf(Part):
    """When the banks of one world are open, and what stops them."""

    get = sent(opening.show_calendar)
    set = sent(opening.set_calendar)


class Maintenance(Part):
    """Stops with notice and without, what is narrowed, and what has ended."""

    add = sent(opening.add_stop)
    get = sent(opening.show_stop)
    remove = sent(opening.remove_stop)
    list = sent(opening.list_stops)


class Notices(Part):
    """What the banks publish, and what they will."""

    publish = sent(opening.publish_notice)
    remove = sent(opening.remove_notice)
    list = sent(opening.list_notices)


class TermsOf(Part):
    """The terms of use, and who objects to them."""

    publish = sent(opening.publish_terms)
    objections = sent(opening.list_objections)
    object = sent(opening.object_to_terms)
    terminate = sent(opening.terminate_objector)
    list = sent(opening.list_terms)


class Incidents(Part):
    """Leaks and misuse, and what is done about them."""

    report = sent(acts.report_incident)
    get = sent(acts.show_incident)
    disclose = sent(acts.disclose)
    rotate = sent(acts.rotate)
    answer = sent(acts.answer)
    close = sent(acts.close)
    disclosures = sent(acts.list_disclosures)
    list = sent(acts.list_incidents)


class Events(Part):
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
