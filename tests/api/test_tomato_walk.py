"""Every row of the bank's table, below both bases: right answers, bad credentials, wrong paths."""

import jsonschema
import pytest
from yarl import URL

from sandbox.resources import data_root
from sandbox.web.schema import SchemaStore
from sandbox.web.tomato import ENDPOINTS, PROFILE
from tests.browsing import send_bytes
from tests.support import AGGREGATOR, MANUAL, basic, bearer

STORE = SchemaStore(data_root() / "schemas", ("tomato",))
BASES = [f"/tomato{base}" for base in PROFILE.bases]
SUBJECTS = ("taro", "hanako", "shoji", "empty", "oddname", "longname", "soleprop", "restless")
INVALID = 'Bearer error="invalid_token"'
ANY_SCHEME = 'Bearer, DPoP algs="ES256 PS256 EdDSA Ed25519 RS256"'


def is_sound(name, body):
    """Ask both validators, which must be of one mind."""
    slow = jsonschema.Draft202012Validator(
        STORE.text(name), format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    )
    verdict = STORE.problems(name, body) == []
    assert verdict == slow.is_valid(body), (name, body)
    return verdict


def paths_of(account_id):
    return [
        base + row.path.format(account_id=account_id) for base in PROFILE.bases for row in ENDPOINTS
    ]


async def call(running, path, *, method="GET", headers=None, query=""):
    # encoded: a client that tidies up what is percent-encoded would hide what is asked here.
    address = URL(f"{running.url}/tomato{path}{query}", encoded=True)
    async with running.http.request(method, address, headers=headers or {}) as answer:
        body = await answer.json() if method != "HEAD" else None
        return answer.status, body, answer.headers


@pytest.mark.parametrize("persona", SUBJECTS)
async def test_every_row_answers_as_its_schema_says_below_both_bases(running, persona):
    token = (await running.log_in(persona))["access_token"]
    for account_id in await running.account_ids(token):
        for base in PROFILE.bases:
            for row in ENDPOINTS:
                path = base + row.path.format(account_id=account_id)
                status, body, headers = await call(running, path, headers=bearer(token))
                assert status == 200, body
                assert is_sound(row.reply_schema, body)
                assert headers["Content-Type"] == "application/json; charset=utf-8"
                assert headers["Cache-Control"] == "no-store"


async def test_both_validators_refuse_a_reply_that_lacks_or_bends_a_field(running):
    token = (await running.log_in("taro"))["access_token"]
    (account_id,) = await running.account_ids(token)
    for row in ENDPOINTS:
        path = PROFILE.bases[0] + row.path.format(account_id=account_id)
        _, body, _ = await call(running, path, headers=bearer(token))
        for name in body:
            assert not is_sound(row.reply_schema, {k: v for k, v in body.items() if k != name})
            assert not is_sound(row.reply_schema, {**body, name: None})
        assert not is_sound(row.reply_schema, {**body, "more": 1})


async def test_both_bases_answer_alike(running):
    token = (await running.log_in("shoji"))["access_token"]
    (account_id, *_) = await running.account_ids(token)
    half = len(ENDPOINTS)
    answers = [
        (await call(running, path, headers=bearer(token)))[1] for path in paths_of(account_id)
    ]
    assert answers[:half] == answers[half:]


async def nothing(running, tokens):
    return {}, ""


async def garbage(running, tokens):
    return bearer("garbage"), ""


async def refresh_token(running, tokens):
    return bearer(tokens["refresh_token"]), ""


async def one_character_changed(running, tokens):
    token = tokens["access_token"]
    return bearer(token[:-1] + ("A" if token[-1] != "A" else "B")), ""


async def expired(running, tokens):
    await running.advance("30m")
    return bearer(tokens["access_token"]), ""


async def revoked(running, tokens):
    async with running.http.post(
        f"{running.base}/oauth/revoke",
        data={"token": tokens["access_token"]},
        headers=basic(AGGREGATOR),
    ) as answer:
        assert answer.status == 200
    return bearer(tokens["access_token"]), ""


async def foreign(running, tokens):
    return {**bearer(tokens["access_token"]), "X-Client-Id": MANUAL}, ""


async def beyond_ascii(running, tokens):
    return bearer("é"), ""


async def in_the_query(running, tokens):
    return {}, f"?access_token={tokens['access_token']}"


async def in_the_query_disguised(running, tokens):
    return bearer(tokens["access_token"]), f"?%61ccess_token={tokens['access_token']}"


async def twice(running, tokens):
    pair = ("Authorization", bearer(tokens["access_token"])["Authorization"])
    return [pair, pair], ""


async def basic_instead(running, tokens):
    return basic(AGGREGATOR), ""


