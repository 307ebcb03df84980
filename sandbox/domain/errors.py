"""What can go wrong at the bank, in the bank's own words.

No status and no wire code here: each bank owns its own, in ``sandbox.web``. ``reason`` is the
machine-readable cause that the sandbox tells testers in ``X-Sandbox-Reason``.
"""

from enum import StrEnum
from typing import Protocol


class Reason(StrEnum):
    """Why a token, or a client at the token endpoint, does not open the door (specs: faults §3)."""

    ACCESS_EXPIRED = "access_expired"
    REFRESH_EXPIRED = "refresh_expired"
    REFRESH_REUSED = "refresh_reused"
    CODE_REPLAYED = "code_replayed"
    GRANT_EXPIRED = "grant_expired"
    REVOKED_BY_PROVIDER = "revoked_by_provider"
    REVOKED_BY_USER = "revoked_by_user"
    REVOKED_BY_BANK = "revoked_by_bank"
    SUPERSEDED = "superseded"
    PASSWORD_CHANGED = "password_changed"
    CERTIFICATE_CHANGED = "certificate_changed"
    ID_SHARED = "id_shared"
    CARD_LOST = "card_lost"
    CONTRACT_ENDED = "contract_ended"
    CLIENT_BLOCKED = "client_blocked"
    RIGHT_REMOVED_BY_ADMIN = "right_removed_by_admin"
    LINKAGE_ENDED = "linkage_ended"
    BANK_MERGED = "bank_merged"
    BANK_REASONS = "bank_reasons"
    TERMS_PENDING = "terms_pending"
    GRANT_FROZEN = "grant_frozen"
    FOREIGN_TOKEN = "foreign_token"
    KEY_NOT_PROVEN = "key_not_proven"
    NO_TOKEN = "no_token"
    REFRESH_TOKEN_SENT = "refresh_token_sent"
    OTHER_BANK = "other_bank"
    CLIENT_AUTH_METHOD = "client_auth_method"
    UNKNOWN = "unknown"


class Holder(Protocol):
    """Whose grant a code or token hangs on."""

    @property
    def grant_id(self) -> str: ...
    @property
    def client_id(self) -> str: ...
    @property
    def contractor_id(self) -> str: ...
    @property
    def login(self) -> str: ...


class BankError(Exception):
    """Base class; never raised itself.

    Some have ``details``: (field, problem) of each field that is wrong, or (field, code, message).
    Some have a ``code`` by which a bank tells them apart.
    """


class TokenRejected(BankError):
    """The access token does not open the door (アクセストークン無効).

    ``holder``: whose it is, where it is anybody's. For the journal, never for the caller.
    """

    def __init__(self, reason: Reason, message: str, holder: Holder | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.holder = holder


class KeyNotProven(TokenRejected):
    """The call does not prove to hold the key that its access token is bound to (O-17, O-18).

    ``error`` is what RFC 9449 §7.1 calls it: invalid_token, invalid_dpop_proof, use_dpop_nonce.
    ``wants_proof``: by a DPoP proof, and not by a client certificate.
    """

    def __init__(self, error: str, message: str, holder: Holder, *, wants_proof: bool) -> None:
        super().__init__(Reason.KEY_NOT_PROVEN, message, holder)
        self.error = error
        self.wants_proof = wants_proof


class FunctionNotAvailable(BankError):
    """この接続事業者では利用できない機能 (T-5)"""


class InsufficientScope(BankError):
    """The token does not carry the scope that the API needs."""


class StepUpNeeded(BankError):
    """本人確認のやり直しが必要: the log-in behind the token is too old for this (RFC 9470, O-32).

    ``max_age_s``: how old it may be; ask for a new one with it.
    """

    def __init__(self, max_age_s: int) -> None:
        super().__init__(f"the log-in behind the token is more than {max_age_s} s old")
        self.max_age_s = max_age_s


class UnknownAccount(BankError):
    """口座なし: absent, closed, or not in the grant. The three look alike on purpose."""


class AccountRestricted(BankError):
    """口座利用制限中: frozen, or restricted by an order (T-31)"""


class InvalidParameter(BankError):
    """A request field breaks the schema. ``details`` names each (field, problem)."""

    def __init__(self, message: str, details: list[dict[str, str]] | None = None) -> None:
        super().__init__(message)
        self.details = details or []


class InvalidPeriod(BankError):
    """照会期間の誤り: from after to, or a start in the future"""


class PeriodOutOfRange(BankError):
    """照会期間が長すぎる"""


class TooManyItems(BankError):
    """照会結果が上限件数を超える"""


class InsufficientFunds(BankError):
    """残高不足"""


class TooManyRequests(BankError):
    """流量制限"""

    def __init__(self, message: str, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class OutsideServiceHours(BankError):
    """取扱時間外"""

    def __init__(self, message: str, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class CalendarHorizon(BankError):
    """A date beyond the calendar's horizon: refused, not guessed."""


class IllegalTransition(BankError):
    """The state does not allow this (処理不可状態)."""
