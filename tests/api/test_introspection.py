"""Introspection (RFC 7662): who may ask about which token, and what is told (O-14)."""

import pytest

from sandbox.domain.oauth.personal import ACR
from tests.journals import entries
from tests.jwts import (
    JWT_TOKENS,
    OPENID,
    RESOURCE_SERVER,
    key_set,
    log_in,
    set_options,
    verified,
)
from tests.support import ACCOUNTING, AGGREGATOR, NATIVE, basic, secret_of

NOW_S = 1_794_790_800  # tests.support.NOW
INACTIVE = {"active": False}
OWN, OTHER = AGGREGATOR, OPENID


async def ask(running, token, client=RESOURCE_SERVER, **more):
    async with running.http.post(
        f"{running.base}/oauth/introspect", data={"token": token, **more}, headers=basic(client)
    ) as answer:
        assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
        assert answer.headers["Cache-Control"] == "no-store"
        return answer.status, await answer.json()


async def told(running, token, client=RESOURCE_SERVER, **more):
    status, body = await ask(running, token, client, **more)
    assert status == 200, body
    return body


async def end_by_refresh(running, tokens):
    status, _, _ = await running.refresh(tokens["refresh_token"])
    assert status == 200


async def end_by_revocation(running, tokens):
    form = {"token": tokens["access_token"]}
    async with running.http.post(
        f"{running.base}/oauth/revoke", data=form, headers=basic(AGGREGATOR)
    ) as answer:
        assert answer.status == 200


async def end_by_the_bank(running, _tokens):
    grant = await running.sandbox.world.database.fetchrow("SELECT grant_id FROM access_grant")
    await running.staff.revoke_grant(grant[0])


async def end_by_blocking(running, _tokens):
    await running.staff.set_client_status(AGGREGATOR, "blocked")


async def end_by_the_contract(running, _tokens):
    await running.staff.set_contract_state("persona-taro", "ended")


async def end_by_the_clock(running, _tokens):
    await running.advance("91d")


ENDS = {
    "refreshed": (end_by_refresh, OWN),
    "revoked": (end_by_revocation, OWN),
    "by the bank": (end_by_the_bank, OWN),
    "client blocked": (end_by_blocking, None),  # who is blocked proves itself in vain
    "contract ended": (end_by_the_contract, OWN),
    "lapsed": (end_by_the_clock, OWN),
}


# Who × which token


@pytest.mark.requirement("O-14")
async def test_who_is_told_of_which_token(running):
    own, other = await running.log_in("taro"), await log_in(running, persona="hanako")
    table = {
        (OWN, "own access"): True,
        (OWN, "own refresh"): True,
        (OWN, "other access"): False,
        (OWN, "other refresh"): False,
        (RESOURCE_SERVER, "own access"): True,
        (RESOURCE_SERVER, "other access"): True,
        (RESOURCE_SERVER, "own refresh"): False,
        (RESOURCE_SERVER, "other refresh"): False,
        (OTHER, "other access"): True,
        (OTHER, "own access"): False,
        (OTHER, "other id"): False,
        (RESOURCE_SERVER, "other id"): False,
    }
    held = {"own": own, "other": other}
    for (client, what), is_told in table.items():
        whose, kind = what.split()
        token = held[whose][f"{kind}_token"]
        for hint in ({}, {"token_type_hint": "access_token"}, {"token_type_hint": "refresh_token"}):
            body = await told(running, token, client, **hint)
            assert body["active"] is is_told, (client, what)
            assert is_told or body == INACTIVE


@pytest.mark.requirement("O-14", "O-22")
async def test_a_live_token_is_told_with_all_that_a_resource_needs(running):
    tokens = await running.log_in("taro")
    body = await told(running, tokens["access_token"])
    identity = await log_in(running)
    claims = verified(identity["id_token"], await key_set(running))
    assert body == {
        "active": True,
        "scope": "accounts",
        "client_id": AGGREGATOR,
        "token_type": "Bearer",
        "iat": NOW_S,
        "exp": NOW_S + 1800,
        "sub": claims["sub"],
        "aud": running.base,
        "iss": f"{running.url}/tomato",
        "auth_time": NOW_S,
        "acr": ACR,
        "amr": ["pin"],
    }
    refresh = await told(running, tokens["refresh_token"], AGGREGATOR)
    assert refresh["exp"] == NOW_S + 30 * 86_400
    assert {name for name in body if name not in refresh} == {"token_type"}


async def test_a_jwt_is_told_as_it_says(running):
    token = (await log_in(running, "accounts", client_id=JWT_TOKENS))["access_token"]
    claims, body = verified(token, await key_set(running)), await told(running, token)
    assert {name: body[name] for name in claims} == claims
    assert {*body} - {*claims} == {"active", "token_type"}


