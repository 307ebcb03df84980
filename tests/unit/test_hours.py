"""Service hours, minute by minute against a table made by hand."""

from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.domain.hours import (
    ALWAYS,
    PRESETS,
    REGIONAL,
    ClosedWindow,
    is_open,
    opens_at,
)
from sandbox.domain.time import DAY, HOUR, JST, MINUTE, Instant, at, instant_of, midnight

NORMAL = (time(0, 5), time(23, 55))
AFTER_MAINTENANCE = (time(6, 0), time(23, 55))
# From when to when the preset `regional` is open on each day.
OPEN = {
    # A first Monday that is New Year's Day: the night reaches over the year's end.
    date(2023, 12, 30): NORMAL,
    date(2023, 12, 31): NORMAL,
    date(2024, 1, 1): AFTER_MAINTENANCE,
    date(2024, 1, 2): NORMAL,
    # The second Monday is like any other day.
    date(2024, 1, 7): NORMAL,
    date(2024, 1, 8): NORMAL,
    # The third, on the earliest and on the latest day it can fall on.
    date(2024, 1, 14): NORMAL,
    date(2024, 1, 15): AFTER_MAINTENANCE,
    date(2024, 1, 16): NORMAL,
    date(2024, 10, 20): NORMAL,
    date(2024, 10, 21): AFTER_MAINTENANCE,
    # The fourth and the fifth Monday.
    date(2024, 1, 22): NORMAL,
    date(2024, 1, 29): NORMAL,
    # A first Monday that is the first of March: the night reaches over the month's end.
    date(2027, 2, 28): NORMAL,
    date(2027, 3, 1): AFTER_MAINTENANCE,
    # The latest day a first Monday can fall on, and a leap day in the middle of the week.
    date(2024, 10, 7): AFTER_MAINTENANCE,
    date(2024, 2, 29): NORMAL,
}


def tokyo(text: str) -> Instant:
    return instant_of(datetime.fromisoformat(text).replace(tzinfo=JST))


@pytest.mark.parametrize("day", OPEN)
def test_every_minute_of_the_day_is_as_in_the_table(day: date) -> None:
    opening, closing = (at(day, edge) for edge in OPEN[day])
    for minute in range(midnight(day), midnight(day + timedelta(days=1)), MINUTE):
        assert is_open(REGIONAL, minute) is (opening <= minute < closing), minute


@pytest.mark.parametrize("day", OPEN)
def test_a_window_holds_its_first_instant_and_not_its_last(day: date) -> None:
    opening, closing = (at(day, edge) for edge in OPEN[day])
    assert not is_open(REGIONAL, opening - 1)
    assert is_open(REGIONAL, opening)
    assert is_open(REGIONAL, closing - 1)
    assert not is_open(REGIONAL, closing)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2024-01-10 12:00", "2024-01-10 12:00"),
        ("2024-01-10 23:55", "2024-01-11 00:05"),
        ("2024-01-11 00:04:59", "2024-01-11 00:05"),
        ("2023-12-31 23:54:59", "2023-12-31 23:54:59"),
        ("2023-12-31 23:55", "2024-01-01 06:00"),
        ("2024-01-01 00:05", "2024-01-01 06:00"),
        ("2024-01-01 06:00", "2024-01-01 06:00"),
        ("2027-02-28 23:59", "2027-03-01 06:00"),
        ("2024-01-07 23:59", "2024-01-08 00:05"),
    ],
)
def test_the_next_opening_is_known(now: str, expected: str) -> None:
    assert opens_at(REGIONAL, tokyo(now)) == tokyo(expected)


def test_always_never_closes() -> None:
    for day in OPEN:
        assert is_open(ALWAYS, midnight(day))
        assert opens_at(ALWAYS, midnight(day)) == midnight(day)


def test_the_presets_have_the_names_of_the_settings() -> None:
    assert PRESETS == {"always": ALWAYS, "regional": REGIONAL}


def test_windows_that_touch_are_left_at_the_end_of_the_last() -> None:
    preset = (
        ClosedWindow(begin_ms=0, end_ms=HOUR),
        ClosedWindow(begin_ms=HOUR, end_ms=2 * HOUR),
    )
    assert opens_at(preset, tokyo("2024-01-10 00:30")) == tokyo("2024-01-10 02:00")


def test_a_closed_weekend_opens_on_monday() -> None:
    preset = (ClosedWindow(begin_ms=0, end_ms=DAY, weekdays=frozenset({5, 6})),)
    assert opens_at(preset, tokyo("2024-01-13 12:00")) == tokyo("2024-01-15 00:00")


def test_hours_that_never_open_are_refused() -> None:
    with pytest.raises(ValueError, match="never open"):
        opens_at((ClosedWindow(begin_ms=0, end_ms=DAY),), tokyo("2024-01-10 12:00"))


@pytest.mark.parametrize(("begin_ms", "end_ms"), [(0, 0), (1, 0), (-DAY - 1, 0), (0, DAY + 1)])
def test_a_window_begins_before_it_ends_within_a_day_of_midnight(
    begin_ms: int, end_ms: int
) -> None:
    with pytest.raises(ValueError, match="within a day of midnight"):
        ClosedWindow(begin_ms=begin_ms, end_ms=end_ms)


@settings(max_examples=40, deadline=None)
@given(st.integers(tokyo("2024-01-01"), tokyo("2030-12-31")), st.sampled_from(list(PRESETS)))
def test_the_next_opening_is_open_and_the_instant_before_it_closed(now: Instant, name: str) -> None:
    preset = PRESETS[name]
    opening = opens_at(preset, now)
    assert is_open(preset, opening)
    assert opening == now if is_open(preset, now) else not is_open(preset, opening - 1)
