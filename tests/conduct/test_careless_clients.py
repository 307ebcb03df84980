"""Real clients on a real socket: what they do carelessly is found, and what they do well is not."""

import asyncio
import base64
import hashlib
import json

import aiohttp
import pytest

from tests.browsing import browsing
from tests.conduct.careless import declared, found, report, revoke, strike
from tests.direct import Direct
from tests.ordering import APPROVAL, Orders
from tests.support import (
    ACCOUNTING,
    AGGREGATOR,
    REDIRECT_URI,
    answer_of,
    bearer,
    run_sandbox,
)

LOST = {"match": {"bank": "web21", "operation": "register_bulk_transfer"}, "times": 1}
STATE = "s" * 22


@pytest.fixture
async def token(running):
    return (await running.log_in("taro"))["access_token"]


async def attempt(orders, **headers):
    """Register a request; None where the connection broke."""
    try:
        return await orders.try_register(headers=headers)
    except aiohttp.ClientError:
        return None


@pytest.fixture
async def orders(running):
    return await Orders.of(Direct(running))


async def test_an_empty_journal_is_clean(running):
    told = await report(running)
    assert (told["calls"], told["errors"], told["warnings"], told["findings"]) == (0, 0, 0, [])
    assert [each["id"] for each in told["checks"]] == [f"C-{n}" for n in range(1, 26)]


