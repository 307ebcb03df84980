"""The door of the contractor's pages: who may pass, and what those see who may not.

The order of checks is that of ``_visit``: form token, log-in, role, second identity check.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

from aiohttp import web

from sandbox.domain.api_class import ApiClass
from sandbox.domain.availability import Asked
from sandbox.domain.corporate.powers import RightRemoved
from sandbox.domain.corporate.user import Act, ActRefused
from sandbox.domain.errors import IllegalTransition, InsufficientScope, UnknownAccount
from sandbox.domain.oauth.errors import InvalidRequest
from sandbox.domain.transfer.request import TransactionNotFound
from sandbox.services.staff import UnknownSubject
from sandbox.services.worlds import UnknownWorld
from sandbox.web.closed import Closed, note, shown, waiting
from sandbox.web.front import Front, stamped
from sandbox.web.middleware import log
from sandbox.web.noting import entry_of
from sandbox.web.oauth.forms import read_form
from sandbox.web.oauth.screens import csrf_matches
from sandbox.web.pages import page_response
from sandbox.web.profile import Profile
from sandbox.web.web21.desk.visit import COOKIE, Answer, Visit, may_any
from sandbox.web.wording import language_of

ROOT = "/desk"
OPERATION = "desk"  # for stops: all of these pages
# What a page can refuse, with its status. Texts: ``desk.error.<code>.…``
ERRORS = {
    "forbidden": 403,
    "csrf": 403,
    "not_found": 404,
    "illegal_status": 409,
    "too_large": 413,
    "invalid_request": 400,
    "internal": 500,
}
_CODES: dict[type[Exception], str] = {
    ActRefused: "forbidden",
    InsufficientScope: "forbidden",
    RightRemoved: "forbidden",  # to the request's account
    UnknownSubject: "not_found",
    UnknownAccount: "not_found",
    TransactionNotFound: "not_found",
    UnknownWorld: "not_found",
    IllegalTransition: "illegal_status",
    InvalidRequest: "invalid_request",
    web.HTTPRequestEntityTooLarge: "too_large",
}
Handle: TypeAlias = Callable[[web.Request], Awaitable[web.Response]]


class DeskError(Exception):
    """A page that says no. ``code`` is one of ``ERRORS``."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Row:
    """One page or act. ``acts``: any one of them opens it; none: everybody who is signed in."""

    method: str
    path: str
    answer: Answer
    acts: tuple[Act, ...] = ()
    is_public: bool = False  # before sign-in
    needs_identity: bool = False  # W-37: behind a second identity check


class Door:
    def __init__(self, front: Front, profile: Profile) -> None:
        self._front = front
        self._profile = profile

    def handler(self, row: Row) -> Handle:
        async def handle(request: web.Request) -> web.Response:
            entry_of(request).operation = f"desk_{row.answer.__name__.strip('_')}"
            return stamped(request, await self._answer(request, row))

        return handle

    async def refuse(self, request: web.Request) -> web.Response:
        """Answer what no row answers: another address, or another method."""
        entry_of(request).operation = "desk_unknown"
        return stamped(request, await self._answer(request, None))

    async def _answer(self, request: web.Request, row: Row | None) -> web.Response:
        try:
            visit = await self._visit(request)
            if row is None:
                raise DeskError("not_found")
            return await self._enter(visit, row)
        except DeskError as error:
            return self._error(request, error.code)
        except Closed as error:
            return self._closed(request, error)
        except tuple(_CODES) as error:
            return self._error(request, _CODES[type(error)])
        except (web.HTTPException, ConnectionError):
            raise
        except Exception:
            log.exception("%s %s failed", request.method, request.path)
            return self._error(request, "internal")

    async def _visit(self, request: web.Request) -> Visit:
        bank = await self._front.bank(request, self._profile.name)
        bank.check_open(ApiClass.OAUTH, OPERATION)
        visit = Visit(
            front=self._front,
            profile=self._profile,
            request=request,
            bank=bank,
            root=self._root(request, bank.world.prefix),
            cookie=request.cookies.get(COOKIE, ""),
            visitor=None,
        )
        visitor = await visit.sessions.find(visit.cookie) if visit.cookie else None
        if visitor is not None:
            entry = entry_of(request)
            entry.contractor_id = visitor.user.contractor_id
            entry.login = visitor.credential.login
            firm = visitor.user.contractor_id
            bank.check_open_to(Asked(ApiClass.OAUTH, OPERATION, contractor_id=firm))
        return replace(visit, visitor=visitor)

    async def _enter(self, visit: Visit, row: Row) -> web.Response:
        if row.method == "POST":
            form = await read_form(visit.request)
            if not (visit.cookie and csrf_matches(form.get("csrf"), visit.cookie)):
                raise DeskError("csrf")
            visit = replace(visit, form=form)
        if row.is_public:
            return await row.answer(visit)
        if visit.visitor is None:
            return visit.go("/sign-in", note="session_ended" if visit.cookie else None)
        if not may_any(visit.user, row.acts):
            raise DeskError("forbidden")
        if row.needs_identity and not visit.visitor.is_identified:
            return visit.go("/identity")
        return await row.answer(visit)

    def _root(self, request: web.Request, prefix: str) -> str:
        """Return the path of the start page, below the world that the path names or was found."""
        before = request.path.partition(self._profile.base)[0]
        return f"{before or prefix}{self._profile.base}{ROOT}"

    def _closed(self, request: web.Request, error: Exception) -> web.Response:
        """Say that the bank is closed, and from when on it is not."""
        entry = entry_of(request)
        assert entry.world is not None  # its bank is what is closed
        said = shown(error, entry.world.now())
        entry.error_code = said.code
        note(entry, error)
        html = self._front.pages.render(
            "error.html",
            language_of(request),
            bank=self._profile.face,
            status=said.status,
            code=said.code,
            details=said.details,
        )
        return waiting(page_response(html, status=said.status), error)

    def _error(self, request: web.Request, code: str) -> web.Response:
        entry_of(request).error_code = code
        status = ERRORS[code]
        html = self._front.pages.render(
            "desk/error.html",
            language_of(request),
            bank=self._profile.face,
            code=code,
            status=status,
            start_url=self._root(request, ""),
        )
        return page_response(html, status=status)
