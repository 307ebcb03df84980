"""``web21``: approving, sending back and cancelling over the API, and what comes of it."""

import pytest

from tests.direct import KOGYO, Direct
from tests.ordering import APPROVAL, PATHS, Orders, code_of, item


async def both(running, kind="bulk", approver="shoji_checker"):
    """Return what the maker sends and what the checker sends."""
    direct = Direct(running)
    maker = await Orders.of(direct, kind=kind)
    return maker, await Orders.of(direct, approver, APPROVAL, kind)


@pytest.mark.requirement("W-12")
@pytest.mark.parametrize("kind", PATHS)
async def test_an_approver_approves_and_is_told_whom_it_pays(running, kind):
    maker, checker = await both(running, kind)
    reference = (await maker.register(item(1), item(2)))["transaction_id"]
    status, answer = await checker.act(reference, "submissions", {"comment": "確認済み"})
    assert status == 200, answer
    assert answer == {
        "result_type": "fixed",
        "transaction_status": "30",
        "transaction_status_name": "受付済み",
        "remitter_code": "0000000001",
        "transaction_error_data": [],
        "beneficiary_info": [
            {
                "item_id": str(number),
                "bank_code": "9999",
                "account_number": f"700000{number}",
                "beneficiary_name_kana": "ｶｸｳ ﾀﾛｳ",
                "transfer_amount": 10_000 + number,
            }
            for number in (1, 2)
        ],
    }
    assert code_of(await checker.act(reference, "submissions")) == (409, "illegal_status")


async def test_a_limit_exceeded_makes_the_request_fail_with_its_reason(running):
    maker, checker = await both(running)
    reference = (await maker.register(item(transfer_amount=10_000_001)))["transaction_id"]
    assert (await maker.detail(reference))["transaction_status"] == "11"  # from 10 million: two
    second = await Orders.of(maker.direct, "shoji_checker2", APPROVAL)
    status, answer = await second.act(reference, "submissions")
    assert (status, answer["transaction_status"]) == (200, "12")
    status, answer = await checker.act(reference, "submissions")
    assert (status, answer["result_type"], answer["transaction_status"]) == (200, "error", "50")
    (error,) = answer["transaction_error_data"]
    assert error["transaction_error_id"] == "E002"
    shown = await maker.detail(reference)
    assert shown["reason"] == "credit_upper_limit_per_item"


@pytest.mark.parametrize(("yen", "result"), [(9_999_999, "10"), (10_000_000, "11")])
async def test_from_a_total_on_two_must_approve(running, yen, result):
    maker, _ = await both(running)
    answer = await maker.register(item(transfer_amount=yen))
    assert answer["transaction_status"] == result


async def test_one_person_does_not_approve_twice(running):
    maker, checker = await both(running)
    reference = (await maker.register(item(transfer_amount=10_000_000)))["transaction_id"]
    status, answer = await checker.act(reference, "submissions")
    assert (status, answer["transaction_status"]) == (200, "12")
    again = await checker.act(reference, "submissions")
    assert code_of(again) == (403, "not_designated_approver")


async def test_only_the_designated_approver_approves_or_returns(running):
    maker, checker = await both(running)
    reference = (await maker.register(first_approver_code="Z102"))["transaction_id"]
    for act in ("submissions", "return"):
        assert code_of(await checker.act(reference, act)) == (403, "not_designated_approver")
    designated = await Orders.of(maker.direct, "shoji_checker2", APPROVAL)
    assert (await designated.act(reference, "return"))[1]["transaction_status"] == "21"


async def test_a_returned_request_is_sent_again_under_its_number(running):
    maker, checker = await both(running)
    reference = (await maker.register())["transaction_id"]
    status, row = await checker.act(reference, "return", {"comment": "日付を直してください"})
    assert (status, row["transaction_status_name"]) == (200, "差戻済み")
    assert code_of(await checker.act(reference, "submissions")) == (409, "illegal_status")
    again = await maker.register(effort_date="11-25", body={"temporary_transaction_id": reference})
    assert again["transaction_id"] == reference


