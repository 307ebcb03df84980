"""Files to read: a good one, and ways to spoil it."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from sandbox.domain.banks import Bank, BankMaster, Branch
from sandbox.domain.calendar import BankCalendar
from sandbox.domain.zengin import (
    DateWindow,
    Reading,
    Remitter,
    TransferBatch,
    TransferHeader,
    TransferItem,
    TransferRules,
    TypeCode,
    read_transfers,
    write_transfers,
)
from sandbox.domain.zengin.layout import Layout

TODAY = date(2026, 10, 1)
HOLIDAY = date(2026, 10, 12)
WINDOW = DateWindow(
    today=TODAY,
    first=TODAY + timedelta(days=1),
    last=date(2026, 11, 6),
    calendar=BankCalendar(
        holidays=frozenset({HOLIDAY}), first=date(2026, 1, 1), last=date(2026, 12, 31)
    ),
)
REMITTER = Remitter("0000000001", "0009", "001", "1", "1234567")
LONG_BRANCH = "ﾀﾞﾝﾁｾﾝﾀ-ﾋｶﾞｼｵｵﾄﾞｵﾘ"  # its sixteenth character is a voicing mark
MASTER = BankMaster(
    banks={
        "9999": Bank(
            code="9999",
            name="架空銀行",
            name_kana="ｶｸｳ",
            branches={
                "001": Branch(code="001", name="本店", name_kana="ﾎﾝﾃﾝ"),
                "456": Branch(code="456", name="団地支店", name_kana=LONG_BRANCH),
            },
        )
    },
    other_codes=frozenset({"0001"}),
)
EVERY_TYPE = frozenset(TypeCode)
STRICT = TransferRules(
    type_codes=frozenset({TypeCode.BULK}),
    remitters=frozenset({REMITTER}),
    window=WINDOW,
    master=MASTER,
)
FORM_ONLY = TransferRules(type_codes=EVERY_TYPE)


def header(**changes: Any) -> TransferHeader:
    values: dict[str, Any] = {
        "type_code": "21",
        "originator_code": "0000000001",
        "originator_name": "ｻﾝﾌﾟﾙｼﾖｳｼﾞ(ｶ",
        "designated_date": "1005",
        "remitting_bank_code": "0009",
        "remitting_bank_name": "ｻﾝﾄﾞﾎﾞﾂｸｽ",
        "remitting_branch_code": "001",
        "remitting_branch_name": "ﾎﾝﾃﾝ",
        "account_type": "1",
        "account_number": "1234567",
    }
    return TransferHeader(**values | changes)


def item(**changes: Any) -> TransferItem:
    values: dict[str, Any] = {
        "beneficiary_bank_code": "9999",
        "beneficiary_bank_name": "ｶｸｳ",
        "beneficiary_branch_code": "001",
        "beneficiary_branch_name": "ﾎﾝﾃﾝ",
        "account_type": "1",
        "account_number": "7654321",
        "beneficiary_name": "ｶｸｳ ﾀﾛｳ",
        "amount": 100_000,
        "transfer_method": "7",
    }
    return TransferItem(**values | changes)


def payroll_header(**changes: Any) -> TransferHeader:
    return header(**{"type_code": "11", "originator_name": "ｻﾝﾌﾟﾙｼﾖｳｼﾞ"} | changes)


def payroll_item(**changes: Any) -> TransferItem:
    number = {"transfer_method": "0", "employee_number": "0000000042"}
    return item(**number | changes)


def batch(*items: TransferItem, **changes: Any) -> TransferBatch:
    return TransferBatch(header=header(**changes), items=items or (item(),))


def bulk_file(*items: TransferItem, **changes: Any) -> bytes:
    return write_transfers([batch(*items, **changes)])


def records_of(data: bytes) -> list[bytes]:
    """Return the records of a file with line ends."""
    return data.removesuffix(b"\r\n").split(b"\r\n")


def file_of(records: Iterable[bytes]) -> bytes:
    return b"".join(record + b"\r\n" for record in records)


def overwrite(data: bytes, record: int, first: int, content: str | bytes) -> bytes:
    """Return the file with ``content`` from byte ``first`` of ``record`` on, both from 1."""
    records = records_of(data)
    written = content if isinstance(content, bytes) else content.encode("cp932")
    before = records[record - 1]
    records[record - 1] = before[: first - 1] + written + before[first - 1 + len(written) :]
    return file_of(records)


def put(data: bytes, record: int, layout: Layout, field: str, content: str | bytes) -> bytes:
    """Return the file with a field overwritten from its first byte."""
    place = layout.fields[layout.names.index(field)]
    assert len(content) <= place.length
    return overwrite(data, record, place.first, content)


def codes(reading: Reading) -> list[str]:
    return [finding.code.value for finding in reading.findings]


def codes_of(data: bytes, rules: TransferRules = FORM_ONLY) -> list[str]:
    reading = read_transfers(data, rules)
    assert not (reading.is_accepted and any(f.is_error for f in reading.findings))
    return codes(reading)
