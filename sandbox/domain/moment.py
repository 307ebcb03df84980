"""Moments as people name them: an ISO 8601 time, or a word such as ``next_business_day 09:00``.

A time without an offset is Tokyo's. A day without a time of day means 09:00, when the bank opens:
midnight would land in the nightly break, before the day's bookings.
"""

import re
from datetime import date, datetime, time, timedelta

from sandbox.domain.calendar import BankCalendar
from sandbox.domain.duration import LONGEST
from sandbox.domain.time import (
    JST,
    Instant,
    add_months,
    at,
    days_in_month,
    instant_of,
    iso,
    jst_date,
    midnight,
)

MORNING = time(9, 0)
EARLIEST = midnight(date(1970, 1, 1))
TOO_LATE = midnight(date(2200, 1, 1))
FORMS = (
    "an ISO 8601 time (2026-12-01T09:00, 2026-12-01), a time of day (18:00), tomorrow, "
    "next_business_day, next_month_start or next_month_end; after a word a time of day may follow"
)
_ISO_SHAPE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ].+)?")
_WORD = re.compile(r"(?P<word>[a-z_]+)(?: +(?P<time>[0-9].*))?")
_TIME_OF_DAY = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9]))?")
_ONE_DAY = timedelta(days=1)


class PastTarget(ValueError):
    """The target lies before now. A world goes back only by a snapshot."""


def parse_instant(text: str) -> Instant:
    """Read ISO 8601: a date (09:00 of it), or a date and time with or without an offset.

    Raises ``ValueError``; years outside 1970 to 2199 are refused.
    """
    given = text.strip()
    if not _ISO_SHAPE.fullmatch(given):
        raise ValueError(f"{given!r} is no ISO 8601 time such as 2026-12-01 or 2026-12-01T09:00")
    try:
        moment = datetime.fromisoformat(given)
    except ValueError as error:
        raise ValueError(f"{given!r} is no time that exists: {error}") from error
    if len(given) == len("2026-12-01"):
        return in_range(at(moment.date(), MORNING))
    return in_range(instant_of(moment if moment.tzinfo else moment.replace(tzinfo=JST)))


def in_range(instant: Instant) -> Instant:
    """Return ``instant``, or raise ``ValueError`` where no world can be (1970 to 2199)."""
    if not EARLIEST <= instant < TOO_LATE:
        raise ValueError("a world lives in the years 1970 to 2199 (Tokyo)")
    return instant


def parse_time_of_day(text: str) -> time:
    """Read ``HH:MM`` or ``HH:MM:SS``, from 00:00 to 23:59:59; raises ``ValueError``."""
    match = _TIME_OF_DAY.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no time of day such as 09:00, from 00:00 to 23:59:59")
    hour, minute, second = (int(part) for part in match.groups("0"))
    return time(hour, minute, second)


def resolve_target(text: str, now: Instant, calendar: BankCalendar) -> Instant:
    """Return the instant that ``text`` names, seen from ``now``; never before ``now``.

    - an ISO time: that one
    - ``18:00``: the next time it is that late, today or tomorrow
    - ``tomorrow``: the day after today
    - ``next_business_day``: the first business day after today
    - ``next_month_start``: the first day of the following month, when the balance of the
      previous month-end (前月末残高) has been rolled over
    - ``next_month_end``: the last calendar day of this month, or of the following one where
      that moment has passed

    The words take a time of day after them, else 09:00. Raises ``ValueError`` for anything
    else, ``PastTarget`` for an ISO time before ``now`` and ``CalendarHorizon`` where the
    calendar ends.
    """
    target = _named(text.strip(), now, calendar)
    if target < now:
        raise PastTarget(
            f"{iso(target)} is before the world's time, {iso(now)}: go back by a snapshot"
        )
    if in_range(target) - now > LONGEST:
        raise ValueError(f"{iso(target)} is more than 100 years ahead")
    return target


def _named(given: str, now: Instant, calendar: BankCalendar) -> Instant:
    if _TIME_OF_DAY.fullmatch(given):
        return _next_time_of_day(now, parse_time_of_day(given))
    word = _WORD.fullmatch(given)
    if word is None:
        return parse_instant(given) if _ISO_SHAPE.fullmatch(given) else _unknown(given)
    time_of_day = parse_time_of_day(word["time"]) if word["time"] else MORNING
    today = jst_date(now)
    match word["word"]:
        case "tomorrow":
            return at(today + _ONE_DAY, time_of_day)
        case "next_business_day":
            return at(calendar.next_business_day(today), time_of_day)
        case "next_month_start":
            return at(add_months(today.replace(day=1), 1), time_of_day)
        case "next_month_end":
            return _next_month_end(now, time_of_day)
    return _unknown(given)


def _unknown(given: str) -> Instant:
    raise ValueError(f"{given!r} names no moment: write {FORMS}")


def _next_time_of_day(now: Instant, time_of_day: time) -> Instant:
    today = jst_date(now)
    target = at(today, time_of_day)
    return target if target > now else at(today + _ONE_DAY, time_of_day)


def _next_month_end(now: Instant, time_of_day: time) -> Instant:
    today = jst_date(now)
    target = at(_month_end(today), time_of_day)
    return target if target > now else at(_month_end(add_months(today, 1)), time_of_day)


def _month_end(day: date) -> date:
    return day.replace(day=days_in_month(day.year, day.month))
