"""Log-ins that a browser keeps: which OpenID request they serve, and which asks again."""

from urllib.parse import urlencode

import pytest

from sandbox.web.oauth.redirects import SESSION
from tests.browsing import LOGINS, SECRETS, browsing, request_query
from tests.openid import BOTH, OPENID, ask, claims_of, log_in
from tests.pushing import OPENID_SCOPES, push, register
from tests.support import (
    ACCOUNTING,
    AGGREGATOR,
    BASE,
    answer_of,
    basic,
    run_sandbox,
)

OTHER = "other-openid"


@pytest.fixture
async def browser(running):
    async with browsing(running) as found:
        yield found


async def nothing(running, browser):
    """No log-in before."""


async def logged_in(running, browser):
    await log_in(browser)


async def refused_consent(running, browser):
    await browser.open(client_id=OPENID, scope=BOTH)
    await browser.sign_in("taro")
    await browser.press("deny")


async def long_ago(running, browser):
    await log_in(browser)
    await running.advance("9m59s")


async def too_long_ago(running, browser):
    await log_in(browser)
    await running.advance("10m")


async def plain_log_in(running, browser):
    await browser.consent("taro", client_id=OPENID, scope="accounts")


async def card_lost(running, browser):
    await log_in(browser)
    async with running.bank.world.database.transaction() as db:
        await db.execute("UPDATE credential SET state = 'lost' WHERE login = 'card:001:1234567'")


async def contract_over(running, browser):
    await log_in(browser)
    await running.staff.set_contract_state("persona-taro", "ended")


async def tokens_reset(running, browser):
    await log_in(browser)
    async with running.http.post(f"{running.control}/reset", json={"what": "tokens"}) as answer:
        assert answer.status == 200, await answer.text()


async def revoked(running, browser):
    answer = await log_in(browser)
    status, tokens, _ = await running.exchange(answer["code"], client=OPENID)
    assert status == 200
    async with running.http.post(
        f"{running.base}/oauth/revoke",
        data={"token": tokens["access_token"]},
        headers=basic(OPENID),
    ) as done:
        assert done.status == 200


async def no_accounts_left(running, browser):
    await log_in(browser)
    async with running.bank.world.database.transaction() as db:
        await db.execute("UPDATE account SET state = 'closed' WHERE contractor_id = 'persona-taro'")


async def other_kind(running, browser):
    await log_in(browser)
    await register(
        running,
        OPENID,
        scopes=("accounts", *OPENID_SCOPES),
        contractor_kinds=("corporate",),
    )


# What was before; then what comes of: no prompt, login, consent, select_account, none.
MATRIX = [
    (nothing, "sign_in", "sign_in", "sign_in", "sign_in", "login_required"),
    (logged_in, "consent", "sign_in", "consent", "sign_in", "code"),
    (refused_consent, "consent", "sign_in", "consent", "sign_in", "consent_required"),
    (long_ago, "consent", "sign_in", "consent", "sign_in", "code"),
    (too_long_ago, "sign_in", "sign_in", "sign_in", "sign_in", "login_required"),
    (plain_log_in, "sign_in", "sign_in", "sign_in", "sign_in", "login_required"),
    (card_lost, "sign_in", "sign_in", "sign_in", "sign_in", "login_required"),
    (contract_over, "sign_in", "sign_in", "sign_in", "sign_in", "login_required"),
    (tokens_reset, "sign_in", "sign_in", "sign_in", "sign_in", "login_required"),
    (revoked, "consent", "sign_in", "consent", "sign_in", "consent_required"),
    (other_kind, "sign_in", "sign_in", "sign_in", "sign_in", "login_required"),
]
PROMPTS = (None, "login", "consent", "select_account", "none")


@pytest.mark.requirement("O-25")
@pytest.mark.parametrize("row", MATRIX, ids=[row[0].__name__ for row in MATRIX])
async def test_what_a_prompt_asks_for_hangs_on_the_log_in_before(running, browser, row):
    before, *expected = row
    await before(running, browser)
    found = [await ask(browser, prompt=prompt) for prompt in PROMPTS]
    assert found == expected


async def test_without_an_account_to_offer_no_page_can_help(running, browser):
    await no_accounts_left(running, browser)
    assert await ask(browser, prompt="none") == "interaction_required"
    # … but who somebody is needs none, and has been allowed with the accounts.
    assert await ask(browser, prompt="none", scope="openid") == "code"


@pytest.mark.requirement("T-10", "W-42")
async def test_a_plain_request_asks_for_the_identity_check_each_time(browser):
    await log_in(browser)
    for _ in range(2):
        assert await ask(browser, scope="accounts") == "sign_in"
        assert await ask(browser, scope="accounts", prompt="none") == "login_required"
        assert await ask(browser, scope="accounts", client_id=AGGREGATOR) == "sign_in"


