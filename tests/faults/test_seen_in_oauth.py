"""Effects on the OAuth flow, as three clients see them: tokens, redirects (F-33, F-34)."""

from dataclasses import replace
from functools import partial

import pytest

from sandbox.domain.oauth.mischief import (
    AUTHORIZE_ERRORS,
    AUTHORIZE_HARMS,
    TAMPERING,
    TOKEN_ERRORS,
    TOKEN_HARMS,
)
from sandbox.services.oauth import jose
from tests.browsing import browsing
from tests.faults.rows import Row, strikes
from tests.faults.seeing import READ, Ask, Seen
from tests.faults.striking import Striker
from tests.jwts import JWT_TOKENS
from tests.support import AGGREGATOR, CHALLENGE, REDIRECT_URI, VERIFIER, answer_of, basic

pytestmark = pytest.mark.asyncio(loop_scope="module")

OPENID = "sandbox-openid"
USUAL = Seen()
SPENT = ("code_expired", "code_spent")


# What each client sends


async def ask_token(striker: Striker, **wish: str) -> Ask:
    """A code of its own for each client: it is spent with the call, or as good as that."""
    proof = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
    consent = await striker.running.authorize(redirect_uri=REDIRECT_URI, **proof, **wish)
    assert consent["status"] == 200, consent
    form = {"grant_type": "authorization_code", "redirect_uri": REDIRECT_URI}
    form["code_verifier"] = VERIFIER
    return Ask(
        url=f"{striker.running.base}/oauth/token",
        method="POST",
        headers=basic(wish.get("client_id", AGGREGATOR)),
        form={**form, "code": consent["code"]},
    )


async def ask_consent(striker: Striker) -> Ask:
    """The last step of a browser: the press of the button, whose answer goes to the provider."""
    async with browsing(striker.running) as browser:
        await browser.open(state="s-1")
        await browser.sign_in("taro")
        form, url = browser.page.form, striker.running.url
        cookies = "; ".join(f"{each.key}={each.value}" for each in browser.http.cookie_jar)
        fields = dict([*form.fields, ("decision", "allow")])
        fields |= dict(form.boxes)
        return Ask(
            url=form.action if form.action.startswith("http") else f"{url}{form.action}",
            method="POST",
            headers={"Cookie": cookies},
            form=fields,
            follows=False,
        )


# What each of them gets


def refused(seen: Seen, _usual: Seen, *, error: str) -> bool:
    return seen.json["error"] == error and "access_token" not in seen.json


def harmed(seen: Seen, _usual: Seen, *, how: str) -> bool:
    if how == "broken_json":
        return seen.reading != READ and b'"access_token"' in seen.body
    body = seen.json
    wrong = {
        "without_access_token": "access_token" not in body,
        "without_refresh_token": "refresh_token" not in body,
        "without_scope": "scope" not in body,
        "narrower_scope": body.get("scope") == "",
        "wider_scope": body.get("scope") == "accounts more",
        "expires_in_1": body.get("expires_in") == 1,
        "wrong_token_type": body.get("token_type") == "mac",
    }
    return {name for name, is_so in wrong.items() if is_so} == {how}


def carries(seen: Seen, _usual: Seen, *, error: str) -> bool:
    answer = answer_of(seen.headers["location"])
    return (answer["error"], answer["state"], "code" in answer) == (error, "s-1", False)


def carries_wrongly(seen: Seen, _usual: Seen, *, how: str) -> bool:
    answer = answer_of(seen.headers["location"])
    wrong = {
        "state_changed": answer.get("state") == "s-1-changed",
        "state_missing": "state" not in answer,
        "error_and_code": {"error", "code"} <= set(answer),
        "code_missing": "code" not in answer,
        "iss_changed": answer.get("iss", "").endswith("-changed"),
        "iss_missing": "iss" not in answer,
    }
    return {name for name, is_so in wrong.items() if is_so} == ({how} - set(SPENT))


