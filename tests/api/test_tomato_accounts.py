"""Whose accounts are seen, in which state, and by which functions."""

import pytest

from sandbox.domain.account import AccountState
from tests.support import ACCOUNTING, AGGREGATOR, CHALLENGE, MANUAL, REDIRECT_URI, VERIFIER

UNKNOWN_IDS = ["0", "9" * 32, "1" * 33, "x", "%00", "%FF", "é", "..%2F..", "1%20OR%201=1", "-1"]


async def raw(running, path, token):
    async with running.http.get(
        f"{running.base}{path}", headers={"Authorization": f"Bearer {token}"}
    ) as answer:
        return answer.status, await answer.read(), answer.headers


async def both_inquiries(running, account_id, token):
    """Return the answers of balance and statement as (status, bytes)."""
    return [
        (await raw(running, f"/accounts/{account_id}{tail}", token))[:2]
        for tail in ("", "/transactions")
    ]


async def accounting_token(running):
    """Return an access token of the provider that may see balances only, of corporates only."""
    consent = await running.authorize("shoji", client_id=ACCOUNTING, code_challenge=CHALLENGE)
    form = {
        "grant_type": "authorization_code",
        "code": consent["code"],
        "redirect_uri": REDIRECT_URI,
        "code_verifier": VERIFIER,
        "client_id": ACCOUNTING,
        "client_secret": f"{ACCOUNTING}-secret",
    }
    async with running.http.post(f"{running.base}/oauth/token", data=form) as answer:
        assert answer.status == 200, await answer.text()
        return (await answer.json())["access_token"]


@pytest.mark.requirement("T-8")
async def test_unknown_foreign_and_closed_accounts_look_alike_to_the_byte(running):
    token = (await running.log_in("hanako"))["access_token"]
    own, closed = await running.account_ids(token)
    (foreign,) = await running.account_ids((await running.log_in("taro"))["access_token"])
    await running.staff.set_account_state(closed, AccountState.CLOSED)

    answers = [
        answer
        for account_id in (foreign, closed, *UNKNOWN_IDS)
        for answer in await both_inquiries(running, account_id, token)
    ]
    assert {status for status, _ in answers} == {404}
    assert len({body for _, body in answers}) == 1
    assert b'"account_not_found"' in answers[0][1]
    assert {status for status, _ in await both_inquiries(running, own, token)} == {200}


async def test_an_own_account_that_was_not_ticked_is_not_found_either(running):
    everything = (await running.log_in("hanako"))["access_token"]
    ticked, left_out = await running.account_ids(everything)
    token = (await running.log_in("hanako", accounts=[ticked]))["access_token"]
    assert await running.account_ids(token) == [ticked]
    assert {status for status, _ in await both_inquiries(running, left_out, token)} == {404}


async def test_savings_and_time_deposits_are_never_offered(running):
    token = (await running.log_in("hanako"))["access_token"]
    _, body, _ = await running.get("/accounts", token)
    numbers = [account["account_number"] for account in body["accounts"]]
    assert numbers == ["2345678", "2345679"]
    refused = await running.authorize("hanako", accounts=["00000000000000000020423456800001"])
    assert refused["status"] == 422


@pytest.mark.requirement("T-8")
@pytest.mark.parametrize("state", [AccountState.FROZEN, AccountState.RESTRICTED])
async def test_a_restricted_account_is_named_but_not_read_and_opens_again(running, state):
    token = (await running.log_in("taro"))["access_token"]
    (account_id,) = await running.account_ids(token)
    await running.staff.set_account_state(account_id, state)
    for path in ("", "/transactions"):
        status, body, _ = await running.get(f"/accounts/{account_id}{path}", token)
        assert (status, body["error_code"]) == (403, "account_restricted")
    assert await running.account_ids(token) == [account_id]
    await running.staff.set_account_state(account_id, AccountState.OPEN)
    assert {status for status, _ in await both_inquiries(running, account_id, token)} == {200}


async def test_the_frozen_persona_consents_and_is_refused(running):
    token = (await running.log_in("frozen"))["access_token"]
    (account_id,) = await running.account_ids(token)
    assert {status for status, _ in await both_inquiries(running, account_id, token)} == {403}


async def test_a_closed_account_is_gone_from_the_list(running):
    token = (await running.log_in("hanako"))["access_token"]
    kept, closed = await running.account_ids(token)
    await running.staff.set_account_state(closed, AccountState.CLOSED)
    assert await running.account_ids(token) == [kept]


@pytest.mark.requirement("T-5")
async def test_a_provider_without_transactions_is_told_so(running):
    token = await accounting_token(running)
    account_id, *_ = await running.account_ids(token)
    status, _, _ = await running.get(f"/accounts/{account_id}", token)
    assert status == 200
    status, body, _ = await running.get(f"/accounts/{account_id}/transactions", token)
    assert (status, body["error_code"]) == (403, "function_not_available")


@pytest.mark.requirement("T-5")
@pytest.mark.parametrize(
    ("allowed", "balance", "statement"),
    [(("balances",), 200, 403), (("transactions",), 403, 200), ((), 403, 403)],
)
async def test_functions_follow_what_the_bank_allows_the_provider_now(
    running, allowed, balance, statement
):
    token = (await running.log_in("taro"))["access_token"]
    (account_id,) = await running.account_ids(token)
    await running.staff.set_client_functions(AGGREGATOR, allowed)
    found = await both_inquiries(running, account_id, token)
    assert [status for status, _ in found] == [balance, statement]
    await running.staff.set_client_functions(AGGREGATOR, ("balances", "transactions"))
    found = await both_inquiries(running, account_id, token)
    assert [status for status, _ in found] == [200, 200]


@pytest.mark.requirement("O-26")
async def test_a_function_that_was_not_ticked_is_not_granted(running):
    token = (await running.log_in("taro", functions=["balances"]))["access_token"]
    (account_id,) = await running.account_ids(token)
    found = await both_inquiries(running, account_id, token)
    assert [status for status, _ in found] == [200, 403]


async def test_a_function_out_of_reach_says_nothing_about_the_account(running):
    token = (await running.log_in("taro", functions=["balances"]))["access_token"]
    (account_id,) = await running.account_ids(token)
    answers = [
        (await raw(running, f"/accounts/{each}/transactions", token))[:2]
        for each in (account_id, "0")
    ]
    assert answers[0] == answers[1]


async def test_an_own_client_id_beside_the_token_is_fine(running):
    token = (await running.log_in("taro", client_id=MANUAL))["access_token"]
    status, _, _ = await running.get("/accounts", token, X_Client_Id=MANUAL)
    assert status == 200


async def test_a_current_account_shows_its_overdraft_as_withdrawable(running):
    token = (await running.log_in("shoji"))["access_token"]
    _, body, _ = await running.get("/accounts", token)
    by_type = {a["account_type_code"]: a["account_id"] for a in body["accounts"]}
    _, current, _ = await running.get(f"/accounts/{by_type['02']}", token)
    _, ordinary, _ = await running.get(f"/accounts/{by_type['01']}", token)
    assert current["withdrawable_balance"] == current["current_balance"] + 5_000_000
    assert ordinary["withdrawable_balance"] == ordinary["current_balance"]
