"""Applications for the service contract, and what of it the bank's desk sets up (W-20…W-27)."""

from collections.abc import Sequence
from dataclasses import replace

from sandbox.domain.account import Account, AccountState
from sandbox.domain.contractor import Contractor
from sandbox.domain.corporate.contract import Application, ContractStatus
from sandbox.domain.errors import IllegalTransition, UnknownAccount
from sandbox.services.staff import UnknownSubject
from sandbox.services.transfers.charges import FEE_ACCOUNT_TYPES, FeeAccountRefused
from sandbox.services.transfers.fee_days import plan_fee_days
from sandbox.services.world import World
from sandbox.storage import accounts, contractors, corporate
from sandbox.storage import world as world_rows
from sandbox.storage.database import Reader


class ApplicationService:
    def __init__(self, world: World, bank: str) -> None:
        self._world = world
        self._bank = bank

    async def apply(
        self, contractor_id: str, application: Application, fee_account_id: str | None = None
    ) -> None:
        """Take in an application, for the first time or after a refusal or an end (W-24, W-25).

        ``fee_account_id`` None: the first account that may pay fees.

        Raises:
            UnknownSubject: no such corporate contractor.
            ApplicationIncomplete: a field says nothing.
            IllegalTransition: a contract is there already, or no base contract in force (W-1).
            UnknownAccount, FeeAccountRefused: not the contractor's, or of no such type (W-23).
        """
        async with self._world.database.transaction() as db:
            contractor = await self._firm(db, contractor_id)
            contract = await corporate.find_contract(db, contractor_id)
            status = application.status_after(
                None if contract is None else contract.status,
                is_base_active=contractor.contract_state == "active",
            )
            held = await accounts.list_of_contractor(db, contractor_id)
            await corporate.save_application(
                db,
                contractor_id,
                application,
                status=status,
                fee_account=_fee_account(held, fee_account_id).account,
            )
            await plan_fee_days(self._world, db)
            await world_rows.raise_version(db)

    async def refuse(self, contractor_id: str) -> None:
        """Refuse an application as a whole (W-26). Raises ``IllegalTransition``."""
        async with self._world.database.transaction() as db:
            contract = await corporate.find_contract(db, contractor_id)
            if contract is None:
                raise UnknownSubject(contractor_id)
            await corporate.save_contract(db, contract.refuse())
            await world_rows.raise_version(db)

    async def block_environment(self, contractor_id: str, *, is_blocked: bool) -> None:
        """Let nothing work from the contractor's own environment, or let it again (W-15)."""
        async with self._world.database.transaction() as db:
            contract = await corporate.find_contract(db, contractor_id)
            if contract is None:
                raise UnknownSubject(contractor_id)
            changed = replace(contract, is_environment_blocked=is_blocked)
            await corporate.save_contract(db, changed)
            await world_rows.raise_version(db)

    async def link(self, parent_id: str, child_id: str) -> None:
        """Make one contractor the child of another, who pays its fees from now on (W-21, W-33).

        Raises:
            UnknownSubject: the parent has no contract, or there is no such child.
            IllegalTransition: a child has one parent, and is no parent itself.
        """
        async with self._world.database.transaction() as db:
            contract = await corporate.find_contract(db, parent_id)
            if contract is None or contract.status is not ContractStatus.ACTIVE:
                raise UnknownSubject(parent_id)
            await self._firm(db, child_id)
            is_taken = await corporate.list_parents(db, child_id)
            is_deeper = await corporate.list_parents(db, parent_id)
            if parent_id == child_id or is_taken or is_deeper:
                raise IllegalTransition("a child has one parent, and neither is the other's own")
            if await corporate.list_children(db, child_id):
                raise IllegalTransition("the child is a parent itself")
            await corporate.insert_links(db, [(parent_id, child_id)])
            await world_rows.raise_version(db)

    async def _firm(self, db: Reader, contractor_id: str) -> Contractor:
        contractor = await contractors.find(db, contractor_id)
        is_here = contractor is not None and contractor.bank == self._bank
        if contractor is None or not is_here or contractor.kind != "corporate":
            raise UnknownSubject(contractor_id)
        return contractor


def _fee_account(held: Sequence[Account], account_id: str | None) -> Account:
    """Return the account that is named, or the first that may pay fees."""
    live = [each for each in held if each.state is not AccountState.CLOSED]
    named = [each for each in live if account_id in (None, each.account_id)]
    fit = [each for each in named if each.account_type in FEE_ACCOUNT_TYPES]
    if not named:
        raise UnknownAccount(account_id or "the contractor has no account")
    if not fit:
        raise FeeAccountRefused(f"{named[0].account_type} accounts pay no fees")
    return fit[0]
