"""Access tokens that are JWTs (RFC 9068): checked by anybody, opened by the bank alone."""

import asyncio
import json
from base64 import urlsafe_b64encode

import pytest

from sandbox.domain.oauth.personal import ACR
from sandbox.domain.oauth.security import Proof
from tests.jwts import (
    JWT_TOKENS,
    OPENID,
    decoded,
    header_of,
    is_verified,
    key_set,
    log_in,
    set_options,
    verified,
)
from tests.support import CHALLENGE, NOW, REDIRECT_URI, VERIFIER, basic, bearer, run_sandbox

NOW_S = 1_794_790_800  # tests.support.NOW


async def jwt_of(running, persona="taro", **changes):
    return await log_in(running, "accounts", persona, JWT_TOKENS, **changes)


async def opens(running, token, path="/accounts"):
    return (await running.get(path, token))[0]


def encoded(part):
    return urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


async def test_a_jwt_says_what_rfc_9068_asks_for(running):
    tokens = await jwt_of(running)
    token = tokens["access_token"]
    assert header_of(token)["typ"] == "at+jwt"
    assert header_of(token)["alg"] == "ES256"
    claims = verified(token, await key_set(running))
    identity = await log_in(running)
    assert claims == {
        "iss": f"{running.url}/tomato",
        "sub": verified(identity["id_token"], await key_set(running))["sub"],
        "aud": running.base,
        "client_id": JWT_TOKENS,
        "scope": "accounts",
        "iat": NOW_S,
        "exp": NOW_S + tokens["expires_in"],
        "auth_time": NOW_S,
        "acr": ACR,
        "amr": ["pin"],
        "jti": claims["jti"],
    }
    other = await jwt_of(running, "hanako")
    assert verified(other["access_token"], await key_set(running))["jti"] != claims["jti"]
    assert tokens["token_type"] == "Bearer"
    assert not tokens["refresh_token"].startswith("eyJ")


@pytest.mark.requirement("O-34")
async def test_it_opens_until_its_grant_ends_whatever_it_says(running):
    tokens = await jwt_of(running)
    token = tokens["access_token"]
    assert await opens(running, token) == 200
    data = {"token": tokens["refresh_token"]}
    async with running.http.post(
        f"{running.base}/oauth/revoke", data=data, headers=basic(JWT_TOKENS)
    ) as answer:
        assert answer.status == 200
    assert await opens(running, token) == 401
    assert is_verified(token, await key_set(running))


@pytest.mark.requirement("O-13")
async def test_it_revokes_itself(running):
    token = (await jwt_of(running))["access_token"]
    async with running.http.post(
        f"{running.base}/oauth/revoke", data={"token": token}, headers=basic(JWT_TOKENS)
    ) as answer:
        assert answer.status == 200
    assert await opens(running, token) == 401


@pytest.mark.requirement("O-33")
async def test_it_lapses_by_the_worlds_clock(running):
    token = (await jwt_of(running))["access_token"]
    await running.advance("29m59s")
    assert await opens(running, token) == 200
    await running.advance("1s")
    assert await opens(running, token) == 401


async def test_a_refresh_gives_another_jwt_and_ends_the_first(running):
    first = await jwt_of(running)
    status, second, _ = await running.refresh(first["refresh_token"], client=JWT_TOKENS)
    assert status == 200
    jwks = await key_set(running)
    assert (
        verified(second["access_token"], jwks)["jti"]
        != verified(first["access_token"], jwks)["jti"]
    )
    assert [await opens(running, each["access_token"]) for each in (first, second)] == [401, 200]


async def test_what_was_changed_opens_nothing(running):
    token = (await jwt_of(running))["access_token"]
    header, payload, signature = token.split(".")
    claims = json.loads(decoded(payload))
    changed = (
        f"{header}.{payload}.{signature[:-4]}AAAA",
        f"{header}.{encoded({**claims, 'scope': 'accounts openid'})}.{signature}",
        f"{encoded({**header_of(token), 'alg': 'none'})}.{payload}.",
        f"{encoded({**header_of(token), 'kid': 'other'})}.{payload}.{signature}",
        f"{header}.{payload}",
        f"{token}.",
        f"{token}x",
    )
    for each in changed:
        assert await opens(running, each) == 401, each
    assert await opens(running, token) == 200


