"""The files that ship: each is made by ``samples``, good ones come back as they were sent."""

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from sandbox.domain.corporate.plan import Plan
from sandbox.domain.transfer.approval import ApprovalRule, Pattern
from sandbox.domain.transfer.contract import RemittingAccount, TransferContract
from sandbox.domain.transfer.draft import KEPT, Draft
from sandbox.domain.transfer.file import draft_of, file_of
from sandbox.domain.transfer.request import TransferRequest
from sandbox.domain.transfer.status import Status
from sandbox.domain.transfer.window import Kind
from sandbox.domain.zengin import LineEnd, TypeCode, read_transfers
from sandbox.domain.zengin.findings import Code
from tests.unit.zengin.building import FORM_ONLY, bulk_file, item
from tests.unit.zengin.samples import BAD, FOLDER, GOOD, files

REMITTER = frozenset({("0000000001", "ｻﾝﾌﾟﾙｼﾖｳｼﾞ(ｶ")})
ACCOUNTS = [("001", "01", "1000001"), ("001", "02", "1000002"), ("002", "01", "1000003")]
CONTRACT = TransferContract(
    bank_code="0009",
    plan=Plan.EXPERT,
    rule=ApprovalRule(pattern=Pattern.SINGLE, double_from_yen=None),
    beneficiary_pays=False,
    accounts=tuple(
        RemittingAccount(
            account=number,
            branch_code=branch,
            account_type_code=kind,
            account_number=account_number,
            remitters=REMITTER,
        )
        for number, (branch, kind, account_number) in enumerate(ACCOUNTS, start=1)
    ),
    approvers=frozenset(),
)
KINDS = {TypeCode.BULK: Kind.BULK, TypeCode.PAYROLL: Kind.PAYROLL, TypeCode.BONUS: Kind.BONUS}


def draft(data: bytes, **more: Any) -> Draft:
    reading = read_transfers(data, FORM_ONLY)
    kind = KINDS[TypeCode(reading.batches[0].header.type_code)]
    return draft_of(reading, kind, CONTRACT, **more)


def registered(sent: Draft) -> TransferRequest:
    """Return a draft as the storage gives it back, with what it only keeps as JSON."""
    kept = {name: value for name in KEPT if (value := getattr(sent, name))}
    return TransferRequest(
        request=1,
        bank="web21",
        contractor_id="c",
        kind=sent.kind,
        status=Status.SETTLED,
        transaction_no=1,
        temporary_no=None,
        bank_code="0009",
        account=1,
        designated_on=date(2026, *map(int, sent.effort_date.split("-"))),
        cut_off_at=0,
        pattern=Pattern.SINGLE,
        first_approver=None,
        second_approver=None,
        approved_by=(),
        item_count=len(sent.items),
        total_yen=sent.total_yen,
        largest_item_yen=1,
        beneficiary_pays=False,
        requester="Z001",
        registered_at=0,
        last_act_at=0,
        transaction_notes="",
        comment="",
        reason=None,
        fees_yen=None,
        kept=json.loads(json.dumps(kept)),
    )


def again(data: bytes) -> bytes:
    sent = draft(data)
    other = LineEnd.NONE if b"\r\n" in data else LineEnd.CRLF
    return file_of(registered(sent), sent.items, other)


def test_the_folder_holds_what_is_made() -> None:
    kept = {path.relative_to(FOLDER).as_posix(): path for path in FOLDER.rglob("*.txt")}
    made = files()
    assert set(kept) == set(made)
    for name, path in kept.items():
        assert path.read_bytes() == made[name], name


@pytest.mark.parametrize("name", GOOD)
def test_a_good_file_comes_back_byte_by_byte(name: str) -> None:
    data = GOOD[name]()
    assert again(data) == data


@pytest.mark.parametrize("place", ["header", "trailer", "items", "end_filler", "line_end"])
def test_the_samples_need_everything_that_is_kept_of_a_file(place: str) -> None:
    """Without any one part of it, some sample would come back changed."""
    kept = [draft(make()).sent_file for make in GOOD.values()]
    assert len({json.dumps(each[place]) for each in kept}) > 1


def test_every_finding_has_a_file_of_its_name() -> None:
    assert {name[:4] for name in BAD} == {code.value for code in Code}


# What a draft is


def test_a_file_becomes_the_draft_that_it_says() -> None:
    sent = draft(GOOD["bulk"](), transaction_notes="11月分")
    assert (sent.kind, sent.effort_date, sent.transaction_notes) == (Kind.BULK, "11-30", "11月分")
    assert (sent.remitter_code, sent.remitter_name) == ("0000000001", "ｻﾝﾌﾟﾙｼﾖｳｼﾞ(ｶ")
    assert (sent.remitting_account_type_code, sent.remitting_account_number) == ("01", "1000001")
    assert (sent.total_count, sent.total_amount) == (2, 100_001)
    first, second = sent.items
    assert (first.item_id, first.account_type_code, first.transfer_amount) == ("1", "01", 100_000)
    assert (first.beneficiary_name, first.transfer_designated_type) == ("ｶｸｳ ﾀﾛｳ", "7")
    assert (second.item_id, second.customer_code1) == ("2", "42")


