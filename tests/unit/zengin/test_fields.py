"""Every field of a transfer file at its edges: what passes, what is remarked, and where."""

from dataclasses import replace

import pytest

from sandbox.domain.kana import wire_characters
from sandbox.domain.zengin import TransferBatch, read_transfers, write_transfers
from sandbox.domain.zengin import transfer_layouts as layouts
from sandbox.domain.zengin.layout import Field, Kind, Layout
from tests.unit.zengin.building import (
    FORM_ONLY,
    bulk_file,
    codes_of,
    item,
    payroll_header,
    payroll_item,
    put,
)

BULK = bulk_file()
EDI = bulk_file(item(identification="Y", edi_info="INV-1"))
PAYROLL = write_transfers([TransferBatch(header=payroll_header(), items=(payroll_item(),))])
PLACES: list[tuple[str, bytes, int, Layout]] = [
    ("bulk-header", BULK, 1, layouts.BULK_HEADER),
    ("bulk-item", BULK, 2, layouts.BULK_DATA),
    ("edi-item", EDI, 2, layouts.BULK_EDI_DATA),
    ("payroll-header", PAYROLL, 1, layouts.PAYROLL_HEADER),
    ("payroll-item", PAYROLL, 2, layouts.PAYROLL_DATA),
    ("trailer", BULK, 3, layouts.TRAILER),
]
# Their wrong values have codes of their own; see test_rules and test_bad_files.
APART = {"type_code", "code_type", "record_count", "total_amount", "designated_date"}
SINGLE_BYTES = [chr(c) for c in [*range(0x20, 0x7F), *range(0xFF61, 0xFFA0)]]
MARKS = "ﾞﾟ"

Place = tuple[bytes, int, Layout, Field]


def places(*kinds: Kind, coded: bool = False) -> list[object]:
    return [
        pytest.param((data, record, layout, field), id=f"{name}-{field.name}")
        for name, data, record, layout in PLACES
        for field in layout.fields
        if field.kind in kinds and bool(field.codes) == coded
    ]


NUMBERS = places(Kind.DIGITS, Kind.AMOUNT)
TEXTS = places(Kind.TEXT)


def findings_with(place: Place, content: str | bytes) -> list[str]:
    """Return the codes that ``content`` in the field leads to; all must point at the field."""
    data, record, layout, field = place
    reading = read_transfers(put(data, record, layout, field.name, content), FORM_ONLY)
    here = [f for f in reading.findings if f.field == field.name]
    assert all((f.record, f.first, f.last) == (record, field.first, field.last) for f in here)
    assert all(f.message.startswith(field.ja) for f in here)
    return [f.code.value for f in here]


@pytest.mark.parametrize("data", [BULK, EDI, PAYROLL])
def test_the_good_files_leave_nothing_to_remark(data: bytes) -> None:
    assert codes_of(data) == []


