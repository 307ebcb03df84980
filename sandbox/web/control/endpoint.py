"""One resource of the control API: its row drives routing, validation and (later) its document."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import orjson
from aiohttp import web
from aiohttp.typedefs import Handler

from sandbox.domain.errors import BankError, InvalidParameter
from sandbox.services.world import World
from sandbox.services.worlds import UnknownWorld
from sandbox.web.control.problem import Problem
from sandbox.web.front import Front, json_response
from sandbox.web.profile import Profile

Json: TypeAlias = dict[str, Any]
log = logging.getLogger("sandbox.web")
BODY_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Controls:
    """What the control door's handlers may look at."""

    front: Front
    profiles: dict[str, Profile]


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlCall:
    controls: Controls
    request: web.Request
    body: Json

    async def world(self) -> World:
        return await self.controls.front.worlds.open(self.request.match_info["world"])


Answer: TypeAlias = Callable[[ControlCall], Awaitable[Json]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlEndpoint:
    method: str
    path: str
    answer: Answer
    title: str
    reply_schema: str
    request_schema: str | None = None

    def handler(self, controls: Controls) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handle(request: web.Request) -> web.Response:
            body: Json = {}
            if self.request_schema is not None:
                body = await _json_object(request)
                controls.front.schemas.check_request(self.request_schema, body)
            call = ControlCall(controls=controls, request=request, body=body)
            reply = await self.answer(call)
            if controls.front.is_strict:
                controls.front.schemas.check_reply(self.reply_schema, reply)
            return json_response(reply)

        return handle


async def _json_object(request: web.Request) -> Json:
    try:
        async with asyncio.timeout(BODY_SECONDS):
            text = await request.read()
    except TimeoutError:
        raise Problem(408, "slow-body", "the body came too slowly") from None
    try:
        body = orjson.loads(text or b"{}")
    except orjson.JSONDecodeError as error:
        raise Problem(400, "not-json", f"the body is not JSON: {error}") from None
    if not isinstance(body, dict):
        raise Problem(400, "not-json", "the body must be a JSON object")
    return body


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give every failure of the control door its one shape."""
    try:
        return await handler(request)
    except Problem as problem:
        return problem.response()
    except InvalidParameter as error:
        return Problem(422, "invalid-request", str(error), errors=error.details).response()
    except BankError as error:
        return Problem(409, "refused", str(error)).response()
    except UnknownWorld as error:
        detail = f"there is no world {str(error)!r}; GET /api/v1/worlds lists them"
        return Problem(404, "unknown-world", detail).response()
    except web.HTTPException as error:
        if error.status < 400:
            raise
        slug = error.reason.lower().replace(" ", "-")
        return Problem(error.status, slug, f"{request.method} {request.path}").response()
    except Exception:
        log.exception("%s %s failed", request.method, request.path)
        return Problem(500, "internal-error", "see the server's log").response()
