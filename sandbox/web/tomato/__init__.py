"""``tomato``: reference functions of a regional bank, through a provider (specs: tomato)."""

from sandbox.domain.policy import BankPolicy
from sandbox.web.endpoint import Endpoint
from sandbox.web.pages import BankFace
from sandbox.web.profile import Profile
from sandbox.web.tomato import wire
from sandbox.web.tomato.accounts import list_accounts, list_transactions, show_balance

SCOPE = "accounts"

ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/accounts",
        answer=list_accounts,
        title="口座一覧",
        scope=SCOPE,
        reply_schema="tomato/accounts",
    ),
    Endpoint(
        method="GET",
        path="/accounts/{account_id}",
        answer=show_balance,
        title="残高照会",
        scope=SCOPE,
        function="balances",
        reply_schema="tomato/balance",
    ),
    Endpoint(
        method="GET",
        path="/accounts/{account_id}/transactions",
        answer=list_transactions,
        title="入出金明細照会",
        scope=SCOPE,
        function="transactions",
        wants_fresh_log_in=True,
        request_schema="tomato/transactions_query",
        reply_schema="tomato/transactions",
    ),
)

PROFILE = Profile(
    name="tomato",
    face=BankFace(name_ja="サンドボックス銀行（地域金融）", name_en="Sandbox Bank (Regional)"),
    bank_code="0566",
    bases=("/parasol/v1/banks/0566", "/bizsol/v1/banks/0566"),
    scopes=frozenset({SCOPE}),
    policy=BankPolicy(),
    endpoints=ENDPOINTS,
    refusals=wire.REFUSALS,
    http_refusals=wire.HTTP_REFUSALS,
    error_body=wire.error_body,
)
