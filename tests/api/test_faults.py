"""Fault rules over the control door, and what they do to the OAuth flow (F-33, F-34)."""

import asyncio
import json
from urllib.parse import parse_qsl, urlsplit

import pytest

from sandbox.domain.oauth.mischief import (
    AUTHORIZE_ERRORS,
    AUTHORIZE_HARMS,
    TAMPERING,
    TOKEN_ERRORS,
    TOKEN_HARMS,
)
from sandbox.services import faults as fault_service
from sandbox.services.oauth import jose
from sandbox.services.oauth.mischief import DESCRIPTION
from tests.api.test_snapshots import restore, take
from tests.api.test_worlds import ask
from tests.browsing import browsing
from tests.support import AGGREGATOR, REDIRECT_URI, basic

FAULTS = "/default/faults"
UNAVAILABLE = {"kind": "token_endpoint", "answer": "temporarily_unavailable"}


async def add(running, effect, **rule):
    status, shown = await ask(running, "POST", FAULTS, {"effect": effect, **rule})
    assert status == 200, shown
    return shown


async def code(running, **changes) -> str:
    return (await running.authorize(redirect_uri=REDIRECT_URI, **changes))["code"]


# Over the control door


async def test_a_rule_is_shown_as_it_was_asked_for_and_goes_again(running):
    asked = {
        "match": {"bank": "tomato", "grant_type": "refresh_token"},
        "effect": UNAVAILABLE,
        "stage": "after_commit",
        "times": 2,
        "skip": 1,
        "every": 3,
        "probability": 0.5,
    }
    shown = await add(running, **asked)
    assert asked.items() <= shown.items()
    assert (shown["seen"], shown["struck"]) == (0, 0)
    assert await ask(running, "GET", f"{FAULTS}/{shown['id']}") == (200, shown)
    assert await ask(running, "GET", FAULTS) == (200, {"faults": [shown]})
    for _ in range(2):  # safe to repeat
        assert await ask(running, "DELETE", f"{FAULTS}/{shown['id']}") == (200, {})
    assert (await ask(running, "GET", f"{FAULTS}/{shown['id']}"))[0] == 404
    assert await ask(running, "GET", FAULTS) == (200, {"faults": []})


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"effect": {"kind": "meteor"}}, "effect"),
        ({"effect": {"kind": "token_endpoint", "answer": "shrug"}}, "effect"),
        ({"match": {"weather": "rain"}}, "match"),
        ({"match": {"class": "gossip"}}, "class"),
        ({"times": 0}, "times"),
        ({"every": 0}, "every"),
        ({"skip": -1}, "skip"),
        ({"probability": 1.1}, "probability"),
        ({"stage": "reply"}, "stage"),
        ({"ttl": "soon"}, "ttl"),
        ({"unknown": 1}, "unknown"),
    ],
)
async def test_a_rule_that_cannot_be_is_refused_and_none_is_added(running, change, named):
    status, problem = await ask(running, "POST", FAULTS, {"effect": UNAVAILABLE, **change})
    assert status == 422
    assert named in json.dumps(problem)
    assert await ask(running, "GET", FAULTS) == (200, {"faults": []})


async def test_a_field_that_is_missing_is_named(running):
    status, problem = await ask(running, "POST", FAULTS, {})
    assert (status, [error["field"] for error in problem["errors"]]) == (422, ["effect"])


async def test_there_are_so_many_rules_and_no_more(running, monkeypatch):
    monkeypatch.setattr(fault_service, "MOST_RULES", 2)
    for _ in range(2):
        await add(running, UNAVAILABLE)
    status, problem = await ask(running, "POST", FAULTS, {"effect": UNAVAILABLE})
    assert (status, "2 rules" in problem["detail"]) == (409, True)


async def test_a_rule_by_hand_ends_by_itself_and_can_be_told_not_to(running):
    assert "ends_at" in await add(running, UNAVAILABLE)
    assert "ends_at" not in await add(running, UNAVAILABLE, ttl="0s")
    short = await add(running, UNAVAILABLE, ttl="1ms")
    await asyncio.sleep(0.01)
    listed = (await ask(running, "GET", FAULTS))[1]["faults"]
    assert short["id"] not in [rule["id"] for rule in listed]


