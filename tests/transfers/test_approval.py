"""Approval, once and twice, its limits, and taking it back (specs: web21 §5.5, §6)."""

import asyncio
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from sandbox.domain.account import AccountState
from sandbox.domain.errors import IllegalTransition, InsufficientScope, InvalidParameter
from sandbox.domain.transfer.approval import NotDesignatedApprover
from sandbox.domain.transfer.finding import Code
from sandbox.domain.transfer.request import Result, TransactionNotFound
from sandbox.domain.transfer.window import Kind
from sandbox.services.transfers.approval import CANCEL, Submission
from sandbox.storage import accounts
from tests.transfers.world import (
    APPROVAL,
    CHECKER,
    LIMITED,
    MAKER,
    SECOND,
    STRANGER,
    Small,
    draft,
    item,
    small_world,
)

DOUBLE = "double_approval"


@pytest.mark.requirement("W-12")
async def test_an_approver_approves(small):
    request = await small.registered(draft())
    outcome = await small.approve(request, comment="確認しました")
    assert (outcome.result, outcome.request.status) == (Result.FIXED, "accepted")
    assert outcome.request.approved_by == ("Z101",)
    act = (await small.detail(request)).acts[-1]
    assert (act.user_code, act.event, act.comment) == ("Z101", "approve", "確認しました")


@pytest.mark.requirement("W-11")
async def test_an_update_token_approves_nothing(small):
    request = await small.registered(draft())
    with pytest.raises(InsufficientScope):
        await small.approve(request, MAKER)
    assert await small.status(request) == "awaiting_approval"


async def test_two_approve_one_after_the_other(small):
    request = await small.registered(draft(approval_pattern_type=DOUBLE))
    first = (await small.approve(request)).request
    assert first.status == "awaiting_final_approval"
    with pytest.raises(NotDesignatedApprover):
        await small.approve(request)  # the same person may not do both
    final = (await small.approve(request, SECOND)).request
    assert (final.status, final.approved_by) == ("accepted", ("Z101", "Z102"))


@pytest.mark.parametrize(
    ("first", "second", "order", "is_allowed"),
    [
        ("", "", [CHECKER, SECOND], True),
        ("Z101", "Z102", [CHECKER, SECOND], True),
        ("Z101", "Z102", [SECOND], False),
        ("Z102", "", [SECOND, CHECKER], True),
        ("Z101", "Z102", [CHECKER, LIMITED], False),
    ],
)
async def test_only_designated_approvers_approve(small, first, second, order, is_allowed):
    request = await small.registered(
        draft(approval_pattern_type=DOUBLE, first_approver_code=first, second_approver_code=second)
    )
    *before, last = order
    for approver in before:
        await small.approve(request, approver)
    if is_allowed:
        await small.approve(request, last)
        assert await small.status(request) == "accepted"
    else:
        with pytest.raises(NotDesignatedApprover):
            await small.approve(request, last)


async def test_the_requester_approves_only_where_the_rule_lets_him(small):
    request = await small.registered(draft())
    himself = replace(MAKER, powers=APPROVAL)
    with pytest.raises(NotDesignatedApprover):
        await small.approve(request, himself)
    await small.run_sql("UPDATE service_contract SET requester_may_approve = 1")
    assert (await small.approve(request, himself)).request.status == "accepted"


# Limits


@pytest.mark.parametrize(
    ("amounts", "code"),
    [
        ((50_000, 50_000), None),
        ((50_000, 50_001), Code.LIMIT_PER_TRANSACTION),
        ((50_001,), Code.LIMIT_PER_ITEM),
        ((50_000, 49_999, 2), Code.LIMIT_PER_TRANSACTION),
    ],
)
async def test_an_approver_has_limits(small, amounts, code):
    items = [item(number, yen) for number, yen in enumerate(amounts, start=1)]
    request = await small.registered(draft(*items))
    outcome = await small.approve(request, LIMITED)
    if code is None:
        assert outcome.request.status == "accepted"
    else:
        assert (outcome.result, outcome.request.status) == (Result.ERROR, "failed")
        assert [finding.code for finding in outcome.findings] == [code]
        assert outcome.request.reason == code


