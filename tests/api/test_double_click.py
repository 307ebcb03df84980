"""A second click on the same button: the same answer, once (O-25), and nobody else's."""

import asyncio
import re
from dataclasses import replace
from urllib.parse import urlencode

import pytest

from sandbox.web.oauth import answered
from sandbox.web.oauth.redirects import KEEP_S
from tests.browsing import browsing
from tests.support import answer_of

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
async def browser(running):
    async with browsing(running) as found:
        yield found


async def count(running, table):
    row = await running.bank.world.database.fetchrow(f"SELECT count(*) FROM {table}")
    return row[0]


@pytest.mark.requirement("O-25")
@pytest.mark.parametrize("decision", ["allow", "deny"])
async def test_the_second_click_gets_the_answer_of_the_first(running, browser, decision):
    await browser.open()
    consent = await browser.sign_in("taro")
    first = await browser.press(decision)
    browser.page = consent
    second = await browser.press(decision)
    assert (first.status, second.status) == (303, 303)
    assert second.location == first.location
    assert second.headers["Cache-Control"] == "no-store"
    assert await count(running, "access_grant") == (decision == "allow")
    if decision == "allow":
        assert (await running.exchange(answer_of(second.location)["code"]))[0] == 200


def cookie_of(browser):
    return next(each.value for each in browser.http.cookie_jar if each.key == "interaction")


async def click(running, page, cookie, *fields):
    """Send a page's form by itself, with the cookie that the browser had when it was shown."""
    async with browsing(running) as other:
        headers = FORM if cookie is None else {**FORM, "Cookie": f"interaction={cookie}"}
        data = urlencode([*page.form.fields, *fields])
        return await other.visit(page.form.action, method="POST", data=data, headers=headers)


@pytest.mark.requirement("O-25", "O-5")
async def test_many_clicks_at_once_are_one_consent(running, browser):
    await browser.open()
    consent = await browser.sign_in("taro")
    pressed = (*consent.form.boxes, ("decision", "allow"))
    clicks = [click(running, consent, cookie_of(browser), *pressed) for _ in range(20)]
    pages = await asyncio.gather(*clicks)
    assert {page.status for page in pages} == {303}
    assert len({page.location for page in pages}) == 1
    assert await count(running, "access_grant") == 1


async def test_the_second_click_on_continue_reaches_the_consent_page(running, browser):
    """A browser lets go of the first answer, and of the cookie that came with it."""
    sign_in = await browser.open()
    cookie = cookie_of(browser)
    login = [("branch_code", "001"), ("account_number", "1234567"), ("pin", "1234")]
    first = await browser.press("sign_in", *login)
    second = await click(running, sign_in, cookie, *login, ("decision", "sign_in"))
    assert (second.status, second.location) == (303, first.location)
    assert second.headers["Set-Cookie"] == first.headers["Set-Cookie"]
    assert cookie not in second.headers["Set-Cookie"]


@pytest.mark.requirement("O-25")
@pytest.mark.parametrize("change", ["field", "cookie", "no cookie", "csrf"])
async def test_whatever_is_not_the_same_click_stays_refused(running, browser, change):
    await browser.open()
    consent = await browser.sign_in("hanako")
    cookies = {"cookie": "x", "no cookie": None}
    cookie = cookies.get(change, cookie_of(browser))
    await browser.press("allow")
    boxes = consent.form.boxes[:-1] if change == "field" else consent.form.boxes
    if change == "csrf":
        consent = replace(consent, text=re.sub('name="csrf" value="', r"\g<0>x", consent.text))
    page = await click(running, consent, cookie, *boxes, ("decision", "allow"))
    assert (page.status, page.location) == (400, "")


async def test_a_click_long_after_is_refused(running, browser, monkeypatch):
    await browser.open()
    consent = await browser.sign_in("taro")
    assert (await browser.press("deny")).status == 303
    cookie = browser.page.headers["Set-Cookie"]
    assert f"Max-Age={int(KEEP_S)}" in cookie
    monkeypatch.setattr(answered, "KEEP_S", 0.0)
    browser.page = consent
    page = await browser.press("deny")
    assert (page.status, page.location) == (400, "")


async def test_a_wrong_secret_sent_twice_counts_twice(running, browser):
    await browser.open()
    page = browser.page
    login = [("branch_code", "001"), ("account_number", "1234567"), ("pin", "0000")]
    for left in (4, 3):
        browser.page = page
        assert f"あと{left}回" in (await browser.press("sign_in", *login)).text


@pytest.mark.requirement("O-29")
async def test_what_is_remembered_is_in_no_file(running, browser, tmp_path):
    code = answer_of(await browser.consent())["code"]
    await running.bank.world.journal.flush()
    for file in tmp_path.iterdir():
        if file.is_file():
            assert code.encode() not in file.read_bytes(), file
