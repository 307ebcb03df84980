"""One bad file for every code, and a good file beside each: exactly that is found."""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from sandbox.domain.zengin import (
    Finding,
    TransferBatch,
    TransferRules,
    TypeCode,
    read_transfers,
    write_transfers,
)
from sandbox.domain.zengin import transfer_layouts as layouts
from sandbox.domain.zengin.characters import decode, readable
from sandbox.domain.zengin.findings import Code
from tests.unit.zengin.building import (
    STRICT,
    batch,
    bulk_file,
    codes,
    codes_of,
    file_of,
    item,
    overwrite,
    payroll_header,
    payroll_item,
    put,
    records_of,
)

JAPANESE = re.compile("[ぁ-ん一-龥]")
GOOD = bulk_file(item(), item(account_number="0000002", amount=1))
PAYROLL = write_transfers([TransferBatch(header=payroll_header(), items=(payroll_item(),))])
PAYROLL_HERE = replace(STRICT, type_codes=frozenset({TypeCode.PAYROLL}))
EMPTY = TransferBatch(header=batch().header, items=())
HEADER, FIRST, SECOND, TRAILER, END = records_of(GOOD)


def in_header(field: str, content: str) -> bytes:
    return put(GOOD, 1, layouts.BULK_HEADER, field, content)


def in_item(field: str, content: str) -> bytes:
    return put(GOOD, 2, layouts.BULK_DATA, field, content)


def in_trailer(field: str, content: str) -> bytes:
    return put(GOOD, 4, layouts.TRAILER, field, content)


def with_record(place: int, change: Callable[[bytes], bytes]) -> bytes:
    records = records_of(GOOD)
    records[place - 1] = change(records[place - 1])
    return file_of(records)


BAD: list[tuple[str, bytes, list[str]]] = [
    ("length 119", with_record(2, lambda r: r[:-1]), ["Z101"]),
    ("length 121", with_record(2, lambda r: r + b" "), ["Z101"]),
    ("LF line ends", GOOD.replace(b"\r\n", b"\n"), ["Z101"]),
    ("truncated tail", GOOD[: 4 * 122 + 60], ["Z101"] * 2),
    ("cut between records", GOOD[: 4 * 122], ["Z104"]),
    ("unknown record type", with_record(3, lambda r: b"5" + r[1:]), ["Z102", "Z301", "Z302"]),
    ("no header", file_of([FIRST, SECOND, TRAILER, END]), ["Z103", "Z103", "Z103", "Z107"]),
    ("no trailer", file_of([HEADER, FIRST, SECOND, END]), ["Z103"]),
    ("two trailers", file_of([HEADER, FIRST, SECOND, TRAILER, TRAILER, END]), ["Z103"]),
    ("bytes after the end", GOOD + b"\x00", ["Z101", "Z104"]),
    ("dividends", in_header("type_code", "41"), ["Z105"]),
    ("direct debit", in_header("type_code", "91"), ["Z105"]),
    ("UTF-8", GOOD.decode("cp932").encode("utf-8"), ["Z106"]),
    ("byte-order mark", b"\xef\xbb\xbf" + GOOD, ["Z106"]),
    ("EBCDIC flag", in_header("code_type", "1"), ["Z106"]),
    ("full-width name", in_item("beneficiary_name", "架空"), ["Z106"]),
    ("empty", b"", ["Z107"]),
    ("batch without data", write_transfers([batch(), EMPTY]), ["Z107"]),
    ("letter in a code", in_item("account_number", "12345A7"), ["Z201"]),
    ("lower case", in_item("beneficiary_name", "kakuu"), ["Z202"]),
    ("long-vowel mark", in_item("beneficiary_name", "ｶｰﾄﾞ"), ["Z202"]),
    ("small kana", in_item("beneficiary_name", "ｼｮｳｼﾞ"), ["Z202"]),
    ("comma", in_item("beneficiary_name", "A,B"), ["Z202"]),
    ("name not on the left", in_item("beneficiary_name", " ｶｸｳﾀﾛ"), ["Z203"]),
    ("number padded with spaces", in_item("account_number", " 654321"), ["Z203"]),
    ("stray voicing mark", in_item("beneficiary_name", "ｱﾞ"), ["Z204"]),
    ("unknown account type", in_item("account_type", "3"), ["Z205"]),
    ("unknown method", in_item("transfer_method", "1"), ["Z205"]),
    ("no name", in_item("beneficiary_name", " " * 30), ["Z206"]),
    ("amount 0", in_item("amount", "0" * 10), ["Z206"]),
    ("wrong count", in_trailer("record_count", "000003"), ["Z301"]),
    ("wrong total", in_trailer("total_amount", "000000100000"), ["Z302"]),
    ("two equal items", bulk_file(item(), item()), ["Z303"]),
    ("another's account", in_header("account_number", "7654321"), ["Z401"]),
    ("another's bank", in_header("remitting_bank_code", "0566"), ["Z401"]),
    ("unknown bank", in_item("beneficiary_bank_code", "9990"), ["Z402"]),
    ("unknown branch", in_item("beneficiary_branch_code", "002"), ["Z402"]),
    ("other name of the bank", in_item("beneficiary_bank_name", "ﾐﾎﾝ"), ["Z403"]),
    ("30 February", in_header("designated_date", "0230"), ["Z501"]),
    ("a holiday", in_header("designated_date", "1012"), ["Z501"]),
    (
        "name cut before its mark",
        bulk_file(item(beneficiary_branch_code="456", beneficiary_branch_name="ﾀﾞﾝﾁｾﾝﾀ-ﾋｶﾞｼｵｵﾄ")),
        ["Z601"],
    ),
]


