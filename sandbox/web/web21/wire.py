"""How ``web21`` writes accounts, balances, rows and contracts down (specs: web21 §1, §5)."""

from datetime import date
from typing import Any

from sandbox.domain.account import Account, AccountType, Line, LineStatus
from sandbox.domain.corporate.contract import ServiceContract
from sandbox.domain.corporate.user import BankUser
from sandbox.domain.errors import InvalidParameter
from sandbox.domain.time import Instant, jst, jst_day
from sandbox.services.accounts import Statement
from sandbox.services.contracts import Payer

Json = dict[str, Any]

TYPE_CODES = {AccountType.ORDINARY: "01", AccountType.CURRENT: "02"}
TYPE_NAMES = {AccountType.ORDINARY: "普通", AccountType.CURRENT: "当座"}
OTHER_BANKS_CHECK, OWN_CHECK = "他店券入金", "小切手"
NAME_MAX, BRANCH_MAX, TEXT_MAX = 48, 15, 20


def as_of(now: Instant) -> Json:
    """Return 基準日 and 基準時刻."""
    moment = jst(now)
    return {"base_date": f"{moment:%Y-%m-%d}", "base_time": f"{moment:%H:%M:%S}+09:00"}


def account(found: Account) -> Json:
    return {
        "contact_name": found.holder_name[:NAME_MAX],
        "branch_name": found.branch_name[:BRANCH_MAX],
        "branch_code": found.branch_code,
        "account_type": TYPE_NAMES[found.account_type],
        "account_number": found.account_number,
        "account_id": found.account_id,
    }


def accounts(found: list[Account], now: Instant) -> Json:
    return {"accounts": [account(each) for each in found], "count": len(found), **as_of(now)}


def balance(found: Account, now: Instant) -> Json:
    return {
        **account(found),
        "account_branch_number": f"{found.branch_code}{found.account_number}",
        **as_of(now),
        "current_balance": found.balance_yen,
        "checks_issued_by_other_banks": found.held_yen,
        "overdraft_limit": found.overdraft_limit_yen,
        "withdrawable_balance": found.withdrawable_yen,
        "previous_day_balance": found.previous_day_yen,
        "previous_month_balance": found.previous_month_yen,
        "balance_fixed_inquiry_date": jst(now).isoformat(timespec="seconds"),
        "currency_code": "JPY",
    }


def transaction(number: int, line: Line) -> Json:
    """Return one row of a statement. What does not apply to it is left out."""
    is_deposit = line.amount_yen > 0
    direction, yen = ("deposit" if is_deposit else "withdrawal"), abs(line.amount_yen)
    row: Json = {
        "item_number": f"{number:03d}",
        "transaction_date": jst_day(line.booked_at),
        "value_date": line.value_on,  # 起算日: not always the day of the booking (W-64)
        f"{direction}_amount": yen,
        "balance": line.balance_after_yen,
        "transaction_type": line.content[:TEXT_MAX],
        "abstract": line.abstract[:NAME_MAX],
    }
    if line.content in (OTHER_BANKS_CHECK, OWN_CHECK):
        row["check_type"] = "小切手"
        of_others = yen if line.content == OTHER_BANKS_CHECK else 0
        row[f"checks_issued_by_other_banks_{direction}_amount"] = of_others
    if line.status == LineStatus.CANCELLED:
        row["detail_division"] = "取消"
    if line.customer_number is not None:
        row["customer_number_transfer_message"] = line.customer_number[:TEXT_MAX]
    return row


def statement(found: Statement) -> Json:
    """Return the rows of a period. A missing number (欠番) is no row here: it has no amount."""
    shown = [line for line in found.lines if line.status != LineStatus.MISSING_NUMBER]
    return {
        **account(found.account),
        "date_from": found.period.first.isoformat(),
        "date_to": found.period.last.isoformat(),
        **as_of(found.at),
        "count": len(shown),
        "transactions": [transaction(number, line) for number, line in enumerate(shown, start=1)],
    }


def corporation(
    contract: ServiceContract, approvers: list[BankUser], *, beneficiary_pays: bool
) -> Json:
    rule = contract.approval
    body: Json = {
        "approval_pattern_type": rule.pattern.value,
        "approver_info": [approver(user) for user in approvers],
        "fee_of_beneficiary_type": "1" if beneficiary_pays else "0",
        "beneficiary_name_input_enabled": True,
    }
    if rule.double_from_yen is not None:
        body["approval_pattern_decided_amount"] = rule.double_from_yen
    return body


def approver(user: BankUser) -> Json:
    limits = {
        "credit_upper_limit_per_transaction": user.limit_per_transaction_yen,
        "credit_upper_limit_per_item": user.limit_per_item_yen,
    }
    told = {name: limit for name, limit in limits.items() if limit is not None}
    return {"user_code": user.user_code, "user_name": user.name, **told}


def payer(found: Payer) -> Json:
    account = found.account
    name = TYPE_NAMES[account.account_type]
    return {
        "account_id": account.account_id,
        "account": f"{account.branch_name} {name} {account.account_number}",
        "branch_name_kanji": account.branch_name[:BRANCH_MAX],
        "account_type": TYPE_CODES[account.account_type],
        "account_number": account.account_number,
        "remitter_info": [
            {"remitter_code": code, "remitter_name_info": [{"remitter_name": name}]}
            for code, name in found.remitters
        ],
    }


def day(query: dict[str, str], name: str) -> date | None:
    """Read a date of the query, written with hyphens or slashes; empty is absent.

    Raises:
        InvalidParameter: a day that no calendar has, which the schema lets pass.
    """
    text = query.get(name, "").replace("/", "-")
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        details = [{"field": name, "problem": "no such day"}]
        raise InvalidParameter("no such day", details) from None
