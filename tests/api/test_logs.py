"""What the server logs of a request that it cannot even read."""

import logging

import pytest

from tests.browsing import send_bytes


@pytest.mark.requirement("O-29", "T-16")
@pytest.mark.parametrize(
    "line",
    [
        b"GET /tomato?access_token=secret-token\xff HTTP/1.1",
        b"GET /tomato?code=secret-token" + b"x" * 40_000 + b" HTTP/1.1",
        b"secret-token",
    ],
)
async def test_a_broken_request_line_is_not_quoted(running, caplog, line):
    with caplog.at_level(logging.DEBUG):
        status, _, _ = await send_bytes(running.url, line + b"\r\nHost: x\r\n\r\n")
    assert status == 400
    assert "secret-token" not in caplog.text
    assert "a request that is no HTTP was refused" in caplog.text
