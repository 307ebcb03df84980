"""Reads a transfer file (総合振込, 給与・賞与振込): all that is in it, or what is wrong with it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sandbox.domain.banks import BankMaster
from sandbox.domain.zengin import rules as checks
from sandbox.domain.zengin import transfer_layouts as layouts
from sandbox.domain.zengin.characters import decode
from sandbox.domain.zengin.findings import Code, Finding, Report, Said
from sandbox.domain.zengin.framing import RawBatch, Record, batches_in
from sandbox.domain.zengin.judging import Converted, Judge
from sandbox.domain.zengin.layout import Layout, Value
from sandbox.domain.zengin.rules import Objection, TransferRules
from sandbox.domain.zengin.transfer_layouts import TypeCode
from sandbox.domain.zengin.transfers import TransferBatch, TransferHeader, TransferItem
from sandbox.domain.zengin.writing import LineEnd

_EBCDIC = "1"
_TRAILER_FILLER = layouts.TRAILER.fields[-1].first - 1
_IS_EBCDIC = Said("コード区分1（EBCDIC）は受け付けません", "files in EBCDIC are not taken")
_ONE_MORE = Said(
    "このファイルに入れられるヘッダーの数を超えています。ファイルを分けてください",
    "more headers than one file may have here; divide the file",
)
_NOT_SERVED = Said("この種別はここでは受け付けません", "files of this type are not taken here")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What came of a file. With an error among the findings there are no batches.

    ``is_cut``: there may be more findings than are given. ``converted``: names whose characters
    were changed. ``line_end`` and ``end_filler`` are those of an accepted file.
    """

    batches: tuple[TransferBatch, ...]
    findings: tuple[Finding, ...]
    is_cut: bool
    converted: tuple[Converted, ...]
    line_end: LineEnd = LineEnd.NONE
    end_filler: str = ""

    @property
    def is_accepted(self) -> bool:
        return bool(self.batches)

    @property
    def warnings(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if not finding.is_error)


def read_transfers(data: bytes, rules: TransferRules) -> Reading:
    """Read a whole file. Never raises for what is in it."""
    report = Report()
    reader = _Reader(rules=rules, report=report)
    raw = batches_in(data, layouts.RECORD_LENGTH, report)
    batches = [batch for batch in map(reader.batch, raw) if batch is not None]
    if report.has_errors:
        return Reading(batches=(), findings=report.findings(), is_cut=report.is_cut, converted=())
    has_line_ends = b"\r\n" in data
    end = data.removesuffix(b"\x1a").removesuffix(b"\r\n")[1 - layouts.RECORD_LENGTH :]
    return Reading(
        batches=tuple(batches),
        findings=report.findings(),
        is_cut=report.is_cut,
        converted=tuple(reader.converted),
        line_end=LineEnd.CRLF if has_line_ends else LineEnd.NONE,
        end_filler=decode(end).rstrip(" "),
    )


