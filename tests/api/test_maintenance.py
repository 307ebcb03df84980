"""Stops with notice and without: what APIs, pages and the journal say, and what goes on."""

from dataclasses import replace

import pytest

from sandbox.domain.account import AccountState
from sandbox.services.opening import MOST_STOPS
from sandbox.storage import calendar
from tests.browsing import browsing
from tests.direct import Direct
from tests.opening import ask, journalled, published, stop, take_away
from tests.support import AGGREGATOR, MANUAL, REDIRECT_URI, answer_of, run_sandbox

STOPPED = "service_unavailable"


async def verdict(running, token, path="/accounts"):
    status, body, headers = await running.get(path, token)
    return status, body.get("error_code"), headers.get("Retry-After")


@pytest.mark.requirement("T-35")
async def test_inside_the_window_every_call_is_refused_and_after_it_none(running):
    token = (await running.log_in("taro"))["access_token"]
    await stop(running, from_="2026-11-16T10:05", until="2026-11-16T10:20")
    seen = []
    for by in ("4m59s", "1s", "14m59s", "1s"):
        await running.advance(by)
        seen.append(await verdict(running, token))
    assert seen == [
        (200, None, None),
        (503, STOPPED, "900"),
        (503, STOPPED, "1"),
        (200, None, None),
    ]


async def test_beginning_and_end_are_among_the_events_of_the_clock(running):
    stopped = await stop(running, from_="2026-11-16T11:00", for_="1h", overrun="10m")
    events = (await running.advance("2h10m"))["events"]
    own = [(e["kind"], e["at"]) for e in events if e.get("subject") == stopped["id"]]
    assert own == [
        ("stop_begins", "2026-11-16T11:00:00+09:00"),
        ("stop_ends", "2026-11-16T12:10:00+09:00"),
    ]


async def test_an_overrun_goes_on_after_the_end_that_was_told(running):
    token = (await running.log_in("taro"))["access_token"]
    await stop(running, for_="10m", overrun="5m", retry_after="45s")
    assert await verdict(running, token) == (503, STOPPED, "600")
    await running.advance("10m")
    assert await verdict(running, token) == (503, STOPPED, "45")
    await running.advance("5m")
    assert await verdict(running, token) == (200, None, None)


@pytest.mark.requirement("T-36")
async def test_a_notice_is_there_from_its_moment_on(running):
    await stop(
        running,
        from_="2026-11-18T01:00",
        until="2026-11-18T05:00",
        announce={"at": "2026-11-17T01:00"},
    )
    await running.advance("14h59m59s")
    assert await published(running) == []
    await running.advance("1s")
    (notice,) = await published(running)
    assert notice["kind"] == "maintenance"
    assert notice["published_at"] == "2026-11-17T01:00:00+09:00"
    assert notice["effective_at"] == "2026-11-18T01:00:00+09:00"
    assert notice["until"] == "2026-11-18T05:00:00+09:00"
    assert notice["title"]["ja"] == "システムメンテナンスによるサービス停止のお知らせ"


@pytest.mark.requirement("T-30")
async def test_an_outage_of_one_function_lets_the_others_work_and_nobody_is_told(running):
    token = (await running.log_in("taro"))["access_token"]
    (account_id,) = await running.account_ids(token)
    stopped = await stop(running, kind="outage", functions=["balances"])
    balance, statement = f"/accounts/{account_id}", f"/accounts/{account_id}/transactions"
    assert await verdict(running, token, balance) == (503, STOPPED, "300")
    assert (await verdict(running, token, statement))[0] == 200
    assert (await verdict(running, token))[0] == 200
    assert await published(running) == []
    await take_away(running, stopped)
    assert (await verdict(running, token, balance))[0] == 200


@pytest.mark.requirement("T-30")
@pytest.mark.parametrize("scope", ["client_id", "contractor_id", "account_id", "branch_code"])
async def test_an_outage_may_strike_one_and_spare_the_others(running, scope):
    tokens = {
        "mine": (await running.log_in("taro"))["access_token"],
        "other": (await running.log_in("hanako", client_id=MANUAL))["access_token"],
    }
    paths = {
        name: f"/accounts/{(await running.account_ids(token))[0]}" for name, token in tokens.items()
    }
    (entry,) = (await journalled(running, operation="list_accounts", client_id=AGGREGATOR))[:1]
    account_id = paths["mine"].rpartition("/")[2]
    named = {
        "client_id": AGGREGATOR,
        "contractor_id": entry["contractor_id"],
        "account_id": account_id,
        "branch_code": "001",
    }
    await stop(running, kind="outage", **{scope: named[scope]})
    assert await verdict(running, tokens["mine"], paths["mine"]) == (503, STOPPED, "300")
    assert (await verdict(running, tokens["other"], paths["other"]))[0] == 200
    assert (await verdict(running, "garbage", paths["mine"]))[0] == 401


