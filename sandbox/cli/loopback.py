"""The provider's side of a log-in: listen for the redirect, exchange the code (RFC 8252)."""

import base64
import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from sandbox.clock import monotonic_s

if TYPE_CHECKING:
    from sandbox.client.answers import Bank, Client

LOOPBACK = frozenset({"127.0.0.1", "localhost"})
TIMEOUT_S = 30.0
LANDING = """<!doctype html><html lang="ja"><meta charset="utf-8"><title>bank-sandbox</title>
<p>これは試験用の環境です。</p><p>{} このページは閉じてかまいません。</p>
<p lang="en">{} You may close this page.</p></html>"""
DONE = "端末に戻ってください。", "Go back to the terminal."


class LoginFailed(Exception):
    """No tokens; the message says why."""


@dataclass()
class Listener:
    """Waits on this machine for the browser that the bank sends back.

    A public client's port is any free one (RFC 8252 §7.3); another client's is the registered one.
    """

    registered: str
    any_port: bool
    answer: dict[str, str] = field(default_factory=dict)

    def __enter__(self) -> "Listener":
        parts = urlsplit(self.registered)
        port = 0 if self.any_port else parts.port or 80
        try:
            self._server = HTTPServer(("127.0.0.1", port), self._handler(parts.path))
        except OSError as error:
            reason = f"cannot listen for the redirect on port {port}: {error.strerror}"
            raise LoginFailed(reason) from error
        self.redirect_uri = urlunsplit(
            parts._replace(netloc=f"{parts.hostname}:{self._server.server_port}")
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._server.server_close()

    def wait(self, timeout_s: float) -> dict[str, str]:
        """Return the parameters that the redirect brings.

        Raises:
            LoginFailed: nobody came in time.
        """
        deadline = monotonic_s() + timeout_s
        while not self.answer:
            left_s = deadline - monotonic_s()
            if left_s <= 0:
                raise LoginFailed(f"nobody consented within {timeout_s:g} s")
            self._server.timeout = left_s
            self._server.handle_request()
        return self.answer

    def _handler(self, path: str) -> type[BaseHTTPRequestHandler]:
        found = self.answer

        class Handler(BaseHTTPRequestHandler):
            timeout = TIMEOUT_S

            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                answer = dict(parse_qsl(parts.query))
                is_it = parts.path == path and bool({"code", "error"} & answer.keys())
                if is_it:
                    found.update(answer)
                content = LANDING.format(*DONE).encode() if is_it else b""
                self.send_response(200 if is_it else 404)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                """Stay silent: the request's line holds the code."""

        return Handler


def loopback_uri(client: "Client") -> str:
    """Return the registered redirect URI that this machine can listen on.

    Raises:
        LoginFailed: there is none.
    """
    for uri in client.redirect_uris:
        parts = urlsplit(uri)
        if parts.scheme == "http" and parts.hostname in LOOPBACK:
            return uri
    raise LoginFailed(f"{client.client_id} has no redirect URI on 127.0.0.1; try --headless")


def authorization_url(bank: "Bank", query: Mapping[str, str]) -> str:
    return f"{bank.authorization_endpoint}?{urlencode(query, quote_via=quote)}"


def check_answer(bank: "Bank", answer: Mapping[str, str], state: str) -> str:
    """Return the code that a redirect brought, once it is sure that it answers our request.

    Raises:
        LoginFailed: an error, or the answer to somebody else's request.
    """
    if answer.get("state") != state:
        raise LoginFailed("the redirect answers another request: its state differs")
    if answer.get("iss", bank.issuer) != bank.issuer:
        raise LoginFailed(f"the redirect comes from another issuer: {answer['iss']}")
    if "code" not in answer:
        why = answer.get("error_description", "")
        raise LoginFailed(f"the bank answers {answer.get('error')}: {why}".rstrip(": "))
    return answer["code"]


def exchange(bank: "Bank", client: "Client", form: dict[str, str]) -> dict[str, Any]:
    """Send the token endpoint a form, authenticated as the client is registered; return its answer.

    Raises:
        LoginFailed: the bank refuses, or does not answer.
    """
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    if client.token_endpoint_auth_method == "client_secret_basic":
        pair = f"{quote(client.client_id, safe='')}:{quote(client.client_secret or '', safe='')}"
        headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    else:
        form = {**form, "client_id": client.client_id}
        if client.client_secret is not None:
            form["client_secret"] = client.client_secret
    request = urllib.request.Request(bank.token_endpoint, urlencode(form).encode(), headers)
    try:
        return _json_of(request)
    except urllib.error.HTTPError as error:
        raise LoginFailed(f"{bank.token_endpoint} refuses: {_reason(error)}") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise LoginFailed(f"{bank.token_endpoint} does not answer: {error}") from error


def _json_of(request: urllib.request.Request) -> dict[str, Any]:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=TIMEOUT_S) as response:
        return dict(json.load(response))


def _reason(error: urllib.error.HTTPError) -> str:
    with error:
        return f"{error.code} {error.read(500).decode(errors='replace')}"
