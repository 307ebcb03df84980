"""Lists and details (specs: web21 §5.4)."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from sandbox.domain.errors import InsufficientScope
from sandbox.domain.transfer.window import Kind
from tests.transfers.world import CHECKER, MAKER, STRANGER, draft, item, small_world

TODAY, TOMORROW = date(2026, 11, 16), date(2026, 11, 17)


async def listed(small, first=TODAY, last=TODAY, kind=Kind.BULK, caller=MAKER):
    found = await small.transfers.inquiry.list_operated(caller, kind, first, last)
    return [request.transaction_id for request in found]


async def test_a_list_holds_the_days_asked_for_oldest_first(small):
    today = [(await small.registered(draft())).transaction_id for _ in range(2)]
    await small.advance_to(TOMORROW, 0)
    tomorrow = [(await small.registered(draft())).transaction_id]
    assert await listed(small) == today
    assert await listed(small, TOMORROW, TOMORROW) == tomorrow
    assert await listed(small, TODAY, TOMORROW) == [*today, *tomorrow]
    assert await listed(small, date(2026, 11, 1), date(2026, 11, 15)) == []


async def test_a_list_is_of_one_path_and_one_contractor(small):
    bulk = await small.registered(draft())
    payroll = await small.registered(draft(kind=Kind.PAYROLL))
    bonus = await small.registered(draft(kind=Kind.BONUS))
    assert await listed(small) == [bulk.transaction_id]
    both = [payroll.transaction_id, bonus.transaction_id]
    assert await listed(small, kind=Kind.PAYROLL) == await listed(small, kind=Kind.BONUS) == both
    assert await listed(small, kind=Kind.TRANSFER) == []
    assert await listed(small, caller=STRANGER) == []


async def test_a_request_that_is_sent_again_moves_to_the_day_it_was_sent(small):
    request = await small.registered(draft())
    await small.transfers.retreat.pull_back(MAKER, Kind.BULK, request.reference)
    await small.advance_to(TOMORROW, 9)
    again = await small.register(draft(), replaces=request.reference)
    assert await listed(small) == []
    assert await listed(small, TOMORROW, TOMORROW) == [request.transaction_id]
    assert again.request.operated_on == TOMORROW


async def test_only_the_newest_are_listed(tmp_path: Path):
    async with small_world(tmp_path, lambda policy: replace(policy, most_requests=3)) as small:
        ids = [
            (await small.registered(draft(kind=kind))).transaction_id
            for kind in (Kind.PAYROLL, Kind.BONUS, Kind.BONUS, Kind.PAYROLL)
        ]
        assert await listed(small, kind=Kind.PAYROLL) == ids[1:]


async def test_an_approvers_token_reads_no_list(small):
    request = await small.registered(draft())
    with pytest.raises(InsufficientScope):
        await listed(small, caller=CHECKER)
    with pytest.raises(InsufficientScope):
        await small.transfers.inquiry.detail(CHECKER, Kind.BULK, request.reference)


@pytest.mark.parametrize("count", [499, 500, 501, 1_000])
async def test_a_detail_has_every_item_in_its_order(small, count):
    request = await small.registered(draft(*(item(n) for n in range(1, count + 1))))
    ids = [each.item.item_id for each in (await small.detail(request)).items]
    assert ids == [str(n) for n in range(1, count + 1)]


async def test_a_saved_request_is_read_by_its_temporary_id(small):
    odd = draft(item(1, beneficiary_bank_code="9997"))
    saved = (await small.register(odd, check="0010000000")).request
    temporary = saved.temporary_transaction_id
    detail = await small.transfers.inquiry.detail(MAKER, Kind.BULK, temporary)
    assert detail.request == saved
    fixed = (await small.register(draft(), replaces=temporary)).request
    by_either = [
        (await small.transfers.inquiry.detail(MAKER, Kind.BULK, reference)).request
        for reference in (temporary, fixed.transaction_id)
    ]
    assert by_either == [fixed, fixed]
