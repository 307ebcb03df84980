"""Targets of an advance, by name."""

from datetime import date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.domain.calendar import BankCalendar
from sandbox.domain.errors import CalendarHorizon
from sandbox.domain.moment import PastTarget, parse_instant, resolve_target
from sandbox.domain.time import JST, Instant, instant_of, iso

CALENDAR = BankCalendar(
    holidays=frozenset({date(2026, 11, 23)}), first=date(2026, 1, 1), last=date(2027, 12, 31)
)


def tokyo(text: str) -> Instant:
    return instant_of(datetime.fromisoformat(text).replace(tzinfo=JST))


# (now, target) -> where it leads. 20 November 2026 is a Friday, the Monday after it a holiday.
TARGETS = {
    ("2026-11-20 12:00", "2026-11-20T12:00"): "2026-11-20 12:00",
    ("2026-11-20 12:00", "2026-12-01"): "2026-12-01 09:00",
    ("2026-11-20 12:00", "2026-12-01T18:30:15"): "2026-12-01 18:30:15",
    ("2026-11-20 12:00", "2026-12-01T00:00:00Z"): "2026-12-01 09:00",
    ("2026-11-20 12:00", "18:00"): "2026-11-20 18:00",
    ("2026-11-20 12:00", "12:00"): "2026-11-21 12:00",
    ("2026-11-20 12:00", "09:00:30"): "2026-11-21 09:00:30",
    ("2026-11-20 12:00", "00:00"): "2026-11-21 00:00",
    ("2026-11-20 12:00", "tomorrow"): "2026-11-21 09:00",
    ("2026-11-20 12:00", "tomorrow 00:00"): "2026-11-21 00:00",
    ("2026-11-20 12:00", "next_business_day"): "2026-11-24 09:00",
    ("2026-11-20 12:00", "next_business_day 15:00"): "2026-11-24 15:00",
    ("2026-11-24 08:00", "next_business_day"): "2026-11-25 09:00",
    ("2026-12-30 12:00", "next_business_day"): "2027-01-04 09:00",
    ("2026-11-20 12:00", "next_month_start"): "2026-12-01 09:00",
    ("2026-12-31 12:00", "next_month_start 00:00"): "2027-01-01 00:00",
    ("2026-11-20 12:00", "next_month_end"): "2026-11-30 09:00",
    ("2026-11-30 08:59", "next_month_end"): "2026-11-30 09:00",
    ("2026-11-30 09:00", "next_month_end"): "2026-12-31 09:00",
    ("2027-01-31 09:00", "next_month_end"): "2027-02-28 09:00",
    ("2026-11-30 12:00", " next_month_end 23:59 "): "2026-11-30 23:59",
}
REFUSED = {
    "": "names no moment: write an ISO 8601 time",
    "next_friday": "names no moment",
    "next business day": "names no moment",
    "91d": "names no moment",
    "9:00": "names no moment",
    "24:00": "names no moment",
    "tomorrow 9:00": "no time of day",
    "tomorrow 24:00": "no time of day",
    "2026-02-30": "no time that exists",
    "2026-11-20T25:00": "no time that exists",
    "2200-01-01": "1970 to 2199",
    "2127-01-01": "more than 100 years ahead",
}


@pytest.mark.parametrize(("now", "text"), TARGETS)
def test_a_target_is_found(now: str, text: str) -> None:
    found = resolve_target(text, tokyo(now), CALENDAR)
    assert iso(found) == iso(tokyo(TARGETS[now, text]))


@pytest.mark.parametrize(("text", "why"), REFUSED.items())
def test_what_names_no_moment_is_refused_with_its_reason(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        resolve_target(text, tokyo("2026-11-20 12:00"), CALENDAR)


def test_the_past_is_reached_by_a_snapshot_only() -> None:
    with pytest.raises(PastTarget, match="go back by a snapshot"):
        resolve_target("2026-11-20T11:59:59", tokyo("2026-11-20 12:00"), CALENDAR)


def test_a_business_day_beyond_the_calendar_is_not_guessed() -> None:
    with pytest.raises(CalendarHorizon):
        resolve_target("next_business_day", tokyo("2027-12-31 12:00"), CALENDAR)


def test_a_time_without_an_offset_is_tokyos() -> None:
    assert parse_instant("2026-12-01T09:00") == parse_instant("2026-12-01T00:00Z")
    assert parse_instant("2026-12-01") == parse_instant("2026-12-01T09:00:00+09:00")
    assert parse_instant("2026-12-01T09:00:00.250") == tokyo("2026-12-01 09:00") + 250


words = ["18:00", "tomorrow", "next_business_day 00:00", "next_month_start", "next_month_end"]


@settings(max_examples=40, deadline=None)
@given(st.integers(tokyo("2026-01-01"), tokyo("2027-11-30")), st.sampled_from(words))
def test_a_word_always_leads_ahead(now: Instant, text: str) -> None:
    assert resolve_target(text, now, CALENDAR) > now


@settings(max_examples=40, deadline=None)
@given(st.integers(tokyo("1970-01-01"), tokyo("2199-12-31")))
def test_what_is_written_as_iso_is_read_back(instant: Instant) -> None:
    assert parse_instant(iso(instant)) == instant
