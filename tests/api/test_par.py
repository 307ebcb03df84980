"""Pushed authorization requests (RFC 9126): one client's, for one log-in, for a short time."""

import asyncio
from urllib.parse import quote_from_bytes, unquote_to_bytes, urlencode, urlsplit

import pytest

from sandbox.services.oauth.requests import REQUEST_URI_PREFIX
from sandbox.settings import SettingInvalid, read_settings
from tests.api.test_authorize_checks import NEARLY
from tests.browsing import browsing
from tests.keys import Key
from tests.pushing import asked, push, push_form, register
from tests.support import (
    ACCOUNTING,
    AGGREGATOR,
    BASE,
    NATIVE,
    REDIRECT_URI,
    VERIFIER,
    answer_of,
    basic,
    run_sandbox,
    secret_of,
)

PUSHER = "pusher"


@pytest.fixture
async def browser(running):
    async with browsing(running) as found:
        yield found


def handle(request_uri, client_id=AGGREGATOR, **beside):
    return urlencode({"client_id": client_id, "request_uri": request_uri, **beside})


@pytest.mark.requirement("O-19", "O-22")
async def test_the_answer_is_a_uri_that_is_good_for_a_short_time_and_is_kept_by_nobody(running):
    status, body, headers = await push_form(running, asked(AGGREGATOR), client=AGGREGATOR)
    assert (status, set(body)) == (201, {"request_uri", "expires_in"})
    assert body["request_uri"].startswith(REQUEST_URI_PREFIX)
    secret = body["request_uri"].removeprefix(REQUEST_URI_PREFIX)
    assert secret.startswith(running.bank.world.tag)
    assert len(secret) - len(running.bank.world.tag) >= 43  # 256 bits
    assert body["expires_in"] == 90
    assert headers["Cache-Control"] == "no-store"
    assert headers["Content-Type"] == "application/json; charset=utf-8"


@pytest.mark.requirement("O-19")
@pytest.mark.parametrize(("setting", "expires_in"), [("5s", 5), ("599s", 599)])
async def test_it_is_good_for_as_long_as_the_bank_says(tmp_path, template, setting, expires_in):
    async with run_sandbox(
        tmp_path, template=template, tomato_request_uri_lifetime=setting
    ) as running:
        _, body, _ = await push_form(running, asked(AGGREGATOR), client=AGGREGATOR)
        assert body["expires_in"] == expires_in


@pytest.mark.requirement("O-19")
@pytest.mark.parametrize(
    "beside",
    [
        {},
        {"scope": "everything", "state": "other", "response_type": "token"},
        {"redirect_uri": "https://evil.example/", "code_challenge": "x"},
        {"request": "x", "prompt": "none", "nonce": "n" * 500},
    ],
)
async def test_what_stands_beside_the_request_uri_counts_for_nothing(running, browser, beside):
    request_uri = await push(running, AGGREGATOR, state="pushed")
    await browser.open(handle(request_uri, **beside))
    await browser.sign_in("taro")
    page = await browser.press("allow")
    answer = answer_of(page.location)
    assert page.location.startswith(f"{REDIRECT_URI}?")
    assert answer["state"] == "pushed"
    status, tokens, _ = await running.exchange(answer["code"], code_verifier=VERIFIER)
    assert (status, tokens["scope"]) == (200, "accounts")


@pytest.mark.requirement("O-19")
async def test_it_may_be_opened_again_until_somebody_logged_in_and_never_after(running, browser):
    request_uri = await push(running, AGGREGATOR)
    for _ in range(3):
        assert (await browser.begin(handle(request_uri))).status == 302
    await browser.follow()
    consent = await browser.sign_in("taro")
    assert consent.status == 200
    page = await browser.begin(handle(request_uri))
    assert (page.status, page.location) == (400, "")
    assert "request_uri_used" in page.text
    browser.page = consent  # … but that log-in goes its way
    assert answer_of((await browser.press("allow")).location)["code"]
    assert "request_uri_used" in (await browser.begin(handle(request_uri))).text


