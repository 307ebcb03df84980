"""How ``web21`` writes transfer requests down (specs: web21 §5.3-§5.5, §6)."""

from collections.abc import Mapping
from typing import Any

from sandbox.domain.transfer.draft import Item
from sandbox.domain.transfer.fee import Charge
from sandbox.domain.transfer.finding import Code, Finding
from sandbox.domain.transfer.request import ItemState, Outcome, TransferRequest
from sandbox.domain.transfer.status import ItemStatus, Status
from sandbox.domain.transfer.window import Kind
from sandbox.services.transfers.inquiry import Detail

Json = dict[str, Any]

STATUS_CODES: Mapping[Status, tuple[str, str]] = {
    Status.SAVED: ("01", "保存中"),
    Status.AWAITING_APPROVAL: ("10", "承認待ち"),
    Status.AWAITING_FIRST_APPROVAL: ("11", "一次承認待ち"),
    Status.AWAITING_FINAL_APPROVAL: ("12", "最終承認待ち"),
    Status.PULLED_BACK: ("20", "引戻済み"),
    Status.RETURNED: ("21", "差戻済み"),
    Status.APPROVAL_CANCELLED: ("22", "承認取消済み"),
    Status.ACCEPTED: ("30", "受付済み"),
    Status.RESERVED: ("31", "予約中"),
    Status.SETTLED: ("40", "処理済み"),
    Status.FAILED: ("50", "エラー"),
    Status.EXPIRED: ("60", "期限切れ"),
    Status.DELETED: ("70", "削除済み"),
}
ITEM_CODES: Mapping[ItemStatus, str] = {
    ItemStatus.WAITING: "1",
    ItemStatus.PAID: "2",
    ItemStatus.REFUNDED: "3",
    ItemStatus.RECALL_IN_PROCESS: "4",
    ItemStatus.RECALLED: "5",
    ItemStatus.RECALL_FAILED: "6",
}
CATEGORIES: Mapping[Kind, str] = {Kind.BULK: "21", Kind.PAYROLL: "11", Kind.BONUS: "12"}
# Ten characters at most, as published.
FINDING_IDS: Mapping[Code, str] = {
    Code.SAME_REQUEST: "W001",
    Code.DUPLICATE_ITEM: "W002",
    Code.NOT_IN_MASTER: "W003",
    Code.CONVERTED: "W004",
    Code.LARGE_ITEM: "W005",
    Code.TOTALS_MISMATCH: "W011",
    Code.LIMIT_PER_TRANSACTION: "E001",
    Code.LIMIT_PER_ITEM: "E002",
    Code.ACCOUNT_CLOSED: "E003",
    Code.ACCOUNT_RESTRICTED: "E004",
    Code.INSUFFICIENT_FUNDS: "E005",
}
MESSAGE_MAX = 255
PRODUCTION = "0"  # test_data_type: nothing here is only a trial
# Of the header, where the names of the wire and of a draft are the same.
HEADER = (
    "remitter_code",
    "remitter_name",
    "effort_date",
    "remitting_bank_code",
    "remitting_branch_code",
    "remitting_account_type_code",
    "remitting_account_number",
    "transaction_notes",
    "remitting_bank_name",
    "remitting_bank_branch_name",
    "dummy_header",
    "dummy_trailer",
    "approval_pattern_type",
    "first_approver_code",
    "second_approver_code",
    "comment",
)


def status(found: Status) -> Json:
    code, name = STATUS_CODES[found]
    return {"transaction_status": code, "transaction_status_name": name}


def findings(found: tuple[Finding, ...]) -> list[Json]:
    """Return the remarks on a request: ids, words, and the item where it is about one."""
    return [_finding(each) for each in found]


def _finding(found: Finding) -> Json:
    number = {} if found.item_id is None else {"item_id": found.item_id}
    message = f"{found.field}: {found.message}"
    return {
        **number,
        "transaction_error_id": FINDING_IDS[found.code],
        "transaction_error_message": message[:MESSAGE_MAX],
    }


