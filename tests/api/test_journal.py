"""The journal: one complete entry for each call at the bank door, and what becomes of them."""

import asyncio
import sqlite3
from contextlib import closing

import pytest

from sandbox.services.journal import PAUSE_SECONDS
from tests.browsing import browsing, send_bytes
from tests.journals import address, empty, entries, page
from tests.support import (
    AGGREGATOR,
    BASE,
    CHALLENGE,
    MANUAL,
    NOW,
    VERIFIER,
    answer_of,
    basic,
    bearer,
    run_sandbox,
)


async def told(running, **query):
    """Return (operation, status, error code or reason) of each entry."""
    return [
        (e.get("operation"), e["status"], e.get("reason") or e.get("error_code"))
        for e in await entries(running, **query)
    ]


@pytest.mark.requirement("T-14")
async def test_one_call_leaves_one_complete_row(running):
    token = (await running.log_in("taro"))["access_token"]
    (account_id,) = await running.account_ids(token)
    await empty(running)
    path = f"/accounts/{account_id}/transactions?date_from=2026-11-10"
    status, body, _ = await running.get(path, token, User_Agent="app/1.0")
    assert status == 200

    (entry,) = await entries(running)
    (grant,) = await running.sandbox.world.database.fetch("SELECT grant_id FROM access_grant")
    assert entry.pop("real_at").endswith("+09:00")
    assert entry.pop("latency_us") > 0
    assert entry.pop("id") > 0
    traits = entry.pop("traits")
    assert (sorted(traits), traits["scope"]) == (["scope", "token"], "accounts")
    shown = entry.pop("response_body")
    size = entry.pop("response_bytes")
    assert shown.startswith(f'{{"account_id":"{account_id}"')
    assert len(shown.encode()) == min(size, 4096)
    assert entry == {
        "at": NOW,
        "bank": "tomato",
        "operation": "list_transactions",
        "method": "GET",
        "path": BASE + path,
        "remote": "127.0.0.1",
        "user_agent": "app/1.0",
        "client_id": AGGREGATOR,
        "contractor_id": "persona-taro",
        "persona": "taro",
        "user": "card:001:1234567",
        "grant_id": grant[0],
        "status": 200,
        "response_type": "application/json; charset=utf-8",
    }
    assert body["account_id"] == account_id


@pytest.mark.requirement("T-14")
async def test_a_whole_flow_is_told_step_by_step(running):
    async with browsing(running) as browser:
        await browser.open(code_challenge=CHALLENGE, code_challenge_method="S256")
        await browser.sign_in("taro", pin="9999")
        await browser.sign_in("taro")
        page = await browser.press("allow", ticks=False)
        page = await browser.press("allow")
        code = answer_of(page.location)["code"]
        await browser.open()
        await browser.press("deny")
        await browser.begin(scope="everything")
        await browser.begin(client_id="nobody")
    _, tokens, _ = await running.exchange(code, code_verifier=VERIFIER)
    await running.exchange(code, code_verifier=VERIFIER)
    await running.refresh(tokens["refresh_token"])
    await running.token(grant_type="x", client="nobody")
    assert [step for step in await told(running) if step[0] != "sign_in_page"] == [
        ("authorize", 302, None),
        ("sign_in", 403, "wrong"),
        ("sign_in", 303, None),
        ("consent_page", 200, None),
        ("consent", 400, "no_functions"),
        ("consent", 303, None),
        ("authorize", 302, None),
        ("deny", 303, "access_denied"),
        ("authorize", 302, "invalid_scope"),
        ("authorize", 400, "unknown_client"),
        ("token", 200, None),
        ("token", 400, "code_replayed"),
        ("token", 400, "code_replayed"),
        ("token", 401, "invalid_client"),
    ]
    consented = next(e for e in await entries(running, operation="consent", status=303))
    found = await entries(running, grant_id=consented["grant_id"])
    assert [each["operation"] for each in found] == ["consent", "token", "token", "token"]
    signed_in = await entries(running, operation="sign_in")
    assert {each["user"] for each in signed_in} == {"card:001:1234567"}
    (stranger,) = await entries(running, error_code="invalid_client")
    assert stranger["client_id"] == "nobody"


@pytest.mark.requirement("T-15")
async def test_what_was_done_with_a_stolen_token_stays_on_record(running):
    token = (await running.log_in("taro"))["access_token"]
    await empty(running)
    for _ in range(3):
        await running.get("/accounts", token)
    before = await entries(running)
    (grant,) = {entry["grant_id"] for entry in before}
    async with running.http.post(f"{running.control}/grants/{grant}/revoke", json={}) as answer:
        assert answer.status == 200
    assert (await running.get("/accounts", token))[0] == 401
    after = await entries(running)
    assert after[:3] == before
    assert [(e["operation"], e["status"], e.get("reason"), e["grant_id"]) for e in after] == [
        *[("list_accounts", 200, None, grant)] * 3,
        ("act.revoke", 200, None, grant),
        ("list_accounts", 401, "revoked_by_bank", grant),
    ]


