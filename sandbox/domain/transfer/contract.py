"""What a contract says of a contractor's transfers, and who calls."""

from dataclasses import dataclass

from sandbox.domain.corporate.contract import Service
from sandbox.domain.corporate.plan import Plan
from sandbox.domain.errors import InsufficientScope
from sandbox.domain.transfer.approval import ApprovalRule, Approver


@dataclass(frozen=True, slots=True, kw_only=True)
class RemittingAccount:
    """支払口座, with its number in the books. ``remitters``: (remitter code, name in kana)."""

    account: int
    branch_code: str
    account_type_code: str  # two digits: 01, 02, 09
    account_number: str
    remitters: frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferContract:
    """``approvers``: codes of those who may approve now. ``bank_code``: the bank's own."""

    bank_code: str
    plan: Plan
    rule: ApprovalRule
    beneficiary_pays: bool  # 先方負担
    accounts: tuple[RemittingAccount, ...]
    approvers: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Whose token it is. Whoever holds it counts as the contractor's own user (W-50).

    ``powers``: what the token may do at this moment. ``limit_…`` None: no limit.
    """

    contractor_id: str
    user_code: str
    powers: frozenset[Service]
    limit_per_transaction_yen: int | None = None
    limit_per_item_yen: int | None = None
    # Ids of the accounts that the user may pay from; None: all of the contractor's own.
    accounts: frozenset[str] | None = None

    def need(self, power: Service) -> None:
        """Raise ``InsufficientScope`` where the token cannot do that (W-11, W-12)."""
        if power not in self.powers:
            raise InsufficientScope(f"this needs the service {power}")

    def may_use(self, account_id: str) -> bool:
        return self.accounts is None or account_id in self.accounts

    @property
    def approver(self) -> Approver:
        return Approver(
            user_code=self.user_code,
            limit_per_transaction_yen=self.limit_per_transaction_yen,
            limit_per_item_yen=self.limit_per_item_yen,
        )