@dataclass(slots=True, kw_only=True)
class _Reader:
    """Reads batch after batch of one file."""

    rules: TransferRules
    report: Report
    converted: list[Converted] = field(default_factory=list)
    batch_count: int = 0
    item_count: int = 0
    first_type_code: str | None = None
    judge: Judge = field(init=False)
    # Files name the same few branches again and again.
    _objections: dict[tuple[Value | None, ...], tuple[Objection, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.judge = Judge(
            report=self.report,
            wo_in_names=self.rules.wo_in_names,
            converts=self.rules.converts,
            converted=self.converted,
        )

    def batch(self, raw: RawBatch) -> TransferBatch | None:
        """Return the batch if all of it can be read. Its items too are judged in any case."""
        self.batch_count += 1
        if self.batch_count == (self.rules.most_batches or 0) + 1 > 1:
            self.report.add_record(Code.BAD_ORDER, raw.header.number, _ONE_MORE, raw.header.text)
        header = self._header(raw.header)
        type_code = _type_code(raw.header)
        items = [] if type_code is None else self._items(raw.data, type_code)
        self.item_count += len(raw.data)
        if type_code is None or self.report.is_full:
            return None
        if raw.trailer is not None:
            self._trailer(raw.trailer, len(raw.data), items)
        if header is None or raw.trailer is None or self.report.has_errors:
            return None
        return TransferBatch(
            header=header,
            items=tuple(items),
            designated_on=self._day_of(header),
            trailer_filler=raw.trailer.text[_TRAILER_FILLER:].rstrip(" "),
            trailer_spelled=layouts.TRAILER.spelled(raw.trailer.text),
        )

    def _day_of(self, header: TransferHeader) -> date | None:
        window = self.rules.window
        if window is None:
            return None
        return checks.designated_day(header.designated_date, window.today)

    # Headers

    def _header(self, record: Record) -> TransferHeader | None:
        type_code = _type_code(record)
        layout = layouts.header_layout(type_code or TypeCode.BULK)
        values: dict[str, Any] = self.judge.read(layout, record)
        objections = self._against_header(values, type_code)
        self._object(objections, layout, record)
        if len(values) < len(layout.names):
            return None
        return TransferHeader(**values, spelled=layout.spelled(record.text))

    def _against_header(
        self, values: dict[str, Value], type_code: TypeCode | None
    ) -> Iterable[Objection]:
        if "type_code" in values:
            yield from self._against_type(type_code)
        if values.get("code_type") == _EBCDIC:
            yield Objection(Code.BAD_ENCODING, "code_type", _IS_EBCDIC)
        if self.rules.remitters is not None:
            yield from checks.foreign_remitter(values, self.rules.remitters)
        mmdd = values.get("designated_date")
        if mmdd is not None:
            wrong = checks.wrong_day(str(mmdd), self.rules.window)
            if wrong is not None:
                yield Objection(Code.BAD_DATE, "designated_date", wrong)

    def _against_type(self, type_code: TypeCode | None) -> Iterable[Objection]:
        if type_code not in self.rules.type_codes:
            yield Objection(Code.BAD_TYPE_CODE, "type_code", _NOT_SERVED)
        if self.first_type_code is None:
            self.first_type_code = type_code
        elif type_code != self.first_type_code:
            first = self.first_type_code
            said = Said(f"先頭の種別コード{first}と違います", f"the first batch is of type {first}")
            yield Objection(Code.BAD_TYPE_CODE, "type_code", said)

    # Items

    def _items(self, records: list[Record], type_code: TypeCode) -> list[TransferItem]:
        """Return the items that can be read whole."""
        items: list[TransferItem] = []
        seen: dict[tuple[Value, ...], int] = {}
        for place, record in enumerate(records, start=self.item_count + 1):
            if self.report.is_full:
                break
            if place == self.rules.most_items + 1:
                most = self.rules.most_items
                said = Said(f"明細が上限の{most}件を超えています", f"more than {most} items")
                self.report.add_record(Code.TOO_MANY_ITEMS, record.number, said, record.text)
            item = self._item(record, type_code)
            if item is not None:
                items.append(item)
                self._remember(item, record, seen)
        return items

    def _item(self, record: Record, type_code: TypeCode) -> TransferItem | None:
        if len(record.text) != layouts.RECORD_LENGTH:
            return None  # reported with its length
        layout = layouts.data_layout_of(type_code, record.text)
        values: dict[str, Any] = self.judge.read(layout, record)
        if self.rules.master is not None:
            objections = self._against_beneficiary(values, self.rules.master)
            self._object(objections, layout, record)
        if len(values) < len(layout.names):
            return None
        return TransferItem(**values, spelled=layout.spelled(record.text))

    def _against_beneficiary(
        self, values: dict[str, Value], master: BankMaster
    ) -> Iterable[Objection]:
        parts = ("bank_code", "bank_name", "branch_code", "branch_name")
        key = tuple(values.get(f"beneficiary_{part}") for part in parts)
        if key not in self._objections:
            found = checks.doubtful_beneficiary(values, master)
            self._objections[key] = tuple(found)
        return self._objections[key]

    def _remember(
        self, item: TransferItem, record: Record, seen: dict[tuple[Value, ...], int]
    ) -> None:
        """Warn of an item that the batch has already, filler and spelling apart."""
        first = seen.setdefault(item[:-2], record.number)
        if first != record.number:
            said = Said(f"レコード{first}と同じ内容の明細です", f"the same item as record {first}")
            self.report.add_record(Code.DUPLICATE_ITEM, record.number, said, record.text)

    # Trailers

    def _trailer(self, record: Record, count: int, items: list[TransferItem]) -> None:
        values = self.judge.read(layouts.TRAILER, record)
        objections = self._against_trailer(values, count, items)
        self._object(objections, layouts.TRAILER, record)

    def _against_trailer(
        self, values: dict[str, Value], count: int, items: list[TransferItem]
    ) -> Iterable[Objection]:
        written_count, written_total = values.get("record_count"), values.get("total_amount")
        if written_count is not None and written_count != count:
            said = Said(
                f"{written_count}件とありますが、データレコードは{count}件です",
                f"it says {written_count}, and there are {count} data records",
            )
            yield Objection(Code.BAD_COUNT, "record_count", said)
        if len(items) < count:  # an amount is unknown, and so is the total
            return
        total = sum(item.amount for item in items)
        if total > layouts.TOTAL_MAX:
            said = Said(f"合計金額{total}円が12桁を超えます", f"{total} yen need over 12 digits")
            yield Objection(Code.BAD_TOTAL, "total_amount", said)
        elif written_total is not None and written_total != total:
            said = Said(
                f"{written_total}円とありますが、明細の合計は{total}円です",
                f"it says {written_total} yen, and the items make {total}",
            )
            yield Objection(Code.BAD_TOTAL, "total_amount", said)

    def _object(self, objections: Iterable[Objection], layout: Layout, record: Record) -> None:
        for code, name, said in objections:
            place = layout.fields[layout.names.index(name)]
            value = record.text[place.first - 1 : place.last]
            self.report.add(code, record.number, place, said, value)


def _type_code(header: Record) -> TypeCode | None:
    """Return the type of a batch if it is one that this module has a layout for."""
    written = header.text[1:3]
    return TypeCode(written) if written in TypeCode.__members__.values() else None