@pytest.mark.parametrize("place", NUMBERS)
def test_a_number_takes_digits_alone(place: Place) -> None:
    field = place[3]
    for bad in ("A", "-", ".", "ｱ", "\x00"):
        for at in {0, field.length // 2, field.length - 1}:
            content = "1" * at + bad + "1" * (field.length - at - 1)
            assert findings_with(place, content) == ["Z201"]


@pytest.mark.parametrize("place", NUMBERS)
def test_a_number_with_spaces_behind_or_within_is_none(place: Place) -> None:
    length = place[3].length
    assert findings_with(place, "1" * (length - 1) + " ") == ["Z201"]
    if length > 2:
        assert findings_with(place, "1" + " " * (length - 2) + "1") == ["Z201"]


@pytest.mark.parametrize("place", NUMBERS)
def test_a_number_padded_with_spaces_is_remarked(place: Place) -> None:
    field = place[3]
    if field.name not in APART:
        assert findings_with(place, "1".rjust(field.length)) == ["Z203"]


@pytest.mark.parametrize("place", NUMBERS)
def test_a_number_may_be_zeros_or_spaces_unless_it_is_required(place: Place) -> None:
    field = place[3]
    if field.name not in APART:
        expected = ["Z206"] if field.required else []
        assert findings_with(place, "0" * field.length) == expected
        assert findings_with(place, " " * field.length) == expected


@pytest.mark.parametrize("place", NUMBERS)
def test_a_number_of_nines_fits(place: Place) -> None:
    field = place[3]
    if field.name not in APART:
        assert findings_with(place, "9" * field.length) == []


@pytest.mark.parametrize("place", places(Kind.DIGITS, Kind.TEXT, coded=True))
def test_a_code_outside_its_list_is_remarked(place: Place) -> None:
    field = place[3]
    for content in "0123456789":
        apart = field.name == "code_type" and content == "1"
        expected = [] if content in field.codes else ["Z205"]
        assert findings_with(place, content) == (["Z106"] if apart else expected)
    blank = [] if field.is_blank_allowed else ["Z205"]
    assert findings_with(place, " ") == blank
    assert findings_with(place, "A") == (["Z205"] if field.kind is Kind.TEXT else ["Z201"])


@pytest.mark.parametrize("place", places(Kind.DIGITS, coded=True))
def test_a_beneficiary_without_account_type_is_remarked_a_remitter_not(place: Place) -> None:
    _, record, _, field = place
    is_beneficiary = field.name == "account_type" and record == 2
    assert field.is_blank_allowed == (not is_beneficiary)


@pytest.mark.parametrize("place", TEXTS)
def test_a_text_takes_the_characters_of_its_class_alone(place: Place) -> None:
    field = place[3]
    taken = wire_characters(field.text_class)
    for character in SINGLE_BYTES:
        if character not in MARKS:
            content = f"ｶ{character}ｶ".ljust(field.length)
            assert findings_with(place, content) == ([] if character in taken else ["Z202"])


@pytest.mark.parametrize("place", TEXTS)
def test_a_text_holds_no_control_character(place: Place) -> None:
    for code in [*range(0x0A), 0x0B, 0x0C, *range(0x0E, 0x20), 0x7F]:
        assert findings_with(place, bytes([code])) == ["Z202"]


@pytest.mark.parametrize("place", TEXTS)
def test_a_text_holds_no_byte_of_a_double_byte_character(place: Place) -> None:
    for code in [*range(0x80, 0xA1), *range(0xE0, 0x100)]:
        assert findings_with(place, bytes([code])) == ["Z106"]
    assert findings_with(place, "架空".encode("cp932")) == ["Z106"]


@pytest.mark.parametrize("place", TEXTS)
def test_a_voicing_mark_follows_a_kana_that_takes_it(place: Place) -> None:
    length = place[3].length
    for good in ("ｶﾞ", "ﾊﾟ", "ｳﾞ", "ｱｶﾞ", "ｶﾞｶﾞ"):
        assert findings_with(place, good.ljust(length)) == []
        assert findings_with(place, good.rjust(length, "ｱ")) == []
    for bad in ("ﾞ", "ﾟ", "ｱﾞ", "ｶﾟ", "ｶﾞﾞ", "ｶ ﾞ", "1ﾞ"):
        assert findings_with(place, bad.ljust(length)) == ["Z204"]
        assert findings_with(place, bad.rjust(length, "ｱ")) == ["Z204"]


@pytest.mark.parametrize("place", TEXTS)
def test_a_text_of_two_faults_has_two_findings(place: Place) -> None:
    assert findings_with(place, "aｱﾞ".ljust(place[3].length)) == ["Z202", "Z204"]


@pytest.mark.parametrize("place", TEXTS)
def test_a_name_stands_on_the_left_a_code_where_it_likes(place: Place) -> None:
    field = place[3]
    expected = ["Z203"] if field.is_name else []
    assert findings_with(place, " ｶ".ljust(field.length)) == expected
    assert findings_with(place, "ｶ".rjust(field.length)) == expected


@pytest.mark.parametrize("place", TEXTS)
def test_a_text_may_be_blank_unless_it_is_required(place: Place) -> None:
    field = place[3]
    assert findings_with(place, " " * field.length) == (["Z206"] if field.required else [])


@pytest.mark.parametrize("place", TEXTS)
def test_a_text_may_be_full(place: Place) -> None:
    assert findings_with(place, "ｱ" * place[3].length) == []


@pytest.mark.parametrize("place", places(Kind.FILLER))
def test_a_filler_is_never_judged(place: Place) -> None:
    field = place[3]
    for content in (b"\x00", b"\xff", b"a", "ﾞｰ".encode("cp932"), "架空".encode("cp932")):
        assert findings_with(place, content.ljust(field.length, b"#")) == []


def test_a_filler_is_kept_as_it_came() -> None:
    data = put(BULK, 1, layouts.BULK_HEADER, "filler", "ｶｲｼﾔ a")
    data = put(data, 2, layouts.BULK_DATA, "filler", b"\x83\x41 X")
    (batch,) = read_transfers(data, FORM_ONLY).batches
    assert batch.header.filler == "ｶｲｼﾔ a"
    assert batch.items[0].filler == "\uf783A X"
    assert write_transfers([batch]) == BULK


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("ｶｰﾄﾞ", "「ｰ」"),
        ("abcab", "「a」、「b」、「c」"),
        ("A,B", "「,」"),
        ("ｬ", "「ｬ」"),
        (b"A\x00B", "0x00"),
        (b"\x83\x4a", "0x83"),
    ],
)
def test_a_report_names_the_characters(content: str | bytes, named: str) -> None:
    data = put(BULK, 2, layouts.BULK_DATA, "beneficiary_name", content)
    (finding,) = read_transfers(data, FORM_ONLY).findings
    assert f"（{named}）" in finding.message
    assert finding.place == "record 2, bytes 51–80"


def test_wo_passes_in_names_where_the_profile_admits_it() -> None:
    data = put(BULK, 2, layouts.BULK_DATA, "beneficiary_name", "ｶｸｳ ｦﾘ")
    assert codes_of(data) == ["Z202"]
    wide = replace(FORM_ONLY, wo_in_names=True)
    assert codes_of(data, wide) == []
    padded = put(data, 2, layouts.BULK_DATA, "beneficiary_bank_name", " ｦ")
    assert codes_of(padded, wide) == ["Z203"]


def test_a_voicing_mark_does_not_reach_over_the_edge_of_a_field() -> None:
    across = "ABCDEFGHIｶﾞ"
    codes = put(BULK, 2, layouts.BULK_DATA, "customer_code1", across[:10])
    codes = put(codes, 2, layouts.BULK_DATA, "customer_code2", across[10:])
    assert codes_of(codes) == ["Z204"]
    assert codes_of(put(EDI, 2, layouts.BULK_EDI_DATA, "edi_info", across)) == []
