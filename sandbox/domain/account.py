"""Accounts (口座) and statement lines (入出金明細)."""

from dataclasses import dataclass
from datetime import date
from enum import IntEnum, StrEnum
from typing import NamedTuple

from sandbox.domain.time import Instant


class AccountType(StrEnum):
    """科目"""

    ORDINARY = "ordinary"  # 普通
    CURRENT = "current"  # 当座
    SAVINGS = "savings"  # 貯蓄
    TIME = "time"  # 定期


class AccountState(StrEnum):
    OPEN = "open"
    FROZEN = "frozen"  # 取引停止 by the bank
    RESTRICTED = "restricted"  # by an order of a court or an authority (T-31)
    CLOSED = "closed"  # 解約済み


class LineStatus(IntEnum):
    NORMAL = 0
    CANCELLED = 1  # 取消: stays, and a balancing line follows
    MISSING_NUMBER = 2  # 欠番: keeps its id, has no amounts


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    account: int
    account_id: str
    contractor_id: str
    branch_code: str
    branch_name: str
    account_type: AccountType
    account_number: str
    holder_name: str
    holder_name_kana: str
    state: AccountState
    overdraft_limit_yen: int
    held_yen: int
    balance_yen: int
    previous_day_yen: int
    previous_month_yen: int
    history: str

    @property
    def withdrawable_yen(self) -> int:
        """支払可能残高: what is there, less what is held, plus the agreed overdraft."""
        return self.balance_yen - self.held_yen + self.overdraft_limit_yen


class Line(NamedTuple):
    """One row of a statement. A named tuple: an answer holds up to ten thousand of them."""

    booked_at: Instant
    seq: int
    value_on: str  # 起算日, YYYY-MM-DD
    amount_yen: int  # signed: deposits > 0
    balance_after_yen: int
    content: str
    abstract: str
    customer_number: str | None
    status: int  # a LineStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """照会期間, both days included."""

    first: date
    last: date
