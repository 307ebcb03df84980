"""The layouts stand where the published record formats have them."""

import pytest

from sandbox.domain.kana import TextClass
from sandbox.domain.zengin import NoticeForm
from sandbox.domain.zengin import statement_layouts as s
from sandbox.domain.zengin import transfer_layouts as t
from sandbox.domain.zengin.layout import Kind, Layout

TRANSFER_HEADER = """
type_code 2-3 N | code_type 4-4 N | originator_code 5-14 N | originator_name 15-54 C
designated_date 55-58 N | remitting_bank_code 59-62 N | remitting_bank_name 63-77 C
remitting_branch_code 78-80 N | remitting_branch_name 81-95 C | account_type 96-96 N
account_number 97-103 N | filler 104-120 C
"""
BENEFICIARY = """
beneficiary_bank_code 2-5 N | beneficiary_bank_name 6-20 C | beneficiary_branch_code 21-23 N
beneficiary_branch_name 24-38 C | clearing_house_number 39-42 N | account_type 43-43 N
account_number 44-50 N | beneficiary_name 51-80 C | amount 81-90 N | new_code 91-91 N
"""
BULK_TAIL = "transfer_method 112-112 N | identification 113-113 C | filler 114-120 C"
CODES = "customer_code1 92-101 C | customer_code2 102-111 C"
EDI = "edi_info 92-111 C"
PAYROLL_TAIL = "employee_number 92-101 C | department_code 102-111 C | filler 112-120 C"
FROM_BANK = """
type_code 2-3 N | code_type 4-4 N | created_date 5-10 N | posting_date_from 11-16 N
posting_date_to 17-22 N | bank_code 23-26 N | bank_name 27-41 C | branch_code 42-44 N
branch_name 45-59 C
"""
NOTICE_MIDDLE = """
remitter_code 40-49 N | remitter_name 50-97 C | remitting_bank_name 98-112 C
remitting_branch_name 113-127 C | cancel_type 128-128 N
"""
NOTICE_START = "inquiry_number 2-7 N | posting_date 8-13 N | value_date 14-19 N"

EXPECTED: list[tuple[str, Layout, int, str, str]] = [
    ("bulk header", t.BULK_HEADER, 120, "1", TRANSFER_HEADER),
    ("payroll header", t.PAYROLL_HEADER, 120, "1", TRANSFER_HEADER),
    ("bulk item", t.BULK_DATA, 120, "2", f"{BENEFICIARY} | {CODES} | {BULK_TAIL}"),
    ("bulk item with EDI", t.BULK_EDI_DATA, 120, "2", f"{BENEFICIARY} | {EDI} | {BULK_TAIL}"),
    ("payroll item", t.PAYROLL_DATA, 120, "2", f"{BENEFICIARY} | {PAYROLL_TAIL}"),
    (
        "transfer trailer",
        t.TRAILER,
        120,
        "8",
        "record_count 2-7 N | total_amount 8-19 N | filler 20-120 C",
    ),
    ("transfer end", t.END, 120, "9", "filler 2-120 C"),
    (
        "statement header",
        s.STATEMENT_HEADER,
        200,
        "1",
        f"""{FROM_BANK} | filler_zero 60-62 N | account_type 63-63 N | account_number 64-73 N
        account_name 74-113 C | balance_sign 114-114 N | passbook_type 115-115 N
        opening_balance 116-129 N | filler 130-200 C""",
    ),
    (
        "statement line",
        s.STATEMENT_DATA,
        200,
        "2",
        """inquiry_number 2-9 N | posting_date 10-15 N | value_date 16-21 N | direction 22-22 N
        transaction_kind 23-24 N | amount 25-36 N | other_bank_checks 37-48 N
        clearing_date 49-54 N | dishonor_date 55-60 N | bill_type 61-61 N | bill_number 62-68 N
        sister_branch_code 69-71 N | remitter_code 72-81 N | remitter_name 82-129 C
        remitting_bank_name 130-144 C | remitting_branch_name 145-159 C | abstract 160-179 C
        edi_info 180-199 C | filler 200-200 C""",
    ),
    (
        "statement trailer",
        s.STATEMENT_TRAILER,
        200,
        "8",
        """deposit_count 2-7 N | deposit_total 8-20 N | withdrawal_count 21-26 N
        withdrawal_total 27-39 N | balance_sign 40-40 N | closing_balance 41-54 N
        data_record_count 55-61 N | filler 62-200 C""",
    ),
    (
        "statement end",
        s.STATEMENT_END,
        200,
        "9",
        "record_count 2-11 N | account_count 12-16 N | filler 17-200 C",
    ),
    (
        "notice header",
        s.NOTICE_HEADER,
        200,
        "1",
        f"""{FROM_BANK} | account_type 60-60 N | account_number 61-67 N | account_name 68-107 C
        filler 108-200 C""",
    ),
    (
        "notice line, form A",
        s.NOTICE_DATA[NoticeForm.A],
        200,
        "2",
        f"""{NOTICE_START} | amount 20-29 N | other_bank_checks 30-39 N | {NOTICE_MIDDLE}
        edi_info 129-148 C | filler 149-200 C""",
    ),
    (
        "notice line, form B",
        s.NOTICE_DATA[NoticeForm.B],
        200,
        "2",
        f"""{NOTICE_START} | amount_10 20-29 N | other_bank_checks_10 30-39 N | {NOTICE_MIDDLE}
        amount_12 129-140 N | other_bank_checks_12 141-152 N | edi_info 153-172 C
        filler 173-200 C""",
    ),
    (
        "notice trailer",
        s.NOTICE_TRAILER,
        200,
        "8",
        """transfer_count 2-7 N | transfer_total 8-19 N | cancel_count 20-25 N
        cancel_total 26-37 N | filler 38-200 C""",
    ),
    ("notice end", s.NOTICE_END, 200, "9", "filler 2-200 C"),
]