@pytest.mark.requirement("T-31", "T-33")
@pytest.mark.parametrize("cause", ["disaster", "third_party"])
async def test_the_journal_knows_the_cause_and_the_caller_does_not(running, cause):
    token = (await running.log_in("taro"))["access_token"]
    stopped = await stop(running, kind="outage", cause=cause)
    status, body, headers = await running.get("/accounts", token)
    assert status == 503
    assert cause not in str(body) + str(headers)
    (entry,) = await journalled(running, reason=cause)
    assert (entry["fault"], entry["error_code"]) == (stopped["id"], STOPPED)


@pytest.mark.requirement("T-31")
async def test_an_order_restricts_one_account_and_no_other(running):
    token = (await running.log_in("hanako"))["access_token"]
    first, second = await running.account_ids(token)
    await running.staff.set_account_state(first, AccountState.RESTRICTED)
    status, code, _ = await verdict(running, token, f"/accounts/{first}")
    assert (status, code) == (403, "account_restricted")
    assert (await verdict(running, token, f"/accounts/{second}"))[0] == 200


@pytest.mark.requirement("W-66")
async def test_one_service_of_web21_may_be_stopped_alone(running):
    direct = Direct(running)
    token = (await direct.log_in("shoji_maker", "web21.ref web21.upd"))["access_token"]
    await stop(running, "web21", kind="outage", classes=["update"])
    async with running.http.post(f"{direct.base}/transfers", json={}) as answer:
        assert (answer.status, (await answer.json())["error_code"]) == (503, STOPPED)
    status, _, _ = await direct.get("/accounts", token)
    assert status == 200
    approver = (await direct.log_in("shoji_checker", "web21.appr"))["access_token"]
    async with running.http.post(
        f"{direct.base}/transfers/1/submissions",
        json={},
        headers={"Authorization": f"Bearer {approver}"},
    ) as answer:
        assert answer.status != 503


async def test_a_bank_under_maintenance_may_answer_programs_with_a_page(running):
    tokens = await running.log_in("taro")
    await stop(running, for_="1h", style="html")
    answers = [
        running.http.get(f"{running.base}/accounts"),
        running.http.post(f"{running.base}/oauth/token", data={"grant_type": "refresh_token"}),
    ]
    for asked in answers:
        async with asked as answer:
            text = await answer.text()
            assert (answer.status, answer.content_type) == (503, "text/html")
            assert answer.headers["Retry-After"] == "3600"
            assert "ただいまご利用になれません" in text
    async with browsing(running) as browser:
        page = await browser.begin()
        assert (page.status, page.location) == (503, "")
        assert "ただいまご利用になれません" in page.text
        assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert tokens


async def test_pages_and_token_endpoint_tell_of_a_stop_in_their_own_ways(running):
    tokens = await running.log_in("taro")
    async with browsing(running) as browser:
        await browser.open()
        sign_in = browser.page.url
        stopped = await stop(running, for_="1h", classes=["oauth"])
        assert (await browser.visit(sign_in)).status == 503
        assert "ただいまご利用になれません" in browser.page.text
        assert browser.page.headers["Retry-After"] == "3600"
        page = await browser.begin(state="s1")
        assert page.location.startswith(REDIRECT_URI)
        assert answer_of(page.location)["error"] == "temporarily_unavailable"
        status, body, headers = await running.refresh(tokens["refresh_token"])
        assert (status, body["error"]) == (503, "temporarily_unavailable")
        assert headers["Retry-After"] == "3600"
        refused = await running.authorize()
        assert (refused["status"], refused["retry_after_s"]) == (503, 3600)
        assert (await verdict(running, tokens["access_token"]))[0] == 200
        await take_away(running, stopped)
        assert (await browser.visit(sign_in)).status == 200


async def test_a_stop_of_one_client_keeps_it_from_token_and_pages(running):
    tokens = await running.log_in("taro")
    other = await running.log_in("hanako", client_id=MANUAL)
    await stop(running, kind="outage", client_id=AGGREGATOR)
    status, body, _ = await running.refresh(tokens["refresh_token"])
    assert (status, body["error"]) == (503, "temporarily_unavailable")
    assert (await running.refresh(other["refresh_token"], client=MANUAL))[0] == 200
    async with browsing(running) as browser:
        assert "temporarily_unavailable" in (await browser.begin()).location
        assert "error=" not in (await browser.begin(client_id=MANUAL)).location


