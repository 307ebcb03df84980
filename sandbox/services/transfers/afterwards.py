"""After settlement: money that comes back because it could not be paid (資金返却) or was recalled
(組戻), and what the bank's staff and the tests' scripts say to that."""

from sandbox.domain.account import AccountState
from sandbox.domain.corporate.contract import Service
from sandbox.domain.errors import IllegalTransition
from sandbox.domain.time import Instant, jst_date
from sandbox.domain.transfer import due
from sandbox.domain.transfer.contract import Caller
from sandbox.domain.transfer.policy import RecallAnswer
from sandbox.domain.transfer.request import TransactionNotFound, TransferRequest, number_of
from sandbox.domain.transfer.settlement import recall_posting, refund_posting
from sandbox.domain.transfer.status import ItemEvent, ItemStatus, item_after
from sandbox.domain.transfer.window import Kind
from sandbox.services import ledger
from sandbox.services.transfers import results
from sandbox.services.transfers.acting import Desk, find_own
from sandbox.services.transfers.planning import RECALL, REFUND, item, numbers_of, plan
from sandbox.services.transfers.settling import CHUNK, Happened, event_of, plan_refund
from sandbox.services.world import World
from sandbox.storage import accounts, transfer_items, transfers
from sandbox.storage.database import Reader, Transaction
from sandbox.storage.world import AgendaItem


async def run_refund(world: World, db: Transaction, due_item: AgendaItem) -> list[Happened]:
    """資金返却: each item of the chunk that could not be paid comes back as a line of its own."""
    number, first = numbers_of(due_item)
    request = await transfers.find(db, number)
    assert request is not None  # nothing deletes a settled one
    unable = await transfer_items.list_unable(db, number, first=first, end=first + CHUNK)
    if not unable:
        return []
    day = jst_date(due_item.due_at)
    if not await _takes_money(db, request.account):
        policy = world.policies[request.bank]
        again_at = due.refund(day, world.calendar, policy)
        await plan(world, db, item(REFUND, again_at, number, first))
        return [event_of("transfer_refund_put_off", request, items=len(unable))]
    refunds = [(bank_code == request.bank_code, yen) for _, _, bank_code, yen, _ in unable]
    posting = refund_posting(request.account, refunds, day)
    await ledger.post(db, posting, booked_at=due_item.due_at)
    for position, status, _, _, _ in unable:
        refunded = item_after(status, ItemEvent.FIND_UNABLE)
        await transfer_items.save_status(db, number, position, refunded, due_item.due_at)
    refunded_yen = sum(yen for _, yen in refunds)
    return [event_of("transfer_refunded", request, items=len(unable), refunded_yen=refunded_yen)]


async def _takes_money(db: Reader, account: int) -> bool:
    found = await accounts.find(db, account)
    return found is not None and found.state is not AccountState.CLOSED


async def run_recall(world: World, db: Transaction, due_item: AgendaItem) -> list[Happened]:
    """組戻の回答: what is scripted for the beneficiary, or the bank's default."""
    number, position = numbers_of(due_item)
    request = await transfers.find(db, number)
    assert request is not None  # nothing deletes a settled one
    scripted = await _scripted_answer(db, request, position)
    if await results.refuses_recall(world, db, request, position, due_item.due_at):
        scripted = RecallAnswer.REFUSED
    answer = scripted or world.policies[request.bank].recall_answer
    if answer is RecallAnswer.NONE:
        return []
    agreed = answer is RecallAnswer.AGREED
    happened = await _answer(db, request, position, agreed=agreed, at=due_item.due_at)
    return [] if happened is None else [happened]


async def _scripted_answer(
    db: Reader, request: TransferRequest, position: int
) -> RecallAnswer | None:
    found = await transfer_items.find_paid(
        db, request.request, position, own_bank_code=request.bank_code, bank=request.bank
    )
    return None if found is None or found[4] is None else RecallAnswer(found[4])


async def _answer(
    db: Transaction, request: TransferRequest, position: int, *, agreed: bool, at: Instant
) -> Happened | None:
    """Carry out the answer to a recall; None where none is under way (any more).

    Of an account of the bank itself the money comes back only where it is still there.
    """
    found = await transfer_items.find_paid(
        db, request.request, position, own_bank_code=request.bank_code, bank=request.bank
    )
    if found is None or found[0] is not ItemStatus.RECALL_IN_PROCESS:
        return None
    _, yen, _, beneficiary, _ = found
    agreed = agreed and await _takes_money(db, request.account)
    if agreed and beneficiary is not None:
        agreed = await _gives_back(db, beneficiary, yen)
    if agreed:
        posting = recall_posting(request.account, beneficiary, yen, jst_date(at))
        await ledger.post(db, posting, booked_at=at)
    event = ItemEvent.AGREE_RECALL if agreed else ItemEvent.REFUSE_RECALL
    status = item_after(ItemStatus.RECALL_IN_PROCESS, event)
    await transfer_items.save_status(db, request.request, position, status, at)
    kind = "transfer_recalled" if agreed else "transfer_recall_refused"
    return event_of(kind, request, position=position, recalled_yen=yen if agreed else 0)