async def empty_bearer(running, tokens):
    return {"Authorization": "Bearer "}, ""


CREDENTIALS = [
    (nothing, 401, ANY_SCHEME, "no_token"),
    (garbage, 401, INVALID, "unknown"),
    (refresh_token, 401, INVALID, "refresh_token_sent"),
    (one_character_changed, 401, INVALID, "unknown"),
    (expired, 401, INVALID, "access_expired"),
    (revoked, 401, INVALID, "revoked_by_provider"),
    (foreign, 401, INVALID, "foreign_token"),
    (beyond_ascii, 401, INVALID, "unknown"),
    (in_the_query, 400, None, None),
    (in_the_query_disguised, 400, None, None),
    (twice, 400, None, None),
    (basic_instead, 401, ANY_SCHEME, "no_token"),
    (empty_bearer, 401, ANY_SCHEME, "no_token"),
]


@pytest.mark.requirement("O-15", "O-16", "T-6", "T-40")
@pytest.mark.parametrize(("present", "status", "challenge", "reason"), CREDENTIALS)
async def test_no_row_opens_without_a_live_token_in_the_header(
    running, present, status, challenge, reason
):
    tokens = await running.log_in("taro")
    (account_id,) = await running.account_ids(tokens["access_token"])
    headers, query = await present(running, tokens)
    for path in paths_of(account_id):
        found, body, said = await call(running, path, headers=headers, query=query)
        assert found == status
        assert is_sound("tomato/error", body)
        assert body["error_code"] == ("invalid_token" if status == 401 else "invalid_parameter")
        assert said.get("WWW-Authenticate") == challenge
        assert said.get("X-Sandbox-Reason") == reason


@pytest.mark.requirement("O-16")
async def test_a_refusal_of_a_token_tells_nothing_of_why_in_its_body(running):
    bodies = set()
    for present, status, _, _ in CREDENTIALS:
        if status == 401:
            headers, _ = await present(running, await running.log_in("taro"))
            async with running.http.get(f"{running.base}/accounts", headers=headers) as answer:
                bodies.add(await answer.read())
    assert len(bodies) == 1


async def test_a_token_of_bytes_that_are_no_text_is_an_unknown_token(running):
    request = (
        f"GET {BASES[0]}/accounts HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ".encode()
        + b"\xe9\xff\r\n\r\n"
    )
    status, head, _ = await send_bytes(running.url, request)
    assert status == 401
    assert b"X-Sandbox-Reason: unknown" in head


@pytest.mark.requirement("T-4")
@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/nothing",
        *(base + tail for base in PROFILE.bases for tail in ("", "/", "/transfers", "/deposits")),
        *(f"{base}/accounts/1/2" for base in PROFILE.bases),
        *(f"{base}/accounts/1/transactions/" for base in PROFILE.bases),
        "/parasol/v1/banks/0001/accounts",
        "/parasol/v2/banks/0566/accounts",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_an_unknown_path_is_not_found_in_the_banks_shape(running, path, method):
    status, body, _ = await call(running, path, method=method)
    assert (status, body["error_code"]) == (404, "not_found")
    assert is_sound("tomato/error", body)


@pytest.mark.requirement("T-4")
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"])
async def test_other_methods_are_not_allowed_whoever_asks(running, method):
    token = (await running.log_in("taro"))["access_token"]
    (account_id,) = await running.account_ids(token)
    for path in paths_of(account_id):
        for headers in ({}, bearer(token)):
            status, body, said = await call(running, path, method=method, headers=headers)
            assert (status, said["Allow"]) == (405, "GET")
            assert method == "HEAD" or is_sound("tomato/error", body)


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize(
    ("path", "method", "allowed"),
    [
        ("/oauth/token", "GET", "OPTIONS,POST"),
        ("/oauth/token", "PUT", "OPTIONS,POST"),
        ("/oauth/token", "OPTIONS", "POST"),  # what is no preflight is not answered
        ("/oauth/revoke", "GET", "OPTIONS,POST"),
        ("/oauth/auth", "PUT", "GET,POST"),
        ("/oauth/par", "GET", "POST"),
        ("/oauth/introspect", "GET", "POST"),
        ("/oauth/jwks", "POST", "GET,HEAD,OPTIONS"),
        ("/oauth/userinfo", "PUT", "GET,OPTIONS,POST"),
        ("/oauth/auth/one", "DELETE", "GET,HEAD,POST"),
    ],
)
async def test_the_oauth_endpoints_name_their_methods(running, base, path, method, allowed):
    path = base.removeprefix("/tomato") + path
    status, body, said = await call(running, path, method=method)
    assert (status, said["Allow"]) == (405, allowed)
    assert is_sound("tomato/error", body)
