"""The control API's clients: registered, shown, changed, blocked, ended, and what each refuses."""

import pytest
from yarl import URL

from sandbox.services.population import load_clients
from tests.api.registering import (
    BY_KEY,
    EC,
    PROBLEM,
    URI,
    ask,
    refused,
    register,
    tokens_of,
)
from tests.browsing import browsing
from tests.support import ACCOUNTING, AGGREGATOR, NATIVE, answer_of, basic, secret_of

# Listed and shown


async def test_ready_clients_stand_first_in_their_order_and_others_follow_by_id(running):
    await register(running, client_id="b-client")
    await register(running, client_id="a-client")
    _, body = await ask(running, "GET", "?bank=tomato")
    ready = [client.client_id for client in load_clients("tomato")]
    assert [each["client_id"] for each in body["clients"]] == [*ready, "a-client", "b-client"]
    assert [each["is_ready"] for each in body["clients"]] == [True] * len(ready) + [False] * 2
    async with running.http.get(running.control) as answer:
        described = (await answer.json())["banks"][0]["clients"]
    assert [each["client_id"] for each in described] == [*ready, "a-client", "b-client"]


async def test_secrets_of_ready_clients_are_known_and_no_others(running):
    made = await register(running, client_id="app")
    assert len(made["client_secret"]) >= 32
    _, shown = await ask(running, "GET", "/app")
    assert "client_secret" not in shown
    assert shown == {name: value for name, value in made.items() if name != "client_secret"}
    _, ready = await ask(running, "GET", f"/{AGGREGATOR}")
    assert ready["client_secret"] == secret_of(AGGREGATOR)
    _, listed = await ask(running, "GET", "?bank=tomato")
    known = {each["client_id"] for each in listed["clients"] if "client_secret" in each}
    assert known == {ready.client_id for ready in load_clients("tomato") if ready.client_secret}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?status=blocked", ["sandbox-blocked"]),
        ("?status=ended", ["app"]),
        ("?status=ended&bank=tomato", ["app"]),
        ("?status=ended&bank=web21", []),
    ],
)
async def test_the_list_takes_filters(running, query, expected):
    await register(running, client_id="app")
    await ask(running, "DELETE", "/app")
    _, body = await ask(running, "GET", query)
    assert [each["client_id"] for each in body["clients"]] == expected


async def test_a_status_that_is_none_is_a_problem(running):
    await refused(running, "GET", "?status=asleep", 422, "invalid-request")


async def test_private_keys_of_ready_clients_are_described_and_no_others(running):
    await register(running, client_id="app", **BY_KEY)
    async with running.http.get(running.control) as answer:
        clients = {each["client_id"]: each for each in (await answer.json())["banks"][0]["clients"]}
    assert clients["sandbox-fapi"]["jwks"]["keys"][0]["d"]
    assert clients["sandbox-fapi"]["dpop_bound_access_tokens"] is True
    assert clients["app"]["jwks"]["keys"] == [EC]
    assert "jwks" not in clients[AGGREGATOR]
    assert clients["sandbox-fapi-mtls"]["tls_client_auth_subject_dn"].startswith("CN=")
    _, shown = await ask(running, "GET", "/sandbox-fapi")
    assert "d" not in shown["jwks"]["keys"][0]


# Registered


async def test_a_registered_client_gets_tokens(running):
    client = await register(running, client_name="試験アプリ")
    assert client["client_id"].startswith("client-")
    status, tokens = await tokens_of(running, client)
    assert status == 200
    assert (await running.get("/accounts", tokens["access_token"]))[0] == 200


async def test_the_consent_page_shows_what_was_registered(running):
    metadata = {"client_name": "試験アプリ", "tos_uri": "https://app.example/terms"}
    client = await register(running, registration_no="試験第1号", **metadata)
    async with browsing(running) as browser:
        await browser.open(client_id=client["client_id"], redirect_uri=URI)
        for text in ("試験アプリ", "試験第1号", "https://app.example/terms", "app.example"):
            assert text in browser.page.text


async def test_an_id_and_a_secret_may_be_given(running):
    given = {"client_id": "my.app_1", "client_secret": "my-own-secret"}
    client = await register(running, **given)
    assert {name: client[name] for name in given} == given
    assert (await tokens_of(running, client))[0] == 200
    assert (await ask(running, "GET", "/my.app_1"))[0] == 200


async def test_a_client_by_key_has_no_secret(running):
    client = await register(running, **BY_KEY)
    assert "client_secret" not in client
    assert client["jwks"] == BY_KEY["jwks"]


