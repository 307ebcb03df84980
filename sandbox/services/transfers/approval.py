"""Approval over the API (承認), and taking it back (承認取消)."""

from collections.abc import Iterator
from dataclasses import dataclass

from sandbox.domain.corporate.contract import Service
from sandbox.domain.errors import IllegalTransition
from sandbox.domain.time import DAY, Instant
from sandbox.domain.transfer import due
from sandbox.domain.transfer.approval import NotDesignatedApprover
from sandbox.domain.transfer.contract import Caller
from sandbox.domain.transfer.finding import Code, Finding, asked_for, cut
from sandbox.domain.transfer.remarks import item_warnings, same_request
from sandbox.domain.transfer.request import Outcome, Result, TransferRequest
from sandbox.domain.transfer.settlement import account_problem
from sandbox.domain.transfer.status import APPROVED, AWAITING, Event
from sandbox.domain.transfer.window import Kind
from sandbox.services.idempotency import Keep, keep_nothing
from sandbox.services.transfers.acting import (
    Desk,
    bank_master,
    check_account,
    check_comment,
    find_own,
    load_contract,
    record,
)
from sandbox.services.transfers.planning import ACCEPTANCE, item, plan
from sandbox.storage import accounts, transfer_items, transfers
from sandbox.storage.database import Transaction

CANCEL = "approval_cancel"
_LIMIT_MESSAGES = {
    Code.LIMIT_PER_TRANSACTION: "承認者の1取引あたりの限度額を超えています",
    Code.LIMIT_PER_ITEM: "承認者の1明細あたりの限度額を超えています",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """What an approver sends. ``cancel_type``: see ``CANCEL``; empty: not sent.

    ``is_plain``: what it says is what is meant, whatever the status: a button of the bank's page.
    """

    cancel_type: str = ""
    warning_check_type: str = "0000000000"
    accepts_warnings: bool = False
    comment: str = ""
    is_plain: bool = False


class ApprovalService:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._world = desk.world

    async def submit(
        self,
        caller: Caller,
        kind: Kind,
        reference: str,
        submission: Submission,
        keep: Keep = keep_nothing,
    ) -> Outcome:
        """Approve a request that waits for it, or take back the approval of one that has it.

        The status decides which of the two is meant (§5.5). A check that fails makes the request
        ``failed`` and says why; nothing is raised then.

        Raises:
            InsufficientScope: no approver's token (W-12).
            TransactionNotFound: no such request.
            NotDesignatedApprover: somebody else is to approve, or the requester asks himself.
            IllegalTransition: neither is possible now, or it is too late.
            InvalidParameter: comment or ``warning_check_type``.
        """
        caller.need(Service.APPROVAL)
        check_comment(submission.comment)
        asked = asked_for(submission.warning_check_type)
        async with self._world.database.transaction() as db:
            request = await find_own(db, caller, reference, kind)
            await check_account(db, caller, request)
            outcome = await self._submit(db, caller, request, submission, asked)
            await keep(db, outcome)
        return outcome

    async def _submit(
        self,
        db: Transaction,
        caller: Caller,
        request: TransferRequest,
        submission: Submission,
        asked: frozenset[Code],
    ) -> Outcome:
        now = self._world.now()
        if request.status in APPROVED:
            return await self._cancel(db, caller, request, submission, now)
        is_strict = submission.is_plain or self._desk.policy.strict_approval_cancel_type
        if submission.cancel_type == CANCEL and is_strict:
            raise IllegalTransition("there is no approval to cancel")
        event = await self._permitted(db, caller, request, now)
        if event is Event.APPROVE and (found := await self._failures(db, caller, request)):
            failed = await record(
                self._world,
                db,
                request,
                Event.FAIL_CHECK,
                at=now,
                by=caller.user_code,
                comment=submission.comment,
                reason=found[0].code.value,
            )
            return Outcome(result=Result.ERROR, request=failed, findings=found)
        warnings = await self._warnings(db, request, asked, now)
        if warnings and not submission.accepts_warnings:
            return Outcome(result=Result.WARNING, request=request, findings=warnings)
        approved = await self._approve(db, caller, request, event, submission.comment, now)
        return Outcome(result=Result.FIXED, request=approved, findings=warnings)

    async def _permitted(
        self, db: Transaction, caller: Caller, request: TransferRequest, now: Instant
    ) -> Event:
        """Return what this approval does; see ``submit`` for what it raises."""
        if request.status not in AWAITING:
            raise IllegalTransition(f"a request that is {request.status} waits for no approval")
        if now >= request.cut_off_at:
            raise IllegalTransition("the cut-off has passed")
        contract = await load_contract(db, self._desk, caller)
        return request.signatures.check(
            request.status,
            caller.user_code,
            requester_may_approve=contract.rule.requester_may_approve,
        )

    async def _failures(
        self, db: Transaction, caller: Caller, request: TransferRequest
    ) -> tuple[Finding, ...]:
        """Return why the last approval cannot stand: a limit, or the account."""
        exceeded = caller.approver.exceeded(request.total_yen, request.largest_item_yen)
        if exceeded is not None:
            code = Code(exceeded)
            return (Finding(code=code, field="total_amount", message=_LIMIT_MESSAGES[code]),)
        account = await accounts.find(db, request.account)
        assert account is not None  # a request refers to one
        problem = account_problem(account.state)
        if problem is None:
            return ()
        message = "支払口座を利用できません"
        return (Finding(code=problem, field="remitting_account_number", message=message),)

    async def _warnings(
        self, db: Transaction, request: TransferRequest, asked: frozenset[Code], now: Instant
    ) -> tuple[Finding, ...]:
        if not asked:
            return ()
        items = await transfer_items.list_items(db, request.request)
        since = now - self._desk.policy.same_request_days * DAY
        is_same = Code.SAME_REQUEST in asked and await transfers.has_same(db, request, since)

        def found() -> Iterator[Finding]:
            if is_same:
                yield same_request()
            yield from item_warnings(items, asked, bank_master(), self._desk.policy)

        return cut(found())

    async def _approve(
        self,
        db: Transaction,
        caller: Caller,
        request: TransferRequest,
        event: Event,
        comment: str,
        now: Instant,
    ) -> TransferRequest:
        approved = await record(
            self._world,
            db,
            request,
            event,
            at=now,
            by=caller.user_code,
            comment=comment,
            approved_by=(*request.approved_by, caller.user_code),
        )
        if event is Event.APPROVE:
            run_at = due.next_acceptance(now, self._desk.policy)
            await plan(self._world, db, item(ACCEPTANCE, run_at, request.request))
        return approved

    async def _cancel(
        self,
        db: Transaction,
        caller: Caller,
        request: TransferRequest,
        submission: Submission,
        now: Instant,
    ) -> Outcome:
        if submission.cancel_type != CANCEL:
            raise IllegalTransition("the request is approved already")
        if now >= request.cut_off_at:
            raise IllegalTransition("the cut-off has passed")
        if not request.signatures.may_return(caller.user_code):
            raise NotDesignatedApprover("another approver was designated")
        cancelled = await record(
            self._world,
            db,
            request,
            Event.CANCEL_APPROVAL,
            at=now,
            by=caller.user_code,
            comment=submission.comment,
            approved_by=(),
        )
        return Outcome(result=Result.FIXED, request=cancelled)
