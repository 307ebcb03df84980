"""What the bank door says to somebody who stands before it: whose it is, and where to knock."""

from aiohttp import web

from sandbox.web.front import SERVER, Front
from sandbox.web.profile import Profile

_OTHER_DOOR = "the control door is another port: 8081, unless --control-port says otherwise"


class Doorplate:
    """``GET /`` tells of the banks; ``/api/…``, an address of the other door, is told as such."""

    def __init__(self, front: Front, profiles: tuple[Profile, ...]) -> None:
        self._front = front
        self._profiles = profiles

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/", self.show), web.route("*", "/api/{rest:.*}", self.elsewhere)]

    async def show(self, _request: web.Request) -> web.Response:
        url = self._front.worlds.base_url()
        lines = [
            "これは試験用の環境です / This is a test environment: everything in it is fictional."
        ]
        for profile in self._profiles:
            lines += [
                "",
                f"{profile.name}: {profile.face.name_ja} / {profile.face.name_en}",
                f"  issuer   {url}/{profile.name}",
                f"  APIs     {url}{profile.base}",
                f"  OpenAPI  {url}/{profile.name}/openapi.json",
            ]
        lines += ["", f"X-Sandbox-Reason explained: {url}/reasons"]
        lines += [f"Worlds, clock, faults: {_OTHER_DOOR}."]
        return _text("\n".join(lines))

    async def elsewhere(self, request: web.Request) -> web.Response:
        return _text(f"404: this is the bank door and has no {request.path}; {_OTHER_DOOR}.", 404)


def _text(text: str, status: int = 200) -> web.Response:
    headers = {"Server": SERVER, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return web.Response(text=f"{text}\n", status=status, headers=headers)
