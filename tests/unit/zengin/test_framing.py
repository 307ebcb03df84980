"""Bytes become records: encodings, line ends, lengths, and the order of the records."""

import re
import tracemalloc
from itertools import product

import pytest

from sandbox.domain.zengin import Code, LineEnd, read_transfers, write_transfers
from sandbox.domain.zengin.findings import MOST_FINDINGS
from tests.unit.zengin.building import (
    FORM_ONLY,
    batch,
    bulk_file,
    codes,
    codes_of,
    file_of,
    item,
    records_of,
)

GOOD = bulk_file()
HEADER, DATA, TRAILER, END = records_of(GOOD)
BY_TYPE = {"1": HEADER, "2": DATA, "8": TRAILER, "9": END}
BARE = write_transfers([batch()], line_end=LineEnd.NONE)


def places(data: bytes) -> list[tuple[str, str]]:
    return [(f.code.value, f.place) for f in read_transfers(data, FORM_ONLY).findings]


@pytest.mark.parametrize("data", [GOOD, BARE, GOOD + b"\x1a", BARE + b"\x1a"])
def test_a_file_has_crlf_after_every_record_or_nothing_at_all(data: bytes) -> None:
    reading = read_transfers(data, FORM_ONLY)
    assert codes(reading) == []
    assert reading.is_accepted
    assert reading.batches[0].items == (item(),)


def test_both_line_ends_have_the_lengths_of_the_format() -> None:
    assert len(BARE) == 4 * 120
    assert len(GOOD) == 4 * 122
    assert GOOD.replace(b"\r\n", b"") == BARE


@pytest.mark.parametrize(
    ("end", "record"),
    [(b"\n", 1), (b"\r", 1)],
)
def test_another_line_end_is_reported_once_and_the_rest_is_read(end: bytes, record: int) -> None:
    data = GOOD.replace(b"\r\n", end)
    assert places(data) == [("Z101", f"record {record}, bytes 1–120")]
    spoiled = data.replace("ｶｸｳ ﾀﾛｳ".encode("cp932"), b"kakuutr")
    assert codes_of(spoiled) == ["Z101", "Z202"]


def test_one_bare_line_end_among_good_ones_is_found_where_it_is() -> None:
    data = HEADER + b"\r\n" + DATA + b"\n" + TRAILER + b"\r\n" + END + b"\r\n"
    assert places(data) == [("Z101", "record 2, bytes 1–120")]


def test_the_last_record_has_its_line_end_too() -> None:
    assert places(GOOD.removesuffix(b"\r\n")) == [("Z101", "record 4, bytes 1–120")]
    assert codes_of(GOOD.removesuffix(b"\n")) == ["Z101"]


@pytest.mark.parametrize("length", [119, 121, 0, 1, 240])
@pytest.mark.parametrize("record", [2, 3])
def test_a_line_of_another_length_is_reported_and_stays_in_its_place(
    record: int, length: int
) -> None:
    records = [HEADER, DATA, DATA, TRAILER, END]
    records[1:3] = [records[1], records[1].replace(b"7654321", b"7654322")]
    records[3] = TRAILER.replace(b"000001000000100000", b"000002000000200000")
    assert codes_of(file_of(records)) == []
    records[record - 1] = records[record - 1].ljust(240)[:length]
    found = places(file_of(records))
    assert found[0] == ("Z101", f"record {record}, bytes 1–{max(length, 1)}")
    # An empty line counts for nothing, so the trailer's totals differ; any other is an item.
    assert [code for code, _ in found[1:]] == ([] if length else ["Z301", "Z302"])


@pytest.mark.parametrize("rest", [1, 119])
def test_without_line_ends_a_wrong_length_is_all_that_is_said(rest: int) -> None:
    data = BARE.replace(b"7654321", b"765432A")[: 3 * 120 + rest]
    assert places(data) == [("Z101", f"record 4, bytes 1–{rest}")]


@pytest.mark.parametrize("data", [b"", b"\x1a", b"\r\n", b"\r\n\r\n\x1a"])
def test_an_empty_file_is_called_empty(data: bytes) -> None:
    assert codes_of(data) == ["Z107"]


