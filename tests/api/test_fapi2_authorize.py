"""FAPI 2.0 Security Profile (final) §5.3.2, as far as PAR and the authorization endpoint go.

``REQUIREMENTS`` names each one, and the test that shows it. What the token endpoint owes is shown
elsewhere.
"""

import sys
from urllib.parse import urlencode

import pytest

from sandbox.domain.oauth.errors import GrantReused, InvalidGrant
from sandbox.domain.oauth.security import Proof
from sandbox.web.bank_door import WELL_KNOWN
from tests.browsing import LOGINS, SECRETS, browsing
from tests.pushing import (
    OPENID_SCOPES,
    asked,
    assertion,
    key,
    key_set,
    push_form,
    register,
    signed,
)
from tests.support import REDIRECT_URI, VERIFIER, answer_of, basic, run_sandbox

FAPI = "fapi-client"
REQUIREMENTS = {
    "5.3.2.1 no open redirectors": "test_no_error_leads_to_an_unregistered_place",
    "5.3.2.1 assertions: issuer alone as audience": "test_a_push_addressed_elsewhere_is_refused",
    "5.3.2.1 confidential clients alone": "test_a_push_without_client_authentication_is_refused",
    "5.3.2.2 authorization code grant": "test_a_pushed_request_leads_to_a_code",
    "5.3.2.2 client-authenticated PAR": "test_a_pushed_request_leads_to_a_code",
    "5.3.2.2 no request without PAR": "test_a_request_that_was_not_pushed_is_refused",
    "5.3.2.2 no push without client authentication": (
        "test_a_push_without_client_authentication_is_refused"
    ),
    "5.3.2.2 PKCE with S256": "test_pkce_with_s256_is_required",
    "5.3.2.2 redirect_uri in every push": "test_redirect_uri_is_required",
    "5.3.2.2 iss in every answer": "test_every_answer_names_the_issuer",
    "5.3.2.2 codes of 60 seconds": "test_a_code_lives_for_sixty_seconds_whatever_the_bank_says",
    "5.3.2.2 codes are used once": "test_a_code_is_used_once",
    "5.3.2.2 code binding to a DPoP key": "test_a_code_is_bound_to_the_key_that_was_named",
    "5.3.2.2 no 307 after credentials": "test_after_credentials_the_browser_is_sent_on_by_303",
    "5.3.2.2 request_uri of less than 600 seconds": "test_a_request_uri_is_good_for_a_short_time",
    "5.3.2.2 nonces of 64 characters": "test_a_nonce_of_64_characters_is_taken",
    "5.3.2.2 state is no duty": "test_state_and_nonce_may_be_left_out",
}


async def fapi_client(running):
    await register(
        running,
        FAPI,
        security_profile="fapi2",
        auth_method="private_key_jwt",
        secret_hash=None,
        scopes=("accounts", *OPENID_SCOPES),
        options={"jwks": key_set(), "dpop_bound": True},
    )


@pytest.fixture
async def browser(running):
    await fapi_client(running)
    async with browsing(running) as found:
        yield found


async def pushed(running, **changes):
    """Push a sound request with changes; return (status, answer)."""
    form = {**asked(FAPI, **changes), **assertion(running, FAPI)}
    status, body, headers = await push_form(running, form, client=None)
    assert headers["Cache-Control"] == "no-store"
    assert "Location" not in headers
    return status, body


async def handle_of(running, **changes):
    status, body = await pushed(running, **changes)
    assert status == 201, body
    return urlencode({"client_id": FAPI, "request_uri": body["request_uri"]})


async def code_of(running, browser, **changes):
    await browser.open(await handle_of(running, **changes))
    await browser.sign_in("taro")
    return answer_of((await browser.press("allow")).location)["code"]


async def exchanged(running, code, **changes):
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": REDIRECT_URI,
        "code_verifier": VERIFIER,
        **assertion(running, FAPI),
        **changes,
    }
    async with running.http.post(f"{running.base}/oauth/token", data=form) as answer:
        return answer.status, await answer.json()


