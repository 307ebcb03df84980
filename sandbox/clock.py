"""The world's clock, and the only module that reads the machine's time.

A clock is a ``ClockState``, which is data and stands in the world's row; ``Clock`` reads it. The
domain has no clock: whoever calls it passes the instant in.
"""

import json
import math
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeAlias

from sandbox.domain.duration import parse_duration
from sandbox.domain.moment import in_range, parse_instant
from sandbox.domain.time import Instant

Machine: TypeAlias = Callable[[], Instant]

FASTEST_RATE = 1_000_000.0  # eleven days a second
FORMS = (
    "real, frozen, frozen:2026-12-01T09:00, 2026-12-01, offset:91d, offset:2026-12-01, "
    'scaled:60, scaled:60@2026-12-01 or {"mode": "scaled", "at": "2026-12-01", "rate": 60}'
)
_TEXT = re.compile(r"(?P<mode>[a-z]+)(?:[:@](?P<rest>.+))?")
_DATE_FIRST = re.compile(r"[0-9]{4}-")


class Mode(StrEnum):
    """How a world's time passes."""

    REAL = "real"  # as the machine's
    FROZEN = "frozen"  # not at all
    OFFSET = "offset"  # as fast as the machine's, from another start
    SCALED = "scaled"  # faster or slower


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockState:
    """World time was ``at`` when machine time was ``anchor``; since then it runs ``rate`` times."""

    mode: Mode
    at: Instant
    anchor: Instant
    rate: float = 1.0


def machine_now() -> Instant:
    return time.time_ns() // 1_000_000


def monotonic_s() -> float:
    """Return seconds that never go back, for latencies and rate limits; no world moves them."""
    return time.monotonic()


class Clock:
    """Reads a world's time.

    ``now`` may be handed on as a function: it follows later calls of ``set``.
    """

    __slots__ = ("_machine", "_read", "_state")

    def __init__(self, state: ClockState, machine: Machine = machine_now) -> None:
        self._machine = machine
        self.set(state)

    def now(self) -> Instant:
        return self._read()

    @property
    def state(self) -> ClockState:
        return self._state

    def set(self, state: ClockState) -> None:
        self._state = state
        self._read = _reader(state, self._machine)


def _reader(state: ClockState, machine: Machine) -> Machine:
    """Return the function that tells the time: chosen once, because each request asks it."""
    at, anchor, rate = state.at, state.anchor, state.rate
    match state.mode:
        case Mode.REAL:
            return machine
        case Mode.FROZEN:
            return lambda: at
        case Mode.OFFSET:
            return lambda: machine() + at - anchor
        case Mode.SCALED:
            return lambda: at + int((machine() - anchor) * rate)


def real() -> ClockState:
    return ClockState(mode=Mode.REAL, at=0, anchor=0)


def frozen(at: Instant) -> ClockState:
    return ClockState(mode=Mode.FROZEN, at=at, anchor=0)


def offset(at: Instant, machine: Instant) -> ClockState:
    """Return a clock that shows ``at`` when the machine's time is ``machine``, and runs on."""
    return ClockState(mode=Mode.OFFSET, at=at, anchor=machine)


def offset_by(delta_ms: int) -> ClockState:
    """Return a clock that is always ``delta_ms`` ahead of the machine, behind it if negative."""
    return offset(delta_ms, 0)


def scaled(at: Instant, rate: float, machine: Instant) -> ClockState:
    """Return a clock that shows ``at`` at ``machine`` and runs ``rate`` times as fast from there.

    Raises ``ValueError`` unless 0 < rate <= 1,000,000.
    """
    if not (math.isfinite(rate) and 0 < rate <= FASTEST_RATE):
        raise ValueError(
            f"a rate of {rate:g} is refused: above 0 and at most {FASTEST_RATE:,.0f}; "
            "a clock that stands still is frozen"
        )
    return ClockState(mode=Mode.SCALED, at=at, anchor=machine, rate=rate)


