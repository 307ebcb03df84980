"""Transfer requests at the contractor's own pages: of every kind, by the user's rights of now.

The acts are those of the API, with the same rules; here the user's own rights stand in place of a
token's, so what was registered under ③ can be approved without ④ (W-11).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from sandbox.domain.corporate.user import Act, BankUser
from sandbox.domain.transfer.contract import Caller
from sandbox.domain.transfer.draft import Item
from sandbox.domain.transfer.request import (
    Act as DoneAct,
)
from sandbox.domain.transfer.request import (
    Outcome,
    TransactionNotFound,
    TransferRequest,
    number_of,
)
from sandbox.domain.transfer.status import (
    APPROVED,
    AWAITING,
    EDITABLE,
    ItemStatus,
    Status,
)
from sandbox.services.transfers.acting import check_account
from sandbox.services.transfers.approval import CANCEL, Submission
from sandbox.services.transfers.desk import Transfers
from sandbox.services.world import World
from sandbox.storage import desk, transfer_items, transfers
from sandbox.storage.database import Reader

PAGE_REQUESTS, PAGE_ITEMS = 50, 100
NEWEST = 2**62  # above every number
ALL_WARNINGS = "1111100000"

# The lists of the page. One that shows nothing to do for this user is still there to be read.
LISTS: Mapping[str, frozenset[Status]] = MappingProxyType(
    {
        "waiting": AWAITING,
        "editable": EDITABLE,
        "approved": APPROVED,
        "done": frozenset({Status.SETTLED, Status.EXPIRED, Status.DELETED}),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownItem:
    """``can_recall``: its money can be asked back."""

    item: Item
    status: ItemStatus
    fee_yen: int | None
    reason: str | None

    @property
    def can_recall(self) -> bool:
        return self.status is ItemStatus.PAID and self.reason is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """依頼内容: a request, one page of its items, and who did what. ``acts``: possible now."""

    request: TransferRequest
    items: tuple[ShownItem, ...]
    done: tuple[DoneAct, ...]
    acts: tuple[str, ...]
    next_position: int | None  # where the next page of items begins


class DeskRequests:
    def __init__(self, world: World, transfers_: Transfers) -> None:
        self._world = world
        self._transfers = transfers_

    async def list_requests(
        self, user: BankUser, which: str, before: int = NEWEST
    ) -> tuple[list[TransferRequest], int | None]:
        """Return one page of a list, newest first, and where the next page begins.

        Raises:
            ActRefused: the user may neither register nor approve.
            KeyError: there is no such list.
        """
        user.check(Act.READ_REQUESTS)
        db = self._world.database
        statuses = sorted(LISTS[which])
        numbers = await desk.list_request_numbers(
            db,
            user.contractor_id,
            statuses,
            account_ids=user.accounts,
            before=before,
            limit=PAGE_REQUESTS + 1,
        )
        shown = numbers[:PAGE_REQUESTS]
        found = [await transfers.find(db, number) for number in shown]
        following = shown[-1] if len(numbers) > PAGE_REQUESTS else None
        return [each for each in found if each is not None], following

    async def count_waiting(self, user: BankUser) -> int:
        """Return how many requests wait for an approval; at most one page is counted."""
        numbers = await desk.list_request_numbers(
            self._world.database,
            user.contractor_id,
            sorted(AWAITING),
            account_ids=user.accounts,
            before=NEWEST,
            limit=PAGE_REQUESTS,
        )
        return len(numbers)

    async def sheet(self, user: BankUser, reference: str, first: int = 1) -> Sheet:
        """Return a request with its items from position ``first`` on.

        Raises:
            ActRefused: the user may neither register nor approve.
            TransactionNotFound: no such request of this contractor.
            RightRemoved: the user may not use its account.
        """
        user.check(Act.READ_REQUESTS)
        db = self._world.database
        request = await self._find(db, user, reference)
        states = await transfer_items.list_states(
            db, request.request, first=first, limit=PAGE_ITEMS + 1
        )
        items = tuple(
            ShownItem(item=item, status=status, fee_yen=fee_yen, reason=reason)
            for item, status, fee_yen, reason in states[:PAGE_ITEMS]
        )
        return Sheet(
            request=request,
            items=items,
            done=tuple(await transfers.list_acts(db, request.request)),
            acts=acts_of(user, request, can_act=self._world.now() < request.cut_off_at),
            next_position=first + PAGE_ITEMS if len(states) > PAGE_ITEMS else None,
        )

    async def approve(
        self, user: BankUser, reference: str, *, accepts_warnings: bool, comment: str
    ) -> Outcome:
        """承認: every warning is looked for. Raises as ``ApprovalService.submit`` does."""
        user.check(Act.APPROVE_REQUESTS)
        submission = Submission(
            warning_check_type=ALL_WARNINGS, accepts_warnings=accepts_warnings, comment=comment
        )
        return await self._submit(user, reference, submission)

    async def cancel_approval(self, user: BankUser, reference: str, comment: str) -> None:
        """承認取消. Raises as ``ApprovalService.submit`` does."""
        user.check(Act.APPROVE_REQUESTS)
        cancel = Submission(cancel_type=CANCEL, comment=comment, is_plain=True)
        await self._submit(user, reference, cancel)

    async def return_(self, user: BankUser, reference: str, comment: str) -> None:
        """差戻"""
        user.check(Act.APPROVE_REQUESTS)
        request = await self._find(self._world.database, user, reference)
        retreat = self._transfers.retreat
        await retreat.return_(caller_of(user), request.kind, reference, comment)

    async def pull_back(self, user: BankUser, reference: str, comment: str) -> None:
        """引戻"""
        user.check(Act.MANAGE_REQUESTS)
        request = await self._find(self._world.database, user, reference)
        retreat = self._transfers.retreat
        await retreat.pull_back(caller_of(user), request.kind, reference, comment)

    async def delete(self, user: BankUser, reference: str, comment: str) -> None:
        """削除"""
        user.check(Act.MANAGE_REQUESTS)
        request = await self._find(self._world.database, user, reference)
        retreat = self._transfers.retreat
        await retreat.delete(caller_of(user), request.kind, reference, comment)

    async def ask_recall(self, user: BankUser, reference: str, item_id: str) -> None:
        """組戻依頼 of one paid item."""
        user.check(Act.MANAGE_REQUESTS)
        request = await self._find(self._world.database, user, reference)
        afterwards = self._transfers.afterwards
        await afterwards.ask_recall(caller_of(user), request.kind, reference, item_id)

    async def _submit(self, user: BankUser, reference: str, submission: Submission) -> Outcome:
        request = await self._find(self._world.database, user, reference)
        approval = self._transfers.approval
        return await approval.submit(caller_of(user), request.kind, reference, submission)

    async def _find(self, db: Reader, user: BankUser, reference: str) -> TransferRequest:
        number = number_of(reference)
        if number is not None:
            is_temporary, found_by = number
            found = await transfers.find_by_number(db, found_by, is_temporary=is_temporary)
            if found is not None and found.contractor_id == user.contractor_id:
                await check_account(db, caller_of(user), found)
                return found
        raise TransactionNotFound("no such request of this contractor")


def caller_of(user: BankUser) -> Caller:
    """Return a user at the page as whoever acts on transfers, with the rights of this moment."""
    return Caller(
        contractor_id=user.contractor_id,
        user_code=user.user_code,
        powers=user.page_powers,
        limit_per_transaction_yen=user.limit_per_transaction_yen,
        limit_per_item_yen=user.limit_per_item_yen,
        accounts=user.accounts,
    )


def acts_of(user: BankUser, request: TransferRequest, *, can_act: bool) -> tuple[str, ...]:
    """Return which buttons the page has: what the role may do and the status allows.

    ``can_act``: the cut-off has not passed. The rest of the rules (who was designated, limits)
    is looked at when a button is pressed, and explained then.
    """
    status = request.status
    approves, manages = user.may(Act.APPROVE_REQUESTS), user.may(Act.MANAGE_REQUESTS)
    possible = {
        "approve": approves and can_act and status in AWAITING,
        "return": approves and can_act and status in AWAITING,
        "cancel_approval": approves and can_act and status in APPROVED,
        "pull_back": manages and can_act and status in AWAITING,
        "delete": manages and status in EDITABLE,
    }
    return tuple(name for name, is_possible in possible.items() if is_possible)
