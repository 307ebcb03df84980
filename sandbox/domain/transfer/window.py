"""When a transfer may be asked for, and until when it must be approved (web21 §7.1)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum
from types import MappingProxyType

from sandbox.domain.calendar import BankCalendar
from sandbox.domain.errors import BankError
from sandbox.domain.time import Instant, at, midnight


class Kind(StrEnum):
    TRANSFER = "transfer"  # 振込振替
    BULK = "bulk"  # 総合振込
    PAYROLL = "payroll"  # 給与振込
    BONUS = "bonus"  # 賞与振込


class NotBusinessDay(BankError):
    """指定日が営業日でない"""


class DateOutOfWindow(BankError):
    """指定日が受付期間の外"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """``opens_before`` and ``closes_before`` count business days before the designated date."""

    opens_before: int
    closes_before: int
    closes_at: time  # Tokyo

    def opens(self, calendar: BankCalendar, designated_on: date) -> Instant:
        return midnight(calendar.add_business_days(designated_on, -self.opens_before))

    def cut_off(self, calendar: BankCalendar, designated_on: date) -> Instant:
        """Return the first instant at which it is too late."""
        return at(self.cut_off_day(calendar, designated_on), self.closes_at)

    def cut_off_day(self, calendar: BankCalendar, designated_on: date) -> date:
        return calendar.add_business_days(designated_on, -self.closes_before)

    def check(self, calendar: BankCalendar, designated_on: date, now: Instant) -> None:
        """Refuse a date that the bank does not work on, or that is too near or too far.

        Raises:
            NotBusinessDay, DateOutOfWindow: as their names say.
            CalendarHorizon: nobody knows yet whether it is a business day.
        """
        if not calendar.is_business_day(designated_on):
            raise NotBusinessDay(f"{designated_on} is no business day")
        if now < self.opens(calendar, designated_on):
            raise DateOutOfWindow(f"{designated_on} is more than {self.opens_before} days ahead")
        if now >= self.cut_off(calendar, designated_on):
            raise DateOutOfWindow(f"the cut-off for {designated_on} has passed")


WINDOWS: Mapping[Kind, Window] = MappingProxyType(
    {
        Kind.TRANSFER: Window(opens_before=25, closes_before=0, closes_at=time(15)),
        Kind.BULK: Window(opens_before=25, closes_before=1, closes_at=time(21)),
        Kind.PAYROLL: Window(opens_before=25, closes_before=3, closes_at=time(21)),
        Kind.BONUS: Window(opens_before=25, closes_before=3, closes_at=time(21)),
    }
)


def nearest(month_day: str, today: date) -> date:
    """Return the nearest day of that month and day (MM-DD) that is not before ``today``.

    Raises:
        ValueError: no year from this one to the next leap year has such a day.
    """
    month, day = (int(part) for part in month_day.split("-"))
    for year in range(today.year, today.year + 9):
        try:
            found = date(year, month, day)
        except ValueError:
            if (month, day) != (2, 29):
                raise
            continue
        if found >= today:
            return found
    raise ValueError(f"no {month_day} within eight years")
