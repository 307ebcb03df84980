"""``web21``: codes and tokens, their form, their clocks, and what ends them."""

import re

import pytest

from tests.direct import LOGI, SHOJI, Direct, credentials
from tests.support import REDIRECT_URI, basic, bearer, run_sandbox

HEX = re.compile(r"[0-9a-f]{32}")


@pytest.mark.requirement("W-3", "W-47")
async def test_codes_and_tokens_are_32_hex_digits_and_the_answer_names_the_contractor(running):
    direct = Direct(running)
    consent = await direct.authorize("shoji_maker", "web21.ref web21.upd")
    assert HEX.fullmatch(consent["code"])
    status, tokens = await direct.exchange(consent["code"])
    assert status == 200
    assert set(tokens) == {
        "access_token",
        "token_type",
        "expires_in",
        "refresh_token",
        "refresh_token_expires_at",
        "contractor_id",
        "scope",
    }
    assert HEX.fullmatch(tokens["access_token"])
    assert HEX.fullmatch(tokens["refresh_token"])
    assert (tokens["token_type"], tokens["expires_in"]) == ("Bearer", 1800)
    assert tokens["contractor_id"] == SHOJI
    assert tokens["refresh_token_expires_at"] == "2027-02-14T10:00:00+09:00"  # 90 days
    assert tokens["scope"] == "web21.ref web21.upd"


@pytest.mark.requirement("W-2")
@pytest.mark.parametrize(("password", "status"), [("10000001-password", 200), ("wrong", 401)])
async def test_the_client_password_decides_at_the_token_endpoint(running, password, status):
    direct = Direct(running)
    consent = await direct.authorize("shoji_maker", "web21.ref")
    form = {
        "grant_type": "authorization_code",
        "code": consent["code"],
        "redirect_uri": REDIRECT_URI,
    }
    url, headers = f"{direct.base}/oauth/token", basic(direct.client_id, password)
    async with running.http.post(url, data=form, headers=headers) as answer:
        body = await answer.json()
        assert answer.status == status
        if status == 401:
            assert body["error"] == "invalid_client"
            assert answer.headers["WWW-Authenticate"] == 'Basic realm="web21"'


@pytest.mark.requirement("W-49")
async def test_only_hashes_of_tokens_are_stored(running):
    tokens = await Direct(running).log_in("shoji_maker")
    file = running.sandbox.directory / "default.db"
    written = file.read_bytes() + file.with_suffix(".db-wal").read_bytes()
    for name in ("access_token", "refresh_token"):
        assert tokens[name].encode() not in written


@pytest.mark.requirement("W-51", "W-52")
async def test_an_access_token_ends_on_the_second(running):
    direct = Direct(running)
    token = (await direct.log_in("shoji_maker"))["access_token"]
    await running.advance("1799s")
    assert await direct.verdict(token) == (200, None)
    await running.advance("1s")
    assert await direct.verdict(token) == (401, "access_expired")


@pytest.mark.requirement("W-51", "W-53")
async def test_rotation_does_not_prolong_the_refresh_token(running):
    direct = Direct(running)
    tokens = await direct.log_in("shoji_maker")
    until = tokens["refresh_token_expires_at"]
    await running.advance("60d")
    status, second = await direct.refresh(tokens["refresh_token"])
    assert (status, second["refresh_token_expires_at"]) == (200, until)
    await running.advance("30d")
    status, body = await direct.refresh(second["refresh_token"])
    assert (status, body["error"]) == (400, "invalid_grant")
    again = await direct.log_in("shoji_maker")
    assert await direct.verdict(again["access_token"]) == (200, None)
    assert (await direct.verdict(second["access_token"]))[0] == 401


async def test_a_refresh_narrows_the_scope_and_never_widens_it(running):
    direct = Direct(running)
    tokens = await direct.log_in("shoji_maker", "web21.ref web21.upd")
    status, narrow = await direct.refresh(tokens["refresh_token"], scope="web21.ref")
    assert (status, narrow["scope"]) == (200, "web21.ref")
    # What was granted can be had again (RFC 6749 §6), and nothing beyond it.
    status, whole = await direct.refresh(narrow["refresh_token"], scope="web21.ref web21.upd")
    assert (status, set(whole["scope"].split())) == (200, {"web21.ref", "web21.upd"})
    tokens = await direct.log_in("shoji_maker", "web21.ref")
    status, body = await direct.refresh(tokens["refresh_token"], scope="web21.ref web21.upd")
    assert (status, body["error"]) == (400, "invalid_scope")


@pytest.mark.requirement("W-6")
async def test_a_reused_refresh_token_ends_the_whole_family(running):
    direct = Direct(running)
    tokens = await direct.log_in("shoji_maker")
    _, second = await direct.refresh(tokens["refresh_token"])
    status, body = await direct.refresh(tokens["refresh_token"])
    assert (status, body["error"]) == (400, "invalid_grant")
    assert await direct.verdict(second["access_token"]) == (401, "refresh_reused")
    assert (await direct.refresh(second["refresh_token"]))[0] == 400


@pytest.mark.requirement("W-44", "W-48", "W-57")
async def test_each_user_and_each_consent_has_a_grant_of_its_own(running):
    direct = Direct(running)
    first = await direct.log_in("shoji_maker")
    second = await direct.log_in("shoji_maker")
    other = await direct.log_in("shoji_viewer")
    status, _ = await direct.post("/oauth/revoke", token=first["refresh_token"])
    assert status == 200
    assert await direct.verdict(first["access_token"]) == (401, "revoked_by_provider")
    for tokens in (second, other):
        assert await direct.verdict(tokens["access_token"]) == (200, None)


