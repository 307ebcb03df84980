"""A registered transfer request (振込依頼) and what has happened to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sandbox.domain.errors import BankError
from sandbox.domain.time import Instant, jst_date
from sandbox.domain.transfer.approval import Pattern, Signatures
from sandbox.domain.transfer.draft import Item
from sandbox.domain.transfer.finding import Finding
from sandbox.domain.transfer.status import ItemStatus, Status
from sandbox.domain.transfer.window import Kind

_TRANSACTION_DIGITS, _TEMPORARY_DIGITS = 9, 8
# Requests of one path: payroll and bonus go by the same one.
FAMILIES: tuple[frozenset[Kind], ...] = (
    frozenset({Kind.TRANSFER}),
    frozenset({Kind.BULK}),
    frozenset({Kind.PAYROLL, Kind.BONUS}),
)


class TransactionNotFound(BankError):
    """依頼なし: absent, somebody else's, or of another kind. They look alike on purpose."""


class Result(StrEnum):
    FIXED = "fixed"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferRequest:
    """``…_no``: the numbers behind the ids of the wire; ``approved_by``: codes, in order.

    ``kept``: what the bank only shows again, by published name. ``reason``: why it failed.
    ``fees_yen``: what was charged, once it is settled.
    """

    request: int
    bank: str
    contractor_id: str
    kind: Kind
    status: Status
    transaction_no: int | None  # None: only saved so far
    temporary_no: int | None  # None: was never only saved
    bank_code: str
    account: int
    designated_on: date
    cut_off_at: Instant
    pattern: Pattern
    first_approver: str | None
    second_approver: str | None
    approved_by: tuple[str, ...]
    item_count: int
    total_yen: int
    largest_item_yen: int
    beneficiary_pays: bool
    requester: str
    registered_at: Instant
    last_act_at: Instant
    transaction_notes: str
    comment: str
    reason: str | None
    fees_yen: int | None
    kept: Mapping[str, Any]

    @property
    def transaction_id(self) -> str | None:
        return None if self.transaction_no is None else f"{self.transaction_no:015}"

    @property
    def temporary_transaction_id(self) -> str | None:
        return None if self.temporary_no is None else f"S{self.temporary_no:014}"

    @property
    def reference(self) -> str:
        """Return the id that the contractor knows it by."""
        return self.transaction_id or str(self.temporary_transaction_id)

    @property
    def operated_on(self) -> date:
        """操作日: when it was last sent in."""
        return jst_date(self.registered_at)

    @property
    def approval_expires_on(self) -> date:
        """Return the last day for approval; the cut-off's time of day applies."""
        return jst_date(self.cut_off_at)

    @property
    def signatures(self) -> Signatures:
        return Signatures(
            requester=self.requester,
            first_approver=self.first_approver,
            second_approver=self.second_approver,
            approved_by=self.approved_by,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a registration or an approval. ``findings``: what was remarked on."""

    result: Result
    request: TransferRequest
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Who did what when. ``user_code`` None: the bank, or the clock."""

    at: Instant
    user_code: str | None
    event: str
    status: Status
    comment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemState:
    """An item and what became of it. ``fee_yen``: what it costs, or would; ``reason``: unable."""

    item: Item
    status: ItemStatus
    fee_yen: int
    reason: str | None


def first_number(day: date, *, is_temporary: bool) -> int:
    """Return the lowest number of a day: YYMMDD and nine digits, or eight where only saved."""
    digits = _TEMPORARY_DIGITS if is_temporary else _TRANSACTION_DIGITS
    date_digits = (day.year % 100 * 100 + day.month) * 100 + day.day
    return int(date_digits * 10**digits) + 1


def number_of(reference: str) -> tuple[bool, int] | None:
    """Read an id: (is it a temporary one, number); None where it is neither."""
    is_temporary = reference.startswith("S")
    digits = reference[is_temporary:]
    length = 6 + (_TEMPORARY_DIGITS if is_temporary else _TRANSACTION_DIGITS)
    if len(digits) != length or not (digits.isascii() and digits.isdigit()):
        return None
    return is_temporary, int(digits)


def family_of(kind: Kind) -> frozenset[Kind]:
    return next(family for family in FAMILIES if kind in family)
