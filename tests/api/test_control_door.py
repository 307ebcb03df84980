"""The control door's shapes, its one shape of error, and the fences around it."""

import asyncio
import io
import json
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from sandbox.services.population import load_clients, load_people, load_personas
from sandbox.settings import SettingInvalid
from sandbox.web.control.endpoint import problems
from tests.support import AGGREGATOR, NOW, bearer, run_sandbox

PROBLEM = "urn:bank-sandbox:problem:"
CONSENT = {"bank": "tomato", "client_id": AGGREGATOR, "persona": "taro", "scope": "accounts"}
DEEP = b"[" * 9_999
WRITES = [
    ("POST", "/authorize", CONSENT),
    ("PUT", "/clock", {"mode": "frozen", "at": "2026-12-01"}),
    ("POST", "/clock/advance", {"by": "1d"}),
]


async def ask(running, method, path, *, data=None, **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    url = f"{running.sandbox.control_url}{path}"
    async with running.http.request(method, url, data=data, headers=named) as answer:
        return answer.status, await answer.json(content_type=None), answer.headers


async def refused(running, method, path, status, slug, **more):
    """Ask, and return the problem after checking all that every problem has."""
    found, problem, headers = await ask(running, method, path, **more)
    assert headers["Content-Type"].partition(";")[0] == "application/problem+json"
    assert (found, problem["status"], problem["type"]) == (status, status, PROBLEM + slug)
    assert problem["title"]
    assert problem["detail"]
    return problem


async def stayed_as_it_was(running):
    _, shown, _ = await ask(running, "GET", "/api/v1/worlds/default/clock")
    grants = await running.sandbox.world.database.fetch("SELECT * FROM access_grant")
    return shown["now"] == NOW and grants == []


# Shapes


async def test_the_worlds_are_listed(running):
    status, body, headers = await ask(running, "GET", "/api/v1/worlds")
    clock = {"mode": "frozen", "now": NOW}
    default = {"name": "default", "open": True, "seed": 1, "clock": clock}
    assert (status, body) == (200, {"worlds": [default]})
    assert headers["Content-Type"] == "application/json; charset=utf-8"
    assert headers["Cache-Control"] == "no-store"


async def test_a_world_tells_a_program_all_that_it_needs(running):
    _, world, _ = await ask(running, "GET", "/api/v1/worlds/default")
    assert set(world) == {"name", "seed", "clock", "base_url", "banks"}
    assert world["base_url"] == running.url
    bank, corporate = world["banks"]
    assert (bank["name"], corporate["name"]) == ("tomato", "web21")
    assert corporate["userinfo_endpoint"] == f"{corporate['api_base']}/userinfo"
    assert bank["issuer"] == f"{running.url}/tomato"
    assert bank["api_base"] == running.base
    for name in ("authorization_endpoint", "token_endpoint", "revocation_endpoint"):
        assert bank[name].startswith(f"{running.base}/oauth/")
    async with running.http.get(bank["openapi"]) as answer:
        assert answer.status == 200
        assert (await answer.json())["openapi"].startswith("3.1")


async def test_every_ready_client_is_shown_with_what_it_needs(running):
    _, world, _ = await ask(running, "GET", "/api/v1/worlds/default")
    shown = {client["client_id"]: client for client in world["banks"][0]["clients"]}
    assert list(shown) == [ready.client_id for ready in load_clients("tomato")]
    for ready in load_clients("tomato"):
        client = shown[ready.client_id]
        assert client.get("client_secret") == ready.client_secret
        assert client["redirect_uris"] == list(ready.redirect_uris)
        assert client["scopes"] == list(ready.scopes)
        assert client["token_endpoint_auth_method"] == ready.auth_method
        assert client["security_profile"] == ready.security_profile
    assert "client_secret" not in shown["sandbox-native"]


async def test_every_user_of_a_firm_is_a_persona_with_client_and_rights(running):
    _, world, _ = await ask(running, "GET", "/api/v1/worlds/default")
    shown = {persona["name"]: persona for persona in world["banks"][1]["personas"]}
    assert list(shown) == [person.key for person in load_people("web21")]
    maker, outsider = shown["shoji_maker"], shown["shoji_outsider"]
    assert maker["client_id"] == outsider["client_id"] == "10000001"
    assert (maker["rights"], outsider["rights"]) == (["reference", "update"], [])
    assert set(maker["login"]) == {"contractor_id", "user_id", "password", "second_factor"}


async def test_every_persona_is_shown_with_its_log_in(running):
    _, world, _ = await ask(running, "GET", "/api/v1/worlds/default")
    shown = world["banks"][0]["personas"]
    assert [persona["name"] for persona in shown] == [p.key for p in load_personas("tomato")]
    by_name = {persona["name"]: persona for persona in shown}
    taro, shoji = by_name["taro"], by_name["shoji"]
    assert (taro["kind"], shoji["kind"]) == ("individual", "corporate")
    assert taro["login"] == {"branch_code": "001", "account_number": "1234567", "pin": "1234"}
    assert set(shoji["login"]) == {"contractor_id", "user_id", "password"}
    assert all(set(persona["story"]) == {"ja", "en"} for persona in shown)


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
async def test_the_door_says_that_it_is_well(running, path):
    status, body, _ = await ask(running, "GET", path)
    assert (status, body) == (200, {"status": "ok" if path == "/healthz" else "ready"})


# Errors


@pytest.mark.parametrize("name", ["nowhere", "Default", "..%2Fdefault", "%00", "%FF", "a" * 300])
@pytest.mark.parametrize(("method", "path", "body"), [("GET", "", None), *WRITES])
async def test_an_unknown_world_is_a_problem(running, name, method, path, body):
    data = None if body is None else json.dumps(body)
    await refused(
        running,
        method,
        f"/api/v1/worlds/{name}{path}",
        404,
        "unknown-world",
        data=data,
        Content_Type="application/json",
    )


@pytest.mark.parametrize(
    ("change", "status", "slug"),
    [
        ({"bank": "web20"}, 404, "unknown-bank"),
        ({"persona": "nobody"}, 404, "unknown-persona"),
        ({"client_id": "nobody"}, 400, "authorization-refused"),
        ({"bank": 5}, 422, "invalid-request"),
        ({"client_id": ""}, 422, "invalid-request"),
        ({"quietly": True}, 422, "invalid-request"),
    ],
)
async def test_an_unknown_name_is_a_problem(running, change, status, slug):
    await refused(
        running,
        "POST",
        "/api/v1/worlds/default/authorize",
        status,
        slug,
        data=json.dumps(CONSENT | change),
        Content_Type="application/json",
    )


@pytest.mark.parametrize(
    "data",
    [b"{", b"[]", b'"x"', b"5", b"null", b"\xff\xfe", b'{"by": NaN}', rb'{"by":"\ud800"}', DEEP],
    ids=lambda data: repr(data[:12]),
)
@pytest.mark.parametrize(("method", "path", "_"), WRITES)
async def test_a_body_that_is_no_json_object_is_a_problem(running, method, path, _, data):
    await refused(
        running,
        method,
        f"/api/v1/worlds/default{path}",
        400,
        "not-json",
        data=data,
        Content_Type="application/json",
    )
    assert await stayed_as_it_was(running)


@pytest.mark.parametrize(
    ("method", "path", "status", "slug"),
    [
        ("GET", "/api/v1/nothing", 404, "not-found"),
        ("GET", "/api/v2/worlds", 404, "not-found"),
        ("DELETE", "/api/v1/worlds", 405, "method-not-allowed"),
        ("DELETE", "/api/v1/worlds/default/clock", 405, "method-not-allowed"),
        ("GET", "/api/v1/worlds/default/authorize", 405, "method-not-allowed"),
        ("GET", "/api/v1/worlds/default/clock/advance", 405, "method-not-allowed"),
    ],
)
async def test_an_unknown_path_or_method_is_a_problem(running, method, path, status, slug):
    await refused(running, method, path, status, slug)


@pytest.mark.requirement("O-28")
async def test_a_body_beyond_a_mebibyte_is_a_problem(running):
    await refused(
        running,
        "POST",
        "/api/v1/worlds/default/clock/advance",
        413,
        "request-entity-too-large",
        data=io.BytesIO(b'{"by": "' + b"x" * 1_100_000 + b'"}'),
        Content_Type="application/json",
    )


async def test_a_type_is_the_same_whatever_python_calls_the_status():
    async def refuse(_request):
        raise web.HTTPRequestEntityTooLarge(1, 2, reason="Content Too Large")  # as 3.13 says

    answer = await problems(make_mocked_request("POST", "/api/v1/worlds"), refuse)
    assert json.loads(answer.body)["type"] == PROBLEM + "request-entity-too-large"


async def test_a_program_error_shows_no_more_than_that_it_happened(running, monkeypatch, caplog):
    def broken(_world):
        raise RuntimeError("the secret plan")

    monkeypatch.setattr("sandbox.web.control.describe.clock", broken)
    problem = await refused(running, "GET", "/api/v1/worlds/default/clock", 500, "internal-error")
    assert "secret plan" not in json.dumps(problem)
    assert "secret plan" in caplog.text


async def test_its_own_answers_are_checked_where_it_is_strict(running, monkeypatch, caplog):
    monkeypatch.setattr("sandbox.web.control.describe.clock", lambda _world: {"mode": "odd"})
    await refused(running, "GET", "/api/v1/worlds/default/clock", 500, "internal-error")
    assert "control/clock" in caplog.text


# Fences

FOREIGN_PAGES = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1:1"},
    {"Origin": "http://localhost"},
    {"Sec_Fetch_Site": "cross-site"},
    {"Sec_Fetch_Site": "same-site"},
]
FORMS = ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x", ""]


