"""Sign-in and consent as a browser meets them: headers, locks, two tabs, sizes."""

import asyncio
import re

import aiohttp
import pytest

from sandbox.web.oauth import forms
from tests.browsing import LOGINS, SECRETS, Form, browsing, request_query, send_bytes
from tests.support import AGGREGATOR, BASE, answer_of, run_sandbox

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
async def browser(running):
    async with browsing(running) as found:
        yield found


async def every_page(browser):
    """Yield (what, page) of each page that the bank shows on the way."""
    yield "shown error", await browser.begin(client_id="nobody")
    yield "wrong address", await browser.begin(redirect_uri="https://evil.example/")
    yield "no interaction", await browser.visit(f"{BASE}/oauth/auth/none")
    yield "sign-in", await browser.open()
    yield "incomplete", await browser.press("sign_in", ("branch_code", "001"))
    yield "wrong pin", await browser.sign_in("taro", pin="0000")
    yield "no decision", await browser.press("nothing")
    await browser.open()
    yield "lapsed card", await browser.sign_in("lapsed")
    await browser.open()
    yield "consent", await browser.sign_in("taro")
    yield "nothing chosen", await browser.press("allow", ticks=False)
    url = browser.page.url
    yield "wrong csrf", await browser.visit(url, method="POST", data="csrf=x", headers=FORM)
    yield "no form", await browser.visit(url, method="POST", json={})
    await browser.visit(url)
    await browser.press("allow")
    yield "over", await browser.visit(url)
    yield "reasons", await browser.visit("/reasons")
    yield "a reason", await browser.visit("/reasons/access_expired")
    yield "no reason", await browser.visit("/reasons/none")


@pytest.mark.requirement("O-23")
async def test_every_page_is_fenced_in(browser):
    seen = {}
    async for what, page in every_page(browser):
        policy = page.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy, what
        assert "script-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert page.headers["X-Frame-Options"] == "DENY"
        assert page.headers["X-Content-Type-Options"] == "nosniff"
        assert page.headers["Referrer-Policy"] == "no-referrer"
        assert page.headers["Cache-Control"] == "no-store"
        assert page.headers["Content-Type"] == "text/html; charset=utf-8"
        assert "これは試験用の環境です" in page.text
        assert not re.search(r"<script|<style|\son\w+=|style=", page.text)
        seen[what] = page.status
    assert seen == {
        "shown error": 400,
        "wrong address": 400,
        "no interaction": 400,
        "sign-in": 200,
        "incomplete": 400,
        "wrong pin": 403,
        "no decision": 400,
        "lapsed card": 403,
        "consent": 200,
        "nothing chosen": 400,
        "wrong csrf": 403,
        "no form": 400,
        "over": 400,
        "reasons": 200,
        "a reason": 200,
        "no reason": 404,
    }


@pytest.mark.requirement("O-23", "O-25")
@pytest.mark.parametrize("base_url", ["", "https://bank.example"])
async def test_the_cookie_is_kept_from_scripts_sites_and_other_tabs(tmp_path, template, base_url):
    async with (
        run_sandbox(tmp_path, template=template, base_url=base_url) as running,
        browsing(running) as browser,
    ):
        page = await browser.begin()
        cookie = page.headers["Set-Cookie"]
        attributes = {part.strip().lower() for part in cookie.split(";")[1:]}
        assert {"httponly", "samesite=lax", f"path={page.location.lower()}"} <= attributes
        assert ("secure" in attributes) is base_url.startswith("https")


@pytest.mark.requirement("O-23")
async def test_cookies_of_the_tls_door_stay_on_https(tmp_path, template):
    """Beside a plain door, whose public address is no https."""
    settings = {"tls": "1", "base_url": ""}
    async with run_sandbox(tmp_path, template=template, **settings) as running:
        connector, jar = aiohttp.TCPConnector(ssl=False), aiohttp.CookieJar(unsafe=True)
        http = aiohttp.ClientSession(connector=connector, cookie_jar=jar)
        async with http, browsing(running) as plain:
            query = request_query(client_id="sandbox-openid", scope="openid accounts")
            url = f"{running.sandbox.tls_url}{BASE}/oauth/auth?{query}"
            async with http.get(url) as page:
                form = Form(await page.text())
                first = page.history[0].cookies["interaction"]
            data = {**dict(form.fields), **LOGINS["taro"], **SECRETS["taro"], "decision": "sign_in"}
            async with http.post(page.url, data=data, allow_redirects=False) as signed_in:
                given = signed_in.cookies
            assert given.keys() == {"interaction", "bank_session"}
            assert all(cookie["secure"] for cookie in (first, *given.values()))
            assert "secure" not in (await plain.begin()).headers["Set-Cookie"].lower()


