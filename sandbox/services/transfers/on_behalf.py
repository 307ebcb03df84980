"""Acts on requests that a named user of the contract takes at the bank's page, without the page."""

from sandbox.domain.transfer.contract import Caller
from sandbox.domain.transfer.request import TransferRequest
from sandbox.services.staff import UnknownSubject
from sandbox.services.transfers.desk import Transfers
from sandbox.services.world import World
from sandbox.storage import corporate


class OnBehalf:
    def __init__(self, world: World, transfers: Transfers) -> None:
        self._world = world
        self._transfers = transfers

    async def ask_recall(self, request: TransferRequest, by: str, item_id: str) -> None:
        """組戻依頼 of a user id of the contract. Raises as ``AfterwardsService.ask_recall``."""
        caller = await self._caller(request.contractor_id, by)
        ask = self._transfers.afterwards.ask_recall
        await ask(caller, request.kind, request.reference, item_id)

    async def delete(self, request: TransferRequest, by: str) -> None:
        """削除 of a request that could be sent again. Raises as ``RetreatService.delete``."""
        caller = await self._caller(request.contractor_id, by)
        await self._transfers.retreat.delete(caller, request.kind, request.reference)

    async def _caller(self, contractor_id: str, user_id: str) -> Caller:
        """Return a user by what the user may do at the bank's own pages now.

        Raises:
            UnknownSubject: the contract has no such user id.
        """
        for _, user in await corporate.list_users(self._world.database, contractor_id):
            if user.user_id == user_id:
                return Caller(
                    contractor_id=contractor_id,
                    user_code=user.user_code,
                    powers=user.page_powers,
                    accounts=user.accounts,
                )
        raise UnknownSubject(user_id)
