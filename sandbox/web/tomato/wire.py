"""How ``tomato`` writes things down: codes, refusals, JSON (specs: tomato §4, §5)."""

from datetime import date
from typing import Any

from sandbox.domain.account import Account, AccountType, Line, LineStatus
from sandbox.domain.errors import (
    AccountRestricted,
    BankError,
    FunctionNotAvailable,
    InsufficientScope,
    InvalidParameter,
    InvalidPeriod,
    OutsideServiceHours,
    PeriodOutOfRange,
    TokenRejected,
    TooManyItems,
    TooManyRequests,
    UnknownAccount,
)
from sandbox.domain.time import Instant, jst
from sandbox.services.accounts import Statement
from sandbox.web.profile import Refusal

Json = dict[str, Any]

TYPE_CODES = {AccountType.ORDINARY: "01", AccountType.CURRENT: "02"}
TYPE_NAMES = {AccountType.ORDINARY: "普通預金", AccountType.CURRENT: "当座預金"}

REFUSALS: dict[type[BankError], Refusal] = {
    InvalidParameter: Refusal(400, "invalid_parameter", "リクエストの内容に誤りがあります。"),
    InvalidPeriod: Refusal(400, "invalid_period", "照会期間の指定に誤りがあります。"),
    PeriodOutOfRange: Refusal(400, "period_out_of_range", "照会期間は1年以内で指定してください。"),
    TooManyItems: Refusal(
        400, "too_many_items", "照会結果が上限件数を超えました。期間を短くしてください。"
    ),
    TokenRejected: Refusal(401, "invalid_token", "アクセストークンが無効です。"),
    FunctionNotAvailable: Refusal(
        403, "function_not_available", "この接続事業者ではご利用いただけない機能です。"
    ),
    InsufficientScope: Refusal(403, "insufficient_scope", "アクセス許可の範囲外です。"),
    AccountRestricted: Refusal(403, "account_restricted", "この口座は現在ご利用いただけません。"),
    UnknownAccount: Refusal(404, "account_not_found", "口座が見つかりません。"),
    TooManyRequests: Refusal(
        429, "too_many_requests", "リクエストが多すぎます。しばらくしてから再度お試しください。"
    ),
    OutsideServiceHours: Refusal(503, "outside_service_hours", "サービス取扱時間外です。"),
}
HTTP_REFUSALS = {
    400: Refusal(400, "invalid_parameter", "リクエストの内容に誤りがあります。"),
    404: Refusal(404, "not_found", "指定されたAPIはありません。"),
    405: Refusal(405, "method_not_allowed", "このAPIでは使用できないメソッドです。"),
    413: Refusal(413, "invalid_parameter", "リクエストが大きすぎます。"),
    500: Refusal(500, "internal_error", "システムエラーが発生しました。"),
}


def error_body(refusal: Refusal, details: list[dict[str, str]]) -> Json:
    return {
        "error_code": refusal.code,
        "error_message": refusal.message,
        "error_details": details,
    }


def as_of(now: Instant) -> Json:
    """Return 基準日 and 基準時刻: data are as of the moment of inquiry (T-25)."""
    moment = jst(now)
    return {"base_date": f"{moment:%Y-%m-%d}", "base_time": f"{moment:%H:%M:%S}+09:00"}


def account(found: Account) -> Json:
    return {
        "account_id": found.account_id,
        "account_name": found.holder_name[:48],
        "branch_code": found.branch_code,
        "branch_name": found.branch_name,
        "account_type_code": TYPE_CODES[found.account_type],
        "account_type_name": TYPE_NAMES[found.account_type],
        "account_number": found.account_number,
        "currency_code": "JPY",
    }


def balance(found: Account, now: Instant) -> Json:
    return {
        **account(found),
        "current_balance": found.balance_yen,
        "withdrawable_balance": found.withdrawable_yen,
        "previous_day_balance": found.previous_day_yen,
        "previous_month_balance": found.previous_month_yen,
        **as_of(now),
    }


def transaction(line: Line) -> Json:
    """Return one row of a statement. A missing number (欠番) keeps its id and has no amounts."""
    transaction_id = line.transaction_id
    row: Json = {
        "transaction_id": transaction_id,
        "status": "012"[line.status],
        "transaction_date": f"{transaction_id[:4]}-{transaction_id[4:6]}-{transaction_id[6:8]}",
        "value_date": line.value_on,
        "transaction_content": line.content,
    }
    if line.status is LineStatus.MISSING_NUMBER:
        return row
    row["transaction_type"] = "1" if line.amount_yen > 0 else "2"
    row["amount"] = abs(line.amount_yen)
    row["balance"] = line.balance_after_yen
    row["abstract"] = line.abstract
    if line.customer_number is not None:
        row["customer_number"] = line.customer_number
    return row


def statement(found: Statement) -> Json:
    return {
        "account_id": found.account.account_id,
        "date_from": found.period.first.isoformat(),
        "date_to": found.period.last.isoformat(),
        **as_of(found.at),
        "has_next": False,
        "count": len(found.lines),
        "transactions": [transaction(line) for line in found.lines],
    }


def day(text: str | None) -> date | None:
    """Read a query date that its schema has already found sound."""
    return None if text is None else date.fromisoformat(text)
