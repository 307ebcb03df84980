"""Deliveries of events: who listens where, what is due, what became of it, and once more."""

from dataclasses import dataclass, replace

from sandbox.domain.delivery import (
    RETRY_MS,
    Address,
    Attempt,
    Delivery,
    Status,
    Step,
    status_after,
    step_of,
)
from sandbox.domain.effect_delivery import stamp_of
from sandbox.domain.errors import BankError
from sandbox.domain.event import Event, check_address, signature_of
from sandbox.domain.time import SECOND, Instant
from sandbox.services.world import World
from sandbox.storage import clients as client_rows
from sandbox.storage import deliveries, events

SECRET_BYTES = 32
MOST_ATTEMPTS = 100  # of one delivery, however often it is asked for again


class UnknownDelivery(Exception):
    """There is no such delivery."""


class UnknownListener(Exception):
    """There is no such client, or it is told nothing."""


class DeliveryRefused(BankError):
    """It cannot be sent (again) now; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """A delivery as it goes over the wire."""

    delivery: Delivery
    event: Event
    url: str
    body: bytes
    signature: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A delivery with its attempts, and the address as far as there is one."""

    delivery: Delivery
    event: Event
    attempts: tuple[Attempt, ...]
    address: Address | None


# Who listens


async def listen(world: World, client_id: str, url: str, secret: str | None = None) -> Address:
    """Tell a client of events at ``url`` from now on; a new secret is drawn unless given or kept.

    Raises:
        AddressRefused: nothing can be sent there.
        UnknownListener: no such client, or one that has ended.
    """
    check_address(url)
    async with world.database.transaction() as db:
        client = await client_rows.find_anywhere(db, client_id)
        if client is None or client.status == "ended":
            raise UnknownListener(client_id)
        before = await events.find_address(db, client_id)
        kept = secret or (before and before.secret) or world.secret(SECRET_BYTES)
        address = Address(client_id=client_id, url=url, secret=kept)
        await events.save_address(db, address)
    return address


async def fall_silent(world: World, client_id: str) -> None:
    """Tell a client nothing any more, not even what waits; once more does nothing."""
    async with world.database.transaction() as db:
        await events.delete_address(db, client_id)
        await deliveries.stop_all(db, client_id)


# What is due


async def has_listeners(world: World) -> bool:
    return bool(await events.list_listening(world.database))


async def next_due_at(world: World, busy: set[str]) -> Instant | None:
    """Return when there is anything to gather, or to send to one who is not ``busy``."""
    db = world.database
    found = [await events.next_fact_at(db)]
    for address in await events.list_listening(db):
        if address.client_id not in busy:
            found.append(await deliveries.next_due_at(db, address.client_id))
    return min((at for at in found if at is not None), default=None)


async def list_parcels(world: World, busy: set[str], limit: int) -> list[Parcel]:
    """Return what is to be sent now: one a client, none to those that are ``busy``."""
    db, now, found = world.database, world.now(), list[Parcel]()
    for address in await events.list_listening(db):
        if len(found) == limit:
            break
        if address.client_id not in busy:
            delivery = await deliveries.find_due(db, address.client_id, now)
            if delivery is not None:
                found.append(await _parcel(world, delivery, address))
    return found


