"""When something happens to a request by itself (予定): runs, retries, refunds, fee days."""

from datetime import date

from sandbox.domain.calendar import BankCalendar
from sandbox.domain.errors import CalendarHorizon
from sandbox.domain.time import DAY, Instant, at, jst_date, midnight
from sandbox.domain.transfer.policy import TransferPolicy


def next_acceptance(now: Instant, policy: TransferPolicy) -> Instant:
    """Return the next acceptance run after ``now``, counted from midnight."""
    start, interval = midnight(jst_date(now)), policy.acceptance_interval_ms
    return start + ((now - start) // interval + 1) * interval


def settlement(designated_on: date, policy: TransferPolicy) -> Instant:
    return at(designated_on, policy.settlement_at)


def retry(designated_on: date, policy: TransferPolicy) -> Instant:
    return at(designated_on, policy.settlement_retry_at)


def refund(after: date, calendar: BankCalendar, policy: TransferPolicy) -> Instant:
    """Return when money comes back that could not be paid on ``after``: the next business day."""
    return at(_next_business_day(after, calendar), policy.refund_at)


def age_out(last_act_at: Instant, policy: TransferPolicy) -> Instant:
    return last_act_at + policy.age_out_days * DAY


def fee_day(month: date, calendar: BankCalendar, policy: TransferPolicy) -> Instant:
    """Return when the contract fee of the month that ``month`` begins is debited."""
    day = month.replace(day=policy.fee_day)
    try:
        return at(calendar.on_or_after(day), policy.fee_run_at)
    except CalendarHorizon:
        return at(calendar.last, policy.fee_run_at)


def fee_retry(after: date, calendar: BankCalendar, policy: TransferPolicy) -> Instant:
    return at(_next_business_day(after, calendar), policy.fee_run_at)


def _next_business_day(day: date, calendar: BankCalendar) -> date:
    """Return the next business day, or the calendar's last one: no clock goes as far as that."""
    try:
        return calendar.next_business_day(day)
    except CalendarHorizon:
        return calendar.last
