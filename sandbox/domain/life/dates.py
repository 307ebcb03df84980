"""The days of one month as the bank sees them: worked out once, for all accounts."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple

from sandbox.domain.calendar import BankCalendar
from sandbox.domain.time import Instant, add_months, days_in_month, midnight

# Four holidays in a row and the weekends around them: nothing due before this day is put off
# into the next month.
_MAY_SPILL_FROM = 20


class Day(NamedTuple):
    on: date
    starts_at: Instant


class Due(NamedTuple):
    """What was due in ``period`` (the first day of a month) is booked on ``day``."""

    day: Day
    period: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Dates:
    """``put_off`` and ``brought_forward`` are indexed by the day of the month, 1 to 31.

    ``put_off``: that day, or the business day after it (口座振替). What is due late in a month
    may fall into the month after it, so there may be none, one or two.
    ``brought_forward``: that day, or the business day before it (給与).
    """

    first: date
    days: tuple[Day, ...]
    business_days: tuple[Day, ...]
    put_off: tuple[tuple[Due, ...], ...]
    brought_forward: tuple[Day, ...]


@lru_cache(maxsize=64)
def dates_of(calendar: BankCalendar, first: date) -> Dates:
    """Return the month that begins on ``first``; the calendar must know the one before it too."""
    length = days_in_month(first.year, first.month)
    days = tuple(_day(first + timedelta(days=n)) for n in range(length))
    business_days = tuple(day for day in days if calendar.is_business_day(day.on))
    return Dates(
        first=first,
        days=days,
        business_days=business_days,
        put_off=tuple(_put_off(calendar, first, business_days, n) for n in range(32)),
        brought_forward=tuple(_day(calendar.on_or_before(_numbered(first, n))) for n in range(32)),
    )


def _day(on: date) -> Day:
    return Day(on, midnight(on))


def _numbered(first: date, number: int) -> date:
    """Return the ``number``-th day of the month, or the last one of a shorter month."""
    return first.replace(day=min(max(number, 1), days_in_month(first.year, first.month)))


def _put_off(
    calendar: BankCalendar, first: date, business_days: tuple[Day, ...], number: int
) -> tuple[Due, ...]:
    dues = []
    if number >= _MAY_SPILL_FROM:
        period = add_months(first, -1)
        late = calendar.on_or_after(_numbered(period, number))
        if late >= first:
            dues.append(Due(_day(late), period))
    due_on = _numbered(first, number)
    dues += [Due(day, first) for day in business_days if day.on >= due_on][:1]
    return tuple(dues)
