"""``…/events`` and ``…/deliveries``: what providers are told, how that went, and who listens."""

from typing import Any

from sandbox.domain.delivery import Address, Attempt, Delivery, Status
from sandbox.domain.event import AddressRefused, Event, EventType
from sandbox.domain.notice import Channel
from sandbox.domain.time import iso
from sandbox.services import deliveries, events
from sandbox.services.bank import Bank
from sandbox.services.deliveries import UnknownDelivery, UnknownListener
from sandbox.services.notices import NoticeService
from sandbox.services.world import World
from sandbox.web.control.clients import found_client
from sandbox.web.control.endpoint import ControlCall, Json
from sandbox.web.control.paging import Page, filter_of, listed, one_of, page_of
from sandbox.web.control.problem import Problem
from sandbox.web.notices import shown_notice

EVENT_FILTERS = ("type", "client_id")
DELIVERY_FILTERS = ("client_id", "status", "event_id")


async def list_events(call: ControlCall) -> Json:
    """List what providers are told, or would be if they listened, oldest first."""
    world, page = await _gathered(call), page_of(call.request)
    found = await deliveries.list_events(
        world,
        kind=one_of(call.request, "type", EventType),
        client_id=filter_of(call.request, "client_id"),
        after=_number(page),
        limit=page.limit,
    )
    shown = [_event(world, event) | {"deliveries": count} for event, count in found]
    return _listed("events", shown, page)


async def send_ping(call: ControlCall) -> Json:
    """Send a client an event that says nothing, to see whether it is heard."""
    client_id = call.body["client_id"]
    bank, client = await found_client(call, client_id)
    if await deliveries.find_address(bank.world, client_id) is None:
        raise _not_told(client_id)
    event = await events.ping(bank.world, bank.name, client.client_id)
    return _event(bank.world, event) | {"deliveries": 1}


async def list_deliveries(call: ControlCall) -> Json:
    """List the deliveries, in the order in which they were queued."""
    world, page = await _gathered(call), page_of(call.request)
    found = await deliveries.list_deliveries(
        world,
        client_id=filter_of(call.request, "client_id"),
        status=one_of(call.request, "status", Status),
        event_id=filter_of(call.request, "event_id"),
        after=_number(page),
        limit=page.limit,
    )
    return _listed("deliveries", [_delivery(each) for each in found], page)


async def show_delivery(call: ControlCall) -> Json:
    """Show a delivery: the body that was sent, and each attempt."""
    world = await _gathered(call)
    return await _shown(world, call.request.match_info["id"])


async def redeliver(call: ControlCall) -> Json:
    """Send a delivery once more, without the fault that struck it."""
    world, delivery_id = await _gathered(call), call.request.match_info["id"]
    try:
        await deliveries.redeliver(world, delivery_id)
    except UnknownDelivery as error:
        raise _unknown(delivery_id) from error
    return await _shown(world, delivery_id)


async def list_mail(call: ControlCall) -> Json:
    """List the notices that have come by mail: one mailbox a bank, newest first (T-36)."""
    world, bank = await call.world(), filter_of(call.request, "bank")
    names = [name for name in call.controls.profiles if bank in (None, name)]
    found = [
        {"bank": name, **shown_notice(each)}
        for name in names
        for each in await NoticeService(world, name).list_published(Channel.MAILBOX)
    ]
    return {"mail": [{"at": each.pop("published_at"), **each} for each in found]}


# Who listens


async def show_listener(call: ControlCall) -> Json:
    """Show where a client is told of events; its secret is not shown."""
    bank, client = await _client(call)
    address = await deliveries.find_address(bank.world, client)
    if address is None:
        raise _not_told(client)
    return _listener(address)


async def set_listener(call: ControlCall) -> Json:
    """Tell a client of events from now on. A secret that is drawn is told here, and never again."""
    bank, client = await _client(call)
    return await listen(bank, client, call.body["url"], call.body.get("secret"))


