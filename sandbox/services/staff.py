"""What the bank's staff do (行員の操作): block, end, freeze, revoke."""

from sandbox.domain.account import AccountState
from sandbox.domain.errors import Reason, UnknownAccount
from sandbox.services.world import World
from sandbox.storage import accounts, clients, contractors, grants
from sandbox.storage import world as world_rows


class UnknownSubject(Exception):
    """There is no such client, contractor, grant or card."""


class StaffService:
    def __init__(self, world: World) -> None:
        self._world = world

    async def set_client_status(self, client_id: str, status: str) -> None:
        """Block a provider as a whole, or let it in again (T-22)."""
        async with self._world.database.transaction() as db:
            if not await clients.set_status(db, client_id, status):
                raise UnknownSubject(client_id)
            await world_rows.raise_version(db)

    async def set_client_functions(self, client_id: str, functions: tuple[str, ...]) -> None:
        """Change which functions a provider may use, from the next call on (T-5)."""
        async with self._world.database.transaction() as db:
            if not await clients.set_functions(db, client_id, functions):
                raise UnknownSubject(client_id)
            await world_rows.raise_version(db)

    async def set_contract_state(self, contractor_id: str, state: str) -> None:
        """End the contract behind the service, or take it up again (T-3)."""
        async with self._world.database.transaction() as db:
            if not await contractors.set_contract_state(db, contractor_id, state):
                raise UnknownSubject(contractor_id)
            await world_rows.raise_version(db)

    async def lose_credentials(self, contractor_id: str) -> None:
        """The contractor lost the cash card (or all user ids): eligibility ends (T-2)."""
        async with self._world.database.transaction() as db:
            for credential in await contractors.list_credentials(db, contractor_id):
                await contractors.set_credential_state(db, credential.credential_id, "lost")
            await world_rows.raise_version(db)

    async def set_account_state(self, account_id: str, state: AccountState) -> None:
        """Freeze, restrict, close or reopen an account (T-8, T-31)."""
        async with self._world.database.transaction() as db:
            account = await accounts.find_by_account_id(db, account_id)
            if account is None:
                raise UnknownAccount(account_id)
            await accounts.set_state(db, account.account, state)
            await world_rows.raise_version(db)

    async def revoke_grant(self, grant_id: str, reason: Reason = Reason.REVOKED_BY_BANK) -> None:
        """End one grant, whatever the contractor and the provider think of it."""
        async with self._world.database.transaction() as db:
            ended = await grants.end_grant(db, grant_id, at=self._world.now(), reason=reason.value)
            if not ended:
                raise UnknownSubject(grant_id)

    async def publish_terms(self, bank: str, version: str, effective_on: str) -> None:
        """Announce a version of the terms; it holds from 00:00 of its day (T-34)."""
        async with self._world.database.transaction() as db:
            await world_rows.insert_terms(db, bank, version, effective_on)
            await world_rows.raise_version(db)
