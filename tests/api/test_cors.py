"""CORS: what pages of a public client's origins may call, and nobody else's (O-35)."""

import pytest

from tests.support import BASE, NATIVE

ORIGIN = "http://127.0.0.1"  # of the native client's redirect URI
METADATA = (
    "/.well-known/oauth-authorization-server/tomato",
    "/tomato/.well-known/oauth-authorization-server",
)
SHARED = [
    ("POST", f"{BASE}/oauth/token"),
    ("POST", f"{BASE}/oauth/revoke"),
    *(("GET", path) for path in METADATA),
    ("GET", "/tomato/.well-known/openid-configuration"),
]
STRANGERS = [
    "null",
    "https://evil.example",
    "http://127.0.0.1:8080",
    "https://127.0.0.1",
    "http://127.0.0.1/",
    "http://127.0.0.1.evil.example",
    "https://aggregator.example",  # a confidential client's
    "é" * 300,
]
pytestmark = pytest.mark.requirement("O-35")


async def ask(running, method, path, **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    async with running.http.request(method, running.url + path, headers=named) as answer:
        allowed = {n: v for n, v in answer.headers.items() if n.startswith("Access-Control-")}
        return answer.status, allowed, answer.headers


@pytest.mark.parametrize(("method", "path"), SHARED)
async def test_a_registered_origin_reads_the_answer(running, method, path):
    _, allowed, headers = await ask(running, method, path, Origin=ORIGIN)
    assert allowed.pop("Access-Control-Expose-Headers")
    assert allowed == {"Access-Control-Allow-Origin": ORIGIN}
    assert headers["Vary"] == "Origin"


@pytest.mark.parametrize(("method", "path"), SHARED)
@pytest.mark.parametrize("origin", [None, *STRANGERS])
async def test_nobody_else_does(running, method, path, origin):
    named = {} if origin is None else {"Origin": origin}
    status, allowed, headers = await ask(running, method, path, **named)
    assert allowed == {}
    assert headers["Vary"] == "Origin"
    assert status == (200 if method == "GET" else 400)


@pytest.mark.parametrize(("method", "path"), SHARED)
async def test_a_preflight_of_a_registered_origin_is_answered(running, method, path):
    asked = {"Access_Control_Request_Method": method, "Access_Control_Request_Headers": "dpop"}
    status, allowed, headers = await ask(running, "OPTIONS", path, Origin=ORIGIN, **asked)
    assert (status, headers["Vary"]) == (204, "Origin")
    assert allowed == {
        "Access-Control-Allow-Origin": ORIGIN,
        "Access-Control-Allow-Methods": method,
        "Access-Control-Allow-Headers": "Authorization, Content-Type, DPoP",
        "Access-Control-Max-Age": "600",
    }


@pytest.mark.parametrize(("method", "path"), SHARED)
@pytest.mark.parametrize("origin", STRANGERS)
async def test_a_preflight_of_another_origin_allows_nothing(running, method, path, origin):
    asked = {"Access_Control_Request_Method": method, "Origin": origin}
    status, allowed, headers = await ask(running, "OPTIONS", path, **asked)
    assert (status, allowed, headers["Vary"]) == (204, {}, "Origin")


@pytest.mark.parametrize(("method", "path"), SHARED)
@pytest.mark.parametrize(
    "asked", [{}, {"Origin": ORIGIN}, {"Access_Control_Request_Method": "POST"}]
)
async def test_options_that_is_no_preflight_is_no_method(running, method, path, asked):
    status, allowed, headers = await ask(running, "OPTIONS", path, **asked)
    assert (status, allowed, headers["Allow"]) == (405, {}, method)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"{BASE}/accounts"),
        ("GET", f"{BASE}/oauth/auth"),
        ("GET", f"{BASE}/oauth/auth/one"),
        ("POST", f"{BASE}/oauth/auth/one"),
        ("GET", "/reasons/unknown"),
        ("GET", "/tomato/openapi.json"),
        ("GET", "/assets/bank.css"),
    ],
)
async def test_pages_and_data_are_shared_with_nobody(running, method, path):
    _, allowed, _ = await ask(running, method, path, Origin=ORIGIN)
    assert allowed == {}
    asked = {"Access_Control_Request_Method": method, "Origin": ORIGIN}
    status, allowed, _ = await ask(running, "OPTIONS", path, **asked)
    assert (status, allowed) == (405, {})


async def test_an_answer_that_is_a_refusal_can_be_read_too(running):
    form = {"grant_type": "authorization_code", "client_id": NATIVE, "code": "x"}
    url = f"{running.base}/oauth/token"
    async with running.http.post(url, data=form, headers={"Origin": ORIGIN}) as answer:
        assert answer.status == 400
        assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
        exposed = answer.headers["Access-Control-Expose-Headers"].split(", ")
        assert {"WWW-Authenticate", "X-Sandbox-Reason", "Link"} <= set(exposed)


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_userinfo_is_shared_by_both_of_its_methods(running, method):
    path = f"{BASE}/oauth/userinfo"
    status, allowed, _ = await ask(running, method, path, Origin=ORIGIN)
    assert (status, allowed["Access-Control-Allow-Origin"]) == (401, ORIGIN)
    asked = {"Access_Control_Request_Method": method, "Origin": ORIGIN}
    status, allowed, _ = await ask(running, "OPTIONS", path, **asked)
    assert (status, allowed["Access-Control-Allow-Methods"]) == (204, "GET, POST")


async def test_a_blocked_client_has_no_origin(running):
    for client_id in (NATIVE, "sandbox-dpop"):  # both come back to this origin
        await running.staff.set_client_status(client_id, "blocked")
    _, allowed, _ = await ask(running, "GET", METADATA[0], Origin=ORIGIN)
    assert allowed == {}


@pytest.mark.parametrize("path", [*METADATA, f"{BASE}/oauth/token"])
async def test_a_world_that_is_not_there_shares_nothing(running, path):
    asked = {"Access_Control_Request_Method": "POST", "Origin": ORIGIN}
    status, allowed, _ = await ask(running, "OPTIONS", path, X_Sandbox_World="nobody", **asked)
    assert (status, allowed) == (204, {})
