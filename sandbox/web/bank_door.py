"""The bank door: every bank's APIs and pages, and whether the server is well."""

from collections.abc import Iterator

from aiohttp import web

from sandbox.web.bank_routes import BankRoutes, around
from sandbox.web.cors import Cors, Handle
from sandbox.web.doorplate import Doorplate
from sandbox.web.faults.carrying import struck
from sandbox.web.faults.gate import GATE, Gate
from sandbox.web.faults.listeners import LISTENERS
from sandbox.web.front import Front, json_response
from sandbox.web.middleware import errors
from sandbox.web.notices import PATH as NOTICES_PATH
from sandbox.web.notices import NoticePages
from sandbox.web.oauth.authorize import INTERACTION_PATH, AuthorizePages
from sandbox.web.oauth.forms import BODY_MAX_BYTES
from sandbox.web.oauth.key_set import KeySetEndpoint
from sandbox.web.oauth.metadata import MetadataEndpoint
from sandbox.web.oauth.register import RegisterEndpoints
from sandbox.web.oauth.token import TokenEndpoints
from sandbox.web.oauth.userinfo import UserinfoEndpoint
from sandbox.web.openapi import OpenApiEndpoint
from sandbox.web.pages import asset_routes
from sandbox.web.profile import Profile
from sandbox.web.reasons import ReasonPages
from sandbox.web.recording import recorded, recorded_alone
from sandbox.web.world_prefix import WorldPrefix

WELL_KNOWN = "/.well-known/oauth-authorization-server"
OPENID_WELL_KNOWN = "/.well-known/openid-configuration"  # below the issuer, Discovery §4


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
    key_set, userinfo = KeySetEndpoint(front, profile), UserinfoEndpoint(front, profile)
    cors = Cors(front, profile)
    return [
        web.get(f"{base}/oauth/auth", pages.begin, allow_head=False),  # it may issue a code
        web.post(f"{base}/oauth/auth", pages.begin),
        web.post(f"{base}/oauth/par", tokens.par),
        web.get(f"{base}{INTERACTION_PATH}", pages.show),
        web.post(f"{base}{INTERACTION_PATH}", pages.act),
        *cors.routes("POST", f"{base}/oauth/token", tokens.token),
        *cors.routes("POST", f"{base}/oauth/revoke", tokens.revoke),
        *cors.routes("GET", f"{base}{profile.keys_path}", key_set.show),
        web.post(f"{base}/oauth/introspect", tokens.introspect),
        *RegisterEndpoints(front, profile).routes(base),
        *cors.routes("GET", f"{base}{profile.userinfo_path}", userinfo.get, post=userinfo.post),
    ]


def bank_routes(front: Front, profile: Profile) -> Iterator[web.RouteDef]:
    """Yield what one bank answers, each path below the bank's own."""
    for base in profile.bases:
        for row in profile.endpoints:
            handler = row.handler(front, profile.name, profile.sealing)
            # HEAD is not let in beside GET: the bank knows no such call.
            more = {"allow_head": False} if row.method == "GET" else {}
            yield web.route(row.method, f"{base}{row.path}", handler, **more)
        yield from oauth_routes(front, profile, base)
        if profile.pages is not None:
            yield from profile.pages(front, profile, base)
    metadata = MetadataEndpoint(front, profile)
    for place in (WELL_KNOWN, OPENID_WELL_KNOWN):
        yield from Cors(front, profile).routes("GET", place, metadata.show)
    yield web.get("/openapi.json", OpenApiEndpoint(front, profile).show)
    yield web.get(NOTICES_PATH, NoticePages(front, profile).show)


def add_bank(app: web.Application, front: Front, profile: Profile) -> None:
    """Add one bank to the door, so that its errors are its own."""
    surround = around(
        recorded(front.counter, profile.name, front.host_watch),
        struck(front, profile),
        errors(front, profile),
    )
    bank = BankRoutes(app.router, profile.name, surround)
    bank.add(bank_routes(front, profile))
    app.router.register_resource(bank)


def metadata_routes(front: Front, profile: Profile) -> list[web.RouteDef]:
    """Return the metadata where RFC 8414 §3.1 has them: the well-known part before the path.

    Both kinds, since §5 lets OpenID's stand there too.
    """

    def around(handler: Handle) -> Handle:
        return recorded_alone(front.counter, profile.name, front.host_watch, handler)

    cors, show = Cors(front, profile), MetadataEndpoint(front, profile).show_alone
    issuers = (profile.name, f"w/{{world}}/{profile.name}")
    places = (f"{kind}/{issuer}" for kind in (WELL_KNOWN, OPENID_WELL_KNOWN) for issuer in issuers)
    return [route for path in places for route in cors.routes("GET", path, show, around)]


def bank_door(front: Front, profiles: tuple[Profile, ...]) -> web.Application:
    app = web.Application(client_max_size=BODY_MAX_BYTES)
    app[GATE] = Gate(front.worlds)
    app[LISTENERS] = front.listeners
    app.router.register_resource(WorldPrefix(app.router))
    for profile in profiles:
        app.router.add_routes(metadata_routes(front, profile))
        add_bank(app, front, profile)
    if not all(profile.policy.strict_realism for profile in profiles):
        app.router.add_routes(ReasonPages(front, profiles[0]).routes())
        app.router.add_routes(Doorplate(front, profiles).routes())
    app.router.add_routes(asset_routes())
    app.router.add_routes([web.get("/healthz", healthz), readyz(front)])
    return app
