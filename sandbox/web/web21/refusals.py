"""How ``web21`` says no: one row for every error of the domain (specs: web21 §8)."""

from typing import Any

from sandbox.domain.availability import LinkageEnded, ServiceStopped
from sandbox.domain.corporate.powers import (
    ContractorMismatch,
    EnvironmentNotSupported,
    RightRemoved,
    ServiceNotContracted,
)
from sandbox.domain.errors import (
    AccountRestricted,
    BankError,
    IllegalTransition,
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
from sandbox.domain.transfer.approval import NotDesignatedApprover
from sandbox.domain.transfer.finding import Code, DraftRefused, FileRejected
from sandbox.domain.transfer.request import TransactionNotFound
from sandbox.services.double_login import DoubleLogin
from sandbox.services.idempotency import IdempotencyConflict
from sandbox.web.profile import Refusal

_INVALID = "リクエストの内容に誤りがあります。"

REFUSALS: dict[type[BankError], Refusal] = {
    InvalidParameter: Refusal(400, "invalid_parameter", _INVALID),
    InvalidPeriod: Refusal(400, "invalid_period", "照会期間の指定に誤りがあります。"),
    PeriodOutOfRange: Refusal(
        400, "period_out_of_range", "ご契約のプランで照会できる期間より前です。"
    ),
    DraftRefused: Refusal(
        400,
        "invalid_parameter",
        _INVALID,
        by_code={
            Code.TOO_MANY_ITEMS: Refusal(400, "too_many_items", "明細件数が上限を超えています。"),
            Code.TOTALS_MISMATCH: Refusal(
                400, "totals_mismatch", "合計件数・合計金額が明細と一致しません。"
            ),
            Code.NOT_BUSINESS_DAY: Refusal(
                400, "not_business_day", "指定日が営業日ではありません。"
            ),
            Code.DATE_OUT_OF_WINDOW: Refusal(
                400, "date_out_of_window", "指定日が受付期間の外です。"
            ),
            Code.UNKNOWN_REMITTER: Refusal(
                400, "unknown_remitter", "この口座の振込依頼人ではありません。"
            ),
            Code.ACCOUNT_NOT_FOUND: Refusal(404, "account_not_found", "口座が見つかりません。"),
        },
    ),
    FileRejected: Refusal(400, "file_rejected", "ファイルの内容に誤りがあります。"),
    TooManyItems: Refusal(
        400, "too_many_items", "照会結果が上限件数を超えました。期間を短くしてください。"
    ),
    TokenRejected: Refusal(401, "invalid_token", "アクセストークンが無効です。"),
    StepUpNeeded: Refusal(
        401, "insufficient_user_authentication", "本人確認をやり直してください。"
    ),
    KeyNotProven: Refusal(401, "invalid_token", "アクセストークンが無効です。"),
    InsufficientScope: Refusal(403, "insufficient_scope", "アクセス許可の範囲外です。"),
    ContractorMismatch: Refusal(
        403, "contractor_mismatch", "クライアントIDまたは契約者IDがトークンと一致しません。"
    ),
    EnvironmentNotSupported: Refusal(
        403, "environment_not_supported", "ご利用の環境からはお取り扱いできません。"
    ),
    RightRemoved: Refusal(403, "right_removed", "利用者の権限がありません。"),
    ServiceNotContracted: Refusal(
        403, "service_not_contracted", "ご契約に含まれていないサービスです。"
    ),
    NotDesignatedApprover: Refusal(
        403, "not_designated_approver", "この利用者は承認者に指定されていません。"
    ),
    AccountRestricted: Refusal(403, "account_restricted", "この口座は現在ご利用いただけません。"),
    UnknownAccount: Refusal(404, "account_not_found", "口座が見つかりません。"),
    TransactionNotFound: Refusal(404, "transaction_not_found", "依頼が見つかりません。"),
    IllegalTransition: Refusal(409, "illegal_status", "この状態ではお取り扱いできません。"),
    DoubleLogin: Refusal(409, "double_login", "同じ利用者IDで契約者ページにログインしています。"),
    IdempotencyConflict: Refusal(
        409, "idempotency_conflict", "同じキーで異なる内容のリクエストを受け付けています。"
    ),
    TooManyRequests: Refusal(
        429, "too_many_requests", "リクエストが多すぎます。しばらくしてから再度お試しください。"
    ),
    LinkageEnded: Refusal(410, "gone", "このAPIの提供は終了しました。"),
    ServiceStopped: Refusal(503, "service_unavailable", "ただいまサービスを停止しています。"),
    OutsideServiceHours: Refusal(503, "outside_service_hours", "サービス取扱時間外です。"),
}
HTTP_REFUSALS = {
    400: Refusal(400, "invalid_parameter", _INVALID),
    404: Refusal(404, "not_found", "指定されたAPIはありません。"),
    405: Refusal(405, "method_not_allowed", "このAPIでは使用できないメソッドです。"),
    410: Refusal(410, "gone", "このAPIの提供は終了しました。"),
    413: Refusal(413, "invalid_parameter", "リクエストが大きすぎます。"),
    415: Refusal(415, "unsupported_media_type", "この形式の本文は受け付けていません。"),
    500: Refusal(500, "internal_error", "システムエラーが発生しました。"),
    503: Refusal(503, "service_unavailable", "ただいまサービスを停止しています。"),
    504: Refusal(504, "timeout", "処理が時間内に終わりませんでした。"),
}


def error_body(refusal: Refusal, details: list[dict[str, str]]) -> dict[str, Any]:
    return {
        "error_code": refusal.code,
        "error_message": refusal.message,
        "error_details": [_detail(each) for each in details],
    }


def _detail(found: dict[str, str]) -> dict[str, str]:
    """Return a detail in the bank's own three fields."""
    return {
        "field": found["field"],
        "code": found.get("code", "invalid"),
        "message": found.get("message") or found.get("problem", ""),
    }
