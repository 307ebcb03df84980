"""When a fault rule is in force: from one moment to another, at hours of the day, by cron, on days.

A window is a row of stretches: of cron or of daily hours, else whole days, else all of time;
``from`` and ``to`` cut what lies outside. Begins are within, ends are not. A stretch belongs to the
day on which it began, also where it crosses midnight.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeAlias

from sandbox.domain.calendar import BankCalendar
from sandbox.domain.errors import CalendarHorizon
from sandbox.domain.fault_cron import first_after, last_until, parse_cron, parse_length
from sandbox.domain.moment import parse_instant, parse_time_of_day
from sandbox.domain.time import DAY, HOUR, MINUTE, SECOND, Instant, jst_date, midnight

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
CLOCKS = ("world", "machine")
BUSINESS_DAY = "business_day"
DAY_TYPES = (BUSINESS_DAY, "national_holiday", "year_end", "weekend")
MOST_STEPS = 1_000  # looked at, for an end or for the next begin
Stretch: TypeAlias = tuple[Instant, Instant]


def day_type_of(day: date, calendar: BankCalendar | None) -> str | None:
    """Return ``business_day``, or why the bank is closed that day; None: nobody knows yet."""
    if calendar is None:
        return None
    try:
        closure = calendar.closure(day)
    except CalendarHorizon:
        return None
    return BUSINESS_DAY if closure is None else closure.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """``daily_ms``: from and to, counted from midnight (Tokyo). ``cron``: begins, and how long.

    ``day_types`` empty: any day. ``calendar`` is asked for them; where it ends, no day is any.
    """

    begins_at: Instant | None = None
    ends_at: Instant | None = None
    daily_ms: tuple[int, int] | None = None
    cron: tuple[str, int] | None = None
    weekdays: frozenset[int] = frozenset(range(7))
    day_types: frozenset[str] = frozenset()
    is_machine: bool = False
    given: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> "Window":
        """Read ``{"from", "to", "daily", "cron", "duration", "weekdays", "day_types", "clock"}``.

        Each is optional. Raises ``ValueError`` with a message for people.
        """
        begins_at, ends_at = (_moment(given.get(name)) for name in ("from", "to"))
        if begins_at is not None and ends_at is not None and begins_at >= ends_at:
            raise ValueError("the window must begin before it ends")
        days = [WEEKDAYS.index(name) for name in given.get("weekdays", WEEKDAYS)]
        return cls(
            begins_at=begins_at,
            ends_at=ends_at,
            daily_ms=_daily(given.get("daily")),
            cron=_cron(given),
            weekdays=frozenset(days),
            day_types=frozenset(given.get("day_types", ())),
            is_machine=given.get("clock") == "machine",
            given=given,
        )

    @property
    def has_stretches(self) -> bool:
        """Tell whether every moment in force lies in a stretch that begins and ends."""
        has_span = self.begins_at is not None and self.ends_at is not None
        return has_span or self.daily_ms is not None or self.cron is not None

    def holds(self, now: Instant, calendar: BankCalendar | None = None) -> bool:
        if self.begins_at is not None and now < self.begins_at:
            return False
        if self.ends_at is not None and now >= self.ends_at:
            return False
        return self._is_unbroken or self._stretch(now, calendar) is not None

    def ends_after(self, now: Instant, calendar: BankCalendar | None = None) -> Instant | None:
        """Return when the window, which holds ``now``, closes; None: nobody knows.

        Where one stretch follows upon another at once, it is the end of the last one.
        """
        if self._is_unbroken:
            return self.ends_at
        end, latest = now, self.ends_at
        for _ in range(MOST_STEPS):
            stretch = self._stretch(end, calendar)
            if stretch is None:
                return end
            end = stretch[1]
            if latest is not None and end >= latest:
                return latest
        return None

    def next_after(self, now: Instant, calendar: BankCalendar | None = None) -> Instant | None:
        """Return when the window, which does not hold ``now``, next opens; None: never again.

        None also where that lies behind the end of the calendar, or some hundred begins ahead.
        """
        found = now if self.begins_at is None else max(now, self.begins_at)
        if not self.holds(found, calendar):
            begin = self._next_begin(found, calendar)
            if begin is None or (self.ends_at is not None and begin >= self.ends_at):
                return None
            found = begin
        return found

    def part_gone(self, now: Instant, calendar: BankCalendar | None = None) -> float:
        """Return how much of the window is over, 0 to 1: of all of it, else of the stretch."""
        if self.begins_at is not None and self.ends_at is not None:
            begin, end = self.begins_at, self.ends_at
        else:
            begin, end = self._stretch(now, calendar) or (now - 1, now)
        return min(1.0, max(0.0, (now - begin) / (end - begin)))

    # The stretches

    @property
    def _is_unbroken(self) -> bool:
        is_any_day = len(self.weekdays) == len(WEEKDAYS) and not self.day_types
        return is_any_day and self.daily_ms is None and self.cron is None

    def _is_on(self, day: date, calendar: BankCalendar | None) -> bool:
        if day.weekday() not in self.weekdays:
            return False
        return not self.day_types or day_type_of(day, calendar) in self.day_types

    def _stretch(self, now: Instant, calendar: BankCalendar | None) -> Stretch | None:
        """Return the stretch that holds ``now``, of several the one that began last."""
        if self.cron is not None:
            return self._cron_stretch(self.cron, now, calendar)
        begin, length = self._hours
        today = midnight(jst_date(now))
        for day in (today, today - DAY):
            opens, closes = day + begin, day + begin + length
            if opens <= now < closes and self._is_on(jst_date(day), calendar):
                return opens, closes
        return None

    @property
    def _hours(self) -> tuple[int, int]:
        """Return when on a day it opens, and for how long."""
        begin, end = self.daily_ms or (0, DAY)
        return begin, (end - begin) % DAY or DAY

    def _cron_stretch(
        self, cron: tuple[str, int], now: Instant, calendar: BankCalendar | None
    ) -> Stretch | None:
        text, length = cron
        begin = last_until(text, now)
        while begin is not None and now < begin + length:
            day = jst_date(begin)
            if self._is_on(day, calendar):
                return begin, begin + length
            begin = last_until(text, midnight(day) - 1)  # none of this day
        return None

    def _next_begin(self, now: Instant, calendar: BankCalendar | None) -> Instant | None:
        """Return the first begin after ``now``."""
        for _ in range(MOST_STEPS):
            begin = self._begin_after(now)
            if begin is None:
                return None
            day = jst_date(begin)
            if self._is_on(day, calendar):
                return begin
            now = midnight(day) + DAY - 1
        return None

    def _begin_after(self, now: Instant) -> Instant | None:
        """Return the first begin after ``now``, whatever day it is."""
        if self.cron is not None:
            return first_after(self.cron[0], now)
        opens = midnight(jst_date(now)) + self._hours[0]
        return opens if opens > now else opens + DAY


def _moment(text: str | None) -> Instant | None:
    return None if text is None else parse_instant(text)


def _daily(given: Mapping[str, str] | None) -> tuple[int, int] | None:
    if given is None:
        return None
    begin, end = _of_day(given["from"]), _of_day(given["to"])
    if begin == end:
        raise ValueError("the daily hours must begin and end at different times")
    return begin, end


def _cron(given: Mapping[str, Any]) -> tuple[str, int] | None:
    if ("cron" in given) != ("duration" in given):
        raise ValueError("cron and duration go together: when it begins, and for how long")
    if "cron" not in given:
        return None
    if at_odds := [name for name in ("daily", "weekdays") if name in given]:
        raise ValueError(f"cron says hours and weekdays itself: leave {at_odds[0]} out")
    return parse_cron(given["cron"]), parse_length(given["duration"])


def _of_day(text: str) -> int:
    found = parse_time_of_day(text)
    return found.hour * HOUR + found.minute * MINUTE + found.second * SECOND
