"""OpenID Connect requests: hints, languages, claims, and what the consent page makes of them."""

import json
from urllib.parse import urlencode

import pytest

from tests.browsing import browsing
from tests.openid import BOTH, OPENID, ask, claims_of, log_in
from tests.pushing import OPENID_SCOPES, key, push_form, register, signed
from tests.support import BASE, REDIRECT_URI, answer_of

OTHER = "other-openid"


@pytest.fixture
async def browser(running):
    async with browsing(running) as found:
        yield found


async def hint(running, browser, persona="taro"):
    """Return an ID token of this persona."""
    answer = await log_in(browser, persona, prompt="login")
    _, tokens = await claims_of(running, answer["code"])
    return tokens["id_token"]


@pytest.mark.requirement("O-21", "O-29")
async def test_an_id_token_hint_says_who_must_be_logged_in(running, browser):
    hanako = await hint(running, browser, "hanako")
    taro = await hint(running, browser, "taro")
    assert await ask(browser, prompt="none", id_token_hint=taro) == "code"
    assert await ask(browser, prompt="none", id_token_hint=hanako) == "login_required"
    assert await ask(browser, id_token_hint=hanako) == "sign_in"
    page = await browser.sign_in("taro")
    assert page.status == 303
    assert answer_of(page.location)["error"] == "login_required"
    assert await ask(browser, id_token_hint=hanako) == "sign_in"
    assert (await browser.sign_in("hanako")).status == 200
    await running.advance("31m")  # the hint has expired, and still says who
    assert await ask(browser, id_token_hint=taro) == "sign_in"
    form = {"client_id": OPENID, "response_type": "code", "redirect_uri": REDIRECT_URI}
    form |= {"scope": "openid", "state": "s", "id_token_hint": taro}
    status, body, _ = await push_form(running, form, client=OPENID)
    assert status == 201
    rows = await running.bank.world.database.fetch("SELECT parameters FROM pushed_request")
    assert taro not in str(rows)
    await browser.open(urlencode({"client_id": OPENID, "request_uri": body["request_uri"]}))
    assert answer_of((await browser.sign_in("hanako")).location)["error"] == "login_required"


@pytest.mark.requirement("O-21")
async def test_only_the_banks_own_id_token_for_this_client_is_a_hint(running, browser):
    taro = await hint(running, browser)
    await register(running, OTHER, scopes=("accounts", *OPENID_SCOPES))
    said = {"iss": running.bank.world.issuer("tomato"), "aud": OPENID, "sub": "x"}
    head, payload, signature = taro.split(".")
    for changes in (
        {"id_token_hint": "x"},
        {"id_token_hint": f"{head}.{payload}."},
        {"id_token_hint": f"{head}.{payload}.{signature[:-4]}AAAA"},
        {"id_token_hint": signed(said, by=key())},
        {"id_token_hint": taro, "client_id": OTHER},
    ):
        assert await ask(browser, **changes) == "invalid_request"


@pytest.mark.requirement("O-21")
async def test_a_claim_with_a_value_says_who_must_be_logged_in_too(running, browser):
    code = (await log_in(browser))["code"]
    subject = (await claims_of(running, code))[0]["sub"]
    for sub, comes in [(subject, "code"), ("somebody", "login_required"), (5, "code")]:
        claims = json.dumps({"id_token": {"sub": {"value": sub}}})
        assert await ask(browser, prompt="none", claims=claims) == comes