@pytest.mark.parametrize("value", ["", "approve", "approval_cancel"])
async def test_the_state_decides_what_a_submission_is(running, value):
    maker, checker = await both(running)
    reference = (await maker.register())["transaction_id"]
    body = {"approval_cancel_type": value}
    assert (await checker.act(reference, "submissions", body))[1]["transaction_status"] == "30"
    again = await checker.act(reference, "submissions", body)
    if value == "approval_cancel":
        assert (again[0], again[1]["transaction_status"]) == (200, "22")
    else:
        assert code_of(again) == (409, "illegal_status")


async def test_an_approval_is_taken_back_up_to_the_cut_off(running):
    maker, checker = await both(running)
    references = [(await maker.register())["transaction_id"] for _ in range(2)]
    for reference in references:
        await checker.act(reference, "submissions")
    cancel = {"approval_cancel_type": "approval_cancel"}
    await running.advance("P4DT10H59M59S")  # 20 November, a moment before 21:00
    maker, checker = await both(running)
    status, answer = await checker.act(references[0], "submissions", cancel)
    assert (status, answer["transaction_status"]) == (200, "22")
    await running.advance("1s")
    late = await checker.act(references[1], "submissions", cancel)
    assert code_of(late) == (409, "illegal_status")


async def test_what_nobody_approves_in_time_expires(running):
    maker, checker = await both(running)
    reference = (await maker.register())["transaction_id"]
    await running.advance("P4DT11H")
    maker, checker = await both(running)
    assert (await maker.detail(reference))["transaction_status_name"] == "期限切れ"
    assert code_of(await checker.act(reference, "submissions")) == (409, "illegal_status")


async def test_warnings_hold_an_approval_up_until_they_are_accepted(running):
    maker, checker = await both(running)
    twice = item(1), item(2, account_number="7000001", transfer_amount=10_001)
    reference = (await maker.register(*twice))["transaction_id"]
    asked = {"warning_check_type": "0100000000"}
    status, answer = await checker.act(reference, "submissions", asked)
    assert (status, answer["result_type"], answer["transaction_status"]) == (200, "warning", "10")
    assert [each["item_id"] for each in answer["transaction_error_data"]] == ["2"]
    for spelling in ("warning_data_aprroval_flag", "warning_data_approval_flag"):
        status, answer = await checker.act(reference, "submissions", {**asked, spelling: True})
        if answer.get("transaction_status") == "30":
            cancel = {"approval_cancel_type": "approval_cancel"}
            await checker.act(reference, "submissions", cancel)
            await maker.register(*twice, body={"temporary_transaction_id": reference})
        assert (status, answer["transaction_status"]) == (200, "30"), spelling


async def test_what_was_approved_is_settled_on_its_day(running):
    maker, checker = await both(running)
    reference = (await maker.register(item(1), item(2)))["transaction_id"]
    await checker.act(reference, "submissions")
    account = "0010110000010"
    _, before, _ = await maker.direct.get(f"/accounts/{account}", maker.token)
    await running.advance("8d")
    maker, _ = await both(running)
    shown = await maker.detail(reference)
    assert shown["transaction_status_name"] == "処理済み"
    items = shown["fixed_request_data"]["transactions"]
    assert [(each["item_status"], each["transfer_fee"]) for each in items] == [("2", 330)] * 2
    _, listed, _ = await maker.direct.get(
        f"/accounts/{account}/transactions", maker.token, date_from="2026-11-24"
    )
    paid = [row for row in listed["transactions"] if row.get("withdrawal_amount") == 20_003]
    fees = [row for row in listed["transactions"] if row.get("withdrawal_amount") == 660]
    assert (len(paid), len(fees)) == (1, 1), listed
    assert before["current_balance"] > 20_663


async def test_who_holds_every_right_alone_does_not_approve_the_own_request(running):
    direct = Direct(running, KOGYO)
    boss = await Orders.of(direct, "kogyo_boss", "web21.upd")
    payer = {"remitting_branch_code": "002", "remitting_account_number": "1000401"}
    answer = await boss.register(remitter_name="ﾐﾎﾝｺｳｷﾞﾖｳ(ｶ", **payer)
    assert answer["transaction_status"] == "11"  # this contractor always wants two
    checker = await Orders.of(direct, "kogyo_boss", APPROVAL)
    refused = await checker.act(answer["transaction_id"], "submissions")
    assert code_of(refused) == (403, "not_designated_approver")