async def remove_listener(call: ControlCall) -> Json:
    """Tell a client nothing any more; what waits for it is stopped."""
    bank, client = await _client(call)
    await deliveries.fall_silent(bank.world, client)
    return {}


async def listen(bank: Bank, client_id: str, url: str, secret: str | None) -> Json:
    """Register an address. Raises ``Problem`` for one at which nothing can be told."""
    before = await deliveries.find_address(bank.world, client_id)
    try:
        address = await deliveries.listen(bank.world, client_id, url, secret)
    except AddressRefused as error:
        errors = [{"field": "url", "problem": str(error)}]
        raise Problem(422, "invalid-request", str(error), errors=errors) from error
    except UnknownListener as error:
        detail = f"the client {client_id!r} has ended, and is told nothing"
        raise Problem(409, "client-ended", detail) from error
    is_drawn = before is None and secret is None
    return _listener(address) | ({"secret": address.secret} if is_drawn else {})


# How they are shown


def _event(world: World, event: Event) -> Json:
    """Return the envelope as it is sent, and beside it which client alone it is for."""
    beside = {} if event.client_id is None else {"client_id": event.client_id}
    return {"number": event.number, **event.envelope(world.name), **beside}


def _delivery(delivery: Delivery) -> Json:
    shown: Json = {
        "number": delivery.number,
        "id": delivery.delivery_id,
        "event_id": delivery.event_id,
        "type": delivery.type,
        "client_id": delivery.client_id,
        "occurred_at": iso(delivery.occurred_at),
        "status": delivery.status.value,
        "attempts": delivery.attempts,
    }
    if delivery.status in (Status.WAITING, Status.HELD):
        shown["next_at"] = iso(delivery.next_at)
    if delivery.answer is not None:
        shown["answer"] = delivery.answer
    if delivery.fault is not None:
        shown["fault"] = {"id": delivery.fault["id"], "kind": delivery.fault["effect"]["kind"]}
    return shown


async def _shown(world: World, delivery_id: str) -> Json:
    try:
        found = await deliveries.show(world, delivery_id)
    except UnknownDelivery as error:
        raise _unknown(delivery_id) from error
    shown = _delivery(found.delivery) | {"body": found.event.envelope(world.name)}
    if found.address is not None:
        shown["url"] = found.address.url
    return shown | {"tries": [_attempt(each) for each in found.attempts]}


def _attempt(attempt: Attempt) -> Json:
    told: dict[str, Any] = {"answer": attempt.answer, "problem": attempt.problem}
    said = {name: value for name, value in told.items() if value is not None}
    return {"number": attempt.number, "at": iso(attempt.at), "took_ms": attempt.took_ms, **said}


def _listener(address: Address) -> Json:
    shown: Json = {
        "client_id": address.client_id,
        "url": address.url,
        "is_stopped": address.stopped_at is not None,
    }
    return shown | ({"stopped_at": iso(address.stopped_at)} if address.stopped_at else {})


async def _gathered(call: ControlCall) -> World:
    """Return the world with all made events that has happened by now."""
    world = await call.world()
    await events.gather(world)
    return world


async def _client(call: ControlCall) -> tuple[Bank, str]:
    bank, client = await found_client(call, call.request.match_info["id"])
    return bank, client.client_id


def _number(page: Page) -> int:
    if page.after and not (page.after.isascii() and page.after.isdigit() and len(page.after) < 16):
        raise Problem(422, "invalid-request", "after is a number, from next")
    return int(page.after or 0)


def _listed(name: str, found: list[Json], page: Page) -> Json:
    answer = listed(name, found, page, "number")
    return answer | {"next": str(answer["next"])} if "next" in answer else answer


def _unknown(delivery_id: str) -> Problem:
    return Problem(404, "unknown-delivery", f"this world knows no delivery {delivery_id!r}")


def _not_told(client_id: str) -> Problem:
    detail = f"the client {client_id!r} is told nothing: register an address first"
    return Problem(404, "no-notifications", detail)
