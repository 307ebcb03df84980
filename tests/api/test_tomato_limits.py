"""Rate limit, service hours, realism, and whose clock the answers are dated by."""

from email.utils import formatdate

import pytest

from sandbox.web.bank_door import WELL_KNOWN
from tests.browsing import browsing
from tests.support import (
    AGGREGATOR,
    MANUAL,
    REDIRECT_URI,
    answer_of,
    basic,
    bearer,
    run_sandbox,
)

TOKEN_FORM = {"grant_type": "authorization_code", "code": "x", "redirect_uri": REDIRECT_URI}
# From 10:00 of NOW to the edges of that night's closed window.
TO_CLOSING = "13h55m"


async def statuses(running, token, count):
    return [(await running.get("/accounts", token))[0] for _ in range(count)]


async def test_the_call_after_the_limit_waits_for_the_window_to_end(
    tmp_path, template, monkeypatch
):
    seconds = [1_000.25]
    monkeypatch.setattr("sandbox.services.bank.monotonic_s", lambda: seconds[0])
    async with run_sandbox(
        tmp_path, template=template, tomato_rate_limit_per_minute="3"
    ) as running:
        token = (await running.log_in("taro"))["access_token"]
        assert await statuses(running, token, 3) == [200, 200, 200]
        status, body, headers = await running.get("/accounts", token)
        assert (status, body["error_code"]) == (429, "too_many_requests")
        assert headers["Retry-After"] == "60"
        seconds[0] += 59.5
        _, _, headers = await running.get("/accounts", token)
        assert headers["Retry-After"] == "1"
        seconds[0] += 0.5
        assert await statuses(running, token, 4) == [200, 200, 200, 429]


async def test_the_limit_counts_each_client_and_contractor_apart(tmp_path, template):
    async with run_sandbox(
        tmp_path, template=template, tomato_rate_limit_per_minute="1"
    ) as running:
        first = (await running.log_in("taro"))["access_token"]
        other_person = (await running.log_in("hanako"))["access_token"]
        other_client = (await running.log_in("taro", client_id=MANUAL))["access_token"]
        assert await statuses(running, first, 2) == [200, 429]
        assert await statuses(running, other_person, 2) == [200, 429]
        assert await statuses(running, other_client, 2) == [200, 429]


async def test_the_limit_follows_the_contractor_through_new_tokens(tmp_path, template):
    async with run_sandbox(
        tmp_path, template=template, tomato_rate_limit_per_minute="1"
    ) as running:
        tokens = await running.log_in("taro")
        assert await statuses(running, tokens["access_token"], 1) == [200]
        _, renewed, _ = await running.refresh(tokens["refresh_token"])
        assert await statuses(running, renewed["access_token"], 1) == [429]


@pytest.fixture
async def regional(tmp_path, template):
    """A sandbox with regional hours, at 23:54:59 of an ordinary Monday."""
    async with run_sandbox(tmp_path, template=template, tomato_hours="regional") as running:
        await running.advance("13h54m59s")
        yield running


async def test_data_are_served_up_to_closing_and_again_from_opening(regional):
    token = (await regional.log_in("taro"))["access_token"]
    seen = []
    for by in ("0s", "1s", "9m59s", "1s"):
        await regional.advance(by)
        status, body, headers = await regional.get("/accounts", token)
        seen.append((status, headers.get("Retry-After"), body.get("error_code")))
    closed = "outside_service_hours"
    assert seen == [(200, None, None), (503, "600", closed), (503, "1", closed), (200, None, None)]


async def test_closed_hours_say_nothing_about_the_token(regional):
    await regional.advance("1s")
    answers = [await regional.get("/accounts", token) for token in (None, "garbage")]
    assert {status for status, _, _ in answers} == {503}


async def test_the_token_endpoint_is_closed_at_night(regional):
    code = (await regional.authorize())["code"]
    await regional.advance("1s")
    status, body, headers = await regional.exchange(code)
    assert (status, body["error"]) == (503, "temporarily_unavailable")
    assert headers["Retry-After"] == "600"


async def test_the_authorization_endpoint_sends_people_back_at_night(regional):
    await regional.advance("1s")
    async with browsing(regional) as browser:
        page = await browser.begin(state="night")
        assert page.status == 302
        assert page.location.startswith(f"{REDIRECT_URI}?")
        answer = answer_of(page.location)
        assert (answer["error"], answer["state"]) == ("temporarily_unavailable", "night")
        # What may not be redirected is still shown, closed or not.
        page = await browser.begin(client_id="nobody")
        assert (page.status, page.location) == (400, "")


