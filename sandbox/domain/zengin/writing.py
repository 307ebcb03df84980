"""From values to records and from records to a file."""

from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum

from sandbox.domain.era import era_yymmdd
from sandbox.domain.kana import convert, is_wire_kana, truncate
from sandbox.domain.zengin.characters import encode
from sandbox.domain.zengin.layout import Field, Kind, Layout


class LineEnd(StrEnum):
    """What stands after each record."""

    CRLF = "crlf"
    NONE = "none"


class UnwritableValue(ValueError):
    """A value does not fit its field."""


def write_record(layout: Layout, values: Mapping[str, object], *, fits: bool = False) -> str:
    """Return one record; absent numbers are zeros, absent texts and fillers spaces.

    ``fits``: texts are converted to what their field takes and cut to its length, never between
    a kana and its voicing mark. Otherwise such a text is refused, as is every wrong number.

    Raises:
        UnwritableValue: naming the field.
    """
    written = (_written(field, values.get(field.name), fits=fits) for field in layout.fields)
    return layout.record_type + "".join(written)


def respelled(layout: Layout, record: str, filler: str, spelled: tuple[str, ...]) -> str:
    """Return ``record`` with a filler, and with fields as ``spelled`` (``name=text``) has them.

    Raises:
        UnwritableValue: a text is longer than its field, or has a line end.
    """
    if not (filler or spelled):
        return record
    for each in (*spelled, f"filler={filler}"):
        name, _, text = each.partition("=")
        place = layout.fields[layout.names.index(name)]
        if len(text) > place.length or {"\r", "\n"} & set(text):
            raise UnwritableValue(f"{name}: {text!r} does not fit {place.length} bytes")
        record = record[: place.first - 1] + text.ljust(place.length) + record[place.last :]
    return record


def join_records(records: Iterable[str], line_end: LineEnd) -> bytes:
    """Return the records as the bytes of a file."""
    end = "\r\n" if line_end is LineEnd.CRLF else ""
    return encode("".join(record + end for record in records))


def _written(field: Field, value: object, *, fits: bool) -> str:
    if field.kind is Kind.FILLER:
        return " " * field.length
    if field.kind is Kind.TEXT:
        return _text(field, str(value or ""), fits=fits).ljust(field.length)
    return _number(field, _digits_of(field, value)).zfill(field.length)


def _digits_of(field: Field, value: object) -> str:
    if isinstance(value, date):
        try:
            return era_yymmdd(value)
        except ValueError as error:
            raise UnwritableValue(f"{field.name}: {error}") from error
    return "" if value is None else str(value)


def _number(field: Field, digits: str) -> str:
    if digits and not (digits.isascii() and digits.isdigit()):
        raise UnwritableValue(f"{field.name}: {digits!r} is not a number")
    if len(digits) > field.length:
        raise UnwritableValue(f"{field.name}: {digits} has more than {field.length} digits")
    return digits


def _text(field: Field, text: str, *, fits: bool) -> str:
    if fits:
        return truncate(convert(text, field.text_class).text.strip(" "), field.length)
    if not is_wire_kana(text, field.text_class, wo_in_names=True):
        raise UnwritableValue(f"{field.name}: {text!r} has characters that the field cannot hold")
    if len(text) > field.length:
        raise UnwritableValue(f"{field.name}: {text!r} is longer than {field.length} bytes")
    return text
