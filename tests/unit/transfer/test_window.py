"""When a transfer may be asked for: each window at both of its edges."""

from datetime import date, datetime, time

import pytest

from sandbox.domain.errors import CalendarHorizon
from sandbox.domain.time import JST, instant_of
from sandbox.domain.transfer.window import (
    WINDOWS,
    DateOutOfWindow,
    Kind,
    NotBusinessDay,
    nearest,
)
from sandbox.services.calendar import japanese_calendar

CALENDAR = japanese_calendar(2026, 2027)
FRIDAY = date(2026, 10, 16)


def moment(day: date, clock: time = time(0), *, plus_ms: int = 0) -> int:
    return instant_of(datetime.combine(day, clock, JST)) + plus_ms


@pytest.mark.parametrize(
    ("kind", "cut_off_day", "cut_off_time"),
    [
        (Kind.TRANSFER, date(2026, 10, 16), time(15)),
        (Kind.BULK, date(2026, 10, 15), time(21)),
        # 12 October 2026 is a holiday (スポーツの日), so three business days before are the 13th.
        (Kind.PAYROLL, date(2026, 10, 13), time(21)),
        (Kind.BONUS, date(2026, 10, 13), time(21)),
    ],
)
def test_the_cut_off_is_the_first_instant_that_is_too_late(kind, cut_off_day, cut_off_time):
    window, cut_off = WINDOWS[kind], moment(cut_off_day, cut_off_time)
    assert window.cut_off(CALENDAR, FRIDAY) == cut_off
    assert window.cut_off_day(CALENDAR, FRIDAY) == cut_off_day
    window.check(CALENDAR, FRIDAY, cut_off - 1)
    with pytest.raises(DateOutOfWindow, match="cut-off"):
        window.check(CALENDAR, FRIDAY, cut_off)


@pytest.mark.parametrize("kind", Kind)
def test_a_window_opens_25_business_days_before(kind):
    opens = WINDOWS[kind].opens(CALENDAR, FRIDAY)
    # Three holidays of September and one of October lie between.
    assert opens == moment(date(2026, 9, 7))
    WINDOWS[kind].check(CALENDAR, FRIDAY, opens)
    with pytest.raises(DateOutOfWindow, match="25"):
        WINDOWS[kind].check(CALENDAR, FRIDAY, opens - 1)


@pytest.mark.parametrize("day", [date(2026, 10, 17), date(2026, 10, 12), date(2026, 12, 31)])
def test_a_day_without_business_is_refused_whatever_the_time(day):
    with pytest.raises(NotBusinessDay, match=str(day)):
        WINDOWS[Kind.BULK].check(CALENDAR, day, moment(date(2026, 10, 1)))


def test_a_day_that_nobody_knows_yet_is_refused():
    with pytest.raises(CalendarHorizon):
        WINDOWS[Kind.BULK].check(CALENDAR, date(2028, 1, 10), moment(FRIDAY))


@pytest.mark.parametrize(
    ("month_day", "today", "expected"),
    [
        ("10-16", date(2026, 10, 16), date(2026, 10, 16)),
        ("10-15", date(2026, 10, 16), date(2027, 10, 15)),
        ("01-05", date(2026, 12, 20), date(2027, 1, 5)),
        ("02-29", date(2026, 3, 1), date(2028, 2, 29)),
        ("02-29", date(2096, 3, 1), date(2104, 2, 29)),
    ],
)
def test_a_day_without_its_year_is_the_nearest_to_come(month_day, today, expected):
    assert nearest(month_day, today) == expected


@pytest.mark.parametrize("month_day", ["02-30", "13-01", "00-10", "04-31"])
def test_a_day_that_no_year_has_is_refused(month_day):
    with pytest.raises(ValueError, match=r"day|month"):
        nearest(month_day, FRIDAY)
