"""Transfer requests as a file holds them, and the file that holds them.

``spelled`` keeps what the values do not say of a record that was read: for each number written
with spaces for zeros, ``name=what stands there``. With it and the fillers, a file is written
again byte by byte as it came.
"""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import date
from typing import NamedTuple

from sandbox.domain.zengin import transfer_layouts as layouts
from sandbox.domain.zengin.layout import Layout
from sandbox.domain.zengin.writing import (
    LineEnd,
    UnwritableValue,
    join_records,
    respelled,
    write_record,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferHeader:
    """ヘッダーレコード. ``designated_date``: MMDD, the date of transfer."""

    type_code: str
    originator_code: str
    originator_name: str
    designated_date: str
    remitting_bank_code: str
    remitting_branch_code: str
    account_type: str
    account_number: str
    remitting_bank_name: str = ""
    remitting_branch_name: str = ""
    code_type: str = "0"
    filler: str = ""
    spelled: tuple[str, ...] = ()


class TransferItem(NamedTuple):
    """データレコード. A named tuple: a file holds up to twenty thousand of them.

    A bulk transfer has customer codes, or EDI info where ``identification`` is ``Y``; payroll and
    bonus have employee number and department code. ``amount`` is yen.
    """

    beneficiary_bank_code: str
    beneficiary_branch_code: str
    account_type: str
    account_number: str
    beneficiary_name: str
    amount: int
    beneficiary_bank_name: str = ""
    beneficiary_branch_name: str = ""
    clearing_house_number: str = "0000"
    new_code: str = "0"
    customer_code1: str = ""
    customer_code2: str = ""
    edi_info: str = ""
    transfer_method: str = "0"
    identification: str = ""
    employee_number: str = ""
    department_code: str = ""
    filler: str = ""
    spelled: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferBatch:
    """Header and items. ``designated_on``: the day that MMDD means, where a reader knows it."""

    header: TransferHeader
    items: tuple[TransferItem, ...]
    designated_on: date | None = None
    trailer_filler: str = ""
    trailer_spelled: tuple[str, ...] = ()

    @property
    def total_amount(self) -> int:
        return sum(item.amount for item in self.items)


def write_transfers(batches: Iterable[TransferBatch], *, line_end: LineEnd = LineEnd.CRLF) -> bytes:
    """Return the file, with trailers counted and fillers blank.

    Raises:
        UnwritableValue: a value does not fit its field; nothing is cut or converted.
    """
    records = [record for batch in batches for record in _records(batch)]
    return join_records([*records, write_record(layouts.END, {})], line_end)


def write_as_sent(
    batch: TransferBatch, *, line_end: LineEnd = LineEnd.CRLF, end_filler: str = ""
) -> bytes:
    """Return the file of one batch as it was sent, with its fillers and its spelling.

    Raises:
        UnwritableValue: as ``write_transfers``.
    """
    header, *data, trailer = _records(batch)
    layout = layouts.header_layout(batch.header.type_code)
    records = [
        respelled(layout, header, batch.header.filler, batch.header.spelled),
        *(
            respelled(_layout_of(batch, item), record, item.filler, item.spelled)
            for item, record in zip(batch.items, data, strict=True)
        ),
        respelled(layouts.TRAILER, trailer, batch.trailer_filler, batch.trailer_spelled),
        respelled(layouts.END, write_record(layouts.END, {}), end_filler, ()),
    ]
    return join_records(records, line_end)


def _records(batch: TransferBatch) -> Iterator[str]:
    yield write_record(layouts.header_layout(batch.header.type_code), asdict(batch.header))
    for item in batch.items:
        layout = _layout_of(batch, item)
        _check_nothing_is_lost(item, layout)
        yield write_record(layout, item._asdict())
    totals = {"record_count": len(batch.items), "total_amount": batch.total_amount}
    yield write_record(layouts.TRAILER, totals)


def _layout_of(batch: TransferBatch, item: TransferItem) -> Layout:
    has_edi = item.identification == layouts.EDI_MARK
    return layouts.data_layout(batch.header.type_code, has_edi=has_edi)


def _check_nothing_is_lost(item: TransferItem, layout: Layout) -> None:
    """Refuse an item with a value that its layout has no place for."""
    for name, default in item._field_defaults.items():
        if name != "spelled" and name not in layout.names and getattr(item, name) != default:
            raise UnwritableValue(f"{name} has no place in this item's record")
