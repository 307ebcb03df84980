"""What surrounds every API of a bank: each failure gets the bank's own shape."""

import logging

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from sandbox.domain.availability import ServiceStopped
from sandbox.domain.errors import (
    BankError,
    InsufficientScope,
    OutsideServiceHours,
    StepUpNeeded,
    TokenRejected,
    TooManyRequests,
)
from sandbox.services.journal import Entry
from sandbox.services.worlds import UnknownWorld
from sandbox.web.closed import note, stopped_page
from sandbox.web.front import Front, json_response
from sandbox.web.noting import entry_of
from sandbox.web.oauth.challenges import challenge
from sandbox.web.profile import Profile, Refusal
from sandbox.web.reasons import HEADER, helped

log = logging.getLogger("sandbox.web")


def errors(front: Front, profile: Profile) -> Middleware:
    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except BankError as error:
            _note(entry_of(request), profile, error)
            if isinstance(error, ServiceStopped) and error.is_page:
                return await front.dated(request, stopped_page(front, profile.face, request, error))
            return helped(request, await front.dated(request, refuse(request, profile, error)))
        except web.HTTPException as error:
            if error.status < 400:
                raise  # a redirect of a page
            entry_of(request).error_code = _http_refusal(profile, error).code
            return await front.dated(request, refuse_http(profile, error))
        except UnknownWorld:
            return _answer(profile, profile.http_refusals[404], [], {})
        except Exception:
            # The path only: a query string may carry a secret that does not belong in a log.
            log.exception("%s %s failed", request.method, request.path)
            refusal = profile.http_refusals[500]
            entry_of(request).error_code = refusal.code
            return await front.dated(request, _answer(profile, refusal, [], {}))

    return middleware


def _note(entry: Entry, profile: Profile, error: BankError) -> None:
    """Write down why, also where strict realism keeps it from the caller."""
    entry.error_code, entry.is_plain = profile.refusals[type(error)].of(error).code, True
    note(entry, error)
    if isinstance(error, TokenRejected):
        entry.reason = error.reason.value
        entry.holder = error.holder


def refuse(request: web.Request, profile: Profile, error: BankError) -> web.Response:
    """Say no in the bank's own code, with what the standards ask for around it."""
    refusal = profile.refusals[type(error)].of(error)
    details: list[dict[str, str]] = getattr(error, "details", [])
    headers: dict[str, str] = {}
    if isinstance(error, (TokenRejected, InsufficientScope, StepUpNeeded)):
        headers["WWW-Authenticate"] = challenge(request, error)
    if isinstance(error, TokenRejected) and not profile.policy.strict_realism:
        headers[HEADER] = error.reason.value
    elif isinstance(error, (TooManyRequests, OutsideServiceHours, ServiceStopped)):
        headers["Retry-After"] = str(error.retry_after_s)
    return _answer(profile, refusal, details, headers)


def refuse_http(profile: Profile, error: web.HTTPException) -> web.Response:
    """Say what the router or the parser found wrong: unknown path, method, size."""
    refusal = _http_refusal(profile, error)
    headers = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
    return _answer(profile, refusal, [], headers)


def _http_refusal(profile: Profile, error: web.HTTPException) -> Refusal:
    return profile.http_refusals.get(error.status) or profile.http_refusals[400]


def _answer(
    profile: Profile, refusal: Refusal, details: list[dict[str, str]], headers: dict[str, str]
) -> web.Response:
    response = json_response(profile.error_body(refusal, details), status=refusal.status)
    response.headers.update(headers)
    return response
