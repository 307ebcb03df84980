"""Instants and Japanese dates. Every rule of the bank is in Asia/Tokyo (日本標準時).

An ``Instant`` is the number of milliseconds since the epoch, UTC. It is compared on every call
and stored as it is, so it is an integer and not a ``datetime`` (DECISIONS, 2026-11-22).
"""

from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import lru_cache
from typing import TypeAlias

Instant: TypeAlias = int

JST = timezone(timedelta(hours=9), "JST")  # no summer time since 1951
SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
_JST_OFFSET = 9 * HOUR
_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()


def instant_of(moment: datetime) -> Instant:
    """Return ``moment`` (aware) as an instant; parts of a millisecond are cut."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no time zone")
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def jst(instant: Instant) -> datetime:
    """Return ``instant`` as an aware ``datetime`` in Tokyo."""
    return datetime.fromtimestamp(instant / 1000, JST)


def jst_date(instant: Instant) -> date:
    return date.fromordinal((instant + _JST_OFFSET) // DAY + _EPOCH_ORDINAL)


def jst_day(instant: Instant) -> str:
    """Return the day of ``instant`` in Tokyo as YYYY-MM-DD."""
    return _iso_day((instant + _JST_OFFSET) // DAY)


@lru_cache(maxsize=4096)
def _iso_day(days: int) -> str:
    return date.fromordinal(days + _EPOCH_ORDINAL).isoformat()


def midnight(day: date) -> Instant:
    """Return the first instant of ``day`` in Tokyo."""
    return (day.toordinal() - _EPOCH_ORDINAL) * DAY - _JST_OFFSET


def at(day: date, clock_time: time) -> Instant:
    """Return the instant of ``clock_time`` (Tokyo, naive) on ``day``."""
    seconds = clock_time.hour * 3600 + clock_time.minute * 60 + clock_time.second
    return midnight(day) + seconds * SECOND + clock_time.microsecond // 1000


def add_months(day: date, months: int) -> date:
    """Return ``day`` moved by ``months``, on the last day where the month is too short."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, days_in_month(year, month + 1)))


def days_in_month(year: int, month: int) -> int:
    following = date(year + month // 12, month % 12 + 1, 1)
    return (following - timedelta(days=1)).day


def iso(instant: Instant) -> str:
    """Return ``instant`` as ISO 8601 with Tokyo's offset, to the millisecond where it has any."""
    moment = jst(instant)
    return moment.isoformat(timespec="milliseconds" if instant % 1000 else "seconds")