@pytest.mark.requirement("O-19", "O-25")
async def test_of_two_tabs_only_the_one_that_logs_in_first_goes_on(running, browser):
    request_uri = await push(running, AGGREGATOR)
    first = await browser.open(handle(request_uri))
    await browser.open(handle(request_uri))
    assert (await browser.sign_in("taro")).status == 200
    browser.page = first
    page = await browser.sign_in("taro")
    assert (page.status, page.location) == (400, "")
    assert "request_uri_used" in page.text


@pytest.mark.requirement("O-19")
async def test_of_many_log_ins_at_once_one_gets_a_code(running):
    request_uri = await push(running, AGGREGATOR)

    async def walk():
        async with browsing(running) as browser:
            await browser.open(handle(request_uri))
            page = await browser.sign_in("taro")
            if page.status == 200:
                page = await browser.press("allow")
            return answer_of(page.location).get("code")

    codes = await asyncio.gather(*(walk() for _ in range(8)))
    assert len([code for code in codes if code]) == 1


@pytest.mark.requirement("O-19")
async def test_a_refusal_uses_it_up_too(running, browser):
    request_uri = await push(running, AGGREGATOR)
    await browser.open(handle(request_uri))
    assert answer_of((await browser.press("deny")).location)["error"] == "access_denied"
    assert "request_uri_used" in (await browser.begin(handle(request_uri))).text


@pytest.mark.requirement("O-19", "O-33")
async def test_it_expires_by_the_worlds_clock_and_the_page_says_what_to_do(running, browser):
    request_uri = await push(running, AGGREGATOR)
    await running.advance("89s")
    assert (await browser.open(handle(request_uri))).status == 200
    await running.advance("1s")
    page = await browser.begin(handle(request_uri))
    assert (page.status, page.location) == (400, "")
    assert "request_uri_expired" in page.text
    assert "expires_in" in page.text
    await running.advance("20m")
    await push(running, AGGREGATOR)  # forgets what is long over
    assert "request_uri_unknown" in (await browser.begin(handle(request_uri))).text


@pytest.mark.requirement("O-19")
async def test_whoever_opened_it_in_time_may_sign_in_later(running, browser):
    request_uri = await push(running, AGGREGATOR)
    await running.advance("89s")
    await browser.open(handle(request_uri))
    await running.advance("9m59s")
    await push(running, AGGREGATOR)
    assert (await browser.sign_in("taro")).status == 200


@pytest.mark.requirement("O-19", "O-3")
@pytest.mark.parametrize(
    ("client_id", "tail"),
    [(ACCOUNTING, ""), (AGGREGATOR, "x"), (AGGREGATOR, " "), (AGGREGATOR, "\udcff")],
)
async def test_it_is_of_its_client_and_of_its_letters_alone(running, browser, client_id, tail):
    request_uri = await push(running, AGGREGATOR)
    tail = quote_from_bytes(tail.encode("utf-8", "surrogateescape"))
    page = await browser.begin(handle(request_uri, client_id) + tail)
    assert (page.status, page.location) == (400, "")
    assert "request_uri_unknown" in page.text
    assert "code" not in answer_of(page.location)


@pytest.mark.requirement("O-20", "O-3")
@pytest.mark.parametrize(
    "request_uri", ["https://evil.example/request.jwt", "http://127.0.0.1:1/", "file:///x", "urn:x"]
)
async def test_no_other_request_uri_is_fetched_or_followed(browser, request_uri):
    page = await browser.begin(request_uri=request_uri)
    assert answer_of(page.location)["error"] == "request_uri_not_supported"
    page = await browser.begin(request_uri=request_uri, redirect_uri=None)
    assert (page.status, page.location) == (400, "")


@pytest.mark.requirement("O-9", "O-10", "O-19")
async def test_only_a_client_that_proves_who_it_is_may_push(running):
    form = asked(AGGREGATOR)
    cases = [
        (form, {"client": None}, 401, "invalid_client"),
        ({**form, "client_secret": secret_of(AGGREGATOR)}, {"client": None}, 401, "invalid_client"),
        (form, {"client": ACCOUNTING}, 400, "invalid_request"),
        ({**form, "client_id": "nobody"}, {"client": None}, 401, "invalid_client"),
        (asked("sandbox-blocked"), {"client": "sandbox-blocked"}, 401, "invalid_client"),
    ]
    for body, who, status, error in cases:
        found, answer, _ = await push_form(running, body, **who)
        assert (found, answer["error"]) == (status, error)


