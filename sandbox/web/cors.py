"""What pages of other origins may read here (CORS, https://fetch.spec.whatwg.org/#http-cors-protocol).

Only what a public client calls from a browser, only for origins that such clients have registered,
and never with cookies (O-35).
"""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeAlias

from aiohttp import web

from sandbox.services.origins import is_registered
from sandbox.services.worlds import UnknownWorld
from sandbox.web.front import Front, stamped
from sandbox.web.noting import ENTRY, entry_of
from sandbox.web.profile import Profile

Handle: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]
ALLOWED_HEADERS = "Authorization, Content-Type, DPoP"
EXPOSED_HEADERS = "DPoP-Nonce, Link, Retry-After, WWW-Authenticate, X-Sandbox-Reason"
PREFLIGHT_S = 600


def shared(origin: str) -> dict[str, str]:
    """Return what lets a page of a registered ``origin`` read an answer."""
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Expose-Headers": EXPOSED_HEADERS,
    }


def permitted(origin: str, method: str) -> dict[str, str]:
    """Return what lets a page of a registered ``origin`` send the call that it asked about."""
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Methods": method,
        "Access-Control-Allow-Headers": ALLOWED_HEADERS,
        "Access-Control-Max-Age": str(PREFLIGHT_S),
    }


class Cors:
    """Opens the endpoints of one bank to the pages of its public clients."""

    def __init__(self, front: Front, profile: Profile) -> None:
        self._front = front
        self._bank = profile.name

    async def opened(self, request: web.Request, response: web.StreamResponse) -> None:
        """Let the asking page read ``response``, if its origin is registered in this world."""
        response.headers.add("Vary", "Origin")  # also where nobody may: caches must know
        world = request[ENTRY].world
        origin = request.headers.get("Origin")
        if origin and world is not None and await is_registered(world, self._bank, origin):
            response.headers.update(shared(origin))

    def preflight(self, method: str) -> Handle:
        """Return the answer to OPTIONS at an endpoint that takes ``method``.

        Raises:
            HTTPMethodNotAllowed: it is no preflight.
        """

        async def answer(request: web.Request) -> web.StreamResponse:
            origin = request.headers.get("Origin")
            if not origin or "Access-Control-Request-Method" not in request.headers:
                raise web.HTTPMethodNotAllowed("OPTIONS", [method])
            entry_of(request).operation = "preflight"
            response = web.Response(status=204, headers={"Vary": "Origin"})
            with suppress(UnknownWorld):
                world = await self._front.find_world(request)
                if await is_registered(world, self._bank, origin):
                    response.headers.update(permitted(origin, method))
            return stamped(request, response)

        return answer
