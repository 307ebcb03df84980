"""The settings that each bank has of its own, in one table: what each bank's default is.

``SANDBOX_<BANK>_<NAME>``: the name is the policy's field, without the unit of a duration.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.domain.duration import parse_duration
from sandbox.domain.moment import parse_time_of_day
from sandbox.setting_texts import (
    boolean,
    count,
    hours,
    line_end,
    notice_form,
    registration,
    request_uri_lifetime,
)
from sandbox.transfer_settings import TRANSFER_SETTINGS

BANKS = ("tomato", "web21")


@dataclass(frozen=True, slots=True, kw_only=True)
class BankSetting:
    """One field of the policy. ``defaults``: by bank; a bank that is not in it has no such one."""

    field: str
    read: Callable[[str], Any]
    defaults: Mapping[str, str]
    help: str


def _row(
    field: str, read: Callable[[str], Any], default: str, text: str, **own: str | None
) -> BankSetting:
    """Return a row of every bank. ``own``: banks with another default, or (None) without it."""
    defaults = {bank: own.get(bank, default) for bank in BANKS}
    said = {bank: value for bank, value in defaults.items() if value is not None}
    return BankSetting(field=field, read=read, defaults=said, help=text)


BANK_SETTINGS: tuple[BankSetting, ...] = (
    _row("code_lifetime_ms", parse_duration, "60s", "Lifetime of an authorization code"),
    _row("access_token_lifetime_ms", parse_duration, "30m", "Lifetime of an access token"),
    _row(
        "refresh_token_lifetime_ms",
        parse_duration,
        "30d",
        "Lifetime of a refresh token",
        web21="90d",
    ),
    _row(
        "grant_lifetime_ms",
        parse_duration,
        "90d",
        "Lifetime of a grant; 0s: it does not end by itself",
    ),
    _row(
        "refresh_sliding",
        boolean,
        "1",
        "1: each refresh starts the refresh token's lifetime again",
        web21="0",
    ),
    _row(
        "refresh_rotation",
        boolean,
        "1",
        "1: a refresh token works once, and its reuse ends the grant",
    ),
    _row(
        "manual_window_ms",
        parse_duration,
        "10m",
        "How long after the user's presence a client in manual mode may refresh",
        web21=None,
    ),
    _row(
        "one_grant_per_provider",
        boolean,
        "1",
        "1: a new consent ends the contractor's earlier grant at the same provider",
        web21="0",
    ),
    _row(
        "one_grant_per_contractor",
        boolean,
        "0",
        "1: a new consent ends the contractor's grants at every provider",
        web21=None,
    ),
    _row(
        "last_grant_only", boolean, "0", "1: a user's new consent ends all that user's earlier ones"
    ),
    _row(
        "revocation_lag_ms",
        parse_duration,
        "0s",
        "How long a revocation by the provider takes until it is in force",
    ),
    _row(
        "session_lifetime_ms",
        parse_duration,
        "10m",
        "How long a log-in serves later OpenID requests of the same browser; 0s: not at all",
    ),
    _row(
        "request_uri_lifetime_ms",
        request_uri_lifetime,
        "90s",
        "Lifetime of a pushed authorization request, 5s to 599s",
    ),
    _row(
        "step_up_max_age_ms",
        parse_duration,
        "0s",
        "How old the log-in may be for transactions (tomato) or approvals (web21); 0s: any age",
    ),
    _row(
        "key_rotation_ms",
        parse_duration,
        "0s",
        "How long one of the bank's keys signs; 0s: until somebody rotates it",
    ),
    _row(
        "dynamic_registration",
        registration,
        "off",
        "Whether clients register themselves (RFC 7591): off, open, or token: with an initial one",
        web21=None,
    ),
    _row(
        "registration_token",
        str,
        "",
        "The initial access token that such a registration needs",
        web21=None,
    ),
    _row("interaction_lifetime_ms", parse_duration, "10m", "How long sign-in and consent may take"),
    _row("lock_after", count, "5", "Wrong PINs or passwords until a login is locked"),
    _row(
        "address_lock_after",
        count,
        "50",
        "Wrong PINs or passwords from one address until it is locked; 0: it never is",
    ),
    _row("lock_duration_ms", parse_duration, "1h", "How long a login or address stays locked"),
    _row(
        "desk_session_lifetime_ms",
        parse_duration,
        "30m",
        "How long a log-in at the contractor's pages lasts",
        tomato=None,
    ),
    _row(
        "desk_identity_lifetime_ms",
        parse_duration,
        "10m",
        "How long the second identity check of those pages counts",
        tomato=None,
    ),
    _row(
        "key_grace_ms",
        parse_duration,
        "0s",
        "How long a changed encryption key still opens the fields of requests",
        tomato=None,
    ),
    _row(
        "look_back_months", count, "13", "How many months of statement lines are shown", web21=None
    ),
    _row("most_items", count, "9999", "Most statement lines in one answer", web21="999"),
    _row(
        "rate_limit_per_minute",
        count,
        "30",
        "Data calls a minute per client and contractor; 0: no limit",
        web21="60",
    ),
    _row(
        "idempotency_lifetime_ms",
        parse_duration,
        "24h",
        "How long the answer to a call with an Idempotency-Key is kept for a repeat",
        tomato=None,
    ),
    _row(
        "double_login",
        boolean,
        "0",
        "1: while a user is signed in at the bank's pages, API calls of that user fail",
        tomato=None,
    ),
    _row("hours", hours, "always", "Service hours: always, regional, closed, or a table (JSON)"),
    _row(
        "closing_run_at",
        parse_time_of_day,
        "00:00",
        "When the closing run moves on the previous-day balances, of every bank (Tokyo)",
        web21=None,
    ),
    *(_row(*of_transfers, tomato=None) for of_transfers in TRANSFER_SETTINGS),
    _row(
        "zengin_line_end",
        line_end,
        "crlf",
        "What ends each record of a Zengin file that the bank writes: crlf or none",
        tomato=None,
    ),
    _row(
        "zengin_notice_form",
        notice_form,
        "B",
        "Form of the incoming transfer notice: B, or A with amounts of ten digits alone",
        tomato=None,
    ),
    _row(
        "strict_realism",
        boolean,
        "0",
        "1: nothing that a real bank would not send: no X-Sandbox-Reason, no tester's bar",
    ),
)