GARBAGE = (
    "eyJ",
    "eyJ.",
    "eyJ....",
    "eyJhbGciOg.x.y",
    f"{'eyJ' + 'A' * 7000}.x.y",
    f"{encoded([])}.x.y",
    f"{encoded({'kid': 5})}.x.y",
    f"{encoded({'kid': None})}.x.y",
    f"{encoded({'kid': ''})}.x.y",
    f"{encoded({'kid': 'Q3TbSa7q'})}.x.y",
    f"{encoded({'kid': 'é'})}.x.y",
    "eyJ\u00e9\u00e9.x.y",
    urlsafe_b64encode(b'{"a":' + b"[" * 300).decode() + ".x.y",
)


@pytest.mark.parametrize("token", GARBAGE)
async def test_what_only_looks_like_a_jwt_does_no_harm(running, token):
    status, body, headers = await running.get("/accounts", token)
    assert (status, body["error_code"]) == (401, "invalid_token")
    assert headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
    async with running.http.post(
        f"{running.base}/oauth/revoke", data={"token": token}, headers=basic(JWT_TOKENS)
    ) as answer:
        assert answer.status in (200, 400)


async def test_a_bound_one_says_to_which_key(running):
    await set_options(running, OPENID, token_format="jwt")
    consent = await running.authorize(client_id=OPENID)
    bank = running.bank
    client = await bank.client_auth.registered(OPENID)
    proof = Proof(dpop_jkt="thumb")
    pair = await bank.tokens.exchange(client, consent["code"], REDIRECT_URI, None, proof)
    claims = verified(pair.access_token, await key_set(running))
    assert claims["cnf"] == {"jkt": "thumb"}
    assert pair.token_type == "DPoP"


# Worlds, restarts, snapshots


async def make_world(running, name, **body):
    url = f"{running.sandbox.control_url}/api/v1/worlds"
    async with running.http.post(url, json={"name": name, **body}) as answer:
        assert answer.status in (200, 201), await answer.text()
        return await answer.json()


async def mint(running, world, client_id=JWT_TOKENS):
    body = {"bank": "tomato", "client_id": client_id, "persona": "taro", "scope": "accounts"}
    url = f"{running.sandbox.control_url}/api/v1/worlds/{world}/tokens"
    async with running.http.post(url, json=body) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.json()


async def get_in(running, prefix, token):
    address = running.base.replace("/tomato/", f"{prefix}/tomato/", 1)
    async with running.http.get(f"{address}/accounts", headers=bearer(token)) as answer:
        return answer.status


async def test_it_finds_its_world_by_its_key(running):
    await make_world(running, "other", clock={"mode": "frozen", "at": NOW})
    here, there = await mint(running, "default"), await mint(running, "other")
    for tokens, own, foreign in ((here, "/w/default", "/w/other"), (there, "/w/other", "")):
        token = tokens["access_token"]
        assert header_of(token)["kid"]
        assert await get_in(running, own, token) == 200
        if foreign:
            assert await get_in(running, foreign, token) == 401
    # Without a path the token alone says which world.
    assert await get_in(running, "", there["access_token"]) == 200
    claims = verified(there["access_token"], await key_set(running, "/w/other"))
    assert claims["iss"] == f"{running.url}/w/other/tomato"
    assert claims["aud"].startswith(claims["iss"])
    assert not is_verified(there["access_token"], await key_set(running))


async def control(running, method, path, **body):
    url = f"{running.control}/{path}"
    async with running.http.request(method, url, json=body) as answer:
        assert answer.status in (200, 201), await answer.text()
        return await answer.json()


