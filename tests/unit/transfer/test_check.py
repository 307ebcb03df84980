"""What a draft is refused for (specs: web21 §5.3), each rule at its edge."""

from dataclasses import replace
from datetime import date, datetime

import pytest

from sandbox.domain.corporate.plan import Plan
from sandbox.domain.time import JST, instant_of
from sandbox.domain.transfer.approval import ApprovalRule, Pattern
from sandbox.domain.transfer.finding import MOST_FINDINGS, Code
from sandbox.domain.transfer.policy import Totals, TransferPolicy
from sandbox.domain.transfer.window import Kind
from tests.unit.transfer.building import CONTRACT, draft, found, item, passed

INVALID = "invalid_parameter"
NUMBER = "remitting_account_number"


def test_a_draft_without_fault_passes_as_it_is():
    what = draft()
    checked = passed(what)
    assert checked.draft == what
    assert (checked.designated_on, checked.account.account) == (date(2026, 11, 20), 1)
    assert (checked.pattern, checked.converted, checked.totals) == (Pattern.SINGLE, (), ())


@pytest.mark.parametrize(
    ("field", "good", "bad"),
    [
        ("remitter_code", "0000000001", "000000001"),
        ("effort_date", "11-20", "1120"),
        ("effort_date", "11-20", "02-30"),
        ("effort_date", "11-20", "13-01"),
        ("remitting_bank_code", "0009", "009"),
        ("remitting_branch_code", "001", "００１"),
        ("remitting_account_type_code", "01", "1"),
        ("remitting_account_type_code", "01", "04"),
        ("remitting_account_number", "1000001", "100000"),
        ("transaction_notes", "名" * 40, "名" * 41),
        ("remitting_bank_name", "ｱ" * 15, "ｱ" * 16),
        ("remitting_bank_branch_name", "ｱ" * 15, "ｱ" * 16),
        ("dummy_header", " " * 17, " " * 18),
        ("dummy_trailer", " " * 101, " " * 102),
        ("comment", "承" * 100, "承" * 101),
        ("approval_pattern_type", "single_approval", "none"),
        ("first_approver_code", "Z101", "Z001"),
        ("first_approver_code", "Z101", "Z999"),
        ("first_approver_code", "Z101", "Z1011"),
    ],
)
def test_a_field_of_the_header_at_its_edge(field, good, bad):
    assert found(draft(**{field: good})) == []
    assert (INVALID, field, None) in found(draft(**{field: bad}))


@pytest.mark.parametrize(
    ("field", "good", "bad"),
    [
        ("item_id", "99999", "0"),
        ("item_id", "00001", "00000"),
        ("item_id", "1", "100000"),
        ("item_id", "1", "１"),
        ("item_id", "1", ""),
        ("beneficiary_bank_code", "9999", "999"),
        ("beneficiary_branch_code", "001", "0001"),
        ("account_number", "0000001", "000001"),
        ("account_number", "0000001", "000000A"),
        ("account_type_code", "09", "03"),
        ("account_type_code", "04", "4"),
        ("transfer_amount", 1, 0),
        ("transfer_amount", 9_999_999_999, 10_000_000_000),
        ("transfer_amount", 1, -1),
        ("new_code", "2", "3"),
        ("new_code", "0", ""),
        ("beneficiary_name", "ｱ" * 30, "ｱ" * 31),
        ("beneficiary_name", "ABC-(1).", "ABC/"),
        ("beneficiary_name", "ｶﾞ", "ｱﾞ"),
        ("beneficiary_name", "ﾊﾟ", "ｶﾟ"),
        ("beneficiary_name", "A", "a"),
        ("beneficiary_name", "ｱ", "漢字"),
        ("beneficiary_name", "ｱ-", "ｱｰ"),
        ("beneficiary_name", "ｱ", ""),
        ("beneficiary_name", "ｱ ", "   "),
        ("beneficiary_name", "ｵ", "ｦ"),
        ("beneficiary_bank_name", "ｱ" * 15, "ｱ" * 16),
        ("beneficiary_branch_name", "ｱ" * 15, "ｱ" * 16),
        ("clearing_house_number", "0000", "000"),
        ("customer_code1", "A" * 10, "A" * 11),
        ("customer_code2", "ｦ/", "ｧ"),
        ("transfer_designated_type", "7", "8"),
        ("identification", " ", "N"),
        ("dummy", " " * 7, " " * 8),
    ],
)
def test_a_field_of_an_item_at_its_edge(field, good, bad):
    assert found(draft(item(**{field: good}))) == []
    errors = found(draft(item(**{field: bad})))
    assert [error[:2] for error in errors] == [(INVALID, field)]


