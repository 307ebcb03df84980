"""Token requests that are sound but for a few fields: no token without all of a full flow.

Each example starts from a fresh code or refresh token. Whatever matters and was changed must be
refused as the RFC words it; what does not matter may be anything.
"""

import json
from urllib.parse import quote_from_bytes

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.properties.pace import EXAMPLES
from tests.support import AGGREGATOR, CHALLENGE, REDIRECT_URI, VERIFIER, basic

# What proves the flow: with any of these wrong there is no token.
PROOFS = {
    "authorization_code": ("grant_type", "code", "redirect_uri", "code_verifier"),
    "refresh_token": ("grant_type", "refresh_token"),
}
ERRORS = {
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "invalid_scope",
    "invalid_dpop_proof",
    "unsupported_grant_type",
}
ODD = [
    "",
    "x",
    "null",
    "a b",
    "code",
    "refresh_token",
    "accounts",
    "accounts openid",
    "\u0000",
    "é",
]
values = st.sampled_from(ODD).map(str.encode) | st.binary(max_size=60)
beside = st.sampled_from(
    ["scope", "client_id", "client_secret", "client_assertion", "resource", "state", "request_uri"]
)
harmless = frozenset({"state", "resource", "request_uri"})


async def sound(running, grant_type):
    consent = await running.authorize("taro", redirect_uri=REDIRECT_URI, code_challenge=CHALLENGE)
    fields = {
        "grant_type": "authorization_code",
        "code": consent["code"],
        "redirect_uri": REDIRECT_URI,
        "code_verifier": VERIFIER,
    }
    if grant_type == "authorization_code":
        return fields
    _, tokens, _ = await running.token(**fields)
    return {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}


async def post(running, pairs, headers):
    text = "&".join(f"{name}={quote_from_bytes(value)}" for name, value in pairs)
    headers = {**headers, "Content-Type": "application/x-www-form-urlencoded"}
    async with running.http.post(
        f"{running.base}/oauth/token", data=text, headers=headers
    ) as answer:
        return answer.status, json.loads(await answer.text())


@pytest.mark.requirement("O-4", "O-6", "O-9", "O-12", "O-27")
@settings(
    max_examples=EXAMPLES * 8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    grant_type=st.sampled_from(sorted(PROOFS)),
    changed=st.dictionaries(st.integers(0, 3), values | st.none(), max_size=3),
    more=st.dictionaries(beside, values, max_size=3),
    twice=st.booleans(),
    is_proven=st.booleans(),
)
async def test_no_token_without_all_of_a_full_flow(
    running, grant_type, changed, more, twice, is_proven
):
    fields = {name: value.encode() for name, value in (await sound(running, grant_type)).items()}
    names = PROOFS[grant_type]
    wrong = {names[i]: value for i, value in changed.items() if i < len(names)}
    is_wrong = any(fields[name] != value for name, value in wrong.items())
    sent = [(name, value) for name, value in (fields | wrong | more).items() if value is not None]
    if twice and sent:
        sent.append(sent[0])
    headers = basic(AGGREGATOR) if is_proven else {}
    status, body = await post(running, sent, headers)
    if status == 200:
        assert not is_wrong
        assert is_proven
        assert not (twice and sent[0][1])
        assert body["scope"] == "accounts"
        return
    assert status in (400, 401), body
    assert body["error"] in ERRORS
    assert body["error_description"].isascii()
    is_plain = is_proven and not is_wrong and not twice and set(more) <= harmless
    assert not is_plain, body  # nothing was wrong with it
