"""Business days on a calendar made by hand, up to its horizon."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.domain.calendar import BankCalendar, Closure
from sandbox.domain.errors import CalendarHorizon

HOLIDAYS = frozenset(
    {
        date(2026, 11, 3),
        date(2026, 11, 23),
        date(2027, 1, 1),
        date(2027, 1, 11),
        date(2027, 5, 3),
        date(2027, 5, 4),
        date(2027, 5, 5),
    }
)
CALENDAR = BankCalendar(holidays=HOLIDAYS, first=date(2026, 10, 1), last=date(2027, 6, 30))
DAYS = {
    date(2026, 11, 20): None,
    date(2026, 11, 21): Closure.WEEKEND,
    date(2026, 11, 22): Closure.WEEKEND,
    date(2026, 11, 23): Closure.NATIONAL_HOLIDAY,
    date(2026, 11, 24): None,
    date(2026, 12, 30): None,
    date(2026, 12, 31): Closure.YEAR_END,
    date(2027, 1, 1): Closure.NATIONAL_HOLIDAY,
    date(2027, 1, 2): Closure.YEAR_END,
    date(2027, 1, 3): Closure.YEAR_END,
    date(2027, 1, 4): None,
    date(2026, 10, 1): None,
    date(2027, 6, 30): None,
}


@pytest.mark.parametrize(("day", "closure"), DAYS.items())
def test_a_day_is_open_or_says_why_not(day: date, closure: Closure | None) -> None:
    assert CALENDAR.closure(day) is closure
    assert CALENDAR.is_business_day(day) is (closure is None)


@pytest.mark.parametrize(
    ("day", "following", "previous"),
    [
        (date(2026, 11, 20), date(2026, 11, 24), date(2026, 11, 19)),
        (date(2026, 11, 22), date(2026, 11, 24), date(2026, 11, 20)),
        (date(2026, 11, 24), date(2026, 11, 25), date(2026, 11, 20)),
        (date(2026, 12, 30), date(2027, 1, 4), date(2026, 12, 29)),
        (date(2027, 5, 4), date(2027, 5, 6), date(2027, 4, 30)),
    ],
)
def test_the_next_and_the_previous_business_day_skip_closed_days(
    day: date, following: date, previous: date
) -> None:
    assert CALENDAR.next_business_day(day) == following
    assert CALENDAR.previous_business_day(day) == previous


def test_an_open_day_stays_and_a_closed_one_moves() -> None:
    assert CALENDAR.on_or_after(date(2026, 11, 24)) == date(2026, 11, 24)
    assert CALENDAR.on_or_after(date(2026, 11, 21)) == date(2026, 11, 24)
    assert CALENDAR.on_or_before(date(2026, 11, 20)) == date(2026, 11, 20)
    assert CALENDAR.on_or_before(date(2026, 11, 23)) == date(2026, 11, 20)


def test_business_days_are_counted_over_the_new_year() -> None:
    assert CALENDAR.add_business_days(date(2026, 12, 29), 3) == date(2027, 1, 5)
    assert CALENDAR.add_business_days(date(2027, 1, 5), -3) == date(2026, 12, 29)
    assert CALENDAR.add_business_days(date(2026, 12, 30), 1) == date(2027, 1, 4)
    assert CALENDAR.add_business_days(date(2027, 1, 4), -1) == date(2026, 12, 30)
    assert CALENDAR.add_business_days(date(2027, 1, 2), 0) == date(2027, 1, 2)


def test_each_calendar_counts_by_its_own_holidays() -> None:
    day = date(2026, 11, 20)
    with_more = BankCalendar(
        holidays=HOLIDAYS | {date(2026, 11, 24)}, first=CALENDAR.first, last=CALENDAR.last
    )
    shorter = BankCalendar(holidays=HOLIDAYS, first=CALENDAR.first, last=date(2026, 11, 23))
    for _ in range(2):  # what one of them has counted is remembered
        assert CALENDAR.add_business_days(day, 1) == date(2026, 11, 24)
        assert with_more.add_business_days(day, 1) == date(2026, 11, 25)
        with pytest.raises(CalendarHorizon):
            shorter.add_business_days(day, 1)


def test_beyond_the_horizon_nothing_is_guessed() -> None:
    for day in (date(2026, 9, 30), date(2027, 7, 1)):
        with pytest.raises(CalendarHorizon, match="2026-10-01 to 2027-06-30"):
            CALENDAR.is_business_day(day)
    with pytest.raises(CalendarHorizon):
        CALENDAR.next_business_day(date(2027, 6, 30))
    with pytest.raises(CalendarHorizon):
        CALENDAR.previous_business_day(date(2026, 10, 1))
    with pytest.raises(CalendarHorizon):
        CALENDAR.add_business_days(date(2027, 6, 1), 100)


def test_a_calendar_runs_forward() -> None:
    with pytest.raises(ValueError, match="cannot run"):
        BankCalendar(holidays=frozenset(), first=date(2027, 1, 1), last=date(2026, 1, 1))


days_well_inside = st.dates(date(2026, 12, 1), date(2027, 4, 30))


@settings(max_examples=40, deadline=None)
@given(days_well_inside, st.integers(-20, 20))
def test_counting_back_undoes_counting_forth(day: date, count: int) -> None:
    business_day = CALENDAR.on_or_after(day)
    there = CALENDAR.add_business_days(business_day, count)
    assert CALENDAR.add_business_days(there, -count) == business_day


@settings(max_examples=40, deadline=None)
@given(days_well_inside)
def test_no_business_day_lies_between_a_day_and_the_next_one(day: date) -> None:
    following = CALENDAR.next_business_day(day)
    assert CALENDAR.is_business_day(following)
    between = [day + timedelta(days=n) for n in range(1, (following - day).days)]
    assert not any(CALENDAR.is_business_day(other) for other in between)