async def test_explain_tells_which_rule_would_strike_and_counts_nothing(running):
    skipping = await add(running, UNAVAILABLE, skip=1)
    other = await add(running, UNAVAILABLE, match={"client_id": "another"})
    striking = await add(running, UNAVAILABLE, match={"client_id": AGGREGATOR})
    for _ in range(2):
        _, told = await ask(
            running, "POST", f"{FAULTS}/explain", {"request": {"client_id": AGGREGATOR}}
        )
        assert told == {
            "strikes": striking["id"],
            "rules": [
                {
                    "id": skipping["id"],
                    "strikes": False,
                    "why_not": "it lets 1 more calls pass first",
                },
                {
                    "id": other["id"],
                    "strikes": False,
                    "why_not": f"client_id is {AGGREGATOR!r}, not 'another'",
                },
                {"id": striking["id"], "strikes": True},
            ],
        }


async def test_rules_survive_a_restore_and_a_reset_takes_them_away(running):
    rule = await add(running, UNAVAILABLE)
    await take(running, "struck")
    assert (await ask(running, "POST", "/default/reset", {"what": "faults"}))[0] == 200
    assert (await running.exchange(await code(running)))[0] == 200
    await restore(running, "struck")
    assert (await ask(running, "GET", FAULTS))[1]["faults"] == [rule]
    assert (await running.exchange(await code(running)))[0] == 503
    assert await ask(running, "DELETE", FAULTS) == (200, {})
    assert (await running.exchange(await code(running)))[0] == 200


# The token endpoint


@pytest.mark.parametrize("error", TOKEN_ERRORS)
async def test_a_refusal_before_leaves_the_code_good(running, error):
    rule = await add(running, {"kind": "token_endpoint", "answer": error}, times=1)
    one = await code(running)
    status, body, _ = await running.exchange(one)
    assert (status, body["error"]) == (TOKEN_ERRORS[error], error)
    assert body["error_description"] == DESCRIPTION
    assert (await running.exchange(one))[0] == 200
    entry = (await ask(running, "GET", "/default/journal?operation=token"))[1]["journal"][0]
    assert (entry["fault"], entry["error_code"]) == (rule["id"], error)


async def test_a_refusal_after_the_work_costs_the_client_its_refresh_token(running):
    tokens = await running.log_in("taro")
    await add(
        running, UNAVAILABLE, stage="after_commit", times=1, match={"grant_type": "refresh_token"}
    )
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    assert (await running.token(**form))[0] == 503
    status, body, headers = await running.token(**form)
    assert (status, body["error"]) == (400, "invalid_grant")
    assert headers["X-Sandbox-Reason"] == "refresh_reused"


@pytest.mark.parametrize("harm", TOKEN_HARMS)
async def test_a_harmed_answer_is_one_that_no_client_may_trust(running, harm):
    await add(running, {"kind": "token_endpoint", "answer": harm}, times=1)
    form = {
        "grant_type": "authorization_code",
        "code": await code(running),
        "redirect_uri": REDIRECT_URI,
    }
    async with running.http.post(
        f"{running.base}/oauth/token", data=form, headers=basic(AGGREGATOR)
    ) as answer:
        assert answer.status == 200
        text = await answer.text()
    if harm == "broken_json":
        with pytest.raises(json.JSONDecodeError):
            json.loads(text)
        return
    body = json.loads(text)
    checks = {
        "without_access_token": "access_token" not in body,
        "without_refresh_token": "refresh_token" not in body,
        "without_scope": "scope" not in body,
        "narrower_scope": body.get("scope") == "",
        "wider_scope": body.get("scope") == "accounts more",
        "expires_in_1": body.get("expires_in") == 1,
        "wrong_token_type": body.get("token_type") == "mac",
    }
    assert {name for name, is_so in checks.items() if is_so} == {harm}


