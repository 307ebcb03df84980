"""The control door's pages: the worlds, one world at a glance, and the reference of the API.

They show and change nothing: no form, no script, no cookie (DESIGN §10). What a tester may do is
written on them as lines for a shell.
"""

from base64 import b64encode
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from sandbox.domain.errors import BankError
from sandbox.services.worlds import UnknownWorld
from sandbox.web.control import describe
from sandbox.web.control.endpoint import ControlCall, ControlEndpoint, Controls
from sandbox.web.control.openapi import document
from sandbox.web.control.problem import Problem
from sandbox.web.pages import Pages, link
from sandbox.web.wording import LANGUAGE_PARAMETER, LANGUAGES, language_of

REFRESH: Final = ("5", "30")  # seconds
_HEADERS: Final = {
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    # Another origin's page learns nothing of this one, not even by embedding it.
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@cache
def style() -> tuple[str, str]:
    """Return the style sheet that stands in each page, and the policy's source that lets it in."""
    text = (files("sandbox.web") / "assets" / "control.css").read_text(encoding="utf-8")
    return text, f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def is_page(path: str) -> bool:
    """Tell whether a path of the control door is for people."""
    return path in ("/", "/docs") or path.startswith("/worlds/")


class Dashboard:
    """``is_guarded``: the door asks for a token, so the lines for the shell send one."""

    def __init__(
        self, controls: Controls, endpoints: tuple[ControlEndpoint, ...], *, is_guarded: bool
    ) -> None:
        self._controls = controls
        self._endpoints = endpoints
        self._is_guarded = is_guarded

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/", self.show_worlds),
            web.get("/worlds/{world}", self.show_world),
            web.get("/docs", self.show_reference),
        ]

    async def show_worlds(self, request: web.Request) -> web.Response:
        """List the worlds; a closed one is not opened for that."""
        call = ControlCall(controls=self._controls, request=request, body={})
        worlds = [describe.listed(call, name) for name in self._controls.front.worlds.names()]
        return self._page(request, "worlds.html", worlds=worlds)

    async def show_world(self, request: web.Request) -> web.Response:
        """Show one world at a glance.

        A page that loads itself again is nobody's use of a world: it neither keeps an idle one
        alive nor opens a closed one, whose place another would have to leave for it.
        """
        from sandbox.web.control.glance import acts, glance  # not before somebody looks

        polls = request.query.get("refresh") in REFRESH
        if polls and self._is_closed(request.match_info["world"]):
            told = {"slug": "world-closed", "detail": request.match_info["world"]}
            pages = self._controls.front.pages
            return rendered(
                pages, request, "refused.html", told | {"status_shown": 409}, status=409
            )
        call = ControlCall(controls=self._controls, request=request, body={}, is_use=not polls)
        try:
            world = await call.world()
            lines = acts(_door_url(request), world.name, is_guarded=self._is_guarded)
            shown = await glance(call, world)
        finally:
            call.release()
        return self._page(request, "world.html", **shown, acts=lines)

    def _is_closed(self, name: str) -> bool:
        worlds = self._controls.front.worlds
        return name not in worlds.running and name in worlds.names()

    async def show_reference(self, request: web.Request) -> web.Response:
        """Show every resource of the control API."""
        from sandbox.web.control.reference import problem_types, reference

        schemas = self._controls.front.schemas
        groups = reference(document(self._endpoints, schemas), schemas)
        banks = {name: profile.face for name, profile in self._controls.profiles.items()}
        return self._page(
            request,
            "docs.html",
            groups=groups,
            problems=problem_types(),
            banks=banks,
            bank_url=self._controls.front.worlds.base_url(),
            door_url=_door_url(request),
            is_guarded=self._is_guarded,
        )

    def _page(self, request: web.Request, template: str, **context: object) -> web.Response:
        return rendered(self._controls.front.pages, request, template, context)


def _door_url(request: web.Request) -> str:
    return f"{request.scheme}://{request.host}"


def rendered(
    pages: Pages,
    request: web.Request,
    template: str,
    context: Mapping[str, object],
    *,
    status: int = 200,
) -> web.Response:
    """Return a page of this door. What its query chose goes on with its links."""
    language = language_of(request)
    kept = {}
    if request.query.get(LANGUAGE_PARAMETER) in LANGUAGES:
        kept[LANGUAGE_PARAMETER] = language

    def to(path: str, **params: str) -> str:
        return link(path, **{**kept, **params}).removesuffix("?")

    refresh = request.query.get("refresh")
    text, source = style()
    html = pages.render(
        f"control/{template}",
        language,
        **context,
        style=text,
        page_path=request.rel_url.raw_path,
        to=to,
        refresh=refresh if refresh in REFRESH else None,
        refreshes=REFRESH,
    )
    policy = (
        f"default-src 'none'; style-src {source}; img-src data:; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    )
    return web.Response(
        body=html.encode("utf-8", "replace"),
        status=status,
        content_type="text/html",
        charset="utf-8",
        headers={**_HEADERS, "Content-Security-Policy": policy, "Content-Language": language},
    )


def refusals(pages: Pages) -> Middleware:
    """Say no on a page where a page was asked for: to a missing token, a foreign name, no world."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not is_page(request.path) or request.method not in ("GET", "HEAD"):
            return await handler(request)
        try:
            return await handler(request)
        except Problem as problem:
            status, slug, detail = problem.status, problem.slug, problem.detail
        except UnknownWorld as error:
            status, slug, detail = 404, "unknown-world", f"there is no world {str(error)!r}"
        except BankError as error:
            status, slug, detail = 409, "refused", str(error)
        except web.HTTPNotFound:
            status, slug, detail = 404, "not-found", f"GET {request.path}"
        told = {"slug": slug, "detail": detail, "status_shown": status}
        return rendered(pages, request, "refused.html", told, status=status)

    return middleware
