"""Calls that the server's parser cannot read (docs/journal.md): refused before there is a bank."""

import asyncio
from urllib.parse import urlsplit

import pytest

from sandbox.web.oauth import forms
from tests.journals import entries
from tests.support import AGGREGATOR, BASE, basic

TOKEN = f"{BASE}/oauth/token"
SECRET = "not-for-any-log-4711"
UNREADABLE = {
    "a bad request line": f"GET {TOKEN} {SECRET}\r\n\r\n",
    "no HTTP at all": f"\x16\x03\x01{SECRET}\r\n\r\n",
    "a header line that is too long": (
        f"GET {TOKEN} HTTP/1.1\r\nHost: x\r\nX: {SECRET}{'a' * 9_000}\r\n\r\n"
    ),
    "a header without a colon": f"GET {TOKEN} HTTP/1.1\r\nHost: x\r\n{SECRET}\r\n\r\n",
    "two lengths": (
        f"POST {TOKEN} HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n"
        f"Content-Length: 2\r\n\r\n{SECRET}"
    ),
    "a bad chunk that comes with the head": (
        f"POST {TOKEN} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{SECRET}"
    ),
    "an encoding after chunked": (
        f"POST {TOKEN} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, gzip\r\n\r\n{SECRET}"
    ),
}


async def said(url, data):
    """Write bytes as they are; return all that comes until the server closes the connection."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        writer.write(data)
        async with asyncio.timeout(5):
            return await reader.read()
    finally:
        writer.close()


@pytest.mark.parametrize("sent", UNREADABLE.values(), ids=UNREADABLE)
async def test_what_cannot_be_read_is_refused_in_plain_words_and_is_in_no_journal(
    running, caplog, sent
):
    for door in (running.url, running.sandbox.control_url):
        answer = await said(door, sent.encode("latin-1"))
        head, _, body = answer.partition(b"\r\n\r\n")
        assert head.startswith((b"HTTP/1.1 400 ", b"HTTP/1.0 400 ")), answer[:200]
        assert b"content-type: text/plain" in head.lower()
        assert b"Traceback" not in body
    assert await entries(running) == []
    assert SECRET not in caplog.text
    async with running.http.get(f"{running.url}/healthz") as answer:
        assert answer.status == 200


async def test_a_body_whose_chunks_break_later_is_a_call_like_any_other(
    running, caplog, monkeypatch
):
    monkeypatch.setattr(forms, "BODY_SECONDS", 0.2)  # so long the rest is waited for
    head = (
        f"POST {TOKEN} HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\nExpect: 100-continue\r\n"
        f"Authorization: {basic(AGGREGATOR)['Authorization']}\r\n\r\n"
    )
    parts = urlsplit(running.url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        writer.write(head.encode())
        async with asyncio.timeout(5):
            # From here on the call is under way.
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100 ")
            writer.write(f"zz\r\n{SECRET}\r\n0\r\n\r\n".encode())
            answer = await reader.readuntil(b"}")
    finally:
        writer.close()
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b'{"error":"invalid_request"' in answer
    (entry,) = await entries(running)
    assert (entry["operation"], entry["status"]) == ("token", 400)
    assert SECRET not in str(entry) + caplog.text
