"""A layout (レコード・フォーマット): which field stands where in a record.

The tables give fields in order, with their lengths; positions follow. A record that breaks no rule
is read by one regular expression, made from the table; only the others are looked at field by
field, in ``judging``.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from itertools import accumulate
from operator import call, methodcaller
from typing import TypeAlias

from sandbox.domain.kana import SEMI_VOICED, STRAY_MARK, VOICED, TextClass, wire_characters

Value: TypeAlias = str | int


class Kind(StrEnum):
    """How a field is written. All but the last two are N in the standard's tables."""

    DIGITS = "digits"  # a number that is a name: leading zeros count
    AMOUNT = "amount"  # yen or a count
    DATE = "date"  # YYMMDD, the year of the Japanese era
    TEXT = "text"
    FILLER = "filler"  # spaces on output; on input kept and never judged


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field. ``first`` and ``last`` are 1-based bytes within the record."""

    name: str
    ja: str
    kind: Kind
    length: int
    text_class: TextClass = TextClass.EDI
    required: bool = False  # an N field of zeros alone counts as empty
    codes: str = ""  # what a field of one byte may hold, if there is a list
    first: int = 0

    @property
    def last(self) -> int:
        return self.first + self.length - 1

    @property
    def is_name(self) -> bool:
        """Names are left-aligned. Codes and EDI info are not: their alignment is the sender's."""
        return self.text_class is not TextClass.EDI

    @property
    def is_blank_allowed(self) -> bool:
        """An optional field may be spaces, unless it has a list without 0 or space."""
        return not self.required and (not self.codes or bool({"0", " "} & set(self.codes)))


def digits(name: str, ja: str, length: int, *, required: bool = False) -> Field:
    return Field(name=name, ja=ja, kind=Kind.DIGITS, length=length, required=required)


def coded(name: str, ja: str, codes: str) -> Field:
    return Field(name=name, ja=ja, kind=Kind.DIGITS, length=1, codes=codes)


def amount(name: str, ja: str, length: int, *, required: bool = False) -> Field:
    return Field(name=name, ja=ja, kind=Kind.AMOUNT, length=length, required=required)


def era_date(name: str, ja: str, *, required: bool = True) -> Field:
    return Field(name=name, ja=ja, kind=Kind.DATE, length=6, required=required)


def text(
    name: str, ja: str, length: int, text_class: TextClass, *, required: bool = False
) -> Field:
    kind = Kind.TEXT
    return Field(
        name=name, ja=ja, kind=kind, length=length, text_class=text_class, required=required
    )


def filler(length: int) -> Field:
    return Field(name="filler", ja="ダミー", kind=Kind.FILLER, length=length)


RECORD_TYPE = Field(name="record_type", ja="データ区分", kind=Kind.DIGITS, length=1, first=1)

_AS_ZEROS = methodcaller("replace", " ", "0")
_TRIMMED = methodcaller("rstrip", " ")
_READ: dict[Kind, Callable[[str], Value]] = {
    Kind.DIGITS: _AS_ZEROS,
    Kind.AMOUNT: int,
    Kind.DATE: _AS_ZEROS,
    Kind.TEXT: _TRIMMED,
    Kind.FILLER: _TRIMMED,
}


@dataclass(frozen=True, kw_only=True)
class Layout:
    """The fields of one record, in order. ``unplaced``: all of them but the record type."""

    record_type: str
    unplaced: tuple[Field, ...]

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        starts = accumulate((field.length for field in self.unplaced), initial=RECORD_TYPE.last + 1)
        return tuple(
            replace(field, first=first) for field, first in zip(self.unplaced, starts, strict=False)
        )

    @property
    def length(self) -> int:
        return self.fields[-1].last

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(field.name for field in self.unplaced)

    @cached_property
    def _numbers(self) -> tuple[tuple[str, slice], ...]:
        return tuple(
            (field.name, slice(field.first - 1, field.last))
            for field in self.fields
            if field.kind not in (Kind.TEXT, Kind.FILLER)
        )

    def spelled(self, record: str) -> tuple[str, ...]:
        """Return each number that has spaces for zeros, as ``name=what stands there``."""
        if " " not in record:
            return ()
        return tuple(
            f"{name}={record[place]}" for name, place in self._numbers if " " in record[place]
        )

    @cached_property
    def _readers(self) -> tuple[Callable[[str], Value], ...]:
        return tuple(_READ[field.kind] for field in self.unplaced)

    @cached_property
    def _clean(self) -> dict[bool, re.Pattern[str]]:
        """What has been compiled, by whether names may hold ｦ."""
        return {}

    def read_clean(self, record: str, *, wo_in_names: bool = False) -> dict[str, Value] | None:
        """Return field name → value, or None if there is anything to remark on ``record``."""
        if wo_in_names not in self._clean:
            self._clean[wo_in_names] = self._compiled(wo_in_names=wo_in_names)
        found = self._clean[wo_in_names].fullmatch(record)
        if found is None or STRAY_MARK.search(record):
            return None
        return dict(zip(self.names, map(call, self._readers, found.groups()), strict=True))

    def _compiled(self, *, wo_in_names: bool) -> re.Pattern[str]:
        fields = "".join(f"({_expression(f, wo_in_names=wo_in_names)})" for f in self.unplaced)
        return re.compile(self.record_type + fields, re.DOTALL)


def _expression(field: Field, *, wo_in_names: bool) -> str:
    """Return what the field looks like when there is nothing to remark on it."""
    if field.kind is Kind.FILLER:
        return f".{{{field.length}}}"
    if field.codes:
        return f"[{field.codes}{' ' if field.is_blank_allowed else ''}]"
    if field.kind is Kind.TEXT:
        return _text_expression(field, wire_characters(field.text_class, wo_in_names=wo_in_names))
    number = f"[0-9]{{{field.length}}}"
    if field.required:
        return f"(?!0{{{field.length}}}){number}"
    # `int` does not read spaces: such an amount goes the long way.
    return number if field.kind is Kind.AMOUNT else f"{number}| {{{field.length}}}"


def _text_expression(field: Field, taken: frozenset[str]) -> str:
    written = f"(?![{VOICED}{SEMI_VOICED}])[{re.escape(''.join(sorted(taken)))}]{{{field.length}}}"
    blank = f" {{{field.length}}}"
    if field.is_name:
        written = f"(?! ){written}" + ("" if field.required else f"|{blank}")
    elif field.required:
        written = f"(?!{blank}){written}"
    return written