async def test_a_rule_strikes_as_often_as_it_says_however_many_come_at_once(running):
    rule = await add(running, {"kind": "token_endpoint", "answer": "invalid_grant"}, times=7)
    one = await code(running)
    answers = await asyncio.gather(*(running.exchange(one) for _ in range(30)))
    described = [body.get("error_description") for _, body, _ in answers]
    assert described.count(DESCRIPTION) == 7
    shown = (await ask(running, "GET", f"{FAULTS}/{rule['id']}"))[1]
    assert (shown["struck"], shown["seen"]) == (7, 30)


# Signed tokens


@pytest.mark.requirement("O-21")
@pytest.mark.parametrize("how", TAMPERING)
async def test_a_tampered_id_token_is_wrong_in_just_that(running, how):
    await add(running, {"kind": "tampered_token", "token": "id_token", "how": how}, times=1)
    asked = {"client_id": "sandbox-openid", "scope": "openid accounts", "nonce": "n-1"}
    answer = await running.authorize(redirect_uri=REDIRECT_URI, **asked)
    _, body, _ = await running.exchange(answer["code"], client="sandbox-openid")
    async with running.http.get(f"{running.base}/oauth/jwks") as keys:
        jwks = await keys.json()
    token, issuer = body["id_token"], f"{running.url}/tomato"
    if how in ("bad_signature", "wrong_alg", "wrong_kid"):
        with pytest.raises(jose.JoseRefused):
            jose.verify(token, jwks, ["ES256"])
        return
    claims = jose.verify(token, jwks, ["ES256"]).claims
    now_s = running.sandbox.world.now() // 1000
    wrong = {
        "wrong_aud": claims.get("aud") != "sandbox-openid",
        "wrong_iss": claims.get("iss") != issuer,
        "missing_claim": "exp" not in claims,
        "expired": claims.get("exp", now_s + 1) <= now_s,
    }
    assert {name for name, is_so in wrong.items() if is_so} == {how}


# What the browser carries back


def answer_of(location: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(location).query))


async def consented(running) -> dict[str, str]:
    async with browsing(running) as browser:
        return answer_of(await browser.consent("taro", state="s-1"))


@pytest.mark.parametrize("error", AUTHORIZE_ERRORS)
@pytest.mark.parametrize("stage", ["before", "after_commit"])
async def test_the_answer_is_an_error_with_or_without_a_grant_left_behind(running, error, stage):
    await add(running, {"kind": "authorize", "answer": error}, stage=stage, times=1)
    answer = await consented(running)
    assert (answer["error"], answer["state"], "code" in answer) == (error, "s-1", False)
    grants = (await ask(running, "GET", "/default/grants"))[1]["grants"]
    assert len(grants) == (1 if stage == "after_commit" else 0)


@pytest.mark.parametrize("harm", AUTHORIZE_HARMS)
async def test_a_harmed_answer_is_what_a_client_must_refuse(running, harm):
    await add(running, {"kind": "authorize", "answer": harm}, times=1)
    answer = await consented(running)
    issuer = f"{running.url}/tomato"
    status = (await running.exchange(answer["code"]))[0] if "code" in answer else None
    wrong = {
        "state_changed": answer.get("state") == "s-1-changed",
        "state_missing": "state" not in answer,
        "error_and_code": "error" in answer,
        "code_missing": "code" not in answer,
        "iss_changed": answer.get("iss") == f"{issuer}-changed",
        "iss_missing": "iss" not in answer,
    }
    found = {name for name, is_so in wrong.items() if is_so}
    is_worthless = harm in ("code_expired", "code_spent")
    assert found == (set() if is_worthless else {harm})
    assert status == (400 if is_worthless else None if harm == "code_missing" else 200)


async def test_a_consent_without_a_browser_meets_the_rules_too(running):
    await add(running, {"kind": "authorize", "answer": "access_denied"}, times=1)
    refused = await running.authorize()
    assert refused["status"] == 400
    assert "access_denied" in json.dumps(refused)
    assert (await running.authorize())["status"] == 200
