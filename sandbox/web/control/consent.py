"""``…/authorize``: the consent of a persona without a browser, through the pages' own services."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

from sandbox.domain.availability import LinkageEnded, ServiceStopped
from sandbox.domain.errors import OutsideServiceHours
from sandbox.domain.oauth.errors import OAuthError, ShownError
from sandbox.domain.oauth.parameters import parse_parameters
from sandbox.services.bank import Bank
from sandbox.services.oauth import headless
from sandbox.services.oauth.grants import NothingChosen
from sandbox.services.oauth.registration import UnknownClient
from sandbox.services.sign_in import SignInRefused
from sandbox.web.control.endpoint import ControlCall, Json
from sandbox.web.control.problem import Problem

_REQUEST_FIELDS = ("client_id", "scope", "redirect_uri", "state", "nonce", "code_challenge")


async def authorize(call: ControlCall) -> Json:
    """Consent as a persona, without a browser; answers the redirect with its code."""
    body = call.body
    bank = await bank_of(call, body["bank"])
    accounts, functions = body.get("accounts"), body.get("functions")
    try:
        consented = await headless.consent(
            bank,
            parse_parameters(await authorization_request(call, bank)),
            body["persona"],
            account_ids=None if accounts is None else tuple(accounts),
            functions=None if functions is None else tuple(functions),
        )
    except Exception as error:
        raise problem_of(error, body) from error
    shown = {"redirect_to": consented.redirect_to, "code": consented.code}
    return shown if consented.state is None else {**shown, "state": consented.state}


async def bank_of(call: ControlCall, name: str) -> Bank:
    if name not in call.controls.profiles:
        known = ", ".join(call.controls.profiles)
        raise Problem(404, "unknown-bank", f"there is no bank {name!r}, but {known}")
    return call.controls.front.worlds.bank(await call.world(), name)


async def authorization_request(call: ControlCall, bank: Bank) -> str:
    """Return the query that a browser would bring to the authorization endpoint."""
    body = call.body
    given = {name: body[name] for name in _REQUEST_FIELDS if body.get(name)}
    given["response_type"] = "code"
    if "code_challenge" in given:
        given["code_challenge_method"] = body.get("code_challenge_method", "S256")
    with suppress(UnknownClient):  # the checks will say so
        client = await bank.registration.find(given["client_id"])
        if client.redirect_uris:
            given.setdefault("redirect_uri", client.redirect_uris[0])
    given.setdefault("state", "headless")
    return urlencode(given, errors="surrogatepass")


def problem_of(error: Exception, body: Mapping[str, Any]) -> Exception:
    """Say what would have been on the page, or in the redirect, instead of a code."""
    match error:
        case ShownError():
            return Problem(400, "authorization-refused", error.code, error=error.code)
        case headless.HeadlessRefused():
            return Problem(
                400,
                "authorization-refused",
                error.description,
                error=error.error,
                redirect_to=error.redirect_to,
            )
        case OAuthError():
            return Problem(400, "authorization-refused", error.description, error=error.error)
        case headless.UnknownPersona():
            detail = f"bank {body['bank']} has no persona {body['persona']!r}"
            return Problem(404, "unknown-persona", detail)
        case SignInRefused():
            return Problem(403, "sign-in-refused", error.code, error="access_denied")
        case OutsideServiceHours():
            wait_s = error.retry_after_s
            return Problem(503, "outside-service-hours", str(error), retry_after_s=wait_s)
        case ServiceStopped():
            wait_s = error.retry_after_s
            return Problem(503, "service-unavailable", str(error), retry_after_s=wait_s)
        case LinkageEnded():
            return Problem(410, "linkage-ended", str(error))
        case NothingChosen():
            return Problem(422, "nothing-chosen", f"no {error.what} of those that are offered")
    return error
