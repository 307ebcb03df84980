"""One resource of the control API: its row drives routing, validation and its document."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import orjson
from aiohttp import web
from aiohttp.typedefs import Handler

from sandbox.clock import monotonic_s
from sandbox.domain.errors import BankError, InvalidParameter
from sandbox.services.snapshots import SnapshotService
from sandbox.services.world import World
from sandbox.services.worlds import UnknownWorld
from sandbox.web.control.acts_noted import is_act, note_act
from sandbox.web.control.problem import Problem
from sandbox.web.control.runs import ScenarioRuns
from sandbox.web.front import Front, caught_up, json_response
from sandbox.web.profile import Profile

if TYPE_CHECKING:
    from sandbox.scenarios.known import Resource
    from sandbox.services.tls import Tls

Json: TypeAlias = dict[str, Any]
log = logging.getLogger("sandbox.web")
BODY_SECONDS = 10.0
_THIS_DOOR = (
    "this is the control door, whose API is below /api/v1; the banks answer at the other port: "
    "8080, unless --port says otherwise"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Controls:
    """What the control door's handlers may look at."""

    front: Front
    tls: "Tls | None"  # None: it is off
    profiles: dict[str, Profile]
    secret: Callable[[int], str]
    seed: int  # of worlds that name none
    most_snapshots: int
    settings: Mapping[str, str]  # of the banks, by name, but for secrets
    resources: "Callable[[], Sequence[Resource]]"  # what acts of scenarios may name
    runs: ScenarioRuns = field(default_factory=ScenarioRuns)

    def snapshots(self, world: World) -> SnapshotService:
        folder = self.front.worlds.snapshot_folder(world.name)
        return SnapshotService(world, folder, self.most_snapshots)

    async def delete_world(self, name: str) -> None:
        """Delete a world, its runs and snapshots; one that is not there is gone already."""
        with suppress(UnknownWorld):
            await self.front.worlds.delete(name)
        await self.runs.forget(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlCall:
    controls: Controls
    request: web.Request
    body: Json
    used: list[World] = field(default_factory=list)
    is_use: bool = True  # False: a page that loads itself again keeps no world alive

    async def world(self, name: str | None = None) -> World:
        """Return a world (of the path, unless named) with all done that fell due in it."""
        worlds = self.controls.front.worlds
        return await caught_up(
            self.use(await worlds.open(name or self.request.match_info["world"]))
        )

    def use(self, world: World) -> World:
        """Keep ``world`` open until the call is answered."""
        world.users += 1
        self.used.append(world)
        return world

    def release(self) -> None:
        for world in self.used:
            world.users -= 1
            if self.is_use:
                world.used_at_s = monotonic_s()


# The answer to an act is in the journal, with its secrets masked, if it has any of these.
KEPT_FOR = frozenset({"entries", "access_token"})
Answer: TypeAlias = Callable[[ControlCall], Awaitable[Json | web.StreamResponse]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlEndpoint:
    method: str
    path: str
    answer: Answer
    title: str
    reply_schema: str | None  # None: not JSON
    request_schema: str | None = None
    query: tuple[str, ...] = ()  # filters that a list takes
    media_type: str = "application/json"  # of the answer
    status: int = 200

    def handler(self, controls: Controls) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            body: Json = {}
            if self.request_schema is not None:
                body = await _json_object(request)
                controls.front.schemas.check_request(self.request_schema, body)
            call = ControlCall(controls=controls, request=request, body=body)
            try:
                reply = await self.answer(call)
                if is_act(self.method, self.path):
                    await _note(call, reply)
            finally:
                call.release()
            if isinstance(reply, web.StreamResponse):
                return reply
            if controls.front.is_strict and self.reply_schema is not None:
                controls.front.schemas.check_reply(self.reply_schema, reply)
            return json_response(reply, status=self.status)

        return handle


def row(
    method: str,
    path: str,
    answer: Answer,
    title: str,
    reply: str,
    request: str | None = None,
    *,
    query: tuple[str, ...] = (),
) -> ControlEndpoint:
    """Return the row of most resources: JSON in and out, by schemas of the control door's own."""
    return ControlEndpoint(
        method=method,
        path=path,
        answer=answer,
        title=title,
        reply_schema=f"control/{reply}",
        request_schema=request and f"control/{request}",
        query=query,
    )


async def _note(call: ControlCall, reply: Json | web.StreamResponse) -> None:
    """Tell the world's journal of an act that was done."""
    is_kept = isinstance(reply, dict) and bool(reply.keys() & KEPT_FOR)
    answer = orjson.dumps(reply) if is_kept else None
    world = call.used[-1] if call.used else await call.world()
    await note_act(world, call.request, orjson.dumps(call.body), call.body, answer)


async def _json_object(request: web.Request) -> Json:
    try:
        async with asyncio.timeout(BODY_SECONDS):
            text = await request.read()
    except TimeoutError:
        raise Problem(408, "slow-body", "the body came too slowly") from None
    except web.RequestPayloadError:
        raise Problem(400, "not-json", "the body is not encoded as it says") from None
    try:
        body = orjson.loads(text or b"{}")
    except orjson.JSONDecodeError as error:
        raise Problem(400, "not-json", f"the body is not JSON: {error}") from None
    if not isinstance(body, dict):
        raise Problem(400, "not-json", "the body must be a JSON object")
    return body


# A type stays what it is: Python 3.13 has other words for this status than 3.11.
SLUGS = {413: "request-entity-too-large"}


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
        detail = (
            f"there is no world {str(error)!r}; GET /api/v1/worlds lists them, and "
            "SANDBOX_WORLD_IDLE may end those that nobody calls"
        )
        return Problem(404, "unknown-world", detail).response()
    except web.HTTPException as error:
        if error.status < 400:
            raise
        slug = SLUGS.get(error.status) or error.reason.lower().replace(" ", "-")
        detail = f"{request.method} {request.path}"
        if error.status == 404 and not request.path.startswith("/api/"):
            detail = f"{detail}: {_THIS_DOOR}"
        return Problem(error.status, slug, detail).response()
    except Exception:
        log.exception("%s %s failed", request.method, request.path)
        return Problem(500, "internal-error", "see the server's log").response()
