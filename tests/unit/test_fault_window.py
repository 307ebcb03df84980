"""When a fault rule is in force."""

import pytest

from sandbox.domain.fault import FaultRule
from sandbox.domain.fault_window import DAY_TYPES, WEEKDAYS, Window
from sandbox.domain.moment import parse_instant
from sandbox.domain.time import DAY, HOUR, MINUTE, iso
from sandbox.services.calendar import japanese_calendar

NOON = parse_instant("2026-11-16T12:00")  # a Monday
NIGHT = {"daily": {"from": "22:00", "to": "06:00"}}
MORNING = {"cron": "0 8 * * *", "duration": "3h"}
LONG = {"cron": "0 8 * * *", "duration": "22h"}
CALENDAR = japanese_calendar(2025, 2029)


def test_begins_are_within_and_ends_are_not():
    window = Window.of({"from": "2026-11-16T12:00", "to": "2026-11-16T13:00"})
    held = [window.holds(NOON + by) for by in (-1, 0, HOUR - 1, HOUR)]
    assert held == [False, True, True, False]
    assert window.ends_after(NOON) == NOON + HOUR
    assert [window.part_gone(NOON + by) for by in (-HOUR, 0, HOUR // 4, HOUR, DAY)] == [
        0,
        0,
        0.25,
        1,
        1,
    ]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"from": "2026-11-16T12:00"}, None),
        ({"to": "2026-11-16T13:00"}, NOON + HOUR),
        ({"weekdays": ["mon"]}, NOON + 12 * HOUR),
        ({"weekdays": ["mon", "tue"]}, NOON + 36 * HOUR),
        ({"weekdays": list(WEEKDAYS)}, None),
        ({"clock": "machine"}, None),
    ],
)
def test_one_end_may_be_open(given, expected):
    window = Window.of(given)
    assert window.holds(NOON)
    assert window.ends_after(NOON) == expected
    assert window.is_machine is (given.get("clock") == "machine")


@pytest.mark.parametrize(
    ("at", "ends"),
    [
        ("2026-11-16T21:59:59", None),
        ("2026-11-16T22:00", "2026-11-17T06:00"),
        ("2026-11-17T00:00", "2026-11-17T06:00"),
        ("2026-11-17T05:59:59", "2026-11-17T06:00"),
        ("2026-11-17T06:00", None),
    ],
)
def test_daily_hours_may_cross_midnight(at, ends):
    window, now = Window.of(NIGHT), parse_instant(at)
    assert window.holds(now) is (ends is not None)
    if ends is not None:
        assert window.ends_after(now) == parse_instant(ends)


def test_a_night_belongs_to_the_day_it_began_on():
    window = Window.of({**NIGHT, "weekdays": ["fri"]})
    assert window.holds(parse_instant("2026-11-20T23:00"))
    assert window.holds(parse_instant("2026-11-21T05:00"))
    assert not window.holds(parse_instant("2026-11-20T05:00"))
    assert not window.holds(parse_instant("2026-11-21T23:00"))


def test_the_earlier_end_is_the_end():
    window = Window.of({**NIGHT, "to": "2026-11-17T01:00"})
    assert window.ends_after(parse_instant("2026-11-16T23:00")) == parse_instant("2026-11-17T01:00")


def test_weekdays_alone():
    window = Window.of({"weekdays": ["sat", "sun"]})
    held = [window.holds(NOON + day * DAY) for day in range(7)]
    assert held == [False] * 5 + [True] * 2


def windowed(given) -> FaultRule:
    return FaultRule(
        fault_id="f",
        number=1,
        match={},
        effect={"kind": "reset"},
        stage="before",
        times=None,
        skip=0,
        every=1,
        probability=1,
        ends_at=None,
        window=Window.of(given),
    )


def test_a_rule_reads_its_window_off_the_clock_that_the_window_names():
    hours = {"from": "2026-11-16T12:00", "to": "2026-11-16T12:01"}
    assert windowed(hours).is_in_force(NOON, NOON + MINUTE)
    assert not windowed(hours).is_in_force(NOON + MINUTE, NOON)
    assert windowed({**hours, "clock": "machine"}).is_in_force(NOON + MINUTE, NOON)


# Cron


def opened(window: Window, now: int) -> tuple[str | None, str | None]:
    """Return when the window closes where it is open, and when it opens where it is not."""
    if window.holds(now, CALENDAR):
        end = window.ends_after(now, CALENDAR)
        return (None if end is None else iso(end)[:19], None)
    begin = window.next_after(now, CALENDAR)
    return (None, None if begin is None else iso(begin)[:19])


