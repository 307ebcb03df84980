"""Notices at the bank door and at the control door, and the terms that change by them."""

import pytest

from tests.browsing import browsing
from tests.direct import DENKI, LOGI, SHOJI, Direct
from tests.opening import ask, published, stop

TITLE = {"ja": "新しいAPIのご案内", "en": "A new API"}
OBJECTIONS = "/bank/web21/terms/2027/objections"


async def publish(running, **notice):
    status, shown = await ask(
        running, "POST", "/notices", {"bank": "tomato", "title": TITLE, **notice}
    )
    assert status == 200, shown
    return shown


async def test_a_notice_is_read_by_anybody_without_a_token(running):
    await publish(running, effective="2026-12-01T09:00")
    (notice,) = await published(running)
    assert notice["title"] == TITLE
    assert notice["kind"] == "information"
    assert notice["published_at"] == "2026-11-16T10:00:00+09:00"
    assert notice["effective_at"] == "2026-12-01T09:00:00+09:00"
    assert await published(running, "web21") == []


async def test_a_browser_sees_a_page_in_its_language(running):
    await publish(running, effective="2026-12-01T09:00")
    await stop(running, from_="2026-11-20T01:00", for_="2h", announce={})
    async with browsing(running) as browser:
        page = await browser.visit("/tomato/notices", headers={"Accept": "text/html"})
        assert page.status == 200
        assert TITLE["ja"] in page.text
        assert "2026年12月1日" in page.text
        assert "2026年11月20日 01:00" in page.text
        assert "default-src 'none'" in page.headers["Content-Security-Policy"]
        assert page.headers["Cache-Control"] == "no-store"
        assert page.headers["Vary"] == "Accept"
        page = await browser.visit("/tomato/notices?lang=en", headers={"Accept": "text/html"})
        assert TITLE["en"] in page.text
        assert '<html lang="en">' in page.text
        page = await browser.visit("/web21/notices?lang=ja", headers={"Accept": "text/html"})
        assert "現在、お知らせはありません。" in page.text


async def test_what_a_notice_says_is_text_and_no_markup(running):
    await publish(running, title={"ja": "<b>太い</b>", "en": "<script>"})
    async with browsing(running) as browser:
        page = await browser.visit("/tomato/notices", headers={"Accept": "text/html"})
        assert "&lt;b&gt;" in page.text
        assert "<b>" not in page.text


async def test_the_newest_notice_is_first_and_those_to_come_are_seen_by_testers_alone(running):
    await publish(running, title={"ja": "一", "en": "1"})
    await publish(running, title={"ja": "二", "en": "2"})
    later = await publish(running, title={"ja": "三", "en": "3"}, at="2026-11-17T09:00")
    assert [each["title"]["en"] for each in await published(running)] == ["2", "1"]
    _, shown = await ask(running, "GET", "/notices")
    assert [(each["title"]["en"], each["is_published"]) for each in shown["notices"]] == [
        ("3", False),
        ("2", True),
        ("1", True),
    ]
    assert await ask(running, "DELETE", f"/notices/{later['id']}") == (200, {})
    assert await ask(running, "DELETE", f"/notices/{later['id']}") == (200, {})
    await running.advance("1d")
    assert len(await published(running)) == 2


async def test_each_world_has_its_own_notices(running):
    url = f"{running.sandbox.control_url}/api/v1/worlds"
    async with running.http.post(url, json={"name": "green", "seed": 1}) as answer:
        assert answer.status == 200
    await publish(running)
    assert len(await published(running)) == 1
    assert await published(running, prefix="/w/green") == []


async def test_a_stop_closes_no_notice(running):
    await stop(running, kind="outage")
    assert await published(running) == []


@pytest.mark.parametrize(
    "wish",
    [
        {},
        {"bank": "tomato"},
        {"bank": "tomato", "title": {"ja": "x"}},
        {"bank": "tomato", "title": {"ja": "", "en": "x"}},
        {"bank": "tomato", "title": TITLE, "kind": "gossip"},
        {"bank": "tomato", "title": TITLE, "at": "2026-11-16T09:00"},
    ],
)
async def test_a_notice_that_says_nothing_is_refused(running, wish):
    assert (await ask(running, "POST", "/notices", wish))[0] == 422


# Terms


async def change_terms(running, bank="web21", **more):
    wish = {"version": "2027", "effective_on": "2026-12-01", **more}
    return await ask(running, "POST", f"/bank/{bank}/terms", wish)


async def standing(running):
    _, shown = await ask(running, "GET", OBJECTIONS)
    return {each["contractor_id"]: each["answer"] for each in shown["contractors"]}


@pytest.mark.requirement("T-34")
async def test_changed_terms_are_announced_and_hold_from_midnight(running):
    status, shown = await change_terms(running, "tomato", effective_on="2026-11-17")
    assert (status, shown["effective_on"]) == (200, "2026-11-17")
    assert "objection_until" not in shown
    (notice,) = await published(running)
    assert (notice["kind"], notice["effective_at"]) == ("terms", "2026-11-17T00:00:00+09:00")
    assert "2027" in notice["title"]["ja"]
    for by, version in (("13h59m59s", "1"), ("1s", "2027")):
        await running.advance(by)
        _, terms = await ask(running, "GET", "/bank/tomato/terms")
        in_force = [each["version"] for each in terms["terms"] if each["in_force"]]
        assert (in_force == ["2027"]) is (version == "2027")


