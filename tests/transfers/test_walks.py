"""Whole products, walked through the services: who × what, status × act, item's status × act."""

from dataclasses import replace
from datetime import date
from itertools import product

import pytest

from sandbox.domain.corporate.contract import Service
from sandbox.domain.corporate.powers import RightRemoved
from sandbox.domain.errors import IllegalTransition, InsufficientScope
from sandbox.domain.transfer.approval import NotDesignatedApprover
from sandbox.domain.transfer.status import EDITABLE, ItemStatus, Status
from sandbox.domain.transfer.window import Kind
from sandbox.services.transfers.approval import CANCEL, Submission
from tests.transfers.world import CHECKER, MAKER, SECOND, draft, item

REF, UPD, APPR = Service.REFERENCE, Service.UPDATE, Service.APPROVAL
# What each act needs; there is no act that would need to read accounts.
NEEDS = {
    "register": UPD,
    "list": UPD,
    "detail": UPD,
    "pull_back": UPD,
    "delete": UPD,
    "ask_recall": UPD,
    "submit": APPR,
    "return_": APPR,
}
POWERS = [frozenset(), *({each} for each in Service), {REF, UPD}, {REF, APPR}, {UPD, APPR}]
POWERS.append(set(Service))
AWAITING_ANY = {"awaiting_approval", "awaiting_first_approval", "awaiting_final_approval"}
# By the status of a request: what an act makes of it. Whatever is not here is refused.
ENDS = {
    "submit": {
        "awaiting_approval": "accepted",
        "awaiting_first_approval": "awaiting_final_approval",
        "awaiting_final_approval": "accepted",
    },
    "cancel": {  # the status decides: before an approval, the word approves
        "awaiting_approval": "accepted",
        "awaiting_first_approval": "awaiting_final_approval",
        "awaiting_final_approval": "accepted",
        "accepted": "approval_cancelled",
        "reserved": "approval_cancelled",
    },
    "pull_back": dict.fromkeys(AWAITING_ANY, "pulled_back"),
    "return_": dict.fromkeys(AWAITING_ANY, "returned"),
    "delete": dict.fromkeys(EDITABLE, "deleted"),
    "send again": dict.fromkeys(EDITABLE, "awaiting_approval"),
    "send again for two": dict.fromkeys(EDITABLE, "awaiting_first_approval"),
}


async def act(small, name: str, caller, request):
    """Do it, as ``caller``, to ``request``."""
    services, where = small.transfers, (request.kind, request.reference)
    if name in ("submit", "cancel"):
        how = Submission(cancel_type=CANCEL if name == "cancel" else "")
        return (await services.approval.submit(caller, *where, how)).request
    if name in ("register", "send again", "send again for two"):
        pattern = "double_approval" if name.endswith("two") else ""
        replaces = "" if name == "register" else request.reference
        what = draft(approval_pattern_type=pattern)
        return (await small.register(what, caller, replaces=replaces)).request
    if name == "list":
        day = date(2026, 11, 16)
        return await services.inquiry.list_operated(caller, Kind.BULK, day, day)
    if name == "detail":
        return await services.inquiry.detail(caller, *where)
    if name == "ask_recall":
        return await services.afterwards.ask_recall(caller, *where, "1")
    return await getattr(services.retreat, name)(caller, *where)


async def put(small, request, status) -> None:
    await small.run_sql(
        "UPDATE transfer_request SET status = $1 WHERE request = $2", status, request.request
    )


@pytest.mark.requirement("W-11", "W-12", "W-13")
@pytest.mark.parametrize("powers", POWERS, ids=lambda powers: "+".join(sorted(powers)) or "none")
async def test_who_lacks_the_power_is_refused_whatever_the_request_is(small, powers):
    """Before anything else: not even whether there is such a request is told."""
    request = await small.registered(draft())
    absent = replace(request, transaction_no=261116000000999)
    caller = replace(MAKER, user_code="Z102", powers=frozenset(powers))
    for name, need in NEEDS.items():
        if need in powers:
            continue
        for about in (request, absent):
            with pytest.raises(InsufficientScope):
                await act(small, name, caller, about)
    assert (await small.detail(request)).request == request


