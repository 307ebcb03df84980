"""Whatever a proof or an assertion says, properly signed, and whatever is none: never a 500."""

import base64
import json

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from joserfc.jwk import import_key

from tests.browsing import send_bytes
from tests.clientele import BROKEN_CODE, accounts, dpop, post, register
from tests.keys import Key, b64, by_assertion, new_jti
from tests.properties.pace import EXAMPLES
from tests.support import BASE

KEY = Key()
bounded = settings(
    max_examples=max(60, EXAMPLES),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
texts = st.text(st.characters(codec=None), max_size=12)  # lone surrogates among them
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | texts
    | st.sampled_from(["POST", "GET", "dpop+jwt", "app", 2**70, -(10**400)])
)
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3)
)
claims = st.dictionaries(
    st.sampled_from(
        ["iss", "sub", "aud", "exp", "iat", "nbf", "jti", "htm", "htu", "ath", "nonce"]
    ),
    anything,
    max_size=3,
)
jwks = st.dictionaries(st.sampled_from(["kty", "crv", "x", "y", "n", "e", "k"]), anything)
headers = st.fixed_dictionaries(
    {}, optional={"typ": anything, "jwk": anything | jwks, "kid": anything, "x5c": anything}
)


def sealed(header, said):
    """Return a token of these parts, rightly signed, whatever they are."""
    pair = ({"alg": "ES256", **header}, said)
    text = ".".join(b64(json.dumps(part).encode()) for part in pair)
    der = import_key(KEY.jwk).private_key.sign(text.encode(), ec.ECDSA(hashes.SHA256()))
    signature = b"".join(number.to_bytes(32, "big") for number in decode_dss_signature(der))
    return f"{text}.{b64(signature)}"


@pytest.mark.requirement("O-17", "O-28")
@bounded
@given(header=headers, changes=claims)
@example(header={}, changes={})
@example(header={"jwk": {"kty": "RSA", "n": "AQAB", "e": "AQAB"}, "alg": "PS256"}, changes={})
async def test_no_proof_breaks_token_endpoint_or_apis(running, header, changes):
    if not running.tokens:
        await register(running, "app", "none", dpop_bound=True)
        running.tokens["app"] = True
    world, url = running.sandbox.world, f"{running.base}/oauth/token"
    claims = {"jti": new_jti(), "htm": "POST", "htu": url, "iat": world.now() // 1000, **changes}
    proof = sealed({"typ": "dpop+jwt", "jwk": KEY.bare, **header}, claims)
    status, body, _ = await post(running, {**BROKEN_CODE, "client_id": "app"}, {"DPoP": proof})
    assert status == 400, body
    assert body["error"] in ("invalid_dpop_proof", "invalid_grant")
    assert body["error_description"].isascii()
    status, body, _ = await accounts(running, dpop("x", proof))
    assert (status, body["error_code"]) == (401, "invalid_token")


@pytest.mark.requirement("O-11", "O-28")
@bounded
@given(header=headers, changes=claims)
@example(header={}, changes={})
async def test_no_assertion_breaks_the_token_endpoint(running, header, changes):
    if not running.tokens:
        await register(running, "app", "private_key_jwt", jwks=KEY.jwks)
        running.tokens["app"] = True
    world = running.sandbox.world
    now = world.now() // 1000
    sound = {"iss": "app", "sub": "app", "aud": world.issuer("tomato"), "jti": new_jti()}
    assertion = sealed(header, {**sound, "exp": now + 60, **changes})
    status, body, _ = await post(running, {**BROKEN_CODE, **by_assertion(assertion)})
    assert (status, body["error"]) in ((400, "invalid_grant"), (401, "invalid_client"))
    assert body["error_description"].isascii()


raw = st.binary(max_size=60).map(
    lambda value: bytes(byte for byte in value if byte >= 32 and byte != 127).strip()
)
broken = raw | st.lists(raw.map(base64.urlsafe_b64encode), min_size=3, max_size=3).map(b".".join)


@pytest.mark.requirement("O-28")
@bounded
@given(proof=broken, token=raw)
@example(proof=b"e30.e30.e30", token=b"x")
@example(proof=b"\xe9.\xe9.\xe9", token=b"\xe9")
async def test_no_bytes_break_the_header(running, proof, token):
    if not running.tokens:
        await register(running, "app", "none", dpop_bound=True)
        form = {**BROKEN_CODE, "client_id": "app"}
        running.tokens["form"] = "&".join(f"{n}={v}" for n, v in form.items()).encode()
    form = running.tokens["form"]
    lines = [
        f"POST {BASE}/oauth/token HTTP/1.1".encode(),
        b"Host: x",
        b"DPoP: " + proof,
        b"Content-Type: application/x-www-form-urlencoded",
        f"Content-Length: {len(form)}".encode(),
    ]
    status, _, body = await send_bytes(running.url, b"\r\n".join([*lines, b"", form]))
    assert (status, json.loads(body)["error"]) == (400, "invalid_dpop_proof")
    lines = [
        f"GET {BASE}/accounts HTTP/1.1".encode(),
        b"Host: x",
        b"Authorization: DPoP " + token,
        b"DPoP: " + proof,
    ]
    status, _, body = await send_bytes(running.url, b"\r\n".join([*lines, b"", b""]))
    assert (status, json.loads(body)["error_code"]) == (401, "invalid_token")
