"""The books beside an auditor of one screen, who knows nothing of how they are kept."""

from dataclasses import dataclass, field
from datetime import date, timedelta

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule, run_state_machine_as_test

from sandbox.domain.errors import InsufficientFunds
from sandbox.domain.ledger import Leg, Posting
from sandbox.domain.time import DAY, HOUR, MINUTE, Instant, jst_date, midnight
from sandbox.services import ledger as postings
from sandbox.storage import accounts, ledger
from tests.properties.pace import machine
from tests.properties.small_world import ACCOUNTS, AUDITOR_GRANT, STARTS_AT, WorldMachine
from tests.properties.small_world import account_id as id_of

YEN = st.one_of(st.integers(-60_000, 60_000), st.sampled_from([-50_000, -20_001, -1, 0, 1, 20_000]))
LEGS = st.lists(st.tuples(st.sampled_from(sorted(ACCOUNTS)), YEN), min_size=1, max_size=4)
GL_SHARES = st.lists(st.integers(-5_000, 5_000), max_size=2)
STEPS = st.sampled_from([1, MINUTE, 5 * HOUR, DAY, 3 * DAY, 20 * DAY])
LAGS = st.sampled_from([0, 0, 1, 3 * HOUR, 2 * DAY])  # how late something is booked


@dataclass
class Auditor:
    """What the books must say: (booked at, amount, balance after) for each line."""

    lines: dict[int, list[tuple[Instant, int, int]]] = field(
        default_factory=lambda: {account: [] for account in ACCOUNTS}
    )
    closed_day: date = field(default_factory=lambda: jst_date(STARTS_AT))
    # (previous day's, previous month's) balance as the last closing run saw them
    closing: dict[int, tuple[int, int]] = field(
        default_factory=lambda: dict.fromkeys(ACCOUNTS, (0, 0))
    )

    def balance(self, account: int) -> int:
        return sum(yen for _, yen, _ in self.lines[account])

    def balance_before(self, account: int, day: date) -> int:
        return sum(yen for at, yen, _ in self.lines[account] if at < midnight(day))

    def close(self, day: date) -> None:
        self.closed_day = day
        first = day.replace(day=1)
        self.closing = {
            account: (self.balance_before(account, day), self.balance_before(account, first))
            for account in ACCOUNTS
        }

    def covers(self, legs: list[tuple[int, int]]) -> bool:
        """Each withdrawal leaves what is held, less the agreed overdraft, in its turn."""
        balances = {account: self.balance(account) for account in ACCOUNTS}
        for account, yen in legs:
            _, limit_yen, held_yen = ACCOUNTS[account]
            balances[account] += yen
            if yen < 0 and balances[account] < held_yen - limit_yen:
                return False
        return True

    def book(self, legs: list[tuple[int, int]], at: Instant) -> None:
        for account, yen in legs:
            kept = self.lines[account]
            kept.append((max([at, *(line[0] for line in kept)]), yen, self.balance(account) + yen))


def posting_of(legs: list[tuple[int, int]], shares: list[int], today: date) -> Posting:
    """Return the legs, with the bank's own accounts making up for what is missing."""
    contra = {f"gl-{number}": share for number, share in enumerate(shares)}
    contra["cash"] = -sum(yen for _, yen in legs) - sum(shares)
    return Posting(
        kind="test",
        legs=tuple(
            Leg(account=account, amount_yen=yen, content="振込", abstract="ﾃｽﾄ", value_on=today)
            for account, yen in legs
        ),
        contra=tuple(contra.items()),
    )