async def _gives_back(db: Reader, account: int, yen: int) -> bool:
    found = await accounts.find(db, account)
    return found is not None and found.state is AccountState.OPEN and found.withdrawable_yen >= yen


class AfterwardsService:
    """What users and the bank's staff do about items that are on their way."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._world = desk.world

    async def ask_recall(self, caller: Caller, kind: Kind, reference: str, item_id: str) -> None:
        """組戻依頼, at the bank's page; the answer comes on the next business day.

        Raises:
            InsufficientScope: the user cannot do that.
            TransactionNotFound: no such request, or no such item in it.
            IllegalTransition: the item is not paid, or the money is on its way back already.
        """
        caller.need(Service.UPDATE)
        async with self._world.database.transaction() as db:
            request = await find_own(db, caller, reference, kind)
            position, status, reason = await _place(db, request, item_id)
            if reason is not None:
                raise IllegalTransition("the item could not be paid: its money comes back")
            asked = item_after(status, ItemEvent.ASK_RECALL)
            now = self._world.now()
            await transfer_items.save_status(db, request.request, position, asked, now)
            today = jst_date(now)
            answer_at = due.refund(today, self._world.calendar, self._desk.policy)
            await plan(self._world, db, item(RECALL, answer_at, request.request, position))

    async def answer_recall(self, reference: str, item_id: str, *, agreed: bool) -> Happened:
        """Answer a recall for the beneficiary's side, at once (bank's staff).

        Raises:
            TransactionNotFound: no such request or item.
            IllegalTransition: no recall is under way.
        """
        async with self._world.database.transaction() as db:
            request = await self._any(db, reference)
            position, _, _ = await _place(db, request, item_id)
            now = self._world.now()
            happened = await _answer(db, request, position, agreed=agreed, at=now)
            if happened is None:
                raise IllegalTransition("no recall of this item is under way")
        return happened

    async def report_unable(self, reference: str, item_id: str, reason: str) -> None:
        """不能通知 of the beneficiary's bank: a paid item comes back on the next business day.

        Raises:
            TransactionNotFound: no such request or item.
            IllegalTransition: the item is not paid, was reported before, or is the own bank's.
        """
        async with self._world.database.transaction() as db:
            request = await self._any(db, reference)
            position, status, known = await _place(db, request, item_id)
            item_after(status, ItemEvent.FIND_UNABLE)
            found = await transfer_items.find_paid(
                db, request.request, position, own_bank_code=request.bank_code, bank=request.bank
            )
            is_own = found is not None and found[2] == request.bank_code
            if status is not ItemStatus.PAID or known is not None or is_own:
                raise IllegalTransition("only what another bank was paid can be reported unable")
            await transfer_items.save_reason(db, request.request, position, reason)
            today = jst_date(self._world.now())
            await plan_refund(self._world, db, request, position, after_day=today)

    async def script(
        self,
        bank_code: str,
        branch_code: str,
        account_number: str,
        *,
        unable_reason: str | None = None,
        recall_answer: RecallAnswer | None = None,
    ) -> None:
        """Decide what becomes of payments to an account, wherever it is, from now on."""
        async with self._world.database.transaction() as db:
            await transfer_items.save_script(
                db,
                bank_code,
                branch_code,
                account_number,
                unable_reason=unable_reason,
                recall_answer=None if recall_answer is None else recall_answer.value,
            )

    async def _any(self, db: Reader, reference: str) -> TransferRequest:
        """Return a request of whichever contractor."""
        number = number_of(reference)
        if number is not None:
            is_temporary, found_by = number
            found = await transfers.find_by_number(db, found_by, is_temporary=is_temporary)
            if found is not None and found.bank == self._desk.bank:
                return found
        raise TransactionNotFound("no such request")


async def _place(
    db: Reader, request: TransferRequest, item_id: str
) -> tuple[int, ItemStatus, str | None]:
    place = await transfer_items.find_place(db, request.request, item_id)
    if place is None:
        raise TransactionNotFound("no such item in the request")
    return place