@pytest.mark.requirement("O-9", "O-19", "O-29")
async def test_a_secret_in_the_form_proves_the_client_and_is_not_kept(running):
    form = {**asked(ACCOUNTING), "client_secret": secret_of(ACCOUNTING)}
    status, body, _ = await push_form(running, form, client=None)
    assert status == 201
    rows = await running.bank.world.database.fetch("SELECT * FROM pushed_request")
    assert secret_of(ACCOUNTING) not in str(rows)
    assert body["request_uri"] not in str(rows)
    assert body["request_uri"].removeprefix(REQUEST_URI_PREFIX) not in str(rows)


async def test_a_public_client_may_push_too(running, browser):
    form = asked(NATIVE, redirect_uri="http://127.0.0.1:9999/callback")
    status, body, _ = await push_form(running, form, client=None)
    assert status == 201
    await browser.open(handle(body["request_uri"], NATIVE))
    page = await browser.press("deny")
    assert page.location.startswith("http://127.0.0.1:9999/callback?error=access_denied")


@pytest.mark.requirement("O-19")
async def test_the_client_id_of_the_request_is_the_authenticated_one_where_it_is_left_out(running):
    form = asked(AGGREGATOR)
    del form["client_id"]
    status, _, _ = await push_form(running, form, client=AGGREGATOR)
    assert status == 201


@pytest.mark.requirement("O-19")
@pytest.mark.parametrize("setting", ["4s", "600s"])
def test_the_bank_says_from_five_seconds_to_less_than_ten_minutes(setting):
    with pytest.raises(SettingInvalid):
        read_settings({"tomato_request_uri_lifetime": setting}, environ={})


@pytest.mark.requirement("O-1", "O-3", "O-19")
async def test_a_redirect_uri_that_is_only_nearly_registered_is_not_pushed(running):
    for redirect_uri in NEARLY:
        spelled = quote_from_bytes(redirect_uri.encode("utf-8", "surrogateescape"), safe="")
        form = urlencode(asked(AGGREGATOR, redirect_uri=None)) + f"&redirect_uri={spelled}"
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        status, body, headers = await push_form(running, form, client=AGGREGATOR, **headers)
        assert (status, body["error"]) == (400, "invalid_request"), redirect_uri
        assert "redirect_uri" in body["error_description"]
        assert "Location" not in headers


@pytest.mark.requirement("O-19")
async def test_a_client_that_must_push_gets_nowhere_without(running, browser):
    await register(running, PUSHER, options={"par_required": True})
    page = await browser.begin(client_id=PUSHER)
    assert answer_of(page.location)["error"] == "invalid_request"
    request_uri = await push(running, PUSHER)
    assert (await browser.open(handle(request_uri, PUSHER))).status == 200
    answer = await running.authorize(client_id=PUSHER, redirect_uri=REDIRECT_URI)
    assert answer["status"] == 200  # the control door stands in for the client


@pytest.mark.requirement("O-2", "O-19")
async def test_what_has_changed_since_the_push_is_noticed(running, browser):
    request_uri = await push(running, AGGREGATOR)
    await register(running, AGGREGATOR, redirect_uris=("https://aggregator.example/new",))
    page = await browser.begin(handle(request_uri))
    assert (page.status, page.location) == (400, "")
    assert "redirect_uri_mismatch" in page.text
    await running.staff.set_client_status(AGGREGATOR, "blocked")
    assert "client_blocked" in (await browser.begin(handle(request_uri))).text


@pytest.mark.requirement("O-8")
@pytest.mark.parametrize("state", [b"plain", b"+ %2B&=#", "架空😀".encode(), b"\xff\x80", b"\x00"])
async def test_a_pushed_state_comes_back_byte_for_byte(running, browser, state):
    text = urlencode({n: v for n, v in asked(AGGREGATOR).items() if n != "state"})
    form = f"{text}&state={quote_from_bytes(state, safe='')}"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    status, body, _ = await push_form(running, form, client=AGGREGATOR, **headers)
    assert status == 201
    await browser.open(handle(body["request_uri"]))
    page = await browser.press("deny")
    fields = dict(part.partition("=")[::2] for part in urlsplit(page.location).query.split("&"))
    assert unquote_to_bytes(fields["state"].replace("+", " ")) == state