@pytest.mark.parametrize("headers", FOREIGN_PAGES, ids=str)
@pytest.mark.parametrize(("method", "path", "body"), [("GET", "", None), *WRITES])
async def test_pages_of_other_origins_may_not_call(running, method, path, body, headers):
    headers = headers | {"Content_Type": "application/json"}
    data = None if body is None else json.dumps(body)
    where = f"/api/v1/worlds/default{path}"
    await refused(running, method, where, 403, "cross-origin", data=data, **headers)
    assert await stayed_as_it_was(running)


@pytest.mark.parametrize("content_type", FORMS)
@pytest.mark.parametrize(("method", "path", "body"), WRITES)
async def test_what_a_form_can_send_is_refused(running, method, path, body, content_type):
    where, data = f"/api/v1/worlds/default{path}", json.dumps(body)
    await refused(running, method, where, 415, "not-json", data=data, Content_Type=content_type)
    assert await stayed_as_it_was(running)


@pytest.mark.parametrize("content_type", ["application/json", "application/json; charset=utf-8"])
async def test_its_own_page_may_write(running, content_type):
    status, _, _ = await ask(
        running,
        "POST",
        "/api/v1/worlds/default/clock/advance",
        data=b'{"by": "1s"}',
        Origin=running.sandbox.control_url,
        Sec_Fetch_Site="same-origin",
        Content_Type=content_type,
    )
    assert status == 200


