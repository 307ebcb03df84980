"""FAPI 2.0 Security Profile (final) §5.3.2 and §5.3.4: the token endpoint, and the APIs behind it.

``REQUIREMENTS`` names each one, and the test that shows it. What PAR and the authorization endpoint
owe is shown in test_fapi2_authorize.
"""

import base64
import json
import sys

import pytest

from sandbox.domain.secrets import secret_hash
from tests.api.test_fapi2_authorize import FAPI, code_of
from tests.browsing import browsing
from tests.clientele import accounts, dpop
from tests.keys import Key, by_assertion
from tests.pushing import OPENID_SCOPES, key_set, register
from tests.support import REDIRECT_URI, VERIFIER, basic, bearer, secret_of

KEY, CLIENT = Key(), Key(kid="client")
JWKS = json.dumps({"keys": [CLIENT.public, *json.loads(key_set())["keys"]]})
REQUIREMENTS = {
    "5.3.2.1 metadata is published": "test_what_the_profile_needs_is_published",
    "5.3.2.1 no resource owner password grant": "test_no_grant_but_code_and_refresh_is_known",
    "5.3.2.1 confidential clients alone": "test_a_client_must_prove_itself_by_key_or_certificate",
    "5.3.2.1 sender-constrained tokens alone": "test_no_token_without_a_key_that_it_is_bound_to",
    "5.3.2.1 by DPoP or mutual TLS": "test_no_token_without_a_key_that_it_is_bound_to",
    "5.3.2.1 private_key_jwt or mutual TLS": (
        "test_a_client_must_prove_itself_by_key_or_certificate"
    ),
    "5.3.2.1 issuer alone as audience": "test_assertions_name_the_issuer_and_nothing_else",
    "5.3.2.1 no rotation of refresh tokens": "test_refresh_tokens_stay_the_same",
    "5.3.2.1 clocks of 10 and 60 seconds": "test_clocks_may_differ_by_ten_seconds",
    "5.3.4 tokens in the header": "test_a_token_is_taken_from_the_header_alone",
    "5.3.4 validity, expiry, revocation": "test_a_token_that_has_ended_opens_nothing",
    "5.3.4 scope": "test_a_token_without_the_scope_opens_nothing",
    "5.3.4 sender constraint": "test_a_token_is_nothing_in_other_hands",
    "5.4.1 algorithms": "test_assertions_are_signed_by_strong_algorithms_alone",
    "5.4.1 entropy": "test_nobody_guesses_a_token",
}


def test_every_requirement_has_its_test():
    module = sys.modules[__name__]
    assert {name for name in REQUIREMENTS.values() if not hasattr(module, name)} == set()
    shown = {name for name in vars(module) if name.startswith("test_")}
    assert shown - set(REQUIREMENTS.values()) == {"test_every_requirement_has_its_test"}


async def fapi_client(running, **changes):
    await register(
        running,
        FAPI,
        **{
            "security_profile": "fapi2",
            "auth_method": "private_key_jwt",
            "secret_hash": None,
            "scopes": ("accounts", *OPENID_SCOPES),
            "options": {"jwks": JWKS, "dpop_bound": True},
            **changes,
        },
    )


@pytest.fixture
async def browser(running):
    await fapi_client(running)
    async with browsing(running) as found:
        yield found


def assertion(running, **changes):
    return by_assertion(CLIENT.assertion(running.sandbox.world, FAPI, **changes))


def proof(running, path="/oauth/token", method="POST", key=KEY, token=None):
    url = f"{running.base}{path}"
    return {"DPoP": key.proof(running.sandbox.world, url, method, token=token)}


async def ask(running, form, headers=None):
    async with running.http.post(
        f"{running.base}/oauth/token", data=form, headers=headers or {}
    ) as answer:
        return answer.status, await answer.json()


async def exchange(running, code, *, headers=None, **changes):
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": REDIRECT_URI,
        "code_verifier": VERIFIER,
        **assertion(running),
        **changes,
    }
    return await ask(running, form, proof(running) if headers is None else headers)


async def tokens(running, browser):
    status, body = await exchange(running, await code_of(running, browser))
    assert status == 200, body
    return body


async def refresh(running, refresh_token, **changes):
    form = {
        "grant_type": "refresh_token",
        "refresh_token": refresh_token,
        **assertion(running),
        **changes,
    }
    return await ask(running, form, proof(running))


async def test_what_the_profile_needs_is_published(running):
    async with running.http.get(f"{running.url}/tomato/.well-known/openid-configuration") as answer:
        told = await answer.json()
    assert told["issuer"] == f"{running.url}/tomato"
    assert "pushed_authorization_request_endpoint" in told
    assert told["authorization_response_iss_parameter_supported"] is True
    assert "private_key_jwt" in told["token_endpoint_auth_methods_supported"]
    assert {"ES256", "PS256"} <= set(told["dpop_signing_alg_values_supported"])
    assert told["code_challenge_methods_supported"] == ["S256"]


@pytest.mark.parametrize(
    "grant_type", ["password", "client_credentials", "implicit", "urn:ietf:params:oauth:x"]
)
async def test_no_grant_but_code_and_refresh_is_known(running, browser, grant_type):
    form = {"grant_type": grant_type, "username": "taro", "password": "1234"}
    status, body = await ask(running, {**form, **assertion(running)}, proof(running))
    assert (status, body["error"]) == (400, "unsupported_grant_type")


