"""The 120-byte files: bulk transfer (総合振込), payroll and bonus (給与・賞与振込).

Type codes 71 and 72 are payroll and bonus of local governments, with the layout of 11 and 12.
"""

from enum import StrEnum

from sandbox.domain.kana import TextClass
from sandbox.domain.zengin.layout import Field, Kind, Layout, amount, coded, digits, filler, text

RECORD_LENGTH = 120
AMOUNT_MAX = 9_999_999_999
TOTAL_MAX = 999_999_999_999


class TypeCode(StrEnum):
    """種別コード"""

    PAYROLL = "11"
    BONUS = "12"
    BULK = "21"
    LOCAL_PAYROLL = "71"
    LOCAL_BONUS = "72"


_BANK, _PARTY, _EDI = TextClass.BANK_NAME, TextClass.PARTY_NAME, TextClass.EDI


def _header(name_class: TextClass) -> Layout:
    fields = (
        digits("type_code", "種別コード", 2, required=True),
        coded("code_type", "コード区分", "01"),
        digits("originator_code", "委託者コード", 10, required=True),
        text("originator_name", "委託者名", 40, name_class),
        digits("designated_date", "振込指定日", 4),
        digits("remitting_bank_code", "仕向銀行番号", 4, required=True),
        text("remitting_bank_name", "仕向銀行名", 15, _BANK),
        digits("remitting_branch_code", "仕向支店番号", 3, required=True),
        text("remitting_branch_name", "仕向支店名", 15, _BANK),
        coded("account_type", "預金種目", "0129"),
        digits("account_number", "口座番号", 7),
        filler(17),
    )
    return Layout(record_type="1", unplaced=fields)


def _beneficiary(name_class: TextClass, account_types: str) -> tuple[Field, ...]:
    """Return what all transfers share: bytes 2 to 91."""
    return (
        digits("beneficiary_bank_code", "被仕向銀行番号", 4, required=True),
        text("beneficiary_bank_name", "被仕向銀行名", 15, _BANK),
        digits("beneficiary_branch_code", "被仕向支店番号", 3, required=True),
        text("beneficiary_branch_name", "被仕向支店名", 15, _BANK),
        digits("clearing_house_number", "手形交換所番号", 4),
        coded("account_type", "預金種目", account_types),
        digits("account_number", "口座番号", 7, required=True),
        text("beneficiary_name", "受取人名", 30, name_class, required=True),
        amount("amount", "振込金額", 10, required=True),
        coded("new_code", "新規コード", "012"),
    )


# The standard has customer codes and employee numbers as N, banks as C as well. Read and written
# as text, so that leading zeros and letters both survive.
_CUSTOMER_CODES = (
    text("customer_code1", "顧客コード1", 10, _EDI),
    text("customer_code2", "顧客コード2", 10, _EDI),
)
_EDI_INFO = (text("edi_info", "EDI情報", 20, _EDI),)
_BULK_TAIL = (
    coded("transfer_method", "振込指定区分", "078"),
    Field(name="identification", ja="識別表示", kind=Kind.TEXT, length=1, codes="Y "),
    filler(7),
)
_PAYROLL_TAIL = (
    text("employee_number", "社員番号", 10, _EDI),
    text("department_code", "所属コード", 10, _EDI),
    filler(9),
)

BULK_HEADER = _header(_PARTY)
PAYROLL_HEADER = _header(TextClass.PAYROLL_NAME)
_BULK = _beneficiary(_PARTY, "1249")
BULK_DATA = Layout(record_type="2", unplaced=_BULK + _CUSTOMER_CODES + _BULK_TAIL)
BULK_EDI_DATA = Layout(record_type="2", unplaced=_BULK + _EDI_INFO + _BULK_TAIL)
PAYROLL_DATA = Layout(
    record_type="2", unplaced=_beneficiary(TextClass.PAYROLL_NAME, "12") + _PAYROLL_TAIL
)
TRAILER = Layout(
    record_type="8",
    unplaced=(
        amount("record_count", "合計件数", 6),
        amount("total_amount", "合計金額", 12),
        filler(101),
    ),
)
END = Layout(record_type="9", unplaced=(filler(119),))

EDI_MARK = "Y"
_IDENTIFICATION = 112  # 0-based place of the byte that says which bulk layout it is


def header_layout(type_code: str) -> Layout:
    return BULK_HEADER if type_code == TypeCode.BULK else PAYROLL_HEADER


def data_layout(type_code: str, *, has_edi: bool) -> Layout:
    """Return the layout of an item. Only a bulk transfer carries EDI info (識別表示 Y)."""
    if type_code != TypeCode.BULK:
        return PAYROLL_DATA
    return BULK_EDI_DATA if has_edi else BULK_DATA


def data_layout_of(type_code: str, record: str) -> Layout:
    return data_layout(type_code, has_edi=record[_IDENTIFICATION] == EDI_MARK)