HOSTS = {
    "127.0.0.1": True,
    "127.0.0.1:8081": True,
    "localhost": True,
    "LOCALHOST:8081": True,
    "[::1]": True,
    "[::1]:8081": True,
    "192.0.2.7:8081": True,
    "bank": True,
    "bank-sandbox:8081": True,
    "evil.example": False,
    "evil.example:8081": False,
    "127.0.0.1.evil.example": False,
    "localhost.evil.example": False,
    "[evil.example]:8081": False,
    "127.0.0.1@evil.example": False,
    "127.0.0.1:80@evil.example": False,
    "[::1].evil.example": False,
    "[::1]:8081.evil.example": False,
    "[::1": False,
    "bank:8081:8081": False,
    "bank:port": False,
    "": False,
}


@pytest.mark.parametrize(("host", "is_let_in"), HOSTS.items())
@pytest.mark.parametrize("path", ["/api/v1/worlds", "/healthz", "/readyz"])
async def test_a_name_that_somebody_elses_dns_can_give_is_refused(running, host, is_let_in, path):
    status, body = await raw(running, "GET", path, f"Host: {host}")
    assert status == (200 if is_let_in else 403)
    assert is_let_in or body["type"] == f"{PROBLEM}unknown-host"


async def test_two_hosts_are_not_taken_for_the_better_one(running):
    status, _ = await raw(running, "GET", "/api/v1/worlds", "Host: evil.example\r\nHost: localhost")
    assert status in (400, 403)


