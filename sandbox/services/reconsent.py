"""Changed terms that users have to agree to anew (再同意): until then grants are suspended."""

from datetime import date
from typing import Any

from sandbox.domain.errors import IllegalTransition, Reason
from sandbox.domain.time import Instant, jst_date, midnight
from sandbox.services.world import World
from sandbox.storage import acts
from sandbox.storage import world as world_rows
from sandbox.storage.database import Reader, Transaction
from sandbox.storage.world import AgendaItem

RECONSENT = "terms_reconsent"
PRIORITY = 3  # before whatever else the new day brings


async def plan(world: World, db: Transaction, bank: str, effective_on: date) -> None:
    """Suspend on the day that new terms hold from; at once where that is today."""
    due_at = midnight(effective_on)
    if due_at <= world.now():
        await suspend_for_terms(world, db, bank)
        return
    await plan_suspension(world, db, bank, due_at)


async def plan_suspension(world: World, db: Transaction, bank: str, due_at: Instant) -> None:
    """Put it on the agenda that users of a bank have to agree to its terms anew."""
    item = AgendaItem(due_at=due_at, priority=PRIORITY, kind=RECONSENT, subject=bank, detail={})
    await world_rows.add_agenda_once(db, [item])
    world.next_due_at = await world_rows.next_due_at(db)


async def run(world: World, db: Transaction, item: AgendaItem) -> list[dict[str, Any]]:
    """規定の適用開始: whoever agreed to older terms has to agree anew."""
    count = await suspend_for_terms(world, db, item.subject, day=jst_date(item.due_at))
    await world_rows.raise_version(db)
    return [{"kind": RECONSENT, "subject": item.subject, "grants": count}]


async def suspend_for_terms(
    world: World, db: Transaction, bank: str, *, day: date | None = None
) -> int:
    """Suspend the live grants of a bank that were given under other terms than the day's.

    Raises:
        IllegalTransition: no terms are in force.
    """
    version = await terms_in_force(world, db, bank, day=day)
    reason = Reason.TERMS_PENDING.value
    return await acts.suspend_under_older_terms(db, bank, version, reason, world.now())


async def terms_in_force(world: World, db: Reader, bank: str, *, day: date | None = None) -> str:
    """Return the version of the terms that holds on ``day``, today unless given.

    Raises:
        IllegalTransition: none does.
    """
    today = (day or jst_date(world.now())).isoformat()
    held = [each for each, since in await world_rows.list_terms(db, bank) if since <= today]
    if not held:
        raise IllegalTransition("no terms are in force")
    return held[-1]