async def test_the_first_of_two_approvers_is_not_held_to_the_limits(small):
    request = await small.registered(draft(item(1, 60_000), approval_pattern_type=DOUBLE))
    assert (await small.approve(request, LIMITED)).request.status == "awaiting_final_approval"
    assert (await small.approve(request, SECOND)).request.status == "accepted"


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (AccountState.CLOSED, Code.ACCOUNT_CLOSED),
        (AccountState.FROZEN, Code.ACCOUNT_RESTRICTED),
        (AccountState.RESTRICTED, Code.ACCOUNT_RESTRICTED),
    ],
)
async def test_an_account_that_pays_nothing_fails_the_request(small, state, code):
    request = await small.registered(draft())
    async with small.world.database.transaction() as db:
        await accounts.set_state(db, 1, state)
    outcome = await small.approve(request)
    assert (outcome.request.status, outcome.request.reason) == ("failed", code)


async def test_a_failed_request_is_sent_again(small):
    request = await small.registered(draft(item(1, 60_000)))
    await small.approve(request, LIMITED)
    again = (await small.register(draft(item(1, 10)), replaces=request.reference)).request
    assert (again.status, again.reason) == ("awaiting_approval", None)
    assert (await small.approve(again, LIMITED)).request.status == "accepted"


# Warnings at approval


async def test_an_approver_may_ask_for_warnings_too(small):
    request = await small.registered(draft(item(1), item(2, beneficiary_bank_code="9997")))
    warned = await small.approve(request, warning_check_type="0010000000")
    assert (warned.result, warned.request) == (Result.WARNING, request)
    assert [(f.code, f.item_id) for f in warned.findings] == [(Code.NOT_IN_MASTER, "2")]
    accepted = await small.approve(request, warning_check_type="0010000000", accepts_warnings=True)
    assert (accepted.result, accepted.request.status) == (Result.FIXED, "accepted")


async def test_an_approver_is_told_of_an_equal_request(small):
    await small.registered(draft())
    request = await small.registered(draft())
    warned = await small.approve(request, warning_check_type="1000000000")
    assert [finding.code for finding in warned.findings] == [Code.SAME_REQUEST]


@pytest.mark.parametrize("how", [{"comment": "x" * 101}, {"warning_check_type": "1"}])
async def test_a_bad_field_is_refused(small, how):
    request = await small.registered(draft())
    with pytest.raises(InvalidParameter):
        await small.approve(request, **how)
    assert (await small.approve(request, comment="x" * 100)).result is Result.FIXED


# Too late, not there, not yours


@pytest.mark.parametrize("act", ["approve", "pull_back", "return_"])
async def test_the_last_instant_before_the_cut_off_counts(small, act):
    request = await small.registered(draft(on="11-17"))  # cut off today at 21:00
    await small.run_sql("UPDATE transfer_request SET cut_off_at = $1", small.now + 1)
    await _do(small, act, request)
    late = await small.registered(draft(on="11-17"))
    await small.run_sql(
        "UPDATE transfer_request SET cut_off_at = $1 WHERE request = $2", small.now, late.request
    )
    with pytest.raises(IllegalTransition):
        await _do(small, act, late)


async def _do(small: Small, act: str, request) -> None:
    if act == "approve":
        await small.approve(request)
    else:
        caller = MAKER if act == "pull_back" else CHECKER
        await getattr(small.transfers.retreat, act)(caller, request.kind, request.reference)


@pytest.mark.parametrize("act", ["pull_back", "return_", "delete", "submit", "detail"])
async def test_somebody_elses_request_is_as_if_it_were_not_there(small, act):
    request = await small.registered(draft())
    services = small.transfers
    call = {
        "pull_back": services.retreat.pull_back,
        "return_": services.retreat.return_,
        "delete": services.retreat.delete,
        "submit": lambda *where: services.approval.submit(*where, Submission()),
        "detail": services.inquiry.detail,
    }[act]
    both = replace(MAKER, powers=STRANGER.powers)
    for caller, kind, reference in (
        (STRANGER, Kind.BULK, request.reference),
        (both, Kind.PAYROLL, request.reference),
        (both, Kind.BULK, "261116000000099"),
        (both, Kind.BULK, "../1"),
    ):
        with pytest.raises(TransactionNotFound):
            await call(caller, kind, reference)


