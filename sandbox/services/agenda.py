"""The agenda (予定表): everything that falls due, done in order, each item in one transaction."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date, timedelta
from typing import Any, TypeAlias

from sandbox.domain.account import Account
from sandbox.domain.ledger import Leg, one_sided
from sandbox.domain.life import Movement
from sandbox.domain.policy import BankPolicy
from sandbox.domain.time import Instant, at, jst_date, midnight
from sandbox.services import ledger, reconsent, stops
from sandbox.services.life import life_of_day
from sandbox.services.oauth import rotation
from sandbox.services.world import World
from sandbox.storage import accounts, contractors
from sandbox.storage import world as world_rows
from sandbox.storage.database import Reader, Transaction
from sandbox.storage.world import AgendaItem

Event: TypeAlias = dict[str, Any]
Act: TypeAlias = Callable[[World, Transaction, AgendaItem], Awaitable[list[Event]]]
Noted: TypeAlias = Callable[[Transaction, AgendaItem], Awaitable[None]]

CLOSING, LIFE_DAY, MOVEMENT = "closing_run", "life_day", "movement"
INCIDENT_DEADLINE = "incident_deadline"
# Midnight's closing run comes before anything that the new day books in the same instant.
PRIORITIES = {CLOSING: 0, LIFE_DAY: 1, MOVEMENT: 5}  # between them: rotation.PRIORITY


def closing_item(day: date, policy: BankPolicy) -> AgendaItem:
    """Return the run that closes the day before ``day``."""
    return AgendaItem(
        due_at=at(day, policy.closing_run_at),
        priority=PRIORITIES[CLOSING],
        kind=CLOSING,
        subject=day.isoformat(),
        detail={},
    )


def life_day_item(day: date) -> AgendaItem:
    return AgendaItem(
        due_at=midnight(day),
        priority=PRIORITIES[LIFE_DAY],
        kind=LIFE_DAY,
        subject=day.isoformat(),
        detail={},
    )


def first_items(starts_at: Instant, policy: BankPolicy) -> list[AgendaItem]:
    """Return what a new world's agenda holds: the rest of today, and the next closing run."""
    today = jst_date(starts_at)
    is_closed = starts_at >= at(today, policy.closing_run_at)
    closing = closing_item(today + timedelta(days=is_closed), policy)
    return [life_day_item(today), closing]


async def close_as_of(db: Transaction, starts_at: Instant, policy: BankPolicy) -> None:
    """Let a new world that starts before its day's closing run show what the last run left."""
    today = jst_date(starts_at)
    if starts_at < at(today, policy.closing_run_at):
        await _close(db, today - timedelta(days=1))


async def _close(db: Transaction, day: date) -> int:
    return await accounts.closing_run(
        db, midnight=midnight(day), month_start=midnight(day.replace(day=1))
    )


async def run_closing(world: World, db: Transaction, item: AgendaItem) -> list[Event]:
    """日次締め: previous-day and previous-month balances move on."""
    day = date.fromisoformat(item.subject)
    count = await _close(db, day)
    policy = world.policies["tomato"]
    await world_rows.add_agenda(db, [closing_item(day + timedelta(days=1), policy)])
    return [{"kind": CLOSING, "subject": item.subject, "accounts": count}]


async def run_life_day(world: World, db: Transaction, item: AgendaItem) -> list[Event]:
    """Put the day's movements of every customer on the agenda, each at its own hour."""
    day = date.fromisoformat(item.subject)
    items = [life_day_item(day + timedelta(days=1))]
    for contractor_id, story in await contractors.list_stories(db):
        held = await accounts.list_of_contractor(db, contractor_id)
        lived = life_of_day(world.seed, story, held, day, world.calendar)
        items += [
            movement_item(account, movement, number)
            for number, (account, movement) in enumerate(lived)
        ]
    await world_rows.add_agenda(db, items)
    return []


def movement_item(account: Account, movement: Movement, number: int) -> AgendaItem:
    """Return the agenda's row of one movement; ``number`` tells apart those of one instant."""
    detail = {
        "account": account.account,
        "amount_yen": movement.amount_yen,
        "content": movement.content,
        "abstract": movement.abstract,
        "value_on": movement.value_on.isoformat(),
        "customer_number": movement.customer_number,
        "status": int(movement.status),
        "gl_code": movement.gl_code,
    }
    return AgendaItem(
        due_at=movement.booked_at,
        priority=PRIORITIES[MOVEMENT],
        kind=MOVEMENT,
        subject=f"{account.account}:{number:04d}",
        detail=detail,
    )


async def run_movement(world: World, db: Transaction, item: AgendaItem) -> list[Event]:
    """Book one movement of a customer's life; one that the account does not cover is left out."""
    detail = dict(item.detail)
    gl_code = detail.pop("gl_code")
    leg = Leg(**detail | {"value_on": date.fromisoformat(detail["value_on"])})
    account = await accounts.find(db, leg.account)
    assert account is not None
    event = {
        "kind": "posting",
        "subject": account.account_id,
        "amount_yen": leg.amount_yen,
        "content": leg.content,
    }
    if account.state != "open" or -leg.amount_yen > max(account.withdrawable_yen, 0):
        return [event | {"kind": "posting_refused"}]
    await ledger.post(db, one_sided("life", leg, gl_code), booked_at=item.due_at)
    return [event]


ACTS: dict[str, Act] = {
    CLOSING: run_closing,
    LIFE_DAY: run_life_day,
    rotation.ROTATION: rotation.run_rotation,
    rotation.WITHDRAWAL: rotation.run_withdrawal,
    stops.BEGINS: stops.run_begins,
    stops.ENDS: stops.run_ends,
    reconsent.RECONSENT: reconsent.run,
    MOVEMENT: run_movement,
}


def act_of(kind: str) -> Act:
    """Return what is done about items of a kind."""
    if kind in ACTS:
        return ACTS[kind]
    if kind == INCIDENT_DEADLINE:
        from sandbox.services.incidents import run_deadline

        return run_deadline
    from sandbox.services.transfers.runs import RUNS  # not before the first: start-up is hot

    return RUNS[kind]


async def work_off(
    world: World, until: Instant, noted: Noted | None = None
) -> AsyncIterator[tuple[AgendaItem, list[Event]]]:
    """Do everything due up to ``until`` in order; yield each item with what came of it.

    An item leaves the agenda in the transaction that does its work: after a crash it is either
    done or still there. ``noted`` takes part in that transaction.
    """
    async with world.agenda_lock:
        while True:
            with world.faults.tentative():
                async with world.database.transaction() as db:
                    item = await world_rows.find_next(db, until)
                    if item is None:
                        await world_rows.save_agenda_done(db, until)
                        await reload_next_due(world, db)
                        return
                    await world_rows.remove_agenda(db, item)
                    events = await act_of(item.kind)(world, db, item)
                    if noted is not None:
                        await noted(db, item)
            yield item, events


async def reload_next_due(world: World, db: Reader) -> None:
    """Ask the database when the agenda next has work, after its rows were exchanged."""
    world.next_due_at = await world_rows.next_due_at(db)


async def catch_up(world: World) -> None:
    """Work off what fell due by now. Called before each request of a running clock."""
    async for _ in work_off(world, world.now()):
        await asyncio.sleep(0)  # a large transfer is many items: others go on meanwhile
