"""``web21``: whose data and whose requests they are, and when the bank ends it (W-7…W-9, W-28…)."""

import asyncio

import pytest

from sandbox.domain.account import AccountState
from tests.direct import DENKI, KOGYO, LOGI, MAIN_ACCOUNT, SHOJI, Direct
from tests.ordering import APPROVAL, UPDATE, Orders, code_of, item
from tests.support import bearer

CLASSES = {
    "web21.ref": "shoji_maker",
    "web21.upd": "shoji_maker",
    "web21.ref web21.upd": "shoji_maker",
    "web21.appr": "shoji_checker",
}
LOGI_PAYS = {
    "remitter_code": "0000000001",
    "remitter_name": "ｻﾝﾌﾟﾙﾌﾞﾂﾘﾕｳ(ｶ",
    "remitting_branch_code": "003",
    "remitting_account_number": "1000101",
}


async def revoke(running, **target) -> int:
    url = f"{running.control}/bank/web21/revoke"
    async with running.http.post(url, json=target) as answer:
        assert answer.status == 200, await answer.text()
        return (await answer.json())["ended"]


@pytest.mark.requirement("W-8")
async def test_contractors_send_and_read_side_by_side_without_a_trace_of_each_other(running):
    shoji = await Orders.of(Direct(running))
    logi = await Orders.of(Direct(running, LOGI), "logi_maker")

    async def send(orders: Orders, number: int, **more) -> str:
        answer = await orders.register(item(number, transfer_amount=number), **more)
        return answer["transaction_id"]

    made = await asyncio.gather(
        *(send(shoji, number) for number in range(1, 21)),
        *(send(logi, number, **LOGI_PAYS) for number in range(101, 121)),
    )
    assert len(set(made)) == 40
    for orders, low in ((shoji, 1), (logi, 101)):
        _, listed, _ = await orders.direct.get(f"{orders.path}/list", orders.token)
        amounts = sorted(each["total_payment_amount"] for each in listed["transaction_list_info"])
        assert amounts == list(range(low, low + 20))
    for orders, theirs in ((shoji, made[-1]), (logi, made[0])):
        status, body, _ = await orders.direct.get(f"{orders.path}/{theirs}", orders.token)
        assert (status, body["error_code"]) == (404, "transaction_not_found")
        assert code_of(await orders.act(theirs, "withdrawal")) == (404, "transaction_not_found")


@pytest.mark.requirement("W-9")
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    "path",
    [
        "/bulk_transfers/261116000000001/approve",
        "/bulk_transfers/list/submissions",
        "/payroll_transfers/261116000000001/recall",
        "/transfers/261116000000001/submissions/1",
        "/bonus_transfers",
        "/bulk_transfer",
        "/accounts/0010110000010/fees",
    ],
)
async def test_an_api_that_is_not_documented_is_not_there_even_with_a_token(running, method, path):
    orders = await Orders.of(Direct(running))
    identity = {
        "client_id": orders.direct.client_id,
        "contractor_id": orders.direct.contractor_id,
    }
    async with running.http.request(
        method,
        f"{orders.direct.base}{path}",
        json=identity if method == "POST" else None,
        params=identity if method == "GET" else None,
        headers=bearer(orders.token),
    ) as answer:
        code = (await answer.json())["error_code"]
    # "list" may stand for a transaction id, but it is none.
    expected = {(404, "not_found"), (403, "insufficient_scope"), (405, "method_not_allowed")}
    assert (answer.status, code) in expected
    if "list" not in path:
        assert (answer.status, code) == (404, "not_found")


@pytest.mark.requirement("W-28")
async def test_an_account_that_left_the_base_contract_pays_nothing_any_more(running):
    orders = await Orders.of(Direct(running))
    assert (await orders.register())["transaction_status"] == "10"
    await running.staff.set_account_state(MAIN_ACCOUNT, AccountState.CLOSED)
    _, body, _ = await orders.direct.get("/users", orders.token)
    assert MAIN_ACCOUNT not in [each["account_id"] for each in body["accounts"]]
    assert code_of(await orders.try_register()) == (404, "account_not_found")
    await running.staff.set_account_state(MAIN_ACCOUNT, AccountState.RESTRICTED)
    assert code_of(await orders.try_register()) == (403, "account_restricted")


