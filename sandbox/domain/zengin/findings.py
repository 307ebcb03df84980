"""What is wrong with a file, place by place, in the words that the sender reads.

Codes are those of the sandbox. An error refuses the file; a warning leaves the decision to the
profile. Every remark is made in Japanese and in English.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from sandbox.domain.zengin.characters import readable
from sandbox.domain.zengin.layout import Field

MOST_FINDINGS = 100
_LONGEST_VALUE = 40  # the longest field with a name; of a whole record its beginning will do


class Said(NamedTuple):
    """One sentence in both languages."""

    ja: str
    en: str


class Code(StrEnum):
    BAD_LENGTH = "Z101"
    UNKNOWN_RECORD_TYPE = "Z102"
    BAD_ORDER = "Z103"
    BAD_END = "Z104"
    BAD_TYPE_CODE = "Z105"
    BAD_ENCODING = "Z106"
    EMPTY = "Z107"
    NOT_DIGITS = "Z201"
    BAD_CHARACTER = "Z202"
    BAD_ALIGNMENT = "Z203"
    STRAY_MARK = "Z204"
    NOT_IN_LIST = "Z205"
    MISSING = "Z206"
    BAD_COUNT = "Z301"
    BAD_TOTAL = "Z302"
    DUPLICATE_ITEM = "Z303"
    TOO_MANY_ITEMS = "Z304"
    NOT_THE_CALLERS = "Z401"
    NOT_IN_MASTER = "Z402"
    OTHER_NAME = "Z403"
    BAD_DATE = "Z501"
    NAME_CUT = "Z601"

    @property
    def is_error(self) -> bool:
        return self not in _WARNINGS


_WARNINGS = frozenset(
    {
        Code.BAD_ALIGNMENT,
        Code.NOT_IN_LIST,
        Code.DUPLICATE_ITEM,
        Code.NOT_IN_MASTER,
        Code.OTHER_NAME,
        Code.NAME_CUT,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One remark. ``record`` counts from 1; ``first`` and ``last`` are 1-based bytes within it.

    ``field`` is the field's name in the layout, or empty where the whole record is meant.
    ``value``: what stands there, without spaces at its end; bytes that cannot be shown are
    written ``\\xNN``. ``message`` is Japanese.
    """

    code: Code
    record: int
    first: int
    last: int
    field: str
    value: str
    message: str
    message_en: str

    @property
    def is_error(self) -> bool:
        return self.code.is_error

    @property
    def place(self) -> str:
        """Return the place as an answer of the bank writes it."""
        return f"record {self.record}, bytes {self.first}–{self.last}"

    @property
    def text(self) -> str:
        """Return the reason in both languages, and the value."""
        return f"{self.message} / {self.message_en}: 「{self.value}」"


@dataclass(slots=True)
class Report:
    """Collects findings: the first hundred errors, and as many warnings as fit beside them."""

    _errors: list[Finding] = field(default_factory=list)
    _warnings: list[Finding] = field(default_factory=list)
    _is_cut: bool = False

    def add(self, code: Code, record: int, place: Field, said: Said, value: str) -> None:
        """Add what concerns one field, in which ``value`` stands."""
        said = Said(f"{place.ja}: {said.ja}", f"{place.name}: {said.en}")
        self._add(code, record, (place.first, place.last, place.name), said, value)

    def add_record(self, code: Code, record: int, said: Said, text: str) -> None:
        """Add what concerns the whole record ``text``."""
        self._add(code, record, (1, max(len(text), 1), ""), said, text)

    def _add(
        self, code: Code, record: int, place: tuple[int, int, str], said: Said, value: str
    ) -> None:
        kept = self._errors if code.is_error else self._warnings
        if len(kept) == MOST_FINDINGS:
            self._is_cut = True
            return
        first, last, name = place
        kept.append(
            Finding(
                code=code,
                record=record,
                first=first,
                last=last,
                field=name,
                value=readable(value.rstrip(" ")[:_LONGEST_VALUE]),
                message=said.ja,
                message_en=said.en,
            )
        )

    @property
    def has_errors(self) -> bool:
        return bool(self._errors)

    @property
    def is_full(self) -> bool:
        """Say that no later finding could be shown, so that nobody need look for one."""
        return len(self._errors) == MOST_FINDINGS

    @property
    def is_cut(self) -> bool:
        """Say that there may be more findings than ``findings`` gives."""
        return (
            self._is_cut or self.is_full or len(self._errors) + len(self._warnings) > MOST_FINDINGS
        )

    def findings(self) -> tuple[Finding, ...]:
        """Return at most a hundred findings in the order of the file, errors before warnings."""
        return in_file_order((self._errors + self._warnings)[:MOST_FINDINGS])


def in_file_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(findings, key=lambda f: (f.record, f.first, f.code)))
