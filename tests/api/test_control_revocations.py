"""Ending grants early through the control door: by the bank (W-58) and by the users (W-55)."""

import pytest

from tests.api.test_control_contracts import act, done, sent, slug_of
from tests.direct import LOGI, SHOJI, Direct


@pytest.mark.requirement("W-55")
async def test_a_user_takes_back_the_own_consent_and_nobody_elses(running):
    direct = Direct(running)
    token = (await direct.log_in("shoji_maker"))["access_token"]
    _, found = await sent(running, "GET", "/grants?persona=shoji_maker")
    grant_id = found["grants"][0]["grant_id"]
    for by, expected in (
        ("etsuran01", (403, "act-refused")),
        ("nobody", (404, "unknown-subject")),
    ):
        answer = await act(running, SHOJI, "withdraw_consent", by=by, grant_id=grant_id)
        assert slug_of(answer) == expected
    answer = await act(running, LOGI, "withdraw_consent", by="keiri01", grant_id=grant_id)
    assert slug_of(answer) == (404, "unknown-subject")
    assert await direct.verdict(token) == (200, None)
    await done(running, SHOJI, "withdraw_consent", by="keiri01", grant_id=grant_id)
    assert await direct.verdict(token) == (401, "revoked_by_user")
    answer = await act(running, SHOJI, "withdraw_consent", by="keiri01", grant_id=grant_id)
    assert slug_of(answer) == (404, "unknown-subject")


async def test_an_administrator_takes_back_anybodys_consent(running):
    direct = Direct(running)
    token = (await direct.log_in("shoji_maker"))["access_token"]
    _, found = await sent(running, "GET", "/grants?persona=shoji_maker")
    taking = {"by": "admin01", "grant_id": found["grants"][0]["grant_id"]}
    await done(running, SHOJI, "withdraw_consent", **taking)
    assert await direct.verdict(token) == (401, "revoked_by_user")


@pytest.mark.requirement("W-57", "W-58")
@pytest.mark.parametrize(
    ("target", "ended", "dead"),
    [
        ({"grant_id": "maker"}, 1, {"maker"}),
        ({"token_id": "maker"}, 1, {"maker"}),
        ({"contractor_id": SHOJI, "user_id": "etsuran01"}, 1, {"viewer"}),
        ({"client_id": "10000001"}, 2, {"maker", "viewer"}),
        ({"contractor_id": SHOJI}, 2, {"maker", "viewer"}),
        ({"contractor_id": SHOJI, "client_id": "10000002"}, 0, set()),
        ({"contractor_id": LOGI}, 1, {"logi"}),
        ({"all": True}, 3, {"maker", "viewer", "logi"}),
    ],
)
async def test_the_bank_ends_as_much_as_it_names_and_no_more(running, target, ended, dead):
    direct, other = Direct(running), Direct(running, LOGI)
    tokens = {
        "maker": (direct, (await direct.log_in("shoji_maker"))["access_token"]),
        "viewer": (direct, (await direct.log_in("shoji_viewer"))["access_token"]),
        "logi": (other, (await other.log_in("logi_maker"))["access_token"]),
    }
    _, found = await sent(running, "GET", "/tokens?client_id=10000001")
    of_maker = next(t for t in found["tokens"] if t["persona"] == "shoji_maker")
    named = {"grant_id": of_maker["grant_id"], "token_id": of_maker["id"]}
    target = {name: named[name] if value == "maker" else value for name, value in target.items()}
    assert await sent(running, "POST", "/bank/web21/revoke", **target) == (200, {"ended": ended})
    for name, (web_server, token) in tokens.items():
        expected = (401, "revoked_by_bank") if name in dead else (200, None)
        assert await web_server.verdict(token) == expected, name
    assert await sent(running, "POST", "/bank/web21/revoke", **target) == (200, {"ended": 0})


