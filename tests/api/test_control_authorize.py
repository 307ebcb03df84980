"""Consent without a browser: by the same services as the pages, refused for the same reasons."""

import pytest

from tests.pushing import register
from tests.support import (
    ACCOUNTING,
    AGGREGATOR,
    CHALLENGE,
    MANUAL,
    NATIVE,
    REDIRECT_URI,
    VERIFIER,
    answer_of,
    run_sandbox,
)

PROBLEM = "urn:bank-sandbox:problem:"


async def test_the_answer_is_the_redirect_that_a_browser_would_follow(running):
    answer = await running.authorize(state="s-1 &=é")
    assert answer.pop("status") == 200
    assert set(answer) == {"redirect_to", "code", "state"}
    assert answer["redirect_to"].startswith(f"{REDIRECT_URI}?")
    assert answer_of(answer["redirect_to"]) == {
        "code": answer["code"],
        "state": "s-1 &=é",
        "iss": f"{running.url}/tomato",
    }


async def test_left_out_are_the_clients_first_redirect_uri_and_a_state(running):
    answer = await running.authorize()
    assert answer["redirect_to"].startswith(f"{REDIRECT_URI}?")
    assert answer["state"] == "headless"
    status, tokens, _ = await running.exchange(answer["code"])
    assert (status, tokens["scope"]) == (200, "accounts")


async def test_another_registered_redirect_uri_may_be_named(running):
    uri = "https://aggregator.example/callback"
    answer = await running.authorize(redirect_uri=uri)
    assert answer["redirect_to"].startswith(f"{uri}?")
    status, _, _ = await running.exchange(answer["code"], redirect_uri=uri)
    assert status == 200


@pytest.mark.requirement("T-17", "O-6")
async def test_a_challenge_binds_the_code(running):
    answer = await running.authorize(code_challenge=CHALLENGE)
    status, refusal, _ = await running.exchange(answer["code"])
    assert (status, refusal["error"]) == (400, "invalid_grant")
    answer = await running.authorize(code_challenge=CHALLENGE)
    status, _, _ = await running.exchange(answer["code"], code_verifier=VERIFIER)
    assert status == 200


async def test_all_that_is_offered_is_ticked_unless_something_is_named(running):
    tokens = await running.log_in("hanako")
    offered = await running.account_ids(tokens["access_token"])
    assert len(offered) == 2
    tokens = await running.log_in("hanako", accounts=offered[1:])
    assert await running.account_ids(tokens["access_token"]) == offered[1:]


@pytest.mark.requirement("T-5", "O-26")
async def test_a_function_that_is_not_ticked_is_not_granted(running):
    tokens = await running.log_in(functions=["balances"])
    (account_id,) = await running.account_ids(tokens["access_token"])
    path = f"/accounts/{account_id}"
    assert (await running.get(path, tokens["access_token"]))[0] == 200
    status, body, _ = await running.get(f"{path}/transactions", tokens["access_token"])
    assert (status, body["error_code"]) == (403, "function_not_available")


@pytest.mark.parametrize("persona", ["taro", "hanako", "shoji", "empty", "heavy", "oddname"])
async def test_personas_may_consent(running, persona):
    tokens = await running.log_in(persona)
    assert await running.account_ids(tokens["access_token"])


# What a page would show


@pytest.mark.requirement("T-6", "O-2")
@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"client_id": "nobody"}, "unknown_client"),
        ({"client_id": "é\u0000"}, "unknown_client"),
        ({"redirect_uri": "https://evil.example/callback"}, "redirect_uri_mismatch"),
        ({"redirect_uri": f"{REDIRECT_URI}/"}, "redirect_uri_mismatch"),
    ],
)
async def test_what_proves_no_client_is_refused_without_a_redirect(running, change, error):
    answer = await running.authorize(**change)
    assert (answer["status"], answer["type"]) == (400, f"{PROBLEM}authorization-refused")
    assert answer["error"] == error
    assert "redirect_to" not in answer


@pytest.mark.requirement("T-22")
async def test_a_blocked_client_gets_no_consent(running):
    assert (await running.authorize(client_id="sandbox-blocked"))["error"] == "client_blocked"
    await running.staff.set_client_status(AGGREGATOR, "blocked")
    assert (await running.authorize())["error"] == "client_blocked"
    await running.staff.set_client_status(AGGREGATOR, "active")
    assert (await running.authorize())["status"] == 200


# What would be redirected


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"scope": "everything"}, "invalid_scope"),
        ({"scope": ""}, "invalid_request"),
        ({"scope": "accounts  accounts"}, "invalid_scope"),
        ({"state": "s" * 129}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"code_challenge": CHALLENGE, "code_challenge_method": "plain"}, "invalid_request"),
        ({"client_id": NATIVE, "redirect_uri": "http://127.0.0.1/callback"}, "invalid_request"),
        ({"client_id": ACCOUNTING, "persona": "shoji"}, "invalid_request"),
    ],
)
async def test_what_goes_back_to_the_client_is_told_with_its_redirect(running, change, error):
    answer = await running.authorize(**change)
    assert (answer["status"], answer["type"]) == (400, f"{PROBLEM}authorization-refused")
    back = answer_of(answer["redirect_to"])
    assert (answer["error"], back["error"]) == (error, error)
    assert back["error_description"] == answer["detail"]
    assert "code" not in back