@pytest.mark.requirement("W-67")
async def test_changed_terms_of_web21_are_a_notice_with_their_day(running):
    status, shown = await change_terms(running)
    assert status == 200
    assert shown["objection_until"] == "2026-11-23T10:00:00+09:00"
    (notice,) = await published(running, "web21")
    assert (notice["kind"], notice["effective_at"]) == ("terms", "2026-12-01T00:00:00+09:00")
    assert notice["objection_until"] == shown["objection_until"]
    async with browsing(running) as browser:
        page = await browser.visit("/web21/notices", headers={"Accept": "text/html"})
        assert "適用：2026年12月1日 00:00 から" in page.text
        assert "異議の申出：2026年11月23日 10:00 より前まで" in page.text
    _, terms = await ask(running, "GET", "/bank/web21/terms")
    assert terms["terms"][-1]["version"] == "2027"


@pytest.mark.requirement("W-68")
@pytest.mark.parametrize(
    ("until", "status"),
    [
        ("2026-11-23T10:00:00", 200),
        ("2026-11-23T09:59:59", 422),
        ("2026-11-23", 200),
        ("2026-11-22", 422),
        ("2026-11-21", 422),
        ("next week", 422),
    ],
)
async def test_a_window_of_less_than_seven_days_is_refused(running, until, status):
    found, shown = await change_terms(running, objection_until=until)
    assert found == status, shown
    assert (await published(running, "web21") == []) is (status == 422)


@pytest.mark.requirement("W-69")
async def test_who_says_nothing_has_agreed_once_the_window_is_over(running):
    await change_terms(running)
    assert (await ask(running, "POST", OBJECTIONS, {"contractor_id": LOGI}))[0] == 200
    before = await standing(running)
    assert (before[SHOJI], before[LOGI]) == ("pending", "objected")
    await running.advance("6d23h59m59s")
    assert (await standing(running))[SHOJI] == "pending"
    await running.advance("1s")
    after = await standing(running)
    assert (after[SHOJI], after[LOGI]) == ("agreed", "objected")
    status, _ = await ask(running, "POST", OBJECTIONS, {"contractor_id": SHOJI})
    assert status == 409
    assert (await standing(running))[SHOJI] == "agreed"


@pytest.mark.requirement("W-70")
async def test_an_objection_lets_the_bank_terminate_and_does_not_do_so_itself(running):
    direct = Direct(running)
    token = (await direct.log_in("shoji_maker"))["access_token"]
    await change_terms(running)
    end = f"{OBJECTIONS}/{SHOJI}/terminate"
    assert (await ask(running, "POST", end, {}))[0] == 409
    assert await direct.verdict(token) == (200, None)
    assert (await ask(running, "POST", OBJECTIONS, {"contractor_id": SHOJI}))[0] == 200
    await running.advance("1m")
    assert await direct.verdict(token) == (200, None)
    assert await ask(running, "POST", end, {}) == (200, {})
    assert await direct.verdict(token) == (401, "contract_ended")
    assert (await standing(running))[SHOJI] == "objected"
    assert (await ask(running, "POST", end, {}))[0] == 409


async def test_an_objection_needs_a_version_and_a_contractor(running):
    assert (await ask(running, "POST", OBJECTIONS, {"contractor_id": SHOJI}))[0] == 404
    assert (await ask(running, "GET", OBJECTIONS))[0] == 404
    assert (await ask(running, "POST", f"{OBJECTIONS}/{SHOJI}/terminate", {}))[0] == 404
    await change_terms(running)
    assert (await ask(running, "POST", OBJECTIONS, {"contractor_id": "nobody"}))[0] == 404
    assert (await ask(running, "POST", OBJECTIONS, {}))[0] == 422
    first, second = [await ask(running, "POST", OBJECTIONS, {"contractor_id": LOGI})] * 2
    assert first == second == (200, {})
    assert DENKI  # a firm whose client is not ready yet is a contractor all the same
    assert (await ask(running, "POST", OBJECTIONS, {"contractor_id": DENKI}))[0] == 200


async def test_the_terms_of_a_bank_without_contracts_ask_nobody(running):
    status, problem = await change_terms(running, "tomato", objection_until="2026-12-01")
    assert (status, "no objection" in problem["detail"]) == (422, True)
    await change_terms(running, "tomato")
    path = "/bank/tomato/terms/2027/objections"
    assert await ask(running, "GET", path) == (200, {"contractors": []})
    assert (await ask(running, "POST", path, {"contractor_id": SHOJI}))[0] == 409


@pytest.mark.parametrize(
    "wish",
    [
        {"version": "2027"},
        {"version": "a/b", "effective_on": "2026-12-01"},
        {"version": "", "effective_on": "2026-12-01"},
        {"version": "2027", "effective_on": "2026-11-15"},
        {"version": "2027", "effective_on": "2026-02-30"},
    ],
)
async def test_terms_that_cannot_hold_are_refused(running, wish):
    assert (await ask(running, "POST", "/bank/web21/terms", wish))[0] == 422


async def test_no_version_is_published_twice(running):
    assert (await change_terms(running))[0] == 200
    assert (await change_terms(running))[0] == 422
    assert len(await published(running, "web21")) == 1
