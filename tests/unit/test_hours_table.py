"""Hours by weekday, holiday and date: every minute around the edges, against a table by hand."""

from datetime import date, datetime, time, timedelta

import pytest

from sandbox.domain.api_class import ApiClass
from sandbox.domain.availability import is_holiday
from sandbox.domain.hours import (
    ALWAYS,
    CLOSED,
    MOST_DATES,
    MOST_WINDOWS,
    NEVER_OPENS,
    REGIONAL,
    Timetable,
    closed_until,
    parse_hours,
    parse_schedule,
)
from sandbox.domain.time import JST, MINUTE, Instant, at, instant_of, jst, midnight
from sandbox.services.calendar import japanese_calendar

CALENDAR = japanese_calendar(2026, 2028)
WEEK = {
    "every": ["08:00-12:00", "13:00-19:00"],
    "sat": ["09:00-17:00"],
    "sun": [],
    "holiday": ["10:00-15:00"],
    "dates": {"2026-12-31": ["08:00-12:00"], "2027-02-28": ["00:00-24:00"]},
}
WORKING = [("08:00", "12:00"), ("13:00", "19:00")]
HOLIDAY = [("10:00", "15:00")]
# When the bank is open on each day. Written by hand from a wall calendar.
OPEN = {
    # Month end in the middle of a week, and a first of the month.
    date(2026, 9, 30): WORKING,
    date(2026, 10, 1): WORKING,
    # Saturday, Sunday, Monday.
    date(2026, 10, 3): [("09:00", "17:00")],
    date(2026, 10, 4): [],
    date(2026, 10, 5): WORKING,
    # A national holiday on a Sunday, and the Monday that takes its place.
    date(2027, 3, 21): HOLIDAY,
    date(2027, 3, 22): HOLIDAY,
    date(2027, 3, 23): WORKING,
    # Three holidays in a row, the last of which stands in for a Sunday.
    date(2026, 5, 3): HOLIDAY,
    date(2026, 5, 4): HOLIDAY,
    date(2026, 5, 5): HOLIDAY,
    date(2026, 5, 6): HOLIDAY,
    date(2026, 5, 7): WORKING,
    # Year end: a single day's own hours go before the holiday, 1 to 3 January are holidays.
    date(2026, 12, 30): WORKING,
    date(2026, 12, 31): [("08:00", "12:00")],
    date(2027, 1, 1): HOLIDAY,
    date(2027, 1, 2): HOLIDAY,
    date(2027, 1, 3): HOLIDAY,
    date(2027, 1, 4): WORKING,
    # A Sunday with hours of its own, all day long, at the end of February; then a Monday.
    date(2027, 2, 28): [("00:00", "24:00")],
    date(2027, 3, 1): WORKING,
    # A leap day.
    date(2028, 2, 29): WORKING,
}


def holiday(day: date) -> bool:
    return is_holiday(CALENDAR, day)


def table() -> Timetable:
    found = parse_hours(WEEK)
    assert isinstance(found, Timetable)
    return found


def instant(day: date, text: str) -> Instant:
    return (
        midnight(day + timedelta(days=1)) if text == "24:00" else at(day, time.fromisoformat(text))
    )


@pytest.mark.requirement("W-16")
@pytest.mark.parametrize("day", OPEN)
def test_every_minute_of_the_day_is_as_in_the_table(day: date) -> None:
    windows = [(instant(day, begin), instant(day, end)) for begin, end in OPEN[day]]
    for minute in range(midnight(day), midnight(day + timedelta(days=1)), MINUTE):
        is_open = any(begin <= minute < end for begin, end in windows)
        assert (closed_until(table(), minute, holiday) is None) is is_open, jst(minute)


@pytest.mark.parametrize("day", OPEN)
def test_a_window_holds_its_first_instant_and_not_its_last(day: date) -> None:
    for begin, end in OPEN[day]:
        opening, closing = instant(day, begin), instant(day, end)
        if begin != "00:00":
            assert closed_until(table(), opening - 1, holiday) == opening
        assert closed_until(table(), opening, holiday) is None
        assert closed_until(table(), closing - 1, holiday) is None
        assert closed_until(table(), closing, holiday) is not None


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        ("2026-10-01 07:59:59", "2026-10-01 08:00"),
        ("2026-10-01 12:00", "2026-10-01 13:00"),
        ("2026-09-30 19:00", "2026-10-01 08:00"),
        ("2026-10-03 17:00", "2026-10-05 08:00"),
        ("2026-10-04 00:00", "2026-10-05 08:00"),
        ("2027-03-20 17:00", "2027-03-21 10:00"),
        ("2027-03-22 15:00", "2027-03-23 08:00"),
        ("2026-05-06 15:00", "2026-05-07 08:00"),
        ("2026-12-31 12:00", "2027-01-01 10:00"),
        ("2027-01-03 15:00", "2027-01-04 08:00"),
        ("2027-02-27 17:00", "2027-02-28 00:00"),
        ("2027-03-01 00:00", "2027-03-01 08:00"),
    ],
)
def test_the_next_opening_is_known_to_the_second(now: str, opens: str) -> None:
    expected = tokyo(opens)
    assert closed_until(table(), tokyo(now), holiday) == expected


