"""The contractor's pages: transfer requests, by the same rules as over the API."""

import pytest

from sandbox.domain.transfer.window import Kind
from sandbox.services.desk.requests import PAGE_ITEMS, PAGE_REQUESTS
from tests.desk import DESK, FIRST, MAKER, Orders, draft, item, visiting
from tests.direct import MAIN_ACCOUNT


async def press(visitor, reference, decision, *fields, **changes):
    """Press a button of a request's sheet and return the page that it leads to."""
    await visitor.open(f"/requests/{reference}")
    return await visitor.post(f"/requests/{reference}", ("decision", decision), *fields, **changes)


@pytest.mark.parametrize("kind", Kind)
async def test_requests_of_every_kind_wait_in_one_list(running, kind):
    reference = await Orders(running).register(kind=kind, on="11-30", transaction_notes="十月分")
    async with visiting(running, "shoji_checker") as visitor:
        assert "承認を待つ振込依頼（1件）" in visitor.page.text
        page = await visitor.open("/requests")
        assert (reference in page.text, "十月分" in page.text) == (True, True)
        page = await press(visitor, reference, "approve")
        assert "承認しました" in page.text
    assert await Orders(running).status(reference, kind) == "accepted"


@pytest.mark.requirement("W-11")
async def test_what_the_contract_registers_without_4_is_approved_at_the_page(running):
    corporate = running.sandbox.bank("web21").corporate
    await corporate.change_services(MAKER.contractor_id, ["reference", "update"])
    reference = await Orders(running).register()
    async with visiting(running, "shoji_checker2") as visitor:
        await press(visitor, reference, "approve", comment="よろしく")
    assert await Orders(running).status(reference) == "accepted"


async def test_double_approval_needs_two_people(running):
    orders = Orders(running)
    reference = await orders.register(item(1, 10_000_000))
    async with visiting(running, "shoji_checker") as visitor:
        page = await press(visitor, reference, "approve")
        assert "一次承認をしました" in page.text
        page = await press(visitor, reference, "approve")
        assert (page.status, "別の承認者にお任せください" in page.text) == (403, True)
    async with visiting(running, "shoji_checker2") as visitor:
        page = await press(visitor, reference, "approve", ("accepts_warnings", "1"))
        assert "承認しました" in page.text
    assert await orders.status(reference) == "accepted"


async def test_only_who_was_designated_approves_or_returns(running):
    orders = Orders(running)
    reference = await orders.register(first_approver_code="Z102")
    async with visiting(running, "shoji_checker") as visitor:
        for decision in ("approve", "return"):
            page = await press(visitor, reference, decision, comment="確認しました")
            assert (page.status, "ほかの承認者が指定されている" in page.text) == (403, True)
            assert 'value="確認しました"' in page.text  # what was typed is kept
    assert await orders.status(reference) == "awaiting_approval"


@pytest.mark.parametrize(("yen", "status"), [(10_000_000, "accepted"), (10_000_001, "failed")])
async def test_the_approvers_limits_hold_at_the_page(running, yen, status):
    orders = Orders(running)
    async with running.sandbox.world.database.transaction() as db:
        await db.execute("UPDATE service_contract SET double_from_yen = NULL")
    reference = await orders.register(item(1, yen))
    async with visiting(running, "shoji_checker") as visitor:
        page = await press(visitor, reference, "approve", ("accepts_warnings", "1"))
    assert await orders.status(reference) == status
    assert ("1明細あたりの限度額" in page.text) is (status == "failed")


async def test_warnings_are_shown_once_and_approved_over_only_by_a_tick(running):
    orders = Orders(running)
    reference = await orders.register(item(1), item(2, account_number="7000001"))
    async with visiting(running, "shoji_checker") as visitor:
        page = await press(visitor, reference, "approve", comment="急ぎ")
        assert (page.status, "まだ承認していません" in page.text) == (409, True)
        assert "同じ口座・金額の明細があります" in page.text
        assert "明細 2" in page.text
        assert 'value="急ぎ"' in page.text
        assert await orders.status(reference) == "awaiting_approval"
        page = await visitor.post(
            f"/requests/{reference}", ("decision", "approve"), ("accepts_warnings", "1")
        )
        assert page.status == 200
    assert await orders.status(reference) == "accepted"


