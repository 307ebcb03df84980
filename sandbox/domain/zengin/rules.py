"""What a transfer file is held to beyond its form: whose it is, when it pays, and to whom."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from sandbox.domain.banks import BankMaster
from sandbox.domain.calendar import BankCalendar
from sandbox.domain.errors import CalendarHorizon
from sandbox.domain.kana import truncate
from sandbox.domain.zengin.findings import Code, Said
from sandbox.domain.zengin.layout import Value
from sandbox.domain.zengin.transfer_layouts import TypeCode

_LONGEST_WAIT_YEARS = 8  # for 29 February around a year like 2100
_LEAP_YEAR = 2000


class Remitter(NamedTuple):
    """One account that the caller may pay from, and the originator code that belongs to it."""

    originator_code: str
    remitting_bank_code: str
    remitting_branch_code: str
    account_type: str
    account_number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DateWindow:
    """The days a file may name (受付期間), ``first`` and ``last`` included.

    ``today``: a file says MMDD; the nearest such day not before today is meant.
    """

    today: date
    first: date
    last: date
    calendar: BankCalendar


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferRules:
    """What a profile accepts. Where something is None, it is not checked.

    ``type_codes``: what is served here. ``most_items``, ``most_batches``: per file. ``converts``
    and ``wo_in_names``: see ``judging.Judge``.
    """

    type_codes: frozenset[TypeCode]
    most_items: int = 20_000
    most_batches: int | None = None
    remitters: frozenset[Remitter] | None = None
    window: DateWindow | None = None
    master: BankMaster | None = None
    converts: bool = False
    wo_in_names: bool = False


class Objection(NamedTuple):
    """What a rule has against a field."""

    code: Code
    field: str
    said: Said


_NOT_YOURS = Said(
    "ご契約の委託者・口座と一致しません", "no account or originator of your contract is meant"
)
_NO_DATE = Said("振込指定日がありません", "there is no date of transfer")
_BEYOND = Said("銀行営業日カレンダーの範囲外です", "beyond the calendar of business days")
_NO_BANK = Said("金融機関マスタにありません", "no such bank in the master")
_NO_BRANCH = Said("店舗マスタにありません", "no such branch in the master")
_CUT = Said("名称が濁点・半濁点の前で切れています", "the name is cut before a voicing mark")
_OTHER = Said("名称がマスタと違います", "the master has another name")


def foreign_remitter(
    values: Mapping[str, Value], remitters: frozenset[Remitter]
) -> Iterator[Objection]:
    """Name each field of a header that leads away from the caller's accounts.

    Account type and number may be left out (zeros); the others have to be there.
    """
    left = remitters
    for place, field in enumerate(Remitter._fields):
        value = values.get(field)
        is_left_out = field.startswith("account_") and not str(value or "").strip("0")
        if value is None or is_left_out:
            continue
        matching = frozenset(r for r in left if r[place] == value)
        if matching:
            left = matching
        else:
            yield Objection(Code.NOT_THE_CALLERS, field, _NOT_YOURS)


def designated_day(mmdd: str, today: date) -> date | None:
    """Return the nearest such day not before ``today``; None if there is no such day."""
    month, day = int(mmdd[:2]), int(mmdd[2:])
    for year in range(today.year, min(today.year + _LONGEST_WAIT_YEARS, date.max.year) + 1):
        try:
            found = date(year, month, day)
        except ValueError:
            continue
        if found >= today:
            return found
    return None


def is_day_of_some_year(mmdd: str) -> bool:
    return designated_day(mmdd, date(_LEAP_YEAR, 1, 1)) is not None


def wrong_day(mmdd: str, window: DateWindow | None) -> Said | None:
    """Return what is wrong with a designated date (振込指定日), or None."""
    if not mmdd.strip("0"):
        return None if window is None else _NO_DATE
    if not is_day_of_some_year(mmdd):
        return Said(f"{mmdd}という日はありません", f"there is no such day as {mmdd}")
    if window is None:
        return None
    day = designated_day(mmdd, window.today)
    if day is None or not window.first <= day <= window.last:
        first, last = f"{window.first:%Y-%m-%d}", f"{window.last:%Y-%m-%d}"
        return Said(
            f"受付期間（{first}から{last}まで）の外です", f"not in the window, {first} to {last}"
        )
    try:
        is_open = window.calendar.is_business_day(day)
    except CalendarHorizon:
        return _BEYOND
    if is_open:
        return None
    return Said(f"{day:%Y-%m-%d}は銀行営業日ではありません", f"{day:%Y-%m-%d} is no business day")


def doubtful_beneficiary(values: Mapping[str, Value], master: BankMaster) -> Iterator[Objection]:
    """Warn of a bank or branch that the master has not, or has under another name."""
    bank_code, branch_code = (
        str(values.get(f"beneficiary_{part}_code", "")) for part in ("bank", "branch")
    )
    if not (bank_code and branch_code):  # unreadable, and reported as such
        return
    if not master.has_bank(bank_code):
        yield Objection(Code.NOT_IN_MASTER, "beneficiary_bank_code", _NO_BANK)
        return
    if not master.has_branch(bank_code, branch_code):
        yield Objection(Code.NOT_IN_MASTER, "beneficiary_branch_code", _NO_BRANCH)
    for part, entry in (
        ("bank", master.find_bank(bank_code)),
        ("branch", master.find_branch(bank_code, branch_code)),
    ):
        field = f"beneficiary_{part}_name"
        if entry is not None and (written := values.get(field)):
            yield from _other_name(field, str(written), entry.name_kana)


def _other_name(field: str, written: str, name_kana: str) -> Iterator[Objection]:
    length = 15
    if written == truncate(name_kana, length):
        return
    if written == name_kana[:length]:
        yield Objection(Code.NAME_CUT, field, _CUT)
    else:
        yield Objection(Code.OTHER_NAME, field, _OTHER)
