"""Warnings of a request (specs: web21 §6.1), and names that are converted."""

import pytest

from sandbox.domain.errors import InvalidParameter
from sandbox.domain.kana import TextClass
from sandbox.domain.transfer.fields import invalid
from sandbox.domain.transfer.finding import (
    MOST_FINDINGS,
    WARNING_DIGITS,
    Code,
    DraftRefused,
    asked_for,
    cut,
)
from sandbox.domain.transfer.names import narrowed
from sandbox.domain.transfer.policy import TransferPolicy
from sandbox.domain.transfer.remarks import item_warnings, same_request
from tests.unit.transfer.building import MASTER, REMITTER, draft, item, passed

ALL = frozenset(WARNING_DIGITS)


def warned(*items, asked=ALL):
    remarks = item_warnings(items, asked, MASTER, TransferPolicy())
    return [(remark.code, remark.field, remark.item_id) for remark in remarks]


@pytest.mark.parametrize(
    ("digits", "expected"),
    [
        ("0000000000", set()),
        ("1000000000", {Code.SAME_REQUEST}),
        ("0100000000", {Code.DUPLICATE_ITEM}),
        ("0010000000", {Code.NOT_IN_MASTER}),
        ("0001000000", {Code.CONVERTED}),
        ("0000100000", {Code.LARGE_ITEM}),
        ("1111100000", set(WARNING_DIGITS)),
    ],
)
def test_each_digit_asks_for_one_warning(digits, expected):
    assert asked_for(digits) == expected


@pytest.mark.parametrize(
    "digits", ["", "1", "000000000", "00000000000", "2000000000", "０000000000", "0000010000"]
)
def test_other_digits_are_refused(digits):
    with pytest.raises(InvalidParameter) as refused:
        asked_for(digits)
    assert refused.value.details[0]["field"] == "warning_check_type"


@pytest.mark.parametrize(
    ("changes", "is_same"),
    [
        ({}, True),
        ({"beneficiary_name": "ﾍﾞﾂﾒｲ"}, True),
        ({"transfer_amount": 1_001}, False),
        ({"account_number": "0000002"}, False),
        ({"account_type_code": "02"}, False),
        ({"beneficiary_branch_code": "002"}, False),
        ({"beneficiary_bank_code": "0001"}, False),
    ],
)
def test_equal_payments_are_named(changes, is_same):
    second = item(1)._replace(**changes | {"item_id": "2"})
    found = warned(item(1), second, asked={Code.DUPLICATE_ITEM})
    assert found == ([(Code.DUPLICATE_ITEM, "account_number", "2")] if is_same else [])


@pytest.mark.parametrize(
    ("bank", "branch", "expected"),
    [
        ("9999", "001", None),
        ("9999", "002", "beneficiary_branch_code"),
        ("9998", "001", "beneficiary_bank_code"),
        ("0001", "777", None),  # known by its code alone: any branch may exist
    ],
)
def test_banks_and_branches_are_looked_up(bank, branch, expected):
    found = warned(item(1, beneficiary_bank_code=bank, beneficiary_branch_code=branch))
    assert [field for _, field, _ in found] == ([expected] if expected else [])


@pytest.mark.parametrize(("yen", "is_large"), [(10_000_000, False), (10_000_001, True)])
def test_large_items_are_named(yen, is_large):
    assert warned(item(1, yen)) == ([(Code.LARGE_ITEM, "transfer_amount", "1")] if is_large else [])


def test_nothing_is_looked_for_that_was_not_asked_for():
    odd = [item(1, 99_999_999, beneficiary_bank_code="9998")] * 2
    assert len(warned(*odd)) == 5
    assert warned(*odd, asked=frozenset()) == []


# Names


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("ｶｸｳ ﾀﾛｳ", "ｶｸｳ ﾀﾛｳ"),
        ("カクウ", "ｶｸｳ"),
        ("かくう", "ｶｸｳ"),
        ("ガギグ", "ｶﾞｷﾞｸﾞ"),
        ("シャチョウ", "ｼﾔﾁﾖｳ"),
        ("ｼｬﾁｮｳ", "ｼﾔﾁﾖｳ"),
        ("ローン", "ﾛ-ﾝ"),
        ("ﾛｰﾝ", None),  # the half-width mark is no full-width kana
        ("ヲ", None),
        ("Ａ", None),
        ("ｶｸｳ　", None),
        ("a", None),
        ("架空", None),
        ("ｶｸｳ,", None),
        ("・", None),
        ("ヰ", None),
        ("\n", None),
        ("é", None),
        ("😀", None),
    ],
)
def test_kana_is_converted_and_nothing_else(written, expected):
    assert narrowed(written, TextClass.PARTY_NAME) == expected


def test_a_converted_name_is_registered_and_reported():
    checked = passed(draft(item(1, beneficiary_name="シャチョウ"), item(2)))
    assert [each.beneficiary_name for each in checked.draft.items] == ["ｼﾔﾁﾖｳ", "ｶｸｳ ﾀﾛｳ"]
    (warning,) = checked.converted
    assert (warning.code, warning.field) == (Code.CONVERTED, "beneficiary_name")
    assert warning.item_id == "1"
    assert "ｼﾔﾁﾖｳ" in warning.message


def test_the_remitters_name_is_converted_before_it_is_compared():
    checked = passed(draft(remitter_name="ｻﾝﾌﾟﾙｼｮｳｼﾞ(ｶ"))
    assert checked.draft.remitter_name == REMITTER
    assert [warning.field for warning in checked.converted] == ["remitter_name"]


def test_the_length_counts_after_the_conversion():
    assert passed(draft(item(1, beneficiary_name="ガ" * 15)))
    assert len(passed(draft(item(1, beneficiary_name="ガ" * 15))).draft.items[0][5]) == 30
    with pytest.raises(AssertionError, match="beneficiary_name"):
        passed(draft(item(1, beneficiary_name="ガ" * 16)))


# Findings


def test_a_refusal_carries_at_most_a_hundred_findings_and_the_first_ones_code():
    findings = [invalid("a", "x")] * 150
    refused = DraftRefused([same_request(), *findings])
    assert (len(refused.findings), refused.code) == (MOST_FINDINGS, Code.SAME_REQUEST)
    assert len(cut(iter(findings))) == MOST_FINDINGS
    assert cut([]) == ()