@pytest.mark.parametrize("kind", [Kind.PAYROLL, Kind.BONUS])
@pytest.mark.parametrize(
    ("field", "good", "bad"),
    [
        ("account_type_code", "02", "04"),
        ("account_type_code", "01", "09"),
        ("beneficiary_name", "ｶｸｳ 1", "ｶｸｳA"),
        ("beneficiary_name", "ｶｸｳ", "ｶｸｳ-"),
        ("employee_number", "A" * 10, "A" * 11),
        ("department_code", "0" * 10, "0" * 11),
        ("dummy", " " * 9, " " * 10),
    ],
)
def test_a_field_of_a_payroll_item_at_its_edge(kind, field, good, bad):
    assert found(draft(item(**{field: good}), kind=kind)) == []
    errors = found(draft(item(**{field: bad}), kind=kind))
    assert [error[:2] for error in errors] == [(INVALID, field)]


def test_a_firm_pays_its_people_in_its_own_name():
    assert found(draft(kind=Kind.PAYROLL)) == []  # with the brackets that no person's name has


@pytest.mark.parametrize(
    ("fields", "flag", "expected"),
    [
        ({"identification": "Y", "edi_info": "ｦ" * 20}, False, []),
        ({"identification": "Y", "edi_info": "A" * 21}, False, ["edi_info"]),
        ({"edi_info": "A"}, False, ["edi_info"]),
        ({"identification": "Y", "customer_code1": "1"}, False, ["customer_code1"]),
        ({"identification": "Y", "customer_code2": "1"}, False, ["customer_code1"]),
        ({"edi_xml": ("x",)}, False, ["edi_xml"]),
        ({"edi_xml": ("x" * 140, "x")}, True, []),
        ({"edi_xml": ("x" * 141,)}, True, ["edi_xml"]),
    ],
)
def test_edi_info_takes_the_place_of_customer_codes(fields, flag, expected):
    what = draft(item(**fields), extension_edi_utilization_flag=flag)
    assert [field for _, field, _ in found(what)] == expected


@pytest.mark.parametrize("ids", [("1", "1"), ("1", "00001"), ("07", "7")])
def test_item_ids_are_unique_as_numbers(ids):
    items = [item(number, item_id=text) for number, text in enumerate(ids, start=1)]
    assert found(draft(*items)) == [(INVALID, "item_id", ids[1])]


@pytest.mark.parametrize(
    ("plan", "kind", "most"),
    [
        (Plan.EXPERT, Kind.BULK, 20_000),
        (Plan.DEBUT, Kind.BULK, 30),
        (Plan.LIGHT, Kind.PAYROLL, 30),
        (Plan.EXPERT, Kind.TRANSFER, 10),
        (Plan.DEBUT, Kind.TRANSFER, 10),
    ],
)
def test_a_request_has_as_many_items_as_its_plan_allows(plan, kind, most):
    items = [item(number) for number in range(1, most + 2)]
    assert found(draft(*items[:most], kind=kind), plan=plan) == []
    errors = found(draft(*items, kind=kind), plan=plan)
    assert errors == [("too_many_items", "transactions", None)]


def test_a_request_has_an_item():
    assert found(replace(draft(), items=())) == [(INVALID, "transactions", None)]


def test_the_total_may_have_twelve_digits():
    items = [item(number, 9_999_999_999) for number in range(1, 101)]
    fits = [*items, item(101, 99)]  # 999,999,999,999 in all
    assert found(draft(*fits)) == []
    assert found(draft(*items, item(101, 100))) == [(INVALID, "total_amount", None)]


@pytest.mark.parametrize(
    ("totals", "expected"),
    [
        ({"total_count": 2, "total_amount": 3_000}, []),
        ({}, []),
        ({"total_count": 1}, ["total_count"]),
        ({"total_amount": 2_999}, ["total_amount"]),
        ({"total_count": 0, "total_amount": 0}, ["total_count", "total_amount"]),
    ],
)
def test_totals_are_those_of_the_items_or_not_sent(totals, expected):
    what = draft(item(1, 1_000), item(2, 2_000), **totals)
    assert found(what) == [("totals_mismatch", field, None) for field in expected]
    lenient = TransferPolicy(totals_mismatch=Totals.WARNING)
    warnings = passed(what, policy=lenient).totals
    assert [(w.code, w.field) for w in warnings] == [(Code.TOTALS_MISMATCH, f) for f in expected]


# The account and the remitter


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"remitting_bank_code": "9999"}, (INVALID, "remitting_bank_code")),
        ({"remitting_branch_code": "002"}, ("account_not_found", NUMBER)),
        ({"remitting_account_type_code": "02"}, ("account_not_found", NUMBER)),
        ({"remitting_account_number": "1000002"}, ("account_not_found", NUMBER)),
        ({"remitter_code": "0000000003"}, ("unknown_remitter", "remitter_code")),
        ({"remitter_name": "ｶｸｳ"}, ("unknown_remitter", "remitter_code")),
        ({"remitter_code": "0000000002"}, ("unknown_remitter", "remitter_code")),
    ],
)  # fmt: skip
def test_account_and_remitter_are_the_contracts(changes, expected):
    assert [error[:2] for error in found(draft(**changes))] == [expected]


