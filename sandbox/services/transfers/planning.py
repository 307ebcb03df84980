"""What the agenda does with transfers: kinds of items, their order, and how they get there."""

from collections.abc import Mapping
from types import MappingProxyType

from sandbox.domain.time import Instant
from sandbox.services.world import World
from sandbox.storage import world as world_rows
from sandbox.storage.database import Transaction
from sandbox.storage.world import AgendaItem

CUT_OFF, ACCEPTANCE = "transfer_cut_off", "transfer_acceptance"
SETTLEMENT, PAYMENT = "transfer_settlement", "transfer_payment"
REFUND, RECALL, AGE_OUT = "transfer_refund", "transfer_recall", "transfer_age_out"
REJECTION = "transfer_rejection"
FEE_DAY, CONTRACT_FEE = "fee_day", "contract_fee"

# At one instant: what lives move comes first (5), so that a salary of 08:00 can be paid out. Of
# one priority the kinds go by name: the payments of a settled request come before the next
# settlement, and a cut-off comes before anything.
PRIORITIES: Mapping[str, int] = MappingProxyType(
    {
        CUT_OFF: 3,
        PAYMENT: 7,
        REFUND: 6,
        RECALL: 6,
        FEE_DAY: 6,
        CONTRACT_FEE: 7,
        ACCEPTANCE: 7,
        SETTLEMENT: 7,
        REJECTION: 7,
        AGE_OUT: 8,
    }
)


def item(kind: str, due_at: Instant, *subject: int | str) -> AgendaItem:
    """Return an item; numbers in its subject are padded, so that they are done in their order."""
    parts = (f"{part:012}" if isinstance(part, int) else part for part in subject)
    return AgendaItem(
        due_at=due_at, priority=PRIORITIES[kind], kind=kind, subject=":".join(parts), detail={}
    )


def numbers_of(agenda_item: AgendaItem) -> list[int]:
    return [int(part) for part in agenda_item.subject.split(":")]


async def plan(world: World, db: Transaction, *items: AgendaItem) -> None:
    """Put items on the agenda, none twice, and let the world look there in time."""
    await world_rows.add_agenda_once(db, list(items))
    first = min(each.due_at for each in items)
    if world.next_due_at is None or first < world.next_due_at:
        world.next_due_at = first