async def test_return_pull_back_and_delete_leave_their_trace(running):
    orders = Orders(running)
    returned, pulled = await orders.register(), await orders.register(item(2))
    async with visiting(running, "shoji_checker") as visitor:
        page = await press(visitor, returned, "return", comment="金額が違います")
        assert "依頼者に差し戻しました" in page.text
    async with visiting(running, "shoji_maker") as visitor:
        page = await press(visitor, pulled, "pull_back")
        assert "依頼を引き戻しました" in page.text
        page = await visitor.open("/requests?list=editable")
        assert (returned in page.text, pulled in page.text) == (True, True)
        page = await visitor.open(f"/requests/{returned}")
        assert "金額が違います" in page.text
        page = await press(visitor, returned, "delete")
        assert "依頼を削除しました" in page.text
        assert returned in (await visitor.open("/requests?list=done")).text
    assert await orders.status(returned) == "deleted"
    assert await orders.status(pulled) == "pulled_back"


async def test_an_approval_can_be_cancelled_until_the_cut_off(running):
    orders = Orders(running)
    early, late = await orders.register(), await orders.register(item(2))
    for reference in (early, late):
        await orders.approve(reference)
    async with visiting(running, "shoji_checker") as visitor:
        page = await press(visitor, early, "cancel_approval")
        assert "承認を取り消しました" in page.text
        await running.advance("4d10h59m")  # 20:59 of the last day
    async with visiting(running, "shoji_checker") as visitor:
        page = await visitor.open(f"/requests/{late}")
        assert 'value="cancel_approval"' in page.text
        await running.advance("1m")
        page = await visitor.post(f"/requests/{late}", ("decision", "cancel_approval"))
        assert (page.status, "いまの状態ではできません" in page.text) == (409, True)
        page = await visitor.open(f"/requests/{late}")
        assert 'value="cancel_approval"' not in page.text


async def test_to_cancel_never_approves_whatever_happened_meanwhile(running):
    orders = Orders(running)
    reference = await orders.register()
    async with visiting(running, "shoji_checker") as visitor:
        page = await visitor.send(f"/requests/{reference}", ("decision", "cancel_approval"))
        assert page.status == 409
    assert await orders.status(reference) == "awaiting_approval"


async def test_a_paid_item_can_be_asked_back(running):
    orders = Orders(running)
    reference = await orders.settled(item(1), item(2))
    async with visiting(running, "shoji_maker") as visitor:
        page = await visitor.open(f"/requests/{reference}")
        recalls = [path for path in page.actions if path.endswith("/recall")]
        assert len(recalls) == 2
        page = await visitor.post(f"/requests/{reference}/items/2/recall")
        assert "組戻を依頼しました" in page.text
        assert await orders.item_status(reference) == ["paid", "recall_in_process"]
        page = await visitor.send(f"/requests/{reference}/items/2/recall")
        assert page.status == 409
        assert (await visitor.send(f"/requests/{reference}/items/9/recall")).status == 404
    async with visiting(running, "shoji_checker") as visitor:
        page = await visitor.open(f"/requests/{reference}")
        assert not [path for path in page.actions if path.endswith("/recall")]


@pytest.mark.parametrize(("length", "status"), [(100, 200), (101, 400)])
async def test_a_comment_has_its_length(running, length, status):
    reference = await Orders(running).register()
    async with visiting(running, "shoji_checker") as visitor:
        page = await press(visitor, reference, "return", comment="架" * length)
        assert page.status == status


