"""Acceptance and settlement runs (受付・資金決済): the debit in one step, the payments in many.

A request of 20,000 items is debited at once. Its items are then paid some hundred at a time, each
chunk with its agenda item in one transaction: the loop is never held up for long, and a crash in
between leaves the rest on the agenda.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sandbox.domain.account import AccountState
from sandbox.domain.time import Instant, jst_date
from sandbox.domain.transfer import due
from sandbox.domain.transfer.fee import FeeSchedule, in_force
from sandbox.domain.transfer.finding import Code
from sandbox.domain.transfer.request import TransferRequest
from sandbox.domain.transfer.settlement import (
    Bill,
    Payee,
    account_problem,
    bill_of,
    charge_of,
    credit_posting,
    debit_posting,
    unable_reason,
)
from sandbox.domain.transfer.status import (
    APPROVED,
    AWAITING,
    EDITABLE,
    Event,
    ItemEvent,
    ItemStatus,
    Status,
    item_after,
)
from sandbox.services import ledger
from sandbox.services.transfers import results
from sandbox.services.transfers.acting import bank_master, record
from sandbox.services.transfers.planning import (
    PAYMENT,
    REFUND,
    REJECTION,
    SETTLEMENT,
    item,
    numbers_of,
    plan,
)
from sandbox.services.transfers.results import Decided
from sandbox.services.world import World
from sandbox.storage import accounts, fees, transfer_items, transfers
from sandbox.storage.database import Reader, Row, Transaction
from sandbox.storage.world import AgendaItem

CHUNK = 250  # items paid in one transaction: some 10 ms where all are the bank's own accounts
Happened = dict[str, Any]
_AGEABLE = EDITABLE | {Status.EXPIRED}


def event_of(kind: str, request: TransferRequest, **more: Any) -> Happened:
    return {
        "kind": kind,
        "subject": request.reference,
        "bank": request.bank,
        "contractor_id": request.contractor_id,
        **more,
    }


async def run_cut_off(world: World, db: Transaction, due_item: AgendaItem) -> list[Happened]:
    """締切: what still waits for approval has expired."""
    request = await transfers.find(db, *numbers_of(due_item))
    if request is None or request.status not in AWAITING or request.cut_off_at > due_item.due_at:
        return []  # approved, taken back, or sent again with another date
    expired = await record(world, db, request, Event.PASS_CUT_OFF, at=due_item.due_at)
    return [event_of("transfer_expired", expired)]


async def run_age_out(world: World, db: Transaction, due_item: AgendaItem) -> list[Happened]:
    """期間経過: nobody has touched it for 70 days."""
    request = await transfers.find(db, *numbers_of(due_item))
    if request is None or request.status not in _AGEABLE:
        return []
    if due.age_out(request.last_act_at, world.policies[request.bank]) > due_item.due_at:
        return []  # touched since; that act has planned an end of its own
    deleted = await record(world, db, request, Event.AGE_OUT, at=due_item.due_at)
    return [event_of("transfer_aged_out", deleted)]


async def run_acceptance(world: World, db: Transaction, due_item: AgendaItem) -> list[Happened]:
    """受付処理: what is for later is reserved, what is for today is settled."""
    request = await transfers.find(db, *numbers_of(due_item))
    if request is None or request.status is not Status.ACCEPTED:
        return []
    settle_at = due.settlement(request.designated_on, world.policies[request.bank])
    if due_item.due_at >= settle_at:
        return await _settle(world, db, request, due_item.due_at)
    reserved = await record(world, db, request, Event.RESERVE, at=due_item.due_at)
    await plan(world, db, item(SETTLEMENT, settle_at, request.request))
    return [event_of("transfer_reserved", reserved)]


async def run_settlement(world: World, db: Transaction, due_item: AgendaItem) -> list[Happened]:
    """資金決済, at 08:00 of the designated day, and again at 15:00 where funds were short."""
    request = await transfers.find(db, *numbers_of(due_item))
    if request is None or request.status not in APPROVED:
        return []
    if jst_date(due_item.due_at) != request.designated_on:
        return []  # of a date that it had before it was sent again
    return await _settle(world, db, request, due_item.due_at)


async def _settle(
    world: World, db: Transaction, request: TransferRequest, at: Instant
) -> list[Happened]:
    """Debit a request, once: its status changes in the same transaction."""
    decided = await results.decide(world, db, request, at)
    if decided is not None and decided.failure is not None:
        return await _reject(world, db, request, decided, at)
    bill = await _bill(db, request)
    problem = await _problem(db, request, bill)
    if problem is not None:
        return await _fail_or_retry(world, db, request, problem, at)
    posting = debit_posting(request.account, request.kind, bill, request.designated_on)
    await ledger.post(db, posting, booked_at=at)
    settled = await record(world, db, request, Event.SETTLE, at=at, fees_yen=bill.fees_yen)
    late_ms = 0 if decided is None else decided.late_ms
    await plan(world, db, item(PAYMENT, at + late_ms, request.request, 1))
    totals = {"total_yen": bill.total_yen, "fees_yen": bill.fees_yen, **_fault(decided)}
    return [event_of("transfer_settled", settled, items=request.item_count, **totals)]


def _fault(decided: Decided | None) -> Happened:
    return {} if decided is None else {"fault": decided.fault_id}


async def _bill(db: Reader, request: TransferRequest) -> Bill:
    schedule = in_force(await fees.list_schedules(db, request.bank), request.designated_on)
    tallies = await transfer_items.list_tallies(db, request.request, request.bank_code, schedule)
    return bill_of(tallies, beneficiary_pays=request.beneficiary_pays)


async def _problem(db: Reader, request: TransferRequest, bill: Bill) -> Code | None:
    account = await accounts.find(db, request.account)
    assert account is not None  # a request refers to one
    if account.state is AccountState.OPEN and account.withdrawable_yen < bill.debit_yen:
        return Code.INSUFFICIENT_FUNDS
    return account_problem(account.state)


async def _fail_or_retry(
    world: World, db: Transaction, request: TransferRequest, problem: Code, at: Instant
) -> list[Happened]:
    retry_at = due.retry(request.designated_on, world.policies[request.bank])
    if at < retry_at:
        await plan(world, db, item(SETTLEMENT, retry_at, request.request))
        return [event_of("transfer_put_off", request, reason=problem.value)]
    return await _fail(world, db, request, problem, at)


async def _fail(
    world: World, db: Transaction, request: TransferRequest, problem: Code, at: Instant
) -> list[Happened]:
    reason = problem.value
    failed = await record(world, db, request, Event.FAIL_FUNDS, at=at, reason=reason)
    await results.forget(db, request)
    return [event_of("transfer_failed", failed, reason=reason)]


async def _reject(
    world: World, db: Transaction, request: TransferRequest, decided: Decided, at: Instant
) -> list[Happened]:
    """F-36: a fault lets a request fail, at the bank's own time or after its delay."""
    assert decided.failure is not None
    if decided.delay_ms:
        await plan(world, db, item(REJECTION, at + decided.delay_ms, request.request))
        happened = [event_of("transfer_put_off", request, reason=decided.failure.value)]
    elif decided.delay_ms == 0:
        happened = await _fail(world, db, request, decided.failure, at)
    else:
        happened = await _fail_or_retry(world, db, request, decided.failure, at)
    return [{**event, **_fault(decided)} for event in happened]