def tokyo(text: str) -> Instant:
    return instant_of(datetime.fromisoformat(text).replace(tzinfo=JST))


def test_without_hours_of_its_own_a_holiday_is_like_its_weekday() -> None:
    plain = parse_hours({"every": ["08:00-19:00"]})
    assert closed_until(plain, tokyo("2026-11-23 09:00"), holiday) is None
    assert closed_until(plain, tokyo("2026-11-22 09:00"), holiday) is None


def test_beyond_the_calendar_no_day_is_a_holiday() -> None:
    assert not holiday(date(2029, 1, 1))
    assert closed_until(table(), tokyo("2029-01-01 09:00"), holiday) is None


def test_what_never_opens_says_so() -> None:
    assert closed_until(CLOSED, tokyo("2026-10-01 09:00"), holiday) == NEVER_OPENS
    once = parse_hours({"dates": {"2026-12-01": ["09:00-10:00"]}})
    assert closed_until(once, tokyo("2026-10-01 09:00"), holiday) == tokyo("2026-12-01 09:00")
    assert closed_until(once, tokyo("2026-12-01 10:00"), holiday) == NEVER_OPENS


def test_a_day_without_windows_is_closed_all_day() -> None:
    hours = parse_hours({"mon": ["00:00-24:00"]})
    assert closed_until(hours, tokyo("2026-10-05 23:59:59"), holiday) is None
    assert closed_until(hours, tokyo("2026-10-06 00:00"), holiday) == tokyo("2026-10-12 00:00")


# How they are written


@pytest.mark.parametrize(
    ("name", "expected"), [("always", ALWAYS), ("regional", REGIONAL), ("closed", CLOSED)]
)
def test_presets_have_names(name: str, expected: object) -> None:
    assert parse_hours(name) == expected


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("sometimes", "there are no hours 'sometimes'"),
        ({"moon": []}, "moon: no day of a table"),
        ({"mon": "08:00-19:00"}, "mon: a list"),
        ({"mon": ["8:00-19:00"]}, "mon: '8:00-19:00' is no window"),
        ({"mon": [800]}, "mon: 800 is no window"),
        ({"mon": ["08:00-08:00"]}, "must begin before it ends"),
        ({"mon": ["19:00-08:00"]}, "must begin before it ends"),
        ({"mon": ["08:00-24:01"]}, "within 00:00-24:00"),
        ({"mon": ["08:60-09:00"]}, "within 00:00-24:00"),
        ({"mon": ["08:00-12:00", "11:59-13:00"]}, "without overlap"),
        ({"mon": ["13:00-14:00", "08:00-12:00"]}, "without overlap"),
        ({"holiday": ["x"]}, "holiday: 'x' is no window"),
        ({"dates": []}, "dates: at most"),
        ({"dates": {"2026-02-29": []}}, "dates: '2026-02-29' is no day"),
        ({"dates": {"2026-02-28": ["x"]}}, "2026-02-28: 'x' is no window"),
    ],
)
def test_what_cannot_be_read_is_named(written: object, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        parse_hours(written)  # type: ignore[arg-type]


def test_windows_may_touch_and_a_day_may_have_no_more_than_the_limit() -> None:
    touching = [f"{hour:02}:00-{hour + 1:02}:00" for hour in range(MOST_WINDOWS)]
    assert (
        closed_until(parse_hours({"every": touching}), tokyo("2026-10-04 12:00"), holiday) is None
    )
    with pytest.raises(ValueError, match="at most 24"):
        parse_hours({"every": [*touching, "00:00-00:01"]})


def test_a_table_has_no_more_single_days_than_the_limit() -> None:
    first = date(2026, 1, 1)
    days: dict[str, list[str]] = {
        (first + timedelta(days=n)).isoformat(): [] for n in range(MOST_DATES)
    }
    parse_hours({"dates": days})
    with pytest.raises(ValueError, match="at most 400"):
        parse_hours({"dates": {**days, "2030-01-01": []}})


def test_a_setting_is_a_preset_a_table_or_one_for_each_class() -> None:
    assert parse_schedule("regional") == dict.fromkeys(ApiClass, REGIONAL)
    one = parse_schedule('{"every": ["08:00-19:00"]}')
    assert set(one) == set(ApiClass)
    assert one[ApiClass.UPDATE] == parse_hours({"every": ["08:00-19:00"]})
    own = parse_schedule('{"update": "closed", "oauth": {"mon": ["08:00-19:00"]}}')
    assert own[ApiClass.UPDATE] == CLOSED
    assert own[ApiClass.REFERENCE] == ALWAYS
    assert own[ApiClass.OAUTH] == parse_hours({"mon": ["08:00-19:00"]})


@pytest.mark.parametrize("text", ["", "{", '{"mon": 1}', '{"updates": "closed"}', "[]"])
def test_a_setting_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"hours|mon|updates"):
        parse_schedule(text)
