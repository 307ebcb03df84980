"""Hours and holidays by the control door: in force for the next request, and kept."""

import pytest

from sandbox.domain.api_class import ApiClass
from sandbox.domain.time import MINUTE
from sandbox.services.opening import MOST_CHANGES, OpeningService
from tests.browsing import browsing
from tests.direct import Direct
from tests.opening import ask, published, set_calendar
from tests.support import REDIRECT_URI, answer_of, run_sandbox

CLOSED = "outside_service_hours"
# Monday 16 November 2026, 10:00.
MORNING = {"every": ["09:00-12:00"], "holiday": ["10:00-11:00"], "sun": []}


async def verdict(running, token, path="/accounts"):
    status, body, headers = await running.get(path, token)
    return status, body.get("error_code"), headers.get("Retry-After")


async def classes_of(running, bank="tomato"):
    _, shown = await ask(running, "GET", "/calendar")
    (found,) = [each for each in shown["banks"] if each["bank"] == bank]
    return {each["class"]: each for each in found["hours"]}


@pytest.mark.requirement("W-17")
async def test_changed_hours_meet_the_next_request_and_nobody_is_told(running):
    token = (await running.log_in("taro"))["access_token"]
    assert await verdict(running, token) == (200, None, None)
    await set_calendar(running, hours={"every": ["11:00-12:00"]})
    assert await verdict(running, token) == (503, CLOSED, "3600")
    assert await published(running) == []
    await set_calendar(running, hours=None)
    assert await verdict(running, token) == (200, None, None)


async def test_a_bank_that_is_always_open_has_no_rules_that_a_call_would_ask(running):
    book = running.sandbox.world.availability
    assert book.rules == {}
    await set_calendar(running, hours="closed")
    assert set(book.rules) == {"tomato"}
    await set_calendar(running, hours=None)
    assert book.rules == {}


@pytest.mark.requirement("W-16")
async def test_hours_open_and_close_at_their_own_second(running):
    token = (await running.log_in("taro"))["access_token"]
    await set_calendar(running, hours=MORNING)
    seen = []
    for by in ("0s", "1h59m59s", "1s", "20h59m59s", "1s"):
        await running.advance(by)
        if by == "20h59m59s":  # an access token lives for less than a night
            token = "none"
        seen.append(await verdict(running, token))
    night = 21 * 3600
    assert seen[2] == (503, CLOSED, str(night))
    assert seen[3] == (503, CLOSED, "1")
    assert [status for status, _, _ in seen] == [200, 401, 503, 503, 401]


async def test_a_change_may_be_planned_and_is_announced_only_on_request(running):
    token = (await running.log_in("taro"))["access_token"]
    plan = {"hours": "closed", "from": "2026-11-16T10:05"}
    title = {"ja": "取扱時間を変えます", "en": "New hours"}
    await set_calendar(running, **plan, announce={"title": title})
    (notice,) = await published(running)
    assert (notice["kind"], notice["title"]["ja"]) == ("hours", "取扱時間を変えます")
    assert notice["effective_at"] == "2026-11-16T10:05:00+09:00"
    shown = (await classes_of(running))["reference"]
    assert (shown["hours"], shown["is_open"]) == ("always", True)
    assert shown["coming"] == [{"from": "2026-11-16T10:05:00+09:00", "hours": "closed"}]
    await running.advance("4m59s")
    assert (await verdict(running, token))[0] == 200
    await running.advance("1s")
    assert await verdict(running, token) == (503, CLOSED, "86400")
    assert (await classes_of(running))["reference"]["hours"] == "closed"


@pytest.mark.requirement("W-16")
async def test_each_class_of_web21_keeps_its_own_hours(running):
    direct = Direct(running)
    token = (await direct.log_in("shoji_maker", "web21.ref web21.upd"))["access_token"]
    await set_calendar(running, "web21", classes=["update"], hours={"every": ["11:30-12:00"]})
    status, _, _ = await direct.get("/accounts", token)
    assert status == 200
    async with running.http.post(f"{direct.base}/transfers", json={}) as answer:
        body = await answer.json()
        assert (answer.status, body["error_code"]) == (503, CLOSED)
        assert answer.headers["Retry-After"] == "5400"
    assert not (await classes_of(running, "web21"))["update"]["is_open"]
    assert (await classes_of(running, "web21"))["reference"]["is_open"]
    assert (await classes_of(running, "tomato"))["update"]["is_open"]


async def test_closed_log_in_pages_say_so_and_new_requests_go_back(running):
    async with browsing(running) as browser:
        await browser.open()
        await set_calendar(running, classes=["oauth"], hours={"every": ["10:30-12:00"]})
        sign_in = browser.page.url
        page = await browser.press("sign_in", ("kind", "individual"))
        assert page.status == 503
        assert (await browser.visit(sign_in)).status == 503
        assert "ただいま取扱時間外です" in page.text
        assert "2026年11月16日 10:30" in page.text
        assert page.headers["Retry-After"] == "1800"
        page = await browser.begin(state="later")
        answer = answer_of(page.location)
        assert page.location.startswith(REDIRECT_URI)
        assert (answer["error"], answer["state"]) == ("temporarily_unavailable", "later")
        await running.advance("30m")
        await browser.open()
        assert (await browser.sign_in("taro")).status == 200