@pytest.mark.parametrize(
    ("layout", "length", "record_type", "table"),
    [row[1:] for row in EXPECTED],
    ids=[row[0] for row in EXPECTED],
)
def test_every_field_stands_in_its_place(
    layout: Layout, length: int, record_type: str, table: str
) -> None:
    words = [part.split() for line in table.splitlines() for part in line.split("|")]
    rows = [row for row in words if row]
    in_text = {Kind.TEXT: "C", Kind.FILLER: "C"}
    found = [[f.name, f"{f.first}-{f.last}", in_text.get(f.kind, "N")] for f in layout.fields]
    assert found == rows
    assert layout.length == length
    assert layout.record_type == record_type
    assert sum(f.length for f in layout.fields) == length - 1


@pytest.mark.parametrize(
    ("layout", "required"),
    [
        (
            t.BULK_HEADER,
            "type_code originator_code remitting_bank_code remitting_branch_code",
        ),
        (
            t.BULK_DATA,
            "beneficiary_bank_code beneficiary_branch_code account_number beneficiary_name amount",
        ),
        (
            t.PAYROLL_DATA,
            "beneficiary_bank_code beneficiary_branch_code account_number beneficiary_name amount",
        ),
        (t.TRAILER, ""),
    ],
)
def test_the_required_fields_are_those_of_the_format(layout: Layout, required: str) -> None:
    assert [f.name for f in layout.fields if f.required] == required.split()


@pytest.mark.parametrize(
    ("layout", "field", "admitted"),
    [
        (t.BULK_HEADER, "account_type", "0129"),
        (t.BULK_HEADER, "code_type", "01"),
        (t.BULK_DATA, "account_type", "1249"),
        (t.PAYROLL_DATA, "account_type", "12"),
        (t.BULK_DATA, "new_code", "012"),
        (t.BULK_DATA, "transfer_method", "078"),
        (t.BULK_DATA, "identification", "Y "),
        (s.STATEMENT_DATA, "direction", "12"),
        (s.STATEMENT_DATA, "bill_type", "0123"),
        (s.STATEMENT_HEADER, "balance_sign", "12"),
        (s.NOTICE_DATA[NoticeForm.B], "cancel_type", "01"),
    ],
)
def test_a_coded_field_admits_its_list(layout: Layout, field: str, admitted: str) -> None:
    assert layout.fields[layout.names.index(field)].codes == admitted


@pytest.mark.parametrize(
    ("layout", "field", "text_class"),
    [
        (t.BULK_HEADER, "originator_name", TextClass.PARTY_NAME),
        (t.PAYROLL_HEADER, "originator_name", TextClass.PAYROLL_NAME),
        (t.BULK_DATA, "beneficiary_name", TextClass.PARTY_NAME),
        (t.PAYROLL_DATA, "beneficiary_name", TextClass.PAYROLL_NAME),
        (t.BULK_DATA, "beneficiary_bank_name", TextClass.BANK_NAME),
        (t.BULK_EDI_DATA, "edi_info", TextClass.EDI),
        (s.STATEMENT_HEADER, "account_name", TextClass.PARTY_NAME),
        (s.STATEMENT_DATA, "abstract", TextClass.ABSTRACT),
    ],
)
def test_a_text_has_its_class(layout: Layout, field: str, text_class: TextClass) -> None:
    assert layout.fields[layout.names.index(field)].text_class is text_class


@pytest.mark.parametrize("type_code", t.TypeCode)
def test_only_a_bulk_transfer_has_room_for_edi_info(type_code: t.TypeCode) -> None:
    record = "2" + " " * 111 + "Y" + " " * 7
    has_room = t.data_layout_of(type_code, record) is t.BULK_EDI_DATA
    assert has_room == (type_code is t.TypeCode.BULK)
    assert t.data_layout_of(type_code, record.replace("Y", " ")) in (t.BULK_DATA, t.PAYROLL_DATA)
