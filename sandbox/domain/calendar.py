"""Business days of the bank (営業日).

Closed are Saturday, Sunday, national holidays and 31 December to 3 January. The calendar is data
with a horizon: a date beyond it is refused, because nobody knows yet which days will be holidays.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache

from sandbox.domain.errors import CalendarHorizon

_ONE_DAY = timedelta(days=1)
_SATURDAY = 5
_YEAR_END = frozenset({(12, 31), (1, 1), (1, 2), (1, 3)})


class Closure(StrEnum):
    """Why the bank is closed on a day (休業日の理由)."""

    NATIONAL_HOLIDAY = "national_holiday"
    YEAR_END = "year_end"
    WEEKEND = "weekend"


@dataclass(frozen=True, slots=True, kw_only=True)
class BankCalendar:
    """The days from ``first`` to ``last``, both included; ``holidays`` are the national ones.

    Every method raises ``CalendarHorizon`` when it would have to look beyond.
    """

    holidays: frozenset[date]
    first: date
    last: date

    def __post_init__(self) -> None:
        if self.first > self.last:
            raise ValueError(f"a calendar cannot run from {self.first} to {self.last}")

    def closure(self, day: date) -> Closure | None:
        """Return why the bank is closed on ``day``, or None on a business day."""
        if not self.first <= day <= self.last:
            raise CalendarHorizon(f"{day} is outside the calendar, {self.first} to {self.last}")
        if day in self.holidays:
            return Closure.NATIONAL_HOLIDAY
        if (day.month, day.day) in _YEAR_END:
            return Closure.YEAR_END
        return Closure.WEEKEND if day.weekday() >= _SATURDAY else None

    def is_business_day(self, day: date) -> bool:
        return self.closure(day) is None

    def next_business_day(self, day: date) -> date:
        """Return the first business day after ``day`` (翌営業日), never ``day`` itself."""
        return self.on_or_after(day + _ONE_DAY)

    def previous_business_day(self, day: date) -> date:
        """Return the last business day before ``day`` (前営業日), never ``day`` itself."""
        return self.on_or_before(day - _ONE_DAY)

    def on_or_after(self, day: date) -> date:
        """Return ``day``, or the first business day after it when ``day`` is closed."""
        while not self.is_business_day(day):
            day += _ONE_DAY
        return day

    def on_or_before(self, day: date) -> date:
        """Return ``day``, or the last business day before it when ``day`` is closed."""
        while not self.is_business_day(day):
            day -= _ONE_DAY
        return day

    def add_business_days(self, day: date, count: int) -> date:
        """Return the ``count``-th business day after ``day``, or before it when negative.

        A count of 0 gives ``day`` as it is, closed or not.
        """
        return _moved(self, day, count)


@lru_cache(maxsize=1024)
def _moved(calendar: BankCalendar, day: date, count: int) -> date:
    """Return ``day`` moved by business days: each transfer request asks for the same few."""
    step = calendar.next_business_day if count > 0 else calendar.previous_business_day
    for _ in range(abs(count)):
        day = step(day)
    return day
