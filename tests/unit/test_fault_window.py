"""When a fault rule is in force."""

import pytest

from sandbox.domain.fault import FaultRule
from sandbox.domain.fault_window import Window
from sandbox.domain.moment import parse_instant
from sandbox.domain.time import DAY, HOUR, MINUTE

NOON = parse_instant("2026-11-16T12:00")  # a Monday
NIGHT = {"daily": {"from": "22:00", "to": "06:00"}}


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
        ({"weekdays": ["mon"]}, None),
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


def test_a_rule_reads_its_window_off_the_clock_that_the_window_names():
    def rule(**given):
        hours = {"from": "2026-11-16T12:00", "to": "2026-11-16T12:01"}
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
            window=Window.of({**hours, **given}),
        )

    assert rule().is_in_force(NOON, NOON + MINUTE)
    assert not rule().is_in_force(NOON + MINUTE, NOON)
    assert rule(clock="machine").is_in_force(NOON + MINUTE, NOON)