@pytest.mark.requirement("O-17", "O-4")
async def test_dpop_jkt_binds_the_code_to_its_key(running, browser):
    thumbprint = "t" * 43
    for dpop_jkt, error in [(thumbprint, "invalid_grant"), (None, None)]:
        await browser.open(handle(await push(running, AGGREGATOR, dpop_jkt=dpop_jkt)))
        await browser.sign_in("taro")
        code = answer_of((await browser.press("allow")).location)["code"]
        _, tokens, _ = await running.exchange(code, code_verifier=VERIFIER)
        assert tokens.get("error") == error


@pytest.mark.requirement("O-17", "O-4")
async def test_a_proof_beside_the_push_binds_the_code_to_its_key(running, browser):
    key, other = Key(), Key()
    world, url = running.bank.world, f"{running.base}/oauth/par"
    for form, proof, error in [
        (asked(AGGREGATOR), key.proof(world, f"{running.base}/oauth/token"), "invalid_dpop_proof"),
        (asked(AGGREGATOR), "x", "invalid_dpop_proof"),
        (asked(AGGREGATOR, dpop_jkt=other.thumbprint), key.proof(world, url), "invalid_request"),
        (asked(AGGREGATOR, dpop_jkt=key.thumbprint), key.proof(world, url), None),
        (asked(AGGREGATOR), key.proof(world, url), None),
    ]:
        status, body, _ = await push_form(running, form, client=AGGREGATOR, DPoP=proof)
        assert (status, body.get("error")) == (201 if error is None else 400, error)
    for by, error in [(other, "invalid_grant"), (key, None)]:
        proof = {"DPoP": key.proof(world, url)}
        _, body, _ = await push_form(running, asked(AGGREGATOR), client=AGGREGATOR, **proof)
        await browser.open(handle(body["request_uri"]))
        await browser.sign_in("taro")
        code = answer_of((await browser.press("allow")).location)["code"]
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT_URI}
        headers = {
            **basic(AGGREGATOR),
            "DPoP": by.proof(world, f"{running.base}/oauth/token"),
        }
        async with running.http.post(
            f"{running.base}/oauth/token", data={**form, "code_verifier": VERIFIER}, headers=headers
        ) as answer:
            assert (await answer.json()).get("error") == error


async def test_outside_service_hours_nothing_is_pushed(tmp_path, template):
    async with run_sandbox(tmp_path, template=template, tomato_hours="regional") as running:
        await running.advance("13h55m")
        status, body, headers = await push_form(running, asked(AGGREGATOR), client=AGGREGATOR)
        assert (status, body["error"]) == (503, "temporarily_unavailable")
        assert int(headers["Retry-After"]) > 0


async def test_a_request_uri_finds_its_world_by_itself(running, browser):
    url = f"{running.sandbox.control_url}/api/v1/worlds"
    async with running.http.post(url, json={"name": "aside"}) as answer:
        assert answer.status == 200, await answer.text()
    async with running.http.post(
        f"{running.url}/w/aside{BASE}/oauth/par",
        data=asked(AGGREGATOR),
        headers=basic(AGGREGATOR),
    ) as answer:
        body = await answer.json()
        assert answer.status == 201, body
    page = await browser.open(handle(body["request_uri"]))  # at the default world's address
    assert page.status == 200
    assert "/w/aside/" in page.url
    page = await browser.press("deny")
    assert answer_of(page.location)["iss"].endswith("/w/aside/tomato")


@pytest.mark.requirement("O-29")
async def test_the_journal_does_not_keep_the_request_uri(running, browser):
    request_uri = await push(running, AGGREGATOR)
    await browser.open(handle(request_uri))
    async with running.http.get(f"{running.control}/journal") as answer:
        text = await answer.text()
    assert "/oauth/par" in text
    assert request_uri.removeprefix(REQUEST_URI_PREFIX) not in text
