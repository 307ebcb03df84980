"""What a bank decides for itself: lifetimes, limits and switches. Each is a setting (SANDBOX)."""

from dataclasses import dataclass
from datetime import time

from sandbox.domain.time import DAY, HOUR, MINUTE, SECOND
from sandbox.domain.transfer.policy import TransferPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class BankPolicy(TransferPolicy):
    """One bank's rules of use. Durations are milliseconds and end in ``_ms``."""

    # OAuth: three clocks (access token, refresh token, grant) and the code's own
    code_lifetime_ms: int = 60 * SECOND
    access_token_lifetime_ms: int = 30 * MINUTE
    refresh_token_lifetime_ms: int = 30 * DAY
    grant_lifetime_ms: int = 90 * DAY  # T-12; 0: the grant does not end by itself
    refresh_sliding: bool = True
    refresh_rotation: bool = True
    manual_window_ms: int = 10 * MINUTE
    one_grant_per_provider: bool = True
    one_grant_per_contractor: bool = False
    last_grant_only: bool = False  # a user id's new grant ends its older ones, of any client
    revocation_lag_ms: int = 0  # W-56: until a revocation by the provider takes effect
    session_lifetime_ms: int = 10 * MINUTE  # OpenID: a log-in serves later requests; 0: never
    step_up_max_age_ms: int = 0  # how old a log-in may be for what asks for more; 0: any age
    key_rotation_ms: int = 0  # how long one key signs; 0: until somebody rotates it (O-31)
    request_uri_lifetime_ms: int = 90 * SECOND  # RFC 9126; below 600 s
    dynamic_registration: str = "off"  # RFC 7591: off, open, token
    registration_token: str | None = None  # the initial access token, where one is asked for
    # sign-in
    interaction_lifetime_ms: int = 10 * MINUTE
    lock_after: int = 5
    # Failures from one address, whatever the login; 0: no such lock. High, since a test
    # environment often calls from one address alone (O-24).
    address_lock_after: int = 50
    lock_duration_ms: int = HOUR
    # the contractor's own pages (契約者ページ)
    desk_session_lifetime_ms: int = 30 * MINUTE  # from sign-in on
    desk_identity_lifetime_ms: int = 10 * MINUTE  # W-37: how long an identity check counts
    key_grace_ms: int = 0  # W-39: how long a changed encryption key still opens requests
    # which accounts a contractor may offer to a provider, by kind of contractor
    offered_individual: tuple[str, ...] = ("ordinary",)
    offered_corporate: tuple[str, ...] = ("ordinary", "current")
    # reference
    look_back_months: int = 13
    default_period_days: int = 31
    longest_period_years: int = 1
    most_items: int = 9_999
    rate_limit_per_minute: int = 30  # per client and contractor; 0: no limit
    idempotency_lifetime_ms: int = DAY  # how long a repeated call gets its first answer again
    double_login: bool = False  # a user who is signed in at the pages cannot call the API
    # the bank's day
    hours: str = "always"
    closing_run_at: time = time(0, 0)
    # the sandbox's own
    strict_realism: bool = False

    def offered_types(self, contractor_kind: str) -> tuple[str, ...]:
        is_individual = contractor_kind == "individual"
        return self.offered_individual if is_individual else self.offered_corporate
