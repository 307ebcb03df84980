"""Asking a server whether it is well. A container asks four times a second until it is ready.

So it is one request over a bare socket: ``urllib.request`` brings ``ssl``, ``http.client`` and
``email`` along, three times the processor's time that all of this takes.
"""

import socket
import time

TIMEOUT_S = 2.0
PAUSE_S = 0.05
MOST_BYTES = 65_536
_PORTS = {"http": 80, "https": 443}

TYPE_CHECKING = False  # from typing it would cost 4 ms
if TYPE_CHECKING:
    from collections.abc import Callable


class Health:
    """``detail`` says what was found, in the words of a sentence that begins with the address."""

    __slots__ = ("detail", "is_ready")

    def __init__(self, is_ready: bool, detail: str) -> None:
        self.is_ready = is_ready
        self.detail = detail


def probe(url: str) -> Health:
    """Return what ``{url}/readyz`` says. Never raises for what a network can do."""
    try:
        status, body = _answer(*_place(url))
        if status != 200:
            return Health(False, f"answers {status}")
        return Health(True, _status_in(body))
    except OSError as error:  # a certificate that is not trusted as well
        return Health(False, f"does not answer: {error}")
    except (ValueError, KeyError, TypeError) as error:
        return Health(False, f"is no bank-sandbox: {error}")


def wait_until_ready(asked: "Callable[[], Health]", timeout_s: float) -> Health:
    """Ask again until the server is ready or the time is over; return the last answer."""
    from sandbox.clock import monotonic_s

    deadline = monotonic_s() + timeout_s
    while True:
        health = asked()
        if health.is_ready or monotonic_s() >= deadline:
            return health
        time.sleep(PAUSE_S)


def _place(url: str) -> tuple[str, str, int, str, str]:
    """Return scheme, host, port, authority and path of the question.

    Raises:
        ValueError: the address cannot be read.
    """
    scheme, _, rest = url.partition("://")
    authority, _, path = rest.rstrip("/").partition("/")
    host, port = authority, ""
    if not authority.endswith("]"):  # an IPv6 address without a port
        host, _, port = authority.rpartition(":") if ":" in authority else (authority, "", "")
    host = host.strip("[]")
    plain = url.isascii() and url.isprintable() and " " not in url
    if scheme not in _PORTS or not host or not plain or not (port or "0").isdigit():
        raise ValueError("an address is http://HOST:PORT")
    number = int(port) if port else _PORTS[scheme]
    if number > 65_535:
        raise ValueError(f"there is no port {number}")
    return scheme, host, number, authority, f"/{path}/readyz" if path else "/readyz"


def _answer(scheme: str, host: str, port: int, authority: str, path: str) -> tuple[int, bytes]:
    """Return status and body of ``GET path``.

    Raises:
        OSError: nobody answers in time.
        ValueError: what answers speaks no HTTP.
    """
    question = f"GET {path} HTTP/1.0\r\nHost: {authority}\r\nConnection: close\r\n\r\n"
    with socket.create_connection((host, port), TIMEOUT_S) as plain:
        connection = _sealed(plain, host) if scheme == "https" else plain
        with connection:
            connection.sendall(question.encode("ascii"))
            answer = b""
            while (chunk := connection.recv(MOST_BYTES)) and len(answer) < MOST_BYTES:
                answer += chunk
    head, _, body = answer.partition(b"\r\n\r\n")
    protocol, _, rest = head.partition(b" ")
    status = rest[:3]
    if not protocol.startswith(b"HTTP/1.") or not status.isdigit():
        raise ValueError("it speaks no HTTP")
    return int(status), body


def _sealed(connection: socket.socket, host: str) -> socket.socket:
    import ssl

    return ssl.create_default_context().wrap_socket(connection, server_hostname=host)


def _status_in(body: bytes) -> str:
    import json

    return str(json.loads(body)["status"])
