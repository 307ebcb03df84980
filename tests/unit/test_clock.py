"""The four modes of a world's clock, and the ways to write one."""

import json
import time
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox import clock
from sandbox.clock import Clock, ClockState, Mode, clock_of, parse_clock
from sandbox.domain.time import DAY, HOUR, JST, MINUTE, SECOND, Instant, instant_of

MACHINE = instant_of(datetime(2026, 11, 22, 12, 0, tzinfo=JST))
DECEMBER = instant_of(datetime(2026, 12, 1, 9, 0, tzinfo=JST))


class Machine:
    """A machine whose time the test moves."""

    def __init__(self, at: Instant = MACHINE) -> None:
        self.at = at

    def __call__(self) -> Instant:
        return self.at


STATES = {
    "real": clock.real(),
    "frozen": clock.frozen(DECEMBER),
    "offset": clock.offset(DECEMBER, MACHINE),
    "offset by": clock.offset_by(-DAY),
    "scaled": clock.scaled(DECEMBER, 60, MACHINE),
    "slow": clock.scaled(DECEMBER, 0.25, MACHINE),
}
# What each shows at MACHINE, and how far it moves in one minute of the machine.
READINGS = {
    "real": (MACHINE, MINUTE),
    "frozen": (DECEMBER, 0),
    "offset": (DECEMBER, MINUTE),
    "offset by": (MACHINE - DAY, MINUTE),
    "scaled": (DECEMBER, HOUR),
    "slow": (DECEMBER, 15 * SECOND),
}


@pytest.mark.parametrize("name", STATES)
def test_each_mode_runs_at_its_own_pace(name: str) -> None:
    machine = Machine()
    world = Clock(STATES[name], machine)
    start, pace = READINGS[name]
    assert world.now() == start
    machine.at += MINUTE
    assert world.now() == start + pace


def test_every_mode_is_in_the_table_above() -> None:
    assert {state.mode for state in STATES.values()} == set(Mode)


def test_a_clock_handed_on_as_a_function_follows_a_later_set() -> None:
    world = Clock(clock.real(), Machine())
    now = world.now
    world.set(clock.frozen(DECEMBER))
    assert now() == DECEMBER
    assert world.state == clock.frozen(DECEMBER)


def test_the_machine_is_read_in_milliseconds() -> None:
    before = time.time()
    assert before - 0.001 <= Clock(clock.real()).now() / 1000 <= time.time()
    assert clock.monotonic_s() <= clock.monotonic_s()


@pytest.mark.parametrize("name", STATES)
def test_advancing_moves_the_time_and_keeps_the_mode(name: str) -> None:
    state = STATES[name]
    moved = clock.advanced(state, 91 * DAY)
    assert Clock(moved, Machine()).now() == READINGS[name][0] + 91 * DAY
    assert moved.mode is (Mode.OFFSET if state.mode is Mode.REAL else state.mode)
    assert moved.rate == state.rate


def test_advancing_by_nothing_changes_nothing() -> None:
    assert all(clock.advanced(state, 0) == state for state in STATES.values())


def test_a_clock_does_not_go_back() -> None:
    with pytest.raises(ValueError, match="snapshot"):
        clock.advanced(clock.real(), -1)


states = st.sampled_from(list(STATES.values()))


@settings(max_examples=40, deadline=None)
@given(states, st.lists(st.integers(0, DAY), max_size=8))
def test_now_never_goes_back_while_the_machine_does_not(
    state: ClockState, steps: list[int]
) -> None:
    machine = Machine()
    world = Clock(state, machine)
    seen = [world.now()]
    for step in steps:
        machine.at += step
        seen.append(world.now())
    assert seen == sorted(seen)


@settings(max_examples=40, deadline=None)
@given(states, st.integers(0, DAY), st.integers(0, DAY), st.integers(0, DAY))
def test_two_advances_are_one_long_one(
    state: ClockState, first_ms: int, second_ms: int, later_ms: int
) -> None:
    machine = Machine(MACHINE + later_ms)
    twice = clock.advanced(clock.advanced(state, first_ms), second_ms)
    once = clock.advanced(state, first_ms + second_ms)
    assert Clock(twice, machine).now() == Clock(once, machine).now()


