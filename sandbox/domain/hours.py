"""Service hours (取扱時間) as data.

A preset is a tuple of windows in which the bank is closed: from the begin, included, to the end,
excluded. At 23:55:00.000 the service is closed, at 00:05:00.000 it is open; such windows may
overlap. A ``Timetable`` says the opposite: when it is open, by weekday, holiday and date.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise
from typing import Any, TypeAlias

from sandbox.domain.api_class import ApiClass
from sandbox.domain.time import DAY, HOUR, MINUTE, Instant, jst_date, midnight

MONDAY = 0
_EVERY_WEEKDAY = frozenset(range(7))
_EVERY_WEEK = frozenset(range(1, 6))
_ONE_DAY = timedelta(days=1)
_MOST_STEPS = 1_000  # windows in a row; more means that the preset never opens
_MOST_DAYS = 3_660
NEVER_OPENS: Instant = 253_402_128_000_000  # as far as a moment can be written


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


# Opening hours written as a table


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenWindow:
    """Open from ``begin_ms``, included, to ``end_ms``, excluded, of one day (Tokyo)."""

    begin_ms: int
    end_ms: int


OpenDay: TypeAlias = tuple[OpenWindow, ...]  # ascending, without overlap; empty: closed all day
IsHoliday: TypeAlias = Callable[[date], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timetable:
    """When a service is open. A ``dates`` entry goes before ``holiday``, that before the weekday.

    ``holiday`` None: a holiday is like any other day. ``weekdays`` has Monday first.
    """

    weekdays: tuple[OpenDay, ...]
    holiday: OpenDay | None = None
    dates: Mapping[date, OpenDay] = field(default_factory=dict)

    def windows(self, day: date, is_holiday: IsHoliday) -> OpenDay:
        if day in self.dates:
            return self.dates[day]
        if self.holiday is not None and is_holiday(day):
            return self.holiday
        return self.weekdays[day.weekday()]

    def closed_until(self, instant: Instant, is_holiday: IsHoliday) -> Instant | None:
        """Return when the service opens next, or None when it is open at ``instant``."""
        day = jst_date(instant)
        for window in self.windows(day, is_holiday):
            if instant < midnight(day) + window.begin_ms:
                return midnight(day) + window.begin_ms
            if instant < midnight(day) + window.end_ms:
                return None
        for _ in range(_MOST_DAYS):
            day += _ONE_DAY
            if windows := self.windows(day, is_holiday):
                return midnight(day) + windows[0].begin_ms
        return NEVER_OPENS


Hours: TypeAlias = Preset | Timetable


def closed_until(hours: Hours, instant: Instant, is_holiday: IsHoliday) -> Instant | None:
    """Return when ``hours`` may open next, or None when they are open at ``instant``.

    The instant returned may be within another closed window: ask again there. ``NEVER_OPENS``
    where they do not open within ten years.
    """
    if isinstance(hours, Timetable):
        return hours.closed_until(instant, is_holiday)
    return _closed_until(hours, instant)


# How hours are written: a preset's name, or a table of days


Written: TypeAlias = str | Mapping[str, Any]
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
CLOSED = Timetable(weekdays=((),) * 7)
NAMED: Mapping[str, Hours] = {**PRESETS, "closed": CLOSED}
_WINDOW = re.compile(r"([0-9]{2}):([0-9]{2})-([0-9]{2}):([0-9]{2})")
MOST_WINDOWS, MOST_DATES = 24, 400


def parse_hours(written: Written) -> Hours:
    """Read hours: ``always``, ``regional``, ``closed``, or a table of days.

    A table has lists of ``HH:MM-HH:MM`` (to 24:00) under ``mon`` … ``sun``, under ``every`` for the
    weekdays that are not named, ``holiday`` for holidays, and ``dates`` for single days. A
    weekday that nothing names is closed.

    Raises:
        ValueError: with the entry that is wrong.
    """
    if isinstance(written, str):
        if written in NAMED:
            return NAMED[written]
        raise ValueError(f"there are no hours {written!r}: {', '.join(NAMED)}, or a table of days")
    if unknown := sorted(set(written) - {*WEEKDAYS, "every", "holiday", "dates"}):
        raise ValueError(f"{unknown[0]}: no day of a table: mon … sun, every, holiday, dates")
    every, dates = written.get("every", []), written.get("dates", {})
    if not isinstance(dates, Mapping) or len(dates) > MOST_DATES:
        raise ValueError(f"dates: at most {MOST_DATES} days, each with its windows")
    return Timetable(
        weekdays=tuple(_open_day(name, written.get(name, every)) for name in WEEKDAYS),
        holiday=_open_day("holiday", written["holiday"]) if "holiday" in written else None,
        dates={_day(name): _open_day(name, windows) for name, windows in dates.items()},
    )


def parse_schedule(text: str) -> dict[ApiClass, Hours]:
    """Read the hours of every API class from a setting's text.

    One that begins with a brace is JSON: a table of days, or such hours by API class, where
    a class that is not named is always open.

    Raises:
        ValueError: see ``parse_hours``.
    """
    written = _json_object(text) if text.lstrip().startswith("{") else text
    classes = {each.value for each in ApiClass}
    if isinstance(written, Mapping) and written and set(written) <= classes:
        return {each: parse_hours(written.get(each.value, "always")) for each in ApiClass}
    return dict.fromkeys(ApiClass, parse_hours(written))


def _json_object(text: str) -> Mapping[str, Any]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise ValueError(f"hours are not JSON: {error}") from error
    assert isinstance(found, dict)  # it begins with a brace
    return found


def _open_day(name: str, written: object) -> OpenDay:
    if not isinstance(written, list) or len(written) > MOST_WINDOWS:
        raise ValueError(f"{name}: a list of at most {MOST_WINDOWS} windows, such as 08:00-19:00")
    windows = tuple(_window(name, each) for each in written)
    for before, after in pairwise(windows):
        if after.begin_ms < before.end_ms:
            raise ValueError(f"{name}: windows must follow each other without overlap")
    return windows


def _window(name: str, written: object) -> OpenWindow:
    match = _WINDOW.fullmatch(written) if isinstance(written, str) else None
    if match is None:
        raise ValueError(f"{name}: {written!r} is no window such as 08:00-19:00")
    begin_hour, begin_minute, end_hour, end_minute = map(int, match.groups())
    begin_ms = begin_hour * HOUR + begin_minute * MINUTE
    end_ms = end_hour * HOUR + end_minute * MINUTE
    if max(begin_minute, end_minute) > 59 or not begin_ms < end_ms <= DAY:
        raise ValueError(f"{name}: {written} must begin before it ends, within 00:00-24:00")
    return OpenWindow(begin_ms=begin_ms, end_ms=end_ms)


def _day(name: str) -> date:
    try:
        return date.fromisoformat(name)
    except ValueError as error:
        raise ValueError(f"dates: {name!r} is no day such as 2026-12-31") from error
