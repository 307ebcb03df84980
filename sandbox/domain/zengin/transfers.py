"""Transfer requests as a file holds them, and the file that holds them."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import date
from typing import NamedTuple

from sandbox.domain.zengin import transfer_layouts as layouts
from sandbox.domain.zengin.layout import Layout
from sandbox.domain.zengin.writing import LineEnd, UnwritableValue, join_records, write_record


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


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferBatch:
    """Header and items. ``designated_on``: the day that MMDD means, where a reader knows it."""

    header: TransferHeader
    items: tuple[TransferItem, ...]
    designated_on: date | None = None

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


def _records(batch: TransferBatch) -> Iterator[str]:
    type_code = batch.header.type_code
    yield write_record(layouts.header_layout(type_code), asdict(batch.header))
    for item in batch.items:
        layout = layouts.data_layout(type_code, has_edi=item.identification == layouts.EDI_MARK)
        _check_nothing_is_lost(item, layout)
        yield write_record(layout, item._asdict())
    totals = {"record_count": len(batch.items), "total_amount": batch.total_amount}
    yield write_record(layouts.TRAILER, totals)


def _check_nothing_is_lost(item: TransferItem, layout: Layout) -> None:
    """Refuse an item with a value that its layout has no place for."""
    for name, default in item._field_defaults.items():
        if name not in layout.names and getattr(item, name) != default:
            raise UnwritableValue(f"{name} has no place in this item's record")