def test_every_requirement_has_its_test():
    module = sys.modules[__name__]
    assert {name for name in REQUIREMENTS.values() if not hasattr(module, name)} == set()
    shown = {name for name in vars(module) if name.startswith("test_")}
    assert shown - set(REQUIREMENTS.values()) == {"test_every_requirement_has_its_test"}


async def test_a_pushed_request_leads_to_a_code(running, browser):
    code = await code_of(running, browser)
    assert len(code) >= 43
    status, body = await exchanged(running, code)
    # All that is missing is the key, which the token endpoint asks for.
    assert (status, body["error"]) == (400, "invalid_request")
    assert "DPoP" in body["error_description"]


@pytest.mark.requirement("O-19")
async def test_a_request_that_was_not_pushed_is_refused(browser):
    page = await browser.begin(urlencode(asked(FAPI)))
    assert answer_of(page.location)["error"] == "invalid_request"
    assert "code" not in answer_of(page.location)


@pytest.mark.requirement("O-9", "O-10")
async def test_a_push_without_client_authentication_is_refused(running, browser):
    form = asked(FAPI)
    other = assertion(running, FAPI, by=key("ES256", "foreign"))
    cases = [(form, {}), ({**form, "client_secret": "x"}, {}), ({**form, **other}, {})]
    for body, headers in [*cases, (form, basic(FAPI))]:
        status, answer, _ = await push_form(running, body, client=None, **headers)
        assert (status, answer["error"]) == (401, "invalid_client")
    # A public client may not have this profile at all.
    await register(running, "public-fapi", security_profile="fapi2", auth_method="none", options={})
    status, answer, _ = await push_form(running, asked("public-fapi"), client=None)
    assert (status, answer["error"]) == (401, "invalid_client")


@pytest.mark.requirement("O-11")
async def test_a_push_addressed_elsewhere_is_refused(running, browser):
    issuer = running.bank.world.issuer("tomato")
    now = running.bank.world.now() // 1000
    for number, (aud, status) in enumerate(
        [
            (issuer, 201),
            ([issuer], 401),
            (f"{running.base}/oauth/par", 401),
            (f"{running.base}/oauth/token", 401),
            ("https://other.example", 401),
        ]
    ):
        said = {"iss": FAPI, "sub": FAPI, "aud": aud, "jti": f"j{number}", "exp": now + 60}
        form = {**asked(FAPI), **assertion(running, FAPI), "client_assertion": signed(said)}
        assert (await push_form(running, form, client=None))[0] == status, aud


@pytest.mark.requirement("O-6")
@pytest.mark.parametrize(
    "changes",
    [
        {"code_challenge": None, "code_challenge_method": None},
        {"code_challenge_method": None},
        {"code_challenge_method": "plain"},
        {"code_challenge": VERIFIER, "code_challenge_method": "plain"},
        {"code_challenge": "short"},
    ],
)
async def test_pkce_with_s256_is_required(running, browser, changes):
    status, body = await pushed(running, **changes)
    assert (status, body["error"]) == (400, "invalid_request")


@pytest.mark.requirement("O-1")
async def test_redirect_uri_is_required(running, browser):
    for redirect_uri in (None, "https://evil.example/", f"{REDIRECT_URI}/"):
        status, body = await pushed(running, redirect_uri=redirect_uri)
        assert (status, body["error"]) == (400, "invalid_request")
        assert "redirect_uri" in body["error_description"]


@pytest.mark.requirement("O-7")
async def test_every_answer_names_the_issuer(running, browser):
    async with running.http.get(f"{running.url}/tomato{WELL_KNOWN}") as answer:
        issuer = (await answer.json())["issuer"]
    found = [(await browser.begin(urlencode(asked(FAPI)))).location]
    await browser.open(await handle_of(running))
    found.append((await browser.press("deny")).location)
    await browser.open(await handle_of(running))
    await browser.sign_in("taro")
    found.append((await browser.press("allow")).location)
    found.append((await browser.begin(await handle_of(running, prompt="none"))).location)
    answers = [answer_of(location) for location in found]
    assert {answer["iss"] for answer in answers} == {issuer}
    errors = ["invalid_request", "access_denied", None, "login_required"]
    assert [answer.get("error") for answer in answers] == errors


