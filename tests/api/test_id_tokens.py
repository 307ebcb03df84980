"""ID tokens (OpenID Connect Core §2): what they say, to whom, and that others can check it."""

import hashlib
from base64 import urlsafe_b64encode
from datetime import datetime

import pytest
from authlib.oidc.core import CodeIDToken

from sandbox.domain.oauth.parameters import parse_parameters
from sandbox.domain.oauth.personal import ACR
from sandbox.domain.time import instant_of
from sandbox.services.oauth import headless
from tests.jwts import (
    ALL_SCOPES,
    JWT_TOKENS,
    OPENID,
    header_of,
    key_set,
    log_in,
    set_options,
    set_scopes,
    verified,
)
from tests.support import AGGREGATOR, NOW, answer_of, bearer

NOW_S = 1_794_790_800  # tests.support.NOW
ALGORITHMS = ("ES256", "PS256", "EdDSA", "Ed25519", "RS256")
EDWARDS = ("EdDSA", "Ed25519")


async def claims_of(running, **changes):
    tokens = await log_in(running, **changes)
    return verified(tokens["id_token"], await key_set(running)), tokens


def half_of(hashed, token):
    digest = hashed(token.encode()).digest()
    return urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()


def test_the_moment_of_the_tests():
    assert instant_of(datetime.fromisoformat(NOW)) == NOW_S * 1000


@pytest.mark.requirement("O-21")
async def test_an_id_token_says_who_for_whom_and_until_when(running):
    claims, tokens = await claims_of(running, nonce="n-1")
    assert claims == {
        "iss": f"{running.url}/tomato",
        "sub": claims["sub"],
        "aud": OPENID,
        "exp": NOW_S + tokens["expires_in"],
        "iat": NOW_S,
        "auth_time": NOW_S,
        "nonce": "n-1",
        "acr": ACR,
        "amr": ["pin"],
        "at_hash": half_of(hashlib.sha256, tokens["access_token"]),
    }
    assert header_of(tokens["id_token"])["typ"] == "JWT"


@pytest.mark.requirement("O-21")
@pytest.mark.parametrize("alg", ALGORITHMS)
async def test_each_algorithm_is_verified_by_another_library(running, alg):
    await set_options(running, OPENID, id_token_alg=alg)
    claims, tokens = await claims_of(running, nonce="n")
    header = header_of(tokens["id_token"])
    assert header["alg"] == alg
    hashed = hashlib.sha512 if alg in EDWARDS else hashlib.sha256
    assert claims["at_hash"] == half_of(hashed, tokens["access_token"])
    options = {"iss": {"value": f"{running.url}/tomato"}, "aud": {"value": OPENID}}
    params = {"nonce": "n", "client_id": OPENID}
    if alg != "Ed25519":  # whose hash Authlib does not know yet
        params["access_token"] = tokens["access_token"]
    CodeIDToken(claims, header, options, params).validate(now=NOW_S, leeway=0)


@pytest.mark.requirement("O-21")
async def test_the_subject_is_a_contractors_and_no_clients(running):
    await set_scopes(running, AGGREGATOR, "accounts openid")
    first, _ = await claims_of(running)
    again, _ = await claims_of(running)
    other, _ = await claims_of(running, persona="hanako")
    tokens = await running.log_in("taro", scope="openid accounts")
    elsewhere = verified(tokens["id_token"], await key_set(running))
    assert (elsewhere["aud"], elsewhere["sub"]) == (AGGREGATOR, first["sub"])
    assert first["sub"] == again["sub"] != other["sub"]
    assert "taro" not in first["sub"]
    assert "1234567" not in first["sub"]


@pytest.mark.requirement("O-21")
async def test_a_refresh_says_the_same_person_and_the_same_log_in(running):
    first, tokens = await claims_of(running, nonce="n-1")
    await running.advance("5m")
    status, refreshed, _ = await running.refresh(tokens["refresh_token"], client=OPENID)
    assert status == 200
    claims = verified(refreshed["id_token"], await key_set(running))
    assert {name for name in {*first, *claims} if first.get(name) != claims.get(name)} == {
        "iat",
        "exp",
        "nonce",
        "at_hash",
    }
    assert claims["iat"] == NOW_S + 300
    assert claims["auth_time"] == NOW_S
    assert "nonce" not in claims
    assert claims["at_hash"] == half_of(hashlib.sha256, refreshed["access_token"])