async def test_the_token_endpoint_keeps_the_hours_of_its_class(running):
    tokens = await running.log_in("taro")
    await set_calendar(running, classes=["oauth"], hours="closed")
    status, body, headers = await running.refresh(tokens["refresh_token"])
    assert (status, body["error"]) == (503, "temporarily_unavailable")
    assert headers["Retry-After"] == "86400"
    assert (await verdict(running, tokens["access_token"]))[0] == 200


async def test_holidays_of_the_bank_decide_about_hours_and_business_days(running):
    token = (await running.log_in("taro"))["access_token"]
    await set_calendar(running, hours=MORNING, holidays={"2026-11-16": True})
    assert (await verdict(running, token))[0] == 200
    assert not running.sandbox.world.calendar.is_business_day(
        running.sandbox.world.calendar.first.replace(year=2026, month=11, day=16)
    )
    await set_calendar(running, hours={**MORNING, "holiday": ["11:00-12:00"]})
    assert await verdict(running, token) == (503, CLOSED, "3600")
    shown = await set_calendar(running, holidays={"2026-11-16": None})
    assert shown["holidays"] == {}
    assert (await verdict(running, token))[0] == 200


async def test_a_national_holiday_may_become_a_business_day(running):
    calendar = running.sandbox.world.calendar
    day = calendar.first.replace(year=2026, month=11, day=23)
    assert not calendar.is_business_day(day)
    await set_calendar(running, holidays={"2026-11-23": False})
    assert running.sandbox.world.calendar.is_business_day(day)


async def test_hours_survive_a_restart_and_a_snapshot(tmp_path, template):
    async with run_sandbox(tmp_path, template=template) as running:
        assert (await ask(running, "POST", "/snapshots", {"name": "open"}))[0] == 200
        await set_calendar(running, hours="closed", holidays={"2026-11-17": True})
    async with run_sandbox(tmp_path) as running:
        assert (await verdict(running, "none"))[0] == 503
        days = (await ask(running, "GET", "/calendar"))[1]["holidays"]
        assert days == {"2026-11-17": True}
        assert (await ask(running, "POST", "/snapshots/open/restore", {}))[0] == 200
        assert (await verdict(running, "none"))[0] == 401
        await set_calendar(running, hours="closed")
        assert (await ask(running, "POST", "/reset", {"what": "all"}))[0] == 200
        assert (await verdict(running, "none"))[0] == 401


async def test_the_hours_of_the_setting_may_be_a_table(tmp_path, template):
    hours = '{"reference": {"every": ["11:00-12:00"]}}'
    async with run_sandbox(tmp_path, template=template, tomato_hours=hours) as running:
        token = (await running.log_in("taro"))["access_token"]
        assert await verdict(running, token) == (503, CLOSED, "3600")
        await set_calendar(running, hours="always")
        assert (await verdict(running, token))[0] == 200
        await set_calendar(running, hours=None)
        assert (await verdict(running, token))[0] == 503
        assert (await classes_of(running))["reference"]["hours"] == hours


async def test_hours_may_change_again_and_again_but_not_be_planned_without_end(running):
    desk = OpeningService(running.sandbox.world)
    for _ in range(3):
        await set_calendar(running, classes=["update"], hours="closed")
        await running.advance("1s")
    assert len(await desk.list_hours()) == 1
    start = running.sandbox.world.now()
    for minute in range(1, MOST_CHANGES):
        at = start + minute * MINUTE
        await desk.set_hours("tomato", [ApiClass.UPDATE], "always", at, None)
    wish = {"bank": "tomato", "classes": ["update"], "hours": "always", "from": "2026-11-18"}
    status, problem = await ask(running, "PUT", "/calendar", wish)
    assert (status, f"{MOST_CHANGES} changes" in problem["detail"]) == (422, True)
    assert len((await classes_of(running))["update"]["coming"]) == MOST_CHANGES - 1


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({}, 422),
        ({"hours": "always"}, 422),
        ({"bank": "nobody", "hours": "always"}, 404),
        ({"bank": "tomato", "hours": "sometimes"}, 422),
        ({"bank": "tomato", "hours": {}}, 422),
        ({"bank": "tomato", "hours": {"mon": ["8-9"]}}, 422),
        ({"bank": "tomato", "hours": {"mon": ["09:00-08:00"]}}, 422),
        ({"bank": "tomato", "hours": "closed", "classes": ["other"]}, 422),
        ({"bank": "tomato", "hours": "closed", "from": "2026-11-16T09:59:59"}, 422),
        ({"bank": "tomato", "hours": "closed", "from": "some day"}, 422),
        ({"bank": "tomato", "hours": "closed", "announce": {"at": "2026-11-15"}}, 422),
        ({"bank": "tomato", "from": "2026-12-01"}, 422),
        ({"holidays": {}}, 422),
        ({"holidays": {"2026-13-01": True}}, 422),
        ({"holidays": {"2099-01-01": True}}, 422),
        ({"holidays": {"2026-11-17": False}}, 422),
        ({"holidays": {"2026-11-21": False}}, 422),
    ],
)
async def test_what_makes_no_sense_is_refused_and_changes_nothing(running, change, status):
    found, problem = await ask(running, "PUT", "/calendar", change)
    assert (found, problem["status"]) == (status, status), problem
    assert problem["detail"]
    _, shown = await ask(running, "GET", "/calendar")
    assert shown["holidays"] == {}
    assert all(each["is_open"] and not each["coming"] for each in shown["banks"][0]["hours"])
