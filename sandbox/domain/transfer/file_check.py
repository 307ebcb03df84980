"""What a file is held to before it is a request, and how its refusal reads (zengin §6)."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date, timedelta
from types import MappingProxyType

from sandbox.domain.errors import CalendarHorizon
from sandbox.domain.time import jst_date
from sandbox.domain.transfer import finding as draft_findings
from sandbox.domain.transfer.check import Circumstances
from sandbox.domain.transfer.file import TYPE_CODES
from sandbox.domain.transfer.finding import DraftRefused, FileRejected
from sandbox.domain.transfer.window import WINDOWS, Kind
from sandbox.domain.zengin import (
    Code,
    DateWindow,
    Finding,
    Reading,
    Remitter,
    TransferRules,
    TypeCode,
)
from sandbox.domain.zengin import transfer_layouts as layouts
from sandbox.domain.zengin.characters import readable
from sandbox.domain.zengin.layout import Layout

_FARTHEST = 70  # days: no window is that long
_FOR_PROGRAMS = draft_findings.Code


def detail(found: Finding) -> dict[str, str]:
    return {"field": found.place, "code": found.code.value, "message": found.text}


# Before


def rules_of(kinds: Collection[Kind], held_to: Circumstances) -> TransferRules:
    """Return the rules for a file that is to be one request of one of ``kinds``."""
    contract = held_to.contract
    kind = min(kinds)
    remitters = {
        Remitter(
            code,
            contract.bank_code,
            account.branch_code,
            account.account_type_code[1:],
            account.account_number,
        )
        for account in contract.accounts
        for code, _ in account.remitters
    }
    return TransferRules(
        type_codes=frozenset(TYPE_CODES[kind] for kind in kinds),
        most_items=held_to.policy.most_items_of(contract.plan, kind),
        most_batches=1,
        remitters=frozenset(remitters),
        window=_window_of(kind, held_to),
        master=held_to.master,
    )


def kind_of(reading: Reading, kinds: Collection[Kind]) -> Kind:
    """Return which of ``kinds`` an accepted file is."""
    written = TypeCode(reading.batches[0].header.type_code)
    return next(kind for kind in sorted(kinds) if TYPE_CODES[kind] is written)


def _window_of(kind: Kind, held_to: Circumstances) -> DateWindow:
    """Return the first and the last day that may be asked for now."""
    today = jst_date(held_to.now)
    days = [day for day in _days_from(today) if _is_open(day, kind, held_to)]
    first, last = (days[0], days[-1]) if days else (today + timedelta(days=1), today)
    return DateWindow(today=today, first=first, last=last, calendar=held_to.calendar)


def _days_from(today: date) -> list[date]:
    return [today + timedelta(days=n) for n in range(_FARTHEST)]


def _is_open(day: date, kind: Kind, held_to: Circumstances) -> bool:
    calendar, window, now = held_to.calendar, WINDOWS[kind], held_to.now
    try:
        return calendar.is_business_day(day) and window.opens(
            calendar, day
        ) <= now < window.cut_off(calendar, day)
    except CalendarHorizon:
        return False


# Warnings

# Which digit of ``warning_check_type`` asks for a warning of the format. Equal items and banks
# not in the master are the registration's own warnings: they are not made twice.
_ASKED_AS: Mapping[Code, draft_findings.Code] = MappingProxyType(
    {
        Code.BAD_ALIGNMENT: _FOR_PROGRAMS.CONVERTED,
        Code.NOT_IN_LIST: _FOR_PROGRAMS.CONVERTED,
        Code.OTHER_NAME: _FOR_PROGRAMS.NOT_IN_MASTER,
        Code.NAME_CUT: _FOR_PROGRAMS.NOT_IN_MASTER,
    }
)


def remarks_of(reading: Reading) -> tuple[draft_findings.Finding, ...]:
    """Return the warnings of an accepted file as those of a draft."""
    return tuple(
        draft_findings.Finding(
            code=_ASKED_AS[found.code],
            field=f"{found.place} {found.code}",
            message=found.text,
            item_id=_item_id(found, reading),
        )
        for found in reading.warnings
        if found.code in _ASKED_AS
    )


def _item_id(found: Finding, reading: Reading) -> str | None:
    """Return the number of the item that a finding is about: records count from the header."""
    number = found.record - 1
    return str(number) if 1 <= number <= len(reading.batches[0].items) else None


# Afterwards

_CODES: Mapping[draft_findings.Code, tuple[Code, str]] = MappingProxyType(
    {
        _FOR_PROGRAMS.TOO_MANY_ITEMS: (Code.TOO_MANY_ITEMS, "more items than the limit"),
        _FOR_PROGRAMS.TOTALS_MISMATCH: (Code.BAD_TOTAL, "the items make another sum"),
        _FOR_PROGRAMS.NOT_BUSINESS_DAY: (Code.BAD_DATE, "no business day"),
        _FOR_PROGRAMS.DATE_OUT_OF_WINDOW: (Code.BAD_DATE, "outside the window for dates"),
        _FOR_PROGRAMS.UNKNOWN_REMITTER: (Code.NOT_THE_CALLERS, "no originator of this account"),
        _FOR_PROGRAMS.ACCOUNT_NOT_FOUND: (Code.NOT_THE_CALLERS, "no account of your contract"),
    }
)
_OTHERWISE = Code.NOT_IN_LIST, "the bank does not take this"
# Where the fields of a draft stand; those of an item are called the same but for these.
_HEADER_FIELDS = {
    "remitter_code": "originator_code",
    "remitter_name": "originator_name",
    "effort_date": "designated_date",
    "remitting_bank_code": "remitting_bank_code",
    "remitting_branch_code": "remitting_branch_code",
    "remitting_account_type_code": "account_type",
    "remitting_account_number": "account_number",
}
_ITEM_FIELDS = {
    "account_type_code": "account_type",
    "transfer_amount": "amount",
    "transfer_designated_type": "transfer_method",
    "dummy": "filler",
}
_TRAILER_FIELDS = {"total_count": "record_count", "total_amount": "total_amount"}


def rejected(refused: DraftRefused, reading: Reading) -> FileRejected:
    """Return the refusal of a file's draft with the places in the file."""
    return FileRejected([_detail(found, reading) for found in refused.findings])


