"""Reference functions (参照系): accounts, balances and statements of what a grant covers."""

from dataclasses import dataclass
from datetime import date, timedelta

from sandbox.domain.account import Account, AccountState, Line, Period
from sandbox.domain.errors import AccountRestricted, TooManyItems, UnknownAccount
from sandbox.domain.period import inquiry_period, within_look_back
from sandbox.domain.policy import BankPolicy
from sandbox.domain.time import Instant, jst_date, midnight
from sandbox.services.remembered import Remembered
from sandbox.services.world import World
from sandbox.storage import accounts


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """入出金明細, oldest line first, as of ``at``."""

    account: Account
    period: Period
    lines: list[Line]
    at: Instant


class AccountService:
    def __init__(self, world: World, policy: BankPolicy) -> None:
        self._world = world
        self._policy = policy
        self._known: Remembered[tuple[str, str], Account] = Remembered(world.database)

    async def list_granted(self, grant_id: str) -> list[Account]:
        """Return the accounts of a grant. Closed ones are gone (T-8); restricted ones are named."""
        granted = await accounts.list_granted(self._world.database, grant_id)
        return [account for account in granted if account.state is not AccountState.CLOSED]

    async def find_usable(self, grant_id: str, account_id: str) -> Account:
        """Return an account of the grant that may be read now.

        Raises:
            UnknownAccount: absent, closed, or somebody else's: they must look alike.
            AccountRestricted: frozen by the bank, or restricted by an order (T-31).
        """
        key = (grant_id, account_id)
        account = self._known.find(key)
        if account is None:
            account = await accounts.find_granted(self._world.database, account_id, grant_id)
            account = None if account is None else self._known.keep(key, account)
        if account is None or account.state is AccountState.CLOSED:
            raise UnknownAccount("no such account in this grant")
        if account.state is not AccountState.OPEN:
            raise AccountRestricted("the account may not be read at present")
        return account

    async def statement(
        self, grant_id: str, account_id: str, first: date | None, last: date | None
    ) -> Statement:
        """Return the lines of a period.

        Raises:
            InvalidPeriod, PeriodOutOfRange: see ``domain.period``.
            TooManyItems: more than the bank answers at once; ask for a shorter period.
        """
        now = self._world.now()
        today = jst_date(now)
        account = await self.find_usable(grant_id, account_id)
        period = inquiry_period(first, last, today=today, policy=self._policy)
        shown = within_look_back(period, today=today, policy=self._policy)
        most = self._policy.most_items
        lines = await accounts.list_lines(
            self._world.database,
            account.account,
            start=midnight(shown.first),
            end=midnight(shown.last + timedelta(days=1)),
            limit=most + 1,
        )
        if len(lines) > most:
            raise TooManyItems(f"more than {most} lines: ask for a shorter period")
        return Statement(account=account, period=period, lines=lines, at=now)
