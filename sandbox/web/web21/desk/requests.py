"""Transfer requests: lists, one with its items and history, and the acts on it."""

from aiohttp import web

from sandbox.domain.corporate.user import Act
from sandbox.domain.errors import InvalidParameter
from sandbox.domain.transfer.approval import NotDesignatedApprover
from sandbox.domain.transfer.finding import Finding
from sandbox.domain.transfer.request import Result
from sandbox.domain.transfer.status import Status
from sandbox.services.desk.requests import LISTS, NEWEST, Sheet
from sandbox.services.staff import UnknownSubject
from sandbox.web.noting import entry_of
from sandbox.web.web21.desk.visit import Visit

NUMBER_DIGITS = 18
ERRORS = ("not_designated", "comment", "warnings")  # texts: ``desk.request.error.…``


async def list_requests(visit: Visit) -> web.Response:
    asked = visit.request.query.get("list", "waiting")
    which = asked if asked in LISTS else "waiting"
    before = _number(visit, "before", NEWEST)
    found, following = await visit.requests.list_requests(visit.user, which, before)
    return visit.page(
        "requests",
        here="requests",
        which=which,
        lists=tuple(LISTS),
        requests=found,
        following=following,
    )


async def show_request(visit: Visit) -> web.Response:
    return await _sheet_page(visit)


async def act(visit: Visit) -> web.Response:
    """Do what the pressed button says. A refusal that can be mended shows the sheet again."""
    reference, comment = visit.named("reference"), visit.form.get("comment") or ""
    decision = visit.form.get("decision") or ""
    requests, user = visit.requests, visit.user
    plain = {
        "return": (requests.return_, "returned"),
        "pull_back": (requests.pull_back, "pulled_back"),
        "delete": (requests.delete, "deleted"),
        "cancel_approval": (requests.cancel_approval, "approval_cancelled"),
    }
    try:
        if decision == "approve":
            return await _approve(visit, reference, comment)
        if decision not in plain:
            raise UnknownSubject(decision)
        do, note = plain[decision]
        await do(user, reference, comment)
    except NotDesignatedApprover:
        return await _sheet_page(visit, error="not_designated", status=403)
    except InvalidParameter:
        return await _sheet_page(visit, error="comment", status=400)
    return visit.go(f"/requests/{reference}", note=note)


async def ask_recall(visit: Visit) -> web.Response:
    """組戻依頼 of one paid item."""
    reference = visit.named("reference")
    await visit.requests.ask_recall(visit.user, reference, visit.named("item_id"))
    return visit.go(f"/requests/{reference}", note="recall_asked")


async def _approve(visit: Visit, reference: str, comment: str) -> web.Response:
    accepts = visit.form.get("accepts_warnings") == "1"
    outcome = await visit.requests.approve(
        visit.user, reference, accepts_warnings=accepts, comment=comment
    )
    if outcome.result is Result.WARNING:
        return await _sheet_page(visit, error="warnings", warnings=outcome.findings, status=409)
    if outcome.result is Result.ERROR:
        return visit.go(f"/requests/{reference}", note="approval_failed")
    is_first = outcome.request.status is Status.AWAITING_FINAL_APPROVAL
    note = "approved_first" if is_first else "approved"
    return visit.go(f"/requests/{reference}", note=note)


async def _sheet_page(
    visit: Visit,
    *,
    error: str | None = None,
    warnings: tuple[Finding, ...] = (),
    status: int = 200,
) -> web.Response:
    if error is not None:
        entry_of(visit.request).error_code = error
    first = _number(visit, "from", 1)
    sheet: Sheet = await visit.requests.sheet(visit.user, visit.named("reference"), first)
    return visit.page(
        "request",
        here="requests",
        status=status,
        sheet=sheet,
        can_recall=visit.user.may(Act.MANAGE_REQUESTS),
        request=sheet.request,
        error=error,
        warnings=warnings,
        comment=visit.form.get("comment") or "",
    )


def _number(visit: Visit, name: str, default: int) -> int:
    """Return a number of the query, or ``default`` for one that is none."""
    text = visit.request.query.get(name, "")
    is_number = text.isascii() and text.isdigit() and len(text) <= NUMBER_DIGITS
    return int(text) if is_number else default
