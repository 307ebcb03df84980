"""``web21``: the direct connection of corporates, each by a contract of its own (specs: web21)."""

from typing import Any

from sandbox.domain.client import Client
from sandbox.domain.corporate.contract import Service
from sandbox.domain.policy import BankPolicy
from sandbox.domain.time import DAY, SECOND, Instant, jst
from sandbox.services.oauth.issuing import TokenPair
from sandbox.web.endpoint import Endpoint
from sandbox.web.pages import BankFace
from sandbox.web.profile import Profile, token_answer
from sandbox.web.web21 import refusals, update
from sandbox.web.web21.desk import desk_routes
from sandbox.web.web21.reference import (
    list_account_transactions,
    list_contract_accounts,
    list_deposits,
    list_payers,
    show_account_balance,
    show_corporation,
    write_account_transactions,
    write_deposits,
)
from sandbox.web.web21.sealed import FieldSealing

REFERENCE, UPDATE, APPROVAL = "web21.ref", "web21.upd", "web21.appr"
SERVICES = {
    REFERENCE: Service.REFERENCE,
    UPDATE: Service.UPDATE,
    APPROVAL: Service.APPROVAL,
}

REFERENCE_ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/corporations",
        answer=show_corporation,
        title="企業情報照会",
        scope=f"{REFERENCE} {UPDATE}",
        request_schema="web21/target_query",
        reply_schema="web21/corporations",
        names_caller=True,
    ),
    Endpoint(
        method="GET",
        path="/users",
        answer=list_payers,
        title="利用者情報照会",
        scope=f"{REFERENCE} {UPDATE}",
        request_schema="web21/target_query",
        reply_schema="web21/users",
        names_caller=True,
    ),
    Endpoint(
        method="GET",
        path="/accounts",
        answer=list_contract_accounts,
        title="口座一覧",
        scope=REFERENCE,
        request_schema="web21/caller_query",
        reply_schema="web21/accounts",
        names_caller=True,
    ),
    Endpoint(
        method="GET",
        path="/accounts/{account_id}",
        answer=show_account_balance,
        title="残高照会",
        scope=REFERENCE,
        request_schema="web21/caller_query",
        reply_schema="web21/balance",
        names_caller=True,
    ),
    Endpoint(
        method="GET",
        path="/accounts/{account_id}/transactions",
        answer=list_account_transactions,
        title="入出金明細照会",
        scope=REFERENCE,
        request_schema="web21/transactions_query",
        reply_schema="web21/transactions",
        file_answer=write_account_transactions,
        names_caller=True,
    ),
    Endpoint(
        method="GET",
        path="/accounts/{account_id}/deposits",
        answer=list_deposits,
        title="振込入金照会",
        scope=REFERENCE,
        request_schema="web21/transactions_query",
        reply_schema="web21/transactions",
        file_answer=write_deposits,
        names_caller=True,
    ),
)
ENDPOINTS = (*REFERENCE_ENDPOINTS, *update.ENDPOINTS)


def subject(bank_code: str, contractor_id: str) -> str:
    """Return ``sub``: the bank code and the last sixteen characters of the contractor id."""
    return f"{bank_code}{contractor_id[-16:]}"


def new_tokens(pair: TokenPair, _client: Client, now: Instant) -> dict[str, Any]:
    """Return the token endpoint's answer, with the contractor id that data calls repeat."""
    until = jst(now + pair.refresh_token_expires_in * SECOND)
    return {
        **token_answer(pair),
        "contractor_id": pair.holder.contractor_id,
        "refresh_token_expires_at": until.isoformat(timespec="seconds"),
    }


PROFILE = Profile(
    name="web21",
    face=BankFace(name_ja="サンドボックス銀行（法人直結）", name_en="Sandbox Bank (Direct)"),
    bank_code="0009",
    bases=("/bizsol/v1/banks/0009",),
    scopes=frozenset(SERVICES),
    services=SERVICES,
    has_hex_tokens=True,
    has_second_factor=True,
    population=0,  # nobody but the firms of the fixtures
    policy=BankPolicy(
        refresh_token_lifetime_ms=90 * DAY,
        refresh_sliding=False,
        one_grant_per_provider=False,
        most_items=999,
        rate_limit_per_minute=60,
    ),
    endpoints=ENDPOINTS,
    refusals=refusals.REFUSALS,
    http_refusals=refusals.HTTP_REFUSALS,
    error_body=refusals.error_body,
    subject=subject,
    keys_path="/oauth/public_keys",
    userinfo_path="/userinfo",
    token_answer=new_tokens,
    sealing=FieldSealing(),
    pages=desk_routes,
)
