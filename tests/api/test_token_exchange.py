"""Exchanging an authorization code: what it is bound to, and what its replay costs."""

import asyncio
from collections import Counter

import pytest

from sandbox.domain.oauth.pkce import challenge_of
from tests.api.test_terms_requirements import verdict
from tests.support import (
    AGGREGATOR,
    BASE,
    CHALLENGE,
    MANUAL,
    NATIVE,
    REDIRECT_URI,
    VERIFIER,
    run_sandbox,
)

OTHER_REDIRECT_URI = "http://127.0.0.1:8000/callback"


async def code_of(running, persona="taro", **changes):
    consent = await running.authorize(persona, **changes)
    assert consent["status"] == 200, consent
    return consent["code"]


@pytest.mark.requirement("O-22")
async def test_the_answer_has_what_the_specification_lists(running):
    code = await code_of(running)
    status, body, headers = await running.exchange(code)
    assert status == 200
    assert {
        name: value for name, value in body.items() if "token" not in name or "_in" in name
    } == {
        "expires_in": 1_800,
        "refresh_token_expires_in": 30 * 86_400,
        "auto_manual_mode": "auto",
        "scope": "accounts",
    }
    assert body["token_type"] == "Bearer"
    for token in (body["access_token"], body["refresh_token"], code):
        assert 22 <= len(token) <= 128
        assert token.isascii()
    assert headers["Cache-Control"] == "no-store"
    assert headers["Pragma"] == "no-cache"
    assert headers["Content-Type"] == "application/json; charset=utf-8"


@pytest.mark.requirement("O-4")
async def test_codes_and_tokens_never_repeat_nor_grow_from_each_other(running):
    found = []
    for _ in range(20):
        code = await code_of(running)
        _, body, _ = await running.exchange(code)
        found += [code, body["access_token"], body["refresh_token"]]
    assert len(set(found)) == 60
    tag = running.bank.world.tag
    assert all(each.startswith(tag) for each in found)
    # What follows the world's tag is 256 bits: no two begin alike.
    assert len({each.removeprefix(tag)[:8] for each in found}) == 60
    assert {len(each.removeprefix(tag)) for each in found} == {43}


BROKEN = {
    "another client": {"client": MANUAL},
    "another redirect URI": {"redirect_uri": OTHER_REDIRECT_URI},
    "a redirect URI with a slash": {"redirect_uri": f"{REDIRECT_URI}/"},
    "another code": {"code": "x"},
    "a code with a blank": {"code": " "},
    "another verifier": {"code_verifier": "w" * 43},
    "no verifier": {"code_verifier": ""},
    "a short verifier": {"code_verifier": "v" * 42},
    "a long verifier": {"code_verifier": "v" * 129},
    "a verifier of other characters": {"code_verifier": "v" * 42 + "+"},
    "the challenge as verifier": {"code_verifier": CHALLENGE},
    "bytes that are no text": {"code_verifier": "é" * 43},
}


@pytest.mark.requirement("O-4", "O-6")
@pytest.mark.parametrize("changes", BROKEN.values(), ids=BROKEN)
async def test_a_code_is_bound_to_all_it_was_asked_with(running, changes):
    code = await code_of(running, code_challenge=CHALLENGE)
    sent = {"code": code, "code_verifier": VERIFIER, **changes}
    status, body, _ = await running.exchange(**sent)
    assert (status, body["error"]) == (400, "invalid_grant")
    # A wrong attempt neither spends the code nor opens anything.
    status, body, _ = await running.exchange(code, code_verifier=VERIFIER)
    assert (status, sorted(body)[0]) == (200, "access_token")


@pytest.mark.requirement("O-4")
async def test_a_code_is_bound_to_its_grant(running):
    code = await code_of(running)
    (grant,) = await running.bank.world.database.fetch("SELECT grant_id FROM access_grant")
    await running.staff.revoke_grant(grant[0])
    status, body, headers = await running.exchange(code)
    assert (status, body["error"]) == (400, "invalid_grant")
    assert headers["X-Sandbox-Reason"] == "revoked_by_bank"


@pytest.mark.requirement("O-4", "O-33")
@pytest.mark.parametrize(("by", "status"), [("0s", 200), ("59s", 200), ("60s", 400), ("1d", 400)])
async def test_a_code_lives_sixty_seconds_of_the_worlds_time(running, by, status):
    code = await code_of(running)
    await running.advance(by)
    found, body, _ = await running.exchange(code)
    assert found == status
    assert status == 200 or body["error"] == "invalid_grant"


