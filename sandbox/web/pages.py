"""The pages that the bank's customers see: sign-in, consent, refusal and error.

Plain HTML forms, no script but the line that sends ``form_post.html`` off. Each page takes its
context by keyword:

``sign_in.html``
    bank, provider, kinds, kind, has_second_factor, page_url, action_url, csrf, values (fields typed
    before, never secrets), error (of ``SIGN_IN_ERRORS``, or None), error_params, tester. Posts
    csrf, kind, decision (``sign_in``, ``deny``) and branch_code, account_number, pin or
    contractor_id, user_id, password, and second_factor where the bank has one.
``consent.html``
    bank, provider, contractor_name, user_name (or None), identity (of ``IDENTITY_PARTS``),
    functions, accounts (both empty where no account is asked for), are_accounts_ticked,
    granted_until, terms_version, terms_effective_on, page_url, action_url, csrf,
    error (of ``CONSENT_ERRORS``, or None), tester. Posts csrf, decision (``allow``, ``deny``),
    function and account, both repeated.
``refusal.html``
    bank, provider, code (of ``REFUSAL_CODES``), details, page_url, action_url, csrf. Posts csrf
    and decision (``deny``).
``form_post.html``
    bank, redirect_uri (which it posts to), host (of it), values (what it posts).
``error.html``
    bank, status, code (of ``ERROR_CODES``; another reads as ``internal``), details. Shown where
    nothing may be redirected, so it says everything in both languages.
``reasons.html``, ``reason.html``
    bank, header, index_url, page_url, and reasons or reason and steps: the sandbox's own pages.
``desk/…``
    The contractor's own pages: see ``sandbox.web.web21.desk.visit``.

``tester`` is what the tester's bar below a page offers (``sandbox.web.oauth.tester.Bar``), or None.
``details`` name facts to show (``DETAIL_LABELS`` have a label of their own). Moments among them
and among ``error_params`` are aware datetimes, days are dates.
"""

import hashlib
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import parse_qsl, urlencode, urlsplit

from aiohttp import web

from sandbox.domain.time import jst
from sandbox.web.wording import (
    DEFAULT_LANGUAGE,
    LANGUAGES,
    Language,
    other_language,
    wording,
)

if TYPE_CHECKING:
    from jinja2 import Environment

SIGN_IN_ERRORS: Final[Mapping[str, tuple[str, ...]]] = {
    "incomplete": (),
    "wrong_individual": (),
    "wrong_corporate": (),
    "wrong_individual_counted": ("attempts_left",),
    "wrong_corporate_counted": ("attempts_left",),
    "locked": (),
    "locked_until": ("unlocks_at",),
}
IDENTITY_PARTS: Final = ("openid", "profile", "email", "address", "phone")
CONSENT_ERRORS: Final = ("no_function", "no_account")
REFUSAL_CODES: Final = (
    "locked",
    "card_lapsed",
    "contract_ended",
    "no_accounts",
    "wrong_kind",
    "no_right",
    "other_contract",
)
ERROR_CODES: Final = (
    "unknown_client",
    "client_blocked",
    "unauthorized_client",
    "redirect_uri_mismatch",
    "request_object",
    "request_uri_unknown",
    "request_uri_expired",
    "request_uri_used",
    "duplicate_parameter",
    "invalid_request",
    "too_large",
    "csrf",
    "interaction_expired",
    "interaction_unknown",
    "outside_service_hours",
    "service_unavailable",
    "service_ended",
    "too_many_requests",
    "not_found",
    "method_not_allowed",
    "internal",
)
DETAIL_LABELS: Final = (
    "client_id",
    "method",
    "opens_at",
    "parameter",
    "path",
    "reason",
    "redirect_uri",
    "request_id",
    "unlocks_at",
)

STYLE_PATH: Final = "/assets/bank.css"
OWN_STYLE_PATH: Final = "/assets/sandbox.css"  # what is the sandbox's, and not the bank's
DESK_STYLE_PATH: Final = "/assets/desk.css"  # the contractor's own pages, beside the bank's
SCRIPT_PATH: Final = "/assets/form_post.js"

# The refusals of sign-in that lie in what was typed; a lock does not.
_LOCKS = frozenset({"locked", "locked_until"})
_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; script-src 'none'; "
    "base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)