@pytest.mark.requirement("O-33", "O-31")
async def test_a_restored_snapshot_brings_back_its_tokens_and_keys(running):
    before = await jwt_of(running)
    await control(running, "POST", "snapshots", name="here")
    kids = [key["kid"] for key in (await key_set(running))["keys"]]
    await control(running, "POST", "keys/rotate", bank="tomato")
    after = await jwt_of(running)
    assert await opens(running, before["access_token"]) == 401  # a new consent ended it
    await control(running, "POST", "snapshots/here/restore")
    assert [key["kid"] for key in (await key_set(running))["keys"]] == kids
    assert await opens(running, before["access_token"]) == 200
    assert await opens(running, after["access_token"]) == 401
    assert is_verified(before["access_token"], await key_set(running))
    assert not is_verified(after["access_token"], await key_set(running))
    assert await opens(running, (await jwt_of(running))["access_token"]) == 200


@pytest.mark.requirement("O-31")
async def test_a_fork_signs_with_keys_of_its_own(running):
    tokens = await jwt_of(running)
    await control(running, "POST", "snapshots", name="seed")
    await make_world(running, "fork", from_snapshot="default/seed")
    assert await get_in(running, "/w/fork", tokens["access_token"]) == 200
    minted = await mint(running, "fork")
    assert await get_in(running, "", minted["access_token"]) == 200  # found by its own key
    assert await opens(running, minted["access_token"]) == 200
    jwks = await key_set(running, "/w/fork")
    assert is_verified(minted["access_token"], jwks)
    assert is_verified(tokens["access_token"], jwks)  # its tokens came along
    assert not is_verified(minted["access_token"], await key_set(running))


@pytest.mark.requirement("O-31", "O-33")
async def test_a_restart_changes_nothing(tmp_path, template):
    directory = tmp_path / "data"
    directory.mkdir()
    settings = {"base_url": "https://bank.example"}
    async with run_sandbox(directory, template=template, **settings) as running:
        tokens, jwks = await jwt_of(running), await key_set(running)
    async with run_sandbox(directory, **settings) as running:
        assert await key_set(running) == jwks
        assert await opens(running, tokens["access_token"]) == 200
        again = await jwt_of(running)
        assert header_of(again["access_token"]) == header_of(tokens["access_token"])


async def test_many_at_once_make_one_key(running):
    codes = []
    for persona in ("taro", "hanako", "shoji"):
        consent = await running.authorize(persona, client_id=JWT_TOKENS, code_challenge=CHALLENGE)
        codes.append(consent["code"])
    more = {"client": JWT_TOKENS, "code_verifier": VERIFIER}
    answers = await asyncio.gather(
        *(running.exchange(code, **more) for code in codes), key_set(running)
    )
    assert [answer[0] for answer in answers[:-1]] == [200] * 3
    jwks = await key_set(running)
    assert len(jwks["keys"]) == 1
    assert all(is_verified(answer[1]["access_token"], jwks) for answer in answers[:-1])


@pytest.mark.requirement("O-31")
async def test_what_is_signed_while_keys_rotate_is_verified(running):
    personas = ("taro", "hanako", "shoji")
    codes = [
        (await running.authorize(who, client_id=JWT_TOKENS, code_challenge=CHALLENGE))["code"]
        for who in personas
    ]
    more = {"client": JWT_TOKENS, "code_verifier": VERIFIER}
    rotations = [control(running, "POST", "keys/rotate", bank="tomato") for _ in range(5)]
    answers = await asyncio.gather(*(running.exchange(code, **more) for code in codes), *rotations)
    jwks = await key_set(running)
    tokens = [body["access_token"] for _, body, _ in answers[: len(codes)]]
    assert all(is_verified(token, jwks) for token in tokens)
    assert [await opens(running, token) for token in tokens] == [200] * len(tokens)
    status, shown, _ = await running.refresh(answers[0][1]["refresh_token"], client=JWT_TOKENS)
    assert status == 200
    assert header_of(shown["access_token"])["kid"] == jwks["keys"][-1]["kid"]
