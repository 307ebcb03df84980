"""The period of a statement inquiry (照会期間) and its limits (specs: tomato §4.2)."""

from datetime import date, timedelta

from sandbox.domain.account import Period
from sandbox.domain.errors import InvalidPeriod, PeriodOutOfRange
from sandbox.domain.policy import BankPolicy
from sandbox.domain.time import add_months


def inquiry_period(
    first: date | None, last: date | None, *, today: date, policy: BankPolicy
) -> Period:
    """Return the days to read, both included.

    Neither date: the last ``default_period_days`` days. Only a start: up to today. Only an end:
    from the look-back limit. An end after today is read as today's.

    Raises:
        InvalidPeriod: the start is after the end, or in the future.
        PeriodOutOfRange: more than ``longest_period_years``.
    """
    if first is None and last is None:
        return Period(first=today - timedelta(days=policy.default_period_days - 1), last=today)
    oldest = add_months(today, -policy.look_back_months)
    last = last or today
    if first is None:  # the caller asked for no start, so its length is not the caller's fault
        return Period(first=min(oldest, last), last=last)
    if first > last:
        raise InvalidPeriod("date_from is after date_to")
    if first > today:
        raise InvalidPeriod("date_from is in the future")
    longest = policy.longest_period_years
    # In the first years of the era no longer period can be written, nor its start calculated.
    if last.year > longest and first < add_months(last, -12 * longest):
        raise PeriodOutOfRange(f"the period is longer than {longest} year(s)")
    return Period(first=first, last=last)


def within_look_back(period: Period, *, today: date, policy: BankPolicy) -> Period:
    """Return the part of ``period`` that the bank still shows; older rows are simply absent."""
    oldest = add_months(today, -policy.look_back_months)
    return Period(first=max(period.first, oldest), last=min(period.last, today))
