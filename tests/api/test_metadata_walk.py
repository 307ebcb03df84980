"""Each thing that the metadata lists is used, and what they do not list is refused (O-30)."""

from functools import cache
from urllib.parse import urlencode

import pytest

from sandbox.domain.client import ClientOptions
from sandbox.domain.oauth.personal import CLAIMS
from sandbox.web.bank_door import WELL_KNOWN
from tests.api.test_mutual_tls import SUBJECT, TlsRunning
from tests.browsing import browsing
from tests.clientele import BROKEN_CODE, SECRETS, register
from tests.jwts import OPENID, key_set, log_in, set_options, verified
from tests.keys import Key, by_assertion
from tests.pushing import asked, claims
from tests.support import BASE, CHALLENGE, answer_of, basic, bearer, run_sandbox, secret_of

ALL = {"tls": "1", "tomato_dynamic_registration": "open"}
NO_ALGORITHM = ("none", "HS256", "ES384", "RS512", "x")
ENDPOINTS = {
    "authorization_endpoint",
    "pushed_authorization_request_endpoint",
    "token_endpoint",
    "revocation_endpoint",
    "introspection_endpoint",
    "userinfo_endpoint",
    "registration_endpoint",
}


@pytest.fixture
async def server(tmp_path, template):
    async with run_sandbox(tmp_path, template=template, **ALL) as running:
        yield running


@pytest.fixture
async def told(server):
    async with server.http.get(f"{server.url}{WELL_KNOWN}/tomato") as answer:
        return await answer.json()


@cache
def key(alg):
    return Key(alg, f"key-{alg}")


async def post(running, url, form, headers=None, **how):
    async with running.http.post(url, data=form, headers=headers or {}, **how) as answer:
        return answer.status, await answer.json()


async def errors_at_authorize(running, values, name, client=OPENID, **more):
    """Return the OAuth error that each of ``values`` gets, or None where it is taken."""
    found = {}
    async with browsing(running) as browser:
        for value in values:
            changes = {"client_id": client, "scope": "openid", "nonce": "n", **more, name: value}
            location = (await browser.begin(**changes)).location
            found[value] = answer_of(location).get("error")
    return found


# One function for each name


async def issuer(running, told):
    tokens = await log_in(running)
    assert verified(tokens["id_token"], await key_set(running))["iss"] == told["issuer"]
    async with browsing(running) as browser:
        assert answer_of(await browser.consent())["iss"] == told["issuer"]
    assert told["authorization_response_iss_parameter_supported"] is True


async def endpoints(running, told):
    assert {name for name in told if name.endswith("_endpoint")} == ENDPOINTS
    proven = basic(OPENID)
    answers = {
        "pushed_authorization_request_endpoint": (asked(OPENID), 201),
        "token_endpoint": (BROKEN_CODE, 400),
        "revocation_endpoint": ({"token": "x"}, 200),
        "introspection_endpoint": ({"token": "x"}, 200),
    }
    for name, (form, status) in answers.items():
        assert (await post(running, told[name], form, proven))[0] == status, name
    token = bearer((await log_in(running))["access_token"])
    for method, how in (("GET", "params"), ("POST", "data")):
        url = told["userinfo_endpoint"]
        async with running.http.request(method, url, headers=token) as answer:
            assert answer.status == 200
        asking = {how: asked(OPENID), "allow_redirects": False}
        async with running.http.request(method, told["authorization_endpoint"], **asking) as answer:
            assert answer.headers["Location"].startswith(BASE)


async def registration_endpoint(running, told):
    body = {"redirect_uris": ["https://app.example/callback"]}
    async with running.http.post(told["registration_endpoint"], json=body) as answer:
        assert answer.status == 201


async def jwks_uri(running, told):
    async with running.http.get(told["jwks_uri"]) as answer:
        assert (await answer.json())["keys"]


async def scopes_supported(running, told):
    found = {}
    for scope in told["scopes_supported"]:
        beside = "" if scope in ("openid", "accounts") else "openid "
        found |= await errors_at_authorize(running, [f"{beside}{scope}"], "scope")
    assert set(found.values()) == {None}
    unlisted = await errors_at_authorize(running, ["offline_access", "admin"], "scope")
    assert set(unlisted.values()) == {"invalid_scope"}


