"""Reference functions of a service contract: its accounts, live, with those of its children.

Nothing of an account is kept in a grant: what the base contract holds at the moment of a call is
what the call sees (W-28), and a child that was unlinked is gone with the next one (W-33).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sandbox.domain.account import Account, AccountState
from sandbox.domain.corporate.contract import Service, ServiceContract
from sandbox.domain.corporate.plan import Plan, inquiry_period
from sandbox.domain.corporate.user import BankUser
from sandbox.domain.errors import AccountRestricted, TooManyItems, UnknownAccount
from sandbox.domain.policy import BankPolicy
from sandbox.domain.time import jst_date, midnight
from sandbox.services.accounts import Statement
from sandbox.services.world import World
from sandbox.storage import accounts, corporate


@dataclass(frozen=True, slots=True, kw_only=True)
class Payer:
    """An account that transfers are made from. ``remitters``: (code, name in kana)."""

    account: Account
    remitters: Sequence[tuple[str, str]]


class ContractService:
    def __init__(self, world: World, policy: BankPolicy) -> None:
        self._world = world
        self._policy = policy

    async def list_accounts(
        self, contractor_id: str, usable: frozenset[str] | None = None
    ) -> list[Account]:
        """Return the contractor's accounts, then those of each child. Closed ones are gone.

        ``usable``: ids of those that the user may use; None: all.
        """
        owners = (
            contractor_id,
            *await corporate.list_children(self._world.database, contractor_id),
        )
        types = self._policy.offered_corporate
        return [
            account
            for owner in owners
            for account in await accounts.list_of_contractor(self._world.database, owner)
            if account.account_type in types
            and account.state is not AccountState.CLOSED
            and (usable is None or account.account_id in usable)
        ]

    async def find_usable(
        self, contractor_id: str, account_id: str, usable: frozenset[str] | None = None
    ) -> Account:
        """Return an account of the contract, or of a child's, that may be read now.

        Raises:
            UnknownAccount: absent, closed, of another type, or somebody else's: all alike.
            AccountRestricted: frozen by the bank, or restricted by an order.
        """
        if usable is not None and account_id not in usable:
            raise UnknownAccount("not among the accounts of this user")
        account = await accounts.find_by_account_id(self._world.database, account_id)
        is_known = account is not None and account.account_type in self._policy.offered_corporate
        if account is None or not is_known or account.state is AccountState.CLOSED:
            raise UnknownAccount("no such account in this contract")
        if account.contractor_id != contractor_id:
            children = await corporate.list_children(self._world.database, contractor_id)
            if account.contractor_id not in children:
                raise UnknownAccount("no such account in this contract")
        if account.state is not AccountState.OPEN:
            raise AccountRestricted("the account may not be read at present")
        return account

    async def statement(
        self,
        contractor_id: str,
        account_id: str,
        first: date | None,
        last: date | None,
        *,
        plan: Plan,
        usable: frozenset[str] | None = None,
    ) -> Statement:
        """Return the lines of a period. The plan is the caller's, also for a child's account.

        Raises:
            InvalidPeriod, PeriodOutOfRange: see ``domain.corporate.plan``.
            TooManyItems: more than the bank answers at once; ask for a shorter period.
        """
        now = self._world.now()
        account = await self.find_usable(contractor_id, account_id, usable)
        period = inquiry_period(first, last, today=jst_date(now), plan=plan)
        most = self._policy.most_items
        lines = await accounts.list_lines(
            self._world.database,
            account.account,
            start=midnight(period.first),
            end=midnight(period.last + timedelta(days=1)),
            limit=most + 1,
        )
        if len(lines) > most:
            raise TooManyItems(f"more than {most} lines: ask for a shorter period")
        return Statement(account=account, period=period, lines=lines, at=now)

    async def contract_of(self, contractor_id: str) -> tuple[ServiceContract, list[BankUser]]:
        """Return the contract and those of its users who may approve now, by user code."""
        contract = await corporate.find_contract(self._world.database, contractor_id)
        assert contract is not None  # its token would open nothing
        users = await corporate.list_users(self._world.database, contractor_id)
        approvers = [
            user
            for _, user in users
            if Service.APPROVAL in user.powers(set(Service), contract.services)
        ]
        return contract, approvers

    async def user_names(self, contractor_id: str) -> dict[str, str]:
        """Return the names of the contractor's users by their codes."""
        users = await corporate.list_users(self._world.database, contractor_id)
        return {user.user_code: user.name for _, user in users}

    async def list_payers(
        self, contractor_id: str, usable: frozenset[str] | None = None
    ) -> list[Payer]:
        """Return the accounts that may pay, with their remitters.

        The contractor's own, or those that are ``usable``: only so also a child's.
        """
        owners = [contractor_id]
        if usable is not None:
            owners += await corporate.list_children(self._world.database, contractor_id)
        held = [
            account
            for owner in owners
            for account in await accounts.list_of_contractor(self._world.database, owner)
            if usable is None or account.account_id in usable
        ]
        return [
            Payer(
                account=account,
                remitters=await corporate.list_remitters(self._world.database, account.account),
            )
            for account in held
            if account.account_type in self._policy.offered_corporate
            and account.state is AccountState.OPEN
        ]
