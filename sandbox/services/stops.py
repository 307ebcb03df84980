"""Stops on the agenda: when one begins and ends; a linkage that ends may take its grants along."""

from typing import Any

from sandbox.domain.availability import Stop
from sandbox.domain.errors import Reason
from sandbox.domain.time import Instant
from sandbox.services.world import World
from sandbox.storage import calendar
from sandbox.storage import world as world_rows
from sandbox.storage.database import Transaction
from sandbox.storage.world import AgendaItem

BEGINS, ENDS = "stop_begins", "stop_ends"
PRIORITY = 4  # before the day's movements: whoever calls at that instant meets the stop


async def plan(world: World, db: Transaction, stop: Stop) -> None:
    """Put on the agenda what of a stop is still to come."""
    end = None if stop.until_at is None else stop.until_at + stop.overrun_ms
    moments = [(stop.from_at, BEGINS), *([] if end is None else [(end, ENDS)])]
    now = world.now()
    items = [_item(stop, at, kind) for at, kind in moments if at > now]
    await world_rows.add_agenda_once(db, items)
    world.next_due_at = await world_rows.next_due_at(db)


async def plan_all(world: World, db: Transaction) -> None:
    """Plan every stop again, after the agenda was exchanged."""
    for stop in world.availability.stops:
        await plan(world, db, stop)


async def run_begins(world: World, db: Transaction, item: AgendaItem) -> list[dict[str, Any]]:
    """停止開始. The grants of a linkage that ends lapse in this very instant (W-65)."""
    stop = world.availability.find(item.subject)
    if stop is None:  # it was taken away meanwhile
        return []
    event = {"kind": BEGINS, "subject": stop.stop_id, "bank": stop.bank}
    return [event | ({"grants": await lapse(db, stop, item.due_at)} if stop.lapses else {})]


async def run_ends(world: World, _db: Transaction, item: AgendaItem) -> list[dict[str, Any]]:
    """停止終了"""
    stop = world.availability.find(item.subject)
    return [] if stop is None else [{"kind": ENDS, "subject": stop.stop_id, "bank": stop.bank}]


async def lapse(db: Transaction, stop: Stop, at: Instant) -> int:
    """End the grants that a linkage's end covers; return how many."""
    return await calendar.end_grants_of_bank(
        db, stop.bank, client_id=stop.scope.client_id, at=at, reason=Reason.LINKAGE_ENDED.value
    )


def _item(stop: Stop, at: Instant, kind: str) -> AgendaItem:
    return AgendaItem(due_at=at, priority=PRIORITY, kind=kind, subject=stop.stop_id, detail={})