async def response_types_supported(running, told):
    found = await errors_at_authorize(running, told["response_types_supported"], "response_type")
    assert set(found.values()) == {None}
    others = ["token", "id_token", "code token", "code id_token", "none"]
    unlisted = await errors_at_authorize(running, others, "response_type")
    assert set(unlisted.values()) == {"unsupported_response_type"}


async def response_modes_supported(running, told):
    found = await errors_at_authorize(running, told["response_modes_supported"], "response_mode")
    assert set(found.values()) == {None}
    others = ["fragment", "query.jwt", "form_post.jwt", "jwt"]
    unlisted = await errors_at_authorize(running, others, "response_mode")
    assert set(unlisted.values()) == {"invalid_request"}


async def code_challenge_methods_supported(running, told):
    more = {"code_challenge": CHALLENGE}
    name, listed = "code_challenge_method", told["code_challenge_methods_supported"]
    assert set((await errors_at_authorize(running, listed, name, **more)).values()) == {None}
    unlisted = await errors_at_authorize(running, ["plain", "S512"], name, **more)
    assert set(unlisted.values()) == {"invalid_request"}


async def prompt_values_supported(running, told):
    found = await errors_at_authorize(running, told["prompt_values_supported"], "prompt")
    assert found == dict.fromkeys(found) | {"none": "login_required"}
    unlisted = await errors_at_authorize(running, ["create", "admin"], "prompt")
    assert set(unlisted.values()) == {"invalid_request"}


async def grant_types_supported(running, told):
    tokens = await log_in(running)
    worked = {"authorization_code"}
    if (await running.refresh(tokens["refresh_token"], client=OPENID))[0] == 200:
        worked.add("refresh_token")
    assert set(told["grant_types_supported"]) == worked
    for other in ("client_credentials", "password", "urn:ietf:params:oauth:grant-type:jwt-bearer"):
        _, body, _ = await running.token(grant_type=other)
        assert body["error"] == "unsupported_grant_type"


async def ui_locales_supported(running, told):
    async with browsing(running) as browser:
        for language in told["ui_locales_supported"]:
            page = await browser.open(client_id=OPENID, ui_locales=language)
            assert page.headers["Content-Language"] == language
        page = await browser.open(client_id=OPENID, ui_locales="fr")
        assert page.headers["Content-Language"] in told["ui_locales_supported"]


async def request_object_signing_alg_values_supported(running, told):
    assert told["request_parameter_supported"] is True
    listed = told["request_object_signing_alg_values_supported"]
    errors = {}
    async with browsing(running) as browser:
        for alg in (*listed, "ES384"):
            client_id = f"signs-{alg}"
            options = {"jwks": key(alg).jwks, "request_object_alg": alg}
            await register(running, client_id, "client_secret_basic", **options)
            said = claims(running, client_id)
            token = key(alg).sign({"typ": "oauth-authz-req+jwt", "kid": key(alg).kid}, said)
            query = {"client_id": client_id, "redirect_uri": said["redirect_uri"], "request": token}
            errors[alg] = answer_of((await browser.begin(urlencode(query))).location).get("error")
    assert errors == dict.fromkeys(listed) | {"ES384": "invalid_request_object"}


async def request_uri_parameter_supported(running, told):
    assert told["request_uri_parameter_supported"] is False
    uris = ["https://app.example/request.jwt"]
    found = await errors_at_authorize(running, uris, "request_uri")
    assert set(found.values()) == {"request_uri_not_supported"}


async def dpop_signing_alg_values_supported(running, told):
    listed = told["dpop_signing_alg_values_supported"]
    url = told["token_endpoint"]
    await register(running, "dpop-app", "none")
    for alg in (*listed, "ES384"):
        headers = {"DPoP": key(alg).proof(running.sandbox.world, url)}
        _, body = await post(running, url, {**BROKEN_CODE, "client_id": "dpop-app"}, headers)
        assert body["error"] == ("invalid_grant" if alg in listed else "invalid_dpop_proof")