@pytest.mark.requirement("O-6")
@pytest.mark.parametrize(
    ("verifier", "status"), [("a" * 43, 200), ("a" * 128, 200), ("-._~" * 11, 200)]
)
async def test_a_verifier_may_have_43_to_128_unreserved_characters(running, verifier, status):
    code = await code_of(running, code_challenge=challenge_of(verifier))
    assert (await running.exchange(code, code_verifier=verifier))[0] == status


@pytest.mark.requirement("O-6")
async def test_a_verifier_without_a_challenge_is_a_downgrade_and_refused(running):
    code = await code_of(running)
    status, body, _ = await running.exchange(code, code_verifier=VERIFIER)
    assert (status, body["error"]) == (400, "invalid_grant")


@pytest.mark.requirement("O-6")
@pytest.mark.parametrize("method", ["plain", "s256", "S512", "none"])
async def test_no_method_but_s256_is_taken(running, method):
    refused = await running.authorize(code_challenge=CHALLENGE, code_challenge_method=method)
    assert (refused["status"], refused["error"]) == (400, "invalid_request")


@pytest.mark.requirement("O-6")
@pytest.mark.parametrize("challenge", ["x" * 42, "x" * 44, "x" * 42 + "=", "x" * 42 + "é"])
async def test_a_challenge_is_a_sha_256_in_base64url(running, challenge):
    refused = await running.authorize(code_challenge=challenge)
    assert (refused["status"], refused["error"]) == (400, "invalid_request")


@pytest.mark.requirement("O-6")
async def test_a_public_client_gets_tokens_by_its_verifier_alone(running):
    uri = "http://127.0.0.1:5000/callback"
    code = await code_of(running, client_id=NATIVE, redirect_uri=uri, code_challenge=CHALLENGE)
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": uri,
        "client_id": NATIVE,
    }
    for verifier, status in (("w" * 43, 400), (VERIFIER, 200)):
        async with running.http.post(
            f"{running.url}{BASE}/oauth/token", data={**form, "code_verifier": verifier}
        ) as answer:
            assert answer.status == status


@pytest.mark.requirement("O-5")
async def test_a_replayed_code_kills_all_that_came_of_it(running):
    code = await code_of(running)
    _, first, _ = await running.exchange(code)
    _, second, _ = await running.refresh(first["refresh_token"])
    status, body, headers = await running.exchange(code)
    assert (status, body["error"]) == (400, "invalid_grant")
    assert headers["X-Sandbox-Reason"] == "code_replayed"
    assert await verdict(running, second["access_token"]) == (401, "code_replayed")
    status, body, _ = await running.refresh(second["refresh_token"])
    assert (status, body["error"]) == (400, "invalid_grant")


@pytest.mark.requirement("O-5")
async def test_a_code_replayed_long_after_still_kills(running):
    code = await code_of(running)
    _, tokens, _ = await running.exchange(code)
    await running.advance("10m")
    assert (await running.exchange(code))[0] == 400
    assert await verdict(running, tokens["access_token"]) == (401, "code_replayed")


@pytest.mark.requirement("O-5")
async def test_another_client_with_a_stolen_spent_code_kills_nothing(running):
    code = await code_of(running)
    _, tokens, _ = await running.exchange(code)
    status, body, _ = await running.exchange(code, client=MANUAL)
    assert (status, body["error"]) == (400, "invalid_grant")
    assert await verdict(running, tokens["access_token"]) == (200, None)


@pytest.mark.requirement("O-5")
async def test_of_a_hundred_exchanges_at_once_one_wins_and_then_nobody(running):
    code = await code_of(running)
    answers = await asyncio.gather(*(running.exchange(code) for _ in range(100)))
    assert Counter(status for status, _, _ in answers) == {200: 1, 400: 99}
    (tokens,) = [body for status, body, _ in answers if status == 200]
    assert await verdict(running, tokens["access_token"]) == (401, "code_replayed")
    status, _, headers = await running.refresh(tokens["refresh_token"])
    assert (status, headers["X-Sandbox-Reason"]) == (400, "code_replayed")


@pytest.mark.requirement("O-5")
async def test_a_replay_is_remembered_over_a_restart(tmp_path):
    async with run_sandbox(tmp_path) as running:
        code = await code_of(running)
        _, tokens, _ = await running.exchange(code)
        await running.exchange(code)
    async with run_sandbox(tmp_path) as running:
        assert await verdict(running, tokens["access_token"]) == (401, "code_replayed")
        status, body, _ = await running.exchange(code)
        assert (status, body["error"]) == (400, "invalid_grant")


@pytest.mark.requirement("T-22")
async def test_a_blocked_client_gets_nothing_for_its_code(running):
    code = await code_of(running)
    await running.staff.set_client_status(AGGREGATOR, "blocked")
    status, body, _ = await running.exchange(code)
    assert (status, body["error"]) == (401, "invalid_client")