@pytest.mark.requirement("O-25")
@pytest.mark.parametrize(
    ("max_age", "after", "comes", "silently"),
    [
        ("60", None, "consent", "code"),
        ("60", "59s", "consent", "code"),
        ("60", "60s", "sign_in", "login_required"),
        ("0", None, "sign_in", "login_required"),
        ("999999999", "9m", "consent", "code"),
    ],
)
async def test_max_age_is_counted_from_the_log_in(
    running, browser, max_age, after, comes, silently
):
    await log_in(browser)
    if after:
        await running.advance(after)
    assert await ask(browser, max_age=max_age) == comes
    assert await ask(browser, max_age=max_age, prompt="none") == silently


@pytest.mark.requirement("O-4", "O-21")
async def test_a_code_without_a_page_is_of_the_same_consent_and_the_same_log_in(running, browser):
    first, tokens = await claims_of(running, (await log_in(browser))["code"])
    await running.advance("5m")
    assert await ask(browser, prompt="none", scope="openid", nonce="second") == "code"
    code = answer_of(browser.page.location)["code"]
    second, narrower = await claims_of(running, code)
    assert (second["auth_time"], second["sub"]) == (first["auth_time"], first["sub"])
    assert (first["nonce"], second["nonce"]) == ("n", "second")
    assert narrower["scope"] == "openid"  # what was asked for, and not all that was allowed
    rows = await running.bank.world.database.fetch("SELECT grant_id, ended_at FROM access_grant")
    assert [ended for _, ended in rows] == [None]
    status, _, _ = await running.get("/accounts", tokens["access_token"])
    assert status == 200  # nothing was superseded
    status, body, _ = await running.exchange(code, client=OPENID)
    assert (status, body["error"]) == (400, "invalid_grant")


@pytest.mark.requirement("O-26")
@pytest.mark.parametrize(
    ("allowed", "changes", "comes"),
    [
        ("openid", {"scope": "openid"}, "code"),
        ("openid", {"scope": BOTH}, "consent_required"),
        ("openid", {"scope": "openid email"}, "consent_required"),
        (BOTH, {"scope": "openid"}, "code"),
        (BOTH, {"claims": '{"userinfo":{"email":null}}'}, "consent_required"),
        (BOTH, {"client_id": OTHER}, "consent_required"),
        ("openid email", {"scope": "openid", "claims": "{}"}, "code"),
    ],
)
async def test_no_code_comes_without_a_page_beyond_what_was_allowed(
    running, browser, allowed, changes, comes
):
    await register(running, OTHER, scopes=("accounts", *OPENID_SCOPES))
    await log_in(browser, scope=allowed)
    assert await ask(browser, prompt="none", **changes) == comes


@pytest.mark.requirement("O-23", "O-25")
@pytest.mark.parametrize("base_url", ["", "https://bank.example"])
async def test_the_cookie_is_new_at_each_log_in_and_kept_from_scripts(tmp_path, template, base_url):
    async with (
        run_sandbox(tmp_path, template=template, base_url=base_url) as running,
        browsing(running) as browser,
    ):
        seen = set()
        for _ in range(2):
            cookie = await session_cookie(browser, prompt="login")
            value, *attributes = (part.strip() for part in cookie.split(";"))
            lower = {part.lower() for part in attributes}
            assert {"httponly", "samesite=lax", "path=/tomato"} <= lower
            assert ("secure" in lower) is bool(base_url)
            seen.add(value.partition("=")[2])
        assert len(seen) == 2
        assert all(len(value) >= 43 for value in seen)
        stored = await running.bank.world.database.fetch("SELECT * FROM session")
        assert len(stored) == 1  # the older one is gone
        assert not any(value in str(stored) for value in seen)


async def session_cookie(browser, **changes):
    """Log in and return the header that gives the browser its session.

    The cookies go by hand: over plain http no browser would send back a secure one.
    """
    page = await browser.begin(client_id=OPENID, scope=BOTH, **changes)
    kept = {"Cookie": page.headers["Set-Cookie"].split(";")[0]}
    form = (await browser.visit(page.location, headers=kept)).form
    if (earlier := getattr(browser, "session", None)) is not None:
        kept["Cookie"] += f"; {earlier}"
    login = {**LOGINS["taro"], **SECRETS["taro"], "decision": "sign_in", **dict(form.fields)}
    page = await browser.visit(form.action, method="POST", data=login, headers=kept)
    assert page.status == 303, page.text
    browser.session = next(
        c.split(";")[0] for c in page.headers.getall("Set-Cookie") if c.startswith(SESSION)
    )
    return next(c for c in page.headers.getall("Set-Cookie") if c.startswith(f"{SESSION}="))