ONCE = {"times": 1}
TOKEN = [
    *(
        Row(
            kind="token_endpoint",
            effect={"answer": error},
            stage=stage,
            beside=ONCE,
            outcome=str(status),
            check=partial(refused, error=error),
        )
        for error, status in TOKEN_ERRORS.items()
        for stage in ("before", "after_commit")
    ),
    *(
        Row(
            kind="token_endpoint",
            effect={"answer": how},
            stage="reply",
            beside=ONCE,
            reading=None if how == "broken_json" else READ,
            check=partial(harmed, how=how),
        )
        for how in TOKEN_HARMS
    ),
]
AUTHORIZE = [
    *(
        Row(
            kind="authorize",
            effect={"answer": error},
            stage=stage,
            beside=ONCE,
            outcome="303",
            reading=None,
            check=partial(carries, error=error),
        )
        for error in AUTHORIZE_ERRORS
        for stage in ("before", "after_commit")
    ),
    *(
        Row(
            kind="authorize",
            effect={"answer": how},
            stage="reply",
            beside=ONCE,
            outcome="303",
            reading=None,
            check=partial(carries_wrongly, how=how),
        )
        for how in AUTHORIZE_HARMS
    ),
]
SIGNED = [
    *(
        Row(
            kind="tampered_token",
            effect={"token": token, "how": how},
            stage="reply",
            beside=ONCE,
        )
        for token in ("id_token", "access_token")
        for how in TAMPERING
    ),
    Row(
        kind="tampered_token",
        effect={"token": "id_token", "how": "missing_claim", "claim": "nonce"},
        stage="reply",
        beside=ONCE,
    ),
    Row(
        kind="clock_skew",
        effect={"skew_ms": 600_000, "on": ["exp"]},
        beside={**ONCE, "match": {"operation": "token"}},
    ),
]
ROWS = [*TOKEN, *AUTHORIZE, *SIGNED]


@pytest.mark.parametrize("row", TOKEN, ids=lambda row: row.name)
async def test_each_client_gets_the_token_answer_that_the_row_says(shared, row):
    await strikes(shared, row, ask_token, USUAL)


@pytest.mark.parametrize("row", AUTHORIZE, ids=lambda row: row.name)
async def test_each_client_is_redirected_as_the_row_says(shared, row):
    await strikes(shared, row, ask_consent, USUAL)


@pytest.mark.parametrize("row", SIGNED, ids=lambda row: row.name)
async def test_each_client_gets_a_signed_token_that_is_wrong(shared, row):
    """What comes is a sound answer: whoever does not look at the token finds nothing."""
    async with shared.running.http.get(f"{shared.running.base}/oauth/jwks") as keys:
        jwks = await keys.json()
    name = row.effect.get("token", "id_token")
    client_id, audience = {
        "id_token": (OPENID, OPENID),
        "access_token": (JWT_TOKENS, shared.running.base),
    }[name]

    async def ask(striker: Striker) -> Ask:
        scope = "openid accounts" if name == "id_token" else "accounts"
        return await ask_token(striker, client_id=client_id, scope=scope, nonce="n-1")

    def is_wrong(seen: Seen, _usual: Seen) -> bool:
        try:
            claims = jose.verify(seen.json[name], jwks, ["ES256"]).claims
        except jose.JoseRefused:
            return row.effect["how"] in ("bad_signature", "wrong_alg", "wrong_kid")
        if "claim" in row.effect:
            return row.effect["claim"] not in claims and "exp" in claims
        now_s = shared.running.sandbox.world.now() // 1000
        wrong = {
            "wrong_aud": claims.get("aud") != audience,
            "wrong_iss": claims.get("iss") != f"{shared.running.url}/tomato",
            "missing_claim": "exp" not in claims,
            "expired": claims.get("exp", now_s + 1) <= now_s,
            None: claims.get("iat") == now_s + 600,
        }
        return [how for how, is_so in wrong.items() if is_so] == [row.effect.get("how")]

    await strikes(shared, replace(row, check=is_wrong), ask, USUAL)