@pytest.mark.parametrize(
    ("binding", "kind", "cnf"),
    [
        ("jkt:abc", "DPoP", {"jkt": "abc"}),
        ("x5t:def", "Bearer", {"x5t#S256": "def"}),
        (None, "Bearer", None),
    ],
)
async def test_a_bound_token_is_told_with_its_key(running, binding, kind, cnf):
    token = (await running.log_in("taro"))["access_token"]
    async with running.sandbox.world.database.transaction() as db:
        await db.execute("UPDATE token SET binding = $1 WHERE kind = 'access'", binding)
    body = await told(running, token)
    assert (body["token_type"], body.get("cnf")) == (kind, cnf)


# … × state


@pytest.mark.requirement("O-14", "O-34")
@pytest.mark.parametrize("how", ENDS)
async def test_what_has_ended_is_inactive_and_nothing_more(running, how):
    end, asker = ENDS[how]
    tokens = await running.log_in("taro")
    assert (await told(running, tokens["access_token"]))["active"]
    await end(running, tokens)
    assert await told(running, tokens["access_token"]) == INACTIVE
    if asker is not None:
        assert await told(running, tokens["access_token"], asker) == INACTIVE
        assert await told(running, tokens["refresh_token"], asker) == INACTIVE


@pytest.mark.requirement("O-33")
async def test_the_edge_of_a_lifetime(running):
    token = (await running.log_in("taro"))["access_token"]
    await running.advance("29m59s")
    assert (await told(running, token))["active"]
    await running.advance("1s")
    assert await told(running, token) == INACTIVE


@pytest.mark.parametrize(
    "token", ["x", "eyJ", "eyJhbGciOiJub25lIn0.e30.", "é", " ", "null", "x" * 2048]
)
async def test_what_is_no_token_is_inactive(running, token):
    assert await told(running, token) == INACTIVE


async def test_a_code_is_no_token(running):
    consent = await running.authorize()
    assert await told(running, consent["code"], AGGREGATOR) == INACTIVE


# Who may ask at all


@pytest.mark.requirement("O-14", "O-9", "O-10")
@pytest.mark.parametrize(
    ("headers", "form", "status", "error"),
    [
        ({}, {}, 401, "invalid_client"),
        (basic(AGGREGATOR, "wrong"), {}, 401, "invalid_client"),
        (basic("nobody", "x"), {}, 401, "invalid_client"),
        ({}, {"client_id": NATIVE}, 401, "invalid_client"),  # public: anybody could say so
        ({}, {"client_id": AGGREGATOR, "client_secret": "x"}, 401, "invalid_client"),
        (basic("sandbox-blocked"), {}, 401, "invalid_client"),
        (basic(AGGREGATOR), {"client_secret": "x"}, 400, "invalid_request"),
    ],
)
async def test_nobody_asks_unproven(running, headers, form, status, error):
    token = (await running.log_in("taro"))["access_token"]
    async with running.http.post(
        f"{running.base}/oauth/introspect", data={"token": token, **form}, headers=headers
    ) as answer:
        body = await answer.json()
        assert (answer.status, body["error"]) == (status, error)
        assert "active" not in body


async def test_a_client_of_the_form_method_may_ask(running):
    form = {"client_id": ACCOUNTING, "client_secret": secret_of(ACCOUNTING), "token": "x"}
    async with running.http.post(f"{running.base}/oauth/introspect", data=form) as answer:
        assert (answer.status, await answer.json()) == (200, INACTIVE)


@pytest.mark.requirement("O-28")
@pytest.mark.parametrize(
    ("form", "description"),
    [
        ([("x", "y")], "token is required"),
        ([("token", "x" * 2049)], "token is too long"),
        ([("token", "a"), ("token", "b")], "given twice"),
    ],
)
async def test_a_broken_question_is_refused(running, form, description):
    async with running.http.post(
        f"{running.base}/oauth/introspect",
        data=form,
        headers=basic(RESOURCE_SERVER),
    ) as answer:
        body = await answer.json()
        assert (answer.status, body["error"]) == (400, "invalid_request")
        assert description in body["error_description"]


async def test_a_get_is_none(running):
    async with running.http.get(f"{running.base}/oauth/introspect?token=x") as answer:
        assert answer.status == 405


async def test_being_a_resource_server_is_a_matter_of_registration(running):
    token = (await running.log_in("taro"))["access_token"]
    await set_options(running, RESOURCE_SERVER)
    assert await told(running, token) == INACTIVE
    await set_options(running, RESOURCE_SERVER, may_introspect=True)
    assert (await told(running, token))["active"]


async def test_the_journal_says_whose_token_it_was(running):
    tokens = await running.log_in("taro")
    await told(running, tokens["access_token"])
    (entry,) = await entries(running, operation="introspect")
    assert entry["persona"] == "taro"
    assert tokens["access_token"] not in str(entry)
