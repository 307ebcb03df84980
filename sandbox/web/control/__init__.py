"""The control door: what testers drive the sandbox with. No fault ever strikes it."""

from aiohttp import web

from sandbox.web.bank_door import healthz, readyz
from sandbox.web.control.endpoint import ControlEndpoint, Controls, problems
from sandbox.web.control.guard import Guard
from sandbox.web.control.worlds import (
    advance_clock,
    authorize,
    list_worlds,
    set_clock,
    show_clock,
    show_world,
)
from sandbox.web.front import Front
from sandbox.web.profile import Profile

BODY_MAX_BYTES = 1024 * 1024
WORLD = "/api/v1/worlds/{world}"

ENDPOINTS = (
    ControlEndpoint(
        method="GET",
        path="/api/v1/worlds",
        answer=list_worlds,
        title="Worlds",
        reply_schema="control/worlds",
    ),
    ControlEndpoint(
        method="GET",
        path=WORLD,
        answer=show_world,
        title="One world",
        reply_schema="control/world",
    ),
    ControlEndpoint(
        method="POST",
        path=f"{WORLD}/authorize",
        answer=authorize,
        title="Consent without a browser",
        request_schema="control/authorize_request",
        reply_schema="control/authorize",
    ),
    ControlEndpoint(
        method="GET",
        path=f"{WORLD}/clock",
        answer=show_clock,
        title="The clock",
        reply_schema="control/clock",
    ),
    ControlEndpoint(
        method="PUT",
        path=f"{WORLD}/clock",
        answer=set_clock,
        title="Set the clock",
        request_schema="control/clock_request",
        reply_schema="control/clock",
    ),
    ControlEndpoint(
        method="POST",
        path=f"{WORLD}/clock/advance",
        answer=advance_clock,
        title="Move time forward",
        request_schema="control/advance_request",
        reply_schema="control/advance",
    ),
)


def control_door(front: Front, profiles: tuple[Profile, ...], guard: Guard) -> web.Application:
    app = web.Application(
        middlewares=[problems, guard.middleware()], client_max_size=BODY_MAX_BYTES
    )
    controls = Controls(front=front, profiles={profile.name: profile for profile in profiles})
    app.router.add_routes(
        web.route(row.method, row.path, row.handler(controls)) for row in ENDPOINTS
    )
    app.router.add_routes([web.get("/healthz", healthz), readyz(front)])
    return app
