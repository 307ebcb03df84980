"""Account statements (入出金取引明細, type 03): the values, and the file that carries them."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from sandbox.domain.zengin import statement_layouts as layouts
from sandbox.domain.zengin.layout import Value
from sandbox.domain.zengin.writing import LineEnd, join_records, write_record

_PLUS, _MINUS = "1", "2"


class Direction(StrEnum):
    """入払区分"""

    DEPOSIT = "1"
    WITHDRAWAL = "2"


class TransactionKind(StrEnum):
    """取引区分"""

    CASH = "10"
    TRANSFER = "11"
    OTHER_BANK_CHECK = "12"
    CLEARING = "13"
    BOOK_TRANSFER = "14"
    CONTINUATION = "15"
    OTHER = "18"
    CORRECTION = "19"


class StatementLine(NamedTuple):
    """データレコード. Amounts are yen; ``value_date`` is 預入・払出日.

    ``transaction_kind``: usually a ``TransactionKind``; files of others hold more.
    """

    inquiry_number: str
    posting_date: date
    value_date: date
    direction: Direction
    transaction_kind: str
    amount: int
    other_bank_checks: int = 0
    clearing_date: date | None = None
    dishonor_date: date | None = None
    bill_type: str = "0"
    bill_number: str = "0000000"
    sister_branch_code: str = "000"
    remitter_code: str = "0000000000"
    remitter_name: str = ""
    remitting_bank_name: str = ""
    remitting_branch_name: str = ""
    abstract: str = ""
    edi_info: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One account's part of the file. Balances are yen and may be negative.

    ``account_type``: one digit; ``passbook_type`` 0: there is neither passbook nor certificate.
    """

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
    opening_balance: int
    lines: tuple[StatementLine, ...]
    passbook_type: str = "0"

    def total(self, direction: Direction) -> int:
        return sum(line.amount for line in self.lines if line.direction == direction)

    @property
    def closing_balance(self) -> int:
        moved = self.total(Direction.DEPOSIT) - self.total(Direction.WITHDRAWAL)
        return self.opening_balance + moved

    def trailer(self) -> dict[str, Value]:
        """Return the fields of the trailer, all but its filler."""
        deposits = sum(line.direction == Direction.DEPOSIT for line in self.lines)
        return {
            "deposit_count": deposits,
            "deposit_total": self.total(Direction.DEPOSIT),
            "withdrawal_count": len(self.lines) - deposits,
            "withdrawal_total": self.total(Direction.WITHDRAWAL),
            "balance_sign": sign_of(self.closing_balance),
            "closing_balance": abs(self.closing_balance),
            "data_record_count": len(self.lines),
        }


def sign_of(yen: int) -> str:
    """Return 貸越区分: a balance is written with its sign apart."""
    return _MINUS if yen < 0 else _PLUS


def signed(yen: int, sign: str) -> int:
    return -yen if sign == _MINUS else yen


def write_statements(statements: Sequence[Statement], *, line_end: LineEnd = LineEnd.CRLF) -> bytes:
    """Return the file: header, lines and trailer for each account, and one end record.

    Texts are converted to what their fields take and cut to their lengths.

    Raises:
        UnwritableValue: a number or date does not fit its field.
    """
    records = [record for statement in statements for record in _records(statement)]
    # The end record counts itself (レコード総件数 is of the whole file).
    end = {"record_count": len(records) + 1, "account_count": len(statements)}
    return join_records([*records, write_record(layouts.STATEMENT_END, end)], line_end)


def _records(statement: Statement) -> list[str]:
    values = asdict(statement) | {
        "type_code": layouts.STATEMENT_TYPE,
        "balance_sign": sign_of(statement.opening_balance),
        "opening_balance": abs(statement.opening_balance),
    }
    return [
        write_record(layouts.STATEMENT_HEADER, values, fits=True),
        *(
            write_record(layouts.STATEMENT_DATA, line._asdict(), fits=True)
            for line in statement.lines
        ),
        write_record(layouts.STATEMENT_TRAILER, statement.trailer()),
    ]
