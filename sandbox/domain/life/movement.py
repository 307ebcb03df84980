"""A movement on an account before it is booked."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import NamedTuple, TypeAlias

from sandbox.domain.account import LineStatus
from sandbox.domain.life.dates import Day
from sandbox.domain.life.month import Month
from sandbox.domain.time import Instant

_NORMAL = LineStatus.NORMAL.value


class Movement(NamedTuple):
    """One line to be. A named tuple, because a world starts with tens of thousands of them."""

    booked_at: Instant
    amount_yen: int  # signed: deposits > 0
    content: str  # 取引内容
    abstract: str  # 摘要, half-width kana
    gl_code: str  # the bank's own side of it
    value_on: date  # 起算日
    customer_number: str | None = None  # 需要家番号
    status: int = _NORMAL  # of LineStatus, as the plain number that the drivers take


# Movements of one instant that are booked together or not at all: a transfer and its fee.
Act: TypeAlias = tuple[Movement, ...]
Habit: TypeAlias = Callable[[Month], Iterator[Act]]


def single(
    day: Day,
    time_ms: int,
    amount_yen: int,
    content: str,
    abstract: str,
    gl_code: str,
    customer_number: str | None = None,
) -> Act:
    """Return the act of one movement at ``time_ms`` after midnight, valued on its own day."""
    on, starts_at = day
    return (
        Movement(starts_at + time_ms, amount_yen, content, abstract, gl_code, on, customer_number),
    )


def with_fee(act: Act, fee_yen: int, abstract: str) -> Act:
    """Return ``act`` followed by the bank's fee for it (手数料)."""
    first = act[0]
    fee = Movement(first.booked_at, -fee_yen, "手数料", abstract, "fee_income", first.value_on)
    return (*act, fee)
