"""The tester's bar: one click for what a person would do, and gone where realism is strict."""

import re

import pytest

from sandbox.web.oauth import tester
from tests.browsing import browsing, request_query
from tests.journals import entries
from tests.support import (
    ACCOUNTING,
    BASE,
    CHALLENGE,
    NATIVE,
    answer_of,
    run_sandbox,
)

BAR = re.compile(r'<aside class="tester".*?</aside>', re.DOTALL)
STYLE = re.compile(r'<link rel="stylesheet" href="/assets/sandbox.css[^>]*>')
BUTTON = re.compile(r'name="tester" value="([^"]+)"')
REDIRECTED = {
    "deny": "access_denied",
    "server_error": "server_error",
    "temporarily_unavailable": "temporarily_unavailable",
}


@pytest.fixture
async def browser(running):
    async with browsing(running) as found:
        yield found


def buttons(page):
    (bar,) = BAR.findall(page.text)
    return BUTTON.findall(bar)


def personas(page):
    return {each.partition(":")[2] for each in buttons(page) if ":" in each}


async def granted(running, page):
    """Return (functions, how many accounts) of the grant that the redirect's code stands for."""
    status, tokens, _ = await running.exchange(answer_of(page.location)["code"])
    assert status == 200
    row = await running.bank.world.database.fetchrow("SELECT functions FROM access_grant")
    return row[0], len(await running.account_ids(tokens["access_token"]))


async def operations(running):
    return [entry["operation"] for entry in await entries(running)]


async def test_the_sign_in_page_offers_whom_the_client_serves(browser):
    both = personas(await browser.open())
    individuals = personas(
        await browser.open(
            client_id=NATIVE,
            redirect_uri="http://127.0.0.1/callback",
            code_challenge=CHALLENGE,
            code_challenge_method="S256",
        )
    )
    corporates = personas(
        await browser.open(
            client_id=ACCOUNTING, code_challenge=CHALLENGE, code_challenge_method="S256"
        )
    )
    assert {"taro", "hanako"} <= individuals
    assert "shoji" in corporates
    assert not individuals & corporates
    assert individuals | corporates == both


async def test_only_personas_of_this_world_are_offered(running, browser):
    url = running.control.removesuffix("/default")
    body = {"name": "small", "personas": ["hanako"]}
    async with running.http.post(url, json=body) as answer:
        assert answer.status == 200
    await browser.visit(f"/w/small{BASE}/oauth/auth?{request_query()}")
    page = await browser.follow()
    assert personas(page) == {"hanako"}
    assert (await browser.test("sign_in:taro")).status == 400
    browser.page = page
    assert (await browser.test("sign_in:hanako")).status == 303


async def test_the_consent_page_offers_no_other_person(browser):
    await browser.open()
    page = await browser.sign_in("taro")
    assert buttons(page) == [*tester.CONSENT_OUTCOMES, *tester.ANY_TIME]


@pytest.mark.parametrize("persona", ["taro", "hanako", "shoji"])
async def test_one_click_signs_a_persona_in(running, browser, persona):
    await browser.open()
    page = await browser.test(f"sign_in:{persona}")
    assert page.status == 303
    assert 'value="allow"' in (await browser.follow()).text
    assert "tester_sign_in" in await operations(running)


@pytest.mark.requirement("O-26")
@pytest.mark.parametrize(("outcome", "accounts"), [("allow_all", 2), ("allow_part", 1)])
@pytest.mark.parametrize("where", ["sign_in", "consent"])
async def test_one_click_allows(running, browser, where, outcome, accounts):
    await browser.open()
    chosen = [("persona", "hanako")]
    if where == "consent":
        await browser.sign_in("hanako")
        chosen = []
    page = await browser.test(outcome, *chosen)
    assert page.status == 303
    assert await granted(running, page) == ("balances transactions", accounts)
    assert f"tester_{outcome}" in await operations(running)


@pytest.mark.parametrize("outcome", REDIRECTED)
@pytest.mark.parametrize("where", ["sign_in", "consent"])
async def test_one_click_goes_back_with_an_error(running, browser, where, outcome):
    page = await browser.open(state="s-1")
    if where == "consent":
        page = await browser.sign_in("taro")
    answer = answer_of((await browser.test(outcome)).location)
    assert answer["error"] == REDIRECTED[outcome]
    assert answer["state"] == "s-1"
    assert answer["iss"] == f"{running.url}/tomato"
    assert "code" not in answer
    assert f"tester_{outcome}" in await operations(running)
    # A second click is the first one again, and the interaction is over for everything else.
    browser.page = page
    assert answer_of((await browser.test(outcome)).location) == answer
    browser.page = page
    assert (await browser.press("deny")).status == 400


@pytest.mark.parametrize("where", ["sign_in", "consent"])
async def test_one_click_lets_the_time_run_out(running, browser, where):
    await browser.open()
    if where == "consent":
        await browser.sign_in("taro")
    assert (await browser.test("time_out")).status == 303
    page = await browser.follow()
    assert page.status == 400
    assert "interaction_expired" in page.text
    assert "tester_time_out" in await operations(running)


@pytest.mark.requirement("O-24")
@pytest.mark.parametrize("persona", ["taro", "shoji"])
async def test_one_click_is_one_wrong_secret(browser, persona):
    await browser.open()
    page = await browser.test("wrong_secret", ("persona", persona))
    assert page.status == 403
    assert "あと4回" in page.text
    assert (await browser.sign_in(persona)).status == 200