async def test_a_provider_may_cancel_at_night(regional):
    tokens = await regional.log_in("taro")
    await regional.advance("1s")
    async with regional.http.post(
        f"{regional.base}/oauth/revoke",
        data={"token": tokens["refresh_token"]},
        headers=basic(AGGREGATOR),
    ) as answer:
        assert answer.status == 200
    await regional.advance("10m")
    status, _, headers = await regional.get("/accounts", tokens["access_token"])
    assert (status, headers["X-Sandbox-Reason"]) == (401, "revoked_by_provider")


async def test_the_reason_is_told_unless_realism_is_strict(tmp_path, template):
    for strict in ("0", "1"):
        directory = tmp_path / strict
        directory.mkdir()
        async with run_sandbox(
            directory, template=template, tomato_strict_realism=strict
        ) as running:
            tokens = await running.log_in("taro")
            await running.refresh(tokens["refresh_token"])
            status, _, token_headers = await running.refresh(tokens["refresh_token"])
            assert status == 400
            status, _, data_headers = await running.get("/accounts", tokens["access_token"])
            assert status == 401
            for headers in (token_headers, data_headers):
                assert ("X-Sandbox-Reason" in headers) is (strict == "0")
            assert data_headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


def calls(running, token, account_id):
    """Return (what, method, address, options, expected status) of each kind of single call."""
    base, told = running.base, {"headers": bearer(token)}
    bad_date = f"{base}/accounts/{account_id}/transactions?date_from=x"
    as_client = {"headers": basic(AGGREGATOR)}
    return [
        ("200", "GET", f"{base}/accounts", told, 200),
        ("query token", "GET", f"{base}/accounts?access_token=x", {}, 400),
        ("bad date", "GET", bad_date, told, 400),
        ("no token", "GET", f"{base}/accounts", {}, 401),
        ("no account", "GET", f"{base}/accounts/0", told, 404),
        ("no path", "GET", f"{base}/nothing", {}, 404),
        ("no method", "DELETE", f"{base}/accounts", {}, 405),
        ("no page method", "DELETE", f"{base}/oauth/auth", {}, 405),
        ("page", "GET", f"{base}/oauth/auth?client_id=nobody", {}, 400),
        ("no interaction", "GET", f"{base}/oauth/auth/none", {}, 400),
        ("large", "POST", f"{base}/oauth/token", {"data": {"code": "x" * 70_000}}, 413),
        ("token", "POST", f"{base}/oauth/token", {"data": TOKEN_FORM}, 401),
        ("no form", "POST", f"{base}/oauth/token", {"json": {}}, 400),
        ("grant", "POST", f"{base}/oauth/token", {"data": TOKEN_FORM, **as_client}, 400),
        ("revoke", "POST", f"{base}/oauth/revoke", {"data": {"token": "x"}, **as_client}, 200),
        ("openapi", "GET", f"{running.url}/tomato/openapi.json", {}, 200),
        ("metadata", "GET", f"{running.url}/tomato{WELL_KNOWN}", {}, 200),
    ]


async def every_kind_of_answer(running):
    """Yield (what, its headers) of each kind of answer that the bank gives."""
    token = (await running.log_in("taro"))["access_token"]
    (account_id,) = await running.account_ids(token)
    for what, method, url, options, expected in calls(running, token, account_id):
        async with running.http.request(method, url, **options) as answer:
            assert answer.status == expected, what
            yield what, answer.headers
    async with browsing(running) as browser:
        yield "redirect", (await browser.begin()).headers
        yield "sign-in", (await browser.follow()).headers
        yield "wrong pin", (await browser.sign_in("taro", pin="0000")).headers
        yield "consent", (await browser.sign_in("taro")).headers
        yield "allowed", (await browser.press("allow")).headers


@pytest.mark.requirement("O-33")
async def test_every_kind_of_answer_is_dated_by_the_worlds_clock(running):
    date = formatdate(running.bank.world.now() // 1000, usegmt=True)
    assert date.startswith("Mon, 16 Nov 2026")
    dates = {what: headers["Date"] async for what, headers in every_kind_of_answer(running)}
    assert len(dates) > 20
    assert {what: found for what, found in dates.items() if found != date} == {}


async def test_limits_and_closed_hours_are_dated_by_the_worlds_clock_too(tmp_path, template):
    async with run_sandbox(
        tmp_path, template=template, tomato_rate_limit_per_minute="1", tomato_hours="regional"
    ) as running:
        token = (await running.log_in("taro"))["access_token"]
        await running.get("/accounts", token)
        for status, by in ((429, "0s"), (503, TO_CLOSING)):
            await running.advance(by)
            found, _, headers = await running.get("/accounts", token)
            now = running.bank.world.now() // 1000
            assert (found, headers["Date"]) == (status, formatdate(now, usegmt=True))
