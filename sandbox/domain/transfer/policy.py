"""What a bank decides about transfers for itself. Each is a setting (SANDBOX)."""

from dataclasses import dataclass
from datetime import time
from enum import StrEnum

from sandbox.domain.corporate.plan import Plan
from sandbox.domain.time import MINUTE
from sandbox.domain.transfer.window import Kind


class Totals(StrEnum):
    """What totals are that do not fit their items."""

    ERROR = "error"
    WARNING = "warning"


class RecallAnswer(StrEnum):
    """What the beneficiary's side says to a recall (組戻) where nothing is scripted."""

    AGREED = "agreed"
    REFUSED = "refused"
    NONE = "none"  # nobody answers until the bank's staff do


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferPolicy:
    """Times of day are Tokyo's. ``…_yen`` are limits that may be reached."""

    # registration
    most_items_expert: int = 20_000
    most_items_debut: int = 30
    most_items_transfer: int = 10  # 振込振替, whatever the plan
    totals_mismatch: Totals = Totals.ERROR
    large_item_yen: int = 10_000_000  # above it, an item is worth a warning
    same_request_days: int = 30
    beneficiary_pays: bool = False  # 先方負担 by default
    # approval
    strict_approval_cancel_type: bool = False
    # the bank's day
    acceptance_interval_ms: int = 10 * MINUTE
    settlement_at: time = time(8)
    settlement_retry_at: time = time(15)  # where funds were short
    refund_at: time = time(8)
    recall_answer: RecallAnswer = RecallAnswer.AGREED
    age_out_days: int = 70
    # 契約料
    fee_day: int = 10  # of the month; where the bank is closed then, the next business day
    fee_run_at: time = time(9)
    # inquiry
    most_requests: int = 500
    # files of the Zengin format
    zengin_line_end: str = "crlf"  # or none: after each record
    zengin_notice_form: str = "B"  # or A: amounts of ten digits alone

    def most_items_of(self, plan: Plan, kind: Kind) -> int:
        """Return how many items one request may have."""
        if kind is Kind.TRANSFER:
            return self.most_items_transfer
        return self.most_items_expert if plan is Plan.EXPERT else self.most_items_debut