@pytest.mark.requirement("T-40")
@pytest.mark.parametrize("strict_realism", ["0", "1"])
async def test_a_token_in_foreign_hands_is_journalled_as_such(tmp_path, template, strict_realism):
    settings = {"tomato_strict_realism": strict_realism}
    async with run_sandbox(tmp_path, template=template, **settings) as running:
        token = (await running.log_in("taro"))["access_token"]
        await empty(running)
        status, _, headers = await running.get("/accounts", token, X_Client_Id=MANUAL)
        assert status == 401
        assert ("X-Sandbox-Reason" in headers) == (strict_realism == "0")
        (entry,) = await entries(running)
    assert (entry["status"], entry["error_code"]) == (401, "invalid_token")
    assert entry["reason"] == "foreign_token"
    assert (entry["client_id"], entry["presented_by"]) == (AGGREGATOR, MANUAL)
    assert entry["persona"] == "taro"


async def test_what_no_api_answers_is_on_record_too(running):
    headers = basic(AGGREGATOR)
    async with running.http.delete(f"{running.base}/oauth/token", headers=headers) as answer:
        assert answer.status == 405
    await running.get("/nothing")
    await running.get("/accounts")
    url = f"{running.url}/.well-known/oauth-authorization-server/tomato"
    async with running.http.get(url) as answer:
        assert answer.status == 200
    async with running.http.get(f"{running.url}/tomato/openapi.json") as answer:
        assert answer.status == 200
    assert await told(running) == [
        (None, 405, "method_not_allowed"),
        (None, 404, "not_found"),
        ("list_accounts", 401, "no_token"),
        ("metadata", 200, None),
        ("openapi", 200, None),
    ]


async def test_a_defect_is_on_record_as_500(running, monkeypatch):
    token = (await running.log_in("taro"))["access_token"]
    await empty(running)

    async def fail(*_args):
        raise RuntimeError("planted")

    monkeypatch.setattr(type(running.bank.accounts), "list_accounts", fail, raising=False)
    monkeypatch.setattr(type(running.bank.access), "check", fail)
    assert (await running.get("/accounts", token))[0] == 500
    (entry,) = await entries(running)
    assert (entry["status"], entry["error_code"]) == (500, "internal_error")


async def test_bytes_that_are_no_text_do_no_harm_to_the_journal(running):
    for path in (b"/tomato/%ff%00?x=%ff", b"/tomato/\xff?x=\xe3", b"/tomato/a%20b"):
        head = b"GET " + path + b" HTTP/1.1\r\nHost: a\r\nUser-Agent: \xff\x80\r\n\r\n"
        await send_bytes(running.url, head)
    found = await entries(running)
    assert 1 <= len(found) <= 3
    assert {each["status"] for each in found} <= {400, 404}


async def test_calls_that_find_no_world_are_in_no_journal(running):
    async with running.http.get(f"{running.url}/w/nowhere{BASE}/accounts") as answer:
        assert answer.status == 404
    async with running.http.get(f"{running.url}/healthz") as answer:
        assert answer.status == 200
    assert await entries(running) == []


@pytest.mark.requirement("T-14")
async def test_the_rows_of_a_world_appear_in_no_other(running):
    root = f"{running.sandbox.control_url}/api/v1/worlds"
    for name in ("one", "two"):
        async with running.http.post(root, json={"name": name}) as answer:
            assert answer.status == 200
    body = {"bank": "tomato", "client_id": AGGREGATOR, "persona": "taro", "scope": "accounts"}
    async with running.http.post(f"{root}/one/tokens", json=body) as answer:
        token = (await answer.json())["access_token"]
    for path in ("/accounts", "/nothing", "/accounts?access_token=x"):
        await running.get(path, token)  # no word of the world but in the token
    async with running.http.get(f"{running.url}/w/two{BASE}/accounts", headers=bearer(token)) as no:
        assert no.status == 401
    seen = [[e["status"] for e in await entries(running, w)] for w in ("default", "one", "two")]
    assert seen == [[], [200, 404, 400], [401]]


async def test_the_journal_empties_no_read_cache(running):
    token = (await running.log_in("taro"))["access_token"]
    await running.get("/accounts", token)
    database = running.sandbox.world.database
    commits = database.commits
    for _ in range(5):
        await running.get("/accounts", token)
        assert await entries(running, last=1)
    assert database.commits == commits


async def test_entries_reach_the_file_by_themselves(running):
    await running.get("/accounts")
    await asyncio.sleep(4 * PAUSE_SECONDS)
    with closing(sqlite3.connect(running.sandbox.directory / "default.db")) as file:
        rows = file.execute("SELECT * FROM journal_entry").fetchall()
        columns = [each[1] for each in file.execute("PRAGMA table_info(journal_entry)")]
    (row,) = rows
    shown = dict(zip(columns, row, strict=True))
    (entry,) = await entries(running)
    assert set(entry) - {"persona"} <= set(columns)
    for name in ("id", "bank", "operation", "method", "path", "status", "error_code", "remote"):
        assert shown[name] == entry.get(name)
    assert (shown["response_body"], shown["response_bytes"]) == (
        entry["response_body"],
        entry["response_bytes"],
    )


async def test_the_journal_can_be_turned_off(tmp_path, template):
    async with run_sandbox(tmp_path, template=template, journal_rows="0") as running:
        await running.get("/accounts")
        assert await page(running) == {"journal": [], "dropped": 0}


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=x", "after=x", "after=-1", "last=1001", "status=ok", "since=yesterday"],
)
async def test_a_filter_that_makes_no_sense_is_refused(running, query):
    for tail in ("", "/export.har"):
        if tail and query.split("=")[0] in ("limit", "after", "last"):
            continue
        async with running.http.get(f"{address(running, tail=tail)}?{query}") as answer:
            assert answer.status == 422
            assert query.split("=")[0] in (await answer.json())["detail"]
