"""Clients that register and manage themselves (RFC 7591, RFC 7592), where the bank lets them."""

import json

import pytest
from yarl import URL as Address

from sandbox.services.oauth import registration
from sandbox.services.population import load_clients
from sandbox.settings import SettingInvalid
from tests.api.registering import BY_KEY, EC, URI, tokens_of
from tests.support import BASE, bearer, run_sandbox

PATH = f"{BASE}/oauth/register"
INITIAL = "initial-access-token"
METADATA = {"redirect_uris": [URI], "client_name": "自分で登録"}


@pytest.fixture
async def opened(tmp_path, template):
    directory = tmp_path / "opened"
    directory.mkdir()
    settings = {"tomato_dynamic_registration": "open"}
    async with run_sandbox(directory, template=template, **settings) as found:
        yield found


async def call(running, method, url, body=None, **headers):
    """Return (status, body, headers); ``body`` may be bytes, then its type is in ``headers``."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    how = {"data": body} if isinstance(body, bytes) else {"json": body}
    if not url.startswith("http"):
        url = running.url + url
    async with running.http.request(
        method, Address(url, encoded=True), headers=named, **how
    ) as answer:
        text = await answer.read()
        return answer.status, json.loads(text) if text else None, answer.headers


async def registered(running, **metadata):
    status, client, _ = await call(running, "POST", PATH, {**METADATA, **metadata})
    assert status == 201, client
    return client


async def managed(running, method, client, body=None):
    """Call a client's own registration with its token; return (status, body)."""
    token = bearer(client["registration_access_token"])
    status, answer, _ = await call(
        running, method, client["registration_client_uri"], body, **token
    )
    return status, answer


# Off, open, token


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
@pytest.mark.parametrize("path", [PATH, f"{PATH}/sandbox-aggregator"])
async def test_where_it_is_off_the_bank_knows_no_such_path(running, method, path):
    status, body, _ = await call(running, method, path, METADATA)
    _, unknown, _ = await call(running, method, f"{BASE}/nowhere")
    assert (status, body) == (404, unknown)


@pytest.mark.requirement("O-30")
async def test_the_metadata_name_the_endpoint_where_there_is_one(running, opened):
    path = "/tomato/.well-known/oauth-authorization-server"
    assert "registration_endpoint" not in (await call(running, "GET", path))[1]
    metadata = (await call(opened, "GET", path))[1]
    assert metadata["registration_endpoint"] == opened.url + PATH


async def test_a_client_registers_and_gets_tokens(opened):
    status, client, headers = await call(opened, "POST", PATH, METADATA)
    assert status == 201
    assert headers["Cache-Control"] == "no-store"
    assert client["client_secret_expires_at"] == 0
    assert client["client_name"] == METADATA["client_name"]
    assert client["registration_client_uri"] == f"{opened.url}{PATH}/{client['client_id']}"
    status, tokens = await tokens_of(opened, client)
    assert status == 200
    assert (await opened.get("/accounts", tokens["access_token"]))[0] == 200


async def test_a_client_by_key_gets_no_secret(opened):
    client = await registered(opened, **BY_KEY)
    assert "client_secret" not in client
    assert "client_secret_expires_at" not in client
    assert client["jwks"]["keys"] == [EC]


async def test_the_control_door_knows_who_registered(opened):
    client = await registered(opened)
    async with opened.http.get(f"{opened.control}/clients/{client['client_id']}") as answer:
        shown = await answer.json()
    assert (shown["client_name"], shown["is_ready"]) == (METADATA["client_name"], False)
    assert "client_secret" not in shown
    assert "registration_access_token" not in shown


