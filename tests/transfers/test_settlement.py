"""From acceptance to the last yen (specs: web21 §6, §7): debits, credits, retries, refunds."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from sandbox.domain.account import AccountState
from sandbox.domain.transfer.fee import FeeBand, FeeSchedule
from sandbox.domain.transfer.window import Kind
from sandbox.services.transfers.settling import CHUNK
from sandbox.storage import accounts
from tests.transfers.world import (
    OPENING_YEN,
    REMITTER,
    SECOND,
    Died,
    draft,
    dying,
    item,
    own_item,
    small_world,
)

DAY = date(2026, 11, 20)
FEE = 330


def kinds(events):
    return [(event["at"][5:16], event["kind"]) for event in events]


async def set_state(small, account: int, state: AccountState) -> None:
    async with small.world.database.transaction() as db:
        await accounts.set_state(db, account, state)


async def test_an_approved_request_is_accepted_reserved_and_settled(small):
    request = await small.approved(draft(item(1, 1_000), item(2, 2_000)))
    assert kinds(await small.advance_to(date(2026, 11, 16), 10, 9)) == []
    assert kinds(await small.advance_to(date(2026, 11, 16), 10, 10)) == [
        ("11-16T10:10", "transfer_reserved")
    ]
    assert await small.advance_to(DAY, 7, 59) == []
    (event,) = await small.advance_to(DAY, 8)
    assert (event["kind"], event["subject"]) == ("transfer_settled", request.transaction_id)
    assert (event["total_yen"], event["fees_yen"], event["items"]) == (3_000, 660, 2)
    detail = await small.detail(request)
    assert (detail.request.status, detail.request.fees_yen) == ("settled", 660)
    assert [(each.status, each.fee_yen) for each in detail.items] == [("paid", FEE)] * 2
    assert [act.event for act in detail.acts] == ["register", "approve", "reserve", "settle"]


async def test_total_and_fees_are_lines_of_their_own(small):
    await small.approved(draft(item(1, 1_000), item(2, 2_000)))
    await small.advance_to(DAY, 8)
    assert await small.lines(1) == [
        (-3_000, "総合振込", "ｿｳｺﾞｳﾌﾘｺﾐ"),
        (-660, "振込手数料", "ﾌﾘｺﾐﾃｽｳﾘﾖｳ"),
    ]
    assert (await small.gl("interbank"), await small.gl("fee_income")) == (3_000, 660)


async def test_accounts_of_the_bank_are_credited_at_once(small):
    request = await small.approved(draft(own_item(1, 700), own_item(2, 300, to=8)))
    await small.advance_to(DAY, 8)
    assert await small.lines(5) == [(700, "振込", REMITTER)]
    assert await small.balance(8) == 300  # an order against the holder keeps no money out
    assert await small.lines(1) == [(-1_000, "総合振込", "ｿｳｺﾞｳﾌﾘｺﾐ")]  # its own bank costs nothing
    assert await small.items(request) == ["paid", "paid"]
    assert await small.gl("transfer_clearing") == 0


async def test_a_savings_account_is_found_by_its_own_type(small):
    request = await small.approved(
        draft(own_item(1, to=9, account_type_code="04"), own_item(2, to=9))
    )
    await small.advance_to(DAY, 8)
    assert await small.balance(9) == 1_000
    assert await small.items(request) == ["paid", "waiting"]


@pytest.mark.parametrize(
    ("kind", "content"),
    [(Kind.PAYROLL, "給与振込"), (Kind.BONUS, "賞与振込"), (Kind.TRANSFER, "振込")],
)
async def test_every_kind_settles_in_its_own_words(small, kind, content):
    await small.approved(draft(kind=kind))
    await small.advance_to(DAY, 8)
    assert (await small.lines(1))[0][:2] == (-1_000, content)


# A transfer of the same day


async def test_what_is_for_today_is_settled_by_the_acceptance_run(small):
    request = await small.approved(draft(kind=Kind.TRANSFER, on="11-16"))
    (event,) = await small.advance_to(date(2026, 11, 16), 10, 10)
    assert (event["kind"], event["at"]) == ("transfer_settled", "2026-11-16T10:10:00+09:00")
    assert await small.status(request) == "settled"


async def test_before_eight_it_waits_for_eight(small):
    await small.advance_to(date(2026, 11, 17), 7)
    await small.approved(draft(kind=Kind.TRANSFER, on="11-17"))
    assert kinds(await small.advance_to(date(2026, 11, 17), 9)) == [
        ("11-17T07:10", "transfer_reserved"),
        ("11-17T08:00", "transfer_settled"),
    ]


async def test_one_that_is_approved_at_the_last_moment_has_one_try(small):
    await small.post(1, 900 - OPENING_YEN)
    await small.advance_to(date(2026, 11, 17), 14, 55)
    request = await small.approved(draft(kind=Kind.TRANSFER, on="11-17"))
    assert kinds(await small.advance_to(date(2026, 11, 17), 16)) == [
        ("11-17T15:00", "transfer_failed")
    ]
    assert (await small.detail(request)).request.reason == "insufficient_funds"


# Funds


@pytest.mark.parametrize(("yen", "settles"), [(1_330, True), (1_329, False)])
async def test_total_and_fees_must_be_covered_to_the_yen(small, yen, settles):
    await small.post(1, yen - OPENING_YEN)
    request = await small.approved(draft())
    await small.advance_to(DAY, 8)
    assert (await small.status(request) == "settled") is settles
    assert await small.balance(1) == (0 if settles else yen)


async def test_the_agreed_overdraft_counts_and_what_is_held_does_not(small):
    await small.post(2, -OPENING_YEN)
    await small.run_sql("UPDATE account SET held_yen = 500000 - 1330 WHERE account = 2")
    from_current = {
        "remitting_account_type_code": "02",
        "remitting_account_number": "1000002",
    }
    fits = await small.approved(draft(**from_current))
    over = await small.approved(draft(item(1, 1), **from_current))
    await small.advance_to(DAY, 8)
    assert (await small.status(fits), await small.status(over)) == ("settled", "reserved")
    assert await small.balance(2) == -1_330


async def test_short_funds_are_tried_again_at_three(small):
    await small.post(1, -OPENING_YEN)
    request = await small.approved(draft())
    events = await small.advance_to(DAY, 14, 59)
    assert kinds(events)[1:] == [("11-20T08:00", "transfer_put_off")]
    assert await small.status(request) == "reserved"
    await small.post(1, 1_330)
    assert kinds(await small.advance_to(DAY, 15)) == [("11-20T15:00", "transfer_settled")]


async def test_short_funds_at_three_fail_the_request(small):
    await small.post(1, -OPENING_YEN)
    request = await small.approved(draft())
    events = await small.advance_to(DAY, 15)
    assert kinds(events)[-1] == ("11-20T15:00", "transfer_failed")
    assert events[-1]["reason"] == "insufficient_funds"
    detail = await small.detail(request)
    assert (detail.request.status, detail.request.reason) == ("failed", "insufficient_funds")
    await small.post(1, 5_000)
    again = await small.register(draft(on="11-27"), replaces=request.reference)
    await small.approve(again.request)
    await small.advance_to(date(2026, 11, 27), 8)
    assert await small.status(request) == "settled"


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (AccountState.FROZEN, "account_restricted"),
        (AccountState.RESTRICTED, "account_restricted"),
        (AccountState.CLOSED, "account_closed"),
    ],
)
async def test_an_account_that_pays_nothing_fails_it_too(small, state, reason):
    request = await small.approved(draft())
    await set_state(small, 1, state)
    await small.advance_to(DAY, 15)
    detail = await small.detail(request)
    assert (detail.request.status, detail.request.reason) == ("failed", reason)
    assert await small.lines(1) == []


async def test_a_credit_of_the_same_morning_pays_the_next_request(small):
    """Requests are settled one after the other, payments of each before the next."""
    await small.post(2, -OPENING_YEN)
    await small.run_sql("UPDATE account SET overdraft_limit_yen = 0 WHERE account = 2")
    await small.approved(draft(own_item(1, 5_000, to=2, account_type_code="02")))
    current = {"remitting_account_type_code": "02", "remitting_account_number": "1000002"}
    request = await small.approved(draft(own_item(1, 5_000), **current))
    await small.advance_to(DAY, 8)
    assert await small.status(request) == "settled"


# Once, whatever happens


@pytest.mark.requirement("W-59")
async def test_an_accepted_request_runs_on_whoever_lost_a_right(small):
    request = await small.approved(draft())
    await small.run_sql("UPDATE bank_user SET rights = '', has_service_right = 0")
    await small.advance_to(DAY, 8)
    assert await small.status(request) == "settled"


@pytest.mark.requirement("W-59")
async def test_what_waits_is_approved_by_another(small):
    request = await small.registered(draft())
    await small.run_sql("UPDATE bank_user SET rights = '' WHERE user_code = 'Z101'")
    assert (await small.approve(request, SECOND)).request.status == "accepted"


async def test_a_request_that_was_cancelled_and_sent_again_settles_once(small):
    request = await small.approved(draft())
    await small.advance_to(date(2026, 11, 17), 9)
    await small.approve(request, cancel_type="approval_cancel")
    again = await small.register(draft(on="11-24"), replaces=request.reference)
    await small.approve(again.request)
    events = await small.advance_to(date(2026, 12, 1), 9)
    assert [kind for _, kind in kinds(events)].count("transfer_settled") == 1
    assert kinds(events)[-1] == ("11-24T08:00", "transfer_settled")
    assert await small.balance(1) == OPENING_YEN - 1_330


async def test_approved_again_for_the_same_day_it_settles_once(small):
    request = await small.approved(draft())
    await small.advance_to(date(2026, 11, 17), 9)
    await small.approve(request, cancel_type="approval_cancel")
    again = await small.register(draft(), replaces=request.reference)
    await small.approve(again.request)
    await small.advance_to(date(2026, 12, 1), 9)
    assert await small.balance(1) == OPENING_YEN - 1_330


# Many items


async def test_a_large_request_is_paid_in_chunks_and_to_the_end(small):
    count = 2 * CHUNK + 1
    items = [own_item(n, 10) if n % 2 else item(n, 10) for n in range(1, count + 1)]
    request = await small.approved(draft(*items))
    await small.advance_to(DAY, 8)
    assert set(await small.items(request)) == {"paid"}
    to_own = CHUNK + 1
    assert await small.balance(5) == OPENING_YEN + 10 * to_own
    assert await small.gl("interbank") == 10 * (count - to_own)
    assert await small.gl("transfer_clearing") == 0


async def test_a_crash_between_chunks_leaves_the_rest_to_the_next_start(tmp_path: Path):
    async with small_world(tmp_path) as small:
        request = await small.approved(draft(*(own_item(n, 10) for n in range(1, CHUNK + 11))))
        await small.advance_to(DAY, 7)
        with dying(small.world, after=2), pytest.raises(Died):  # the debit and one chunk are done
            await small.advance_to(DAY, 8)
        half = await small.items(request)
        assert (half.count("paid"), half.count("waiting")) == (CHUNK, 10)
        assert await small.gl("transfer_clearing") == 100
    async with small_world(tmp_path) as small:
        assert set(await small.items(request)) == {"paid"}
        assert await small.balance(5) == OPENING_YEN + 10 * (CHUNK + 10)
        assert await small.gl("transfer_clearing") == 0


async def test_twenty_thousand_items_are_registered_and_settled(small):
    await small.post(1, 20_000 * FEE)
    items = [item(n, 1) for n in range(1, 20_000)]
    request = await small.approved(draft(*items, own_item(20_000, 1)))
    assert request.item_count == 20_000
    await small.advance_to(DAY, 8)
    detail = await small.detail(request)
    assert len(detail.items) == 20_000
    assert {each.status for each in detail.items} == {"paid"}
    assert await small.balance(1) == OPENING_YEN + 20_000 * FEE - 20_000 - 19_999 * FEE


# Who bears the fee


def pays(policy):
    return replace(policy, beneficiary_pays=True)


async def test_a_fee_borne_by_the_beneficiary_comes_out_of_the_amount(tmp_path: Path):
    async with small_world(tmp_path, pays) as small:
        request = await small.approved(draft(item(1, 1_000), own_item(2, 500)))
        await small.advance_to(DAY, 8)
        assert await small.lines(1) == [(-1_500, "総合振込", "ｿｳｺﾞｳﾌﾘｺﾐ")]
        assert (await small.gl("interbank"), await small.gl("fee_income")) == (670, FEE)
        assert [each.fee_yen for each in (await small.detail(request)).items] == [FEE, 0]


async def test_a_fee_that_has_grown_beyond_the_amount_makes_an_item_unable(tmp_path: Path):
    async with small_world(tmp_path, pays) as small:
        request = await small.approved(draft(item(1, 1_000), item(2, 400)))
        dear = FeeBand(from_yen=1, own_bank_yen=0, other_bank_yen=440)
        schedule = FeeSchedule(effective_on=DAY, bands=(dear,), contract_yen=2_000)
        await small.transfers.charges.set_schedule(schedule)
        await small.advance_to(date(2026, 11, 24), 8)
        detail = await small.detail(request)
        assert [(e.status, e.fee_yen, e.reason) for e in detail.items] == [
            ("paid", 440, None),
            ("refunded", 0, "fee_exceeds_amount"),
        ]
        assert await small.balance(1) == OPENING_YEN - 1_000
        assert await small.gl("interbank") == 560
