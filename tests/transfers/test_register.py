"""Registering: numbers, warnings, sending again (specs: web21 §5.3, §6)."""

import asyncio
from dataclasses import replace
from datetime import date

import pytest

from sandbox.domain.account import AccountState
from sandbox.domain.errors import (
    AccountRestricted,
    IllegalTransition,
    InsufficientScope,
    InvalidParameter,
)
from sandbox.domain.transfer.finding import Code, DraftRefused
from sandbox.domain.transfer.request import Result, TransactionNotFound
from sandbox.domain.transfer.window import Kind
from sandbox.storage import accounts
from tests.transfers.world import CHECKER, MAKER, SECOND, STRANGER, draft, item

ODD = item(2, beneficiary_branch_code="777")  # warning 3
CHECK_MASTER = "0010000000"


@pytest.mark.requirement("W-11")
async def test_a_registered_request_waits_for_approval(small):
    outcome = await small.register(draft(item(1, 700), item(2, 300), transaction_notes="給料"))
    request = outcome.request
    assert (outcome.result, outcome.findings) == (Result.FIXED, ())
    assert request.transaction_id == "261116000000001"
    assert request.temporary_transaction_id is None
    assert (request.status, request.requester) == ("awaiting_approval", "Z001")
    assert (request.item_count, request.total_yen, request.largest_item_yen) == (2, 1_000, 700)
    assert request.approval_expires_on == date(2026, 11, 19)
    detail = await small.detail(request)
    assert detail.request == request
    assert [each.item for each in detail.items] == [item(1, 700), item(2, 300)]
    assert [(act.user_code, act.event, act.at) for act in detail.acts] == [
        ("Z001", "register", small.now)
    ]


async def test_what_the_bank_only_keeps_comes_back_as_it_was_sent(small):
    kept = item(
        beneficiary_bank_name="ｶｸｳ",
        clearing_house_number="0000",
        identification="Y",
        edi_info="ABC",
        edi_xml=("<a>", "<b>"),
        new_code="2",
        dummy="  x ",
    )
    what = draft(kept, dummy_header="h ", dummy_trailer=" t", extension_edi_utilization_flag=True)
    request = await small.registered(what)
    assert [each.item for each in (await small.detail(request)).items] == [kept]
    assert request.kept["dummy_header"] == "h "
    assert request.kept["extension_edi_utilization_flag"] is True
    assert "remitting_bank_name" not in request.kept


async def test_numbers_grow_by_one_and_begin_again_each_day(small):
    ids = [(await small.registered(draft())).transaction_id for _ in range(3)]
    assert ids == ["261116000000001", "261116000000002", "261116000000003"]
    await small.advance_to(date(2026, 11, 17), 9)
    assert (await small.registered(draft())).transaction_id == "261117000000001"
    saved = await small.register(draft(ODD), check=CHECK_MASTER)
    assert saved.request.temporary_transaction_id == "S26111700000001"


async def test_a_hundred_at_once_get_a_hundred_numbers(small):
    outcomes = await asyncio.gather(*(small.register(draft()) for _ in range(100)))
    assert len({outcome.request.transaction_id for outcome in outcomes}) == 100


@pytest.mark.parametrize(
    ("yen", "asked", "status"),
    [
        (4_999_999, "", "awaiting_approval"),
        (5_000_000, "", "awaiting_first_approval"),
        (1, "double_approval", "awaiting_first_approval"),
    ],
)
async def test_the_pattern_decides_who_comes_first(small, yen, asked, status):
    request = await small.registered(draft(item(1, yen), approval_pattern_type=asked))
    assert request.status == status


# Warnings


async def test_a_request_with_warnings_is_saved(small):
    outcome = await small.register(draft(item(), ODD), check=CHECK_MASTER)
    saved = outcome.request
    assert (outcome.result, saved.status) == (Result.WARNING, "saved")
    assert [(f.code, f.item_id) for f in outcome.findings] == [(Code.NOT_IN_MASTER, "2")]
    assert (saved.transaction_id, saved.temporary_transaction_id) == (None, "S26111600000001")
    detail = await small.detail(saved)
    assert [act.event for act in detail.acts] == ["save"]


@pytest.mark.parametrize(("check", "is_saved"), [("0000000000", False), (CHECK_MASTER, True)])
async def test_nothing_warns_that_nobody_asked_for(small, check, is_saved):
    outcome = await small.register(draft(ODD), check=check)
    assert (outcome.request.status == "saved") is is_saved


async def test_accepted_warnings_are_told_but_do_not_hold_up(small):
    outcome = await small.register(draft(ODD), check=CHECK_MASTER, accepts_warnings=True)
    assert (outcome.result, outcome.request.status) == (Result.FIXED, "awaiting_approval")
    assert [finding.code for finding in outcome.findings] == [Code.NOT_IN_MASTER]


async def test_a_saved_request_is_fixed_and_keeps_both_ids(small):
    saved = (await small.register(draft(ODD), check=CHECK_MASTER)).request
    temporary = saved.temporary_transaction_id
    again = await small.register(draft(ODD, item(3)), check=CHECK_MASTER, replaces=temporary)
    assert again.request.temporary_transaction_id == temporary  # saved once more
    fixed = (await small.register(draft(item(7)), check=CHECK_MASTER, replaces=temporary)).request
    assert (fixed.request, fixed.status) == (saved.request, "awaiting_approval")
    assert fixed.transaction_id == "261116000000001"
    detail = await small.detail(fixed)
    assert [each.item.item_id for each in detail.items] == ["7"]
    assert [act.event for act in detail.acts] == ["save", "save", "register"]


