"""Incoming transfer notices (振込入金通知, type 01): values, and the file that carries them."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import NamedTuple

from sandbox.domain.zengin import statement_layouts as layouts
from sandbox.domain.zengin.layout import Value
from sandbox.domain.zengin.statement_layouts import NoticeForm
from sandbox.domain.zengin.writing import LineEnd, join_records, write_record

_TEN_DIGITS_MAX = 9_999_999_999


class IncomingTransfer(NamedTuple):
    """データレコード. Amounts are yen; ``is_cancelled``: 取消区分 1, taken back."""

    inquiry_number: str
    posting_date: date
    value_date: date
    amount: int
    other_bank_checks: int = 0
    remitter_code: str = "0000000000"
    remitter_name: str = ""
    remitting_bank_name: str = ""
    remitting_branch_name: str = ""
    is_cancelled: bool = False
    edi_info: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One account's part of the file."""

    created_date: date
    posting_date_from: date
    posting_date_to: date
    bank_code: str
    bank_name: str
    branch_code: str
    branch_name: str
    account_type: str
    account_number: str
    account_name: str
    transfers: tuple[IncomingTransfer, ...]

    def trailer(self) -> dict[str, Value]:
        """Return the fields of the trailer, all but its filler. Cancelled rows count apart."""
        cancelled = [transfer.amount for transfer in self.transfers if transfer.is_cancelled]
        everything = sum(transfer.amount for transfer in self.transfers)
        return {
            "transfer_count": len(self.transfers) - len(cancelled),
            "transfer_total": everything - sum(cancelled),
            "cancel_count": len(cancelled),
            "cancel_total": sum(cancelled),
        }


def write_notices(
    notices: Sequence[Notice],
    *,
    form: NoticeForm = NoticeForm.B,
    line_end: LineEnd = LineEnd.CRLF,
) -> bytes:
    """Return the file. Texts are converted and cut as in a statement.

    Raises:
        UnwritableValue: a number or date does not fit its field; in form A, an amount of more
            than ten digits.
    """
    records = [record for notice in notices for record in _records(notice, form)]
    return join_records([*records, write_record(layouts.NOTICE_END, {})], line_end)


def _records(notice: Notice, form: NoticeForm) -> list[str]:
    values = asdict(notice) | {"type_code": layouts.NOTICE_TYPE}
    return [
        write_record(layouts.NOTICE_HEADER, values, fits=True),
        *(
            write_record(layouts.NOTICE_DATA[form], _data(transfer, form), fits=True)
            for transfer in notice.transfers
        ),
        write_record(layouts.NOTICE_TRAILER, notice.trailer()),
    ]


def _data(transfer: IncomingTransfer, form: NoticeForm) -> dict[str, object]:
    values = transfer._asdict() | {"cancel_type": str(int(transfer.is_cancelled))}
    if form is NoticeForm.A:
        return values
    for name in ("amount", "other_bank_checks"):
        yen = values[name]
        # What ten digits cannot hold is left to the twelve.
        values |= {f"{name}_10": yen if yen <= _TEN_DIGITS_MAX else 0, f"{name}_12": yen}
    return values