@pytest.mark.parametrize(
    ("data", "expected"), [row[1:] for row in BAD], ids=[row[0] for row in BAD]
)
def test_a_bad_file_has_its_finding(data: bytes, expected: list[str]) -> None:
    reading = read_transfers(data, STRICT)
    assert sorted(codes(reading)) == sorted(expected)
    has_error = any(finding.is_error for finding in reading.findings)
    assert reading.is_accepted == (not has_error)
    for finding in reading.findings:
        assert JAPANESE.search(finding.message)
        assert finding.message_en
        assert not JAPANESE.search(finding.message_en)
        assert finding.value == readable(stands_at(data, finding))


def stands_at(data: bytes, finding: Finding) -> str:
    """Return what the finding is about, as the report cuts it."""
    records = decode(data).replace("\r\n", "\n").split("\n")
    text = records[finding.record - 1][finding.first - 1 : finding.last]
    return text.rstrip(" ")[:40]


def test_an_a_in_a_payroll_name_is_refused() -> None:
    assert codes_of(PAYROLL, PAYROLL_HERE) == []
    data = put(PAYROLL, 2, layouts.PAYROLL_DATA, "beneficiary_name", "A")
    assert codes_of(data, PAYROLL_HERE) == ["Z202"]


def test_more_items_than_the_limit_are_refused() -> None:
    at_the_limit = replace(STRICT, most_items=2)
    assert codes_of(GOOD, at_the_limit) == []
    over = replace(STRICT, most_items=1)
    assert codes_of(GOOD, over) == ["Z304"]


def test_every_code_has_a_bad_file() -> None:
    shown = {code for _, _, expected in BAD for code in expected}
    assert shown | {"Z304"} == {code.value for code in Code}


def test_errors_and_warnings_are_those_of_the_format() -> None:
    warnings = {code.value for code in Code if not code.is_error}
    assert warnings == {"Z203", "Z205", "Z303", "Z402", "Z403", "Z601"}


def test_the_good_file_is_good_to_the_strictest_rules() -> None:
    assert codes_of(GOOD, STRICT) == []


def test_a_file_with_one_error_gives_nothing_however_much_is_good() -> None:
    data = overwrite(GOOD, 3, 81, "000000000A")
    reading = read_transfers(data, STRICT)
    assert codes(reading) == ["Z201"]
    assert reading.batches == ()


def test_an_error_in_the_second_batch_refuses_the_first() -> None:
    data = write_transfers([batch(), batch(item(amount=2))])
    reading = read_transfers(put(data, 5, layouts.BULK_DATA, "amount", "X"), STRICT)
    assert codes(reading) == ["Z201"]
    assert not reading.is_accepted


def test_a_file_with_warnings_gives_everything() -> None:
    reading = read_transfers(in_item("account_type", "3"), STRICT)
    assert [finding.code for finding in reading.warnings] == [Code.NOT_IN_LIST]
    assert len(reading.batches[0].items) == 2


def test_all_faults_of_a_file_are_found_in_one_reading() -> None:
    data = in_header("designated_date", "0230")
    data = put(data, 2, layouts.BULK_DATA, "amount", "00000000X0")
    data = put(data, 2, layouts.BULK_DATA, "beneficiary_name", "kakuu")
    data = put(data, 3, layouts.BULK_DATA, "new_code", "7")
    data = put(data, 4, layouts.TRAILER, "record_count", "000007")
    reading = read_transfers(data, TransferRules(type_codes=frozenset({TypeCode.BULK})))
    assert [(f.code.value, f.record, f.first) for f in reading.findings] == [
        ("Z501", 1, 55),
        ("Z202", 2, 51),
        ("Z201", 2, 81),
        ("Z205", 3, 91),
        ("Z301", 4, 2),  # the total cannot be known, so nothing is said of it
    ]
