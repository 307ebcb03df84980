"""A file of the Zengin format as a transfer request, and a request as a file (web21 §5.3).

What a request says in other words than its file did (line ends, blanks where numbers may be left
out, names that the contract completes) is kept beside it as ``Draft.sent_file``. So the file that
goes out is byte by byte the one that came in.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from types import MappingProxyType
from typing import Any

from sandbox.domain.kana import TextClass, convert, is_wire_kana, truncate
from sandbox.domain.transfer.contract import RemittingAccount, TransferContract
from sandbox.domain.transfer.draft import Draft, Item
from sandbox.domain.transfer.fields import PAYROLL
from sandbox.domain.transfer.request import TransferRequest
from sandbox.domain.transfer.window import Kind
from sandbox.domain.zengin import (
    LineEnd,
    Reading,
    TransferBatch,
    TransferHeader,
    TransferItem,
    TypeCode,
    write_as_sent,
)
from sandbox.domain.zengin.characters import encode

TYPE_CODES: Mapping[Kind, TypeCode] = MappingProxyType(
    {
        Kind.TRANSFER: TypeCode.BULK,  # 振込振替 has no type of its own
        Kind.BULK: TypeCode.BULK,
        Kind.PAYROLL: TypeCode.PAYROLL,
        Kind.BONUS: TypeCode.BONUS,
    }
)
_BANK_NAME_BYTES, _NAME_BYTES = 15, 40
_HEADER_FILLER, _TRAILER_FILLER = 17, 101
_BULK_FILLER, _PAYROLL_FILLER = 7, 9
_TELEGRAPH, _UNSAID = "7", "0"


# In


def draft_of(reading: Reading, kind: Kind, contract: TransferContract, **more: Any) -> Draft:
    """Return an accepted file of one batch as a draft of ``kind``.

    ``more``: fields of the draft that a file has no place for. What the header leaves out, the
    contract completes where only one of its accounts can be meant.
    """
    (batch,) = reading.batches
    header = batch.header
    account = _account_of(header, contract)
    name = _remitter_name(header, kind, account)
    draft = Draft(
        kind=kind,
        remitter_code=header.originator_code,
        remitter_name=name,
        effort_date=f"{header.designated_date[:2]}-{header.designated_date[2:]}",
        remitting_bank_code=header.remitting_bank_code,
        remitting_branch_code=header.remitting_branch_code,
        remitting_account_type_code=f"0{header.account_type}",
        remitting_account_number=header.account_number,
        items=tuple(map(_item, range(1, len(batch.items) + 1), batch.items)),
        total_count=len(batch.items),
        total_amount=batch.total_amount,
        remitting_bank_name=header.remitting_bank_name,
        remitting_bank_branch_name=header.remitting_branch_name,
        dummy_header=header.filler,
        dummy_trailer=batch.trailer_filler,
        **more,
    )
    if account is not None:
        draft = replace(
            draft,
            remitting_account_type_code=account.account_type_code,
            remitting_account_number=account.account_number,
        )
    return replace(draft, sent_file=_sent_file(reading, batch, draft))


def _account_of(header: TransferHeader, contract: TransferContract) -> RemittingAccount | None:
    """Return the account that the header means, type and number left out or not."""
    wanted_type, number = header.account_type.strip("0"), header.account_number.strip("0")
    found = [
        account
        for account in contract.accounts
        if account.branch_code == header.remitting_branch_code
        and (not wanted_type or account.account_type_code == f"0{wanted_type}")
        and (not number or account.account_number == header.account_number)
        and any(code == header.originator_code for code, _ in account.remitters)
    ]
    return found[0] if len(found) == 1 else None


def _remitter_name(header: TransferHeader, kind: Kind, account: RemittingAccount | None) -> str:
    """Return the contract's own name for the originator; as sent where none is meant.

    A payroll header has no place for the brackets of a firm's name.
    """
    sent = header.originator_name
    if account is None:
        return sent
    names = sorted(name for code, name in account.remitters if code == header.originator_code)
    if not sent and len(names) == 1:
        return names[0]
    same = [name for name in names if sent == name or sent == _header_name(name, kind)]
    return same[0] if same else sent


def _item(number: int, item: TransferItem) -> Item:
    return Item(
        item_id=str(number),
        beneficiary_bank_code=item.beneficiary_bank_code,
        beneficiary_branch_code=item.beneficiary_branch_code,
        account_type_code=f"0{item.account_type}",
        account_number=item.account_number,
        beneficiary_name=item.beneficiary_name,
        transfer_amount=item.amount,
        new_code=item.new_code,
        beneficiary_bank_name=item.beneficiary_bank_name,
        beneficiary_branch_name=item.beneficiary_branch_name,
        clearing_house_number=item.clearing_house_number,
        customer_code1=item.customer_code1,
        customer_code2=item.customer_code2,
        edi_info=item.edi_info,
        transfer_designated_type=_TELEGRAPH if item.transfer_method == _TELEGRAPH else "",
        identification=item.identification,
        employee_number=item.employee_number,
        department_code=item.department_code,
        dummy=item.filler,
    )


# What only the file says


def _sent_file(reading: Reading, batch: TransferBatch, draft: Draft) -> dict[str, Any]:
    """Return, as JSON, how the file spelled what the draft says otherwise."""
    header = batch.header
    spelled = {
        "account_type": (header.account_type, draft.remitting_account_type_code[1:]),
        "account_number": (header.account_number, draft.remitting_account_number),
        "originator_name": (header.originator_name, _header_name(draft.remitter_name, draft.kind)),
    }
    resolved = [f"{name}={sent}" for name, (sent, meant) in spelled.items() if sent != meant]
    return {
        "line_end": reading.line_end.value,
        "header": [*resolved, *header.spelled],
        "items": list(_ranges(map(_spelling, batch.items))),
        "trailer": list(batch.trailer_spelled),
        "end_filler": reading.end_filler,
    }


def _spelling(item: TransferItem) -> tuple[str, ...]:
    if item.transfer_method in (_TELEGRAPH, _UNSAID):
        return item.spelled
    return (f"transfer_method={item.transfer_method}", *item.spelled)


def _ranges(spellings: Iterable[tuple[str, ...]]) -> Iterator[list[Any]]:
    """Yield (first item, last item, spelling) of items in a row that are spelled alike.

    Files are written by programs: most spell all items the same.
    """
    first = 1
    for spelling, same in groupby(spellings):
        last = first + sum(1 for _ in same) - 1
        if spelling:
            yield [first, last, list(spelling)]
        first = last + 1


@dataclass(frozen=True, slots=True)
class _SentFile:
    """``_sent_file`` read back; of a request that came as JSON, nothing."""

    kept: Mapping[str, Any]

    @property
    def line_end(self) -> LineEnd | None:
        return LineEnd(self.kept["line_end"]) if self.kept else None

    def spelled(self, record: str) -> tuple[str, ...]:
        return tuple(self.kept.get(record, ()))

    def of_items(self, count: int) -> list[tuple[str, ...]]:
        spellings: list[tuple[str, ...]] = [()] * count
        for first, last, spelling in self.kept.get("items", ()):
            spellings[first - 1 : last] = [tuple(spelling)] * (last - first + 1)
        return spellings


# Out


def file_of(request: TransferRequest, items: Sequence[Item], line_end: LineEnd) -> bytes:
    """Return a request as a file of 120-byte records: the one it came as, if it came as one.

    ``line_end``: where it did not. Names in other characters than the field's are converted and
    cut; extended EDI has no place in the file.
    """
    kept = request.kept
    sent = _SentFile(kept.get("sent_file", {}))
    spellings = sent.of_items(len(items))
    batch = TransferBatch(
        header=_header(request, sent),
        items=tuple(
            _written(item, request.kind, spelling)
            for item, spelling in zip(items, spellings, strict=True)
        ),
        trailer_filler=_filler(kept.get("dummy_trailer", ""), _TRAILER_FILLER),
        trailer_spelled=sent.spelled("trailer"),
    )
    end_filler = sent.kept.get("end_filler", "")
    return write_as_sent(batch, line_end=sent.line_end or line_end, end_filler=end_filler)


def _header(request: TransferRequest, sent: _SentFile) -> TransferHeader:
    kept = request.kept
    return TransferHeader(
        type_code=TYPE_CODES[request.kind],
        originator_code=kept["remitter_code"],
        originator_name=_header_name(kept["remitter_name"], request.kind),
        designated_date=f"{request.designated_on:%m%d}",
        remitting_bank_code=request.bank_code,
        remitting_branch_code=kept["remitting_branch_code"],
        account_type=kept["remitting_account_type_code"][1:],
        account_number=kept["remitting_account_number"],
        remitting_bank_name=_bank_name(kept.get("remitting_bank_name", "")),
        remitting_branch_name=_bank_name(kept.get("remitting_bank_branch_name", "")),
        filler=_filler(kept.get("dummy_header", ""), _HEADER_FILLER),
        spelled=sent.spelled("header"),
    )


def _written(item: Item, kind: Kind, spelled: tuple[str, ...]) -> TransferItem:
    return TransferItem(
        beneficiary_bank_code=item.beneficiary_bank_code,
        beneficiary_branch_code=item.beneficiary_branch_code,
        account_type=item.account_type_code[1:],
        account_number=item.account_number,
        beneficiary_name=item.beneficiary_name,
        amount=item.transfer_amount,
        beneficiary_bank_name=_bank_name(item.beneficiary_bank_name),
        beneficiary_branch_name=_bank_name(item.beneficiary_branch_name),
        clearing_house_number=item.clearing_house_number or "0000",
        new_code=item.new_code,
        customer_code1=item.customer_code1,
        customer_code2=item.customer_code2,
        edi_info=item.edi_info,
        transfer_method=item.transfer_designated_type or _UNSAID,
        identification=item.identification.strip(" "),
        employee_number=item.employee_number,
        department_code=item.department_code,
        filler=_filler(item.dummy, _PAYROLL_FILLER if kind in PAYROLL else _BULK_FILLER),
        spelled=spelled,
    )


def _header_name(name: str, kind: Kind) -> str:
    text_class = TextClass.PAYROLL_NAME if kind in PAYROLL else TextClass.PARTY_NAME
    return _fitted(name, text_class, _NAME_BYTES)


def _bank_name(name: str) -> str:
    return _fitted(name, TextClass.BANK_NAME, _BANK_NAME_BYTES)


def _fitted(text: str, text_class: TextClass, length: int) -> str:
    if len(text) <= length and is_wire_kana(text, text_class):
        return text
    return truncate(convert(text, text_class).text, length)


def _filler(text: str, length: int) -> str:
    """Return a filler as bytes can carry it: JSON may have brought any character."""
    if len(text) <= length and not {"\r", "\n"} & set(text) and _has_bytes(text):
        return text
    return _fitted(text, TextClass.EDI, length)


def _has_bytes(text: str) -> bool:
    try:
        encode(text)
    except UnicodeEncodeError:
        return False
    return True