async def test_what_people_write_stays_text(running):
    orders = Orders(running)
    reference = await orders.register(first_approver_code="Z101")
    evil = "<script>alert('1')</script>\" onfocus='x' {{ 7 * 7 }}"
    await orders.transfers.retreat.return_(FIRST, Kind.BULK, reference, evil)
    async with visiting(running, "shoji_maker") as visitor:
        text = (await visitor.open(f"/requests/{reference}")).text
        assert "&lt;script&gt;alert(&#39;1&#39;)" in text
        assert "<script" not in text


async def test_another_firms_request_is_not_there(running):
    reference = await Orders(running).register()
    async with visiting(running, "logi_maker") as visitor:
        assert (await visitor.load(f"/requests/{reference}")).status == 404
        for decision in ("approve", "return", "pull_back", "delete", "cancel_approval"):
            page = await visitor.send(f"/requests/{reference}", ("decision", decision))
            assert page.status == 404
        assert reference not in (await visitor.open("/requests")).text


@pytest.mark.parametrize(
    "reference", ["0", "26111600000000", "x" * 15, "S26111600000001", "..", "%F0"]
)
async def test_a_reference_that_is_none_is_not_found(running, reference):
    async with visiting(running, "shoji_maker") as visitor:
        page = await visitor.load(f"/requests/{reference}")
        assert page.status in (404, 303)
        assert page.status == 404 or page.location.startswith(DESK)


async def test_a_long_list_goes_on_page_by_page(running):
    orders = Orders(running)
    made = [await orders.register(item(1, 1_000 + n)) for n in range(PAGE_REQUESTS + 1)]
    async with visiting(running, "shoji_checker") as visitor:
        page = await visitor.open("/requests")
        assert made[0] not in page.text
        assert all(reference in page.text for reference in made[1:])
        assert "before=2" in page.text
        page = await visitor.open("/requests?list=waiting&before=2")
        assert (made[0] in page.text, made[1] in page.text) == (True, False)
        assert "前の依頼" not in page.text
        for odd in ("before=x", "before=-1", "before=" + "9" * 40, "list=nothing"):
            assert (await visitor.open(f"/requests?{odd}")).status == 200


async def test_a_long_request_goes_on_page_by_page(running):
    orders = Orders(running)
    reference = await orders.register(*(item(n) for n in range(1, PAGE_ITEMS + 2)))
    async with visiting(running, "shoji_checker") as visitor:
        page = await visitor.open(f"/requests/{reference}")
        assert ("</span> 100<" in page.text, "</span> 101<" in page.text) == (True, False)
        page = await visitor.open(f"/requests/{reference}?from=101")
        assert ("</span> 101<" in page.text, "次の明細" in page.text) == (True, False)
        page = await visitor.open(f"/requests/{reference}?from=999")
        assert page.status == 200


async def test_a_request_only_saved_is_found_by_its_temporary_number(running):
    orders = Orders(running)
    outcome = await orders.transfers.register.register(
        MAKER, draft(item(1), item(2, account_number="7000001")), warning_check_type="0100000000"
    )
    reference = outcome.request.reference
    assert reference.startswith("S")
    async with visiting(running, "shoji_maker") as visitor:
        page = await press(visitor, reference, "delete")
        assert "依頼を削除しました" in page.text


@pytest.mark.parametrize("allowed", ["", MAIN_ACCOUNT])
async def test_a_user_limited_to_some_accounts_sees_and_does_no_more(running, allowed):
    orders = Orders(running)
    reference = await orders.register()
    async with running.sandbox.world.database.transaction() as db:
        await db.execute("UPDATE bank_user SET accounts = $1 WHERE user_id = 'buchou01'", allowed)
    status = 200 if allowed else 403
    async with visiting(running, "shoji_checker") as visitor:
        assert ("承認を待つ振込依頼（1件）" in visitor.page.text) is bool(allowed)
        assert (reference in (await visitor.open("/requests")).text) is bool(allowed)
        assert (await visitor.load(f"/requests/{reference}")).status == status
        page = await visitor.send(f"/requests/{reference}", ("decision", "approve"))
        assert page.status == (303 if allowed else 403)
    assert await orders.status(reference) == ("accepted" if allowed else "awaiting_approval")
