"""How ``tomato`` writes things down: codes, refusals, JSON (specs: tomato §4, §5)."""

from datetime import date
from functools import lru_cache
from typing import Any

from sandbox.domain.account import Account, AccountType, Line, LineStatus
from sandbox.domain.availability import LinkageEnded, ServiceStopped
from sandbox.domain.errors import (
    AccountRestricted,
    BankError,
    FunctionNotAvailable,
    InsufficientScope,
    InvalidParameter,
    InvalidPeriod,
    KeyNotProven,
    OutsideServiceHours,
    PeriodOutOfRange,
    StepUpNeeded,
    TokenRejected,
    TooManyItems,
    TooManyRequests,
    UnknownAccount,
)
from sandbox.domain.time import Instant, jst, jst_day
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
    KeyNotProven: Refusal(401, "invalid_token", "アクセストークンが無効です。"),
    StepUpNeeded: Refusal(
        401, "insufficient_user_authentication", "もう一度、ご本人の確認が必要です。"
    ),
    FunctionNotAvailable: Refusal(
        403, "function_not_available", "この接続事業者ではご利用いただけない機能です。"
    ),
    InsufficientScope: Refusal(403, "insufficient_scope", "アクセス許可の範囲外です。"),
    AccountRestricted: Refusal(403, "account_restricted", "この口座は現在ご利用いただけません。"),
    UnknownAccount: Refusal(404, "account_not_found", "口座が見つかりません。"),
    TooManyRequests: Refusal(
        429, "too_many_requests", "リクエストが多すぎます。しばらくしてから再度お試しください。"
    ),
    LinkageEnded: Refusal(410, "gone", "このAPIの提供は終了しました。"),
    ServiceStopped: Refusal(503, "service_unavailable", "ただいまサービスを停止しています。"),
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
    base_date, base_time = _stamp(now // 1000)
    return {"base_date": base_date, "base_time": base_time}


@lru_cache(maxsize=64)
def _stamp(second: int) -> tuple[str, str]:
    moment = jst(second * 1000)
    return f"{moment:%Y-%m-%d}", f"{moment:%H:%M:%S}+09:00"


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


@lru_cache(maxsize=2048)
def transaction(line: Line) -> Json:
    """Return one row of a statement. A missing number (欠番) keeps its id and has no amounts.

    Clients ask for the same lines again and again, and a row found costs a tenth of one made.
    Nobody may change it.
    """
    booked_at, seq, value_on, amount_yen, balance_yen, content, abstract, number, status = line
    booked_on = jst_day(booked_at)
    row: Json = {
        "transaction_id": f"{booked_on.replace('-', '')}{seq:06d}",
        "status": "012"[status],
        "transaction_date": booked_on,
        "value_date": value_on,
        "transaction_content": content,
    }
    if status == LineStatus.MISSING_NUMBER:
        return row
    row["transaction_type"] = "1" if amount_yen > 0 else "2"
    row["amount"] = abs(amount_yen)
    row["balance"] = balance_yen
    row["abstract"] = abstract
    if number is not None:
        row["customer_number"] = number
    return row


def statement(found: Statement) -> Json:
    return {
        "account_id": found.account.account_id,
        "date_from": found.period.first.isoformat(),
        "date_to": found.period.last.isoformat(),
        **as_of(found.at),
        "has_next": False,
        "count": len(found.lines),
        "transactions": list(map(transaction, found.lines)),
    }


def day(query: dict[str, str], name: str) -> date | None:
    """Read a query date that its schema has already found sound.

    Raises:
        InvalidParameter: a year that no calendar has, which the schema lets pass: 0000.
    """
    if name not in query:
        return None
    try:
        return date.fromisoformat(query[name])
    except ValueError:
        details = [{"field": name, "problem": "no such day"}]
        raise InvalidParameter("no such day", details) from None