async def test_with_an_initial_token_only_its_holders_register(tmp_path, template):
    settings = {
        "tomato_dynamic_registration": "token",
        "tomato_registration_token": INITIAL,
    }
    async with run_sandbox(tmp_path, template=template, **settings) as running:
        status, body, headers = await call(running, "POST", PATH, METADATA)
        assert (status, body["error"]) == (401, "invalid_token")
        assert headers["WWW-Authenticate"] == "Bearer"
        for wrong in ("wrong", INITIAL + "x", "é"):
            status, _, headers = await call(running, "POST", PATH, METADATA, **bearer(wrong))
            assert status == 401
            assert headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
        status, client, _ = await call(running, "POST", PATH, METADATA, **bearer(INITIAL))
        assert status == 201
        assert (await managed(running, "GET", client))[0] == 200


async def test_a_token_that_is_asked_for_has_to_be_there(tmp_path):
    with pytest.raises(SettingInvalid, match="SANDBOX_TOMATO_REGISTRATION_TOKEN"):
        async with run_sandbox(tmp_path, tomato_dynamic_registration="token"):
            raise AssertionError("it started")


async def test_another_value_of_the_setting_is_refused(tmp_path):
    with pytest.raises(SettingInvalid, match="off, open or token"):
        async with run_sandbox(tmp_path, tomato_dynamic_registration="yes"):
            raise AssertionError("it started")


# What is taken


async def test_unknown_metadata_and_what_the_bank_decides_are_let_pass(opened):
    asked = {
        "client_id": "mine",
        "client_secret": "my-own-secret",
        "status": "blocked",
        "bank": "web21",
        "may_introspect": True,
        "favourite_colour": "green",
    }
    client = await registered(opened, **asked)
    assert client["client_id"] != asked["client_id"]
    assert client["client_secret"] != asked["client_secret"]
    assert not {"may_introspect", "favourite_colour", "status", "bank"} & set(client)
    assert (await tokens_of(opened, client))[0] == 200


REFUSED = {
    "no redirect URI": ({"redirect_uris": []}, "invalid_client_metadata"),
    "a fragment": ({"redirect_uris": [URI + "#x"]}, "invalid_redirect_uri"),
    "six redirect URIs": ({"redirect_uris": [URI + str(n) for n in range(6)]}, "invalid_redirect"),
    "one that is no text": ({"redirect_uris": [5]}, "invalid_redirect_uri"),
    "one that is too long": ({"redirect_uris": [URI + "x" * 256]}, "invalid_redirect_uri"),
    "jwks_uri": ({"jwks_uri": "https://a.example"}, "invalid_client_metadata"),
    "a software statement": ({"software_statement": "a.b.c"}, "invalid_client_metadata"),
    "a scope": ({"scope": "transfers"}, "invalid_client_metadata"),
    "a name that is none": ({"client_name": 5}, "invalid_client_metadata"),
    "a private key": ({"jwks": {"keys": [{**EC, "d": "AA"}]}}, "invalid_client_metadata"),
    "an algorithm": ({"id_token_signed_response_alg": "none"}, "invalid_client_metadata"),
    "a Japanese scope": ({"scope": "口座"}, "invalid_client_metadata"),
}


@pytest.mark.parametrize(("metadata", "error"), REFUSED.values(), ids=REFUSED)
async def test_what_makes_no_sense_is_refused_in_the_rfcs_shape(opened, metadata, error):
    status, body, headers = await call(opened, "POST", PATH, {**METADATA, **metadata})
    assert (status, set(body)) == (400, {"error", "error_description"})
    assert body["error"].startswith(error)
    assert body["error_description"].isascii()
    assert headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b"null", "application/json", 400),
        (b"\xff", "application/json", 400),
        (rb'{"client_name": "\ud800"}', "application/json", 400),
        (b"[" * 9_999, "application/json", 400),
        (b"redirect_uris=x", "application/x-www-form-urlencoded", 400),
        (b'{"client_name": "' + b"x" * 64 * 1024 + b'"}', "application/json", 413),
    ],
    ids=lambda value: str(value)[:16],
)
async def test_a_body_that_is_none_is_refused(opened, body, content_type, status):
    found, answer, _ = await call(opened, "POST", PATH, body, Content_Type=content_type)
    assert found == status
    assert answer["error"] in ("invalid_client_metadata", "invalid_request")


