"""How ``web21`` reads transfer requests (specs: web21 §5.3, §5.5)."""

from typing import Any

from sandbox.domain.errors import InvalidParameter
from sandbox.domain.transfer.draft import Draft, Item
from sandbox.domain.transfer.window import Kind
from sandbox.services.transfers.approval import Submission
from sandbox.web.web21.request_wire import CATEGORIES, HEADER

Json = dict[str, Any]

_KINDS = {code: kind for kind, code in CATEGORIES.items()}
_FIELDS: list[tuple[str, Any]] = [
    (name, Item._field_defaults.get(name, "")) for name in Item._fields
]
_AMOUNT, _EDI_XML = Item._fields.index("transfer_amount"), Item._fields.index("edi_xml")
# The first spelling is the platform's own.
_APPROVES_ANYWAY = ("warning_data_aprroval_flag", "warning_data_approval_flag")


def draft(body: Json, path_kind: Kind) -> Draft:
    """Read the body of a registration, which its schema has let pass.

    Raises:
        InvalidParameter: a category of another path, or an amount that is no whole number.
    """
    data = body["fixed_request_data"]
    return Draft(
        kind=_kind_of(data.get("category_code", ""), path_kind),
        items=tuple(_item(sent, number) for number, sent in enumerate(data["transactions"])),
        total_count=_number(data, "total_count"),
        total_amount=_number(data, "total_amount"),
        extension_edi_utilization_flag=body.get("extension_edi_utilization_flag", False),
        **{name: data.get(name, "") for name in HEADER},
    )


def _kind_of(category: str, path_kind: Kind) -> Kind:
    """Return the kind that path and category name: bonus goes by the path of payroll."""
    if path_kind is Kind.TRANSFER and not category:
        return Kind.TRANSFER
    kind = _KINDS.get(category)
    is_payroll = path_kind is Kind.PAYROLL and kind in (Kind.PAYROLL, Kind.BONUS)
    if kind is not None and (kind is path_kind or is_payroll):
        return kind
    field = "fixed_request_data.category_code"
    raise InvalidParameter(
        field, [{"field": field, "problem": "このAPIの種別コードではありません"}]
    )


def _item(sent: Json, number: int) -> Item:
    get, amount = sent.get, sent["transfer_amount"]
    if type(amount) is not int:  # which most are
        amount = whole(amount, f"fixed_request_data.transactions.{number}.transfer_amount")
    values = [get(name, default) for name, default in _FIELDS]
    values[_AMOUNT] = amount
    values[_EDI_XML] = tuple(values[_EDI_XML])
    return Item._make(values)


def _number(data: Json, name: str) -> int | None:
    sent = data.get(name)
    return None if sent in (None, "") else whole(sent, f"fixed_request_data.{name}")


def whole(sent: Any, place: str) -> int:
    """Return an amount that came as a number or as digits. ``1.0`` is no amount of yen."""
    if isinstance(sent, float):
        raise InvalidParameter(place, [{"field": place, "problem": "整数で指定してください"}])
    return int(sent)


def submission(body: Json) -> Submission:
    """Read what an approver sends."""
    return Submission(
        cancel_type=body.get("approval_cancel_type", ""),
        warning_check_type=body.get("warning_check_type") or "0" * 10,
        accepts_warnings=any(body.get(name, False) for name in _APPROVES_ANYWAY),
        comment=body.get("comment", ""),
    )
