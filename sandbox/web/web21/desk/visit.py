"""A person at one of the contractor's pages (契約者ページ): who it is, and the way onward.

Every template of ``desk/`` takes by keyword, beside its own context: bank, page_url, root (path of
the start page), csrf, visitor (or None before sign-in), doors (pages that this user may open),
here (which of them this is), note (of ``NOTES``, or None). Its forms post csrf.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import urlencode

from aiohttp import web

from sandbox.domain.corporate.user import Act, BankUser
from sandbox.domain.oauth.parameters import Parameters
from sandbox.services.bank import Bank
from sandbox.services.desk.people import DeskPeople
from sandbox.services.desk.requests import DeskRequests
from sandbox.services.desk.sessions import DeskSessions, Visitor
from sandbox.web.faults.banner import banner_of
from sandbox.web.front import Front
from sandbox.web.oauth.redirects import is_secure, see_other
from sandbox.web.oauth.screens import csrf_token
from sandbox.web.pages import page_response
from sandbox.web.profile import Profile
from sandbox.web.wording import keep_language, language_of

COOKIE = "desk_session"
NO_FORM = Parameters({}, frozenset())
# What a page says of the act that led to it.
NOTES = (
    "signed_out",
    "session_ended",
    "identified",
    "named",
    "taken_back",
    "rights_saved",
    "rights_removed",
    "issued_before",
    "registered",
    "withdrawn",
    "approved",
    "approved_first",
    "approval_cancelled",
    "approval_failed",
    "returned",
    "pulled_back",
    "deleted",
    "recall_asked",
)
# The pages of the navigation, with the acts of which any one opens them; none: everybody's.
DOORS: dict[str, tuple[str, tuple[Act, ...]]] = {
    "start": ("", ()),
    "contract": ("/contract", ()),
    "users": ("/users", (Act.NAME_SECURITY_ADMINISTRATOR, Act.SET_RIGHTS)),
    "client": ("/client", (Act.ISSUE_CLIENT,)),
    "consents": ("/consents", (Act.WITHDRAW_OWN_CONSENT, Act.WITHDRAW_ANY_CONSENT)),
    "requests": ("/requests", (Act.READ_REQUESTS,)),
}


def may_any(user: BankUser, acts: tuple[Act, ...]) -> bool:
    return not acts or any(user.may(act) for act in acts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One request. ``root``: path of the start page, with the world's prefix where it has one."""

    front: Front
    profile: Profile
    request: web.Request
    bank: Bank
    root: str
    cookie: str
    visitor: Visitor | None
    form: Parameters = NO_FORM

    @property
    def user(self) -> BankUser:
        assert self.visitor is not None  # the door lets nobody else in
        return self.visitor.user

    @property
    def contractor_id(self) -> str:
        return self.user.contractor_id

    @property
    def sessions(self) -> DeskSessions:
        return DeskSessions(self.bank.world, self.bank.name, self.bank.policy, self.bank.sign_in)

    @property
    def people(self) -> DeskPeople:
        return DeskPeople(self.bank.world, self.bank.name, self.bank.policy)

    @property
    def requests(self) -> DeskRequests:
        return DeskRequests(self.bank.world, self.bank.transfers)

    def named(self, name: str) -> str:
        """Return a variable part of the path."""
        return self.request.match_info[name]

    def page(
        self, template: str, *, here: str | None = None, status: int = 200, **context: object
    ) -> web.Response:
        """Return the page ``desk/{template}.html`` to this browser."""
        note = self.request.query.get("note")
        html = self.front.pages.render(
            f"desk/{template}.html",
            language_of(self.request),
            bank=self.profile.face,
            page_url=self._url(self.request.path),
            root=self.root,
            csrf=csrf_token(self.cookie),
            visitor=self.visitor,
            doors=self._doors(),
            here=here,
            fault_banner=banner_of(self.bank.world, self.profile),
            note=note if note in NOTES and status == 200 else None,
            **context,
        )
        response = page_response(html, status=status)
        keep_language(self.request, response)
        return response

    def go(self, path: str, *, note: str | None = None, **query: str) -> web.Response:
        """Send the browser on to another page of the desk, which says ``note``."""
        asked = {**query, **({} if note is None else {"note": note})}
        response = see_other(f"{self.root}{path}" + (f"?{urlencode(asked)}" if asked else ""))
        keep_language(self.request, response)
        return response

    def give_cookie(self, response: web.Response, cookie: str) -> web.Response:
        """Give the browser the cookie of a log-in, for these pages alone (O-25)."""
        response.set_cookie(
            COOKIE,
            cookie,
            path=self.root,
            httponly=True,
            samesite="Lax",
            secure=is_secure(self.request, self.bank),
        )
        return response

    def take_cookie(self, response: web.Response) -> web.Response:
        response.del_cookie(COOKIE, path=self.root)
        return response

    def _doors(self) -> list[tuple[str, str]]:
        """Return (name, address) of the pages that this user may open."""
        if self.visitor is None:
            return []
        user = self.visitor.user
        return [
            (name, self.root + path) for name, (path, acts) in DOORS.items() if may_any(user, acts)
        ]

    def _url(self, path: str) -> str:
        """Return this page's address without a note: the language link leads there."""
        kept = {k: v for k, v in self.request.query.items() if k not in ("note", "lang")}
        return f"{path}?{urlencode(kept)}" if kept else path


Answer: TypeAlias = Callable[[Visit], Awaitable[web.Response]]
