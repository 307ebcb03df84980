"""Ready-made corporate contractors, as ``fixtures/personas/<bank>.json`` give them.

The file is checked against its schema by the tests, so parsing trusts its shape.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

Document: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class FirmUser:
    """利用者ID: one of those who sign in for a firm. ``key`` is the persona's name."""

    key: str
    user_id: str
    user_code: str
    name: str
    password: str
    second_factor: str  # the sandbox's stub: a fixed code instead of a device
    role: str
    is_security_administrator: bool
    has_service_right: bool
    rights: tuple[str, ...]
    limit_per_transaction_yen: int | None
    limit_per_item_yen: int | None
    story_ja: str
    story_en: str
    accounts: frozenset[str] | None = None  # ids of those it may use; None: see ``BankUser``


@dataclass(frozen=True, slots=True, kw_only=True)
class FirmContract:
    """The contract on the server connection (サーバー接続サービス契約), as the world begins."""

    status: str
    services: tuple[str, ...]
    purpose: str
    form: str
    plan: str
    fee_account: int  # which of the firm's accounts, counted from 0
    approval_pattern: str
    double_from_yen: int | None
    requester_may_approve: bool
    client_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Firm:
    """The base contract, what stands on it, and its users. ``number`` is typed at sign-in."""

    number: str
    base_state: str  # active, suspended
    contract: FirmContract | None  # None: not applied for yet
    children: tuple[str, ...]  # personas of the child contractors
    users: tuple[FirmUser, ...]

    @property
    def client_id(self) -> str | None:
        return None if self.contract is None else self.contract.client_id


def parse_firm(entry: Document) -> Firm:
    return Firm(
        number=entry["contract_number"],
        base_state=entry.get("base_state", "active"),
        contract=_contract(entry["contract"]) if "contract" in entry else None,
        children=tuple(entry.get("children", ())),
        users=tuple(_user(user) for user in entry["users"]),
    )


def _contract(entry: Document) -> FirmContract:
    approval = entry["approval"]
    return FirmContract(
        status=entry["status"],
        services=tuple(entry["services"]),
        purpose=entry["purpose"],
        form=entry["form"],
        plan=entry["plan"],
        fee_account=entry["fee_account"],
        approval_pattern=approval["pattern"],
        double_from_yen=approval.get("double_from_yen"),
        requester_may_approve=approval.get("requester_may_approve", False),
        client_id=entry.get("client_id"),
    )


def _user(entry: Document) -> FirmUser:
    return FirmUser(
        key=entry["persona"],
        user_id=entry["user_id"],
        user_code=entry["user_code"],
        name=entry["name"],
        password=entry["password"],
        second_factor=entry["second_factor"],
        role=entry.get("role", "user"),
        is_security_administrator=entry.get("is_security_administrator", False),
        has_service_right=entry.get("has_service_right", False),
        rights=tuple(entry.get("rights", ())),
        limit_per_transaction_yen=entry.get("limit_per_transaction_yen"),
        limit_per_item_yen=entry.get("limit_per_item_yen"),
        story_ja=entry["story"]["ja"],
        story_en=entry["story"]["en"],
        accounts=frozenset(entry["accounts"]) if "accounts" in entry else None,
    )
