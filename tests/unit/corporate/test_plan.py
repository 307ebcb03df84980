"""Periods of an inquiry by plan: the defaults, the limits, and both sides of each edge."""

from datetime import date

import pytest

from sandbox.domain.corporate.plan import Plan, inquiry_period, oldest_day
from sandbox.domain.errors import InvalidPeriod, PeriodOutOfRange

TODAY = date(2026, 11, 16)
OLDEST = {
    Plan.EXPERT: date(2025, 11, 1),
    Plan.DEBUT: date(2026, 5, 1),
    Plan.LIGHT: date(2026, 10, 1),
}


@pytest.mark.parametrize("plan", Plan)
def test_a_plan_looks_back_whole_months(plan: Plan) -> None:
    assert oldest_day(plan, TODAY) == OLDEST[plan]
    for day in (date(2026, 11, 1), date(2026, 11, 30)):
        assert oldest_day(plan, day) == OLDEST[plan]


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (None, None, (date(2026, 11, 1), TODAY)),
        (date(2026, 10, 5), None, (date(2026, 10, 5), TODAY)),
        (None, date(2026, 10, 5), (date(2025, 11, 1), date(2026, 10, 5))),
        (None, date(2025, 11, 1), (date(2025, 11, 1), date(2025, 11, 1))),
        (date(2025, 11, 1), date(2025, 11, 1), (date(2025, 11, 1), date(2025, 11, 1))),
        (TODAY, date(2027, 1, 1), (TODAY, date(2027, 1, 1))),
    ],
)
def test_absent_dates_have_their_defaults(
    first: date | None, last: date | None, expected: tuple[date, date]
) -> None:
    period = inquiry_period(first, last, today=TODAY, plan=Plan.EXPERT)
    assert (period.first, period.last) == expected


@pytest.mark.parametrize(
    ("first", "last", "error"),
    [
        (date(2026, 11, 17), None, InvalidPeriod),
        (date(2026, 11, 2), date(2026, 11, 1), InvalidPeriod),
        (date(2024, 11, 2), date(2024, 11, 1), InvalidPeriod),
        (date(2025, 10, 31), None, PeriodOutOfRange),
        (None, date(2025, 10, 31), PeriodOutOfRange),
        (date.min, date.max, PeriodOutOfRange),
        (None, date.min, PeriodOutOfRange),
    ],
)
def test_a_period_that_cannot_be_is_refused(
    first: date | None, last: date | None, error: type[Exception]
) -> None:
    with pytest.raises(error):
        inquiry_period(first, last, today=TODAY, plan=Plan.EXPERT)