@pytest.mark.parametrize(
    ("login_hint", "fields"),
    [
        ("001-1234567", {"branch_code": "001", "account_number": "1234567"}),
        ("card:001:1234567", {"branch_code": "001", "account_number": "1234567"}),
        ("0566000001/tanaka", {"contractor_id": "0566000001", "user_id": "tanaka"}),
        ("user:0566000001:tanaka", {"contractor_id": "0566000001", "user_id": "tanaka"}),
        ("tanaka", {"user_id": "tanaka"}),
        ("card:001:1234567:1234", {}),
        ("someone@example.com", {}),
        ('"><script>', {}),
        ("架空", {}),
    ],
)
async def test_a_login_hint_fills_in_what_may_be_seen_and_no_secret(browser, login_hint, fields):
    page = await browser.open(client_id=OPENID, scope="openid", login_hint=login_hint)
    filled = set(fields.values())
    for value in ("001", "1234567", "0566000001", "tanaka"):
        assert (f'value="{value}"' in page.text) is (value in filled), value
    assert 'value="1234"' not in page.text
    assert "<script" not in page.text
    kind = "corporate" if "user_id" in fields else "individual"
    assert ("kind", kind) in page.form.fields


async def test_a_login_hint_of_a_kind_that_the_client_does_not_serve_fills_in_nothing(
    running, browser
):
    await register(running, OTHER, contractor_kinds=("individual",))
    page = await browser.open(client_id=OTHER, login_hint="0566000001/tanaka")
    assert ("kind", "individual") in page.form.fields
    assert "tanaka" not in page.text


async def test_what_was_typed_stays_rather_than_the_hint(browser):
    await browser.open(client_id=OPENID, scope="openid", login_hint="001-1234567")
    page = await browser.sign_in("hanako", pin="0000")
    assert 'value="2345678"' in page.text
    assert 'value="1234567"' not in page.text


@pytest.mark.parametrize(
    ("ui_locales", "language"),
    [
        ("en", "en"),
        ("ja", "ja"),
        ("en-GB ja", "en"),
        ("fr de en-US ja", "en"),
        ("EN", "en"),
        ("fr", "ja"),
        ("../en", "ja"),
        ("english", "ja"),
        (None, "ja"),
    ],
)
async def test_ui_locales_choose_the_language_of_the_pages(browser, ui_locales, language):
    page = await browser.open(client_id=OPENID, scope="openid", ui_locales=ui_locales)
    assert f'<html lang="{language}">' in page.text
    page = await browser.sign_in("taro")
    assert f'<html lang="{language}">' in page.text


@pytest.mark.requirement("O-26")
@pytest.mark.parametrize(
    ("scope", "claims", "shown"),
    [
        ("accounts", None, []),
        ("accounts", {"userinfo": {"email": None}}, []),
        ("openid", None, ["openid"]),
        ("openid profile email address phone", None, [*OPENID_SCOPES]),
        ("openid accounts phone", None, ["openid", "phone"]),
        ("openid", {"userinfo": {"email_verified": None}}, ["openid", "email"]),
        ("openid", {"id_token": {"address": {"essential": True}}}, ["openid", "address"]),
        ("openid", {"id_token": {"sub": None, "colour": None}, "other": {"name": 1}}, ["openid"]),
    ],
)
async def test_the_consent_page_shows_what_of_a_person_is_told(browser, scope, claims, shown):
    asked = None if claims is None else json.dumps(claims)
    await browser.open(client_id=OPENID, scope=scope, claims=asked, ui_locales="en")
    page = await browser.sign_in("taro")
    texts = {
        "openid": "knows you again",
        "profile": "Your name",
        "email": "Your e-mail address",
        "address": "Your address",
        "phone": "Your telephone number",
    }
    assert [part for part, text in texts.items() if text in page.text] == shown
    opens_accounts = "accounts" in scope.split()
    assert ('name="function"' in page.text) is opens_accounts
    assert ('name="account"' in page.text) is opens_accounts


@pytest.mark.requirement("O-26")
async def test_openid_alone_opens_no_account(running, browser):
    await browser.open(client_id=OPENID, scope="openid")
    page = await browser.sign_in("taro")
    extra = [("function", "balances"), ("account", "00000000000000000010112345670001")]
    page = await browser.press("allow", *extra)
    code = answer_of(page.location)["code"]
    claims, tokens = await claims_of(running, code)
    assert claims["iss"] == running.bank.world.issuer("tomato")
    assert tokens["scope"] == "openid"
    status, _, _ = await running.get("/accounts", tokens["access_token"])
    assert status == 403
    rows = await running.bank.world.database.fetch("SELECT functions FROM access_grant")
    assert [row[0] for row in rows] == [""]
    assert await running.bank.world.database.fetch("SELECT * FROM grant_account") == []


