"""The control door: what testers drive the sandbox with. No fault ever strikes it."""

from aiohttp import web

from sandbox.web.bank_door import healthz, readyz
from sandbox.web.control.dashboard import Dashboard, refusals
from sandbox.web.control.endpoint import Controls, problems
from sandbox.web.control.guard import Guard
from sandbox.web.control.openapi import openapi_route
from sandbox.web.control.table import ENDPOINTS
from sandbox.web.metrics import metrics_route

BODY_MAX_BYTES = 1024 * 1024


def control_door(controls: Controls, guard: Guard) -> web.Application:
    around = [problems, refusals(controls.front.pages), guard.middleware()]
    app = web.Application(middlewares=around, client_max_size=BODY_MAX_BYTES)
    app.router.add_routes(
        web.route(row.method, row.path, row.handler(controls)) for row in ENDPOINTS
    )
    dashboard = Dashboard(controls, ENDPOINTS, is_guarded=guard.token is not None)
    app.router.add_routes(dashboard.routes())
    app.on_shutdown.append(lambda _: controls.runs.close())
    app.router.add_routes(
        [
            openapi_route(ENDPOINTS, controls.front.schemas),
            metrics_route(controls.front.worlds, controls.front.counter),
            web.get("/healthz", healthz),
            readyz(controls.front),
        ]
    )
    return app