@pytest.mark.requirement("W-28", "W-33")
async def test_a_childs_account_is_read_and_not_paid_from_without_a_right_of_its_own(running):
    orders = await Orders.of(Direct(running))
    _, body, _ = await orders.direct.get("/accounts", orders.token)
    assert body["count"] == 4
    theirs = body["accounts"][-1]["account_id"]
    _, body, _ = await orders.direct.get("/users", orders.token)
    assert theirs not in [each["account_id"] for each in body["accounts"]]
    assert code_of(await orders.try_register(**LOGI_PAYS)) == (404, "account_not_found")


@pytest.mark.requirement("W-47")
@pytest.mark.parametrize("scope", CLASSES)
async def test_a_grant_that_ended_before_the_exchange_gives_no_tokens(running, scope):
    direct = Direct(running)
    consent = await direct.authorize(CLASSES[scope], scope)
    assert await revoke(running, contractor_id=SHOJI) == 1
    status, body = await direct.exchange(consent["code"])
    assert (status, body["error"]) == (400, "invalid_grant")


@pytest.mark.requirement("W-58")
async def test_the_bank_ends_every_token_of_a_contractor_and_of_no_other(running):
    direct, other = Direct(running), Direct(running, KOGYO)
    tokens = [await direct.log_in(persona, scope) for scope, persona in CLASSES.items()]
    theirs = await other.log_in("kogyo_boss", "web21.upd")
    assert await revoke(running, contractor_id=SHOJI) == len(tokens)
    for each in tokens:
        assert await direct.verdict(each["access_token"]) == (401, "revoked_by_bank")
        assert (await direct.refresh(each["refresh_token"]))[1]["error"] == "invalid_grant"
    assert await other.verdict(theirs["access_token"], "/bulk_transfers/list") == (200, None)


@pytest.mark.requirement("W-58")
async def test_the_bank_ends_the_tokens_of_one_user(running):
    direct = Direct(running)
    maker = await direct.log_in("shoji_maker", UPDATE)
    checker = await direct.log_in("shoji_checker", APPROVAL)
    assert await revoke(running, contractor_id=SHOJI, user_id="buchou01") == 1
    assert await direct.verdict(checker["access_token"]) == (401, "revoked_by_bank")
    assert await direct.verdict(maker["access_token"]) == (200, None)


@pytest.mark.requirement("W-2")
@pytest.mark.parametrize("scope", CLASSES)
async def test_with_another_password_no_class_gets_tokens(running, scope):
    direct = Direct(running)
    consent = await direct.authorize(CLASSES[scope], scope)
    form = {"grant_type": "authorization_code", "code": consent["code"]}
    url = f"{direct.base}/oauth/token"
    for headers in ({}, {"Authorization": "Basic MTAwMDAwMDE6d3Jvbmc="}):
        async with running.http.post(url, data=form, headers=headers) as answer:
            assert (answer.status, (await answer.json())["error"]) == (401, "invalid_client")
    assert (await direct.exchange(consent["code"]))[0] == 200


@pytest.mark.requirement("W-7", "W-26")
@pytest.mark.parametrize(
    ("contractor", "persona", "offered"),
    [
        (SHOJI, "shoji_maker", {"web21.ref", "web21.upd", "web21.appr"}),
        (LOGI, "logi_maker", {"web21.ref", "web21.upd"}),
    ],
)
async def test_what_the_contract_lacks_is_not_offered_whatever_the_rights(
    running, contractor, persona, offered
):
    direct = Direct(running, contractor)
    for scope in ("web21.ref", "web21.upd", "web21.appr"):
        user = "shoji_checker" if (contractor, scope) == (SHOJI, "web21.appr") else persona
        answer = await direct.authorize(user, scope)
        assert (answer["status"] == 200) is (scope in offered), answer
        if scope not in offered:
            assert (await direct.redirected(scope=scope))["error"] == "invalid_scope"


@pytest.mark.requirement("W-40")
async def test_before_password_and_web_server_are_registered_no_class_is_served(running):
    direct = Direct(running, DENKI)
    for scope in CLASSES:
        answer = await direct.authorize("denki_maker", scope)
        assert answer["status"] != 200, scope