async def test_a_careful_provider_is_found_nothing(running):
    async with browsing(running) as browser:
        verifier = "v" * 43
        digest = hashlib.sha256(verifier.encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        back = answer_of(
            await browser.consent(
                state=STATE, code_challenge=challenge, code_challenge_method="S256"
            )
        )
    status, tokens, _ = await running.exchange(back["code"], code_verifier=verifier)
    assert status == 200, tokens
    (account_id,) = await running.account_ids(tokens["access_token"])
    assert (await running.get(f"/accounts/{account_id}", tokens["access_token"]))[0] == 200
    status, tokens, _ = await running.refresh(tokens["refresh_token"])
    assert status == 200
    assert (await running.get("/accounts", tokens["access_token"]))[0] == 200
    assert await found(running) == {}


async def test_a_retry_before_retry_after_is_found(running, token):
    rule = {"match": {"operation": "list_accounts"}, "times": 1}
    await strike(running, "status", rule, status=503, retry_after_s=60)
    for _ in range(2):
        await running.get("/accounts", token)
    assert [call["status"] for call in (await found(running))["C-5"]["calls"]] == [503, 200]
    await running.advance("60s")


async def test_a_retry_after_that_time_is_not(running, token):
    rule = {"match": {"operation": "list_accounts"}, "times": 1}
    await strike(running, "status", rule, status=429, retry_after_s=60)
    await running.get("/accounts", token)
    await running.advance("60s")
    await running.get("/accounts", token)
    assert "C-5" not in await found(running)


async def test_a_rate_limit_s_date_is_waited_for_too(running, token):
    await strike(running, "rate_limit", {"times": 1}, limit=0, retry_after="date", window_ms=60_000)
    for _ in range(2):
        await running.get("/accounts", token)
    assert "GMT" in (await found(running))["C-5"]["what"]["en"]


async def test_a_refresh_storm_is_found(running):
    tokens = await running.log_in("taro")
    for _ in range(4):
        _, tokens, _ = await running.refresh(tokens["refresh_token"])
    told = await found(running)
    assert told["C-6"]["count"] == 4
    assert "C-7" not in told


async def test_a_rotated_token_used_again_is_found(running):
    tokens = await running.log_in("taro")
    for _ in range(2):
        await running.refresh(tokens["refresh_token"])
    told = await found(running)
    assert [call["status"] for call in told["C-7"]["calls"]] == [200, 400]


async def test_two_workers_that_refresh_at_once_are_found(running):
    refresh_token = (await running.log_in("taro"))["refresh_token"]
    rule = {"match": {"operation": "token"}}
    await strike(running, "fixed_delay", rule, delay_ms=200)
    await asyncio.gather(*(running.refresh(refresh_token) for _ in range(2)))
    assert "under way at once" in (await found(running))["C-7"]["what"]["en"]


async def test_calls_after_a_revocation_was_told_are_found(running, token):
    await revoke(running)
    for _ in range(5):
        await running.get("/accounts", token)
    told = await found(running)
    assert (told["C-8"]["count"], told["C-20"]["count"]) == (5, 5)
    assert told["C-8"]["calls"][0]["reason"] == "revoked_by_bank"


async def test_a_client_that_stops_at_the_first_401_is_right(running, token):
    await revoke(running)
    await running.get("/accounts", token)
    fresh = (await running.log_in("taro"))["access_token"]
    await running.get("/accounts", fresh)
    told = await found(running)
    assert not {"C-8", "C-20"} & told.keys()


async def test_a_lapsed_token_is_no_revoked_one(running, token):
    await running.advance("2h")
    for _ in range(2):
        await running.get("/accounts", token)
    assert "C-8" not in await found(running)


@pytest.mark.parametrize("how", ["empty_close", "reset", "truncated_body", "gateway_timeout"])
async def test_the_same_order_twice_after_a_lost_answer_is_found(running, orders, how):
    await strike(running, "lost_answer", LOST, how=how)
    await attempt(orders)
    assert (await attempt(orders))[0] == 200
    told = await found(running)
    assert [call["method"] for call in told["C-2"]["calls"]] == ["POST", "POST"]
    assert told["C-2"]["calls"][0]["effect"] == "lost_answer"


async def test_the_same_order_twice_is_two_transfers_where_one_was_wanted(running, orders):
    await strike(running, "lost_answer", LOST)
    for _ in range(2):
        await attempt(orders)
    ids = {each["id"] for each in (await declared(running, transfers=1))["findings"]}
    assert {"C-2", "C-3"} <= ids
    assert "C-3" not in {each["id"] for each in (await declared(running, transfers=2))["findings"]}


async def test_with_the_same_key_it_is_one(running, orders):
    await strike(running, "lost_answer", LOST)
    for _ in range(2):
        await attempt(orders, Idempotency_Key="k1")
    ids = {each["id"] for each in (await declared(running, transfers=1))["findings"]}
    assert not {"C-2", "C-3", "C-4"} & ids


async def test_with_a_fresh_key_it_is_two(running, orders):
    await strike(running, "lost_answer", LOST)
    for key in ("k1", "k2"):
        await attempt(orders, Idempotency_Key=key)
    assert "fresh" in (await found(running))["C-4"]["what"]["en"]


async def test_who_asks_first_is_right(running, orders):
    await strike(running, "lost_answer", LOST)
    await attempt(orders)
    await orders.direct.get(f"{orders.path}/list", orders.token)
    await attempt(orders)
    assert "C-2" not in await found(running)


async def test_a_key_for_other_contents_is_found(running, orders):
    for number in (1, 2):
        await orders.try_register(headers={"Idempotency_Key": "k1"}, transaction_notes=f"n{number}")
    assert "different requests" in (await found(running))["C-4"]["what"]["en"]


@pytest.mark.requirement("W-41")
@pytest.mark.parametrize("query", ["access_token={}", "auth={}", "x=1&client_secret=abc"])
async def test_a_secret_in_the_query_is_found(running, token, query):
    await running.get(f"/accounts?{query.format(token)}")
    assert (await found(running))["C-11"]["calls"][0]["path"].endswith("***")


@pytest.mark.requirement("W-41")
async def test_a_token_in_the_path_or_the_referer_is_found(running, token):
    await running.get(f"/accounts/{token}", token)
    await running.get("/accounts", token, Referer=f"https://app.example/cb?code={token}")
    told = (await report(running))["findings"]
    what = [each["what"]["en"] for each in told if each["id"] == "C-11"]
    assert ["the path" in what[0], "the Referer header" in what[1]] == [True, True]
    assert token not in json.dumps(told)


@pytest.mark.requirement("W-41")
async def test_a_hex_token_in_the_query_is_told_from_a_trace_id(running):
    direct = Direct(running)
    token = (await direct.log_in("shoji_maker"))["access_token"]
    await direct.get("/accounts", token, trace="0af7651916cd43dd8448eb211c80319c")
    assert "C-11" not in await found(running)
    await direct.get("/accounts", token, session=token)
    assert (await found(running))["C-11"]["count"] == 1


@pytest.mark.requirement("W-14")
async def test_an_approval_token_elsewhere_is_found(running):
    direct = Direct(running)
    token = (await direct.log_in("shoji_checker", APPROVAL))["access_token"]
    assert (await direct.verdict(token)) == (403, "insufficient_scope")
    told = await found(running)
    assert told["C-21"]["calls"][0]["error_code"] == "insufficient_scope"


@pytest.mark.requirement("W-14")
async def test_an_approval_token_at_an_approval_is_not(running, orders):
    reference = (await orders.register())["transaction_id"]
    checker = await Orders.of(orders.direct, "shoji_checker", APPROVAL)
    status, *_ = await checker.send(f"{orders.path}/{reference}/submissions", {"use_media": "1"})
    assert status == 200
    assert "C-21" not in await found(running)


@pytest.mark.requirement("W-31")
async def test_a_scope_that_is_never_used_is_found(running, orders):
    await orders.direct.get("/accounts", orders.token)
    assert "web21.upd" in (await found(running))["C-9"]["what"]["en"]
    await orders.register()
    assert "C-9" not in await found(running)


async def test_a_careless_browser_flow_is_found(running):
    """No PKCE, a short state, no check of it, another redirect URI."""
    rule = {"match": {"client_id": AGGREGATOR}}
    await strike(running, "authorize", rule, answer="state_changed")
    async with browsing(running) as browser:
        back = answer_of(await browser.consent(state="tab-1"))
    assert back["state"] == "tab-1-changed"
    await running.exchange(back["code"], redirect_uri="http://localhost:8000/other")
    told = await found(running)
    assert {"C-12", "C-13", "C-14", "C-15"} <= told.keys()
    assert (told["C-12"]["level"], told["C-14"]["level"]) == ("E", "W")
    assert REDIRECT_URI in told["C-15"]["what"]["en"]


async def test_missing_pkce_fails_where_the_bank_wants_it(running):
    async with browsing(running) as browser:
        await browser.begin(client_id=ACCOUNTING)
    assert (await found(running))["C-14"]["level"] == "E"


async def test_a_state_used_again_after_its_callback_is_found(running):
    async with browsing(running) as browser:
        back = answer_of(await browser.consent(state=STATE))
        await running.exchange(back["code"])
        assert "C-13" not in await found(running)
        await browser.begin(state=STATE)
    assert "another authorization request" in (await found(running))["C-13"]["what"]["en"]


async def test_a_page_that_nobody_asks_for_is_found(running, token):
    rule = {"match": {"operation": "list_transactions"}, "times": 1}
    await strike(running, "lost_cursor", rule, page=1)
    (account_id,) = await running.account_ids(token)
    _, body, _ = await running.get(f"/accounts/{account_id}/transactions", token)
    assert body["has_next"] is True
    assert "C-16" in await found(running)
    await running.get(f"/accounts/{account_id}/transactions?date_from=2026-11-10", token)
    assert "C-16" not in await found(running)


async def test_a_number_for_a_code_is_found(running, orders):
    await orders.try_register(remitting_bank_code=9)
    assert "remitting_bank_code" in (await found(running))["C-22"]["what"]["en"]


async def test_calls_outside_the_hours_are_found(tmp_path, template):
    hours = {"tomato_hours": "closed"}
    async with run_sandbox(tmp_path, template=template, **hours) as running:
        await running.get("/accounts", "made-up")
        assert "C-10" in await found(running)


async def test_the_books_decide_over_an_app_s_total(running, token):
    (account_id,) = await running.account_ids(token)
    period = {"date_from": "2026-10-20", "date_to": "2026-11-15"}
    query = "&".join(f"{name}={day}" for name, day in period.items())
    _, body, _ = await running.get(f"/accounts/{account_id}/transactions?{query}", token)
    signs = {"1": 1, "2": -1}
    rows = [row for row in body["transactions"] if "amount" in row]
    net = sum(signs[row["transaction_type"]] * row["amount"] for row in rows)
    assert rows
    for said, is_right in ((net, True), (net + 1, False), (-net, False)):
        total = {"account_id": account_id, "net_yen": said, **period}
        told = await declared(running, totals=[total])
        assert ("C-23" in {each["id"] for each in told["findings"]}) is not is_right


async def test_an_accepted_transfer_is_not_paid(running, orders):
    reference = (await orders.register())["transaction_id"]
    told = await declared(running, shown_as_paid=[reference])
    (finding,) = (each for each in told["findings"] if each["id"] == "C-18")
    assert reference in finding["what"]["ja"]


async def test_no_secret_is_in_any_report(running, token):
    await running.get(f"/accounts?access_token={token}")
    await running.http.get(f"{running.base}/accounts/{token}", headers=bearer(token))
    for format in ("json", "junit", "html"):
        address = f"{running.control}/conduct"
        async with running.http.get(address, params={"format": format}) as answer:
            text = await answer.text()
        assert "C-11" in text
        assert token not in text


@pytest.mark.parametrize(
    ("announce", "is_known"),
    [
        ({"announce": {}}, True),
        ({"announce": {"at": "2026-11-18T02:30"}}, True),
        ({"announce": {"at": "2026-11-18T03:30"}}, False),
        ({}, False),
    ],
    ids=str,
)
async def test_calls_during_a_maintenance_are_found_where_it_was_announced(
    running, token, announce, is_known
):
    stop = {"bank": "tomato", "from": "2026-11-18T02:00", "until": "2026-11-18T04:00", **announce}
    async with running.http.post(f"{running.control}/maintenance", json=stop) as answer:
        assert answer.status == 200, await answer.text()
    await running.advance("41h")
    assert (await running.get("/accounts", token))[0] == 503
    assert ("C-10" in await found(running)) is is_known


async def test_a_closed_bank_s_callers_are_told_apart_by_their_tokens(running, token):
    stop = {"bank": "tomato", "for": "1h", "announce": {}}
    async with running.http.post(f"{running.control}/maintenance", json=stop) as answer:
        assert answer.status == 200, await answer.text()
    await running.get("/accounts", token)
    for client_id, calls in ((AGGREGATOR, 2), (ACCOUNTING, 0)):
        told = await report(running, client_id=client_id)
        assert told["calls"] == calls
        assert ("C-10" in {each["id"] for each in told["findings"]}) is (calls > 0)


async def test_an_outage_that_nobody_knew_of_is_nobody_s_fault(running, token):
    stop = {"bank": "tomato", "kind": "outage"}
    async with running.http.post(f"{running.control}/maintenance", json=stop) as answer:
        assert answer.status == 200, await answer.text()
    assert (await running.get("/accounts", token))[0] == 503
    assert "C-10" not in await found(running)


async def test_a_grant_per_retry_is_found(running):
    direct = Direct(running)
    for _ in range(3):
        await direct.log_in("shoji_maker")
    assert "C-25" not in await found(running)
    await direct.log_in("shoji_maker")
    told = (await found(running))["C-25"]
    assert ("shoji_maker" in told["what"]["en"], "4件" in told["what"]["ja"]) == (True, True)
    await revoke(running)
    assert "C-25" not in await found(running)


async def test_a_new_consent_supersedes_where_the_bank_keeps_one_grant(running):
    for _ in range(5):
        await running.log_in("taro")
    assert "C-25" not in await found(running)
