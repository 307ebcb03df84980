"""What the bank's staff do (行員の操作): block, end, freeze, revoke."""

from dataclasses import dataclass
from datetime import date

from sandbox.domain.account import Account, AccountState
from sandbox.domain.errors import IllegalTransition, Reason, UnknownAccount
from sandbox.domain.ledger import Leg, one_sided
from sandbox.domain.time import jst_date
from sandbox.services import ledger
from sandbox.services.world import World
from sandbox.storage import accounts, acts, clients, contractors, grants
from sandbox.storage import world as world_rows
from sandbox.storage.database import Reader


class UnknownSubject(Exception):
    """There is no such client, contractor, grant or card."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A line to be booked. ``amount_yen`` > 0: deposit; ``abstract``: half-width kana, to 48."""

    amount_yen: int
    content: str
    abstract: str
    value_on: date | None = None  # None: today


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

    async def set_contract_state(
        self, contractor_id: str, state: str, *, bank: str | None = None
    ) -> None:
        """End the contract behind the service, or take it up again (T-3)."""
        async with self._world.database.transaction() as db:
            await _check_contractor(db, contractor_id, bank)
            await contractors.set_contract_state(db, contractor_id, state)
            await world_rows.raise_version(db)

    async def lose_credentials(
        self, contractor_id: str, *, bank: str | None = None, lag_ms: int = 0
    ) -> None:
        """The contractor lost the cash card (or all user ids): eligibility ends (T-2).

        Nobody signs in any more; the grants end ``lag_ms`` from now on, for good.
        """
        now = self._world.now()
        async with self._world.database.transaction() as db:
            await _check_contractor(db, contractor_id, bank)
            for credential in await contractors.list_credentials(db, contractor_id):
                found = credential.credential_id
                await contractors.set_credential_state(db, found, "lost")
                await acts.end_grants_of_card(db, found, now=now, at=now + lag_ms)
            await world_rows.raise_version(db)

    async def set_account_state(
        self, account_id: str, state: AccountState, *, bank: str | None = None
    ) -> None:
        """Freeze, restrict, close or reopen an account (T-8, T-31). Raises ``UnknownAccount``."""
        async with self._world.database.transaction() as db:
            account = await _account(db, account_id, bank)
            await accounts.set_state(db, account.account, state)
            await world_rows.raise_version(db)

    async def post_entry(self, account_id: str, entry: Entry, *, bank: str | None = None) -> int:
        """Book a line as the bank's staff do (行員記帳), and return the balance after it.

        Raises:
            UnknownAccount: there is none.
            IllegalTransition: the account is closed.
            InsufficientFunds: it would go below its agreed overdraft; nothing is booked.
        """
        now = self._world.now()
        async with self._world.database.transaction() as db:
            account = await _account(db, account_id, bank)
            if account.state is AccountState.CLOSED:
                raise IllegalTransition("a closed account takes no entries")
            leg = Leg(
                account=account.account,
                amount_yen=entry.amount_yen,
                content=entry.content,
                abstract=entry.abstract,
                value_on=entry.value_on or jst_date(now),
            )
            await ledger.post(db, one_sided("staff", leg, "staff"), booked_at=now)
            booked = await accounts.find(db, account.account)
        assert booked is not None  # it was there before
        return booked.balance_yen

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


async def _check_contractor(db: Reader, contractor_id: str, bank: str | None) -> None:
    """Raise ``UnknownSubject`` for no contractor, or none of ``bank`` where that is given."""
    contractor = await contractors.find(db, contractor_id)
    if contractor is None or bank not in (None, contractor.bank):
        raise UnknownSubject(contractor_id)


async def _account(db: Reader, account_id: str, bank: str | None) -> Account:
    """Return an account, of ``bank`` where that is given. Raises ``UnknownAccount``."""
    account = await accounts.find_by_account_id(db, account_id)
    if account is not None and bank is not None:
        holder = await contractors.find(db, account.contractor_id)
        account = account if holder is not None and holder.bank == bank else None
    if account is None:
        raise UnknownAccount(account_id)
    return account