def test_what_the_header_leaves_out_is_completed_from_the_contract() -> None:
    sent = draft(GOOD["bulk-left-out"]())
    assert (sent.remitting_account_type_code, sent.remitting_account_number) == ("01", "1000003")
    assert sent.remitter_name == "ｻﾝﾌﾟﾙｼﾖｳｼﾞ(ｶ"


def test_nothing_is_completed_where_two_accounts_may_be_meant() -> None:
    sent = draft(bulk_file(account_number="0000000", account_type="0"))
    assert (sent.remitting_account_type_code, sent.remitting_account_number) == ("00", "0000000")


def test_an_unknown_name_is_not_replaced_by_the_right_one() -> None:
    assert draft(bulk_file(account_number="1000001", originator_name="ﾐﾎﾝ")).remitter_name == "ﾐﾎﾝ"


def test_a_payroll_header_names_the_firm_without_brackets() -> None:
    assert draft(GOOD["payroll"]()).remitter_name == "ｻﾝﾌﾟﾙｼﾖｳｼﾞ(ｶ"


def test_items_spelled_alike_are_kept_once() -> None:
    data = bulk_file(*[item(amount=n + 1) for n in range(1_000)], account_number="1000001")
    blank = data.replace(b"0000" + b"1" + b"7654321", b"    " + b"1" + b"7654321")
    assert draft(blank).sent_file["items"] == [[1, 1_000, ["clearing_house_number=    "]]]
    assert again(blank) == blank


def test_spellings_that_change_from_item_to_item_find_their_items() -> None:
    methods = "7780078"
    data = bulk_file(
        *[item(amount=n + 1, transfer_method=m) for n, m in enumerate(methods)],
        account_number="1000001",
    )
    assert [part[:2] for part in draft(data).sent_file["items"]] == [[3, 3], [7, 7]]
    assert again(data) == data


@pytest.mark.parametrize("last", [b"", b"\x1a"])
def test_the_mark_of_the_end_of_a_file_is_not_sent_back(last: bytes) -> None:
    data = GOOD["bulk"]()
    assert again(data + last) == data


# Requests that came as JSON


def as_json(**changes: Any) -> TransferRequest:
    sent = replace(draft(GOOD["bulk"]()), sent_file={}, **changes)
    return registered(sent)


@pytest.mark.parametrize("line_end", LineEnd)
def test_a_request_that_was_no_file_is_written_as_the_setting_says(line_end: LineEnd) -> None:
    data = file_of(as_json(), draft(GOOD["bulk"]()).items, line_end)
    assert data.endswith(b"\r\n") == (line_end is LineEnd.CRLF)
    assert read_transfers(data, FORM_ONLY).is_accepted


def test_texts_that_no_field_takes_are_converted_and_cut() -> None:
    items = [
        draft(GOOD["bulk"]())
        .items[0]
        ._replace(
            beneficiary_bank_name="見本バンク（東日本）カンパニー",
            dummy="あ\r\n架空",
            identification=" ",
        )
    ]
    request = as_json(dummy_header="架空" * 9, dummy_trailer="\n" * 101)
    (found,) = read_transfers(file_of(request, items, LineEnd.CRLF), FORM_ONLY).batches
    assert found.items[0].beneficiary_bank_name == "ﾊﾞﾝｸｶﾝﾊﾟﾆ-"
    assert found.items[0].filler == "ｱ"
    assert found.header.filler == found.trailer_filler == ""


def test_a_payroll_request_is_written_without_the_brackets() -> None:
    sent = draft(GOOD["payroll"]())
    data = file_of(registered(replace(sent, sent_file={})), sent.items, LineEnd.CRLF)
    assert read_transfers(data, FORM_ONLY).batches[0].header.originator_name == "ｻﾝﾌﾟﾙｼﾖｳｼﾞｶ"


def test_one_header_more_than_may_be_is_an_error() -> None:
    two = GOOD["bulk"]()[:488] + GOOD["bulk"]()
    rules = replace(FORM_ONLY, most_batches=1)
    assert read_transfers(GOOD["bulk"](), rules).is_accepted
    (found,) = read_transfers(two, rules).findings
    assert (found.code, found.record) == (Code.BAD_ORDER, 5)
    assert read_transfers(two, FORM_ONLY).is_accepted
