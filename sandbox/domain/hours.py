"""Service hours (取扱時間) as data: a preset is a tuple of windows in which the bank is closed.

A window is closed from its begin, included, to its end, excluded: at 23:55:00.000 the service is
closed, at 00:05:00.000 it is open. Windows may overlap.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeAlias

from sandbox.domain.time import DAY, HOUR, MINUTE, SECOND, Instant, jst_date, midnight

MONDAY = 0
_EVERY_WEEKDAY = frozenset(range(7))
_EVERY_WEEK = frozenset(range(1, 6))
_ONE_DAY = timedelta(days=1)
_MOST_STEPS = 1_000  # windows in a row; more means that the preset never opens


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedWindow:
    """Closed around 00:00 (Tokyo) of certain days.

    ``begin_ms`` and ``end_ms`` count from that midnight, -1 day to +1 day, so that a night which
    crosses midnight is one window. ``weekdays`` has Monday as 0; ``weeks`` picks the first, third…
    such weekday of the month.
    """

    begin_ms: int
    end_ms: int
    weekdays: frozenset[int] = _EVERY_WEEKDAY
    weeks: frozenset[int] = _EVERY_WEEK

    def __post_init__(self) -> None:
        if not -DAY <= self.begin_ms < self.end_ms <= DAY:
            raise ValueError(f"{self} must begin before it ends, within a day of midnight")

    def falls_on(self, day: date) -> bool:
        return day.weekday() in self.weekdays and (day.day + 6) // 7 in self.weeks


Preset: TypeAlias = tuple[ClosedWindow, ...]

ALWAYS: Preset = ()
# 23:55-00:05 daily; 23:55 Sunday to 06:00 Monday around the first and third Monday of a month.
REGIONAL: Preset = (
    ClosedWindow(begin_ms=-5 * MINUTE, end_ms=5 * MINUTE),
    ClosedWindow(
        begin_ms=-5 * MINUTE,
        end_ms=6 * HOUR,
        weekdays=frozenset({MONDAY}),
        weeks=frozenset({1, 3}),
    ),
)
PRESETS: dict[str, Preset] = {"always": ALWAYS, "regional": REGIONAL}


def is_open(preset: Preset, instant: Instant) -> bool:
    return _closed_until(preset, instant) is None


def opens_at(preset: Preset, instant: Instant) -> Instant:
    """Return the first open instant from ``instant`` on: ``instant`` itself when it is open.

    Raises ``ValueError`` when the windows leave no opening.
    """
    for _ in range(_MOST_STEPS):
        end = _closed_until(preset, instant)
        if end is None:
            return instant
        instant = end
    raise ValueError("these service hours never open")


def seconds_to_opening(preset: Preset, instant: Instant) -> int:
    """Return whole seconds until the service is open, for ``Retry-After``: rounded up."""
    return -((instant - opens_at(preset, instant)) // SECOND)


def _closed_until(preset: Preset, instant: Instant) -> Instant | None:
    """Return the latest end of the windows that hold ``instant``, or None when it is open."""
    if not preset:
        return None
    today = jst_date(instant)
    ends = [
        midnight(day) + window.end_ms
        for window in preset
        for day in (today, today + _ONE_DAY)
        if window.begin_ms <= instant - midnight(day) < window.end_ms and window.falls_on(day)
    ]
    return max(ends, default=None)
