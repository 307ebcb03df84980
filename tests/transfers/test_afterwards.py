"""Money that comes back: unable items and recalls (specs: web21 §6)."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from sandbox.domain.account import AccountState
from sandbox.domain.errors import IllegalTransition, InsufficientScope
from sandbox.domain.transfer.policy import RecallAnswer
from sandbox.domain.transfer.request import TransactionNotFound
from sandbox.domain.transfer.window import Kind
from sandbox.storage import accounts
from tests.transfers.world import (
    BANK_CODE,
    CHECKER,
    MAKER,
    OPENING_YEN,
    STRANGER,
    Small,
    draft,
    item,
    own_item,
    small_world,
)

DAY, NEXT = date(2026, 11, 20), date(2026, 11, 24)  # a weekend and a holiday in between
REFUND = "振込資金返却"


async def settled(small: Small, *items):
    request = await small.approved(draft(*items))
    await small.advance_to(DAY, 8)
    return request


async def reasons(small: Small, request):
    return [(each.status.value, each.reason) for each in (await small.detail(request)).items]


@pytest.mark.parametrize(
    ("unable", "reason"),
    [
        (item(1, beneficiary_bank_code="9997"), "no_such_bank"),
        (item(1, beneficiary_branch_code="777"), "no_such_branch"),
        (own_item(1, account_number="7777777"), "no_such_account"),
        (own_item(1, beneficiary_branch_code="001"), "no_such_account"),
        (own_item(1, account_type_code="02"), "no_such_account"),
        (own_item(1, account_type_code="09"), "no_such_account"),
        (own_item(1, to=6), "account_closed"),
        (own_item(1, to=7), "account_frozen"),
    ],
)
async def test_what_cannot_be_paid_comes_back_on_the_next_business_day(small, unable, reason):
    request = await settled(small, unable, own_item(2, 50))
    is_own = unable.beneficiary_bank_code == BANK_CODE
    assert await reasons(small, request) == [
        ("waiting" if is_own else "paid", reason),
        ("paid", None),
    ]
    debited = await small.balance(1)
    assert await small.advance_to(NEXT, 7, 59) == []
    (event,) = await small.advance_to(NEXT, 8)
    assert (event["kind"], event["refunded_yen"]) == ("transfer_refunded", 1_000)
    assert await small.balance(1) == debited + 1_000  # the fee is not given back
    assert (await small.lines(1))[-1] == (1_000, REFUND, REFUND)
    assert await reasons(small, request) == [("refunded", reason), ("paid", None)]
    assert await small.status(request) == "settled"
    assert (await small.gl("transfer_clearing"), await small.gl("interbank")) == (0, 0)


async def test_each_item_comes_back_as_a_line_of_its_own(small):
    await settled(small, own_item(1, 10, to=6), item(2, 20, beneficiary_branch_code="777"))
    await small.advance_to(NEXT, 8)
    assert (await small.lines(1))[-2:] == [(10, REFUND, REFUND), (20, REFUND, REFUND)]


@pytest.mark.parametrize("where", [item(1), own_item(1)])
async def test_a_test_decides_that_an_account_cannot_be_paid(small, where):
    await small.transfers.afterwards.script(
        where.beneficiary_bank_code,
        where.beneficiary_branch_code,
        where.account_number,
        unable_reason="name_differs",
    )
    request = await settled(small, where)
    await small.advance_to(NEXT, 8)
    assert await reasons(small, request) == [("refunded", "name_differs")]


async def test_a_script_is_taken_back_by_another(small):
    script = small.transfers.afterwards.script
    await script("9999", "001", "0000001", unable_reason="name_differs")
    await script("9999", "001", "0000001")
    assert await reasons(small, await settled(small, item(1))) == [("paid", None)]


async def test_a_closed_account_takes_its_refund_once_it_is_open_again(small):
    await settled(small, item(1, beneficiary_branch_code="777"))
    await set_state(small, 1, AccountState.CLOSED)
    events = await small.advance_to(date(2026, 11, 26), 8)
    assert [event["kind"] for event in events] == ["transfer_refund_put_off"] * 3
    await set_state(small, 1, AccountState.OPEN)
    (event,) = await small.advance_to(date(2026, 11, 27), 8)
    assert event["kind"] == "transfer_refunded"


async def set_state(small: Small, account: int, state: AccountState) -> None:
    async with small.world.database.transaction() as db:
        await accounts.set_state(db, account, state)


# Reported later


async def test_another_bank_may_say_no_later(small):
    request = await settled(small, item(1), item(2))
    await small.advance_to(date(2026, 11, 25), 10)
    await small.transfers.afterwards.report_unable(request.reference, "2", "account_closed")
    assert await reasons(small, request) == [("paid", None), ("paid", "account_closed")]
    await small.advance_to(date(2026, 11, 26), 8)
    assert await reasons(small, request) == [("paid", None), ("refunded", "account_closed")]


async def test_what_came_back_before_does_not_come_back_again(small):
    """Both items are of one chunk, whose refunds run twice."""
    request = await settled(small, item(1, beneficiary_branch_code="777"), item(2, 70))
    await small.advance_to(NEXT, 8)
    await small.transfers.afterwards.report_unable(request.reference, "2", "account_closed")
    (event,) = await small.advance_to(date(2026, 11, 25), 8)
    assert (event["items"], event["refunded_yen"]) == (1, 70)
    assert await small.items(request) == ["refunded", "refunded"]
    assert await small.balance(1) == OPENING_YEN - 660


async def test_only_what_another_bank_was_paid_is_reported_unable(small):
    afterwards = small.transfers.afterwards
    waiting = await small.registered(draft(item(1)))
    paid = await settled(small, item(1), own_item(2))
    await afterwards.report_unable(paid.reference, "1", "account_closed")
    for request, item_id in ((waiting, "1"), (paid, "2"), (paid, "1")):
        with pytest.raises(IllegalTransition):
            await afterwards.report_unable(request.reference, item_id, "account_closed")
    for reference, item_id in ((paid.reference, "9"), ("261116000000009", "1"), ("x", "1")):
        with pytest.raises(TransactionNotFound):
            await afterwards.report_unable(reference, item_id, "account_closed")


# Recall


async def ask(small: Small, request, item_id: str = "1", caller=MAKER) -> None:
    await small.transfers.afterwards.ask_recall(caller, Kind.BULK, request.reference, item_id)


async def test_an_agreed_recall_brings_the_amount_back_without_the_fee(small):
    request = await settled(small, item(1), item(2))
    await ask(small, request)
    assert await small.items(request) == ["recall_in_process", "paid"]
    (event,) = await small.advance_to(NEXT, 8)
    assert (event["kind"], event["recalled_yen"]) == ("transfer_recalled", 1_000)
    assert await small.items(request) == ["recalled", "paid"]
    assert (await small.lines(1))[-1] == (1_000, "組戻", "ｸﾐﾓﾄﾞｼ")
    assert await small.balance(1) == OPENING_YEN - 1_000 - 660
    assert await small.gl("interbank") == 1_000


async def test_a_recall_takes_the_money_from_an_account_of_the_bank(small):
    request = await settled(small, own_item(1, 700))
    await ask(small, request)
    await small.advance_to(NEXT, 8)
    assert await small.lines(5) == [(700, "振込", "ｻﾝﾌﾟﾙｼﾖｳｼﾞ(ｶ"), (-700, "組戻", "ｸﾐﾓﾄﾞｼ")]
    assert await small.balance(1) == OPENING_YEN


@pytest.mark.parametrize("how", ["spent", "frozen", "closed", "remitter closed"])
async def test_money_that_is_not_there_any_more_is_not_recalled(small, how):
    request = await settled(small, own_item(1, 700))
    await ask(small, request)
    if how == "spent":
        await small.post(5, -OPENING_YEN - 1)
    else:
        state = AccountState(how.split()[-1])
        await set_state(small, 1 if how.startswith("remitter") else 5, state)
    (event,) = await small.advance_to(NEXT, 8)
    assert event["kind"] == "transfer_recall_refused"
    assert await small.items(request) == ["recall_failed"]


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (RecallAnswer.AGREED, "recalled"),
        (RecallAnswer.REFUSED, "recall_failed"),
        (RecallAnswer.NONE, "recall_in_process"),
    ],
)
@pytest.mark.parametrize("is_scripted", [True, False])
async def test_the_scenario_decides_the_answer(tmp_path: Path, answer, status, is_scripted):
    def default(policy):
        other = RecallAnswer.REFUSED if answer is RecallAnswer.AGREED else RecallAnswer.AGREED
        return replace(policy, recall_answer=other if is_scripted else answer)

    async with small_world(tmp_path, default) as small:
        if is_scripted:
            script = small.transfers.afterwards.script
            await script("9999", "001", "0000001", recall_answer=answer)
        request = await settled(small, item(1))
        await ask(small, request)
        await small.advance_to(NEXT, 8)
        assert await small.items(request) == [status]


@pytest.mark.parametrize(("agreed", "status"), [(True, "recalled"), (False, "recall_failed")])
async def test_the_staff_may_answer_first(small, agreed, status):
    request = await settled(small, item(1))
    await ask(small, request)
    answer = small.transfers.afterwards.answer_recall
    await answer(request.reference, "1", agreed=agreed)
    assert await small.items(request) == [status]
    with pytest.raises(IllegalTransition):
        await answer(request.reference, "1", agreed=agreed)
    assert await small.advance_to(NEXT, 8) == []  # and the answer comes once


async def test_only_what_is_paid_is_recalled_and_only_once(small):
    request = await small.approved(draft(item(1), item(2, beneficiary_branch_code="777")))
    with pytest.raises(IllegalTransition):
        await ask(small, request)
    await small.advance_to(DAY, 8)
    with pytest.raises(IllegalTransition):
        await ask(small, request, "2")  # its money is on its way back already
    await ask(small, request)
    with pytest.raises(IllegalTransition):
        await ask(small, request)
    await small.advance_to(NEXT, 8)
    with pytest.raises(IllegalTransition):
        await ask(small, request)


async def test_a_recall_is_the_contractors_own_wish(small):
    request = await settled(small, item(1))
    with pytest.raises(InsufficientScope):
        await ask(small, request, caller=CHECKER)
    with pytest.raises(TransactionNotFound):
        await ask(small, request, caller=STRANGER)
    with pytest.raises(TransactionNotFound):
        await ask(small, request, "99")
