"""The files of ``fixtures/zengin``, made: good ones, and in ``bad`` one for each finding.

They are sent by the firm サンプル商事 for 30 November. After a change here,
``python -m tests.unit.zengin.samples`` writes them anew.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sandbox.domain.kana import SEMI_VOICED, TAKES_MARK, VOICED, TextClass, wire_characters
from sandbox.domain.zengin import (
    LineEnd,
    TransferBatch,
    TransferItem,
    write_as_sent,
    write_transfers,
)
from sandbox.domain.zengin import transfer_layouts as layouts
from tests.unit.zengin import building
from tests.unit.zengin.building import (
    batch,
    file_of,
    overwrite,
    payroll_header,
    put,
    records_of,
)

FOLDER = Path(__file__).parents[3] / "fixtures" / "zengin"
LONG_BRANCH = "ﾀﾞﾝﾁｾﾝﾀ-ﾋｶﾞｼｵｵﾄﾞｵﾘ"
SENDER = {"account_number": "1000001", "designated_date": "1130"}
STAFF = {**SENDER, "originator_name": "ｻﾝﾌﾟﾙｼﾖｳｼﾞｶ"}  # a payroll header has no brackets


def item(**changes: Any) -> TransferItem:
    """Return an item whose bank and branch are called as the shipped master calls them."""
    return building.item(**{"beneficiary_branch_name": "ﾎﾝﾃﾝｴｲｷﾞﾖｳﾌﾞ"} | changes)


def payroll_item(**changes: Any) -> TransferItem:
    return building.payroll_item(**{"beneficiary_branch_name": "ﾎﾝﾃﾝｴｲｷﾞﾖｳﾌﾞ"} | changes)


def bulk(*items: TransferItem, line_end: LineEnd = LineEnd.CRLF, **header: Any) -> bytes:
    made = batch(*(items or (item(),)), **SENDER | header)
    return write_transfers([made], line_end=line_end)


def payroll(*items: TransferItem, **header: Any) -> bytes:
    made = TransferBatch(header=payroll_header(**STAFF | header), items=items)
    return write_transfers([made])


def all_characters(text_class: TextClass, length: int) -> list[str]:
    """Return texts that hold every character of the class, each text filled to the last byte."""
    single = sorted(wire_characters(text_class) - {VOICED, SEMI_VOICED, " "})
    marked = [base + mark for mark in (VOICED, SEMI_VOICED) for base in sorted(TAKES_MARK[mark])]
    texts, line = [], ""
    for part in single + marked:
        if len(line + part) > length:
            texts.append(line.ljust(length, "1"))
            line = ""
        line += part
    return [*texts, line.ljust(length, "1")]


def characters() -> bytes:
    """Every character of party names, bank names, EDI info and customer codes."""
    names = all_characters(TextClass.PARTY_NAME, 30)
    banks = all_characters(TextClass.BANK_NAME, 15)
    infos = all_characters(TextClass.EDI, 20)
    count = max(map(len, (names, banks, infos)))
    items = [
        item(
            amount=n + 1,
            beneficiary_name=names[n % len(names)],
            beneficiary_bank_name=banks[n % len(banks)],
            beneficiary_branch_name=banks[-1 - n % len(banks)],
            identification="Y",
            edi_info=infos[n % len(infos)],
        )
        for n in range(count)
    ]
    return bulk(*items)


def payroll_characters() -> bytes:
    names = all_characters(TextClass.PAYROLL_NAME, 30)
    numbers = all_characters(TextClass.EDI, 10)
    count = max(len(names), len(numbers))
    items = [
        payroll_item(
            amount=n + 1,
            beneficiary_name=names[n % len(names)],
            employee_number=numbers[n % len(numbers)],
            department_code=numbers[-1 - n % len(numbers)],
        )
        for n in range(count)
    ]
    return payroll(*items)


def amounts() -> bytes:
    return bulk(
        item(amount=1),
        item(amount=layouts.AMOUNT_MAX, account_number="0000001"),
        item(amount=layouts.AMOUNT_MAX, account_number="9999999", account_type="9"),
    )


def codes() -> bytes:
    """Every code of every list, and codes with leading zeros and letters."""
    return bulk(
        item(account_type="1", new_code="0", transfer_method="0", customer_code1="0000000001"),
        item(account_type="2", new_code="1", transfer_method="7", customer_code1="000000000A"),
        item(account_type="4", new_code="2", transfer_method="8", customer_code2="0"),
        item(account_type="9", clearing_house_number="0001", customer_code2="      0012"),
        item(identification="Y", edi_info="  INV-0001/2"),
    )


def blanks() -> bytes:
    """Numbers that may be left out, left out as spaces; names of banks empty."""
    data = bulk(item(beneficiary_bank_name="", beneficiary_branch_name=""), item(amount=7))
    data = put(data, 1, layouts.BULK_HEADER, "code_type", " ")
    for field, length in (("clearing_house_number", 4), ("new_code", 1), ("transfer_method", 1)):
        data = put(data, 2, layouts.BULK_DATA, field, " " * length)
    return data


def left_out() -> bytes:
    """The account of the header left out: the branch has one alone. So is the name."""
    data = bulk(item(), remitting_branch_code="002", remitting_branch_name="ﾁﾕｳｵｳ")
    data = put(data, 1, layouts.BULK_HEADER, "account_type", " ")
    data = put(data, 1, layouts.BULK_HEADER, "account_number", "0000000")
    return put(data, 1, layouts.BULK_HEADER, "originator_name", " " * 40)


def fillers() -> bytes:
    """Bytes that nobody judges, in every record."""
    made = batch(item(filler="ｱｲ\x00ｳ"), item(amount=2, filler="  a"), **SENDER, filler="SYSTEM 1")
    made = TransferBatch(header=made.header, items=made.items, trailer_filler="." * 101)
    return write_as_sent(made, end_filler="end\uf783")


def paddings() -> bytes:
    """Numbers with spaces before them, a name not on the left: warnings, no errors."""
    data = bulk(item(), item(amount=30))
    data = put(data, 2, layouts.BULK_DATA, "beneficiary_name", " ｶｸｳ ﾀﾛｳ")
    data = put(data, 3, layouts.BULK_DATA, "amount", "        30")
    return put(data, 4, layouts.TRAILER, "record_count", "     2")


def long_branch() -> bytes:
    """A branch whose name is cut before a voiced kana, as it has to be."""
    place = {"beneficiary_branch_code": "456", "beneficiary_branch_name": LONG_BRANCH[:14]}
    return bulk(item(**place))


def staff(**changes: Any) -> tuple[TransferItem, ...]:
    return (
        payroll_item(beneficiary_name="ｶｸｳ ﾊﾅｺ", amount=250_000, **changes),
        payroll_item(
            beneficiary_name="ﾐﾎﾝ ｼﾞﾛｳ",
            account_type="2",
            amount=1,
            employee_number="A-01",
            department_code="0000000900",
            **changes,
        ),
    )


GOOD: dict[str, Callable[[], bytes]] = {
    "bulk": lambda: bulk(item(), item(account_number="0000002", amount=1, customer_code1="42")),
    "bulk-no-line-ends": lambda: bulk(item(), item(amount=2), line_end=LineEnd.NONE),
    "bulk-characters": characters,
    "bulk-amounts": amounts,
    "bulk-codes": codes,
    "bulk-blanks": blanks,
    "bulk-left-out": left_out,
    "bulk-fillers": fillers,
    "bulk-paddings": paddings,
    "bulk-long-branch": long_branch,
    "payroll": lambda: payroll(*staff()),
    "payroll-characters": payroll_characters,
    "bonus": lambda: payroll(*staff(new_code="1"), type_code="12"),
}


# Bad files: name → file; the name begins with the code that it is for.


def good() -> bytes:
    return bulk(item(), item(account_number="0000002", amount=1))


def in_header(field: str, content: str) -> bytes:
    return put(good(), 1, layouts.BULK_HEADER, field, content)


def in_item(field: str, content: str) -> bytes:
    return put(good(), 2, layouts.BULK_DATA, field, content)


def in_trailer(field: str, content: str) -> bytes:
    return put(good(), 4, layouts.TRAILER, field, content)


def cut(record: int, length: int) -> bytes:
    """Return the good file with a record cut, or made longer by a space."""
    records = records_of(good())
    records[record - 1] = records[record - 1].ljust(length)[:length]
    return file_of(records)


def without(record: int) -> bytes:
    records = records_of(good())
    del records[record - 1]
    return file_of(records)


def cut_name() -> bytes:
    place = {"beneficiary_branch_code": "456", "beneficiary_branch_name": LONG_BRANCH[:15]}
    return bulk(item(**place))


BAD: dict[str, Callable[[], bytes]] = {
    "Z101-length-119": lambda: cut(2, 119),
    "Z101-length-121": lambda: cut(2, 121),
    "Z101-lf-line-ends": lambda: good().replace(b"\r\n", b"\n"),
    "Z101-truncated": lambda: good()[: 4 * 122 + 60],
    "Z102-record-type": lambda: overwrite(good(), 3, 1, "5"),
    "Z103-no-trailer": lambda: without(4),
    "Z103-two-batches": lambda: write_transfers([batch(item(), **SENDER)] * 2),
    "Z104-no-end": lambda: without(5),
    "Z105-dividends": lambda: in_header("type_code", "41"),
    "Z106-utf-8": lambda: good().decode("cp932").encode(),
    "Z106-ebcdic-flag": lambda: in_header("code_type", "1"),
    "Z106-double-byte": lambda: in_item("beneficiary_name", "架空"),
    "Z107-no-items": lambda: write_transfers(
        [TransferBatch(header=batch(**SENDER).header, items=())]
    ),
    "Z201-letter-in-amount": lambda: in_item("amount", "000010000A"),
    "Z202-lower-case": lambda: in_item("beneficiary_name", "kakuu"),
    "Z202-long-vowel": lambda: in_item("beneficiary_name", "ｶｰﾄﾞ"),
    "Z202-payroll-letter": lambda: put(
        payroll(*staff()), 2, layouts.PAYROLL_DATA, "beneficiary_name", "A"
    ),
    "Z203-alignment": lambda: in_item("beneficiary_name", " ｶｸｳﾀﾛｳ"),
    "Z204-stray-mark": lambda: in_item("beneficiary_name", "ｱﾞ"),
    "Z205-transfer-method": lambda: in_item("transfer_method", "1"),
    "Z206-amount-zero": lambda: in_item("amount", "0" * 10),
    "Z301-count": lambda: in_trailer("record_count", "000003"),
    "Z302-total": lambda: in_trailer("total_amount", "000000100000"),
    "Z303-duplicate": lambda: bulk(item(), item()),
    "Z304-too-many": lambda: bulk(*[item(amount=n + 1) for n in range(11)]),
    "Z401-account": lambda: in_header("account_number", "7654321"),
    "Z402-bank": lambda: in_item("beneficiary_bank_code", "9990"),
    "Z403-bank-name": lambda: in_item("beneficiary_bank_name", "ﾐﾎﾝ"),
    "Z501-30-february": lambda: in_header("designated_date", "0230"),
    "Z501-holiday": lambda: in_header("designated_date", "1123"),
    "Z601-name-cut": cut_name,
}


def files() -> dict[str, bytes]:
    """Return every file by its path below the folder."""
    made = {f"{name}.txt": make() for name, make in GOOD.items()}
    return made | {f"bad/{name}.txt": make() for name, make in BAD.items()}


def write() -> None:
    for name, data in files().items():
        path = FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


if __name__ == "__main__":
    write()
