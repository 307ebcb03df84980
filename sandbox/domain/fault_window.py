"""When a fault rule is in force: from one moment to another, at hours of the day, on days."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.domain.moment import parse_instant, parse_time_of_day
from sandbox.domain.time import DAY, HOUR, MINUTE, SECOND, Instant, jst_date, midnight

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
CLOCKS = ("world", "machine")


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Begins are within, ends are not. ``daily_ms``: from and to, counted from midnight (Tokyo);
    a night that crosses midnight belongs to the day it began on.
    """

    begins_at: Instant | None = None
    ends_at: Instant | None = None
    daily_ms: tuple[int, int] | None = None
    weekdays: frozenset[int] = frozenset(range(7))
    is_machine: bool = False
    given: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> "Window":
        """Read ``{"from", "to", "daily": {"from", "to"}, "weekdays", "clock"}``, each optional.

        Raises ``ValueError`` with a message for people.
        """
        begins_at, ends_at = (_moment(given.get(name)) for name in ("from", "to"))
        if begins_at is not None and ends_at is not None and begins_at >= ends_at:
            raise ValueError("the window must begin before it ends")
        daily = given.get("daily")
        hours = None if daily is None else (_of_day(daily["from"]), _of_day(daily["to"]))
        if hours is not None and hours[0] == hours[1]:
            raise ValueError("the daily hours must begin and end at different times")
        days = [WEEKDAYS.index(name) for name in given.get("weekdays", WEEKDAYS)]
        return cls(
            begins_at=begins_at,
            ends_at=ends_at,
            daily_ms=hours,
            weekdays=frozenset(days),
            is_machine=given.get("clock") == "machine",
            given=given,
        )

    def holds(self, now: Instant) -> bool:
        if self.begins_at is not None and now < self.begins_at:
            return False
        if self.ends_at is not None and now >= self.ends_at:
            return False
        if self.daily_ms is None:
            return jst_date(now).weekday() in self.weekdays
        return self._hours_end(now) is not None

    def ends_after(self, now: Instant) -> Instant | None:
        """Return when the stretch that holds ``now`` ends; None: nobody knows."""
        ends = (self.ends_at, None if self.daily_ms is None else self._hours_end(now))
        return min((end for end in ends if end is not None), default=None)

    def part_gone(self, now: Instant) -> float:
        """Return how much of the window is over, 0 to 1. It has both a begin and an end."""
        assert self.begins_at is not None
        assert self.ends_at is not None
        gone = (now - self.begins_at) / (self.ends_at - self.begins_at)
        return min(1.0, max(0.0, gone))

    def _hours_end(self, now: Instant) -> Instant | None:
        """Return the end of the daily hours that hold ``now``, or None outside them."""
        assert self.daily_ms is not None
        begin, end = self.daily_ms
        today = midnight(jst_date(now))
        for day in (today, today - DAY):
            opens, closes = day + begin, day + begin + (end - begin) % DAY
            if opens <= now < closes and jst_date(day).weekday() in self.weekdays:
                return closes
        return None


def _moment(text: str | None) -> Instant | None:
    return None if text is None else parse_instant(text)


def _of_day(text: str) -> int:
    found = parse_time_of_day(text)
    return found.hour * HOUR + found.minute * MINUTE + found.second * SECOND