@pytest.mark.parametrize(
    ("at", "closes", "opens"),
    [
        ("2026-11-20T21:59:59.999", None, "2026-11-20T22:00:00"),
        ("2026-11-20T22:00", "2026-11-21T06:00:00", None),
        ("2026-11-20T22:00:01", "2026-11-21T06:00:00", None),
        ("2026-11-21T00:00", "2026-11-21T06:00:00", None),
        ("2026-11-21T05:59:59.999", "2026-11-21T06:00:00", None),
        ("2026-11-21T06:00", None, "2026-11-27T22:00:00"),
    ],
)
def test_cron_opens_with_its_first_second_and_closes_after_its_last(at, closes, opens):
    window = Window.of({"cron": "0 22 * * fri", "duration": "8h"})
    assert opened(window, parse_instant(at)) == (closes, opens)


@pytest.mark.parametrize(
    ("cron", "at", "closes", "opens"),
    [
        ("0 22 L * *", "2026-11-30T22:00", "2026-12-01T02:00:00", None),
        ("0 22 L * *", "2026-12-01T01:59:59.999", "2026-12-01T02:00:00", None),
        ("0 22 L * *", "2026-12-01T02:00", None, "2026-12-31T22:00:00"),
        ("0 22 L * *", "2027-02-01T02:00", None, "2027-02-28T22:00:00"),
        ("0 22 L * *", "2028-02-28T23:00", None, "2028-02-29T22:00:00"),
        ("0 22 31 * *", "2026-11-30T23:00", None, "2026-12-31T22:00:00"),
        ("0 22 31 12 *", "2027-01-01T01:00", "2027-01-01T02:00:00", None),
    ],
)
def test_cron_at_the_end_of_a_month(cron, at, closes, opens):
    window = Window.of({"cron": cron, "duration": "4h"})
    assert opened(window, parse_instant(at)) == (closes, opens)


@pytest.mark.parametrize(
    ("given", "at", "closes", "opens"),
    [
        # 23 November 2026 is a Monday and 勤労感謝の日; the year ends on 31 December.
        ({"day_types": ["national_holiday"]}, "2026-11-22T23:59:59.999", None, "2026-11-23T00:00"),
        ({"day_types": ["national_holiday"]}, "2026-11-23T00:00", "2026-11-24T00:00", None),
        ({"day_types": ["national_holiday"]}, "2026-11-24T00:00", None, "2027-01-01T00:00"),
        (
            {"day_types": ["weekend", "national_holiday"]},
            "2026-11-21T00:00",
            "2026-11-24T00:00",
            None,
        ),
        ({"day_types": ["business_day"]}, "2026-11-20T23:59:59.999", "2026-11-21T00:00", None),
        ({"day_types": ["business_day"]}, "2026-11-21T00:00", None, "2026-11-24T00:00"),
        ({"day_types": ["year_end"]}, "2026-11-16T00:00", None, "2026-12-31T00:00"),
        ({"day_types": ["year_end"]}, "2026-12-31T12:00", "2027-01-01T00:00", None),
        ({"day_types": ["business_day"], **NIGHT}, "2026-11-20T22:00", "2026-11-21T06:00", None),
        ({"day_types": ["business_day"], **NIGHT}, "2026-11-23T23:00", None, "2026-11-24T22:00"),
        ({"day_types": ["business_day"], **NIGHT}, "2026-11-24T05:00", None, "2026-11-24T22:00"),
        # A run of every morning that keeps away from holidays, also where it began on one.
        ({"day_types": ["business_day"], **MORNING}, "2026-11-20T08:00", "2026-11-20T11:00", None),
        ({"day_types": ["business_day"], **MORNING}, "2026-11-20T11:00", None, "2026-11-24T08:00"),
        ({"day_types": ["business_day"], **MORNING}, "2026-11-23T08:00", None, "2026-11-24T08:00"),
        ({"day_types": ["national_holiday"], **LONG}, "2026-11-24T05:00", "2026-11-24T06:00", None),
        ({"day_types": ["business_day"], **LONG}, "2026-11-23T05:00", None, "2026-11-24T08:00"),
    ],
    ids=str,
)
def test_days_of_the_banks_calendar(given, at, closes, opens):
    expected = tuple(None if each is None else f"{each}:00" for each in (closes, opens))
    assert opened(Window.of(given), parse_instant(at)) == expected