@pytest.mark.requirement("W-56", "W-58")
async def test_a_reason_is_what_the_caller_reads_and_a_lag_lets_it_live_on(running):
    direct = Direct(running)
    token = (await direct.log_in("shoji_maker"))["access_token"]
    body = {"contractor_id": SHOJI, "reason": "password_changed", "lag": "90s"}
    assert await sent(running, "POST", "/bank/web21/revoke", **body) == (200, {"ended": 1})
    await running.advance("89s")
    assert await direct.verdict(token) == (200, None)
    await running.advance("1s")
    assert await direct.verdict(token) == (401, "password_changed")


async def test_the_banks_revocation_keeps_to_its_own_bank(running):
    taro = (await running.log_in())["access_token"]
    direct = Direct(running)
    token = (await direct.log_in("shoji_maker"))["access_token"]
    assert await sent(running, "POST", "/bank/tomato/revoke", all=True) == (200, {"ended": 1})
    assert (await running.get("/accounts", taro))[0] == 401
    assert await direct.verdict(token) == (200, None)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"token_id": "x"}, (404, "unknown-subject")),
        ({"token_id": "0" * 24}, (404, "unknown-subject")),
        ({"grant_id": "x"}, (404, "unknown-subject")),
        ({"client_id": "sandbox-aggregator"}, (404, "unknown-subject")),
        ({"contractor_id": "persona-taro"}, (404, "unknown-subject")),
        ({"contractor_id": SHOJI, "user_id": "x"}, (404, "unknown-subject")),
        ({"reason": "revoked_by_bank"}, (422, "invalid-request")),
        ({"user_id": "keiri01"}, (422, "invalid-request")),
        ({"all": True, "client_id": "10000001"}, (422, "invalid-request")),
        ({"all": False}, (422, "invalid-request")),
        ({"all": True, "reason": "boredom"}, (422, "invalid-request")),
        ({"all": True, "lag": "soon"}, (422, "invalid-request")),
    ],
)
async def test_what_cannot_be_revoked_is_a_problem(running, body, expected):
    assert slug_of(await sent(running, "POST", "/bank/web21/revoke", **body)) == expected


# What ends grants by itself: no contract, no card


@pytest.mark.requirement("T-2", "T-3")
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("suspend", "contract_ended"),
        ("end", "contract_ended"),
        ("lose_credentials", "card_lost"),
    ],
)
async def test_without_contract_or_card_the_next_call_is_refused(running, name, reason):
    token = (await running.log_in("taro"))["access_token"]
    other = (await running.log_in("hanako"))["access_token"]
    path = "/bank/tomato/contractors/persona-taro"
    assert await sent(running, "POST", path, act=name) == (200, {})
    status, _, headers = await running.get("/accounts", token)
    assert (status, headers["X-Sandbox-Reason"]) == (401, reason)
    assert (await running.get("/accounts", other))[0] == 200


async def test_a_contract_is_taken_up_again(running):
    token = (await running.log_in("taro"))["access_token"]
    path = "/bank/tomato/contractors/persona-taro"
    for name in ("suspend", "resume"):
        assert await sent(running, "POST", path, act=name) == (200, {})
    assert (await running.get("/accounts", token))[0] == 200


@pytest.mark.parametrize(
    ("bank", "contractor", "name", "expected"),
    [
        ("tomato", "nobody", "end", (404, "unknown-subject")),
        ("tomato", "nobody", "lose_credentials", (404, "unknown-subject")),
        ("web21", "persona-taro", "end", (404, "unknown-subject")),
        ("web21", "persona-taro", "lose_credentials", (404, "unknown-subject")),
        ("moon", "persona-taro", "end", (404, "unknown-bank")),
        ("tomato", "persona-taro", "forget", (422, "invalid-request")),
    ],
)
async def test_whom_a_bank_does_not_know_it_does_nothing_to(
    running, bank, contractor, name, expected
):
    path = f"/bank/{bank}/contractors/{contractor}"
    assert slug_of(await sent(running, "POST", path, act=name)) == expected
    token = (await running.log_in("taro"))["access_token"]
    assert (await running.get("/accounts", token))[0] == 200
