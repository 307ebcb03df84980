"""The public keys of a bank's issuer (RFC 7517): what its signatures are checked with."""

from aiohttp import web

from sandbox.web.front import Front, json_response
from sandbox.web.noting import entry_of
from sandbox.web.profile import Profile

MAX_AGE_S = 60  # of real time, while the world's may be moved: short, so that rotation shows


class KeySetEndpoint:
    def __init__(self, front: Front, profile: Profile) -> None:
        self._front = front
        self._profile = profile

    async def show(self, request: web.Request) -> web.StreamResponse:
        entry_of(request).operation = "jwks"
        bank = await self._front.bank(request, self._profile.name)
        response = json_response(await bank.keys.key_set(), now=bank.world.now())
        response.headers["Cache-Control"] = f"public, max-age={MAX_AGE_S}"
        return response
