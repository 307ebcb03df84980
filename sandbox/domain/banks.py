"""The master of banks and branches (金融機関・店舗マスタ), see ``fixtures/banks/master.json``.

Two kinds of bank: those that the sandbox invented or stands in for, with names and branches; and
the codes of all others, which are known to exist and no more. So no real name is anywhere, and
for a real code every branch passes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from sandbox.domain.kana import TextClass, is_wire_kana


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """店舗. ``code``: 3 digits; ``name_kana``: as a bank-name field takes it, uncut."""

    code: str
    name: str
    name_kana: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bank:
    """金融機関. ``code``: 4 digits."""

    code: str
    name: str
    name_kana: str
    branches: Mapping[str, Branch]


_Entry = TypeVar("_Entry", Bank, Branch)


@dataclass(frozen=True, slots=True, kw_only=True)
class BankMaster:
    """``banks``: those with names; ``other_codes``: what else exists."""

    banks: Mapping[str, Bank]
    other_codes: frozenset[str]

    def has_bank(self, code: str) -> bool:
        return code in self.banks or code in self.other_codes

    def has_branch(self, bank_code: str, branch_code: str) -> bool:
        """Say whether such a branch may exist; of a bank known by code alone, any may."""
        bank = self.banks.get(bank_code)
        if bank is None:
            return bank_code in self.other_codes
        return branch_code in bank.branches

    def find_bank(self, code: str) -> Bank | None:
        """Return a bank whose name is known."""
        return self.banks.get(code)

    def find_branch(self, bank_code: str, branch_code: str) -> Branch | None:
        bank = self.banks.get(bank_code)
        return None if bank is None else bank.branches.get(branch_code)


def parse_banks(document: Mapping[str, Any]) -> BankMaster:
    """Read a master file. ``other_codes`` there are single codes and ranges, ``0009-0010``.

    Raises:
        ValueError: a code or a name that no file could carry, or one given twice.
    """
    banks = [_bank(entry) for entry in document["banks"]]
    others = [code for written in document["other_codes"] for code in _codes(written)]
    return BankMaster(
        banks=_by_code(banks, "bank"), other_codes=frozenset(others) - {b.code for b in banks}
    )


def _bank(entry: Mapping[str, Any]) -> Bank:
    branches = [
        Branch(
            code=_code(branch["code"], 3),
            name=branch["name"],
            name_kana=_kana(branch["name_kana"]),
        )
        for branch in entry["branches"]
    ]
    return Bank(
        code=_code(entry["code"], 4),
        name=entry["name"],
        name_kana=_kana(entry["name_kana"]),
        branches=_by_code(branches, f"branch of {entry['code']}"),
    )


def _by_code(entries: list[_Entry], what: str) -> dict[str, _Entry]:
    found = {entry.code: entry for entry in entries}
    if len(found) != len(entries):
        raise ValueError(f"a {what} is in the master twice")
    return found


def _codes(written: str) -> list[str]:
    first, _, last = written.partition("-")
    codes = range(int(_code(first, 4)), int(_code(last or first, 4)) + 1)
    if not codes:
        raise ValueError(f"{written} is no range of bank codes")
    return [f"{code:04}" for code in codes]


def _code(written: str, length: int) -> str:
    if len(written) != length or not (written.isascii() and written.isdigit()):
        raise ValueError(f"{written!r} is not a code of {length} digits")
    return written


def _kana(written: str) -> str:
    if not written or not is_wire_kana(written, TextClass.BANK_NAME):
        raise ValueError(f"{written!r} is no bank name in half-width kana")
    return written