async def test_a_bank_that_is_full_says_so(opened, monkeypatch):
    monkeypatch.setattr(registration, "MOST_CLIENTS", len(load_clients("tomato")))
    status, body, _ = await call(opened, "POST", PATH, METADATA)
    assert (status, body["error"]) == (503, "temporarily_unavailable")


async def test_an_unknown_world_registers_nobody(opened):
    status, body, _ = await call(opened, "POST", f"/w/nowhere{PATH}", METADATA)
    assert (status, body["error"]) == (404, "invalid_request")


# Managed by the client itself


async def test_a_client_reads_its_registration(opened):
    client = await registered(opened)
    status, shown = await managed(opened, "GET", client)
    secret = {"client_secret", "client_secret_expires_at"}
    assert status == 200
    assert shown == {name: value for name, value in client.items() if name not in secret}


async def test_a_client_changes_its_registration(opened):
    client = await registered(opened, functions=["balances"])
    body = {"client_id": client["client_id"], "redirect_uris": [URI + "/new"]}
    status, changed = await managed(opened, "PUT", client, body)
    assert status == 200
    assert changed["redirect_uris"] == [URI + "/new"]
    assert changed["client_name"] == client["client_id"]  # left out: back to the default
    assert changed["functions"] == ["balances"]  # the bank's decision: it stays
    assert "client_secret" not in changed
    status, _ = await managed(
        opened, "PUT", client, {**body, "client_secret": client["client_secret"]}
    )
    assert status == 200
    client["redirect_uris"] = body["redirect_uris"]
    assert (await tokens_of(opened, client))[0] == 200


async def test_a_change_never_takes_the_banks_decisions_away(opened):
    client = await registered(opened)
    url = f"{opened.control}/clients/{client['client_id']}"
    body = {"redirect_uris": [URI], "may_introspect": True}
    async with opened.http.put(url, json=body) as answer:
        assert (await answer.json())["may_introspect"] is True
    body = {"client_id": client["client_id"], "redirect_uris": [URI], "may_introspect": False}
    _, changed = await managed(opened, "PUT", client, body)
    assert changed["may_introspect"] is True


async def test_what_the_bank_narrowed_no_client_widens_by_itself(opened):
    client = await registered(opened)
    url = f"{opened.control}/clients/{client['client_id']}"
    narrowed = {
        "functions": ["balances"],
        "contractor_kinds": ["individual"],
        "security_profile": "bcp",
        "auto_manual_mode": "manual",
    }
    async with opened.http.put(url, json={"redirect_uris": [URI], **narrowed}) as answer:
        assert answer.status == 200
    wide = {
        "functions": ["balances", "transactions"],
        "contractor_kinds": ["individual", "corporate"],
        "security_profile": "bank",
        "auto_manual_mode": "auto",
        "registration_no": "made up",
    }
    body = {"client_id": client["client_id"], "redirect_uris": [URI], **wide}
    status, changed = await managed(opened, "PUT", client, body)
    assert (status, narrowed.items() <= changed.items()) == (200, True)
    assert changed.get("registration_no") != "made up"


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"client_id": "another"}, "invalid_request"),
        ({"client_id": None}, "invalid_request"),
        ({"client_secret": "wrong-secret"}, "invalid_request"),
        ({"client_secret": 5}, "invalid_request"),
        ({"registration_access_token": "x"}, "invalid_request"),
        ({"registration_client_uri": "x"}, "invalid_request"),
        ({"client_secret_expires_at": 0}, "invalid_request"),
        ({"client_id_issued_at": 0}, "invalid_request"),
        ({"redirect_uris": ["http://a.example"]}, "invalid_redirect_uri"),
        ({"jwks_uri": "https://a.example"}, "invalid_client_metadata"),
    ],
)
async def test_a_change_that_is_refused_changes_nothing(opened, change, error):
    client = await registered(opened)
    _, before = await managed(opened, "GET", client)
    body = {"client_id": client["client_id"], **METADATA, **change}
    status, answer = await managed(opened, "PUT", client, body)
    assert (status, answer["error"]) == (400, error)
    assert (await managed(opened, "GET", client))[1] == before