@pytest.mark.requirement("O-25")
async def test_the_cookie_changes_at_sign_in_and_the_old_one_is_worth_nothing(running, browser):
    page = await browser.begin()
    old = page.headers["Set-Cookie"].split(";")[0]
    path = page.location
    await browser.follow()
    await browser.sign_in("taro")
    async with running.http.get(f"{running.url}{path}", headers={"Cookie": old}) as answer:
        assert answer.status == 400
    assert (await browser.visit(path)).status == 200


@pytest.mark.requirement("O-25", "O-23")
async def test_one_tab_cannot_answer_for_another(browser):
    first = await browser.open(state="first")
    await browser.sign_in("taro")
    signed_in = browser.page
    await browser.open(state="second")
    forged = dict(browser.page.form.fields)["csrf"]
    data = f"csrf={forged}&decision=allow&function=balances&account=x"
    page = await browser.visit(first.url, method="POST", data=data, headers=FORM)
    assert (page.status, page.location) == (403, "")
    browser.page = signed_in
    page = await browser.press("allow")
    assert answer_of(page.location)["state"] == "first"


@pytest.mark.requirement("O-1", "O-3")
@pytest.mark.parametrize("decision", ["allow", "deny"])
async def test_an_address_taken_away_meanwhile_is_led_to_no_more(running, browser, decision):
    async with running.http.post(
        f"{running.control}/clients", json={"redirect_uris": ["https://old.example/cb"]}
    ) as answer:
        client = await answer.json()
    asked = {"client_id": client["client_id"], "redirect_uri": client["redirect_uris"][0]}
    await browser.open(**asked)
    await browser.sign_in("taro")
    url = f"{running.control}/clients/{client['client_id']}"
    body = {"redirect_uris": ["https://new.example/cb"]}
    async with running.http.put(url, json=body) as answer:
        assert answer.status == 200
    page = await browser.press(decision)
    assert (page.status, page.location) == (400, "")
    assert "redirect_uri_mismatch" in page.text


@pytest.mark.requirement("O-25")
async def test_an_answered_interaction_is_answered_for_good(browser):
    await browser.open()
    consent = await browser.sign_in("hanako")
    assert (await browser.press("allow")).status == 303
    for decision, ticks in (("deny", True), ("allow", False)):
        browser.page = consent
        page = await browser.press(decision, ticks=ticks)
        assert (page.status, page.location) == (400, "")


async def test_an_interaction_ends_ten_minutes_after_it_began(running, browser):
    await browser.open()
    await running.advance("9m59s")
    consent = await browser.sign_in("taro")
    assert consent.status == 200
    await running.advance("1s")
    page = await browser.press("allow")
    assert (page.status, page.location) == (400, "")
    assert "interaction_expired" in page.text


@pytest.mark.requirement("O-26")
async def test_only_what_is_ticked_is_granted(running, browser):
    await browser.open()
    page = await browser.sign_in("hanako")
    accounts = [value for name, value in page.form.boxes if name == "account"]
    assert len(accounts) == 2
    picked = [("function", "balances"), ("account", accounts[1]), ("account", "9" * 32)]
    page = await browser.press("allow", *picked, ticks=False)
    status, tokens, _ = await running.exchange(answer_of(page.location)["code"])
    assert status == 200
    assert await running.account_ids(tokens["access_token"]) == [accounts[1]]
    path = f"/accounts/{accounts[1]}"
    assert (await running.get(path, tokens["access_token"]))[0] == 200
    assert (await running.get(f"{path}/transactions", tokens["access_token"]))[0] == 403


def without(text, *words):
    """Return a page without what a person typed and what is random in it."""
    for word in words:
        text = text.replace(word, "…")
    return re.sub(r"[0-9a-f]{64}|oauth/auth/[\w-]+", "…", text)