async def auth_methods(running, told):
    """Every method of client authentication, where it is listed, and only there."""
    door = TlsRunning(running)
    shown, unsigned = await door.show(), await door.show(self_signed=True)
    running.bank.world.client_trust.trust(unsigned.said["certificate"])
    x5c = {"keys": [{**unsigned.jwk, "use": "sig", "x5c": [unsigned.x5c]}]}
    contexts = {"tls_client_auth": shown, "self_signed_tls_client_auth": unsigned}
    options = {
        "private_key_jwt": {"jwks": key("ES256").jwks},
        "tls_client_auth": {"tls_subject_dn": SUBJECT},
        "self_signed_tls_client_auth": {"jwks": ClientOptions.of({"jwks": x5c}).jwks},
    }
    every = told["token_endpoint_auth_methods_supported"]
    for method in every:
        client_id = f"by-{method}"
        await register(running, client_id, method, **options.get(method, {}))
        for endpoint in ("token", "revocation", "introspection"):
            form, headers = proof(running, client_id, method)
            context = contexts.get(method)
            aliases = told["mtls_endpoint_aliases"]
            url = (told if context is None else aliases)[f"{endpoint}_endpoint"]
            how = {} if context is None else {"ssl": context.context}
            _, body = await post(
                running, url, {**BROKEN_CODE, "token": "x", **form}, headers, **how
            )
            is_listed = method in told[f"{endpoint}_endpoint_auth_methods_supported"]
            assert (body.get("error") != "invalid_client") is is_listed, (method, endpoint, body)


def proof(running, client_id, method):
    """Return (form, headers) by which a client proves who it is, as far as these do."""
    if method == "client_secret_basic":
        return {}, basic(client_id)
    form = {"client_id": client_id}
    if method in SECRETS:
        form["client_secret"] = secret_of(client_id)
    if method == "private_key_jwt":
        form |= by_assertion(key("ES256").assertion(running.sandbox.world, client_id))
    return form, {}


async def auth_signing_algs(running, told):
    for endpoint in ("token", "revocation", "introspection"):
        listed = told[f"{endpoint}_endpoint_auth_signing_alg_values_supported"]
        for alg in (*listed, "ES384"):
            client_id = f"{endpoint}-{alg}"
            await register(running, client_id, "private_key_jwt", jwks=key(alg).jwks)
            form = by_assertion(key(alg).assertion(running.sandbox.world, client_id))
            url = told[f"{endpoint}_endpoint"]
            _, body = await post(running, url, {**BROKEN_CODE, "token": "x", **form})
            assert (body.get("error") != "invalid_client") is (alg in listed), alg


async def signed_for_clients(running, told):
    for alg in told["id_token_signing_alg_values_supported"]:
        await set_options(running, OPENID, id_token_alg=alg, userinfo_alg=alg)
        tokens = await log_in(running)
        async with running.http.get(
            told["userinfo_endpoint"], headers=bearer(tokens["access_token"])
        ) as answer:
            signed = await answer.text()
        jwks = await key_set(running)
        assert verified(signed, jwks)["sub"] == verified(tokens["id_token"], jwks)["sub"]
    listed = told["userinfo_signing_alg_values_supported"]
    assert listed == told["id_token_signing_alg_values_supported"]
    assert not set(NO_ALGORITHM) & set(listed)
    assert "RS256" in listed  # Discovery §3 asks for it


async def claims_told(running, told):
    """Every claim is told of somebody, and none that is not listed."""
    found = set()
    for persona in ("taro", "shoji"):
        tokens = await log_in(running, persona=persona, nonce="n")
        found |= set(verified(tokens["id_token"], await key_set(running)))
        async with running.http.get(
            told["userinfo_endpoint"], headers=bearer(tokens["access_token"])
        ) as answer:
            found |= set(await answer.json())
    tagged = {name for name in found if "#" in name}
    assert found - tagged == set(told["claims_supported"]) == set(CLAIMS)
    assert {name.partition("#")[2] for name in tagged} < set(told["claims_locales_supported"])
    assert told["claim_types_supported"] == ["normal"]
    tokens = await log_in(running)
    identity = verified(tokens["id_token"], await key_set(running))
    assert [identity["acr"]] == told["acr_values_supported"]
    assert told["subject_types_supported"] == ["public"]


