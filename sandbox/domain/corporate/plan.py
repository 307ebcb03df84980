"""Plans of the base contract (corporate internet banking): how far back each looks, how much fits.

A plan is the contractor's, not the bank's: two contractors of one bank may have different ones.
"""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from sandbox.domain.account import Period
from sandbox.domain.errors import InvalidPeriod, PeriodOutOfRange
from sandbox.domain.time import add_months


class Plan(StrEnum):
    EXPERT = "expert"
    DEBUT = "debut"
    LIGHT = "light"


# Months before the first of this month.
_LOOK_BACK_MONTHS: Mapping[Plan, int] = MappingProxyType(
    {Plan.EXPERT: 12, Plan.DEBUT: 6, Plan.LIGHT: 1}
)


def oldest_day(plan: Plan, today: date) -> date:
    """Return the first day whose rows the plan still shows."""
    return add_months(today.replace(day=1), -_LOOK_BACK_MONTHS[plan])


def inquiry_period(first: date | None, last: date | None, *, today: date, plan: Plan) -> Period:
    """Return the days of an inquiry (照会期間), both included (specs: web21 §5.2).

    Neither date: from the first of this month to today. Only a start: to today. Only an end:
    from the first day that the plan shows.

    Raises:
        InvalidPeriod: the start is after the end.
        PeriodOutOfRange: the start, or an end alone, is before the first day that the plan shows.
    """
    oldest = oldest_day(plan, today)
    if first is None:
        first = today.replace(day=1) if last is None else min(oldest, last)
    last = today if last is None else last
    if first > last:
        raise InvalidPeriod("date_from is after date_to")
    if first < oldest:
        raise PeriodOutOfRange(f"the plan shows rows from {oldest} on")
    return Period(first=first, last=last)