async def test_a_stop_of_one_bank_is_not_the_others(running):
    direct = Direct(running)
    token = (await direct.log_in("shoji_maker"))["access_token"]
    await stop(running, "tomato", for_="1h")
    assert (await verdict(running, "none"))[0] == 503
    assert (await direct.get("/accounts", token))[0] == 200


async def test_stops_survive_a_restart_and_go_with_a_snapshot(tmp_path, template):
    async with run_sandbox(tmp_path, template=template) as running:
        assert (await ask(running, "POST", "/snapshots", {"name": "before"}))[0] == 200
        stopped = await stop(running, kind="outage")
    async with run_sandbox(tmp_path) as running:
        assert (await verdict(running, "none"))[0] == 503
        assert (await ask(running, "GET", f"/maintenance/{stopped['id']}"))[1] == stopped
        assert (await ask(running, "POST", "/snapshots/before/restore", {}))[0] == 200
        assert (await verdict(running, "none"))[0] == 401
        assert (await ask(running, "GET", "/maintenance"))[1] == {"maintenance": []}


async def test_a_planned_stop_still_begins_after_the_data_were_reset(running):
    stopped = await stop(running, from_="2026-11-16T11:00", for_="1h")
    assert (await ask(running, "POST", "/reset", {"what": "data"}))[0] == 200
    events = (await running.advance("1h"))["events"]
    assert stopped["id"] in {event.get("subject") for event in events}


async def test_a_stop_that_was_announced_and_is_called_off_says_so(running):
    read = await stop(running, from_="2026-11-17T01:00", for_="1h", announce={})
    unread = await stop(
        running, from_="2026-11-18T01:00", for_="1h", announce={"at": "2026-11-17T01:00"}
    )
    await take_away(running, read)
    await take_away(running, unread)
    assert {each["title"]["en"] for each in await published(running)} == {
        "The announced stop is called off",
        "Planned maintenance: the service will be stopped",
    }
    _, shown = await ask(running, "GET", "/notices")
    assert len(shown["notices"]) == 2


@pytest.mark.parametrize(
    ("wish", "status"),
    [
        ({}, 422),
        ({"bank": "nobody", "for": "1h"}, 404),
        ({"bank": "tomato"}, 422),
        ({"bank": "tomato", "kind": "strike"}, 422),
        ({"bank": "tomato", "for": "1h", "until": "2026-12-01"}, 422),
        ({"bank": "tomato", "until": "2026-11-16T10:00"}, 422),
        ({"bank": "tomato", "from": "2026-11-16T09:59:59", "for": "1h"}, 422),
        ({"bank": "tomato", "from": "2026-12-01", "until": "2026-11-30"}, 422),
        ({"bank": "tomato", "for": "999ms"}, 422),
        ({"bank": "tomato", "for": "P1M"}, 422),
        ({"bank": "tomato", "for": "1h", "classes": []}, 422),
        ({"bank": "tomato", "for": "1h", "operations": ["fly"]}, 422),
        ({"bank": "web21", "for": "1h", "functions": ["balances"]}, 422),
        ({"bank": "tomato", "for": "1h", "fields": ["a"]}, 422),
        ({"bank": "tomato", "for": "1h", "lapse": True}, 422),
        ({"bank": "tomato", "kind": "outage", "overrun": "1h"}, 422),
        ({"bank": "tomato", "kind": "end", "for": "1h"}, 422),
        ({"bank": "tomato", "kind": "end", "style": "html"}, 422),
        ({"bank": "tomato", "kind": "end", "functions": ["balances"], "lapse": True}, 422),
        ({"bank": "tomato", "kind": "narrow"}, 422),
        ({"bank": "tomato", "for": "1h", "branch_code": "1"}, 422),
    ],
)
async def test_a_stop_that_makes_no_sense_is_refused(running, wish, status):
    found, problem = await ask(running, "POST", "/maintenance", wish)
    assert (found, problem["status"]) == (status, status), problem
    assert (await ask(running, "GET", "/maintenance"))[1] == {"maintenance": []}


async def test_a_stop_that_is_not_there_is_gone_already(running):
    assert (await ask(running, "GET", "/maintenance/none"))[0] == 404
    assert await ask(running, "DELETE", "/maintenance/none") == (200, {})


async def test_there_is_a_limit_to_stops(running):
    stopped = await stop(running, kind="outage", client_id="nobody")
    (book,) = running.sandbox.world.availability.stops
    async with running.sandbox.world.database.transaction() as db:
        for number in range(1, MOST_STOPS):
            await calendar.insert_stop(db, replace(book, stop_id=f"s{number}"))
    wish = {"bank": "tomato", "kind": "outage"}
    assert (await ask(running, "POST", "/maintenance", wish))[0] == 409
    await take_away(running, stopped)
    assert (await ask(running, "POST", "/maintenance", wish))[0] == 200
