"""Authorization requests that are nearly sound: in a query, in a form, pushed and signed.

Whatever comes, nothing breaks, nobody is led to an address that no client registered, no code is
handed out to a browser that never signed in, and a push is never answered by a redirect.
"""

from urllib.parse import parse_qs, quote_from_bytes, urlsplit

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from sandbox.services.oauth.requests import REQUEST_URI_PREFIX
from tests.properties.pace import EXAMPLES
from tests.pushing import OPENID_SCOPES, asked, claims, key_set, register, signed
from tests.support import AGGREGATOR, BASE, CHALLENGE, REDIRECT_URI, basic

SIGNER = "fuzzed-signer"
EVIL = "https://evil.example/"
bounded = settings(
    max_examples=max(60, EXAMPLES),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
NAMES = [
    *asked(AGGREGATOR),
    "request",
    "request_uri",
    "registration",
    "response_mode",
    "prompt",
    "max_age",
    "login_hint",
    "ui_locales",
    "acr_values",
    "id_token_hint",
    "claims",
    "nonce",
    "dpop_jkt",
    "resource",
    "authorization_details",
    "display",
    "lang",
    "return_to",
]
ODD = [
    EVIL,
    "//evil.example",
    "javascript:alert(1)",
    f"{REQUEST_URI_PREFIX}{'x' * 51}",
    REQUEST_URI_PREFIX,
    "none",
    "none login",
    "login",
    "openid",
    "openid accounts email",
    "0",
    "-1",
    "9" * 30,
    "{}",
    "[]",
    '{"userinfo":{"name":null},"id_token":{"sub":{"value":"x"}}}',
    '{"userinfo":[[[[[[[[[[',
    "null",
    "1e999",
    "a.b.c",
    "e30.e30.e30",
    "eyJhbGciOiJub25lIn0.e30.",
    "001-1234567",
    "en fr",
    CHALLENGE,
    SIGNER,
    "sandbox-openid",
    "code",
    "query",
    "",
]
values = (
    st.sampled_from(ODD).map(str.encode)
    | st.binary(max_size=40)
    | st.text(max_size=40).map(lambda text: text.encode("utf-8", "replace"))
)
changes = st.dictionaries(
    st.sampled_from(NAMES) | st.text(max_size=8), values | st.none(), max_size=4
)
clients = st.sampled_from([AGGREGATOR, SIGNER, "sandbox-openid", "sandbox-fapi", "sandbox-bcp"])


def spelled(client_id, changed):
    """Return a sound request with some fields changed or left out, as a query or a form."""
    fields = {name: value.encode() for name, value in asked(client_id).items()} | changed
    return "&".join(
        f"{quote_from_bytes(name.encode('utf-8', 'replace'))}={quote_from_bytes(value)}"
        for name, value in fields.items()
        if value is not None
    )


async def prepared(running):
    """Let the bank know a client that signs, once."""
    if running.tokens:
        return
    running.tokens["is_ready"] = True
    await register(
        running,
        SIGNER,
        scopes=("accounts", *OPENID_SCOPES),
        options={"jwks": key_set(), "request_object_alg": "ES256"},
    )


def check_page(status, headers, text):
    assert status in (302, 303, 400, 404), (status, text)
    location = headers.get("Location")
    if location is None:
        assert "これは試験用の環境です" in text
        return
    parts = urlsplit(location)
    if not parts.netloc:
        assert location.startswith(f"{BASE}/oauth/auth/")
        return
    assert location.startswith(f"{REDIRECT_URI}?"), location
    answer = parse_qs(parts.query)
    assert "code" not in answer
    assert len(answer["error"]) == len(answer["iss"]) == 1
    assert answer["error_description"][0].isascii()


async def at_authorize(running, text, method):
    url = f"{running.base}/oauth/auth"
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    sent = {"data": text, "headers": form} if method == "POST" else {}
    address = url if method == "POST" else f"{url}?{text}"
    async with running.http.request(method, address, allow_redirects=False, **sent) as answer:
        check_page(answer.status, answer.headers, await answer.text())


async def at_par(running, client_id, text):
    """Push; return the request URI, or None where it was refused."""
    headers = {"Content-Type": "application/x-www-form-urlencoded", **basic(client_id)}
    async with running.http.post(
        f"{running.base}/oauth/par", data=text, headers=headers, allow_redirects=False
    ) as answer:
        body = await answer.json()
        assert "Location" not in answer.headers
        assert answer.headers["Cache-Control"] == "no-store"
        if answer.status == 201:
            assert set(body) == {"request_uri", "expires_in"}
            return body["request_uri"]
        assert answer.status in (400, 401), body
        assert set(body) == {"error", "error_description"}
        assert (body["error"] + body["error_description"]).isascii()
        return None


@pytest.mark.requirement("O-2", "O-3", "O-7", "O-28")
@bounded
@given(client_id=clients, changed=changes, method=st.sampled_from(["GET", "POST"]))
@example(client_id=AGGREGATOR, changed={"redirect_uri": b"\xff"}, method="POST")
@example(client_id=AGGREGATOR, changed={"client_id": b"\xff", "request_uri": b"\xff"}, method="GET")
@example(client_id="sandbox-openid", changed={"prompt": b"none", "scope": b"openid"}, method="GET")
async def test_no_nearly_sound_request_breaks_or_leads_astray(running, client_id, changed, method):
    await prepared(running)
    await at_authorize(running, spelled(client_id, changed), method)


@pytest.mark.requirement("O-2", "O-3", "O-19", "O-28")
@bounded
@given(client_id=st.sampled_from([AGGREGATOR, SIGNER, "sandbox-openid"]), changed=changes)
@example(client_id=AGGREGATOR, changed={"state": b"\xff"})
@example(client_id=AGGREGATOR, changed={"client_id": b"\xff"})
async def test_no_nearly_sound_push_breaks_or_leads_astray(running, client_id, changed):
    await prepared(running)
    request_uri = await at_par(running, client_id, spelled(client_id, changed))
    if request_uri is not None:
        await at_authorize(running, f"client_id={client_id}&request_uri={request_uri}", "GET")


said_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from([*ODD, "\ud800", SIGNER]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)
said = st.dictionaries(
    st.sampled_from([*NAMES, "iss", "aud", "exp", "nbf", "iat", "jti", "sub"]),
    said_values,
    max_size=4,
)


@pytest.mark.requirement("O-3", "O-20", "O-28")
@bounded
@given(changed=said, beside=changes)
@example(changed={"exp": float("nan")}, beside={})
@example(changed={"nbf": float("-inf")}, beside={})
@example(changed={"redirect_uri": EVIL}, beside={"redirect_uri": EVIL.encode()})
@example(changed={"max_age": 10**5000}, beside={})
async def test_nothing_that_is_signed_breaks_or_leads_astray(running, changed, beside):
    await prepared(running)
    try:
        token = signed({**claims(running, SIGNER), **changed})
    except ValueError:  # a number that Python itself does not write
        return
    outer = {**beside, "client_id": SIGNER.encode(), "request": token.encode()}
    text = spelled(SIGNER, outer)
    await at_authorize(running, text, "GET")
    request_uri = await at_par(running, SIGNER, text)
    if request_uri is not None:
        await at_authorize(running, f"client_id={SIGNER}&request_uri={request_uri}", "GET")