@pytest.mark.requirement("W-48")
async def test_with_last_grant_only_a_users_new_consent_ends_the_users_older_ones(
    tmp_path, template
):
    async with run_sandbox(tmp_path, template=template, web21_last_grant_only="1") as running:
        direct = Direct(running)
        first, other = await direct.log_in("shoji_maker"), await direct.log_in("shoji_viewer")
        second = await direct.log_in("shoji_maker")
        assert await direct.verdict(first["access_token"]) == (401, "superseded")
        assert await direct.verdict(second["access_token"]) == (200, None)
        assert await direct.verdict(other["access_token"]) == (200, None)


@pytest.mark.requirement("W-55", "W-56")
async def test_a_revocation_is_in_force_after_the_banks_lag(tmp_path, template):
    async with run_sandbox(tmp_path, template=template, web21_revocation_lag="90s") as running:
        direct = Direct(running)
        tokens = await direct.log_in("shoji_maker")
        await direct.post("/oauth/revoke", token=tokens["refresh_token"])
        await running.advance("60s")
        assert await direct.verdict(tokens["access_token"]) == (200, None)
        await running.advance("31s")
        assert await direct.verdict(tokens["access_token"]) == (401, "revoked_by_provider")


@pytest.mark.requirement("W-58")
async def test_the_bank_ends_a_grant_with_its_own_reason(running):
    direct = Direct(running)
    token = (await direct.log_in("shoji_maker"))["access_token"]
    async with running.http.get(f"{running.control}/grants") as answer:
        (grant,) = (await answer.json())["grants"]
    assert (grant["persona"], grant["bank"]) == ("shoji_maker", "web21")
    url = f"{running.control}/grants/{grant['grant_id']}/revoke"
    async with running.http.post(url, json={}) as answer:
        assert answer.status == 200
    assert await direct.verdict(token) == (401, "revoked_by_bank")


@pytest.mark.requirement("W-8", "W-30")
async def test_contractors_work_side_by_side_and_not_with_each_others_codes(running):
    shoji, logi = Direct(running), Direct(running, LOGI)
    consent = await shoji.authorize("shoji_maker", "web21.ref")
    status, body = await logi.exchange(consent["code"])
    assert (status, body["error"]) == (400, "invalid_grant")
    theirs = await logi.log_in("logi_maker")
    assert await logi.verdict(theirs["access_token"]) == (200, None)
    assert (await shoji.exchange(consent["code"]))[0] == 200


@pytest.mark.requirement("O-16")
async def test_a_token_of_the_other_bank_opens_nothing_and_is_told_as_such(running):
    direct = Direct(running)
    own = await direct.log_in("shoji_maker")
    others = await running.log_in("taro")
    for name in ("access_token", "refresh_token"):
        assert await direct.verdict(others[name]) == (401, "other_bank")
        status, body, said = await running.get("/accounts", own[name])
        assert (status, body["error_code"]) == (401, "invalid_token")
        assert said["X-Sandbox-Reason"] == "other_bank"
    assert await direct.verdict(own["access_token"]) == (200, None)


async def test_tokens_find_another_world_by_its_path(running):
    body = {"name": "green", "seed": 5}
    url = f"{running.sandbox.control_url}/api/v1/worlds"
    async with running.http.post(url, json=body) as answer:
        assert answer.status == 200
    green, default = Direct(running, prefix="/w/green"), Direct(running)
    token = (await green.log_in("shoji_maker"))["access_token"]
    assert await green.verdict(token) == (200, None)
    assert await default.verdict(token) == (401, "unknown")


async def test_a_client_that_one_world_alone_knows_finds_it_without_a_path(running):
    url = f"{running.sandbox.control_url}/api/v1/worlds"
    async with running.http.post(url, json={"name": "blue", "seed": 5}) as answer:
        assert answer.status == 200
    blue, plain = Direct(running, prefix="/w/blue"), Direct(running)
    world = running.sandbox.worlds.running["blue"]
    desk = type(blue.desk)(world, "web21", blue.bank.facts.scopes)
    async with world.database.transaction() as db:
        await db.execute(
            "UPDATE service_contract SET client_id = NULL WHERE contractor_id = $1", SHOJI
        )
    issued = await desk.issue_client(SHOJI, "keiri01")
    await desk.register_client(
        SHOJI,
        "keiri01",
        password=f"{issued.client_id}-password",
        web_servers=["http://localhost:8000/callback"],
    )
    blue.client_id = plain.client_id = issued.client_id
    tokens = await blue.log_in("shoji_maker")
    assert await plain.verdict(tokens["access_token"]) == (200, None)
    status, _ = await plain.refresh(tokens["refresh_token"])
    assert status == 200


@pytest.mark.requirement("W-32")
async def test_basic_opens_no_data_endpoint(running):
    direct = Direct(running)
    query = {"client_id": direct.client_id, "contractor_id": SHOJI}
    headers = credentials(direct.client_id)
    async with running.http.get(f"{direct.base}/accounts", params=query, headers=headers) as answer:
        assert answer.status == 401


async def test_openid_gives_an_id_token_of_the_banks_own_subject(running):
    direct = Direct(running)
    tokens = await direct.log_in("shoji_maker", "openid web21.ref", nonce="n")
    async with running.http.get(
        f"{direct.base}/userinfo", headers=bearer(tokens["access_token"])
    ) as answer:
        assert (answer.status, (await answer.json())["sub"]) == (200, "0009AG0000000001A001")
    async with running.http.get(f"{direct.base}/oauth/public_keys") as answer:
        assert (await answer.json())["keys"]
    assert tokens["id_token"].count(".") == 2


async def test_a_token_for_openid_alone_opens_no_api(running):
    direct = Direct(running)
    token = (await direct.log_in("shoji_maker", "openid", nonce="n"))["access_token"]
    assert await direct.verdict(token) == (403, "insufficient_scope")
