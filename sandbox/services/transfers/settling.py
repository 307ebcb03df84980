"""Acceptance and settlement runs (受付・資金決済): the debit in one step, the payments in many.

A request of 20,000 items is debited at once. Its items are then paid some hundred at a time, each
chunk with its agenda item in one transaction: the loop is never held up for long, and a crash in
between leaves the rest on the agenda.
"""

from collections.abc import Iterable
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
from sandbox.services.transfers.acting import bank_master, record
from sandbox.services.transfers.planning import (
    PAYMENT,
    REFUND,
    SETTLEMENT,
    item,
    numbers_of,
    plan,
)
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
    bill = await _bill(db, request)
    problem = await _problem(db, request, bill)
    if problem is not None:
        return await _fail_or_retry(world, db, request, problem, at)
    posting = debit_posting(request.account, request.kind, bill, request.designated_on)
    await ledger.post(db, posting, booked_at=at)
    settled = await record(world, db, request, Event.SETTLE, at=at, fees_yen=bill.fees_yen)
    await plan(world, db, item(PAYMENT, at, request.request, 1))
    totals = {"total_yen": bill.total_yen, "fees_yen": bill.fees_yen}
    return [event_of("transfer_settled", settled, items=request.item_count, **totals)]


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
    reason = problem.value
    failed = await record(world, db, request, Event.FAIL_FUNDS, at=at, reason=reason)
    return [event_of("transfer_failed", failed, reason=reason)]


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
    rows, credits, unable = _sorted_out(chunk, payees)
    if credits:
        remitter_name = str(request.kept["remitter_name"])
        posting = credit_posting(credits, remitter_name, request.designated_on)
        await ledger.post(db, posting, booked_at=due_item.due_at)
    await transfer_items.save_paid(db, rows)
    await _plan_rest(world, db, chunk, due_item.due_at, has_unable=bool(unable))
    return [event_of("transfer_unable", request, items=unable)] if unable else []


def _sorted_out(
    chunk: _Chunk, payees: Iterable[Payee]
) -> tuple[list[Row], list[tuple[int, int]], int]:
    """Return the items' new rows, the (account, yen) to credit, and how many cannot be paid."""
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
        reason = unable_reason(payee, request.bank_code, master)
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


async def _plan_rest(
    world: World, db: Transaction, chunk: _Chunk, at: Instant, *, has_unable: bool
) -> None:
    request = chunk.request
    if chunk.end <= request.item_count:
        await plan(world, db, item(PAYMENT, at, request.request, chunk.end))
    if has_unable:
        await plan_refund(world, db, request, chunk.first, after_day=jst_date(at))


async def plan_refund(
    world: World, db: Transaction, request: TransferRequest, position: int, *, after_day: date
) -> None:
    """Let what cannot be paid in the chunk of ``position`` come back on the next business day."""
    policy = world.policies[request.bank]
    refund_at = due.refund(after_day, world.calendar, policy)
    first = position - (position - 1) % CHUNK
    await plan(world, db, item(REFUND, refund_at, request.request, first))