@pytest.mark.parametrize(
    "mark", [b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"], ids=["utf-8", "utf-16-le", "utf-16-be"]
)
def test_a_byte_order_mark_is_refused(mark: bytes) -> None:
    assert codes_of(mark + GOOD) == ["Z106"]
    assert "BOM" in read_transfers(mark, FORM_ONLY).findings[0].message


def test_utf8_is_called_by_its_name() -> None:
    data = GOOD.decode("cp932").encode("utf-8")
    (finding,) = read_transfers(data, FORM_ONLY).findings
    assert finding.code == "Z106"
    assert "UTF-8" in finding.message


def test_kana_that_could_be_utf8_by_chance_are_read_as_kana() -> None:
    name = "ﾄｳ ﾀﾛｳ"
    data = bulk_file(item(beneficiary_name=name, beneficiary_bank_name="ﾄｳ"))
    assert b"\xc4\xb3".decode("utf-8")
    (read,) = read_transfers(data, FORM_ONLY).batches
    assert read.items[0].beneficiary_name == name


def test_ebcdic_is_called_by_its_name() -> None:
    data = BARE.decode("cp932").encode("cp037", errors="replace")
    (finding,) = read_transfers(data, FORM_ONLY).findings
    assert finding.code == "Z106"
    assert "EBCDIC" in finding.message


@pytest.mark.parametrize("tail", [b"\x1a\x1a", b"\x1a\r\n", b"x", b"\r\n", b"\x00"])
def test_nothing_but_one_eof_mark_follows_the_end_record(tail: bytes) -> None:
    assert "Z104" in codes_of(GOOD + tail)


def test_a_filler_that_ends_like_an_eof_mark_is_a_filler() -> None:
    data = BARE[:-1] + b"\x1a"
    assert codes_of(data) == []
    assert codes_of(data + b"\x1a") == []


def test_whatever_follows_the_end_record_is_reported_once() -> None:
    assert places(file_of([HEADER, DATA, TRAILER, END, END, HEADER, DATA])) == [
        ("Z104", "record 5, bytes 1–120")
    ]


@pytest.mark.parametrize("kind", [b"0", b"3", b"7", b" ", b"A", b"\x00", b"\xb1", b"\xff"])
def test_a_record_of_unknown_type_is_reported_and_left_out(kind: bytes) -> None:
    odd = kind + DATA[1:]
    assert places(file_of([HEADER, DATA, odd, TRAILER, END])) == [("Z102", "record 3, bytes 1–1")]


# The order of records, by their types: what is said about each sequence.
ORDERS: dict[str, list[tuple[str, int]]] = {
    "1289": [],
    "122289": [("Z303", 3), ("Z303", 4), ("Z301", 5), ("Z302", 5)],
    "1281289": [],
    "289": [("Z103", 1), ("Z103", 2), ("Z107", 3)],
    "89": [("Z103", 1), ("Z107", 2)],
    "9": [("Z107", 1)],
    "2": [("Z103", 1), ("Z104", 1)],
    "189": [("Z107", 2), ("Z301", 2), ("Z302", 2)],
    "19": [("Z103", 2), ("Z107", 2)],
    "1": [("Z103", 1), ("Z104", 1), ("Z107", 1)],
    "129": [("Z103", 3)],
    "12": [("Z103", 2), ("Z104", 2)],
    "128": [("Z104", 3)],
    "12889": [("Z103", 4)],
    "12829": [("Z103", 4)],
    "11289": [("Z103", 2), ("Z107", 2)],
    "121289": [("Z103", 3)],
    "12899": [("Z104", 5)],
    "12891": [("Z104", 5)],
    "1289128": [("Z104", 5)],
}


@pytest.mark.parametrize(("order", "expected"), ORDERS.items())
def test_records_out_of_order_are_reported_where_they_are(
    order: str, expected: list[tuple[str, int]]
) -> None:
    data = file_of(BY_TYPE[kind] for kind in order)
    found = [(f.code.value, f.record) for f in read_transfers(data, FORM_ONLY).findings]
    assert sorted(found) == sorted(expected)


def in_order(types: str) -> bool:
    """Say whether a file of such records is complete: (header, data…, trailer)… end."""
    return re.fullmatch("(12+8)+9", types) is not None


@pytest.mark.parametrize("length", range(1, 7))
def test_of_all_sequences_exactly_the_complete_ones_pass(length: int) -> None:
    wrong_totals = {"Z301", "Z302", "Z303"}
    for types in map("".join, product("1289", repeat=length)):
        reading = read_transfers(file_of(BY_TYPE[kind] for kind in types), FORM_ONLY)
        said = set(codes(reading)) - wrong_totals
        assert (not said) == in_order(types), types


def test_two_batches_are_read_apart() -> None:
    second = item(account_number="0000001", amount=5)
    data = write_transfers([batch(), batch(second, designated_date="1006")])
    first, other = read_transfers(data, FORM_ONLY).batches
    assert (first.total_amount, other.total_amount) == (100_000, 5)
    assert other.header.designated_date == "1006"


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"])
def test_a_file_of_line_ends_takes_no_more_room_than_its_size_deserves(end: bytes) -> None:
    data = b"1" + end * 100_000
    tracemalloc.start()
    try:
        reading = read_transfers(data, FORM_ONLY)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(reading.findings) == MOST_FINDINGS
    assert {finding.code for finding in reading.findings} == {Code.BAD_LENGTH}
    assert peak < 20 * len(data)


def test_what_is_wrong_behind_many_short_lines_is_found_as_well() -> None:
    """Each is found twice: it is too short, and has no header before it."""
    spoiled = bulk_file(item()).replace(b"9999", b"999A")
    reading = read_transfers(b"2\r\n" * 49 + spoiled, FORM_ONLY)
    assert [finding.code for finding in reading.findings].count(Code.BAD_LENGTH) == 49
    assert (reading.findings[-1].code, reading.findings[-1].record) == (Code.NOT_DIGITS, 51)