@pytest.mark.requirement("O-29")
async def test_secrets_are_stored_as_hashes(running):
    client = await register(running)
    _, drawn = await ask(running, "POST", f"/{client['client_id']}/rotate-secret")
    rows = await running.sandbox.world.database.fetch("SELECT * FROM client")
    stored = str([[str(value) for value in row] for row in rows])
    for secret in (client["client_secret"], drawn["client_secret"]):
        assert secret not in stored


# Changed


async def test_a_change_replaces_all_but_the_secret(running):
    made = await register(running, client_id="app", functions=["balances"], pkce="required")
    body = {"redirect_uris": [URI, URI + "/2"], "client_name": "改名"}
    status, changed = await ask(running, "PUT", "/app", body)
    assert status == 200
    assert changed["redirect_uris"] == body["redirect_uris"]
    assert (changed["client_name"], changed["pkce"]) == ("改名", "optional")
    assert changed["functions"] == ["balances", "transactions"]
    assert "client_secret" not in changed
    assert (await tokens_of(running, made))[0] == 200


async def test_what_is_shown_can_be_sent_back(running):
    for client_id in [ready.client_id for ready in load_clients("tomato")]:
        _, shown = await ask(running, "GET", f"/{client_id}")
        body = {name: value for name, value in shown.items() if name != "is_ready"}
        status, again = await ask(running, "PUT", f"/{client_id}", body)
        assert (status, again) == (200, shown), client_id


async def test_a_change_of_method_draws_or_drops_the_secret(running):
    await register(running, client_id="app")
    _, by_key = await ask(running, "PUT", "/app", {"redirect_uris": [URI], **BY_KEY})
    assert "client_secret" not in by_key
    await refused(running, "POST", "/app/rotate-secret", 409, "no-client-secret")
    _, by_secret = await ask(running, "PUT", "/app", {"redirect_uris": [URI]})
    assert (await tokens_of(running, by_secret))[0] == 200


async def test_a_changed_function_holds_from_the_next_call_on(running):
    client = await register(running, client_id="app")
    _, tokens = await tokens_of(running, client)
    (account, *_) = await running.account_ids(tokens["access_token"])
    path = f"/accounts/{account}"
    assert (await running.get(path, tokens["access_token"]))[0] == 200
    await ask(running, "PUT", "/app", {"redirect_uris": [URI], "functions": ["transactions"]})
    assert (await running.get(path, tokens["access_token"]))[0] == 403


async def test_a_client_keeps_its_id_and_its_bank(running):
    await register(running, client_id="app")
    body = {"redirect_uris": [URI], "client_id": "other"}
    await refused(running, "PUT", "/app", 422, "invalid-client-metadata", body)
    body = {"redirect_uris": [URI], "bank": "web21"}
    await refused(running, "PUT", "/app", 422, "invalid-client-metadata", body)


async def test_a_change_that_is_refused_changes_nothing(running):
    await register(running, client_id="app")
    _, before = await ask(running, "GET", "/app")
    body = {"redirect_uris": [URI], "scope": "transfers"}
    await refused(running, "PUT", "/app", 422, "invalid-client-metadata", body)
    assert (await ask(running, "GET", "/app"))[1] == before


# Blocked, ended, a new secret


@pytest.mark.requirement("T-22")
async def test_a_blocked_client_gets_nothing_until_it_is_let_in_again(running):
    tokens = await running.log_in("taro")
    status, blocked = await ask(running, "POST", f"/{AGGREGATOR}/block")
    assert (status, blocked["status"]) == (200, "blocked")
    assert (await ask(running, "POST", f"/{AGGREGATOR}/block"))[0] == 200
    assert (await running.get("/accounts", tokens["access_token"]))[0] == 401
    assert (await running.refresh(tokens["refresh_token"]))[1]["error"] == "invalid_client"
    assert (await running.authorize())["status"] == 400
    _, active = await ask(running, "POST", f"/{AGGREGATOR}/unblock")
    assert active["status"] == "active"
    assert (await running.get("/accounts", tokens["access_token"]))[0] == 200


