"""One record, field by field: what is wrong with it, and what can be read of it all the same."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sandbox.domain.kana import STRAY_MARK, ChangeKind, convert, wire_characters
from sandbox.domain.zengin.characters import FOREIGN_CHARACTERS, spelled
from sandbox.domain.zengin.findings import Code, Report, Said
from sandbox.domain.zengin.framing import Record
from sandbox.domain.zengin.layout import Field, Kind, Layout, Value

# What a profile that converts may change: each keeps the length of the text.
_CONVERTIBLE = frozenset({ChangeKind.SMALL_KANA, ChangeKind.LONG_VOWEL, ChangeKind.CASE})


_EMPTY = Said("必須項目が空です", "this field is required, and empty")
_ZEROS = Said("必須項目がゼロです", "this field is required, and zero")
_NOT_RIGHT = Said(
    "右詰め、前ゼロでなければなりません", "numbers stand on the right, with zeros before them"
)
_NOT_LEFT = Said("左詰めでなければなりません", "names stand on the left")
_STRAY = Said(
    "濁点・半濁点が、それを付けられない文字の後にあります",
    "a voicing mark follows what cannot take one",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Converted:
    """A name whose characters were changed to what its field takes."""

    record: int
    field: str
    before: str
    after: str


@dataclass(slots=True, kw_only=True)
class Judge:
    """Reads records into values and reports what is wrong with them.

    ``converts``: small kana, the long-vowel mark and lower case in a name are written as the
    field takes them, instead of refused.
    """

    report: Report
    wo_in_names: bool = False
    converts: bool = False
    converted: list[Converted] | None = None

    def read(self, layout: Layout, record: Record) -> dict[str, Value]:
        """Return field name → value. A field that cannot be read is missing.

        A record of the wrong length has no fields at all; that was reported with its length.
        """
        values = layout.read_clean(record.text, wo_in_names=self.wo_in_names)
        if values is not None:
            return values
        return self.by_field(layout, record) if len(record.text) == layout.length else {}

    def by_field(self, layout: Layout, record: Record) -> dict[str, Value]:
        """Do what ``read`` does, the long way."""
        values: dict[str, Value] = {}
        for field in layout.fields:
            raw = record.text[field.first - 1 : field.last]
            value = _READERS[field.kind](self, field, raw, record.number)
            if value is not None:
                values[field.name] = value
        return values

    def _digits(self, field: Field, raw: str, record: int) -> str | None:
        written = raw.lstrip(" ")
        if not written and field.is_blank_allowed:
            return "0" * field.length
        if not written and field.required:
            self._add(Code.MISSING, record, field, raw, _EMPTY)
            return None
        if written and not (written.isascii() and written.isdigit()):
            bad = _odd(c for c in written if c not in "0123456789")
            said = Said(f"数字でない文字があります（{bad}）", f"not a digit: {bad}")
            self._add(Code.NOT_DIGITS, record, field, raw, said)
            return None
        if len(written) < len(raw) and not field.codes:
            self._add(Code.BAD_ALIGNMENT, record, field, raw, _NOT_RIGHT)
        value = self._listed(field, written.zfill(field.length) if written else raw, record)
        return None if value is None else value.replace(" ", "0")

    def _listed(self, field: Field, value: str, record: int) -> str | None:
        if field.codes and value not in field.codes:
            shown = spelled(value)
            said = Said(f"コード{shown}は定められていません", f"one of {field.codes} is expected")
            self._add(Code.NOT_IN_LIST, record, field, value, said)
        if field.required and not value.strip("0"):
            self._add(Code.MISSING, record, field, value, _ZEROS)
            return None
        return value

    def _amount(self, field: Field, raw: str, record: int) -> int | None:
        value = self._digits(field, raw, record)
        return None if value is None else int(value)

    def _text(self, field: Field, raw: str, record: int) -> str | None:
        if FOREIGN_CHARACTERS & set(raw):
            bad = _odd(c for c in raw if c in FOREIGN_CHARACTERS)
            said = Said(
                f"1バイト文字（JIS X 0201）でないバイトがあります（{bad}）",
                f"bytes outside JIS X 0201: {bad}",
            )
            self._add(Code.BAD_ENCODING, record, field, raw, said)
            return None
        if field.codes:
            return (self._listed(field, raw, record) or "").rstrip(" ")
        text = self._in_class(field, raw, record)
        if text is None:
            return None
        if field.required and not text.strip(" "):
            self._add(Code.MISSING, record, field, raw, _EMPTY)
            return None
        if field.is_name and text.startswith(" ") and text.strip(" "):
            self._add(Code.BAD_ALIGNMENT, record, field, raw, _NOT_LEFT)
        return text.rstrip(" ")

    def _in_class(self, field: Field, raw: str, record: int) -> str | None:
        """Return the text if its field may hold it, converted where the profile converts."""
        allowed = wire_characters(field.text_class, wo_in_names=self.wo_in_names)
        text = raw if allowed.issuperset(raw) else self._convert(field, raw, record)
        if text is None:
            bad = _odd(c for c in raw if c not in allowed)
            said = Said(f"この項目に使えない文字があります（{bad}）", f"not allowed here: {bad}")
            self._add(Code.BAD_CHARACTER, record, field, raw, said)
        if STRAY_MARK.search(raw if text is None else text):
            self._add(Code.STRAY_MARK, record, field, raw, _STRAY)
            return None
        return text

    def _convert(self, field: Field, raw: str, record: int) -> str | None:
        if not (self.converts and field.is_name):
            return None
        kana = convert(raw, field.text_class, wo_in_names=self.wo_in_names)
        if not {change.kind for change in kana.changes} <= _CONVERTIBLE:
            return None
        if self.converted is not None:
            change = Converted(
                record=record, field=field.name, before=raw.rstrip(" "), after=kana.text.rstrip(" ")
            )
            self.converted.append(change)
        return kana.text

    def _filler(self, _field: Field, raw: str, _record: int) -> str:
        return raw.rstrip(" ")

    def _add(self, code: Code, record: int, field: Field, raw: str, said: Said) -> None:
        self.report.add(code, record, field, said, raw)


def _odd(characters: Iterable[str]) -> str:
    """Return each of the characters once, as a report writes them."""
    return "、".join(map(spelled, dict.fromkeys(characters)))


_READERS: dict[Kind, Callable[[Judge, Field, str, int], Value | None]] = {
    Kind.DIGITS: Judge._digits,
    Kind.AMOUNT: Judge._amount,
    Kind.DATE: Judge._digits,
    Kind.TEXT: Judge._text,
    Kind.FILLER: Judge._filler,
}
