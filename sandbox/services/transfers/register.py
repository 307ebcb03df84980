"""Registering transfer requests (依頼データの登録): new, saved with warnings, sent again."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sandbox.domain.account import AccountState
from sandbox.domain.corporate.contract import Service
from sandbox.domain.errors import AccountRestricted
from sandbox.domain.time import DAY, Instant, jst_date
from sandbox.domain.transfer.approval import Pattern
from sandbox.domain.transfer.check import Checked, Circumstances, check
from sandbox.domain.transfer.contract import Caller
from sandbox.domain.transfer.draft import KEPT, Draft
from sandbox.domain.transfer.finding import Code, DraftRefused, Finding, asked_for, cut
from sandbox.domain.transfer.remarks import item_warnings, same_request
from sandbox.domain.transfer.request import Outcome, Result, TransferRequest, first_number
from sandbox.domain.transfer.status import Event, Status, after
from sandbox.domain.transfer.window import WINDOWS
from sandbox.services.idempotency import Keep, keep_nothing
from sandbox.services.transfers.acting import (
    Desk,
    bank_master,
    check_account,
    find_own,
    remember,
)
from sandbox.services.transfers.known import Known
from sandbox.services.transfers.planning import CUT_OFF, item, plan
from sandbox.storage import transfer_items, transfers
from sandbox.storage.database import Row, Transaction

# From so many items on, looking at them holds up the loop longer than a thread costs.
_THREAD_ITEMS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class _Looked:
    """A draft that may be registered, its warnings, and its items as rows."""

    checked: Checked
    warnings: tuple[Finding, ...]
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sent:
    """One call. ``prior``: the request that is sent again, if any."""

    caller: Caller
    looked: _Looked
    asked: frozenset[Code]
    accepts_warnings: bool
    prior: TransferRequest | None


class RegisterService:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._world = desk.world
        self._known = Known(desk)

    async def register(
        self,
        caller: Caller,
        draft: Draft,
        *,
        warning_check_type: str,
        accepts_warnings: bool = False,
        replaces: str = "",
        remarks: Sequence[Finding] = (),
        keep: Keep = keep_nothing,
    ) -> Outcome:
        """Register a draft, or save it where it has warnings that nobody has accepted.

        ``replaces``: the id of a saved or editable request, which this one takes the place of;
        it keeps its transaction id. One that is editable but not only saved stays as it is where
        the new contents have warnings. ``remarks``: warnings of the file that the draft came as.

        Raises:
            InsufficientScope: the token cannot do that (W-10, W-13).
            InvalidParameter: ``warning_check_type``.
            DraftRefused: every error of the draft.
            AccountRestricted: the account pays nothing at present.
            TransactionNotFound, IllegalTransition: there is nothing there to replace.
        """
        caller.need(Service.UPDATE)
        asked = asked_for(warning_check_type)
        held_to = await self.circumstances(caller)
        if len(draft.items) < _THREAD_ITEMS:
            looked = _look(draft, held_to, asked, remarks)
        else:
            looked = await asyncio.to_thread(_look, draft, held_to, asked, remarks)
        # It writes nothing but requests, and no act that is an event: see ``known``.
        async with self._world.database.transaction(counts=False) as db:
            prior = await find_own(db, caller, replaces, draft.kind) if replaces else None
            if prior is not None:
                await check_account(db, caller, prior)
            sent = _Sent(
                caller=caller,
                looked=looked,
                asked=asked,
                accepts_warnings=accepts_warnings,
                prior=prior,
            )
            outcome = await self._register(db, sent)
            await keep(db, outcome)
        return outcome

    async def circumstances(self, caller: Caller) -> Circumstances:
        """Return what a draft of the caller is held to at this moment."""
        return Circumstances(
            contract=await self._known.contract(caller),
            policy=self._desk.policy,
            calendar=self._world.calendar,
            master=bank_master(),
            schedules=await self._known.schedules(),
            requester=caller.user_code,
            now=self._world.now(),
        )

    async def _register(self, db: Transaction, sent: _Sent) -> Outcome:
        prior, now = sent.prior, self._world.now()
        is_double = sent.looked.checked.pattern is Pattern.DOUBLE
        event = Event.REGISTER_DOUBLE if is_double else Event.REGISTER
        before = None if prior is None else prior.status
        request = self._request_of(sent, after(before, event), now)
        await self._check_again(db, request, now)
        warnings = sent.looked.warnings
        if Code.SAME_REQUEST in sent.asked and await self._is_same(db, request, now):
            warnings = cut((same_request(), *warnings))
        if not warnings or sent.accepts_warnings:
            return Outcome(
                result=Result.FIXED,
                request=await self._store(db, sent, request, event),
                findings=warnings,
            )
        if prior is not None and prior.status is not Status.SAVED:
            return Outcome(result=Result.WARNING, request=prior, findings=warnings)
        request = replace(request, status=after(before, Event.SAVE))
        saved = await self._store(db, sent, request, Event.SAVE)
        return Outcome(result=Result.WARNING, request=saved, findings=warnings)

    def _request_of(self, sent: _Sent, status: Status, now: Instant) -> TransferRequest:
        checked, prior = sent.looked.checked, sent.prior
        draft = checked.draft
        window = WINDOWS[draft.kind]
        return TransferRequest(
            request=0 if prior is None else prior.request,
            bank=self._desk.bank,
            contractor_id=sent.caller.contractor_id,
            kind=draft.kind,
            status=status,
            transaction_no=None if prior is None else prior.transaction_no,
            temporary_no=None if prior is None else prior.temporary_no,
            bank_code=self._desk.bank_code,
            account=checked.account.account,
            designated_on=checked.designated_on,
            cut_off_at=window.cut_off(self._world.calendar, checked.designated_on),
            pattern=checked.pattern,
            first_approver=draft.first_approver_code or None,
            second_approver=draft.second_approver_code or None,
            approved_by=(),
            item_count=len(draft.items),
            total_yen=checked.total_yen,
            largest_item_yen=max(each.transfer_amount for each in draft.items),
            beneficiary_pays=self._desk.policy.beneficiary_pays,
            requester=sent.caller.user_code,
            registered_at=now,
            last_act_at=now,
            transaction_notes=draft.transaction_notes,
            comment=draft.comment,
            reason=None,
            fees_yen=None,
            kept={name: value for name in KEPT if (value := getattr(draft, name))},
        )

    async def _check_again(self, db: Transaction, request: TransferRequest, now: Instant) -> None:
        """What may have changed while the items were looked at."""
        if now >= request.cut_off_at:
            message = f"{request.designated_on}は受付期間外です"
            raise DraftRefused(
                [Finding(code=Code.DATE_OUT_OF_WINDOW, field="effort_date", message=message)]
            )
        account = await self._known.account(db, request.account)
        if account is None or account.state is AccountState.CLOSED:
            field, message = "remitting_account_number", "解約済みの口座です"
            raise DraftRefused([Finding(code=Code.ACCOUNT_NOT_FOUND, field=field, message=message)])
        if account.state is not AccountState.OPEN:
            raise AccountRestricted("the account pays nothing at present")

    async def _is_same(self, db: Transaction, request: TransferRequest, now: Instant) -> bool:
        since = now - self._desk.policy.same_request_days * DAY
        return await transfers.has_same(db, request, since)

    async def _store(
        self, db: Transaction, sent: _Sent, request: TransferRequest, event: Event
    ) -> TransferRequest:
        """Write the request with its items and give it its number."""
        is_temporary = request.status is Status.SAVED
        first = first_number(jst_date(request.registered_at), is_temporary=is_temporary)
        if sent.prior is None:
            request = await transfers.insert(db, request, first, is_temporary=is_temporary)
        else:
            request = await self._numbered(db, request, first, is_temporary=is_temporary)
            await transfers.save(db, request)
            await transfer_items.delete(db, request.request)
        await transfer_items.insert(db, request.request, sent.looked.rows)
        by, comment = sent.caller.user_code, request.comment
        await remember(self._world, db, request, event, by=by, comment=comment)
        if event is not Event.SAVE:
            await plan(self._world, db, item(CUT_OFF, request.cut_off_at, request.request))
        return request

    async def _numbered(
        self, db: Transaction, request: TransferRequest, first: int, *, is_temporary: bool
    ) -> TransferRequest:
        """Give a saved request its temporary number, any other one its own; each once."""
        if (request.temporary_no if is_temporary else request.transaction_no) is not None:
            return request
        number = await transfers.next_number(db, first, is_temporary=is_temporary)
        if is_temporary:
            return replace(request, temporary_no=number)
        return replace(request, transaction_no=number)


def _look(
    draft: Draft, held_to: Circumstances, asked: frozenset[Code], remarks: Sequence[Finding]
) -> _Looked:
    """Check a draft and make rows of its items: all that needs no database.

    Raises:
        DraftRefused: with its errors.
    """
    checked = check(draft, held_to)
    if not isinstance(checked, Checked):
        raise DraftRefused(checked)
    items = checked.draft.items
    found = [*checked.totals, *(remark for remark in remarks if remark.code in asked)]
    if Code.CONVERTED in asked:
        found += checked.converted
    warnings = cut([*found, *item_warnings(items, asked, held_to.master, held_to.policy)])
    return _Looked(checked=checked, warnings=warnings, rows=transfer_items.rows_of(items))