async def test_an_ended_client_has_lost_its_grants_for_good(running):
    client = await register(running, client_id="app")
    _, tokens = await tokens_of(running, client)
    assert await ask(running, "DELETE", "/app") == (200, {})
    assert await ask(running, "DELETE", "/app") == (200, {})
    assert (await ask(running, "GET", "/app"))[1]["status"] == "ended"
    assert (await running.get("/accounts", tokens["access_token"]))[0] == 401
    grants = await running.sandbox.world.database.fetch("SELECT end_reason FROM access_grant")
    assert [row[0] for row in grants] == ["revoked_by_bank"]
    await refused(running, "PUT", "/app", 409, "client-ended", {"redirect_uris": [URI]})
    await refused(running, "POST", "/app/unblock", 409, "client-ended")
    await refused(running, "POST", "/app/rotate-secret", 409, "client-ended")
    body = {"redirect_uris": [URI], "client_id": "app"}
    await refused(running, "POST", "", 409, "client-exists", body)


async def test_a_new_secret_is_told_once_and_ends_the_one_before(running):
    status, drawn = await ask(running, "POST", f"/{AGGREGATOR}/rotate-secret")
    assert (status, drawn["client_id"]) == (200, AGGREGATOR)
    _, shown = await ask(running, "GET", f"/{AGGREGATOR}")
    assert "client_secret" not in shown
    assert (await running.token(grant_type="refresh_token", refresh_token="x"))[0] == 401
    headers = basic(AGGREGATOR, drawn["client_secret"])
    form = {"grant_type": "refresh_token", "refresh_token": "x"}
    async with running.http.post(
        f"{running.base}/oauth/token", data=form, headers=headers
    ) as answer:
        assert (await answer.json())["error"] == "invalid_grant"


@pytest.mark.parametrize("client_id", [NATIVE, "sandbox-fapi", "sandbox-fapi-mtls"])
async def test_who_has_no_secret_gets_no_new_one(running, client_id):
    await refused(running, "POST", f"/{client_id}/rotate-secret", 409, "no-client-secret")


@pytest.mark.parametrize("client_id", ["nobody", "%00", "%FF", "x" * 300])
@pytest.mark.parametrize(
    ("method", "act", "body"),
    [
        ("GET", "", None),
        ("PUT", "", {"redirect_uris": [URI]}),
        ("DELETE", "", None),
        ("POST", "/block", {}),
        ("POST", "/unblock", {}),
        ("POST", "/rotate-secret", {}),
    ],
)
async def test_an_unknown_client_is_a_problem(running, method, act, body, client_id):
    url = URL(f"{running.control}/clients/{client_id}{act}", encoded=True)
    async with running.http.request(method, url, json=body) as answer:
        problem = await answer.json(content_type=None)
        assert (answer.status, problem["type"]) == (404, PROBLEM + "unknown-client")


# The world's own clients where ready ones stood


async def test_consent_without_a_browser_knows_the_worlds_own_redirect_uris(running):
    body = {"redirect_uris": ["https://elsewhere.example/cb"]}
    await ask(running, "PUT", f"/{ACCOUNTING}", {**body, "contractor_kinds": ["corporate"]})
    consent = await running.authorize("shoji", client_id=ACCOUNTING)
    assert consent["redirect_to"].startswith("https://elsewhere.example/cb?")
    assert answer_of(consent["redirect_to"])["state"] == "headless"


async def test_a_resource_server_is_nobody_to_consent_to(running):
    consent = await running.authorize(client_id="sandbox-resource-server")
    assert (consent["status"], consent["type"]) == (400, PROBLEM + "authorization-refused")


async def test_resetting_all_forgets_registrations_and_resetting_data_does_not(running):
    await register(running, client_id="app")
    for what, there in (("data", 200), ("tokens", 200), ("all", 404)):
        async with running.http.post(f"{running.control}/reset", json={"what": what}) as answer:
            assert answer.status == 200, await answer.text()
        assert (await ask(running, "GET", "/app"))[0] == there
    _, listed = await ask(running, "GET", "?bank=tomato")
    assert len(listed["clients"]) == len(load_clients("tomato"))


async def test_tokens_of_a_client_that_binds_them_are_minted_for_a_key(running):
    body = {"bank": "tomato", "client_id": "sandbox-fapi", "persona": "taro", "scope": "accounts"}
    url = f"{running.control}/tokens"
    async with running.http.post(url, json=body) as answer:
        problem = await answer.json(content_type=None)
        assert (answer.status, problem["error"]) == (400, "invalid_request")
    for client_id, key, token_type in (
        ("sandbox-fapi", "dpop_jkt", "DPoP"),
        ("sandbox-fapi-mtls", "x5t_s256", "Bearer"),
    ):
        asked = {**body, "client_id": client_id, key: "x" * 43}
        async with running.http.post(url, json=asked) as answer:
            tokens = await answer.json()
            assert (answer.status, tokens["token_type"]) == (200, token_type)
        assert (await running.get("/accounts", tokens["access_token"]))[0] == 401