async def run_rejection(world: World, db: Transaction, due_item: AgendaItem) -> list[Happened]:
    """The delay of a fault that lets a request fail is over."""
    (number,) = numbers_of(due_item)
    request = await transfers.find(db, number)
    if request is None or request.status not in APPROVED:
        return []
    decided = await results.find(db, request)
    if decided is None or decided.failure is None:
        return []  # decided about it before it was sent again
    failed = await _fail(world, db, request, decided.failure, due_item.due_at)
    return [{**event, **_fault(decided)} for event in failed]


# Payments


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chunk:
    """Items of one request from ``first`` up to ``end``, and the fees of its day."""

    request: TransferRequest
    schedule: FeeSchedule
    first: int

    @property
    def end(self) -> int:
        return self.first + CHUNK


async def run_payment(world: World, db: Transaction, due_item: AgendaItem) -> list[Happened]:
    """振込: the own bank's accounts are credited, and what cannot be paid is noted."""
    number, first = numbers_of(due_item)
    request = await transfers.find(db, number)
    assert request is not None  # nothing deletes a settled one
    schedules = await fees.list_schedules(db, request.bank)
    schedule = in_force(schedules, request.designated_on)
    chunk = _Chunk(request=request, schedule=schedule, first=first)
    payees = await transfer_items.list_payees(
        db,
        number,
        first=first,
        end=chunk.end,
        own_bank_code=request.bank_code,
        bank=request.bank,
    )
    decided = await results.find(db, request)
    struck = await results.list_unable(db, request, decided, first=first, end=chunk.end)
    rows, credits, unable = _sorted_out(chunk, payees, struck)
    if credits:
        remitter_name = str(request.kept["remitter_name"])
        posting = credit_posting(credits, remitter_name, request.designated_on)
        await ledger.post(db, posting, booked_at=due_item.due_at)
    await transfer_items.save_paid(db, rows)
    await _plan_next(world, db, chunk, due_item.due_at)
    if not unable:
        return []
    delay_ms = decided.delay_ms if decided is not None and struck else None
    await _plan_refund(world, db, chunk, due_item.due_at, delay_ms)
    return [
        event_of("transfer_unable", request, items=unable, **_fault(decided if struck else None))
    ]


