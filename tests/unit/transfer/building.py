"""Drafts and what they are held to, with nothing wrong but what a test changes."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sandbox.domain.banks import parse_banks
from sandbox.domain.calendar import BankCalendar
from sandbox.domain.corporate.plan import Plan
from sandbox.domain.time import JST, instant_of
from sandbox.domain.transfer.approval import ApprovalRule, Pattern
from sandbox.domain.transfer.check import Checked, Circumstances, check
from sandbox.domain.transfer.contract import RemittingAccount, TransferContract
from sandbox.domain.transfer.draft import Draft, Item
from sandbox.domain.transfer.fee import FeeBand, FeeSchedule
from sandbox.domain.transfer.policy import TransferPolicy
from sandbox.domain.transfer.window import Kind

# Monday; the 23rd is a holiday, the 20th the last date but three.
NOW = instant_of(datetime(2026, 11, 16, 10, tzinfo=JST))
CALENDAR = BankCalendar(
    holidays=frozenset({date(2026, 11, 3), date(2026, 11, 23)}),
    first=date(2026, 1, 1),
    last=date(2026, 12, 31),
)
REMITTER = "ｻﾝﾌﾟﾙｼﾖｳｼﾞ(ｶ"
MASTER = parse_banks(
    {
        "banks": [
            {
                "code": "9999",
                "name": "架空銀行",
                "name_kana": "ｶｸｳ",
                "branches": [{"code": "001", "name": "本店", "name_kana": "ﾎﾝﾃﾝ"}],
            }
        ],
        "other_codes": ["0001"],
    }
)
SCHEDULE = FeeSchedule(
    effective_on=date(2000, 1, 1),
    bands=(FeeBand(from_yen=1, own_bank_yen=0, other_bank_yen=330),),
    contract_yen=2_000,
)
ACCOUNT = RemittingAccount(
    account=1,
    branch_code="001",
    account_type_code="01",
    account_number="1000001",
    remitters=frozenset({("0000000001", REMITTER), ("0000000002", "ｻﾝﾌﾟﾙ")}),
)
CONTRACT = TransferContract(
    bank_code="0009",
    plan=Plan.EXPERT,
    rule=ApprovalRule(pattern=Pattern.SINGLE, double_from_yen=10_000_000),
    beneficiary_pays=False,
    accounts=(ACCOUNT,),
    approvers=frozenset({"Z101", "Z102"}),
)
HELD_TO = Circumstances(
    contract=CONTRACT,
    policy=TransferPolicy(),
    calendar=CALENDAR,
    master=MASTER,
    schedules=(SCHEDULE,),
    requester="Z001",
    now=NOW,
)


def item(number: int = 1, yen: int = 1_000, **changes: Any) -> Item:
    fields = {
        "item_id": str(number),
        "beneficiary_bank_code": "9999",
        "beneficiary_branch_code": "001",
        "account_type_code": "01",
        "account_number": f"{number:07}",
        "beneficiary_name": "ｶｸｳ ﾀﾛｳ",
        "transfer_amount": yen,
    }
    return Item(**fields | changes)


def draft(*items: Item, kind: Kind = Kind.BULK, **changes: Any) -> Draft:
    fields: dict[str, Any] = {
        "kind": kind,
        "remitter_code": "0000000001",
        "remitter_name": REMITTER,
        "effort_date": "11-20",
        "remitting_bank_code": "0009",
        "remitting_branch_code": "001",
        "remitting_account_type_code": "01",
        "remitting_account_number": "1000001",
        "items": items or (item(),),
    }
    return Draft(**fields | changes)


def held_to(**changes: Any) -> Circumstances:
    """Return the circumstances with fields of the contract or of their own changed."""
    of_contract = {name: changes.pop(name) for name in list(changes) if hasattr(CONTRACT, name)}
    return replace(HELD_TO, contract=replace(CONTRACT, **of_contract), **changes)


def found(what: Draft, **changes: Any) -> list[tuple[str, str, str | None]]:
    """Return (code, field, item id) of each error; none where the draft can be registered."""
    result = check(what, held_to(**changes))
    if isinstance(result, Checked):
        return []
    assert all(finding.message for finding in result)
    return [(finding.code.value, finding.field, finding.item_id) for finding in result]


def passed(what: Draft, **changes: Any) -> Checked:
    result = check(what, held_to(**changes))
    assert isinstance(result, Checked), result
    return result