class LedgerMachine(WorldMachine):
    def __init__(self) -> None:
        super().__init__()
        self.auditor = Auditor()

    @rule(legs=LEGS, shares=GL_SHARES, lag=LAGS)
    def post(self, legs, shares, lag):
        booked_at = self.now - lag
        if self.auditor.covers(legs):
            self.run(self._post(legs, shares, booked_at))
            self.auditor.book(legs, booked_at)
        else:
            with pytest.raises(InsufficientFunds):
                self.run(self._post(legs, shares, booked_at))

    @rule(account=st.sampled_from(sorted(ACCOUNTS)), yen=st.integers(1, 200_000))
    def deposit(self, account, yen):
        self.post(legs=[(account, yen)], shares=[], lag=0)

    @rule(account=st.sampled_from(sorted(ACCOUNTS)), beyond=st.integers(0, 1))
    def withdraw_to_the_edge(self, account, beyond):
        """The last yen that may be withdrawn, and one more."""
        _, limit_yen, held_yen = ACCOUNTS[account]
        covered = self.auditor.balance(account) - held_yen + limit_yen
        self.post(legs=[(account, -max(covered, 0) - beyond)], shares=[], lag=0)

    @rule(legs=LEGS)
    def fail_after_posting(self, legs):
        """Whatever else goes wrong in the transaction takes the posting with it."""
        covered = [leg for leg in legs if leg[1] >= 0] or [(1, 1)]
        with pytest.raises(ZeroDivisionError):
            self.run(self._post(covered, [], self.now, fails=True))

    @rule(step=STEPS)
    def let_time_pass(self, step):
        days = (jst_date(self.now + step) - jst_date(self.now)).days
        expected = [self.auditor.closed_day + timedelta(n) for n in range(1, days + 1)]
        runs = [e for e in self.advance(step).events if e["kind"] == "closing_run"]
        assert [run["subject"] for run in runs] == [day.isoformat() for day in expected]
        assert all(run["accounts"] == len(ACCOUNTS) for run in runs)
        for day in expected:
            self.auditor.close(day)

    @rule(edge=st.sampled_from(["day", "month"]))
    def book_on_the_stroke_of_midnight(self, edge):
        """What is booked then belongs to the new day, and on the first to the new month."""
        today = jst_date(self.now)
        next_month = (today.replace(day=28) + timedelta(4)).replace(day=1)
        day = next_month if edge == "month" else today + timedelta(1)
        self.let_time_pass(midnight(day) - self.now)
        self.deposit(account=1, yen=1)
        self.let_time_pass(DAY)

    @rule()
    def restart(self):
        self.reopen()

    @rule(account=st.sampled_from(sorted(ACCOUNTS)), days=st.integers(0, 40))
    def read_statement(self, account, days):
        """The bank's own service shows the lines of whole days, up to now."""
        first = jst_date(self.now) - timedelta(days)
        service = self.worlds.bank(self.world, "tomato").accounts
        found = self.run(service.statement(AUDITOR_GRANT, id_of(account), first, None))
        assert [(one.booked_at, one.amount_yen, one.balance_after_yen) for one in found.lines] == [
            line for line in self.auditor.lines[account] if line[0] >= midnight(first)
        ]

    @invariant()
    def the_books_add_up(self):
        assert self.run(ledger.list_unbalanced(self.world.database)) == []
        assert self.run(ledger.list_astray(self.world.database)) == []

    @invariant()
    def every_account_is_as_the_auditor_says(self):
        for account, (_, limit_yen, _) in ACCOUNTS.items():
            kept = self.run(accounts.find(self.world.database, account))
            assert kept.balance_yen == self.auditor.balance(account) >= -limit_yen
            closing = (kept.previous_day_yen, kept.previous_month_yen)
            assert closing == self.auditor.closing[account]

    @invariant()
    def each_line_carries_the_balance_after_it(self):
        for account, expected in self.auditor.lines.items():
            kept = self.run(
                accounts.list_lines(
                    self.world.database, account, start=0, end=self.now + 1, limit=9_999
                )
            )
            assert [(o.booked_at, o.amount_yen, o.balance_after_yen) for o in kept] == expected
            assert [line.seq for line in kept] == list(range(1, len(kept) + 1))

    async def _post(self, legs, shares, booked_at, *, fails=False):
        posting = posting_of(legs, shares, jst_date(self.now))
        async with self.world.database.transaction() as db:
            await postings.post(db, posting, booked_at=booked_at)
            if fails:
                raise ZeroDivisionError


def test_the_ledger_agrees_with_its_auditor_whatever_happens():
    run_state_machine_as_test(LedgerMachine, settings=machine(12))