def registered(outcome: Outcome) -> Json:
    """Return the answer to a registration. A request that is only saved has a temporary id."""
    request = outcome.request
    body: Json = {
        **ids(request),
        **status(request.status),
        "result_type": outcome.result.value,
        "transaction_error_data": findings(outcome.findings),
    }
    if request.transaction_notes:
        body["transaction_notes"] = request.transaction_notes
    if request.status is not Status.SAVED:
        body["approval_expiration_date"] = request.approval_expires_on.isoformat()
    return body


def ids(request: TransferRequest) -> Json:
    if request.transaction_id is not None:
        return {"transaction_id": request.transaction_id}
    return {"temporary_transaction_id": request.temporary_transaction_id}


def row(request: TransferRequest, operator: str) -> Json:
    """Return a request as lists have it. ``operator``: the name of whoever sent it in."""
    body: Json = {
        **status(request.status),
        "operation_date": request.operated_on.isoformat(),
        **ids(request),
        "transfer_designated_date": request.designated_on.isoformat(),
        "test_data_type": PRODUCTION,
        "operator": operator[:40],
        "approval_pattern_type": request.pattern.value,
        "total_count": request.item_count,
        "total_payment_amount": request.total_yen,
    }
    told = {
        "transaction_notes": request.transaction_notes,
        "first_approver": request.first_approver,
        "second_approver": request.second_approver,
    }
    return {**body, **{name: value for name, value in told.items() if value}}


def detail(found: Detail, operator: str) -> Json:
    """Return a request with all that was sent, and what has become of each item."""
    request, kept = found.request, found.request.kept
    header = {name: kept[name] for name in HEADER if kept.get(name)}
    if request.kind in CATEGORIES:
        header["category_code"] = CATEGORIES[request.kind]
    said = {
        "transaction_notes": request.transaction_notes,
        "first_approver_code": request.first_approver,
        "second_approver_code": request.second_approver,
        "comment": request.comment,
    }
    body = {
        **row(request, operator),
        "fixed_request_data": {
            **header,
            **{name: value for name, value in said.items() if value},
            "effort_date": f"{request.designated_on:%m-%d}",
            "remitting_bank_code": request.bank_code,
            "transactions": [_item_row(each) for each in found.items],
            "total_count": request.item_count,
            "total_amount": request.total_yen,
        },
    }
    if request.reason is not None:
        body["reason"] = request.reason
    return body


def _item_row(state: ItemState) -> Json:
    item = state.item
    body: Json = {name: value for name, value in zip(Item._fields, item, strict=True) if value}
    body["item_status"] = ITEM_CODES[state.status]
    body["transfer_fee"] = state.fee_yen
    if state.reason is not None:
        body["unable_reason"] = state.reason
    return body


def submitted(outcome: Outcome, items: list[Item]) -> Json:
    """Return the answer to an approval, with whom it pays."""
    return {
        "result_type": outcome.result.value,
        **status(outcome.request.status),
        "remitter_code": outcome.request.kept["remitter_code"],
        "transaction_error_data": findings(outcome.findings),
        "beneficiary_info": [_beneficiary(item) for item in items],
    }


def _beneficiary(item: Item) -> Json:
    told = {
        "bank_name_kana": item.beneficiary_bank_name,
        "customer_code1": item.customer_code1,
        "customer_code2": item.customer_code2,
    }
    return {
        "item_id": item.item_id,
        "bank_code": item.beneficiary_bank_code,
        "account_number": item.account_number,
        "beneficiary_name_kana": item.beneficiary_name,
        "transfer_amount": item.transfer_amount,
        **{name: value for name, value in told.items() if value},
    }


def quote(charges: list[tuple[str, Charge | None]]) -> list[Json]:
    """Return what each (item id, charge) pays out and costs; nothing where the fee eats it up."""
    return [
        {"item_id": item_id}
        | ({} if found is None else {"transfer_fee": found.fee_yen, "paid_amount": found.paid_yen})
        for item_id, found in charges
    ]
