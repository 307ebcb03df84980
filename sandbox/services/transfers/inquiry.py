"""Reading transfer requests (依頼データ照会・依頼内容照会)."""

import asyncio
from dataclasses import dataclass
from datetime import date, timedelta

from sandbox.domain.corporate.contract import Service
from sandbox.domain.time import midnight
from sandbox.domain.transfer.contract import Caller
from sandbox.domain.transfer.draft import Item
from sandbox.domain.transfer.fee import FeeSchedule, in_force
from sandbox.domain.transfer.request import Act, ItemState, TransferRequest, family_of
from sandbox.domain.transfer.settlement import charge_of
from sandbox.domain.transfer.window import Kind
from sandbox.services.transfers.acting import Desk, check_account, find_own
from sandbox.storage import accounts, fees, transfer_items, transfers
from sandbox.storage.database import Reader

_PAGE = 200  # items read without letting others have the loop: 4 ms


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """依頼内容: the request, its items in order, and who did what to it."""

    request: TransferRequest
    items: list[ItemState]
    acts: list[Act]


class InquiryService:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._world = desk.world

    async def list_operated(
        self, caller: Caller, kind: Kind, first: date, last: date
    ) -> list[TransferRequest]:
        """Return the newest requests sent in on those days, oldest first: at most 500.

        Raises:
            InsufficientScope: the token cannot do that.
        """
        caller.need(Service.UPDATE)
        found = await transfers.list_operated(
            self._world.database,
            caller.contractor_id,
            sorted(family_of(kind)),
            start=midnight(first),
            end=midnight(last + timedelta(days=1)),
            limit=self._desk.policy.most_requests,
        )
        return [each for each in found if await self._may_see(caller, each)]

    async def _may_see(self, caller: Caller, request: TransferRequest) -> bool:
        if caller.accounts is None:
            return True
        account = await accounts.find(self._world.database, request.account)
        return account is not None and caller.may_use(account.account_id)

    async def detail(self, caller: Caller, kind: Kind, reference: str) -> Detail:
        """Return a request with its items and its history.

        Raises:
            InsufficientScope, TransactionNotFound: as their names say.
        """
        caller.need(Service.UPDATE)
        db = self._world.database
        while True:
            request = await find_own(db, caller, reference, kind)
            await check_account(db, caller, request)
            acts = await transfers.list_acts(db, request.request)
            items = await self.items(request)
            if await transfers.find(db, request.request) == request:
                return Detail(request=request, items=items, acts=acts)

    async def items(
        self, request: TransferRequest, reader: Reader | None = None
    ) -> list[ItemState]:
        """Return a request's items in order, with what each costs or would cost.

        Read some at a time: a caller who needs them to be of one moment compares the request
        before and after, as ``detail`` does, or reads within its transaction.
        """
        db = reader or self._world.database
        schedules = await fees.list_schedules(db, request.bank)
        schedule = in_force(schedules, request.designated_on)
        found: list[ItemState] = []
        while True:
            read = await transfer_items.list_states(
                db, request.request, first=len(found) + 1, limit=_PAGE
            )
            found += [
                ItemState(
                    item=item,
                    status=status,
                    fee_yen=_quoted(request, schedule, item) if fee_yen is None else fee_yen,
                    reason=reason,
                )
                for item, status, fee_yen, reason in read
            ]
            if len(read) < _PAGE:
                return found
            await asyncio.sleep(0)


def _quoted(request: TransferRequest, schedule: FeeSchedule, item: Item) -> int:
    quoted = charge_of(
        schedule,
        item.transfer_amount,
        is_own_bank=item.beneficiary_bank_code == request.bank_code,
        beneficiary_pays=request.beneficiary_pays,
    )
    return 0 if quoted is None else quoted.fee_yen