async def raw(running, method, path, head):
    """Send a request as it is written, for what a tidy client would never send."""
    at = urlsplit(running.sandbox.control_url)
    reader, writer = await asyncio.open_connection(at.hostname, at.port)
    writer.write(f"{method} {path} HTTP/1.1\r\n{head}\r\nConnection: close\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    top, _, body = answer.partition(b"\r\n\r\n")
    is_json = b"json" in top.lower()
    return int(top.split()[1]), json.loads(body) if is_json else {}


# The token


@asynccontextmanager
async def guarded(tmp_path, template, **settings):
    async with run_sandbox(tmp_path, template=template, control_token="s3cret-é", **settings) as it:
        yield it


async def test_with_a_token_set_nothing_opens_without_it(tmp_path, template):
    async with guarded(tmp_path, template) as running:
        wrong = [{}, bearer("wrong"), bearer(""), bearer("s3cret"), bearer("s3cret-éé")]
        wrong += [{"Authorization": "Basic s3cret-é"}, {"Authorization": "s3cret-é"}]
        for headers in wrong:
            for method, path in (("GET", "/api/v1/worlds"), ("GET", "/api/v1/nothing")):
                await refused(running, method, path, 401, "unauthorized", **headers)
            for method, path, _ in WRITES:
                where = f"/api/v1/worlds/default{path}"
                await refused(running, method, where, 401, "unauthorized", **headers)
        for headers in (bearer("s3cret-é"), {"Authorization": "bearer s3cret-é"}):
            status, _, _ = await ask(running, "GET", "/api/v1/worlds", **headers)
            assert status == 200
        for path in ("/healthz", "/readyz"):
            assert (await ask(running, "GET", path))[0] == 200


async def test_the_right_token_does_not_let_a_foreign_page_in(tmp_path, template):
    async with guarded(tmp_path, template) as running:
        headers = bearer("s3cret-é") | {"Origin": "https://evil.example"}
        await refused(running, "GET", "/api/v1/worlds", 403, "cross-origin", **headers)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "bank.example"])
async def test_the_door_does_not_open_to_the_network_unguarded(tmp_path, host):
    with pytest.raises(SettingInvalid, match=r"SANDBOX_CONTROL_TOKEN.*_OPEN=1"):
        async with run_sandbox(tmp_path, control_host=host):
            raise AssertionError("it opened")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("guard", [{"control_token": "s3cret"}, {"control_open": "1"}], ids=str)
async def test_the_door_opens_to_the_network_where_it_is_told_to(tmp_path, template, guard):
    async with run_sandbox(tmp_path, template=template, control_host="0.0.0.0", **guard) as running:
        expected = 401 if "control_token" in guard else 200
        assert (await ask(running, "GET", "/api/v1/worlds"))[0] == expected
        assert running.sandbox.control_url.startswith("http://127.0.0.1:")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.0.0.2"])
async def test_loopback_needs_no_token(tmp_path, template, host):
    async with run_sandbox(tmp_path, template=template, control_host=host) as running:
        assert (await ask(running, "GET", "/api/v1/worlds"))[0] == 200
