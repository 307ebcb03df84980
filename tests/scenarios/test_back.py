"""The way back from the bank to the app, as it is and as somebody alters it."""

from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from sandbox.scenarios.app import App
from sandbox.scenarios.back import Back
from sandbox.scenarios.reading import read_scenario
from sandbox.scenarios.running import Run
from tests.browsing import request_query
from tests.scenarios.drilling import fresh_world, shown

HEAD = "name: a\ntitle: {ja: 題, en: t}\nstory: {ja: 話, en: s}\ntimeline:\n"
BY_REDIRECT = Back(address="http://app/callback?code=c&state=s")
BY_FORM = Back(address="http://app/callback", posted=(("code", "c"), ("state", "s")))


@pytest.mark.parametrize("back", [BY_REDIRECT, BY_FORM])
def test_the_answer_is_the_same_by_either_way(back):
    assert back.values == {"code": "c", "state": "s"}
    assert back.changed({"state": "x", "code": None}).values == {"state": "x"}
    assert back.changed({}).values == back.values


def test_what_is_altered_stays_where_it_was():
    assert BY_REDIRECT.changed({"a": "1"}).address.endswith("?code=c&state=s&a=1")
    assert BY_FORM.changed({"a": "1"}).address == BY_FORM.address


class Callback:
    """An app that wants its answers by form: it redirects to the bank, and keeps what comes."""

    def __init__(self, bank):
        self.bank = bank
        self.seen = []

    async def link(self, _request):
        query = request_query(response_mode="form_post", state="s" * 20)
        answer = web.HTTPFound(f"{self.bank}/oauth/auth?{query}")
        answer.set_cookie("browser", "mine", samesite="None")
        raise answer

    async def callback(self, request):
        form = await request.post()
        self.seen.append((request.method, dict(form), request.cookies.get("browser")))
        is_mine = form.get("state") == "s" * 20
        return web.json_response({"code": form.get("code")}, status=200 if is_mine else 400)

    async def log(self, _request):
        return web.json_response([form.get("code") for _, form, _ in self.seen])


@asynccontextmanager
async def forming(bank):
    callback, app = Callback(bank), web.Application()
    app.router.add_get("/link", callback.link)
    app.router.add_get("/log", callback.log)
    app.router.add_route("*", "/callback", callback.callback)
    async with TestServer(app) as server:
        yield callback, str(server.make_url("/"))


async def played(running, *steps):
    """Return the verdict on an app that asks for ``form_post``, and what came to it."""
    scenario = read_scenario(HEAD + "".join(f"  - {step}\n" for step in steps))
    async with fresh_world(running.sandbox.control_url, scenario) as bank:
        base = (await bank.world.describe()).base_url + "/tomato/parasol/v1/banks/0566"
        async with forming(base) as (callback, url), App(url) as app:
            return await Run(scenario, bank, app).play(), callback.seen


async def test_the_browser_posts_the_form_to_the_app_with_its_cookies(running):
    verdict, seen = await played(running, "link: {persona: taro, path: /link, status: 200}")
    assert verdict.has_passed, shown(verdict)
    ((method, form, cookie),) = seen
    assert (method, cookie) == ("POST", "mine")
    assert set(form) == {"code", "state", "iss"}


async def test_a_callback_by_form_is_replayed_and_altered(running):
    verdict, seen = await played(
        running,
        "link: {persona: taro, path: /link, status: 200}",
        "callback: {status: 200}",
        "callback: {change: {state: other}, status: 400}",
        "callback: {change: {code: null}, browser: thief, status: 200, answer: {code: null}}",
    )
    assert verdict.has_passed, shown(verdict)
    assert [form.get("code") for _, form, _ in seen] == [seen[0][1]["code"]] * 3 + [None]
    assert [form["state"] for _, form, _ in seen] == ["s" * 20, "s" * 20, "other", "s" * 20]
    assert [cookie for _, _, cookie in seen] == ["mine"] * 3 + [None]


async def test_an_app_that_answers_otherwise_fails_the_step(running):
    verdict, _ = await played(running, "link: {persona: taro, path: /link, status: 204}")
    assert "the app answers 200, not 204" in (verdict.steps[0].problem or "")


async def test_who_does_not_return_posts_nothing(running):
    verdict, seen = await played(running, "link: {persona: taro, path: /link, returns: false}")
    assert (verdict.has_passed, seen) == (True, [])


async def test_a_code_that_was_posted_is_a_secret_like_any_other(running):
    link = "link: {persona: taro, path: /link, status: 200}"
    verdict, _ = await played(running, link, "expect: {secrets: {path: /log}}")
    assert "there is an authorization code in it" in (verdict.steps[1].problem or "")