def _sorted_out(
    chunk: _Chunk, payees: Iterable[Payee], struck: Mapping[int, str]
) -> tuple[list[Row], list[tuple[int, int]], int]:
    """Return the items' new rows, the (account, yen) to credit, and how many cannot be paid.

    ``struck``: why a fault keeps items from being paid, by position.
    """
    request, master = chunk.request, bank_master()
    rows: list[Row] = []
    credits: list[tuple[int, int]] = []
    unable = 0
    for payee in payees:
        is_own = payee.bank_code == request.bank_code
        charged = charge_of(
            chunk.schedule,
            payee.amount_yen,
            is_own_bank=is_own,
            beneficiary_pays=request.beneficiary_pays,
        )
        paid_yen = payee.amount_yen if charged is None else charged.paid_yen
        fee_yen = 0 if charged is None else charged.fee_yen
        reason = struck.get(payee.position) or unable_reason(payee, request.bank_code, master)
        if charged is None:
            reason = "fee_exceeds_amount"
        unable += reason is not None
        if reason is None and payee.account is not None:
            credits.append((payee.account, paid_yen))
        # What is the bank's own to pay never leaves; other banks say no on the day after.
        is_kept = reason is not None and is_own
        status = ItemStatus.WAITING if is_kept else item_after(ItemStatus.WAITING, ItemEvent.PAY)
        rows.append((request.request, payee.position, status.value, paid_yen, fee_yen, reason))
    return rows, credits, unable


async def _plan_next(world: World, db: Transaction, chunk: _Chunk, at: Instant) -> None:
    if chunk.end <= chunk.request.item_count:
        await plan(world, db, item(PAYMENT, at, chunk.request.request, chunk.end))


async def _plan_refund(
    world: World, db: Transaction, chunk: _Chunk, at: Instant, delay_ms: int | None
) -> None:
    """``delay_ms``: of a fault; everything of the chunk that cannot be paid comes back then."""
    if delay_ms is None:
        await plan_refund(world, db, chunk.request, chunk.first, after_day=jst_date(at))
    else:
        refund = item(REFUND, at + delay_ms, chunk.request.request, chunk.first)
        await plan(world, db, refund)


async def plan_refund(
    world: World, db: Transaction, request: TransferRequest, position: int, *, after_day: date
) -> None:
    """Let what cannot be paid in the chunk of ``position`` come back on the next business day."""
    policy = world.policies[request.bank]
    refund_at = due.refund(after_day, world.calendar, policy)
    first = position - (position - 1) % CHUNK
    await plan(world, db, item(REFUND, refund_at, request.request, first))
