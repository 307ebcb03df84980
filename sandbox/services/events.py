"""Events (通知): made of what has happened, and queued for whoever listens.

The change itself writes the fact, by a trigger (storage/events.sql). Before its transaction is
committed, the fact becomes an event, its deliveries are queued and struck by fault rules, and it is
forgotten: a crash loses nothing and doubles nothing. What time alone brings is gathered when it is
due; so is the rest of what is too much for one transaction.
"""

import asyncio
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sandbox.domain import effect_delivery
from sandbox.domain.delivery import Address, Delivery, Status
from sandbox.domain.effect_delivery import DELIVERY
from sandbox.domain.event import Event, EventType
from sandbox.domain.fault import FaultRule
from sandbox.domain.time import Instant
from sandbox.services.fault_facts import day_type, hour_phase
from sandbox.services.world import World
from sandbox.storage import deliveries, events
from sandbox.storage.database import Transaction
from sandbox.storage.events import Fact

if TYPE_CHECKING:
    from sandbox.services.event_facts import News

MOST_EVENTS = 10_000  # the newest of a world; what is older goes, sent or not
BATCH = 200
AT_ONCE = 20  # within the transaction of the change: more would hold up its caller
log = logging.getLogger("sandbox.events")
NO_EFFECT: Mapping[str, Any] = {"kind": "none"}


async def gather(world: World) -> None:
    """Make events of all that has happened by the world's time, in order."""
    while True:
        due_at = await events.next_fact_at(world.database)
        if due_at is None or due_at > world.now():
            return
        with world.faults.tentative(DELIVERY):
            async with world.database.transaction(counts=False) as db:
                facts = await events.list_facts(db, world.now(), BATCH)
                for fact in facts:
                    await _take(world, db, fact)
                await events.forget_facts(db, facts)
        await asyncio.sleep(0)  # a storm of revocations is many of these: others go on meanwhile


async def gather_within(world: World, db: Transaction) -> None:
    """Make events of what a transaction is about to commit. Its own work never fails by that."""
    facts = await events.list_facts(db, world.now(), AT_ONCE)
    if not facts:
        return
    await db.execute("SAVEPOINT gathering")
    try:
        with world.faults.tentative(DELIVERY):
            for fact in facts:
                await _take(world, db, fact)
            await events.forget_facts(db, facts)
        await db.execute("RELEASE gathering")
    except Exception:
        log.exception("the events of the world %s cannot be gathered yet", world.name)
        await db.execute("ROLLBACK TO gathering")
        await db.execute("RELEASE gathering")


async def _take(world: World, db: Transaction, fact: Fact) -> None:
    now = world.now()
    from sandbox.services.event_facts import tell  # not before the first: start-up is hot

    news = await tell(db, fact, now)
    if news is not None:
        await publish(world, db, news, fact.due_at if news.at is None else news.at)


async def publish(world: World, db: Transaction, news: "News", at: Instant) -> Event:
    """Keep an event, and queue it for every provider that it is for and that listens."""
    event = Event(
        event_id=f"e{world.secret(12)}",
        type=news.type,
        bank=news.bank,
        client_id=news.client_id,
        occurred_at=at,
        data=news.data,
    )
    number = await events.insert_event(db, event)
    await events.forget_events(db, number - MOST_EVENTS)
    for address in await events.list_listening(db, news.bank):
        if news.client_id in (None, address.client_id):
            await _queue(world, db, event, number, address)
    return event


async def _queue(
    world: World, db: Transaction, event: Event, number: int, address: Address
) -> None:
    """Queue an event for one provider, as a fault rule would have it; then what it held back."""
    rule, client_id = await _struck(world, db, event, address), address.client_id
    earlier = await deliveries.find_earlier(db, client_id)
    held = await deliveries.list_held(db, client_id)
    effect = NO_EFFECT if rule is None else rule.effect
    status, next_at, behind = effect_delivery.place_of(effect, event.occurred_at)
    fault = None if rule is None else {"id": rule.fault_id, "effect": dict(rule.effect)}
    for _ in range(effect_delivery.copies_of(effect)):
        delivery = Delivery(
            delivery_id=f"d{world.secret(9)}",
            event=number,
            client_id=client_id,
            position=await deliveries.next_position(db),
            status=status,
            next_at=next_at,
            behind=behind,
            fault=fault,
        )
        await deliveries.insert(db, delivery)
    if fault is not None and effect["kind"] == "replay_delivery":
        await _replay(world, db, delivery, earlier)
    if status is Status.WAITING:
        await _let_go(db, held, next_at)


async def _struck(
    world: World, db: Transaction, event: Event, address: Address
) -> FaultRule | None:
    """Return the rule of stage ``delivery`` that strikes, counted with this transaction."""
    rules = [rule for rule in world.faults.rules if rule.stage == DELIVERY]
    if not rules:
        return None
    facts = facts_of(event, address.client_id)
    facts["day_type"] = day_type(world, event.occurred_at)
    facts["hour_phase"] = hour_phase(world, event.occurred_at)
    return await world.faults.strike_result(db, rules, facts, event.occurred_at)


def facts_of(event: Event, client_id: str) -> dict[str, str | int | None]:
    """Return what a fault rule may match of an event on its way to a client."""
    named = {name: event.data.get(name) for name in ("grant_id", "contractor_id")}
    return {**named, "bank": event.bank, "client_id": client_id, "event": event.type.value}


async def _replay(
    world: World, db: Transaction, struck: Delivery, earlier: tuple[int, str] | None
) -> None:
    """Queue again what came before; where nothing did, the event itself once more."""
    event, again_id = (struck.event, struck.delivery_id) if earlier is None else earlier
    assert struck.fault is not None
    replayed = Delivery(
        delivery_id=f"d{world.secret(9)}",
        event=event,
        client_id=struck.client_id,
        position=await deliveries.next_position(db),
        status=Status.WAITING,
        next_at=struck.next_at,
        fault={**struck.fault, "again": again_id},
    )
    await deliveries.insert(db, replayed)


async def _let_go(db: Transaction, held: list[Delivery], next_at: Instant) -> None:
    """Count a later event for each one that is held back; whose turn it is goes right after."""
    for each in held:
        is_free = each.behind <= 1
        freed = Delivery(
            delivery_id=each.delivery_id,
            number=each.number,
            event=each.event,
            client_id=each.client_id,
            fault=each.fault,
            behind=each.behind - 1,
            status=Status.WAITING if is_free else Status.HELD,
            next_at=next_at if is_free else each.next_at,
            position=await deliveries.next_position(db) if is_free else each.position,
        )
        await deliveries.save(db, freed)


async def ping(world: World, bank: str, client_id: str) -> Event:
    """Send a provider an event that says nothing, to see whether it is heard."""
    from sandbox.services.event_facts import News

    data = {"message": "ping"}
    news = News(type=EventType.PING, bank=bank, client_id=client_id, data=data)
    with world.faults.tentative(DELIVERY):
        async with world.database.transaction() as db:
            return await publish(world, db, news, world.now())
