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
from sandbox.web.middleware import errors
from sandbox.web.noting import ENTRY, entry_of
from sandbox.web.profile import Profile

Handle: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]
Around: TypeAlias = Callable[[Handle], Handle]
ALLOWED_HEADERS = "Authorization, Content-Type, DPoP"
EXPOSED_HEADERS = "DPoP-Nonce, Link, Retry-After, WWW-Authenticate, X-Sandbox-Reason"
PREFLIGHT_S = 600


def shared(origin: str) -> dict[str, str]:
    """Return what lets a page of a registered ``origin`` read an answer."""
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Expose-Headers": EXPOSED_HEADERS,
    }


def permitted(origin: str, methods: list[str]) -> dict[str, str]:
    """Return what lets a page of a registered ``origin`` send the call that it asked about."""
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Methods": ", ".join(methods),
        "Access-Control-Allow-Headers": ALLOWED_HEADERS,
        "Access-Control-Max-Age": str(PREFLIGHT_S),
    }


def unchanged(handler: Handle) -> Handle:
    return handler


class Cors:
    """Opens endpoints of one bank to the pages of its public clients."""

    def __init__(self, front: Front, profile: Profile) -> None:
        self._front = front
        self._bank = profile.name
        self._worded = errors(front, profile)  # refusals are to be read by those pages, too

    def routes(
        self,
        method: str,
        path: str,
        handler: Handle,
        around: Around = unchanged,
        *,
        post: Handle | None = None,
    ) -> list[web.RouteDef]:
        """Return the routes of an endpoint that other origins may call: itself, and OPTIONS.

        ``around`` wraps them, where no application of the bank's surrounds them. ``post`` answers
        POST at an endpoint that takes GET alone otherwise, and then no HEAD.
        """
        methods = [method] if post is None else [method, "POST"]
        shown = around(self.opened(handler))
        if method == "GET":
            found = [web.get(path, shown, allow_head=post is None)]
        else:
            found = [web.post(path, shown)]
        if post is not None:
            found.append(web.post(path, around(self.opened(post))))
        return [*found, web.options(path, around(self.preflight(methods)))]

    def opened(self, handler: Handle) -> Handle:
        """Return ``handler``, its answers readable for pages of origins registered in the world."""

        async def handle(request: web.Request) -> web.StreamResponse:
            response = await self._worded(request, handler)
            response.headers.add("Vary", "Origin")  # also where nobody may: caches must know
            origin, world = request.headers.get("Origin"), request[ENTRY].world
            if origin and world is not None and await is_registered(world, self._bank, origin):
                response.headers.update(shared(origin))
            return response

        return handle

    def preflight(self, methods: list[str]) -> Handle:
        """Return the answer to OPTIONS at an endpoint that takes ``methods``.

        Raises:
            HTTPMethodNotAllowed: it is no preflight.
        """

        async def handle(request: web.Request) -> web.StreamResponse:
            origin = request.headers.get("Origin")
            if not origin or "Access-Control-Request-Method" not in request.headers:
                raise web.HTTPMethodNotAllowed("OPTIONS", methods)
            entry_of(request).operation = "preflight"
            response = web.Response(status=204, headers={"Vary": "Origin"})
            with suppress(UnknownWorld):
                world = await self._front.find_world(request)
                if await is_registered(world, self._bank, origin):
                    response.headers.update(permitted(origin, methods))
            return stamped(request, response)

        return handle