NINE = "2026-12-01T09:00"
READ = {
    "real": clock.real(),
    "frozen": clock.frozen(MACHINE),
    f"frozen:{NINE}": clock.frozen(DECEMBER),
    f"frozen@{NINE}": clock.frozen(DECEMBER),
    "frozen:91d": clock.frozen(MACHINE + 91 * DAY),
    NINE: clock.frozen(DECEMBER),
    " 2026-12-01 ": clock.frozen(DECEMBER),
    "2026-12-01 09:00:00": clock.frozen(DECEMBER),
    "2026-12-01T00:00:00Z": clock.frozen(DECEMBER),
    f"offset:{NINE}": clock.offset(DECEMBER, MACHINE),
    "offset:91d": clock.offset(MACHINE + 91 * DAY, MACHINE),
    "offset:+P1D": clock.offset(MACHINE + DAY, MACHINE),
    "offset:-1d": clock.offset(MACHINE - DAY, MACHINE),
    "scaled:60": clock.scaled(MACHINE, 60, MACHINE),
    "scaled:0.5": clock.scaled(MACHINE, 0.5, MACHINE),
    f"scaled:60@{NINE}": clock.scaled(DECEMBER, 60, MACHINE),
    '{"mode": "real"}': clock.real(),
    '{"mode": "frozen", "at": null}': clock.frozen(MACHINE),
    '{"mode": "frozen", "at": "2026-12-01"}': clock.frozen(DECEMBER),
    '{"mode": "offset", "at": "91d"}': clock.offset(MACHINE + 91 * DAY, MACHINE),
    '{"mode": "scaled", "rate": 60, "at": "2026-12-01"}': clock.scaled(DECEMBER, 60, MACHINE),
    '{"mode": "scaled", "rate": "60"}': clock.scaled(MACHINE, 60, MACHINE),
}
REFUSED = {
    "": "is no clock: write real, frozen",
    "stopped": "is no clock",
    "frozen:": "is no clock",
    "frozen:yesterday": "no length of time",
    "2026-13-01": "no time that exists",
    "20261201": "no ISO 8601 time",
    "1969-12-31": "1970 to 2199",
    "2200-01-01": "1970 to 2199",
    "offset:-36525d": "1970 to 2199",
    "real:2026-12-01": "takes no time of its own",
    "offset": "needs its time",
    "scaled": "needs its rate",
    f"scaled:{NINE}": "no rate",
    "scaled:0": "above 0",
    "scaled:-1": "above 0",
    "scaled:nan": "above 0",
    "scaled:1e7": "at most 1,000,000",
    "{": "JSON cannot be read",
    "{}": "the mode of a clock is one of real, frozen, offset, scaled",
    '{"mode": 1}': "the mode of a clock",
    '{"mode": "frozen", "at": 5}': "is text such as",
    '{"mode": "frozen", "rate": 2}': "a frozen clock has no rate",
    '{"mode": "scaled", "rate": true}': "needs its rate",
    '{"mode": "real", "speed": 2}': "not speed",
}


@pytest.mark.parametrize(("text", "expected"), READ.items())
def test_a_clock_is_read(text: str, expected: ClockState) -> None:
    assert parse_clock(text, MACHINE) == expected


@pytest.mark.parametrize(("text", "why"), REFUSED.items())
def test_what_is_no_clock_is_refused_with_its_reason(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse_clock(text, MACHINE)


def test_a_running_world_freezes_at_its_own_time_not_at_the_machines() -> None:
    assert parse_clock("frozen", MACHINE, now=DECEMBER) == clock.frozen(DECEMBER)
    expected = clock.scaled(DECEMBER + DAY, 2, MACHINE)
    assert clock_of({"mode": "scaled", "rate": 2, "at": "1d"}, MACHINE, DECEMBER) == expected


def test_a_number_too_large_for_a_rate_is_refused() -> None:
    with pytest.raises(ValueError, match="no rate"):
        parse_clock(json.dumps({"mode": "scaled", "rate": 10**400}), MACHINE)