async def claims_parameter_supported(running, told):
    assert told["claims_parameter_supported"] is True
    texts = ['{"userinfo":{"name":null}}', "[]"]
    found = await errors_at_authorize(running, texts, "claims")
    assert list(found.values()) == [None, "invalid_request"]


async def mutual_tls(running, told):
    assert told["tls_client_certificate_bound_access_tokens"] is True
    door = TlsRunning(running)
    shown = await door.show()
    await register(running, "bound", "none", certificate_bound=True)
    consent = await running.authorize(client_id="bound")
    aliases, how = told["mtls_endpoint_aliases"], {"ssl": shown.context}
    form = {**BROKEN_CODE, "client_id": "bound", "code": consent["code"]}
    status, tokens = await post(running, aliases["token_endpoint"], form, **how)
    assert status == 200, tokens
    question = {"token": tokens["access_token"]}
    proven = basic("sandbox-resource-server")
    _, body = await post(running, aliases["introspection_endpoint"], question, proven, **how)
    assert body["cnf"] == {"x5t#S256": shown.thumbprint}
    async with running.http.get(
        aliases["userinfo_endpoint"], headers=bearer(tokens["access_token"]), **how
    ) as answer:
        assert answer.status == 403  # it has no openid; without its certificate it would be 401
    url = aliases["pushed_authorization_request_endpoint"]
    assert (await post(running, url, asked(OPENID), basic(OPENID), **how))[0] == 201
    form = {"token": tokens["access_token"], "client_id": "bound"}
    assert (await post(running, aliases["revocation_endpoint"], form, **how))[0] == 200
    assert set(aliases) == ENDPOINTS - {"authorization_endpoint", "registration_endpoint"}


WALK = {
    issuer: ("issuer", "authorization_response_iss_parameter_supported"),
    endpoints: tuple(ENDPOINTS - {"registration_endpoint"}),
    registration_endpoint: ("registration_endpoint",),
    jwks_uri: ("jwks_uri",),
    scopes_supported: ("scopes_supported",),
    response_types_supported: ("response_types_supported",),
    response_modes_supported: ("response_modes_supported",),
    code_challenge_methods_supported: ("code_challenge_methods_supported",),
    prompt_values_supported: ("prompt_values_supported",),
    grant_types_supported: ("grant_types_supported",),
    ui_locales_supported: ("ui_locales_supported",),
    request_object_signing_alg_values_supported: (
        "request_parameter_supported",
        "request_object_signing_alg_values_supported",
    ),
    request_uri_parameter_supported: ("request_uri_parameter_supported",),
    dpop_signing_alg_values_supported: ("dpop_signing_alg_values_supported",),
    auth_methods: tuple(
        f"{endpoint}_endpoint_auth_methods_supported"
        for endpoint in ("token", "revocation", "introspection")
    ),
    auth_signing_algs: tuple(
        f"{endpoint}_endpoint_auth_signing_alg_values_supported"
        for endpoint in ("token", "revocation", "introspection")
    ),
    signed_for_clients: (
        "id_token_signing_alg_values_supported",
        "userinfo_signing_alg_values_supported",
    ),
    claims_told: (
        "claims_supported",
        "claims_locales_supported",
        "claim_types_supported",
        "acr_values_supported",
        "subject_types_supported",
    ),
    claims_parameter_supported: ("claims_parameter_supported",),
    mutual_tls: ("tls_client_certificate_bound_access_tokens", "mtls_endpoint_aliases"),
}


@pytest.mark.requirement("O-30")
@pytest.mark.parametrize("walked", WALK, ids=lambda function: function.__name__)
async def test_what_is_listed_works(server, told, walked):
    await walked(server, told)


@pytest.mark.requirement("O-30")
async def test_nothing_is_listed_that_is_not_walked(told):
    assert set(told) == {name for names in WALK.values() for name in names}