@pytest.mark.requirement("O-3")
async def test_no_error_leads_to_an_unregistered_place(running, browser):
    evil = "https://evil.example/"
    handle = await handle_of(running)
    for query in (
        urlencode(asked(FAPI, redirect_uri=evil)),
        urlencode({"client_id": FAPI, "request_uri": evil, "redirect_uri": evil}),
        f"{handle}x&redirect_uri={evil}",
        f"{handle}&redirect_uri={evil}&return_to={evil}",
    ):
        page = await browser.open(query)
        assert "evil" not in page.location
    page = await browser.press("deny", ("redirect_uri", evil))
    assert page.location.startswith(f"{REDIRECT_URI}?")


@pytest.mark.requirement("O-4")
async def test_a_code_lives_for_sixty_seconds_whatever_the_bank_says(tmp_path, template):
    async with run_sandbox(tmp_path, template=template, tomato_code_lifetime="10m") as running:
        await fapi_client(running)
        async with browsing(running) as browser:
            codes = [await code_of(running, browser) for _ in range(2)]
        await running.advance("59s")
        # The one before it was superseded by the newer consent; this one still lives.
        _, body = await exchanged(running, codes[1])
        assert "DPoP" in body["error_description"]
        rows = await running.bank.world.database.fetch("SELECT expires_at FROM authorization_code")
        assert {row[0] - running.bank.world.now() for row in rows} == {1_000}


@pytest.mark.requirement("O-4", "O-5")
async def test_a_code_is_used_once(running, browser):
    code = await code_of(running, browser)
    client = await running.bank.client_auth.registered(FAPI)
    proof = Proof(dpop_jkt="t" * 43)
    exchange = running.bank.tokens.exchange
    pair = await exchange(client, code, REDIRECT_URI, VERIFIER, proof)
    assert pair.token_type == "DPoP"
    with pytest.raises(GrantReused):
        await exchange(client, code, REDIRECT_URI, VERIFIER, proof)


@pytest.mark.requirement("O-17")
async def test_a_code_is_bound_to_the_key_that_was_named(running, browser):
    code = await code_of(running, browser, dpop_jkt="t" * 43)
    client = await running.bank.client_auth.registered(FAPI)
    exchange = running.bank.tokens.exchange
    with pytest.raises(InvalidGrant):
        await exchange(client, code, REDIRECT_URI, VERIFIER, Proof(dpop_jkt="u" * 43))
    code = await code_of(running, browser, dpop_jkt="t" * 43)
    pair = await exchange(client, code, REDIRECT_URI, VERIFIER, Proof(dpop_jkt="t" * 43))
    assert pair.token_type == "DPoP"


@pytest.mark.requirement("O-22")
async def test_after_credentials_the_browser_is_sent_on_by_303(running, browser):
    await browser.open(await handle_of(running))
    login = [item for item in LOGINS["taro"].items() if item[0] != "kind"]
    page = await browser.press("sign_in", *login, *SECRETS["taro"].items())
    assert page.status == 303
    await browser.follow()
    assert (await browser.press("allow")).status == 303


@pytest.mark.requirement("O-19")
async def test_a_request_uri_is_good_for_a_short_time(running, browser):
    _, body = await pushed(running)
    assert 5 <= body["expires_in"] < 600
    handle = urlencode({"client_id": FAPI, "request_uri": body["request_uri"]})
    await running.advance(f"{body['expires_in']}s")
    page = await browser.begin(handle)
    assert (page.status, page.location) == (400, "")


async def test_a_nonce_of_64_characters_is_taken(running, browser):
    assert (await pushed(running, scope="openid", nonce="n" * 64))[0] == 201


@pytest.mark.requirement("O-8")
async def test_state_and_nonce_may_be_left_out(running, browser):
    handle = await handle_of(running, state=None, scope="openid accounts")
    await browser.open(handle)
    answer = answer_of((await browser.press("deny")).location)
    assert "state" not in answer
    for state, status in (("s" * 2048, 201), ("s" * 2049, 400), ("é" * 1024, 201)):
        assert (await pushed(running, state=state))[0] == status