@pytest.mark.parametrize(
    ("changes", "days", "warns"),
    [
        ({}, 0, True),
        ({"transaction_notes": "別名"}, 0, True),
        ({"items": (item(9, 1_000),)}, 0, True),  # other contents, the same sums
        ({"items": (item(1, 1_001),)}, 0, False),
        ({"items": (item(1, 500), item(2, 500))}, 0, False),
        ({"effort_date": "11-24"}, 0, False),
        ({"remitting_account_type_code": "02", "remitting_account_number": "1000002"}, 0, False),
        ({"kind": Kind.TRANSFER}, 0, False),
    ],
)
async def test_a_request_like_an_earlier_one_warns(small, changes, days, warns):
    await small.registered(draft())
    outcome = await small.register(replace(draft(), **changes), check="1000000000")
    assert [f.code for f in outcome.findings] == ([Code.SAME_REQUEST] if warns else [])


@pytest.mark.parametrize(
    ("day", "warns"), [(date(2026, 12, 16), True), (date(2026, 12, 17), False)]
)
async def test_after_thirty_days_an_equal_request_is_no_warning(small, day, warns):
    await small.registered(draft(on="12-21"))
    await small.advance_to(day, 10)
    outcome = await small.register(draft(on="12-21"), check="1000000000")
    assert bool(outcome.findings) is warns


async def test_what_was_only_saved_or_deleted_warns_of_nothing(small):
    saved = (await small.register(draft(ODD), check=CHECK_MASTER)).request
    assert not (await small.register(draft(ODD), check="1000000000")).findings
    await small.transfers.retreat.delete(MAKER, Kind.BULK, saved.reference)


# Sending again


@pytest.mark.parametrize("way_back", ["pull_back", "return_"])
async def test_an_editable_request_is_sent_again_under_its_number(small, way_back):
    request = await small.registered(draft(first_approver_code="Z101"))
    act = getattr(small.transfers.retreat, way_back)
    await act(MAKER if way_back == "pull_back" else CHECKER, Kind.BULK, request.reference)
    again = await small.register(draft(item(5, 50)), SECOND_MAKER, replaces=request.transaction_id)
    assert again.request.transaction_id == request.transaction_id
    assert (again.request.status, again.request.requester) == ("awaiting_approval", "Z102")
    assert (again.request.first_approver, again.request.total_yen) == (None, 50)


async def test_an_editable_request_stays_as_it_is_where_the_new_contents_warn(small):
    request = await small.registered(draft())
    pulled = await small.transfers.retreat.pull_back(MAKER, Kind.BULK, request.reference)
    outcome = await small.register(draft(ODD), check=CHECK_MASTER, replaces=request.reference)
    assert (outcome.result, outcome.request) == (Result.WARNING, pulled)
    assert [each.item.item_id for each in (await small.detail(pulled)).items] == ["1"]


async def test_what_waits_or_is_approved_cannot_be_sent_again(small):
    waiting, approved = await small.registered(draft()), await small.approved(draft())
    for request in (waiting, approved):
        with pytest.raises(IllegalTransition):
            await small.register(draft(), replaces=request.reference)


@pytest.mark.parametrize("reference", ["261116000000009", "S26111600000009", "x", "1"])
async def test_there_must_be_something_to_replace(small, reference):
    with pytest.raises(TransactionNotFound):
        await small.register(draft(), replaces=reference)


async def test_a_request_of_another_kind_is_not_replaced(small):
    request = await small.registered(draft())
    await small.transfers.retreat.pull_back(MAKER, Kind.BULK, request.reference)
    with pytest.raises(TransactionNotFound):
        await small.register(draft(kind=Kind.PAYROLL), replaces=request.reference)


# Refusals


@pytest.mark.requirement("W-10", "W-13")
async def test_an_approvers_token_registers_nothing(small):
    with pytest.raises(InsufficientScope):
        await small.register(draft(), CHECKER)


async def test_another_contractors_account_pays_nothing(small):
    with pytest.raises(DraftRefused) as refused:
        await small.register(draft(), STRANGER)
    assert refused.value.code is Code.ACCOUNT_NOT_FOUND


async def test_a_time_deposit_pays_nothing(small):
    with pytest.raises(DraftRefused):
        await small.register(draft(remitting_account_number="1000003"))


@pytest.mark.parametrize("state", [AccountState.FROZEN, AccountState.RESTRICTED])
async def test_a_restricted_account_is_named(small, state):
    async with small.world.database.transaction() as db:
        await accounts.set_state(db, 1, state)
    with pytest.raises(AccountRestricted):
        await small.register(draft())


async def test_a_closed_account_is_gone(small):
    async with small.world.database.transaction() as db:
        await accounts.set_state(db, 1, AccountState.CLOSED)
    with pytest.raises(DraftRefused) as refused:
        await small.register(draft())
    assert refused.value.code is Code.ACCOUNT_NOT_FOUND


async def test_a_wrong_digit_is_refused_before_anything_else(small):
    with pytest.raises(InvalidParameter):
        await small.register(draft(), check="abc")


async def test_an_approver_is_one_with_the_right_at_this_moment(small):
    what = draft(first_approver_code="Z102")
    assert (await small.register(what)).result is Result.FIXED
    await small.run_sql("UPDATE bank_user SET rights = 'reference' WHERE user_code = 'Z102'")
    with pytest.raises(DraftRefused):
        await small.register(what)


async def test_a_refused_draft_leaves_no_trace(small):
    with pytest.raises(DraftRefused):
        await small.register(draft(item(1, 0)))
    rows = await small.world.database.fetch("SELECT * FROM transfer_request")
    assert rows == []


SECOND_MAKER = replace(SECOND, powers=MAKER.powers)
