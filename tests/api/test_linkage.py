"""Narrowing and ending the linkage: 410 for good, with or without the grants."""

import pytest

from tests.browsing import browsing
from tests.direct import Direct
from tests.opening import ask, journalled, published, stop, take_away
from tests.support import AGGREGATOR, MANUAL, run_sandbox


async def verdict(running, token, path="/accounts"):
    status, body, headers = await running.get(path, token)
    return status, headers.get("X-Sandbox-Reason") or body.get("error_code")


async def grants(running):
    _, shown = await ask(running, "GET", "/grants")
    return {each["client_id"]: each.get("end_reason") for each in shown["grants"]}


@pytest.mark.requirement("T-37")
async def test_an_abolished_function_is_gone_before_and_after_a_restart(tmp_path, template):
    async with run_sandbox(tmp_path, template=template) as running:
        token = (await running.log_in("taro"))["access_token"]
        (account_id,) = await running.account_ids(token)
        statement = f"/accounts/{account_id}/transactions"
        await stop(running, kind="end", functions=["transactions"])
        assert await verdict(running, token, statement) == (410, "gone")
        assert (await verdict(running, token, f"/accounts/{account_id}"))[0] == 200
    async with run_sandbox(tmp_path) as running:
        assert await verdict(running, token, statement) == (410, "gone")
        assert (await verdict(running, token))[0] == 200


@pytest.mark.requirement("T-37", "T-38", "W-65")
async def test_when_all_linkage_ends_grants_lapse_and_the_pages_say_so(running):
    tokens = await running.log_in("taro")
    async with browsing(running) as browser:
        await browser.open()
        await browser.sign_in("taro")
        consent = browser.page.url
        ended = await stop(running, kind="end", announce={})
        for page in (await browser.visit(consent), await browser.begin()):
            assert (page.status, page.location) == (410, "")
            assert "このサービスは終了しました" in page.text
    assert await verdict(running, tokens["access_token"]) == (410, "gone")
    status, body, headers = await running.refresh(tokens["refresh_token"])
    assert (status, body["error"]) == (400, "invalid_grant")
    assert headers["X-Sandbox-Reason"] == "linkage_ended"
    refused = await running.authorize()
    assert (refused["status"], refused["type"].rpartition(":")[2]) == (410, "linkage-ended")
    assert await grants(running) == {AGGREGATOR: "linkage_ended"}
    (notice,) = await published(running)
    assert notice["kind"] == "service"
    _, terms = await ask(running, "GET", "/bank/tomato/terms")
    assert not any(each["in_force"] for each in terms["terms"])
    # Taking it back does not bring the grants back.
    await take_away(running, ended)
    assert await verdict(running, tokens["access_token"]) == (401, "linkage_ended")
    assert (await running.authorize())["status"] == 200


@pytest.mark.requirement("W-65")
async def test_web21_may_end_its_linkage_with_the_grants_or_without(running):
    direct = Direct(running)
    token = (await direct.log_in("shoji_maker"))["access_token"]
    ended = await stop(running, "web21", kind="end", lapse=False)
    assert await direct.verdict(token) == (410, "gone")
    await take_away(running, ended)
    assert await direct.verdict(token) == (200, None)
    ended = await stop(running, "web21", kind="end")
    assert await direct.verdict(token) == (410, "gone")
    await take_away(running, ended)
    assert await direct.verdict(token) == (401, "linkage_ended")


@pytest.mark.requirement("W-65")
async def test_fields_and_operations_may_be_taken_out_of_the_linkage(running):
    direct = Direct(running)
    token = (await direct.log_in("shoji_maker"))["access_token"]
    _, before, _ = await direct.get("/accounts", token)
    await stop(
        running,
        "web21",
        kind="narrow",
        operations=["list_contract_accounts"],
        fields=["contact_name"],
    )
    status, after, _ = await direct.get("/accounts", token)
    assert status == 200
    assert all("contact_name" in each for each in before["accounts"])
    assert not any("contact_name" in each for each in after["accounts"])
    assert [each["account_id"] for each in after["accounts"]] == [
        each["account_id"] for each in before["accounts"]
    ]
    account_id = after["accounts"][0]["account_id"]
    _, balance, _ = await direct.get(f"/accounts/{account_id}", token)
    assert "contact_name" in balance
    await stop(running, "web21", kind="narrow", operations=["show_account_balance"])
    assert await direct.verdict(token, f"/accounts/{account_id}") == (410, "gone")
    assert await direct.verdict(token) == (200, None)


async def test_an_end_to_come_takes_the_grants_of_its_moment(running):
    ended = await stop(running, kind="end", from_="2026-11-16T10:10", announce={})
    token = (await running.log_in("taro"))["access_token"]
    await running.advance("9m59s")
    assert await verdict(running, token) == (200, None)
    events = (await running.advance("1s"))["events"]
    assert {"kind": "stop_begins", "subject": ended["id"], "bank": "tomato", "grants": 1} in [
        {name: value for name, value in event.items() if name != "at"} for event in events
    ]
    assert await verdict(running, token) == (410, "gone")
    assert await grants(running) == {AGGREGATOR: "linkage_ended"}


async def test_the_linkage_may_end_for_one_client_alone(running):
    mine = await running.log_in("taro")
    other = await running.log_in("hanako", client_id=MANUAL)
    await stop(running, kind="end", client_id=AGGREGATOR)
    assert await verdict(running, mine["access_token"]) == (401, "linkage_ended")
    assert await verdict(running, other["access_token"]) == (200, None)
    async with browsing(running) as browser:
        assert (await browser.begin()).status == 410
        assert (await browser.begin(client_id=MANUAL)).status == 302


async def test_an_ended_push_is_refused_in_the_words_of_oauth(running):
    await stop(running, kind="end")
    async with running.http.post(f"{running.base}/oauth/par", data={"client_id": "x"}) as answer:
        assert (answer.status, (await answer.json())["error"]) == (400, "unauthorized_client")


async def test_the_journal_says_which_end_it_was(running):
    ended = await stop(running, kind="end", cause="security")
    assert (await verdict(running, "none"))[0] == 410
    (entry,) = await journalled(running, reason="security")
    assert (entry["status"], entry["error_code"], entry["fault"]) == (410, "gone", ended["id"])
