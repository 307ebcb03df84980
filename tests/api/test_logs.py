"""What the server logs of a request that it cannot even read."""

import logging
import signal

import pytest

from sandbox.cli import log_lines
from tests.browsing import send_bytes
from tests.process import serving


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


def line_of(message: str, *args: object, error: BaseException | None = None) -> str:
    found = (type(error), error, None) if error is not None else None
    record = logging.LogRecord("sandbox.web", logging.ERROR, "", 1, message, args, found)
    return log_lines.LineFormatter(log_lines.FORMAT).format(record)


@pytest.mark.requirement("O-29")
def test_nobody_writes_a_line_of_the_log_or_commands_its_terminal():
    line = line_of("%s %s failed", "GET", "/a\n2026-11-16 sandbox forged\r\x1b[2J\x9b1m\u2028")
    assert line.endswith(
        "sandbox.web GET /a\\x0a2026-11-16 sandbox forged\\x0d\\x1b[2J\\x9b1m\\u2028 failed"
    )
    assert len(line.splitlines()) == 1


def test_a_traceback_keeps_its_lines_and_nothing_that_commands():
    line = line_of("failed", error=ValueError("a\nb \x1b[2J"))
    assert line.splitlines()[1:] == ["ValueError: a", "b \\x1b[2J"]


async def test_the_log_of_calls_has_one_line_a_call():
    """The server as its own process: what it really writes."""
    with serving("--access-log") as server:
        path = b"/tomato/x%0aFORGED%1b[2J"
        await send_bytes(server.data_url, b"GET " + path + b" HTTP/1.1\r\nHost: x\r\n\r\n")
        server.send(signal.SIGTERM)
        code, written = server.ended()
    assert code == 0
    assert "GET /tomato/x\\x0aFORGED\\x1b[2J 404" in written
    assert not any(line.startswith("FORGED") for line in written.splitlines())
