"""From bytes to records: encoding, line ends, and which records make up a batch.

A file is header, data and trailer for each batch and one end record. Between records stands
nothing or CRLF; one 0x1A (EOF mark) may follow the last.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple, TypeAlias

from sandbox.domain.zengin.characters import decode, spelled
from sandbox.domain.zengin.findings import MOST_FINDINGS, Code, Report, Said
from sandbox.domain.zengin.layout import RECORD_TYPE

_CRLF = "\r\n"
_EOF_MARK = b"\x1a"
_BYTE_ORDER_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_EBCDIC_HEADER = b"\xf1"  # the digit 1
_ANY_LINE_END = re.compile(r"\r\n|\r|\n")
_BARE_LINE_END = re.compile(r"\r(?!\n)|(?<!\r)\n")
_UTF8 = Said(
    "文字コードがUTF-8です。JIS X 0201（Shift_JIS半角）にしてください",
    "it is UTF-8; write JIS X 0201 (half-width Shift_JIS)",
)
_BEYOND_JIS = re.compile(rb"[\x80-\xa0\xe0-\xff]")

_Remark: TypeAlias = tuple[Code, Said]


class Record(NamedTuple):
    """One record. ``number`` counts from 1 over the file."""

    number: int
    text: str


@dataclass(slots=True)
class RawBatch:
    """Header, data and trailer of one batch, as text; no field has been looked at."""

    header: Record
    data: list[Record] = field(default_factory=list)
    trailer: Record | None = None


def batches_in(
    data: bytes, length: int, report: Report, *, may_be_empty: bool = False
) -> list[RawBatch]:
    """Return the batches of a file, and report what is wrong with its shape.

    ``may_be_empty``: a batch without data is in order. A record of another length than
    ``length`` bytes is reported and stays in its place.
    """
    records = _records(data, length, report)
    return _grouped(records, length, report, may_be_empty=may_be_empty) if records else []


# Encoding and line ends


def _records(data: bytes, length: int, report: Report) -> list[Record]:
    refusal = _refusal(data)
    if refusal is not None:
        report.add_record(refusal[0], 1, refusal[1], decode(data[:length]))
        return []
    if b"\r" in data or b"\n" in data:
        return _lines(data, length, report)
    return _blocks(data, length, report)


def _refusal(data: bytes) -> _Remark | None:
    """Return what refuses a file as a whole."""
    if not data.rstrip(b"\r\n\x1a"):
        return Code.EMPTY, Said("ファイルが空です", "the file is empty")
    if data.startswith(_BYTE_ORDER_MARKS):
        said = Said("先頭にバイト順マーク（BOM）があります", "it starts with a byte-order mark")
        return Code.BAD_ENCODING, said
    if data.startswith(_EBCDIC_HEADER):
        said = Said("EBCDICのファイルは受け付けません", "files in EBCDIC are not taken")
        return Code.BAD_ENCODING, said
    if _BEYOND_JIS.search(data) and _is_utf8(data):
        return Code.BAD_ENCODING, _UTF8
    return None


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _blocks(data: bytes, length: int, report: Report) -> list[Record]:
    """Cut a file without line ends. Where its length is wrong, no place in it is certain."""
    if len(data) % length == 1:
        data = data.removesuffix(_EOF_MARK)
    text = decode(data)
    whole, rest = divmod(len(text), length)
    if rest:
        said = Said(
            f"ファイルの長さ{len(text)}バイトが{length}の倍数ではありません（{rest}バイトの余り）",
            f"the file's {len(text)} bytes are no multiple of {length}: {rest} are left over",
        )
        report.add_record(Code.BAD_LENGTH, whole + 1, said, text[whole * length :])
        return []
    return [Record(n + 1, text[n * length : (n + 1) * length]) for n in range(whole)]


_NO_LAST_END = Said(
    "最後のレコードの後に改行（CRLF）がありません", "the last record has no line end (CRLF)"
)
_BARE_END = Said(
    "改行はCRLFだけが使えます。CRまたはLFが単独で使われています",
    "lines end with CRLF alone; here is a single CR or LF",
)


def _lines(data: bytes, length: int, report: Report) -> list[Record]:
    """Cut a file at its line ends, whichever they are.

    No further than to the hundredth line that is too short: after that nobody looks, and a file
    of line ends alone would take a hundred times its size.
    """
    text = decode(data.removesuffix(_EOF_MARK))
    bare = _BARE_LINE_END.search(text)
    most = len(text) // length + MOST_FINDINGS + 1
    lines = _ANY_LINE_END.split(text, maxsplit=most)
    if not lines[-1]:
        lines.pop()
    elif bare is None:
        report.add_record(Code.BAD_LENGTH, len(lines), _NO_LAST_END, lines[-1])
    if bare is not None:
        number = min(text.count(_CRLF, 0, bare.start()) + 1, len(lines))
        report.add_record(Code.BAD_LENGTH, number, _BARE_END, lines[number - 1])
    return [Record(number, line) for number, line in enumerate(lines, start=1)]


# The order of records


class _At(StrEnum):
    """What the last record was that counted."""

    START = "start"
    HEADER = "header"
    DATA = "data"
    TRAILER = "trailer"
    END = "end"


_NO_HEADER = (
    Code.BAD_ORDER,
    Said("データレコードの前にヘッダーレコードがありません", "a data record without a header"),
)
_NO_BATCH = (
    Code.BAD_ORDER,
    Said("トレーラーレコードの前にヘッダーレコードがありません", "a trailer without a header"),
)
_NO_TRAILER = (
    Code.BAD_ORDER,
    Said("トレーラーレコードがありません", "there is no trailer record"),
)
_TWO_TRAILERS = (
    Code.BAD_ORDER,
    Said("トレーラーレコードが二つあります", "there are two trailer records"),
)
_NO_DATA = (Code.EMPTY, Said("データレコードがありません", "there is no data record"))
_NO_END = (Code.BAD_END, Said("エンドレコードがありません", "there is no end record"))
_AFTER_END = (
    Code.BAD_END,
    Said("エンドレコードの後にデータがあります", "there is something after the end record"),
)

_Step: TypeAlias = tuple[_At, tuple[_Remark, ...]]
# Where we are → record type → where that leads, and what there is to say.
_ORDER: dict[_At, dict[str, _Step]] = {
    _At.START: {
        "1": (_At.HEADER, ()),
        "2": (_At.START, (_NO_HEADER,)),
        "8": (_At.START, (_NO_BATCH,)),
        "9": (_At.END, (_NO_DATA,)),
    },
    _At.HEADER: {
        "1": (_At.HEADER, (_NO_DATA, _NO_TRAILER)),
        "2": (_At.DATA, ()),
        "8": (_At.TRAILER, (_NO_DATA,)),
        "9": (_At.END, (_NO_DATA, _NO_TRAILER)),
    },
    _At.DATA: {
        "1": (_At.HEADER, (_NO_TRAILER,)),
        "2": (_At.DATA, ()),
        "8": (_At.TRAILER, ()),
        "9": (_At.END, (_NO_TRAILER,)),
    },
    _At.TRAILER: {
        "1": (_At.HEADER, ()),
        "2": (_At.TRAILER, (_NO_HEADER,)),
        "8": (_At.TRAILER, (_TWO_TRAILERS,)),
        "9": (_At.END, ()),
    },
}
_CUT_SHORT: dict[_At, tuple[_Remark, ...]] = {
    _At.START: (_NO_END,),
    _At.HEADER: (_NO_DATA, _NO_TRAILER, _NO_END),
    _At.DATA: (_NO_TRAILER, _NO_END),
    _At.TRAILER: (_NO_END,),
    _At.END: (),
}


def _grouped(
    records: list[Record], length: int, report: Report, *, may_be_empty: bool
) -> list[RawBatch]:
    batches: list[RawBatch] = []
    at = _At.START
    for record in records:
        if report.is_full:
            return batches
        if at is _At.END:
            _remark([_AFTER_END], record, report)
            return batches
        _check_length(record, length, report)
        step = _ORDER[at].get(record.text[:1])
        if step is None:
            _remark_on_type(record, report)
            continue
        remarks = [r for r in step[1] if not (may_be_empty and r is _NO_DATA)]
        _remark(remarks, record, report)
        _place(record, batches, is_open=at is not _At.TRAILER)
        at = step[0]
    remarks = [r for r in _CUT_SHORT[at] if not (may_be_empty and r is _NO_DATA)]
    _remark(remarks, records[-1], report)
    return batches


def _place(record: Record, batches: list[RawBatch], *, is_open: bool) -> None:
    """Put a record into the last batch, which takes no more after its trailer."""
    kind = record.text[:1]
    if kind == "1":
        batches.append(RawBatch(record))
    elif batches and is_open and kind == "2":
        batches[-1].data.append(record)
    elif batches and is_open and kind == "8":
        batches[-1].trailer = record


def _remark(remarks: Iterable[_Remark], record: Record, report: Report) -> None:
    for code, said in remarks:
        report.add_record(code, record.number, said, record.text)


def _remark_on_type(record: Record, report: Report) -> None:
    kind = record.text[:1]
    if kind:  # an empty line has no type, and its length is reported
        said = Said(f"{spelled(kind)}は1、2、8、9のいずれでもありません", "none of 1, 2, 8, 9")
        report.add(Code.UNKNOWN_RECORD_TYPE, record.number, RECORD_TYPE, said, kind)


def _check_length(record: Record, length: int, report: Report) -> None:
    found = len(record.text)
    if found != length:
        said = Said(
            f"レコードの長さが{found}バイトです。{length}バイトでなければなりません",
            f"the record has {found} bytes and must have {length}",
        )
        report.add_record(Code.BAD_LENGTH, record.number, said, record.text)
