"""The calendar made from the national holidays of Japan."""

from datetime import date

import pytest
from holidays.countries.japan import Japan

from sandbox.domain.calendar import Closure
from sandbox.domain.errors import CalendarHorizon
from sandbox.services.calendar import (
    FIRST_KNOWN_YEAR,
    LAST_KNOWN_YEAR,
    calendar_around,
    japanese_calendar,
)

# The year 2026 as the cabinet office published it, the bridge of 22 September and the substitute
# of 6 May included.
HOLIDAYS_2026 = {
    (1, 1), (1, 12), (2, 11), (2, 23), (3, 20), (4, 29), (5, 3), (5, 4), (5, 5), (5, 6),
    (7, 20), (8, 11), (9, 21), (9, 22), (9, 23), (10, 12), (11, 3), (11, 23),
}  # fmt: skip


def test_the_holidays_of_a_year_are_those_published() -> None:
    assert {(day.month, day.day) for day in japanese_calendar(2026, 2026).holidays} == HOLIDAYS_2026


@pytest.mark.parametrize("first", range(FIRST_KNOWN_YEAR, LAST_KNOWN_YEAR + 1, 50))
def test_the_file_knows_what_the_library_knows(first: int) -> None:
    """A law that moves a holiday shows here, with the library's next version."""
    years = range(first, min(first + 49, LAST_KNOWN_YEAR) + 1)
    calendar = japanese_calendar(years[0], years[-1])
    assert calendar.holidays == set(Japan(years=years)), "run scripts/holidays --write"


def test_a_substitute_holiday_closes_the_bank() -> None:
    calendar = japanese_calendar(2026, 2026)
    assert calendar.closure(date(2026, 5, 6)) is Closure.NATIONAL_HOLIDAY
    assert calendar.next_business_day(date(2026, 5, 1)) == date(2026, 5, 7)
    assert calendar.next_business_day(date(2026, 9, 18)) == date(2026, 9, 24)


def test_a_world_sees_three_years_back_and_five_ahead() -> None:
    calendar = calendar_around(date(2026, 11, 22))
    assert (calendar.first, calendar.last) == (date(2023, 1, 1), date(2031, 12, 31))
    with pytest.raises(CalendarHorizon):
        calendar.is_business_day(date(2032, 1, 5))


def test_the_horizon_ends_where_the_holidays_are_unknown() -> None:
    assert calendar_around(date(2098, 1, 1)).last == date(2099, 12, 31)
    assert calendar_around(date(1950, 1, 1)).first == date(1949, 1, 1)
    for first_year, last_year in [(1948, 1950), (2099, 2100), (2027, 2026)]:
        with pytest.raises(CalendarHorizon, match="1949 to 2099"):
            japanese_calendar(first_year, last_year)


def test_the_same_years_are_worked_out_once() -> None:
    assert japanese_calendar(2025, 2027) is japanese_calendar(2025, 2027)
