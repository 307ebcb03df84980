"""What is wrong with a transfer request, or worth a second look, in words the sender reads."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType

from sandbox.domain.errors import BankError, InvalidParameter

MOST_FINDINGS = 100
_DIGITS, _USED_DIGITS = 10, 5


class Code(StrEnum):
    # Errors: the request is refused.
    INVALID_PARAMETER = "invalid_parameter"
    TOO_MANY_ITEMS = "too_many_items"
    TOTALS_MISMATCH = "totals_mismatch"
    NOT_BUSINESS_DAY = "not_business_day"
    DATE_OUT_OF_WINDOW = "date_out_of_window"
    UNKNOWN_REMITTER = "unknown_remitter"
    ACCOUNT_NOT_FOUND = "account_not_found"
    # Warnings: somebody has to say that it is meant so.
    SAME_REQUEST = "same_request"
    DUPLICATE_ITEM = "duplicate_item"
    NOT_IN_MASTER = "not_in_master"
    CONVERTED = "converted"
    LARGE_ITEM = "large_item"
    # Found when a request was approved, or settled.
    LIMIT_PER_TRANSACTION = "credit_upper_limit_per_transaction"
    LIMIT_PER_ITEM = "credit_upper_limit_per_item"
    ACCOUNT_CLOSED = "account_closed"
    ACCOUNT_RESTRICTED = "account_restricted"
    INSUFFICIENT_FUNDS = "insufficient_funds"


# Which digit of warning_check_type asks for a warning (web21 §6.1), from 1.
WARNING_DIGITS: Mapping[Code, int] = MappingProxyType(
    {
        Code.SAME_REQUEST: 1,
        Code.DUPLICATE_ITEM: 2,
        Code.NOT_IN_MASTER: 3,
        Code.CONVERTED: 4,
        Code.LARGE_ITEM: 5,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One remark. ``field`` is the published name; ``item_id`` None: not about one item."""

    code: Code
    field: str
    message: str
    item_id: str | None = None

    @property
    def place(self) -> str:
        """Return the place as an error names it."""
        if self.item_id is None:
            return self.field
        return f"transactions[item_id={self.item_id}].{self.field}"


class DraftRefused(BankError):
    """登録できない依頼: every finding at once, at most a hundred. The first gives the error."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__(findings[0].message)
        self.findings = tuple(findings[:MOST_FINDINGS])
        self.details = [
            {"field": each.place, "code": each.code.value, "message": each.message}
            for each in self.findings
        ]

    @property
    def code(self) -> Code:
        return self.findings[0].code


class FileRejected(InvalidParameter):
    """受け付けられないファイル: every finding, at most a hundred. Nothing was registered."""

    def __init__(self, details: list[dict[str, str]]) -> None:
        super().__init__("the file cannot be taken", details)


@lru_cache(maxsize=32)  # so many are well-formed; the others raise, and are not kept
def asked_for(warning_check_type: str) -> frozenset[Code]:
    """Return the warnings that ten digits ask for: 1 checks, 0 does not.

    Raises:
        InvalidParameter: not ten such digits, or a reserved one that is not 0.
    """
    digits = warning_check_type
    is_well_formed = len(digits) == _DIGITS and not set(digits) - {"0", "1"}
    if not is_well_formed or "1" in digits[_USED_DIGITS:]:
        problem = "0か1の10桁（6桁目以降は0）で指定してください"
        detail = {"field": "warning_check_type", "code": "invalid", "message": problem}
        raise InvalidParameter("warning_check_type", [detail])
    return frozenset(code for code, digit in WARNING_DIGITS.items() if digits[digit - 1] == "1")


def cut(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the first hundred."""
    return tuple(finding for finding, _ in zip(findings, range(MOST_FINDINGS), strict=False))