def test_a_stretch_that_began_on_a_day_that_counts_reaches_over_the_next():
    """Two begins hold the moment; the later one is on a day that does not count."""
    window = Window.of({**LONG, "duration": "25h", "day_types": ["business_day"]})
    now = parse_instant("2026-11-21T08:30")  # a Saturday, half an hour after its own begin
    assert opened(window, now) == ("2026-11-21T09:00:00", None)
    assert opened(window, now + HOUR // 2) == (None, "2026-11-24T08:00:00")


def test_stretches_that_overlap_or_touch_close_with_the_last_of_them():
    now = parse_instant("2026-11-16T10:10")
    for length in ("30m", "45m"):
        window = Window.of({"cron": "0,30 9-11 * * *", "duration": length})
        end = parse_instant("2026-11-16T12:00" if length == "30m" else "2026-11-16T12:15")
        assert window.ends_after(now) == end
        assert window.holds(end - 1)
        assert not window.holds(end)


def test_a_window_that_never_closes_has_no_end_that_anybody_knows():
    always = {"cron": "* * * * *", "duration": "1m"}
    assert Window.of(always).ends_after(NOON) is None
    until = Window.of({**always, "to": "2026-11-16T13:00"})
    assert until.ends_after(NOON) == NOON + HOUR
    assert until.next_after(NOON + HOUR) is None


def test_from_and_to_cut_stretches():
    week = {"cron": "0 12 * * *", "duration": "2h"}
    window = Window.of({**week, "from": "2026-11-16T13:00", "to": "2026-11-18T12:30"})
    assert opened(window, NOON) == (None, "2026-11-16T13:00:00")
    assert opened(window, NOON - 30 * DAY) == (None, "2026-11-16T13:00:00")
    assert opened(window, NOON + HOUR) == ("2026-11-16T14:00:00", None)
    assert opened(window, NOON + 2 * HOUR) == (None, "2026-11-17T12:00:00")
    assert opened(window, NOON + 2 * DAY) == ("2026-11-18T12:30:00", None)
    assert opened(window, NOON + 2 * DAY + HOUR) == (None, None)
    late = Window.of({**week, "from": "2026-11-16T15:00"})
    assert opened(late, NOON) == (None, "2026-11-17T12:00:00")


def test_behind_the_calendar_no_day_is_of_any_type():
    window = Window.of({"day_types": list(DAY_TYPES)})
    last = parse_instant("2029-12-31T23:59:59.999")
    assert opened(window, last) == ("2030-01-01T00:00:00", None)
    assert opened(window, last + 1) == (None, None)
    assert not window.holds(NOON)  # nor where there is none


def test_a_ramp_goes_over_one_stretch_of_cron_or_of_hours():
    for given in (
        {"cron": "0 12 * * *", "duration": "2h"},
        {"daily": {"from": "12:00", "to": "14:00"}},
    ):
        window = Window.of(given)
        assert window.has_stretches
        gone = [window.part_gone(NOON + by) for by in (0, HOUR // 2, 2 * HOUR - 1, DAY + HOUR)]
        assert gone == pytest.approx([0, 0.25, 1, 0.5], abs=1e-6)
        assert window.part_gone(NOON + 3 * HOUR) == 1, "it closed meanwhile"
    assert not Window.of({"weekdays": ["mon"]}).has_stretches
    assert not Window.of({"from": "2026-11-16T12:00"}).has_stretches


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"cron": "0 22 * * *"}, "go together"),
        ({"duration": "1h"}, "go together"),
        ({"cron": "0 22 * * *", "duration": "0s"}, "^duration: "),
        ({"cron": "0 22 * *", "duration": "1h"}, "^cron: "),
        ({"cron": "0 22 * * *", "duration": "1h", "weekdays": ["mon"]}, "leave weekdays out"),
        ({"cron": "0 22 * * *", "duration": "1h", **NIGHT}, "leave daily out"),
    ],
    ids=str,
)
def test_cron_is_refused_with_a_reason(given, problem):
    with pytest.raises(ValueError, match=problem):
        Window.of(given)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"cron": "0 22 * * fri", "duration": "8h"}, "until 2026-11-20T22:00:00+09:00"),
        (
            {"cron": "0 22 * * fri", "duration": "8h", "clock": "machine"},
            "until 2026-11-13T22:00:00+09:00, machine time",
        ),
        ({"to": "2026-11-01T00:00"}, "and never again"),
        ({"day_types": ["year_end"], "to": "2026-12-01"}, "and nobody knows when again"),
    ],
    ids=str,
)
def test_a_rule_says_when_it_opens(given, expected):
    rule = windowed(given)
    assert rule.opens_next(NOON, NOON - 7 * DAY, CALENDAR) == expected
