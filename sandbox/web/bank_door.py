"""The bank door: every bank's APIs and pages, and whether the server is well."""

from aiohttp import web

from sandbox.web.front import Front, json_response
from sandbox.web.middleware import errors
from sandbox.web.oauth.authorize import INTERACTION_PATH, AuthorizePages
from sandbox.web.oauth.forms import BODY_MAX_BYTES
from sandbox.web.oauth.metadata import MetadataEndpoint
from sandbox.web.oauth.token import TokenEndpoints
from sandbox.web.openapi import OpenApiEndpoint
from sandbox.web.pages import asset_routes
from sandbox.web.profile import Profile
from sandbox.web.reasons import ReasonPages
from sandbox.web.recording import recorded, recorded_alone
from sandbox.web.world_prefix import WorldPrefix

WELL_KNOWN = "/.well-known/oauth-authorization-server"


async def healthz(_request: web.Request) -> web.Response:
    """Answer while the process lives."""
    return json_response({"status": "ok"})


def readyz(front: Front) -> web.RouteDef:
    """Answer 200 once the default world is seeded and open."""

    async def ready(_request: web.Request) -> web.Response:
        is_ready = bool(front.worlds.running)
        return json_response(
            {"status": "ready" if is_ready else "starting"}, status=200 if is_ready else 503
        )

    return web.get("/readyz", ready)


def oauth_routes(front: Front, profile: Profile, base: str) -> list[web.RouteDef]:
    pages, tokens = AuthorizePages(front, profile), TokenEndpoints(front, profile)
    return [
        web.get(f"{base}/oauth/auth", pages.begin),
        web.get(f"{base}{INTERACTION_PATH}", pages.show),
        web.post(f"{base}{INTERACTION_PATH}", pages.act),
        web.post(f"{base}/oauth/token", tokens.token),
        web.post(f"{base}/oauth/revoke", tokens.revoke),
    ]


def bank_app(front: Front, profile: Profile) -> web.Application:
    """Return one bank as a sub-application, so that its errors are its own."""
    app = web.Application(
        middlewares=[recorded(front.counter, profile.name), errors(front, profile)]
    )
    for base in profile.bases:
        for row in profile.endpoints:
            # add_route and not a RouteDef: that would let HEAD in beside GET.
            handler = row.handler(front, profile.name)
            app.router.add_route(row.method, f"{base}{row.path}", handler)
        app.router.add_routes(oauth_routes(front, profile, base))
    metadata = MetadataEndpoint(front, profile)
    app.router.add_get(WELL_KNOWN, metadata.show)
    app.router.add_get("/openapi.json", OpenApiEndpoint(front, profile).show)
    return app


def bank_door(front: Front, profiles: tuple[Profile, ...]) -> web.Application:
    app = web.Application(client_max_size=BODY_MAX_BYTES)
    app.router.register_resource(WorldPrefix(app.router))
    for profile in profiles:
        # RFC 8414 §3.1: the well-known part goes before the issuer's path.
        metadata = MetadataEndpoint(front, profile)
        show = recorded_alone(front.counter, profile.name, metadata.show_alone)
        app.router.add_get(f"{WELL_KNOWN}/{profile.name}", show)
        app.router.add_get(f"{WELL_KNOWN}/w/{{world}}/{profile.name}", show)
        app.add_subapp(f"/{profile.name}", bank_app(front, profile))
    if told := [profile for profile in profiles if not profile.policy.strict_realism]:
        app.router.add_routes(ReasonPages(front, told[0]).routes())
    app.router.add_routes(asset_routes())
    app.router.add_routes([web.get("/healthz", healthz), readyz(front)])
    return app
