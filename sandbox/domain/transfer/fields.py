"""The fields of a request one by one: lengths, digits, characters (web21 §5.3).

Each table row is field → (what it has to look like, what to say otherwise). Half-width kana is
one byte a character, so that the lengths are bytes.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from operator import attrgetter
from types import MappingProxyType
from typing import TypeAlias

from sandbox.domain.kana import TextClass
from sandbox.domain.transfer.draft import AMOUNT_MAX, Draft, Item
from sandbox.domain.transfer.finding import Code, Finding
from sandbox.domain.transfer.names import is_plain, narrowed
from sandbox.domain.transfer.window import Kind

NAME_BYTES, REMITTER_NAME_BYTES = 30, 40
EDI_XML_LENGTH = 140
PAYROLL = frozenset({Kind.PAYROLL, Kind.BONUS})

Table: TypeAlias = Mapping[str, tuple[re.Pattern[str], str]]


def _digits(length: int) -> tuple[re.Pattern[str], str]:
    return re.compile(f"[0-9]{{{length}}}"), f"{length}桁の数字で指定してください"


def _up_to(length: int) -> tuple[re.Pattern[str], str]:
    return re.compile(f".{{0,{length}}}", re.DOTALL), f"{length}文字以内で指定してください"


def _one_of(expression: str, shown: str) -> tuple[re.Pattern[str], str]:
    return re.compile(expression), f"{shown}のいずれかで指定してください"


HEADER: Table = MappingProxyType(
    {
        "remitter_code": _digits(10),
        "effort_date": (re.compile("[0-9]{2}-[0-9]{2}"), "MM-DD形式で指定してください"),
        "remitting_bank_code": _digits(4),
        "remitting_branch_code": _digits(3),
        "remitting_account_type_code": _one_of("01|02|09", "01、02、09"),
        "remitting_account_number": _digits(7),
        "transaction_notes": _up_to(40),
        "remitting_bank_name": _up_to(15),
        "remitting_bank_branch_name": _up_to(15),
        "dummy_header": _up_to(17),
        "dummy_trailer": _up_to(101),
        "first_approver_code": _up_to(4),
        "second_approver_code": _up_to(4),
        "comment": _up_to(100),
    }
)

_header_of = attrgetter(*HEADER)
_HEADER_CHECKS = [(name, pattern.fullmatch, text) for name, (pattern, text) in HEADER.items()]

_ITEM = {
    "item_id": (re.compile("(?!0+$)[0-9]{1,5}"), "1から99999の数字で指定してください"),
    "beneficiary_bank_code": _digits(4),
    "beneficiary_branch_code": _digits(3),
    "account_number": _digits(7),
    "new_code": _one_of("[012]", "0、1、2"),
}
_KEPT_OF_ALL = {
    "beneficiary_bank_name": _up_to(15),
    "beneficiary_branch_name": _up_to(15),
    "clearing_house_number": (re.compile("|[0-9]{4}"), "4桁の数字で指定してください"),
    "dummy": _up_to(9),
}
_BULK_TYPES = {"account_type_code": _one_of("01|02|04|09", "01、02、04、09")}
_PAYROLL_TYPES = {"account_type_code": _one_of("01|02", "01、02")}
_KEPT_OF_BULK = {
    "dummy": _up_to(7),
    "transfer_designated_type": _one_of("7?", "7、省略"),
    "identification": _one_of("[Y ]?", "Y、空白"),
}
# Texts in the characters of EDI info, with their lengths.
_BULK_TEXTS = {"customer_code1": 10, "customer_code2": 10, "edi_info": 20}
_PAYROLL_TEXTS = {"employee_number": 10, "department_code": 10}


def _placed(table: Table) -> tuple[tuple[int, str, Callable[[str], object], str], ...]:
    return tuple(
        (Item._fields.index(name), name, pattern.fullmatch, message)
        for name, (pattern, message) in table.items()
    )


_DECISIVE = {
    True: _placed({**_ITEM, **_PAYROLL_TYPES}),
    False: _placed({**_ITEM, **_BULK_TYPES}),
}
_KEPT = {True: _placed(_KEPT_OF_ALL), False: _placed({**_KEPT_OF_ALL, **_KEPT_OF_BULK})}
_NOTHING_KEPT = tuple(Item._field_defaults.values())[1:]  # all that follows new_code
_AFTER_NEW_CODE = Item._fields.index("new_code") + 1


def name_class(kind: Kind) -> TextClass:
    return TextClass.PAYROLL_NAME if kind in PAYROLL else TextClass.PARTY_NAME


def invalid(field: str, message: str, item_id: str | None = None) -> Finding:
    return Finding(code=Code.INVALID_PARAMETER, field=field, message=message, item_id=item_id)


def header_findings(draft: Draft) -> Iterator[Finding]:
    """Name what is wrong with the fields above the items."""
    for (name, matches, message), value in zip(_HEADER_CHECKS, _header_of(draft), strict=True):
        if not matches(value):
            yield invalid(name, message)


def item_findings(item: Item, kind: Kind, *, with_edi: bool) -> Iterator[Finding]:
    """Name what is wrong with one item; its name is looked at in ``named``."""
    item_id = item.item_id
    for place, name, matches, message in _DECISIVE[kind in PAYROLL]:
        if not matches(item[place]):  # type: ignore[arg-type]
            yield invalid(name, message, item_id)
    if not 1 <= item.transfer_amount <= AMOUNT_MAX:
        yield invalid("transfer_amount", f"1から{AMOUNT_MAX}で指定してください", item_id)
    if item[_AFTER_NEW_CODE:] != _NOTHING_KEPT:
        yield from _kept_findings(item, kind, with_edi=with_edi)


def _kept_findings(item: Item, kind: Kind, *, with_edi: bool) -> Iterator[Finding]:
    item_id = item.item_id
    is_payroll = kind in PAYROLL
    for place, name, matches, message in _KEPT[is_payroll]:
        if not matches(item[place]):  # type: ignore[arg-type]
            yield invalid(name, message, item_id)
    for name, length in (_PAYROLL_TEXTS if is_payroll else _BULK_TEXTS).items():
        text = getattr(item, name)
        if len(text) > length or not is_plain(text, TextClass.EDI):
            yield invalid(name, f"{length}文字以内の半角カナ・英数字で指定してください", item_id)
    if not is_payroll:
        yield from _edi_findings(item, with_edi=with_edi)


def _edi_findings(item: Item, *, with_edi: bool) -> Iterator[Finding]:
    """EDI info takes the place of the customer codes, and only where the item says so."""
    has_edi = item.identification == "Y"
    if item.edi_info and not has_edi:
        yield invalid("edi_info", "識別表示がYのときだけ指定できます", item.item_id)
    if has_edi and (item.customer_code1 or item.customer_code2):
        yield invalid("customer_code1", "識別表示がYのときは指定できません", item.item_id)
    if item.edi_xml and not with_edi:
        yield invalid("edi_xml", "拡張EDIを利用するときだけ指定できます", item.item_id)
    if any(len(text) > EDI_XML_LENGTH for text in item.edi_xml):
        yield invalid("edi_xml", f"{EDI_XML_LENGTH}文字以内で指定してください", item.item_id)


def named(text: str, text_class: TextClass, most_bytes: int) -> str | None:
    """Return a required name as its field takes it; None where it cannot."""
    name = narrowed(text, text_class)
    if name is None or not name.strip(" ") or len(name) > most_bytes:
        return None
    return name