# Whom the page would not let in


@pytest.mark.requirement("T-2")
async def test_a_lapsed_card_does_not_sign_in(running):
    answer = await running.authorize("lapsed")
    assert (answer["status"], answer["type"]) == (403, f"{PROBLEM}sign-in-refused")
    assert answer["error"] == "access_denied"


@pytest.mark.requirement("T-3")
async def test_after_the_end_of_the_contract_nobody_signs_in(running):
    await running.staff.set_contract_state("persona-shoji", "ended")
    answer = await running.authorize("shoji")
    assert (answer["status"], answer["error"]) == (403, "access_denied")


@pytest.mark.parametrize(
    ("client_id", "persona"), [(NATIVE, "shoji"), (ACCOUNTING, "taro")], ids=["firm", "person"]
)
async def test_a_client_that_does_not_serve_the_contractor_gets_no_consent(
    running, client_id, persona
):
    redirect_uri = {"redirect_uri": "http://127.0.0.1/callback"} if client_id == NATIVE else {}
    answer = await running.authorize(
        persona, client_id=client_id, code_challenge=CHALLENGE, **redirect_uri
    )
    assert (answer["status"], answer["error"]) == (400, "access_denied")


@pytest.mark.parametrize("change", [{"accounts": []}, {"functions": []}, {"accounts": ["0" * 32]}])
async def test_a_consent_to_nothing_is_none(running, change):
    answer = await running.authorize(**change)
    assert answer["status"] == 422
    assert answer["type"] == f"{PROBLEM}nothing-chosen"
    assert await running.sandbox.world.database.fetch("SELECT * FROM access_grant") == []


@pytest.mark.requirement("O-26")
async def test_an_account_of_somebody_else_cannot_be_ticked(running):
    (of_taro,) = await running.account_ids((await running.log_in("taro"))["access_token"])
    answer = await running.authorize("hanako", accounts=[of_taro])
    assert (answer["status"], answer["type"]) == (422, f"{PROBLEM}nothing-chosen")


@pytest.mark.parametrize(
    "change",
    [
        {"accounts": "all"},
        {"accounts": [1]},
        {"accounts": ["0"] * 1_001},
        {"scope": "x" * 257},
        {"state": 5},
        {"persona": None},
        {"persona": ""},
        {"code_verifier": VERIFIER},
    ],
    ids=lambda change: str(change)[:40],
)
async def test_a_request_that_breaks_its_schema_is_told_where(running, change):
    answer = await running.authorize(**change)
    assert (answer["status"], answer["type"]) == (422, f"{PROBLEM}invalid-request")
    assert answer["errors"]


async def test_consents_to_several_providers_stand_side_by_side(running):
    first = await running.log_in("taro")
    second = await running.log_in("taro", client_id=MANUAL)
    for tokens in (first, second):
        assert (await running.get("/accounts", tokens["access_token"]))[0] == 200


async def test_outside_service_hours_there_is_no_consent(tmp_path):
    closed = {"tomato_hours": "regional", "clock": "frozen:2026-11-16T00:01:00+09:00"}
    async with run_sandbox(tmp_path, **closed) as running:
        answer = await running.authorize()
        assert (answer["status"], answer["type"]) == (503, f"{PROBLEM}outside-service-hours")
        await running.advance(f"{answer['retry_after_s']}s")
        assert (await running.authorize())["status"] == 200


# The control door stands in for a client: it need not push, sign or prove anything.


@pytest.mark.requirement("O-19", "O-20")
@pytest.mark.parametrize(
    "changes",
    [
        {"options": {"par_required": True}},
        {"options": {"request_object_required": True, "request_object_alg": "ES256"}},
        {"security_profile": "fapi2", "auth_method": "private_key_jwt"},
        {"security_profile": "bcp"},
    ],
    ids=["pushes", "signs", "fapi2", "bcp"],
)
async def test_a_strict_client_gets_its_consent_as_well(running, changes):
    await register(running, "strict", **changes)
    consent = {"client_id": "strict", "redirect_uri": REDIRECT_URI, "code_challenge": CHALLENGE}
    answer = await running.authorize(**consent)
    assert answer["status"] == 200, answer
    assert answer_of(answer["redirect_to"])["code"] == answer["code"]
    # What the profile asks for beyond that it asks for here, too.
    if "security_profile" in changes:
        del consent["code_challenge"]
        assert (await running.authorize(**consent))["error"] == "invalid_request"
