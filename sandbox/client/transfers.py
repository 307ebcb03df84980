"""The calls of the control API about transfers and fees: what there is, and what staff do."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sandbox.client.answers import Done, Page
from sandbox.client.corporate import Beneficiary, Fees, Transfer, TransferDetail, TransferItem
from sandbox.client.request import PAGE_SIZE, Request, encoded, given, one, page, path

BANK = "web21"


def list_transfers(
    world: str,
    *,
    bank: str | None = None,
    contractor_id: str | None = None,
    kind: str | None = None,
    status: str | None = None,
) -> Request[Page[Transfer]]:
    """List transfer requests, in the order in which they were first sent.

    Args:
        kind: ``transfer``, ``bulk``, ``payroll`` or ``bonus``.
        status: ``awaiting_approval``, ``accepted``, ``settled`` …

    Raises:
        ProblemError: ``invalid-request``, naming what can be filtered by.
    """
    query = given(bank=bank, contractor_id=contractor_id, kind=kind, status=status)
    return Request(
        method="GET",
        path=path("worlds", world, "transfers"),
        read=page("transfers", Transfer),
        query={**query, "limit": str(PAGE_SIZE)},
    )


def show(world: str, reference: str) -> Request[TransferDetail]:
    """Return a request by either of its ids. Raises ``ProblemError`` unknown-transfer."""
    return Request(
        method="GET",
        path=path("worlds", world, "transfers", reference),
        read=one(TransferDetail),
        query={"limit": str(PAGE_SIZE)},
    )


def list_items(world: str, reference: str) -> Request[Page[TransferItem]]:
    """List all items of a request, in order. Raises ``ProblemError`` unknown-transfer."""
    return Request(
        method="GET",
        path=path("worlds", world, "transfers", reference),
        read=page("items", TransferItem),
        query={"limit": str(PAGE_SIZE)},
    )


def answer_recall(
    world: str, reference: str, item_id: str, *, agreed: bool, bank: str = BANK
) -> Request[Done]:
    """Answer a recall (組戻) for the beneficiary's side.

    Raises:
        ProblemError: ``unknown-transfer``, ``illegal-status`` (no recall is under way).
    """
    return _act(world, bank, reference, act="answer_recall", item_id=item_id, agreed=agreed)


def report_unable(
    world: str, reference: str, item_id: str, reason: str = "account_closed", *, bank: str = BANK
) -> Request[Done]:
    """Let the beneficiary's bank report that it cannot pay: the money comes back.

    Raises:
        ProblemError: ``unknown-transfer``, ``illegal-status``.
    """
    return _act(world, bank, reference, act="report_unable", item_id=item_id, reason=reason)


def ask_recall(
    world: str, reference: str, item_id: str, by: str, *, bank: str = BANK
) -> Request[Done]:
    """Ask for a paid item back (組戻依頼), as the user id ``by`` at the bank's page.

    Raises:
        ProblemError: ``unknown-transfer``, ``unknown-subject``, ``act-refused``,
            ``illegal-status``.
    """
    return _act(world, bank, reference, act="ask_recall", item_id=item_id, by=by)


def delete(world: str, reference: str, by: str, *, bank: str = BANK) -> Request[Done]:
    """Delete a request that could be sent again, as the user id ``by`` at the bank's page.

    Raises:
        ProblemError: as ``ask_recall``.
    """
    return _act(world, bank, reference, act="delete", by=by)


def script(
    world: str,
    bank_code: str,
    branch_code: str,
    account_number: str,
    *,
    unable_reason: str | None = None,
    recall_answer: str | None = None,
    bank: str = BANK,
) -> Request[Done]:
    """Decide what becomes of payments to an account, wherever it is; the last word counts.

    Args:
        unable_reason: why nothing can be paid there, such as ``account_closed``.
        recall_answer: ``agreed``, ``refused`` or ``none``.

    Raises:
        ProblemError: ``invalid-request``.
    """
    return Request(
        method="POST",
        path=path("worlds", world, "bank", bank, "beneficiaries"),
        read=one(Done),
        content=encoded(
            bank_code=bank_code,
            branch_code=branch_code,
            account_number=account_number,
            unable_reason=unable_reason,
            recall_answer=recall_answer,
        ),
    )


def list_scripts(world: str, *, bank: str = BANK) -> Request[tuple[Beneficiary, ...]]:
    """List what is scripted of payments to accounts."""
    found = Request(
        method="GET",
        path=path("worlds", world, "bank", bank, "beneficiaries"),
        read=page("beneficiaries", Beneficiary),
    )
    return found.then(lambda listed: listed.items)


def show_fees(world: str, *, bank: str = BANK) -> Request[Fees]:
    """Return the bank's fee schedules and the tax rates, each by its first day."""
    return Request(method="GET", path=path("worlds", world, "bank", bank, "fees"), read=one(Fees))


def set_fees(
    world: str,
    effective_on: date | str,
    *,
    bands: Sequence[Mapping[str, int]] | None = None,
    contract_yen: int | None = None,
    tax_percent: int | None = None,
    bank: str = BANK,
) -> Request[Fees]:
    """Change fees, tax or both from a day on; what is not given stays.

    Args:
        bands: ascending from 1 yen: ``from_yen``, ``own_bank_yen``, ``other_bank_yen``.
        contract_yen: the contract fee of a month, without tax; it goes with ``bands``.

    Raises:
        ProblemError: ``invalid-request``.
    """
    return Request(
        method="PUT",
        path=path("worlds", world, "bank", bank, "fees"),
        read=one(Fees),
        content=encoded(
            effective_on=effective_on,
            bands=None if bands is None else [dict(band) for band in bands],
            contract_yen=contract_yen,
            tax_percent=tax_percent,
        ),
    )


def _act(world: str, bank: str, reference: str, **fields: Any) -> Request[Done]:
    return Request(
        method="POST",
        path=path("worlds", world, "bank", bank, "transfers", reference),
        read=one(Done),
        content=encoded(**fields),
    )