# Cancelling an approval


async def test_an_approval_is_taken_back_before_the_cut_off(small):
    request = await small.approved(draft())
    outcome = await small.approve(request, SECOND, cancel_type=CANCEL)
    assert (outcome.result, outcome.request.status) == (Result.FIXED, "approval_cancelled")
    assert outcome.request.approved_by == ()


async def test_a_reserved_request_can_be_taken_back_too(small):
    request = await small.approved(draft())
    await small.advance_to(date(2026, 11, 16), 11)
    assert await small.status(request) == "reserved"
    await small.approve(request, cancel_type=CANCEL)
    events = await small.advance_to(date(2026, 11, 24), 11)
    assert [event["kind"] for event in events] == []
    assert await small.lines(1) == []


async def test_after_the_cut_off_an_approval_stands(small):
    request = await small.approved(draft())
    await small.advance_to(date(2026, 11, 19), 21)
    with pytest.raises(IllegalTransition):
        await small.approve(request, cancel_type=CANCEL)


async def test_only_a_designated_approver_takes_it_back(small):
    request = await small.approved(draft(first_approver_code="Z101"))
    with pytest.raises(NotDesignatedApprover):
        await small.approve(request, SECOND, cancel_type=CANCEL)


@pytest.mark.parametrize("cancel_type", ["", "approval", "cancel"])
async def test_without_the_word_an_approved_request_is_refused(small, cancel_type):
    request = await small.approved(draft())
    with pytest.raises(IllegalTransition):
        await small.approve(request, cancel_type=cancel_type)


async def test_the_status_decides_what_the_word_means(small):
    request = await small.registered(draft())
    outcome = await small.approve(request, cancel_type=CANCEL)
    assert outcome.request.status == "accepted"


async def test_the_strict_switch_refuses_the_word_where_nothing_is_approved(tmp_path: Path):
    def strict(policy):
        return replace(policy, strict_approval_cancel_type=True)

    async with small_world(tmp_path, strict) as small:
        request = await small.registered(draft())
        with pytest.raises(IllegalTransition):
            await small.approve(request, cancel_type=CANCEL)
        assert (await small.approve(request)).request.status == "accepted"
        assert (await small.approve(request, cancel_type=CANCEL)).result is Result.FIXED


@pytest.mark.requirement("W-50")
async def test_nothing_undoes_an_approval_but_an_approver(small):
    """Whoever held the token: the request stays approved when it is revoked."""
    request = await small.approved(draft())
    await small.run_sql("UPDATE bank_user SET rights = '' WHERE user_code = 'Z101'")
    assert await small.status(request) == "accepted"
    await small.advance_to(date(2026, 11, 20), 8)
    assert await small.status(request) == "settled"


# Many at once


async def attempt(act) -> bool:
    try:
        await act
    except (IllegalTransition, NotDesignatedApprover):
        return False
    return True


async def test_of_a_hundred_approvals_at_once_exactly_one_counts(small):
    request = await small.registered(draft())
    won = await asyncio.gather(
        *(attempt(small.approve(request, [CHECKER, SECOND][n % 2])) for n in range(100))
    )
    assert sum(won) == 1
    detail = await small.detail(request)
    assert [act.event for act in detail.acts] == ["register", "approve"]
    assert len(detail.request.approved_by) == 1


async def test_of_a_hundred_double_approvals_at_once_exactly_two_count(small):
    request = await small.registered(draft(approval_pattern_type=DOUBLE))
    won = await asyncio.gather(
        *(attempt(small.approve(request, [CHECKER, SECOND][n % 2])) for n in range(100))
    )
    assert sum(won) == 2
    assert sorted((await small.detail(request)).request.approved_by) == ["Z101", "Z102"]


async def test_approval_return_and_pull_back_at_once_leave_one_of_them(small):
    retreat = small.transfers.retreat
    for _ in range(20):
        request = await small.registered(draft())
        where = (Kind.BULK, request.reference)
        won = await asyncio.gather(
            attempt(small.approve(request)),
            attempt(retreat.return_(CHECKER, *where)),
            attempt(retreat.pull_back(MAKER, *where)),
        )
        assert sum(won) == 1