_HEADERS: Final = {
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
_HOST_NAME = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*\Z")
_IP_ADDRESS = re.compile(r"[0-9.]+\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class BankFace:
    """The bank's name as its pages show it."""

    name_ja: str
    name_en: str

    def name_in(self, language: Language) -> str:
        return self.name_ja if language == "ja" else self.name_en


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderFace:
    """接続事業者 as the pages show it (T-29). ``redirect_host`` is where the browser goes next."""

    name: str
    registration_no: str
    terms_url: str
    redirect_host: str
    is_direct: bool = False  # the contractor's own web server, and no provider


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionChoice:
    """A function that the contractor may allow."""

    code: str  # balances, transactions; or a service: reference, update, approval
    checked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountChoice:
    """An account that the contractor may allow. ``value`` is what the form sends for it."""

    value: str
    branch_name: str
    account_type: Literal["ordinary", "current"]
    account_number: str
    checked: bool


class Page(str):
    """Rendered HTML that knows its language."""

    language: Language = DEFAULT_LANGUAGE


class Pages:
    """Renders the templates of this package."""

    @cached_property
    def _environment(self) -> "Environment":
        # Here, not above: a bank that only answers calls never pays for this import.
        from jinja2 import Environment, PackageLoader, StrictUndefined

        environment = Environment(
            loader=PackageLoader("sandbox.web", "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            auto_reload=False,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.globals.update(
            link=link,
            style_url=_style_url(STYLE_PATH),
            own_style_url=_style_url(OWN_STYLE_PATH),
            desk_style_url=_style_url(DESK_STYLE_PATH),
            script_url=_style_url(SCRIPT_PATH),
            jst=jst,
            error_codes=ERROR_CODES,
            detail_labels=DETAIL_LABELS,
            locks=_LOCKS,
        )
        environment.tests["web_url"] = is_web_url
        return environment

    def render(self, template: str, language: Language, /, **context: object) -> Page:
        """Return ``template`` (``"consent.html"``) in ``language``.

        Raises jinja2.UndefinedError for a context that misses something.
        """
        words = {"t": wording(language), "other": wording(other_language(language))}
        words |= {each: wording(each) for each in LANGUAGES}  # for what is said in both
        html = self._environment.get_template(template).render(
            **words, **context, language=language
        )
        page = Page(html)
        page.language = language
        return page


def page_response(
    html: str, *, status: int = 200, form_action: str | None = None, has_script: bool = False
) -> web.Response:
    """Return ``html`` as a page that can't be framed, cached, scripted or styled from outside.

    ``form_action`` is the redirect URI to which the answer to this page's form may lead, if any,
    or a scheme alone (``"https:"``). Chromium holds every redirect after a form to the policy, so
    a provider whose callback redirects on to another origin needs the scheme. Sign-in, consent
    and refusal all have a button that goes back to the provider.
    ``has_script``: of the bank's own address, and no other.
    """
    policy = _POLICY if form_action is None else f"{_POLICY} {form_action_source(form_action)}"
    if has_script:
        policy = policy.replace("script-src 'none'", "script-src 'self'")
    language = html.language if isinstance(html, Page) else DEFAULT_LANGUAGE
    own = {"Content-Security-Policy": policy, "Content-Language": language}
    return web.Response(
        body=html.encode("utf-8", "replace"),  # what a query brought need not be UTF-8
        status=status,
        content_type="text/html",
        charset="utf-8",
        headers={**_HEADERS, **own},
    )


def form_action_source(uri: str) -> str:
    """Return the policy source that covers ``uri``: its origin, or its scheme.

    The scheme where a policy can't name the host: private-use schemes of apps, addresses other
    than 127.0.0.1 (CSP 3, host-part match), names beyond ASCII. Raises ValueError for no URI.
    """
    parts = urlsplit(uri)
    if not parts.scheme:
        raise ValueError("no scheme in the redirect URI")
    host = parts.hostname or ""
    is_address = _IP_ADDRESS.match(host) is not None and host != "127.0.0.1"
    if parts.scheme not in {"http", "https"} or is_address or not _HOST_NAME.match(host):
        return f"{parts.scheme}:"
    port = "" if parts.port is None else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"


def link(url: str, /, **params: str) -> str:
    """Return ``url`` with ``params`` set in its query, as a path on this very server."""
    parts = urlsplit(url)
    kept = [(name, value) for name, value in parse_qsl(parts.query, True) if name not in params]
    # Two leading slashes, or a slash and a backslash, would name another host.
    path = "/" + parts.path.lstrip("/\\")
    return f"{path}?{urlencode([*kept, *params.items()])}"


def is_web_url(url: str) -> bool:
    return url.startswith(("https://", "http://"))


def asset_routes() -> list[web.RouteDef]:
    """Return the routes of what the pages load: style sheets, and one script."""
    paths = (STYLE_PATH, OWN_STYLE_PATH, DESK_STYLE_PATH, SCRIPT_PATH)
    return [web.get(path, _style_sender(path)) for path in paths]


def _style_sender(path: str) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def send(request: web.Request) -> web.Response:
        body, version = _style(path)
        # A query that names this version can be kept for good; the bare path is asked for again.
        is_current = request.query.get("v") == version
        keep = "public, max-age=31536000, immutable" if is_current else "no-cache"
        headers = {
            "ETag": f'"{version}"',
            "Cache-Control": keep,
            "X-Content-Type-Options": "nosniff",
        }
        if any(tag.value in {version, "*"} for tag in request.if_none_match or ()):
            return web.Response(status=304, headers=headers)
        kind = "text/javascript" if path == SCRIPT_PATH else "text/css"
        return web.Response(body=body, content_type=kind, charset="utf-8", headers=headers)

    return send


def _style_url(path: str) -> str:
    return f"{path}?v={_style(path)[1]}"


@cache
def _style(path: str) -> tuple[bytes, str]:
    """Return the style sheet at ``path`` and the version that names this very content."""
    body = files("sandbox.web").joinpath(path.lstrip("/")).read_bytes()
    return body, hashlib.sha256(body).hexdigest()[:16]