def advanced(state: ClockState, by_ms: int) -> ClockState:
    """Return ``state`` moved forward, in the same mode; a real clock becomes an offset one.

    Raises ``ValueError`` for a negative step: a world goes back by a snapshot.
    """
    if by_ms < 0:
        raise ValueError("a clock only advances: go back by restoring a snapshot")
    if state.mode is Mode.REAL:
        return offset_by(by_ms) if by_ms else state
    return replace(state, at=state.at + by_ms)


def parse_clock(text: str, machine: Instant, now: Instant | None = None) -> ClockState:
    """Read a clock as given on the command line or in the environment.

    ``now`` is what "now" means where no time is given: the machine's time, unless a running
    world's own is passed. A time is ISO 8601 (Tokyo without an offset, 09:00 without a time of
    day) or a signed length of time from now. Raises ``ValueError`` with a message for people.
    """
    given = text.strip()
    if given.startswith("{"):
        return clock_of(_json_object(given), machine, now)
    if given[:1].isdigit():
        return frozen(parse_instant(given))
    match = _TEXT.fullmatch(given)
    if match is None or match["mode"] not in [*Mode]:
        raise ValueError(f"{given!r} is no clock: write {FORMS}")
    fields: dict[str, object] = {"mode": match["mode"], "at": match["rest"]}
    if match["mode"] == Mode.SCALED:
        rate, _, at = (match["rest"] or "").partition("@")
        fields |= {"rate": _number(rate) if rate else None, "at": at or None}
    return clock_of(fields, machine, now)


def clock_of(
    fields: Mapping[str, object], machine: Instant, now: Instant | None = None
) -> ClockState:
    """Return the clock that ``{"mode", "at"?, "rate"?}`` describes; else as ``parse_clock``."""
    mode = _mode_of(fields)
    seen_from = machine if now is None else now
    at = _moment(fields.get("at"), seen_from)
    match mode:
        case Mode.REAL:
            return real()
        case Mode.FROZEN:
            return frozen(at)
        case Mode.OFFSET:
            return offset(at, machine)
        case Mode.SCALED:
            return scaled(at, _number(fields.get("rate")), machine)


def _mode_of(fields: Mapping[str, object]) -> Mode:
    """Return the mode, once it is sure that no field contradicts it."""
    unknown = sorted(fields.keys() - {"mode", "at", "rate"})
    if unknown:
        raise ValueError(f"a clock has mode, at and rate, not {', '.join(unknown)}")
    if fields.get("mode") not in [*Mode]:
        raise ValueError(f"the mode of a clock is one of {', '.join(Mode)}")
    mode = Mode(str(fields["mode"]))
    if fields.get("rate") is not None and mode is not Mode.SCALED:
        raise ValueError(f"a {mode} clock has no rate")
    if fields.get("at") is not None and mode is Mode.REAL:
        raise ValueError("a real clock shows the machine's time: it takes no time of its own")
    if fields.get("at") is None and mode is Mode.OFFSET:
        raise ValueError("an offset clock needs its time, as in offset:91d")
    return mode


def _moment(given: object, now: Instant) -> Instant:
    if given is None:
        return now
    if not isinstance(given, str):
        raise ValueError(f"the time of a clock is text such as 2026-12-01T09:00, not {given!r}")
    text = given.strip()
    if _DATE_FIRST.match(text):
        return parse_instant(text)
    signed = text.startswith(("+", "-"))
    length = parse_duration(text[1:] if signed else text)
    return in_range(now - length if text.startswith("-") else now + length)


def _number(given: object) -> float:
    if isinstance(given, bool) or not isinstance(given, int | float | str):
        raise ValueError("a scaled clock needs its rate, as in scaled:60")
    try:
        return float(given)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{given!r} is no rate: write a number such as 60") from error


def _json_object(text: str) -> dict[str, object]:
    try:
        fields = json.loads(text)
    except ValueError as error:
        raise ValueError(f"the clock's JSON cannot be read: {error}") from error
    return dict(fields)