@pytest.mark.parametrize(
    ("method", "headers", "form"),
    [
        ("client_secret_basic", basic(FAPI), {}),
        ("client_secret_post", {}, {"client_id": FAPI, "client_secret": secret_of(FAPI)}),
        ("none", {}, {"client_id": FAPI}),
    ],
)
async def test_a_client_must_prove_itself_by_key_or_certificate(
    running, browser, method, headers, form
):
    code = await code_of(running, browser)
    # Even where somebody registered it so by mistake.
    stored = secret_hash(FAPI, secret_of(FAPI))
    await fapi_client(running, auth_method=method, secret_hash=stored)
    asked = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": REDIRECT_URI,
        "code_verifier": VERIFIER,
        **form,
    }
    status, body = await ask(running, asked, {**headers, **proof(running)})
    assert (status, body["error"]) == (401, "invalid_client")


async def test_no_token_without_a_key_that_it_is_bound_to(running, browser):
    code = await code_of(running, browser)
    status, body = await exchange(running, code, headers={})
    assert status == 400
    assert "DPoP" in body["error_description"]
    status, body = await exchange(running, code)
    assert (status, body["token_type"]) == (200, "DPoP")
    form = {"grant_type": "refresh_token", "refresh_token": body["refresh_token"]}
    status, body = await ask(running, {**form, **assertion(running)})
    assert status == 400
    assert "DPoP" in body["error_description"]


@pytest.mark.requirement("O-11")
async def test_assertions_name_the_issuer_and_nothing_else(running, browser):
    code, issuer = await code_of(running, browser), f"{running.url}/tomato"
    for audience in ([issuer], f"{running.base}/oauth/token", f"{issuer}/", [issuer, "x"], ""):
        status, body = await exchange(running, code, **assertion(running, aud=audience))
        assert (status, body["error"]) == (401, "invalid_client"), audience
    assert (await exchange(running, code, **assertion(running, aud=issuer)))[0] == 200


@pytest.mark.requirement("O-12")
async def test_refresh_tokens_stay_the_same(running, browser):
    first = await tokens(running, browser)
    for _ in range(3):
        status, body = await refresh(running, first["refresh_token"])
        assert (status, body["refresh_token"]) == (200, first["refresh_token"])


@pytest.mark.requirement("O-11", "O-17")
@pytest.mark.parametrize(
    ("ahead_s", "is_good"), [(0, True), (8, True), (10, True), (61, False), (3600, False)]
)
async def test_clocks_may_differ_by_ten_seconds(running, browser, ahead_s, is_good):
    code = await code_of(running, browser)
    now_s = running.sandbox.world.now() // 1000
    times = {"iat": now_s + ahead_s, "nbf": now_s + ahead_s, "exp": now_s + ahead_s + 60}
    status, body = await exchange(running, code, **assertion(running, **times))
    assert (status == 200) is is_good, body


async def test_a_token_is_taken_from_the_header_alone(running, browser):
    token = (await tokens(running, browser))["access_token"]
    own = proof(running, "/accounts", "GET", token=token)
    async with running.http.get(
        f"{running.base}/accounts?access_token={token}", headers=own
    ) as answer:
        assert answer.status == 400
    async with running.http.get(f"{running.base}/accounts", headers=own) as answer:
        assert answer.status == 401
    headers = dpop(token, proof(running, "/accounts", "GET", token=token)["DPoP"])
    assert (await accounts(running, headers))[0] == 200


async def test_a_token_that_has_ended_opens_nothing(running, browser):
    token = (await tokens(running, browser))["access_token"]
    await running.advance("30m")
    headers = dpop(token, proof(running, "/accounts", "GET", token=token)["DPoP"])
    status, _, said = await accounts(running, headers)
    assert (status, said["X-Sandbox-Reason"]) == (401, "access_expired")


async def test_a_token_without_the_scope_opens_nothing(running, browser):
    code = await code_of(running, browser, scope="openid")
    _, body = await exchange(running, code)
    token = body["access_token"]
    headers = dpop(token, proof(running, "/accounts", "GET", token=token)["DPoP"])
    status, said, _ = await accounts(running, headers)
    assert (status, said["error_code"]) == (403, "insufficient_scope")


async def test_a_token_is_nothing_in_other_hands(running, browser):
    token = (await tokens(running, browser))["access_token"]
    assert (await accounts(running, bearer(token)))[0] == 401
    foreign = proof(running, "/accounts", "GET", key=Key(), token=token)["DPoP"]
    assert (await accounts(running, dpop(token, foreign)))[0] == 401


@pytest.mark.parametrize("alg", ["RS256", "HS256", "none"])
async def test_assertions_are_signed_by_strong_algorithms_alone(running, browser, alg):
    from joserfc import jwt
    from joserfc.jwk import OctKey, RSAKey

    code, world = await code_of(running, browser), running.sandbox.world
    now_s = world.now() // 1000
    claims = {
        "iss": FAPI,
        "sub": FAPI,
        "aud": f"{running.url}/tomato",
        "jti": alg,
        "exp": now_s + 60,
    }
    if alg == "none":
        parts = [base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in (
            b'{"alg":"none","kid":"k1"}', str(claims).replace("'", '"').encode()
        )]  # fmt: skip
        signed = ".".join([*parts, ""])
    else:
        key = OctKey.import_key("s" * 32) if alg == "HS256" else RSAKey.generate_key(2048)
        signed = jwt.encode({"alg": alg, "kid": "k1"}, claims, key, algorithms=[alg])
    status, body = await exchange(running, code, client_assertion=signed)
    assert (status, body["error"]) == (401, "invalid_client")


async def test_nobody_guesses_a_token(running, browser):
    body = await tokens(running, browser)
    tag = running.sandbox.world.tag
    for name in ("access_token", "refresh_token"):
        # Behind the world's tag stand 256 bits.
        random_part = body[name].removeprefix(tag)
        assert len(base64.urlsafe_b64decode(random_part + "=")) == 32
