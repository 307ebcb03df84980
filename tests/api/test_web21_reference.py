"""``web21``: accounts, balances, rows, and what transfers start from."""

from itertools import pairwise

import pytest

from sandbox.domain.account import AccountState
from tests.direct import KOGYO, LOGI, MAIN_ACCOUNT, SHOJI, Direct
from tests.support import run_sandbox

CURRENT, TIME_DEPOSIT, THEIRS = "0010210000020", "0010510000040", "0020110004010"


@pytest.fixture
def direct(running):
    return Direct(running)


@pytest.fixture
async def token(direct):
    return (await direct.log_in("shoji_maker"))["access_token"]


async def rows(direct, token, **query):
    status, body, _ = await direct.get(f"/accounts/{MAIN_ACCOUNT}/transactions", token, **query)
    assert status == 200, body
    return body


@pytest.mark.requirement("W-28")
async def test_accounts_follow_the_base_contract(running, direct, token):
    _, body, _ = await direct.get("/accounts", token)
    ids = [account["account_id"] for account in body["accounts"]]
    assert ids[:3] == [MAIN_ACCOUNT, CURRENT, "0020110000030"]
    assert all(len(account_id) == 13 for account_id in ids)
    assert [account["account_type"] for account in body["accounts"][:2]] == ["普通", "当座"]
    assert (body["base_date"], body["base_time"]) == ("2026-11-16", "10:00:00+09:00")
    await running.staff.set_account_state(CURRENT, AccountState.CLOSED)
    _, body, _ = await direct.get("/accounts", token)
    assert CURRENT not in [account["account_id"] for account in body["accounts"]]


@pytest.mark.requirement("W-10")
async def test_a_balance_is_what_the_books_hold(running, direct, token):
    _, body, _ = await direct.get(f"/accounts/{CURRENT}", token)
    url = f"{running.control}/accounts?bank=web21&persona=shoji_maker"
    async with running.http.get(url) as answer:
        held = {each["account_id"]: each for each in (await answer.json())["accounts"]}
    booked = held[CURRENT]
    assert body["current_balance"] == booked["balance_yen"]
    assert body["overdraft_limit"] == 5_000_000
    assert body["withdrawable_balance"] == booked["balance_yen"] + 5_000_000
    assert body["previous_day_balance"] == booked["previous_day_yen"]
    assert body["previous_month_balance"] == booked["previous_month_yen"]
    assert body["account_branch_number"] == "0011000002"
    assert body["balance_fixed_inquiry_date"] == "2026-11-16T10:00:00+09:00"


@pytest.mark.parametrize("account_id", [TIME_DEPOSIT, THEIRS, "0019999999990", "x", "%00"])
async def test_an_account_that_is_none_of_the_contracts_is_not_found(direct, token, account_id):
    for tail in ("", "/transactions"):
        verdict = await direct.verdict(token, f"/accounts/{account_id}{tail}")
        assert verdict == (404, "account_not_found")


async def test_a_frozen_account_is_named_and_not_read(running, direct, token):
    await running.staff.set_account_state(MAIN_ACCOUNT, AccountState.FROZEN)
    _, body, _ = await direct.get("/accounts", token)
    assert MAIN_ACCOUNT in [account["account_id"] for account in body["accounts"]]
    assert await direct.verdict(token, f"/accounts/{MAIN_ACCOUNT}") == (403, "account_restricted")


async def test_a_statement_adds_up_row_by_row(direct, token):
    body = await rows(direct, token, date_from="2026-09-01", date_to="2026-10-31")
    found = body["transactions"]
    assert body["count"] == len(found) > 50
    assert [row["item_number"] for row in found] == [f"{n:03d}" for n in range(1, len(found) + 1)]
    for before, row in pairwise(found):
        change = row.get("deposit_amount", 0) - row.get("withdrawal_amount", 0)
        assert row["balance"] == before["balance"] + change
        assert before["transaction_date"] <= row["transaction_date"]


@pytest.mark.requirement("W-64")
async def test_rows_whose_value_date_is_another_day_are_there(direct, token):
    body = await rows(direct, token, date_from="2026-10-01", date_to="2026-10-31")
    found = body["transactions"]
    other = [row for row in found if row["value_date"] != row["transaction_date"]]
    assert {row["transaction_type"] for row in other} == {"訂正入金", "他店券入金"}
    (check,) = [row for row in other if row["transaction_type"] == "他店券入金"]
    assert check["check_type"] == "小切手"
    assert check["checks_issued_by_other_banks_deposit_amount"] == check["deposit_amount"]


@pytest.mark.parametrize(
    ("query", "first", "last"),
    [
        ({}, "2026-11-01", "2026-11-16"),
        ({"date_from": "2026-11-10"}, "2026-11-10", "2026-11-16"),
        ({"date_to": "2026-10-31"}, "2025-11-01", "2026-10-31"),
        ({"date_from": "2025/11/01", "date_to": "2025/11/30"}, "2025-11-01", "2025-11-30"),
        ({"date_from": "", "date_to": ""}, "2026-11-01", "2026-11-16"),
        ({"date_from": "2026-11-16", "date_to": "2026-12-31"}, "2026-11-16", "2026-12-31"),
    ],
)
async def test_the_period_is_what_was_asked_or_the_default(direct, token, query, first, last):
    body = await rows(direct, token, **query)
    assert (body["date_from"], body["date_to"]) == (first, last)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"date_from": "2026-11-02", "date_to": "2026-11-01"}, "invalid_period"),
        ({"date_from": "2026-11-17"}, "invalid_period"),
        ({"date_from": "2025-10-31"}, "period_out_of_range"),
        ({"date_to": "2025-10-31"}, "period_out_of_range"),
        ({"date_from": "2026-02-30"}, "invalid_parameter"),
        ({"date_from": "0000-01-01"}, "invalid_parameter"),
        ({"date_from": "20261101"}, "invalid_parameter"),
        ({"date_from": "2026-11-1"}, "invalid_parameter"),
        ({"date_from": "2026-11/01"}, "invalid_parameter"),
    ],
)
async def test_a_period_that_cannot_be_is_refused(direct, token, query, code):
    path = f"/accounts/{MAIN_ACCOUNT}/transactions"
    status, body, _ = await direct.get(path, token, **query)
    assert (status, body["error_code"]) == (400, code)