@pytest.mark.requirement("O-24")
@pytest.mark.parametrize("persona", ["taro", "shoji"])
async def test_unknown_users_and_wrong_secrets_look_and_lock_alike(running, persona):
    who = {"taro": "account_number", "shoji": "user_id"}[persona]
    secret = {"taro": "pin", "shoji": "password"}[persona]
    seen = []
    for changes in ({}, {who: "7654321"}):
        async with browsing(running) as browser:
            pages = []
            for _ in range(6):
                await browser.open()
                page = await browser.sign_in(persona, **{secret: "0000", **changes})
                typed = changes.get(who, LOGINS[persona][who])
                pages.append((page.status, without(page.text, typed)))
            seen.append(pages)
    assert seen[0] == seen[1]
    assert len({text for _, text in seen[0]}) == 5  # four times fewer tries left, then locked


@pytest.mark.requirement("O-24")
async def test_a_locked_login_opens_again_with_time(running, browser):
    for _ in range(5):
        await browser.open()
        await browser.sign_in("taro", pin="0000")
    for by, status in (("59m59s", 403), ("1s", 200)):
        await running.advance(by)
        await browser.open()
        assert (await browser.sign_in("taro")).status == status


@pytest.mark.requirement("O-24")
async def test_the_bank_unlocks_a_login_at_once(running, browser):
    for _ in range(5):
        await browser.open()
        await browser.sign_in("taro", pin="0000")
    await running.bank.sign_in.unlock(login="card:001:1234567")
    await browser.open()
    assert (await browser.sign_in("taro")).status == 200


@pytest.mark.requirement("O-27")
@pytest.mark.parametrize("name", ["kind", "branch_code", "account_number", "pin"])
async def test_a_field_given_twice_signs_nobody_in(browser, name):
    await browser.open()
    login = [("branch_code", "001"), ("account_number", "1234567"), ("pin", "1234")]
    again = next((value for field, value in login if field == name), "individual")
    page = await browser.press("sign_in", *login, (name, again))
    assert (page.status, page.location) == (400, "")


@pytest.mark.requirement("O-28")
@pytest.mark.parametrize("name", ["branch_code", "account_number", "pin"])
async def test_a_typed_field_of_128_characters_is_the_longest(browser, name):
    for length, status in ((128, 403), (129, 400), (0, 400)):
        await browser.open()
        assert (await browser.sign_in("taro", **{name: "1" * length})).status == status


def post_head(path, length, cookie=""):
    return (
        f"POST {path} HTTP/1.1\r\nHost: x\r\nCookie: {cookie}\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\r\n"
    ).encode()


@pytest.mark.requirement("O-28")
async def test_ten_megabytes_are_refused_before_they_are_read(running, browser):
    page = await browser.begin()
    cookie = page.headers["Set-Cookie"].split(";")[0]
    found = await send_bytes(running.url, post_head(page.location, 10_000_000, cookie))
    assert found[0] == 413
    assert b"text/html" in found[1]
    assert "これは試験用の環境です".encode() in found[2]


@pytest.mark.requirement("O-28")
async def test_a_slow_form_is_given_up(running, browser, monkeypatch):
    monkeypatch.setattr(forms, "BODY_SECONDS", 0.05)
    page = await browser.begin()
    cookie = page.headers["Set-Cookie"].split(";")[0]
    status, _, body = await send_bytes(
        running.url, post_head(page.location, 100, cookie) + b"decision=deny"
    )
    assert status == 400
    assert b"invalid_request" in body
    assert (await browser.follow()).status == 200


async def test_two_browsers_work_side_by_side(running):
    async def one(persona):
        async with browsing(running) as browser:
            return answer_of(await browser.consent(persona, state=persona))

    answers = await asyncio.gather(*(one(persona) for persona in ("taro", "hanako", "shoji")))
    assert [answer["state"] for answer in answers] == ["taro", "hanako", "shoji"]
    for answer in answers:
        assert (await running.exchange(answer["code"]))[0] == 200


async def test_the_consent_without_a_browser_is_the_consent_of_the_pages(running, browser):
    by_pages = answer_of(await browser.consent("taro", state="s"))
    headless = answer_of((await running.authorize("taro", state="s"))["redirect_to"])
    assert set(by_pages) == set(headless)
    assert by_pages["iss"] == headless["iss"]
    rows = await running.bank.world.database.fetch(
        "SELECT client_id, contractor_id, scope, functions, terms_version FROM access_grant"
    )
    assert rows == [(AGGREGATOR, "persona-taro", "accounts", "balances transactions", "1")] * 2
