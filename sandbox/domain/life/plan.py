"""Which habits make up which life, and how a month of them becomes a day's movements."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple

from sandbox.domain.calendar import BankCalendar
from sandbox.domain.life import business, debits, household, oddities
from sandbox.domain.life.dates import Day, dates_of
from sandbox.domain.life.month import Month
from sandbox.domain.life.movement import Act, Habit, Movement, single
from sandbox.domain.life.story import Life, LifeKind
from sandbox.domain.time import MINUTE, Instant, add_months, midnight

_SALARY: tuple[Habit, ...] = (
    household.salary,
    household.bonus,
    debits.household_debits,
    household.cash,
    household.shopping,
    household.friends,
)
_TRADING: tuple[Habit, ...] = (
    business.receivables,
    business.payables,
    business.payroll,
    business.contract_fee,
    debits.firm_debits,
)
_FIRMS = (LifeKind.TRADING, LifeKind.COLLECTING)
HABITS: Mapping[LifeKind, tuple[Habit, ...]] = {
    LifeKind.RESTING: (),
    LifeKind.SALARY: _SALARY,
    LifeKind.SAVING: (household.instalment,),
    LifeKind.SOLE_PROPRIETOR: (
        household.side_income,
        debits.household_debits,
        debits.insured_by_oneself,
        household.cash,
        household.shopping,
    ),
    LifeKind.TRADING: _TRADING,
    LifeKind.COLLECTING: (*_TRADING, oddities.other_value_dates),
    LifeKind.CHEQUES: (business.cheques,),
    LifeKind.RESTLESS: (
        *_SALARY,
        oddities.cancelled_row,
        oddities.missing_number,
        oddities.other_value_dates,
        oddities.longest_texts,
        oddities.crowded_day,
    ),
    LifeKind.BUSY: (),
}

_ONE_DAY = timedelta(days=1)
# 決算利息, credited after the half-year's closing; current accounts bear none.
_INTEREST_MONTHS = (2, 8)
_INTEREST_DAY = 20
_INTEREST_AT = 10 * MINUTE  # before anything else on the day
_WITHOUT_INTEREST = (LifeKind.CHEQUES, LifeKind.BUSY)
_HALF_YEAR_RATE = 1_000  # yen of balance for one yen of interest
_HUNDRED_THOUSAND = 100_000
_NATIONAL_TAX = 15_315  # 所得税 and 復興特別所得税, in hundred-thousandths
_LOCAL_TAX = 5_000  # 住民税利子割: individuals only


class _Plan(NamedTuple):
    """A month's acts in booking order, and the day on which interest comes before them."""

    acts: tuple[Act, ...]
    interest_day: Day | None


def movements_on(
    seed: int,
    life: Life,
    day: date,
    calendar: BankCalendar,
    *,
    balance_yen: int,
    overdraft_limit_yen: int = 0,
) -> list[Movement]:
    """Return the movements of ``day`` (JST) in the order in which they are booked.

    What the balance cannot bear is left out, so the balance that the day starts with decides
    too. ``calendar`` must know the day's month and the one before it.
    """
    plan = _kept_plan(seed, life, day.replace(day=1), calendar)
    span = (midnight(day), midnight(day + _ONE_DAY))
    return _lived(life, plan, span, balance_yen, -overdraft_limit_yen)


def movements_between(
    seed: int,
    life: Life,
    first: date,
    last: date,
    calendar: BankCalendar,
    *,
    balance_yen: int,
    overdraft_limit_yen: int = 0,
) -> Iterator[list[Movement]]:
    """Yield, month by month, what happens from ``first`` to ``last``, both included.

    The same movements as day by day, for less: most of a long past is written at once.
    """
    month = first.replace(day=1)
    while month <= last:
        plan = _plan(seed, life, month, calendar)
        following = add_months(month, 1)
        span = (midnight(max(first, month)), midnight(min(last + _ONE_DAY, following)))
        movements = _lived(life, plan, span, balance_yen, -overdraft_limit_yen)
        balance_yen += sum([movement.amount_yen for movement in movements])
        yield movements
        month = following


def _plan(seed: int, life: Life, first: date, calendar: BankCalendar) -> _Plan:
    month = Month(seed=seed, life=life, dates=dates_of(calendar, first))
    acts = [act for habit in HABITS[life.kind] for act in habit(month)]
    acts.sort(key=_booked_at)
    return _Plan(tuple(acts), _interest_day(month))


# For days that are lived one by one, all of them in the same month.
_kept_plan = lru_cache(maxsize=512)(_plan)


def _booked_at(act: Act) -> Instant:
    return act[0].booked_at


def _interest_day(month: Month) -> Day | None:
    if month.dates.first.month not in _INTEREST_MONTHS or month.life.kind in _WITHOUT_INTEREST:
        return None
    return month.dates.put_off[_INTEREST_DAY][-1].day


def _lived(
    life: Life, plan: _Plan, span: tuple[Instant, Instant], balance_yen: int, floor_yen: int
) -> list[Movement]:
    """Return the movements in the half-open ``span`` that the balance bears."""
    acts, interest_day = plan
    first = bisect_left(acts, span[0], key=_booked_at)
    last = bisect_left(acts, span[1], key=_booked_at)
    if interest_day is None or not span[0] <= interest_day.starts_at < span[1]:
        return _borne(acts[first:last], balance_yen, floor_yen)[0]
    middle = bisect_left(acts, interest_day.starts_at, key=_booked_at)
    before, balance_yen = _borne(acts[first:middle], balance_yen, floor_yen)
    interest = _interest(life, interest_day, balance_yen)
    return before + _borne((*interest, *acts[middle:last]), balance_yen, floor_yen)[0]


def _borne(acts: Sequence[Act], balance_yen: int, floor_yen: int) -> tuple[list[Movement], int]:
    """Return the movements of the acts that the balance bears, and the balance after them."""
    movements: list[Movement] = []
    for act in acts:
        yen = act[0].amount_yen if len(act) == 1 else sum([one.amount_yen for one in act])
        if yen >= 0 or balance_yen + yen >= floor_yen:
            movements += act
            balance_yen += yen
    return movements, balance_yen


def _interest(life: Life, day: Day, balance_yen: int) -> Iterator[Act]:
    """決算利息 less the tax at source."""
    gross_yen = balance_yen // _HALF_YEAR_RATE
    if gross_yen <= 0:
        return
    tax_yen = gross_yen * _NATIONAL_TAX // _HUNDRED_THOUSAND
    if life.kind not in _FIRMS:
        tax_yen += gross_yen * _LOCAL_TAX // _HUNDRED_THOUSAND
    interest = single(day, _INTEREST_AT, gross_yen, "利息", "ｹﾂｻﾝｵﾘｿｸ", "interest_expense")
    tax = single(day, _INTEREST_AT, -tax_yen, "税金", "ﾘｼｾﾞｲ", "tax_withheld")
    yield interest + tax if tax_yen else interest
