"""When each bank next debits its contract fees. Apart, since every world asks when it opens."""

from sandbox.domain.time import Instant, add_months, jst_date
from sandbox.domain.transfer import due
from sandbox.services.transfers.planning import FEE_DAY, item, plan
from sandbox.services.world import World
from sandbox.storage import fees
from sandbox.storage.database import Transaction


async def plan_fee_days(world: World, db: Transaction) -> None:
    """Put the next fee day of each bank with contracts on the agenda, if it is not there.

    Called when a world opens, and when its agenda was set back.
    """
    for bank in await fees.list_paying_banks(db):
        if bank in world.policies:
            await plan_next(world, db, bank, world.now())


async def plan_next(world: World, db: Transaction, bank: str, after: Instant) -> None:
    policy = world.policies[bank]
    month = jst_date(after).replace(day=1)
    due_at = due.fee_day(month, world.calendar, policy)
    if due_at <= after:
        month = add_months(month, 1)
        due_at = due.fee_day(month, world.calendar, policy)
    if due_at > after:  # else the calendar ends
        await plan(world, db, item(FEE_DAY, due_at, bank))
