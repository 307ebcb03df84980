"""``/api/v1/worlds``: which there are, what is in one, its clock, and headless consent."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from sandbox.clock import clock_of, machine_now
from sandbox.domain.calendar import BankCalendar
from sandbox.domain.duration import parse_duration
from sandbox.domain.errors import CalendarHorizon, OutsideServiceHours
from sandbox.domain.moment import resolve_target
from sandbox.domain.oauth.errors import ShownError
from sandbox.domain.oauth.parameters import parse_parameters
from sandbox.domain.time import Instant, iso
from sandbox.services import headless
from sandbox.services.bank import Bank
from sandbox.services.clock import ClockRefused, ClockService
from sandbox.services.grants import NothingChosen
from sandbox.services.population import load_clients
from sandbox.services.sign_in import SignInRefused
from sandbox.web.control import describe
from sandbox.web.control.endpoint import ControlCall, Json
from sandbox.web.control.problem import Problem

_REQUEST_FIELDS = ("client_id", "scope", "redirect_uri", "state", "nonce", "code_challenge")


async def list_worlds(call: ControlCall) -> Json:
    """List the worlds of this server."""
    running = call.controls.front.worlds.running
    return {
        "worlds": [
            {"name": world.name, "seed": world.seed, "clock": describe.clock(world)}
            for world in sorted(running.values(), key=lambda world: world.name)
        ]
    }


async def show_world(call: ControlCall) -> Json:
    """Describe a world: its banks with issuer, endpoints, ready clients and personas."""
    return describe.world(await call.world(), call.controls)


async def show_clock(call: ControlCall) -> Json:
    """Show how the world's time passes, and what time it is."""
    return describe.clock(await call.world())


async def set_clock(call: ControlCall) -> Json:
    """Let time pass in another way: real, frozen, offset or scaled."""
    world = await call.world()
    try:
        advance = await ClockService(world).set(lambda now: clock_of(call.body, machine_now(), now))
    except (ValueError, ClockRefused) as error:
        raise Problem(422, "invalid-clock", str(error)) from error
    return {**describe.clock(world), "events": advance.events}


async def advance_clock(call: ControlCall) -> Json:
    """Move time forward and do all that falls due on the way; answers the ordered events."""
    world = await call.world()
    try:
        advance = await ClockService(world).advance(_target(call.body, world.calendar))
    except (ValueError, ClockRefused, CalendarHorizon) as error:
        raise Problem(422, "invalid-clock", str(error)) from error
    return {"now": iso(advance.now), "events": advance.events}


def _target(body: Json, calendar: BankCalendar) -> Callable[[Instant], Instant]:
    """Return the function from the world's time to the one that is asked for."""
    if "by" in body:
        length = parse_duration(body["by"])
        return lambda now: now + length
    return lambda now: resolve_target(body["to"], now, calendar)


async def authorize(call: ControlCall) -> Json:
    """Consent as a persona, without a browser; answers the redirect with its code."""
    body = call.body
    bank = await _bank(call, body["bank"])
    accounts, functions = body.get("accounts"), body.get("functions")
    try:
        consented = await headless.consent(
            bank,
            parse_parameters(urlencode(_request(body, call), errors="surrogatepass")),
            body["persona"],
            account_ids=None if accounts is None else tuple(accounts),
            functions=None if functions is None else tuple(functions),
        )
    except Exception as error:
        raise _problem_of(error, body) from error
    shown = {"redirect_to": consented.redirect_to, "code": consented.code}
    return shown if consented.state is None else {**shown, "state": consented.state}


async def _bank(call: ControlCall, name: str) -> Bank:
    if name not in call.controls.profiles:
        known = ", ".join(call.controls.profiles)
        raise Problem(404, "unknown-bank", f"there is no bank {name!r}, but {known}")
    return call.controls.front.worlds.bank(await call.world(), name)


def _request(body: Mapping[str, Any], call: ControlCall) -> dict[str, str]:
    """Return the authorization request that a browser would bring."""
    given = {name: body[name] for name in _REQUEST_FIELDS if body.get(name)}
    given["response_type"] = "code"
    if "code_challenge" in given:
        given["code_challenge_method"] = body.get("code_challenge_method", "S256")
    for client in load_clients(body["bank"]):
        if client.client_id == given["client_id"]:
            given.setdefault("redirect_uri", client.redirect_uris[0])
    given.setdefault("state", "headless")
    return given


def _problem_of(error: Exception, body: Mapping[str, Any]) -> Exception:
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
        case headless.UnknownPersona():
            detail = f"bank {body['bank']} has no persona {body['persona']!r}"
            return Problem(404, "unknown-persona", detail)
        case SignInRefused():
            return Problem(403, "sign-in-refused", error.code, error="access_denied")
        case OutsideServiceHours():
            wait_s = error.retry_after_s
            return Problem(503, "outside-service-hours", str(error), retry_after_s=wait_s)
        case NothingChosen():
            return Problem(422, "nothing-chosen", f"no {error.what} of those that are offered")
    return error
