"""Pull back, return, delete, and what time does to a request (specs: web21 §6)."""

from dataclasses import replace
from datetime import date

import pytest

from sandbox.domain.errors import IllegalTransition, InsufficientScope, InvalidParameter
from sandbox.domain.transfer.approval import NotDesignatedApprover
from sandbox.domain.transfer.status import EDITABLE, Event, Status
from sandbox.domain.transfer.window import Kind
from tests.transfers.world import CHECKER, MAKER, SECOND, Small, draft, item

DOUBLE = "double_approval"
RETREATS = {
    "pull_back": (MAKER, Event.PULL_BACK, "pulled_back"),
    "return_": (CHECKER, Event.RETURN, "returned"),
    "delete": (MAKER, Event.DELETE, "deleted"),
}


async def retreat(small: Small, act: str, request, caller=None, comment: str = ""):
    caller = caller or RETREATS[act][0]
    do = getattr(small.transfers.retreat, act)
    return await do(caller, request.kind, request.reference, comment)


async def in_status(small: Small, status: Status):
    """Return a request in a status, put there without going the way."""
    request = await small.registered(draft())
    await small.run_sql(
        "UPDATE transfer_request SET status = $1 WHERE request = $2", status, request.request
    )
    return replace(request, status=status)


@pytest.mark.parametrize("status", list(Status))
@pytest.mark.parametrize("act", RETREATS)
async def test_every_act_on_every_status(small, act, status):
    request = await in_status(small, status)
    allowed = {
        "pull_back": status.startswith("awaiting"),
        "return_": status.startswith("awaiting"),
        "delete": status in EDITABLE,
    }[act]
    _, event, after = RETREATS[act]
    if allowed:
        assert (await retreat(small, act, request, comment="理由")).status == after
        done = (await small.detail(request)).acts[-1]
        assert (done.event, done.status, done.comment) == (event, after, "理由")
    else:
        with pytest.raises(IllegalTransition):
            await retreat(small, act, request)
        assert await small.status(request) == status


@pytest.mark.requirement("W-11", "W-12")
@pytest.mark.parametrize(
    ("act", "caller"), [("pull_back", CHECKER), ("return_", MAKER), ("delete", CHECKER)]
)
async def test_each_side_has_its_own_way_back(small, act, caller):
    request = await small.registered(draft())
    with pytest.raises(InsufficientScope):
        await retreat(small, act, request, caller)


async def test_only_designated_approvers_return(small):
    request = await small.registered(
        draft(approval_pattern_type=DOUBLE, first_approver_code="Z101")
    )
    with pytest.raises(NotDesignatedApprover):
        await retreat(small, "return_", request, SECOND)
    assert (await retreat(small, "return_", request)).status == "returned"


async def test_a_half_approved_request_comes_back_and_begins_again(small):
    request = await small.registered(draft(approval_pattern_type=DOUBLE))
    await small.approve(request)
    await retreat(small, "return_", request, SECOND)
    again = await small.register(draft(approval_pattern_type=DOUBLE), replaces=request.reference)
    assert (again.request.status, again.request.approved_by) == ("awaiting_first_approval", ())


@pytest.mark.parametrize("act", ["pull_back", "return_"])
async def test_a_comment_has_a_hundred_characters(small, act):
    request = await small.registered(draft())
    with pytest.raises(InvalidParameter):
        await retreat(small, act, request, comment="理" * 101)
    await retreat(small, act, request, comment="理" * 100)


async def test_a_deleted_request_is_a_record_that_can_be_read(small):
    request = await small.registered(draft())
    await retreat(small, "pull_back", request)
    await retreat(small, "delete", request)
    detail = await small.detail(request)
    assert (detail.request.status, len(detail.items)) == ("deleted", 1)
    with pytest.raises(IllegalTransition):
        await small.register(draft(), replaces=request.reference)


# The clock


@pytest.mark.parametrize(
    ("kind", "on", "day", "hour"),
    [
        (Kind.BULK, "11-20", date(2026, 11, 19), 21),
        (Kind.BULK, "11-24", date(2026, 11, 20), 21),
        (Kind.PAYROLL, "11-24", date(2026, 11, 18), 21),
        (Kind.TRANSFER, "11-20", date(2026, 11, 20), 15),
    ],
)
@pytest.mark.parametrize("pattern", ["single_approval", DOUBLE])
async def test_what_waits_at_the_cut_off_expires(small, kind, on, day, hour, pattern):
    request = await small.registered(draft(kind=kind, on=on, approval_pattern_type=pattern))
    assert await small.advance_to(day, hour - 1, 59) == []
    (event,) = await small.advance_to(day, hour)
    assert (event["kind"], event["subject"]) == ("transfer_expired", request.transaction_id)
    assert event["at"] == f"{day}T{hour}:00:00+09:00"
    assert await small.status(request) == "expired"
    act = (await small.detail(request)).acts[-1]
    assert (act.user_code, act.event) == (None, "pass_cut_off")


async def test_an_editable_request_outlives_the_cut_off_and_takes_a_new_date(small):
    request = await small.registered(draft())
    await retreat(small, "pull_back", request)
    assert await small.advance_to(date(2026, 11, 24), 10) == []
    again = await small.register(draft(on="11-27"), replaces=request.reference)
    assert again.request.status == "awaiting_approval"
    (event,) = await small.advance_to(date(2026, 11, 27), 10)
    assert (event["kind"], event["at"]) == ("transfer_expired", "2026-11-26T21:00:00+09:00")


async def test_a_request_with_a_later_date_does_not_expire_at_the_earlier_one(small):
    request = await small.registered(draft(on="11-20"))
    await retreat(small, "pull_back", request)
    await small.register(draft(on="11-27"), replaces=request.reference)
    assert await small.advance_to(date(2026, 11, 25), 10) == []
    assert await small.status(request) == "awaiting_approval"


async def test_a_request_that_nobody_touches_for_seventy_days_is_deleted(small):
    request = await small.registered(draft())
    await retreat(small, "pull_back", request)
    await small.advance_to(date(2027, 1, 25), 9, 59)
    assert await small.status(request) == "pulled_back"
    (event,) = await small.advance_to(date(2027, 1, 25), 10)
    assert (event["kind"], event["subject"]) == ("transfer_aged_out", request.transaction_id)
    assert await small.status(request) == "deleted"


async def test_each_act_begins_the_seventy_days_again(small):
    saved = await small.register(draft(item(1, beneficiary_bank_code="9997")), check="0010000000")
    reference = saved.request.reference
    await small.advance_to(date(2026, 12, 14), 10)
    again = draft(item(1, beneficiary_bank_code="9997"), on="12-21")
    await small.register(again, check="0010000000", replaces=reference)
    await small.advance_to(date(2027, 1, 30), 10)
    assert await small.status(saved.request) == "saved"
    events = await small.advance_to(date(2027, 2, 22), 10)
    assert [event["kind"] for event in events] == ["contract_fee_debited"] * 2 + [
        "transfer_aged_out"
    ]


async def test_an_expired_request_ages_out_too(small):
    request = await small.registered(draft())
    await small.advance_to(date(2027, 1, 28), 21)
    assert await small.status(request) == "deleted"