async def test_a_client_ends_itself(opened):
    client = await registered(opened)
    _, tokens = await tokens_of(opened, client)
    assert await managed(opened, "DELETE", client) == (204, None)
    for method in ("GET", "PUT", "DELETE"):
        body = {"client_id": client["client_id"], **METADATA} if method == "PUT" else None
        assert (await managed(opened, method, client, body))[0] == 401
    assert (await opened.get("/accounts", tokens["access_token"]))[0] == 401
    grants = await opened.sandbox.world.database.fetch("SELECT end_reason FROM access_grant")
    assert [row[0] for row in grants] == ["revoked_by_provider"]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_nobody_else_manages_a_client(opened, method):
    client, other = await registered(opened), await registered(opened)
    uri = client["registration_client_uri"]
    tokens = {
        "none": {},
        "another's": bearer(other["registration_access_token"]),
        "its secret": bearer(client["client_secret"]),
        "no UTF-8": bearer("é"),
        "another scheme": {"Authorization": f"Basic {client['registration_access_token']}"},
    }
    for name, headers in tokens.items():
        status, body, answered = await call(opened, method, uri, METADATA, **headers)
        assert (status, body["error"]) == (401, "invalid_token"), name
        assert answered["WWW-Authenticate"].startswith("Bearer"), name


@pytest.mark.parametrize("client_id", ["sandbox-aggregator", "nobody", "%00"])
async def test_who_was_registered_by_the_bank_has_no_token_that_fits(opened, client_id):
    for token in ("", "x"):
        status, _, _ = await call(opened, "GET", f"{PATH}/{client_id}", **bearer(token))
        assert status == 401


async def test_a_blocked_client_does_not_manage_itself(opened):
    client = await registered(opened)
    await opened.staff.set_client_status(client["client_id"], "blocked")
    status, body = await managed(opened, "GET", client)
    assert (status, body["error"]) == (403, "access_denied")


@pytest.mark.requirement("O-29")
async def test_neither_secret_nor_token_is_stored_or_journaled(opened):
    client = await registered(opened)
    await managed(opened, "GET", client)
    await opened.sandbox.world.journal.flush()
    database = opened.sandbox.world.database
    kept = str(await database.fetch("SELECT * FROM client"))
    kept += str(await database.fetch("SELECT * FROM journal_entry"))
    assert "register" in kept
    for name in ("client_secret", "registration_access_token"):
        assert client[name] not in kept


@pytest.mark.requirement("O-29")
@pytest.mark.parametrize("jwks", [{"keys": [{**EC, "d": "private-half"}]}, {"keys": 5}, 5])
async def test_a_private_key_sent_by_mistake_is_not_journaled(opened, jwks):
    status, _, _ = await call(opened, "POST", PATH, {**METADATA, "jwks": jwks})
    assert status == 400
    await opened.sandbox.world.journal.flush()
    kept = str(await opened.sandbox.world.database.fetch("SELECT * FROM journal_entry"))
    assert "register" in kept
    assert "private-half" not in kept


async def test_the_token_of_another_world_finds_its_own(opened):
    async with opened.http.post(
        f"{opened.sandbox.control_url}/api/v1/worlds", json={"name": "green"}
    ) as answer:
        assert answer.status == 200
    _, client, _ = await call(opened, "POST", f"/w/green{PATH}", METADATA)
    assert "/w/green/" in client["registration_client_uri"]
    bare = client["registration_client_uri"].replace("/w/green", "")
    token = bearer(client["registration_access_token"])
    assert (await call(opened, "GET", bare, **token))[0] == 200
