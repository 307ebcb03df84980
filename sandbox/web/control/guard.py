"""Who may drive the control door. No web page that a tester happens to visit can (DESIGN §10).

Three fences, each enough against one way in: a page's cross-origin request carries an ``Origin``
or ``Sec-Fetch-Site``; a page's plain form cannot send JSON; a name that an attacker's DNS points
at this machine is a dotted name that nobody listed.
"""

import hmac
import ipaddress
import re
from dataclasses import dataclass

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from sandbox.web.control.problem import Problem

READING = frozenset({hdrs.METH_GET, hdrs.METH_HEAD, hdrs.METH_OPTIONS})
# A snapshot's upload is SQLite's; everything else is JSON.
_TYPES_NO_FORM_SENDS = frozenset({"application/json", "application/vnd.sqlite3"})
# All of it: what stands behind a bracket or a port could be the name that the caller really means.
_HOST = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([^\[\]:@/?#\\\s]+))(?::[0-9]*)?")
_OPEN_PATHS = frozenset({"/healthz", "/readyz"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """``token`` None: none is asked for. ``hosts`` are the dotted names that may name the door."""

    token: str | None
    hosts: frozenset[str]

    def check(self, request: web.Request) -> None:
        """Raise a ``Problem`` where the request may not pass."""
        self._check_host(request.headers.get("Host", ""))
        self._check_origin(request)
        if request.path in _OPEN_PATHS:
            return
        self._check_token(request.headers.get("Authorization", ""))
        if request.method not in READING | {hdrs.METH_DELETE}:
            self._check_json(request)

    def _check_host(self, host: str) -> None:
        name = _host_name(host)
        # Addresses and undotted names cannot be pointed here by somebody's DNS.
        if not (_is_address(name) or (name and "." not in name) or name in self.hosts):
            raise Problem(
                403, "unknown-host", f"{host!r} is not a name of this door: use 127.0.0.1"
            )

    def _check_origin(self, request: web.Request) -> None:
        origin = request.headers.get("Origin")
        own = f"{request.scheme}://{request.headers.get('Host', '')}"
        site = request.headers.get("Sec-Fetch-Site", "none")
        if origin not in (None, own) or site not in ("none", "same-origin"):
            raise Problem(403, "cross-origin", "web pages of other origins may not call this door")

    def _check_token(self, header: str) -> None:
        if self.token is None:
            return
        scheme, _, given = header.partition(" ")
        expected = self.token.encode()
        is_right = hmac.compare_digest(given.encode("utf-8", "surrogateescape"), expected)
        if scheme.lower() != "bearer" or not is_right:
            raise Problem(
                401, "unauthorized", "send Authorization: Bearer with SANDBOX_CONTROL_TOKEN"
            )

    def _check_json(self, request: web.Request) -> None:
        if request.content_type not in _TYPES_NO_FORM_SENDS:
            raise Problem(415, "not-json", "send Content-Type: application/json")

    def middleware(self) -> Middleware:
        @web.middleware
        async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
            self.check(request)
            return await handler(request)

        return guard


def _host_name(host: str) -> str:
    """Return the name of a ``Host`` header, without its port; empty: it is none."""
    found = _HOST.fullmatch(host)
    return "" if found is None else (found[1] or found[2]).lower()


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