@pytest.mark.requirement("W-11", "W-12")
@pytest.mark.parametrize("name", NEEDS)
async def test_who_has_the_one_power_needs_no_other(small, name):
    request = await small.registered(draft())
    if name == "delete":
        await put(small, request, "pulled_back")
    if name == "ask_recall":
        await small.approve(request)
        await small.advance_to(date(2026, 11, 20), 8)
    who = request.requester if name == "pull_back" else "Z102"
    await act(small, name, replace(MAKER, user_code=who, powers=frozenset({NEEDS[name]})), request)


async def test_only_its_requester_pulls_a_request_back(small):
    request = await small.registered(draft())
    with pytest.raises(RightRemoved):
        await act(small, "pull_back", replace(MAKER, user_code="Z102"), request)
    assert (await small.detail(request)).request == request


@pytest.mark.parametrize(("name", "status"), [*product(ENDS, Status)])
async def test_every_act_on_every_status(small, name, status):
    request = await small.registered(draft())
    await put(small, request, status)
    caller = CHECKER if name in ("submit", "cancel", "return_") else MAKER
    after = ENDS[name].get(status)
    if after is None:
        with pytest.raises(IllegalTransition):
            await act(small, name, caller, request)
        found = (await small.detail(request)).request
        assert found == replace(request, status=status)
    else:
        assert (await act(small, name, caller, request)).status == after
        assert await small.status(request) == after


# Items, once their request is settled. ``found``: a reason why it cannot be paid is known.
ITEM_ENDS = {
    "ask_recall": {("paid", False): "recall_in_process"},
    "agreed": {("recall_in_process", False): "recalled"},
    "refused": {("recall_in_process", False): "recall_failed"},
    # its money comes back on the next business day
    "report_unable": {("paid", False): "paid"},
}


async def act_on_item(small, name: str, request):
    afterwards = small.transfers.afterwards
    if name == "ask_recall":
        return await act(small, name, MAKER, request)
    if name == "report_unable":
        return await afterwards.report_unable(request.reference, "1", "name_differs")
    return await afterwards.answer_recall(request.reference, "1", agreed=name == "agreed")


@pytest.mark.parametrize(
    ("name", "status", "is_found"), [*product(ITEM_ENDS, ItemStatus, (False, True))]
)
async def test_every_act_on_every_status_of_an_item(small, name, status, is_found):
    if is_found and status.startswith("recall"):
        status = ItemStatus.REFUNDED  # what is known not to arrive is never asked back
    request = await small.approved(draft(item(1, 1_000)))
    await small.advance_to(date(2026, 11, 20), 8)
    await small.run_sql(
        "UPDATE transfer_item SET status = $1, reason = $2, status_at = $3",
        status,
        "no_such_branch" if is_found else None,
        small.now,
    )
    before = await small.balance(1)
    after = ITEM_ENDS[name].get((status.value, is_found))
    if after is None:
        with pytest.raises(IllegalTransition):
            await act_on_item(small, name, request)
        assert await small.items(request) == [status]
    else:
        await act_on_item(small, name, request)
        assert await small.items(request) == [after]
    assert await small.balance(1) - before == (1_000 if after == "recalled" else 0)


@pytest.mark.requirement("W-12")
@pytest.mark.parametrize("second", ["same", "requester", "other"])
async def test_two_signatures_are_of_two_people_neither_of_them_the_requester(small, second):
    request = await small.registered(draft(approval_pattern_type="double_approval"))
    await small.approve(request)
    who = {"same": CHECKER, "requester": replace(CHECKER, user_code="Z001"), "other": SECOND}
    if second == "other":
        assert (await small.approve(request, who[second])).request.status == "accepted"
        return
    with pytest.raises(NotDesignatedApprover):
        await small.approve(request, who[second])
    assert await small.status(request) == "awaiting_final_approval"