async def test_somebody_without_an_account_may_still_say_who_they_are(running, browser):
    async with running.bank.world.database.transaction() as db:
        await db.execute("UPDATE account SET state = 'closed' WHERE contractor_id = 'persona-taro'")
    assert (await log_in(browser, scope="openid"))["code"]
    await browser.open(client_id=OPENID, scope=BOTH, prompt="login")
    assert (await browser.sign_in("taro")).status == 403


FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def request_form(**changes):
    asked = {
        "response_type": "code",
        "client_id": OPENID,
        "redirect_uri": REDIRECT_URI,
        "scope": "openid",
        "state": "posted",
        **changes,
    }
    return urlencode(asked)


@pytest.mark.requirement("O-22", "O-28")
async def test_a_request_may_come_as_a_form(running, browser):
    url = f"{BASE}/oauth/auth"
    page = await browser.visit(url, method="POST", data=request_form(), headers=FORM)
    assert page.status == 303
    await browser.follow()
    await browser.sign_in("taro")
    assert answer_of((await browser.press("allow")).location)["state"] == "posted"
    wrong = request_form(scope="everything")
    page = await browser.visit(url, method="POST", data=wrong, headers=FORM)
    assert (page.status, answer_of(page.location)["error"]) == (303, "invalid_scope")
    for body, headers, status in [
        (request_form(redirect_uri="https://evil.example/"), FORM, 400),
        (f"{request_form()}&state=twice", FORM, 400),
        (request_form(), {"Content-Type": "text/plain"}, 400),
        ("&".join(f"f{number}=x" for number in range(65)), FORM, 400),
        ("x" * (64 * 1024 + 1), FORM, 413),
        ("", FORM, 400),
        (b"client_id=\xff&\xff=1", FORM, 400),
    ]:
        page = await browser.visit(url, method="POST", data=body, headers=headers)
        assert (page.status, page.location) == (status, "")
        assert "これは試験用の環境です" in page.text
    # What stands in the address of a form counts for nothing.
    page = await browser.visit(f"{url}?{request_form()}", method="POST", data="", headers=FORM)
    assert page.status == 400


@pytest.mark.requirement("O-28")
@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("login_hint", "h" * 128, "h" * 129),
        ("ui_locales", "e" * 128, "e" * 129),
        ("acr_values", "a" * 256, "a" * 257),
        ("max_age", "9" * 9, "9" * 10),
        ("claims", "{" + " " * 4094 + "}", "{" + " " * 4095 + "}"),
        ("claims", '{"x":[5]}', "["),
        ("claims", '{"userinfo":null}', '{"userinfo":5}'),
        ("claims", '{"userinfo":{"name":{"essential":true}}}', '{"userinfo":{"name":true}}'),
        ("claims", '{"userinfo":{}}', "[" * 4000),
        ("prompt", "login consent", "login  consent"),
        ("dpop_jkt", "x" * 43, "x" * 44),
        ("resource", "API_BASE", "API_BASE/"),
        ("response_mode", "query", "fragment"),
    ],
)
async def test_each_parameter_has_its_longest_and_its_oddest_value(
    running, browser, name, good, bad
):
    api_base = f"{running.bank.world.issuer('tomato')}/parasol/v1/banks/0566"
    for value, is_good in ((good, True), (bad, False)):
        given = value.replace("API_BASE", api_base)
        page = await browser.begin(client_id=OPENID, scope="openid", **{name: given})
        assert page.status == 302
        answer = answer_of(page.location)
        assert ("error" not in answer) is is_good, answer
        assert is_good or answer["error"] in ("invalid_request", "invalid_target")