@pytest.mark.parametrize(
    ("contractor", "persona", "account", "oldest", "too_old"),
    [
        (SHOJI, "shoji_maker", MAIN_ACCOUNT, "2025-11-01", "2025-10-31"),
        (LOGI, "logi_maker", "0030110001010", "2026-05-01", "2026-04-30"),
        (KOGYO, "kogyo_boss", THEIRS, "2026-10-01", "2026-09-30"),
    ],
)
async def test_the_plan_says_how_far_back_a_contractor_sees(
    running, contractor, persona, account, oldest, too_old
):
    direct = Direct(running, contractor)
    token = (await direct.log_in(persona))["access_token"]
    path = f"/accounts/{account}/transactions"
    status, body, _ = await direct.get(path, token, date_from=oldest)
    assert (status, body["date_from"]) == (200, oldest)
    status, body, _ = await direct.get(path, token, date_from=too_old)
    assert (status, body["error_code"]) == (400, "period_out_of_range")


async def test_more_rows_than_the_bank_answers_at_once_are_refused(tmp_path, template):
    async with run_sandbox(tmp_path, template=template, web21_most_items="20") as running:
        direct = Direct(running)
        token = (await direct.log_in("shoji_maker"))["access_token"]
        path = f"/accounts/{MAIN_ACCOUNT}/transactions"
        assert (await direct.get(path, token))[0] == 200  # exactly twenty
        status, body, _ = await direct.get(path, token, date_from="2026-10-30")
        assert (status, body["error_code"]) == (400, "too_many_items")


@pytest.mark.parametrize("target", ["10", "20", "30"])
async def test_the_corporation_says_how_transfers_are_approved(direct, token, target):
    status, body, _ = await direct.get("/corporations", token, target_service=target)
    assert status == 200
    assert body == {
        "target_service": target,
        "approval_pattern_type": "single_approval",
        "approval_pattern_decided_amount": 10_000_000,
        "approver_info": [
            {
                "user_code": "Z101",
                "user_name": "見本 花子",
                "credit_upper_limit_per_transaction": 50_000_000,
                "credit_upper_limit_per_item": 10_000_000,
            },
            {"user_code": "Z102", "user_name": "架空 次郎"},
        ],
        "fee_of_beneficiary_type": "0",
        "beneficiary_name_input_enabled": True,
    }


async def test_an_unknown_target_service_is_refused(direct, token):
    status, body, _ = await direct.get("/corporations", token, target_service="99")
    assert (status, body["error_code"]) == (400, "invalid_parameter")
    assert set(body["error_details"][0]) == {"field", "code", "message"}


async def test_where_nobody_may_approve_no_approver_is_named(running):
    direct = Direct(running, LOGI)  # its contract lacks the service
    token = (await direct.log_in("logi_maker", "web21.upd"))["access_token"]
    _, body, _ = await direct.get("/corporations", token)
    assert body["approver_info"] == []


async def test_the_user_sees_the_accounts_that_pay_and_their_remitters(direct, token):
    _, body, _ = await direct.get("/users", token)
    first = body["accounts"][0]
    assert first == {
        "account_id": MAIN_ACCOUNT,
        "account": "本店 普通 1000001",
        "branch_name_kanji": "本店",
        "account_type": "01",
        "account_number": "1000001",
        "remitter_info": [
            {
                "remitter_code": "0000000001",
                "remitter_name_info": [{"remitter_name": "ｻﾝﾌﾟﾙｼﾖｳｼﾞ(ｶ"}],
            }
        ],
    }
    assert len(body["accounts"]) == 3  # none of the child's


async def test_the_rate_limit_is_the_banks_own(tmp_path, template):
    async with run_sandbox(tmp_path, template=template, web21_rate_limit_per_minute="2") as running:
        direct = Direct(running)
        token = (await direct.log_in("shoji_maker"))["access_token"]
        for _ in range(2):
            assert await direct.verdict(token) == (200, None)
        status, body, headers = await direct.get("/accounts", token)
        assert (status, body["error_code"]) == (429, "too_many_requests")
        assert int(headers["Retry-After"]) > 0


@pytest.mark.requirement("W-16")
async def test_outside_the_hours_every_call_is_refused(tmp_path, template):
    async with run_sandbox(tmp_path, template=template, web21_hours="regional") as running:
        direct = Direct(running)
        token = (await direct.log_in("shoji_maker"))["access_token"]
        await running.advance("13h56m")  # to 23:56
        status, body, headers = await direct.get("/accounts", token)
        assert (status, body["error_code"]) == (503, "outside_service_hours")
        assert int(headers["Retry-After"]) > 0
