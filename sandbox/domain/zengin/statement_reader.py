"""Reads the 200-byte files back. The sandbox only sends them; this is for whoever checks them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol, TypeAlias, TypeVar

from sandbox.domain.era import day_of_era
from sandbox.domain.zengin import statement_layouts as layouts
from sandbox.domain.zengin.findings import Code, Finding, Report, Said
from sandbox.domain.zengin.framing import Record, batches_in
from sandbox.domain.zengin.judging import Judge
from sandbox.domain.zengin.layout import Field, Kind, Layout, Value
from sandbox.domain.zengin.notices import IncomingTransfer, Notice
from sandbox.domain.zengin.statement_layouts import NoticeForm
from sandbox.domain.zengin.statements import Direction, Statement, StatementLine, signed

_Values: TypeAlias = dict[str, Any]


class UnreadableFile(ValueError):
    """The file breaks its format; ``findings`` say where. Warnings count here."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        super().__init__("; ".join(f"{f.code} {f.place}: {f.message}" for f in findings))
        self.findings = findings


def read_statements(data: bytes, *, today: date) -> tuple[Statement, ...]:
    """Read a file of type 03. Era dates are taken for the last such day not after ``today``.

    Raises:
        UnreadableFile: with every reason.
    """
    reader = _Reader(
        today=today,
        type_code=layouts.STATEMENT_TYPE,
        header=layouts.STATEMENT_HEADER,
        data=layouts.STATEMENT_DATA,
        trailer=layouts.STATEMENT_TRAILER,
    )
    return reader.read(data, _statement)


def read_notices(
    data: bytes, *, today: date, form: NoticeForm = NoticeForm.B
) -> tuple[Notice, ...]:
    """Read a file of type 01; see ``read_statements``."""
    reader = _Reader(
        today=today,
        type_code=layouts.NOTICE_TYPE,
        header=layouts.NOTICE_HEADER,
        data=layouts.NOTICE_DATA[form],
        trailer=layouts.NOTICE_TRAILER,
    )
    return reader.read(data, _notice)


def _statement(header: _Values, data: list[_Values]) -> Statement:
    balance = signed(header.pop("opening_balance"), header.pop("balance_sign"))
    lines = (
        StatementLine(**values | {"direction": Direction(values["direction"])}) for values in data
    )
    return Statement(**header, opening_balance=balance, lines=tuple(lines))


def _notice(header: _Values, data: list[_Values]) -> Notice:
    return Notice(**header, transfers=tuple(map(_transfer, data)))


def _transfer(values: _Values) -> IncomingTransfer:
    """Of form B the twelve digits count."""
    if "amount_12" in values:
        for name in ("amount", "other_bank_checks"):
            values[name] = values.pop(f"{name}_12")
            del values[f"{name}_10"]
    is_cancelled = values.pop("cancel_type") == "1"
    return IncomingTransfer(**values, is_cancelled=is_cancelled)


class _Summed(Protocol):
    def trailer(self) -> dict[str, Value]: ...


_Account = TypeVar("_Account", bound=_Summed)
_NO_VALUE = frozenset({"filler", "filler_zero", "type_code", "code_type"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reader:
    """Reads one of the two files, whose layouts it holds."""

    today: date
    type_code: str
    header: Layout
    data: Layout
    trailer: Layout

    def read(
        self, data: bytes, build: Callable[[_Values, list[_Values]], _Account]
    ) -> tuple[_Account, ...]:
        report = Report()
        accounts = []
        for raw in batches_in(data, layouts.RECORD_LENGTH, report, may_be_empty=True):
            header = self._values(self.header, raw.header, report)
            lines = [self._values(self.data, record, report) for record in raw.data]
            if raw.trailer is None or report.findings():
                continue
            accounts.append(account := build(header, lines))
            written = self._values(self.trailer, raw.trailer, report)
            self._compare(written, account.trailer(), raw.trailer, report)
        if report.findings():
            raise UnreadableFile(report.findings())
        return tuple(accounts)

    def _values(self, layout: Layout, record: Record, report: Report) -> _Values:
        """Return what the record says, with dates as dates and without fillers."""
        values: _Values = dict(Judge(report=report).read(layout, record))
        if values.get("type_code", self.type_code) != self.type_code:
            place = layout.fields[layout.names.index("type_code")]
            said = Said(f"{self.type_code}ではありません", f"the type is not {self.type_code}")
            report.add(Code.BAD_TYPE_CODE, record.number, place, said, str(values["type_code"]))
        for field in layout.fields:
            if field.kind is Kind.DATE and field.name in values:
                values[field.name] = self._day(field, values[field.name], record, report)
        return {name: value for name, value in values.items() if name not in _NO_VALUE}

    def _day(self, field: Field, written: str, record: Record, report: Report) -> date | None:
        if not written.strip("0"):
            return None
        day = day_of_era(written, latest=self.today)
        if day is None:
            said = Said(f"{written}という日はありません", f"there is no such day as {written}")
            report.add(Code.BAD_DATE, record.number, field, said, written)
        return day

    def _compare(self, written: _Values, expected: _Values, record: Record, report: Report) -> None:
        for field in self.trailer.fields:
            if field.name in expected and written.get(field.name) != expected[field.name]:
                code = Code.BAD_COUNT if field.name.endswith("count") else Code.BAD_TOTAL
                right = expected[field.name]
                said = Said(f"データレコードからは{right}です", f"the data records make {right}")
                value = record.text[field.first - 1 : field.last]
                report.add(code, record.number, field, said, value)
