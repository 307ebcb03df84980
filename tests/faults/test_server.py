"""The effects on connections at a server of its own process, plain and over TLS: uvloop's loop."""

import socket
import ssl
import time
from contextlib import closing
from urllib.parse import urlsplit

import pytest

from sandbox.client import Sandbox
from tests.process import serving

PATIENCE_S = 10


@pytest.fixture(scope="module")
def server():
    with serving("--tls", "--tls-port", "0", "--strict") as running:
        yield running


@pytest.fixture(params=["plain", "tls"])
def connect(request, server):
    """Return a function that opens a connection to the bank door."""
    control, is_tls = Sandbox(server.control_url), request.param == "tls"
    at = urlsplit(server.tls_url if is_tls else server.data_url)
    context = ssl.create_default_context(cadata=control.certificates.ca())

    def open_it() -> socket.socket:
        plain = socket.create_connection((at.hostname, at.port), timeout=PATIENCE_S)
        if not is_tls:
            return plain
        return context.wrap_socket(plain, server_hostname=at.hostname, suppress_ragged_eofs=False)

    yield open_it
    control.world().faults.clear()


@pytest.fixture
def faults(server):
    return Sandbox(server.control_url).world().faults


# Over TLS, Python's ssl reports a reset as it reports an end without a good-bye.
RESETS, ENDS = (b"<RST>", b"<EOF>"), (b"", b"<EOF>")


def received(connection: socket.socket, path="/tomato/openapi.json") -> bytes:
    """Send a request; return all that comes until the connection ends, and how it does."""
    with closing(connection):
        host = "{}:{}".format(*connection.getpeername())
        request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
        connection.sendall(request.encode())
        found = b""
        try:
            while piece := connection.recv(65_536):
                found += piece
        except ConnectionResetError:
            return found + b"<RST>"
        except ssl.SSLEOFError:
            return found + b"<EOF>"
        return found


def test_without_a_rule_the_answer_comes_whole(connect):
    assert received(connect()).startswith(b"HTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize("stage", ["before", "after_commit"])
def test_reset_and_empty_close_are_what_they_are_called(connect, faults, stage):
    faults.add("reset", stage=stage, times=1)
    assert received(connect()) in RESETS
    faults.add("empty_close", stage=stage, times=1)
    assert received(connect()) in ENDS
    assert received(connect()).startswith(b"HTTP/1.1 200 OK\r\n")


def test_a_reset_while_replying_lets_the_head_through(connect, faults):
    faults.add("reset", stage="reply", times=1)
    answer = received(connect())
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.endswith(RESETS)


def test_a_truncated_body_ends_early(connect, faults):
    whole = received(connect())
    faults.add({"kind": "truncated_body", "fraction": 0.5}, times=1)
    answer = received(connect())
    head, _, body = answer.partition(b"\r\n\r\n")
    full = whole.partition(b"\r\n\r\n")[2]
    assert f"content-length: {len(full)}".encode() in head.lower()
    assert body.removesuffix(b"<EOF>") == full[: len(full) // 2]


def test_dribble_and_random_bytes_come_through(connect, faults):
    full = received(connect()).partition(b"\r\n\r\n")[2]
    faults.add({"kind": "dribble", "chunks": 50, "total_ms": 100}, times=1)
    assert received(connect()).partition(b"\r\n\r\n")[2].removesuffix(b"<EOF>") == full
    faults.add({"kind": "random_bytes", "bytes": 1000}, times=1)
    assert len(received(connect()).removesuffix(b"<EOF>")) == 1000


def test_a_refused_connection_is_reset_at_the_door(connect, faults):
    fault = faults.add("refuse_connections", times=1)
    try:
        answer = received(connect())
    except OSError:  # whichever call came first
        answer = b"<RST>"
    assert answer in RESETS
    assert faults.get(fault.id).struck == 1
    assert received(connect()).startswith(b"HTTP/1.1 200 OK\r\n")


def test_a_refused_connection_need_not_say_a_word(server, faults):
    fault = faults.add("refuse_connections", {"address": "127.0.0.1"})
    at = urlsplit(server.data_url)
    where = (at.hostname, at.port)
    with socket.socket() as refused:
        refused.settimeout(PATIENCE_S)
        with pytest.raises(ConnectionResetError):  # at once, or with the first byte
            refused.connect(where) or refused.recv(1)
    faults.remove(fault.id)
    with socket.create_connection(where, 0.3) as open_, pytest.raises(TimeoutError):
        open_.recv(1)


def test_a_server_stops_in_time_under_calls_that_hang():
    with serving() as server:
        Sandbox(server.control_url).world().faults.add("never_answer", ttl="0s")
        at = urlsplit(server.data_url)
        with socket.create_connection((at.hostname, at.port), timeout=PATIENCE_S) as connection:
            request = f"GET /tomato/openapi.json HTTP/1.1\r\nHost: {at.netloc}\r\n\r\n"
            connection.sendall(request.encode())
            time.sleep(0.2)
            server.stop()