@pytest.mark.requirement("O-24")
@pytest.mark.parametrize(("lock_after", "is_locked"), [("1", True), ("5", True), ("101", False)])
async def test_one_click_locks(tmp_path, template, lock_after, is_locked):
    async with (
        run_sandbox(tmp_path, template=template, tomato_lock_after=lock_after) as running,
        browsing(running) as browser,
    ):
        await browser.open()
        page = await browser.test("lock", ("persona", "taro"))
        assert page.status == 403
        assert ("一時的に止めています" in page.text) is is_locked
        await browser.open()
        assert ((await browser.sign_in("taro")).status == 403) is is_locked


@pytest.mark.requirement("O-24")
async def test_what_is_wrong_on_purpose_does_not_lock_the_address(tmp_path, template):
    settings = {"tomato_address_lock_after": "2"}
    async with (
        run_sandbox(tmp_path, template=template, **settings) as running,
        browsing(running) as browser,
    ):
        await browser.open()
        await browser.test("lock", ("persona", "taro"))
        await browser.open()
        assert (await browser.sign_in("hanako")).status == 200


async def test_a_persona_who_may_not_sign_in_is_refused_as_ever(browser):
    await browser.open()
    page = await browser.test("allow_all", ("persona", "lapsed"))
    assert page.status == 403
    assert "キャッシュカードが有効ではありません" in page.text
    assert not BAR.search(page.text)


@pytest.mark.requirement("O-23")
async def test_the_bar_needs_the_form_token_of_its_page(running, browser):
    page = await browser.open()
    for csrf in ("", "csrf=x&"):
        answer = await browser.visit(
            page.form.action,
            method="POST",
            data=f"{csrf}tester=allow_all&persona=taro",
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )
        assert (answer.status, answer.location) == (403, "")
    assert "tester_allow_all" not in await operations(running)


@pytest.mark.parametrize(
    ("outcome", "fields"),
    [
        ("nothing", ()),
        ("sign_in", ()),
        ("sign_in:nobody", ()),
        ("allow_all", ()),
        ("lock", (("persona", "nobody"),)),
        ("deny", (("tester", "deny"),)),
        ("sign_in:taro", (("tester", "sign_in:hanako"),)),
    ],
)
async def test_a_button_that_is_not_there_does_nothing(browser, outcome, fields):
    page = await browser.open()
    answer = await browser.test(outcome, *fields)
    assert (answer.status, answer.location) == (400, "")
    assert (await browser.visit(page.url)).status == 200


@pytest.mark.parametrize("outcome", ["sign_in:hanako", "wrong_secret", "lock"])
async def test_nobody_else_signs_in_on_the_consent_page(browser, outcome):
    await browser.open()
    page = await browser.sign_in("taro")
    answer = await browser.test(outcome, ("persona", "hanako"))
    assert (answer.status, answer.location) == (400, "")
    assert "架空 太郎" in (await browser.visit(page.url)).text


def bare(text):
    """Return a page without what is random in it."""
    return re.sub(r"[0-9a-f]{64}|oauth/auth/[\w-]+|localhost:\d+|127\.0\.0\.1:\d+", "…", text)


async def both_pages(tmp_path, template, strict):
    directory = tmp_path / strict
    directory.mkdir()
    settings = {"tomato_strict_realism": strict}
    async with (
        run_sandbox(directory, template=template, **settings) as running,
        browsing(running) as browser,
    ):
        return [bare((await browser.open()).text), bare((await browser.sign_in()).text)]


async def test_strict_realism_leaves_nothing_of_it_and_nothing_else_changes(tmp_path, template):
    strict = await both_pages(tmp_path, template, "1")
    loose = await both_pages(tmp_path, template, "0")
    for with_bar, without in zip(loose, strict, strict=True):
        assert BAR.search(with_bar)
        assert "tester" not in without
        assert "sandbox.css" not in without
        assert STYLE.sub("", BAR.sub("", with_bar)).split() == without.split()


@pytest.mark.parametrize("outcome", ["deny", "allow_all", "time_out", "sign_in:taro", "lock"])
async def test_strict_realism_accepts_no_button_of_it(tmp_path, template, outcome):
    async with (
        run_sandbox(tmp_path, template=template, tomato_strict_realism="1") as running,
        browsing(running) as browser,
    ):
        page = await browser.open()
        answer = await browser.test(outcome, ("persona", "taro"))
        assert (answer.status, answer.location) == (400, "")
        assert not any(str(each).startswith("tester") for each in await operations(running))
        assert (await browser.visit(page.url)).status == 200
        assert (await browser.sign_in("taro")).status == 200


async def test_the_bar_speaks_both_languages_japanese_first(browser):
    page = await browser.open()
    for language in ("ja", "en"):
        text = (await browser.visit(f"{page.url}?lang={language}")).text
        (bar,) = BAR.findall(text)
        assert bar.index("すべて許可") < bar.index("Allow all")
        assert "<details>" in bar
        assert "open" not in re.findall(r"<details([^>]*)>", bar)[0]


async def test_the_real_form_comes_first_and_its_buttons_keep_their_names(browser):
    page = await browser.open()
    assert page.text.index('value="sign_in"') < page.text.index('class="tester"')
    assert re.findall(r'name="decision" value="(\w+)"', page.text) == ["sign_in", "deny"]