def _detail(found: draft_findings.Finding, reading: Reading) -> dict[str, str]:
    """Return one finding; a field that no file has keeps its own name and code."""
    place = _place(found, reading)
    if place is None:
        return {"field": found.place, "code": found.code.value, "message": found.message}
    record, layout, name, value = place
    code, english = _CODES.get(found.code, _OTHERWISE)
    field = layout.fields[layout.names.index(name)]
    return detail(
        Finding(
            code=code,
            record=record,
            first=field.first,
            last=field.last,
            field=name,
            value=readable(value),
            message=f"{field.ja}: {found.message}",
            message_en=f"{name}: {english}",
        )
    )


def _place(found: draft_findings.Finding, reading: Reading) -> tuple[int, Layout, str, str] | None:
    """Return (record, layout, field, value) of what a draft's finding is about."""
    (batch,) = reading.batches
    type_code, name = batch.header.type_code, found.field
    if found.item_id is not None:
        record, item = int(found.item_id) + 1, batch.items[int(found.item_id) - 1]
        layout = layouts.data_layout(type_code, has_edi=item.identification == layouts.EDI_MARK)
        values: Mapping[str, object] = item._asdict()
        name = _ITEM_FIELDS.get(name, name)
    elif name in _HEADER_FIELDS:
        if found.code is _FOR_PROGRAMS.UNKNOWN_REMITTER:
            name = "remitter_name"  # the code is one of the contract's: the format has seen to it
        record, layout = 1, layouts.header_layout(type_code)
        name = _HEADER_FIELDS[name]
        values = {name: getattr(batch.header, name)}
    else:
        record, layout = len(batch.items) + 2, layouts.TRAILER
        name = _TRAILER_FIELDS.get(name, name)
        values = {"record_count": len(batch.items), "total_amount": batch.total_amount}
    return (record, layout, name, str(values.get(name, ""))) if name in layout.names else None


def refusal_of(findings: Iterable[Finding]) -> FileRejected:
    """Return the refusal by the format's own findings."""
    return FileRejected([detail(found) for found in findings])
