"""``…/transfers``: what the ledger holds of requests, and what the bank's staff do about them."""

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

from sandbox.domain.errors import IllegalTransition, InsufficientScope
from sandbox.domain.transfer.policy import RecallAnswer
from sandbox.domain.transfer.request import TransactionNotFound, TransferRequest
from sandbox.domain.transfer.status import Status
from sandbox.domain.transfer.window import Kind
from sandbox.services.bank import Bank
from sandbox.services.oversight import OversightService
from sandbox.services.staff import UnknownSubject
from sandbox.services.transfers.on_behalf import OnBehalf
from sandbox.web.control.consent import bank_of
from sandbox.web.control.endpoint import ControlCall, Json
from sandbox.web.control.paging import filter_of, listed, one_of, page_of
from sandbox.web.control.problem import Problem

Act: TypeAlias = Callable[[Bank, TransferRequest, Json], Awaitable[None]]


async def list_transfers(call: ControlCall) -> Json:
    """List transfer requests of every contractor, in the order in which they were first sent."""
    page = page_of(call.request)
    try:
        found = await OversightService(await call.world()).list_transfers(
            bank=filter_of(call.request, "bank"),
            contractor_id=filter_of(call.request, "contractor_id"),
            kind=one_of(call.request, "kind", Kind),
            status=one_of(call.request, "status", Status),
            after=page.after,
            limit=page.limit,
        )
    except TransactionNotFound as error:
        raise Problem(422, "invalid-request", "after is the reference of no request") from error
    return listed("transfers", found, page, "reference")


async def show_transfer(call: ControlCall) -> Json:
    """Show a request: what it is, what was done to it, and a page of its items."""
    page, reference = page_of(call.request), call.request.match_info["reference"]
    after = page.after or "0"
    if not (after.isascii() and after.isdigit() and len(after) < 10):
        raise Problem(422, "invalid-request", "after must be an item's position")
    try:
        found = await OversightService(await call.world()).transfer(
            reference, after=int(after), limit=page.limit
        )
    except TransactionNotFound:
        raise _unknown(reference) from None
    if len(found["items"]) == page.limit:
        found["next"] = str(found["items"][-1]["position"])
    return found


async def act_on_transfer(call: ControlCall) -> Json:
    """Do what the bank's staff, the beneficiary's bank or a user at the bank's page does."""
    bank = await bank_of(call, call.request.match_info["bank"])
    reference = call.request.match_info["reference"]
    try:
        request = await OversightService(bank.world).find(reference, bank.name)
        await ACTS[call.body["act"]](bank, request, call.body)
    except TransactionNotFound as error:
        raise Problem(404, "unknown-transfer", f"{error}: {reference}") from error
    except UnknownSubject as error:
        raise Problem(404, "unknown-subject", f"there is no {error} in this contract") from error
    except InsufficientScope as error:
        raise Problem(403, "act-refused", f"the user has no right: {error}") from error
    except IllegalTransition as error:
        raise Problem(409, "illegal-status", str(error)) from error
    return {}


def _unknown(reference: str) -> Problem:
    return Problem(404, "unknown-transfer", f"there is no request {reference!r} in this world")


async def answer_recall(bank: Bank, request: TransferRequest, body: Json) -> None:
    answer = bank.transfers.afterwards.answer_recall
    await answer(request.reference, body["item_id"], agreed=body["agreed"])


async def report_unable(bank: Bank, request: TransferRequest, body: Json) -> None:
    report = bank.transfers.afterwards.report_unable
    await report(request.reference, body["item_id"], body["reason"])


async def ask_recall(bank: Bank, request: TransferRequest, body: Json) -> None:
    await OnBehalf(bank.world, bank.transfers).ask_recall(request, body["by"], body["item_id"])


async def delete(bank: Bank, request: TransferRequest, body: Json) -> None:
    await OnBehalf(bank.world, bank.transfers).delete(request, body["by"])


ACTS: Mapping[str, Act] = {
    each.__name__: each for each in (answer_recall, report_unable, ask_recall, delete)
}


async def list_beneficiaries(call: ControlCall) -> Json:
    """List what is scripted of payments to accounts."""
    bank = await bank_of(call, call.request.match_info["bank"])
    return {"beneficiaries": await OversightService(bank.world).list_scripts()}


async def script_beneficiary(call: ControlCall) -> Json:
    """Decide what becomes of payments to an account, wherever it is; the last word counts."""
    bank = await bank_of(call, call.request.match_info["bank"])
    body, answer = call.body, call.body.get("recall_answer")
    await bank.transfers.afterwards.script(
        body["bank_code"],
        body["branch_code"],
        body["account_number"],
        unable_reason=body.get("unable_reason"),
        recall_answer=None if answer is None else RecallAnswer(answer),
    )
    return {}
