"""Bodies and cookies that are not what they say: refused in each shape, and journaled."""

import asyncio
import gzip
import zlib
from urllib.parse import urlsplit

import pytest

from tests.browsing import send_bytes
from tests.journals import empty, entries
from tests.support import AGGREGATOR, BASE, basic, run_sandbox

FORM, JSON = "application/x-www-form-urlencoded", "application/json"
SENT = zlib.compress(b"client_id=sandbox-native&token=x" * 8)
BODIES = {
    "gzip of nothing": ("gzip", b"no gzip"),
    "deflate of nothing": ("deflate", b"no deflate"),
    "with a flipped bit": ("deflate", SENT[:4] + bytes([SENT[4] ^ 0xFF]) + SENT[5:]),
}
# The path below the bank's base, its content type, and what its error says.
PLACES = {
    "/oauth/token": (FORM, b'"error":"invalid_request"'),
    "/oauth/revoke": (FORM, b'"error":"invalid_request"'),
    "/oauth/par": (FORM, b'"error":"invalid_request"'),
    "/oauth/introspect": (FORM, b'"error":"invalid_request"'),
    "/oauth/userinfo": (FORM, b'"error_code":"invalid_parameter"'),
    "/oauth/register": (JSON, b'"error":"invalid_client_metadata"'),
    "/oauth/auth": (FORM, b"<!DOCTYPE html>"),
    "/oauth/auth/one": (FORM, b"<!DOCTYPE html>"),
}


def post(path, content_type, body, *headers):
    lines = [
        f"POST {path} HTTP/1.1",
        "Host: 127.0.0.1",
        f"Content-Type: {content_type}",
        f"Content-Length: {len(body)}",
        "Connection: close",
        *headers,
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@pytest.mark.requirement("O-28")
@pytest.mark.parametrize(("encoding", "body"), BODIES.values(), ids=BODIES)
async def test_a_body_not_encoded_as_it_says_is_refused_in_each_shape(
    tmp_path, template, caplog, encoding, body
):
    settings = {"tomato_dynamic_registration": "open"}
    async with run_sandbox(tmp_path, template=template, **settings) as running:
        for path, (content_type, error) in PLACES.items():
            request = post(BASE + path, content_type, body, f"Content-Encoding: {encoding}")
            status, _, said = await send_bytes(running.url, request)
            assert (status, error in said) == (400, True), (path, said[:200])
        control = running.sandbox.control_url
        for method, path, content_type in (
            ("POST", "/api/v1/worlds", JSON),
            ("PUT", "/api/v1/worlds/default/snapshots/s", "application/vnd.sqlite3"),
        ):
            request = post(path, content_type, body, f"Content-Encoding: {encoding}")
            status, head, _ = await send_bytes(control, request.replace(b"POST", method.encode()))
            assert status == 400, (path, status)
            assert b"application/problem+json" in head
    assert "Traceback" not in caplog.text
    assert not [record for record in caplog.records if record.exc_info]


@pytest.mark.requirement("T-14")
async def test_a_form_with_nothing_in_it_takes_no_entry_out_of_the_journal(running, caplog):
    await empty(running)
    for path in ("/oauth/token", "/oauth/auth", "/oauth/auth/one"):
        request = post(BASE + path, FORM, b"")
        assert (await send_bytes(running.url, request))[0] in (400, 401)
    await running.get("/accounts")
    found = await entries(running)
    assert [entry["status"] for entry in found] == [401, 400, 400, 401]
    assert found[0]["request_body"] == ""
    assert "lost" not in caplog.text


@pytest.mark.requirement("O-25")
@pytest.mark.parametrize("cookie", [b"\xff", b"\xed\xa0\x80", b'"\\377"', b"", b"x" * 4_000])
async def test_a_cookie_that_is_no_text_belongs_to_nobody(running, cookie):
    for interaction in ("one", "%ff", "%00"):
        request = post(f"{BASE}/oauth/auth/{interaction}", FORM, b"decision=deny", "Cookie: mark")
        request = request.replace(b"mark", b"interaction=" + cookie + b"; bank_session=" + cookie)
        status, _, page = await send_bytes(running.url, request)
        assert (status, b"<!DOCTYPE html>" in page) == (400, True), page[:200]


@pytest.mark.requirement("O-14", "O-15")
async def test_another_banks_token_opens_nothing_and_introspection_is_silent(running):
    """Banks of one world keep their tokens in one table; only one has a door in this test."""
    tokens = await running.log_in()
    assert (await running.get("/accounts", tokens["access_token"]))[0] == 200
    async with running.sandbox.world.database.transaction() as db:
        await db.execute("UPDATE access_grant SET bank = 'another'")
    status, _, headers = await running.get("/accounts", tokens["access_token"])
    assert (status, headers["X-Sandbox-Reason"]) == (401, "other_bank")
    for client in (AGGREGATOR, "sandbox-resource-server"):
        form = {"token": tokens["access_token"]}
        async with running.http.post(
            f"{running.base}/oauth/introspect", data=form, headers=basic(client)
        ) as answer:
            assert await answer.json() == {"active": False}


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
async def test_the_rest_of_a_body_that_nobody_wants_is_soon_let_go(running, encoding):
    """Far below aiohttp's ten seconds, in which a bomb would be unpacked to its end."""
    parts = urlsplit(running.url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    body = gzip.compress(b" " * 10_000_000) if encoding == "gzip" else b" " * 100_000
    request = post(f"{BASE}/oauth/token", FORM, body, f"Content-Encoding: {encoding}")
    request = request.replace(b"Connection: close\r\n", b"")
    promised = request.replace(b"Content-Length: ", b"Content-Length: 9")  # more than ever comes
    writer.write(promised)
    async with asyncio.timeout(6):
        answer = await reader.read()
    writer.close()
    assert answer.startswith(b"HTTP/1.1 413 ")
