"""Ways back: the requester's (引戻), the approver's (差戻), and the end of a request (削除)."""

from sandbox.domain.corporate.contract import Service
from sandbox.domain.corporate.powers import RightRemoved
from sandbox.domain.errors import IllegalTransition
from sandbox.domain.transfer.approval import NotDesignatedApprover
from sandbox.domain.transfer.contract import Caller
from sandbox.domain.transfer.request import TransferRequest
from sandbox.domain.transfer.status import Event, after
from sandbox.domain.transfer.window import Kind
from sandbox.services.idempotency import Keep, keep_nothing
from sandbox.services.transfers.acting import Desk, check_account, check_comment, find_own, record

_POWERS = {
    Event.PULL_BACK: Service.UPDATE,  # the requester's side
    Event.RETURN: Service.APPROVAL,
    Event.DELETE: Service.UPDATE,
}


class RetreatService:
    def __init__(self, desk: Desk) -> None:
        self._world = desk.world

    async def pull_back(
        self,
        caller: Caller,
        kind: Kind,
        reference: str,
        comment: str = "",
        keep: Keep = keep_nothing,
    ) -> TransferRequest:
        """引戻: take an own request back before it is approved. It can be sent again.

        Raises:
            RightRemoved: another user has sent it in.
            InsufficientScope, TransactionNotFound, IllegalTransition, InvalidParameter: as ever.
        """
        return await self._act(caller, kind, reference, Event.PULL_BACK, comment, keep)

    async def return_(
        self,
        caller: Caller,
        kind: Kind,
        reference: str,
        comment: str = "",
        keep: Keep = keep_nothing,
    ) -> TransferRequest:
        """差戻: send a request back to its requester instead of approving it.

        Raises:
            NotDesignatedApprover: others were designated; and those of ``pull_back``.
        """
        return await self._act(caller, kind, reference, Event.RETURN, comment, keep)

    async def delete(
        self,
        caller: Caller,
        kind: Kind,
        reference: str,
        comment: str = "",
        keep: Keep = keep_nothing,
    ) -> TransferRequest:
        """削除: end a request that could be sent again. Its record stays, and raises as above."""
        return await self._act(caller, kind, reference, Event.DELETE, comment, keep)

    async def _act(
        self,
        caller: Caller,
        kind: Kind,
        reference: str,
        event: Event,
        comment: str,
        keep: Keep,
    ) -> TransferRequest:
        caller.need(_POWERS[event])
        check_comment(comment)
        async with self._world.database.transaction() as db:
            now = self._world.now()
            request = await find_own(db, caller, reference, kind)
            after(request.status, event)
            if event is not Event.DELETE and now >= request.cut_off_at:
                raise IllegalTransition("the cut-off has passed")
            if event is Event.RETURN and not request.signatures.may_return(caller.user_code):
                raise NotDesignatedApprover("another approver was designated")
            await check_account(db, caller, request)
            if event is Event.PULL_BACK and caller.user_code != request.requester:
                raise RightRemoved("only its requester takes a request back")
            found = await record(
                self._world, db, request, event, at=now, by=caller.user_code, comment=comment
            )
            await keep(db, found)
        return found