def test_each_remitter_goes_with_its_own_code():
    assert found(draft(remitter_code="0000000002", remitter_name="ｻﾝﾌﾟﾙ")) == []


# The day


def moment(day: int, hour: int, minute: int = 0):
    return instant_of(datetime(2026, 11, day, hour, minute, tzinfo=JST))


@pytest.mark.parametrize(
    ("kind", "on", "now", "expected"),
    [
        (Kind.BULK, "11-20", moment(19, 20, 59), []),
        (Kind.BULK, "11-20", moment(19, 21), ["date_out_of_window"]),
        (Kind.BULK, "11-24", moment(20, 20, 59), []),  # a weekend and a holiday in between
        (Kind.BULK, "11-24", moment(20, 21), ["date_out_of_window"]),
        (Kind.PAYROLL, "11-20", moment(17, 20, 59), []),
        (Kind.BONUS, "11-20", moment(17, 21), ["date_out_of_window"]),
        (Kind.TRANSFER, "11-20", moment(20, 14, 59), []),
        (Kind.TRANSFER, "11-20", moment(20, 15), ["date_out_of_window"]),
        (Kind.BULK, "12-22", moment(16, 0), []),  # 25 business days ahead
        (Kind.BULK, "12-23", moment(16, 23), ["date_out_of_window"]),
        (Kind.BULK, "11-21", moment(16, 10), ["not_business_day"]),
        (Kind.BULK, "11-23", moment(16, 10), ["not_business_day"]),
        (Kind.BULK, "01-10", moment(16, 10), ["date_out_of_window"]),  # beyond the calendar
        (Kind.BULK, "11-13", moment(16, 10), ["date_out_of_window"]),  # of next year
    ],
)
def test_the_designated_day_is_in_the_window(kind, on, now, expected):
    assert [code for code, _, _ in found(draft(kind=kind, effort_date=on), now=now)] == expected


# Approval


def rule(pattern=Pattern.SINGLE, double_from_yen=None, **how):
    return ApprovalRule(pattern=pattern, double_from_yen=double_from_yen, **how)


@pytest.mark.parametrize(
    ("asked", "of_contract", "yen", "expected"),
    [
        ("", rule(), 1, Pattern.SINGLE),
        ("double_approval", rule(), 1, Pattern.DOUBLE),
        ("single_approval", rule(Pattern.DOUBLE), 1, Pattern.DOUBLE),
        ("", rule(double_from_yen=1_000), 999, Pattern.SINGLE),
        ("single_approval", rule(double_from_yen=1_000), 1_000, Pattern.DOUBLE),
    ],
)
def test_more_eyes_may_be_asked_for_but_not_fewer(asked, of_contract, yen, expected):
    what = draft(item(1, yen), approval_pattern_type=asked)
    assert passed(what, rule=of_contract).pattern is expected


@pytest.mark.parametrize(
    ("first", "second", "pattern", "expected"),
    [
        ("Z101", "Z102", "double_approval", []),
        ("", "Z102", "double_approval", []),
        ("Z101", "Z101", "double_approval", ["second_approver_code"]),
        ("Z101", "Z102", "single_approval", ["second_approver_code"]),
        ("Z101", "Z103", "double_approval", ["second_approver_code"]),
    ],
)
def test_two_approvers_are_two_people(first, second, pattern, expected):
    what = draft(
        first_approver_code=first, second_approver_code=second, approval_pattern_type=pattern
    )
    assert [field for _, field, _ in found(what)] == expected


def test_the_requester_approves_only_where_the_rule_lets_him():
    what = draft(first_approver_code="Z001")
    approvers = CONTRACT.approvers | {"Z001"}
    assert found(what, approvers=approvers) == [(INVALID, "first_approver_code", None)]
    lenient = rule(requester_may_approve=True)
    assert found(what, approvers=approvers, rule=lenient) == []


# Fees borne by the beneficiary


@pytest.mark.parametrize(("bank", "yen", "is_refused"), [
    ("9999", 331, False), ("9999", 330, True), ("0009", 1, False)
])  # fmt: skip
def test_a_fee_must_leave_something_to_the_beneficiary(bank, yen, is_refused):
    what = draft(item(1, yen, beneficiary_bank_code=bank))
    expected = [(INVALID, "transfer_amount", "1")] if is_refused else []
    assert found(what, beneficiary_pays=True) == expected
    assert found(what, beneficiary_pays=False) == []


# All at once


def test_every_error_is_named_at_once():
    what = draft(item(1, 0), item(2, beneficiary_name="a"), remitter_code="x", effort_date="11-21")
    fields = {field for _, field, _ in found(what)}
    assert fields >= {"transfer_amount", "beneficiary_name", "remitter_code", "effort_date"}


@pytest.mark.parametrize("changes", [{"account_number": "x"}, {"beneficiary_name": "漢"}])
def test_at_most_a_hundred_errors_are_named(changes):
    items = [item(number, **changes) for number in range(1, 300)]
    assert len(found(draft(*items))) == MOST_FINDINGS
