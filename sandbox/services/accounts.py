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

# Statements that are asked for again and again are kept: so many, of so many lines at most. That
# makes 7 MB in a world of which nothing else was asked.
MOST_PAGES = 50
MOST_PAGE_LINES = 200


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
        self._pages: Remembered[tuple[int, Instant, Instant], list[Line]] = Remembered(
            world.database, MOST_PAGES
        )

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
        start, end = midnight(shown.first), midnight(shown.last + timedelta(days=1))
        lines = await self._lines(account.account, start, end, most + 1)
        if len(lines) > most:
            raise TooManyItems(f"more than {most} lines: ask for a shorter period")
        return Statement(account=account, period=period, lines=lines, at=now)

    async def _lines(self, account: int, start: Instant, end: Instant, limit: int) -> list[Line]:
        """Return the lines booked in [start, end), which nobody may change: others read them."""
        key = (account, start, end)
        lines = self._pages.find(key)
        if lines is None:
            lines = await accounts.list_lines(
                self._world.database, account, start=start, end=end, limit=limit
            )
            if len(lines) <= MOST_PAGE_LINES:
                self._pages.keep(key, lines)
        return lines
