"""Whatever a proof or an assertion says, properly signed, and whatever is none: never a 500."""

import base64
import json

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.browsing import send_bytes
from tests.clientele import BROKEN_CODE, accounts, dpop, post, register
from tests.keys import Key, b64, by_assertion
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
    """Return a token with these parts, and a signature that is right for them if any can be."""
    parts = f"{b64(json.dumps({'alg': 'ES256', **header}).encode())}.{b64(json.dumps(said).encode())}"
    from joserfc._rfc7518.jws_algs import JWS_ALGORITHMS  # noqa: PLC2701

    return parts, JWS_ALGORITHMS
