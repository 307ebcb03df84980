"""What the control API answers of contracts, transfers and fees, as values.

Amounts are whole yen, days are ISO texts, instants aware.
"""

from dataclasses import dataclass, field
from datetime import datetime

from sandbox.client.answers import WHEN, Json, of


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """How far a contractor is; ``ja`` and ``en`` say what comes next."""

    name: str
    ja: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """A contractor with several users; ``status`` is ``none`` where nothing is applied for yet.

    What only a single contract shows (``users``, ``children``, ``fee_account``, …) is in ``more``.
    """

    contractor_id: str
    bank: str
    persona: str | None = None
    name: str
    base_state: str
    status: str
    services: tuple[str, ...]
    plan: str | None = None
    client_id: str | None = None
    stage: Stage = field(metadata=of(Stage))
    is_environment_supported: bool
    more: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractAct:
    """What an act on a contract tells: of an issued client what is shown this once."""

    client_id: str | None = None
    encryption_key: str | None = field(default=None, repr=False)
    more: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """A transfer request (振込依頼). ``reference``: the id that the contractor knows it by."""

    reference: str
    bank: str
    contractor_id: str
    kind: str
    status: str
    account_id: str
    designated_on: str
    item_count: int
    total_yen: int
    requester: str
    approved_by: tuple[str, ...]
    registered_at: datetime = field(metadata=WHEN)
    last_act_at: datetime = field(metadata=WHEN)
    reason: str | None = None
    fees_yen: int | None = None
    more: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferItem:
    """One payment of a request. ``reason``: why it cannot be paid."""

    position: int
    item_id: str
    bank_code: str
    branch_code: str
    account_type_code: str
    account_number: str
    beneficiary_name: str
    amount_yen: int
    status: str
    paid_yen: int | None = None
    fee_yen: int | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferAct:
    """Who did what to a request; ``user_code`` None: the bank, or the clock."""

    at: datetime = field(metadata=WHEN)
    user_code: str | None = None
    event: str
    status: str
    comment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferDetail:
    """A request with what was done to it and its first thousand items; ``items`` has them all."""

    transfer: Transfer = field(metadata=of(Transfer))
    acts: tuple[TransferAct, ...] = field(metadata=of(TransferAct))
    items: tuple[TransferItem, ...] = field(metadata=of(TransferItem))
    next: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Beneficiary:
    """What is scripted of payments to an account, wherever it is."""

    bank_code: str
    branch_code: str
    account_number: str
    unable_reason: str | None = None
    recall_answer: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fees:
    """``schedules``: by first day, with ``contract_yen`` and ``bands``; ``tax_rates``: percent."""

    schedules: tuple[Json, ...]
    tax_rates: tuple[Json, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Revoked:
    """How many grants ended."""

    ended: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Booked:
    """``balance_yen``: after the entry; None: nothing was booked."""

    balance_yen: int | None = None
