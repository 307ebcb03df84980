"""Who approves a request, how often, and up to which amounts (承認・決裁)."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from sandbox.domain.errors import BankError
from sandbox.domain.transfer.status import Event, Status


class NotDesignatedApprover(BankError):
    """指定された承認者でない, or the requester himself"""


class Pattern(StrEnum):
    SINGLE = "single_approval"
    DOUBLE = "double_approval"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRule:
    """A contractor's own. From ``double_from_yen`` in all, two must approve; None: never by it."""

    pattern: Pattern
    double_from_yen: int | None
    requester_may_approve: bool = False

    def pattern_of(self, asked: Pattern | None, total_yen: int) -> Pattern:
        """Return the pattern of one request: it may ask for more eyes than the rule, not fewer."""
        is_large = self.double_from_yen is not None and total_yen >= self.double_from_yen
        if is_large or Pattern.DOUBLE in (asked, self.pattern):
            return Pattern.DOUBLE
        return Pattern.SINGLE


@dataclass(frozen=True, slots=True, kw_only=True)
class Approver:
    """``limit_…``: what this user may approve at most; None: no limit."""

    user_code: str
    limit_per_transaction_yen: int | None
    limit_per_item_yen: int | None

    def exceeded(self, total_yen: int, largest_item_yen: int) -> str | None:
        """Return which limit a request exceeds, or None."""
        if _exceeds(total_yen, self.limit_per_transaction_yen):
            return "credit_upper_limit_per_transaction"
        if _exceeds(largest_item_yen, self.limit_per_item_yen):
            return "credit_upper_limit_per_item"
        return None


def _exceeds(amount_yen: int, limit_yen: int | None) -> bool:
    return limit_yen is not None and amount_yen > limit_yen


@dataclass(frozen=True, slots=True, kw_only=True)
class Signatures:
    """Who asked for a request, who is to approve it, and who did so far. User codes."""

    requester: str
    first_approver: str | None  # None: any approver
    second_approver: str | None
    approved_by: tuple[str, ...] = ()

    def check(self, status: Status, user_code: str, *, requester_may_approve: bool) -> Event:
        """Return what an approval by ``user_code`` does: the first of two, or the last.

        Raises:
            NotDesignatedApprover: the requester, someone who approved already, or someone else
                than the one that was designated.
        """
        if user_code == self.requester and not requester_may_approve:
            raise NotDesignatedApprover("the requester may not approve the own request")
        if user_code in self.approved_by:
            raise NotDesignatedApprover("the same person may not approve twice")
        is_first = status is Status.AWAITING_FIRST_APPROVAL
        is_second = status is Status.AWAITING_FINAL_APPROVAL
        designated = self.second_approver if is_second else self.first_approver
        if designated is not None and designated != user_code:
            raise NotDesignatedApprover("another approver was designated")
        return Event.APPROVE_FIRST if is_first else Event.APPROVE

    def may_return(self, user_code: str) -> bool:
        """Tell whether this approver may send the request back: a designated one, or any."""
        designated = {self.first_approver, self.second_approver} - {None}
        return not designated or user_code in designated


def effective(services: Collection[str], rights: Collection[str]) -> frozenset[str]:
    """Return what a token may do: what was granted, as far as the user has the right now (W-46)."""
    return frozenset(services) & frozenset(rights)