@pytest.mark.requirement("O-22")
async def test_nobody_keeps_an_answer_with_an_id_token(running):
    consent = await running.authorize(client_id=OPENID, scope="openid accounts")
    exchanged = await running.exchange(consent["code"], client=OPENID)
    refreshed = await running.refresh(exchanged[1]["refresh_token"], client=OPENID)
    for status, body, headers in (exchanged, refreshed):
        assert (status, "id_token" in body) == (200, True)
        assert headers["Cache-Control"] == "no-store"
        assert headers["Pragma"] == "no-cache"
        assert headers["Content-Type"] == "application/json; charset=utf-8"


async def test_without_openid_there_is_no_id_token(running):
    tokens = await running.log_in("taro")
    assert "id_token" not in tokens
    tokens = await log_in(running)
    _, narrowed, _ = await running.refresh(tokens["refresh_token"], client=OPENID, scope="accounts")
    assert narrowed["scope"] == "accounts"
    assert "id_token" not in narrowed


async def test_a_firms_user_signed_in_by_password(running):
    claims, _ = await claims_of(running, persona="shoji")
    assert claims["amr"] == ["pwd"]


@pytest.mark.parametrize(
    ("claims", "told"),
    [
        ("{}", set()),
        ('{"id_token":{"name":null,"email":{"essential":true}}}', {"name", "email"}),
        ('{"id_token":{"address":null,"phone_number":null}}', {"address", "phone_number"}),
        ('{"userinfo":{"name":null}}', set()),
        ('{"id_token":{"nickname":null,"nothing":null,"name#ja-Kana-JP":null}}', set()),
        ('{"id_token":{"iss":{"value":"x"},"acr":{"essential":true},"auth_time":null}}', set()),
    ],
)
async def test_single_claims_are_told_where_they_were_asked_for(running, claims, told):
    plain, _ = await claims_of(running, scope="openid accounts")
    tokens = await exchange_for(running, claims)
    found = verified(tokens["id_token"], await key_set(running))
    assert set(found) - set(plain) == told
    assert found["iss"] == plain["iss"]


async def exchange_for(running, claims):
    """Consent with a ``claims`` parameter, by the bank's own services, and exchange the code."""
    query = (
        f"response_type=code&client_id={OPENID}&scope=openid+accounts&state=s"
        f"&redirect_uri=http://localhost:8000/callback&claims={claims}"
    )
    consented = await headless.consent(
        running.bank, parse_parameters(query), "taro", account_ids=None, functions=None
    )
    status, tokens, _ = await running.exchange(
        answer_of(consented.redirect_to)["code"], client=OPENID
    )
    assert status == 200, tokens
    return tokens


@pytest.mark.requirement("O-21")
async def test_an_id_token_opens_nothing(running):
    tokens = await log_in(running)
    for path in ("/accounts", "/oauth/userinfo"):
        status, _, headers = await running.get(path, tokens["id_token"])
        assert status == 401
        assert headers["WWW-Authenticate"].startswith('Bearer error="invalid_token"')


async def test_a_jwt_client_gets_both(running):
    await set_scopes(running, JWT_TOKENS, f"{ALL_SCOPES} accounts")
    tokens = await log_in(running, client_id=JWT_TOKENS)
    jwks = await key_set(running)
    access, identity = (verified(tokens[name], jwks) for name in ("access_token", "id_token"))
    assert access["sub"] == identity["sub"]
    assert identity["at_hash"] == half_of(hashlib.sha256, tokens["access_token"])


async def test_tokens_of_the_control_door_are_the_same(running):
    body = {"bank": "tomato", "client_id": OPENID, "persona": "taro", "scope": "openid accounts"}
    async with running.http.post(f"{running.control}/tokens", json=body) as answer:
        assert answer.status == 200, await answer.text()
        minted = await answer.json()
    claims = verified(minted["id_token"], await key_set(running))
    assert claims["aud"] == OPENID
    async with running.http.get(
        f"{running.base}/oauth/userinfo", headers=bearer(minted["access_token"])
    ) as answer:
        assert (await answer.json())["sub"] == claims["sub"]