@pytest.mark.requirement("O-25")
async def test_a_cookie_of_before_the_log_in_opens_nothing_after_it(running, browser):
    first = (await session_cookie(browser)).split(";")[0]
    await session_cookie(browser, prompt="login")
    query = request_query(client_id=OPENID, scope=BOTH, prompt="none")
    for cookie in (first, f"{SESSION}=planted", f"{SESSION}=", f'{SESSION}="\xe9"'):
        async with running.http.get(
            f"{running.base}/oauth/auth?{query}",
            headers={"Cookie": cookie},
            allow_redirects=False,
        ) as answer:
            assert answer_of(answer.headers["Location"])["error"] == "login_required"


@pytest.mark.requirement("O-25")
async def test_a_failed_log_in_keeps_no_session(running, browser):
    await browser.open(client_id=OPENID, scope=BOTH)
    await browser.sign_in("taro", pin="0000")
    assert await ask(browser, prompt="none") == "login_required"


async def test_a_bank_may_keep_no_log_ins(tmp_path, template):
    async with (
        run_sandbox(tmp_path, template=template, tomato_session_lifetime="0s") as running,
        browsing(running) as browser,
    ):
        await log_in(browser)
        assert await ask(browser) == "sign_in"


@pytest.mark.requirement("O-25")
async def test_a_log_in_stays_within_its_world(running, browser):
    async with running.http.post(
        f"{running.sandbox.control_url}/api/v1/worlds", json={"name": "aside"}
    ) as answer:
        assert answer.status == 200
    cookie = (await session_cookie(browser)).split(";")[0]
    query = request_query(client_id=OPENID, scope=BOTH, prompt="none")
    async with running.http.get(
        f"{running.url}/w/aside{BASE}/oauth/auth?{query}",
        headers={"Cookie": cookie},
        allow_redirects=False,
    ) as answer:
        assert answer_of(answer.headers["Location"])["error"] == "login_required"


@pytest.mark.requirement("O-25")
async def test_two_tabs_of_one_log_in_answer_for_themselves(browser):
    await log_in(browser)
    await browser.open(client_id=OPENID, scope=BOTH, state="first")
    first = browser.page
    await browser.open(client_id=OPENID, scope="openid", state="second")
    forged = dict(browser.page.form.fields)["csrf"]
    page = await browser.visit(
        first.url,
        method="POST",
        data=urlencode({"csrf": forged, "decision": "allow", "function": "balances"}),
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert (page.status, page.location) == (403, "")
    browser.page = first
    assert answer_of((await browser.press("allow")).location)["state"] == "first"


async def test_an_accounting_service_keeps_its_own_kind_of_people(running, browser):
    await register(
        running, ACCOUNTING, scopes=("accounts", "openid"), contractor_kinds=("corporate",)
    )
    await log_in(browser, "shoji", client_id=ACCOUNTING)
    assert await ask(browser, prompt="none", client_id=ACCOUNTING) == "code"
    assert await ask(browser, prompt="none") == "consent_required"


async def test_the_testers_one_click_is_a_log_in_like_any_other(browser):
    await browser.open(client_id=OPENID, scope=BOTH, nonce="n")
    page = await browser.test("allow_all", ("persona", "taro"))
    assert answer_of(page.location)["code"]
    assert await ask(browser, prompt="none") == "code"


@pytest.mark.requirement("O-19", "O-25")
@pytest.mark.parametrize("prompt", ["none", "consent"])
async def test_a_log_in_of_before_uses_a_pushed_request_up_with_the_answer(
    running, browser, prompt
):
    await log_in(browser)
    request_uri = await push(running, OPENID, scope=BOTH, prompt=prompt)
    handle = urlencode({"client_id": OPENID, "request_uri": request_uri})
    page = await browser.open(handle)
    if prompt == "consent":
        await browser.open(handle)  # nobody has logged in for it, and nothing was answered
        page = await browser.press("allow")
    assert answer_of(page.location)["code"]
    page = await browser.open(handle)
    assert (page.status, page.location) == (400, "")
    assert "request_uri_used" in page.text


@pytest.mark.requirement("O-19")
async def test_an_error_without_a_page_uses_a_pushed_request_up_too(running, browser):
    request_uri = await push(running, OPENID, scope="openid", prompt="none")
    handle = urlencode({"client_id": OPENID, "request_uri": request_uri})
    assert answer_of((await browser.open(handle)).location)["error"] == "login_required"
    assert "request_uri_used" in (await browser.open(handle)).text