async def _parcel(world: World, delivery: Delivery, address: Address) -> Parcel:
    event = await events.find_event(world.database, delivery.event)
    assert event is not None  # it goes with its deliveries
    body, signature = event.body(world.name), None
    if delivery.fault is not None and "again" in delivery.fault and not delivery.attempts:
        signature = await deliveries.find_signature(world.database, delivery.fault["again"])
    return Parcel(
        delivery=delivery,
        event=event,
        url=address.url,
        body=body,
        signature=signature or _signature(delivery, address.secret, world.now() // SECOND, body),
    )


def _signature(delivery: Delivery, secret: str, now_s: int, body: bytes) -> str:
    """Return the header; of a first attempt as a fault rule would have it (F-30)."""
    if delivery.fault is None or delivery.attempts:
        return signature_of(secret, now_s, body)
    effect = delivery.fault["effect"]
    if effect["kind"] == "bad_signature":
        return signature_of(f"{secret} of somebody else", now_s, body)
    return signature_of(secret, stamp_of(effect, now_s), body)


# What became of it


async def record(
    world: World, parcel: Parcel, answer: int | None, problem: str | None, took_ms: int
) -> None:
    """Keep an attempt with what follows from it: done, tried again later, or the end."""
    now = world.now()
    async with world.database.transaction(counts=False) as db:
        found = await deliveries.find(db, parcel.delivery.delivery_id)
        if found is None:
            return  # the events were set back meanwhile
        attempt = Attempt(
            number=found.attempts + 1,
            at=now,
            answer=answer,
            problem=problem,
            took_ms=took_ms,
            signature=parcel.signature,
        )
        await deliveries.add_attempt(db, found, attempt)
        if found.status not in (Status.WAITING, Status.HELD):
            return  # it was stopped while it was under way
        if answer == 410:
            await events.stop_address(db, found.client_id, now)
            await deliveries.stop_all(db, found.client_id)
        else:
            await deliveries.save(db, _after(found, answer, now))


def _after(delivery: Delivery, answer: int | None, now: Instant) -> Delivery:
    """Return a delivery as it stands after an attempt; one that was held has waited enough."""
    status = delivery.status
    if status is Status.HELD:
        status = status_after(status, Step.RELEASE)
    step = step_of(answer, delivery.failures)
    if step is Step.FAIL:
        later = now + RETRY_MS[delivery.failures]
        return replace(delivery, status=status, next_at=later, failures=delivery.failures + 1)
    return replace(delivery, status=status_after(status, step))


# For testers


async def show(world: World, delivery_id: str) -> Shown:
    """Return a delivery with its attempts. Raises ``UnknownDelivery``."""
    db = world.database
    delivery = await deliveries.find(db, delivery_id)
    if delivery is None:
        raise UnknownDelivery(delivery_id)
    event = await events.find_event(db, delivery.event)
    assert event is not None  # it goes with its deliveries
    return Shown(
        delivery=delivery,
        event=event,
        attempts=tuple(await deliveries.list_attempts(db, delivery)),
        address=await events.find_address(db, delivery.client_id),
    )


async def redeliver(world: World, delivery_id: str) -> None:
    """Send a delivery once more, from the first attempt on, and without its fault.

    Raises:
        UnknownDelivery: see there.
        DeliveryRefused: nobody listens, or it was attempted too often.
        IllegalTransition: it is on its way already.
    """
    async with world.database.transaction() as db:
        found = await deliveries.find(db, delivery_id)
        if found is None:
            raise UnknownDelivery(delivery_id)
        address = await events.find_address(db, found.client_id)
        if address is None or address.stopped_at is not None:
            raise DeliveryRefused(f"{found.client_id} is told nothing: register an address first")
        if found.attempts >= MOST_ATTEMPTS:
            raise DeliveryRefused(f"it was attempted {MOST_ATTEMPTS} times already")
        status = status_after(found.status, Step.REDELIVER)
        again = replace(found, status=status, next_at=world.now(), failures=0, fault=None)
        await deliveries.save(db, again)


async def find_address(world: World, client_id: str) -> Address | None:
    return await events.find_address(world.database, client_id)


async def list_events(
    world: World, *, kind: str | None, client_id: str | None, after: int, limit: int
) -> list[tuple[Event, int]]:
    """Return events beyond the number ``after``, each with how many deliveries it has."""
    return await events.list_events(
        world.database, kind=kind, client_id=client_id, after=after, limit=limit
    )


async def list_deliveries(
    world: World,
    *,
    client_id: str | None,
    status: str | None,
    event_id: str | None,
    after: int,
    limit: int,
) -> list[Delivery]:
    """Return deliveries beyond the number ``after``, in the order of their making."""
    return await deliveries.list_all(
        world.database,
        client_id=client_id,
        status=status,
        event_id=event_id,
        after=after,
        limit=limit,
    )
