"""Answers that a fault rule gives in the bank's stead (F-18, F-20, F-21, F-24, F-26…F-28)."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from aiohttp import web

from sandbox.clock import machine_now
from sandbox.domain.fault import FaultRule
from sandbox.services.faults import Strike
from sandbox.services.world import World
from sandbox.web.front import http_date, json_response, stamped
from sandbox.web.profile import Refusal

if TYPE_CHECKING:
    from sandbox.web.profile import Profile

Effect = Mapping[str, Any]
RETRY_AFTER = "Retry-After"
MAINTENANCE = """<!DOCTYPE html>
<html lang="ja"><head><meta charset="UTF-8"><title>メンテナンス中</title></head>
<body><h1>ただいまメンテナンス中です</h1>
<p>ご迷惑をおかけいたします。しばらくしてから再度お試しください。</p>
<p>The service is under maintenance.</p></body></html>
"""
_OAUTH_CODES = {400: "invalid_request", 401: "invalid_client", 403: "access_denied"}
_OAUTH_CODES |= {429: "temporarily_unavailable", 503: "temporarily_unavailable"}
_OAUTH_CODES |= {504: "temporarily_unavailable"}
DESCRIPTION = "a fault rule of the sandbox asked for this answer"


def answer_of(
    strike: Strike, request: web.Request, profile: "Profile", world: World, *, is_oauth: bool
) -> tuple[web.Response, str | None]:
    """Return the answer of an effect that is one, and its error code for the journal."""
    effect, now = strike.rule.effect, world.now()
    match effect["kind"]:
        case "maintenance_page":
            return stamped_page(request, effect), None
        case "redirect":
            return redirect(request, effect), None
        case "status_mix":
            effect = _drawn(strike)
        case "outage":
            effect = {"status": 503, **effect, "retry_after_s": _seconds_left(strike.rule, world)}
        case "rate_limit" | "punish_early_retry":
            effect = {"status": 429, **effect, "retry_after_s": math.ceil(strike.wait_ms / 1000)}
        case "lost_answer":
            effect = {"status": 504}
    response, code = refusal(effect, profile, is_oauth=is_oauth)
    wait_s, form = effect.get("retry_after_s"), effect.get("retry_after", "seconds")
    if wait_s is not None and form != "none":
        is_date = form == "date"
        response.headers[RETRY_AFTER] = http_date(now + wait_s * 1000) if is_date else str(wait_s)
    return stamped_response(request, response), code


def refusal(effect: Effect, profile: "Profile", *, is_oauth: bool) -> tuple[web.Response, str]:
    """Say a status in the bank's own shape, or in OAuth's at its endpoints."""
    status: int = effect["status"]
    if is_oauth:
        code = effect.get("code") or _OAUTH_CODES.get(status, "server_error")
        body = {"error": code, "error_description": effect.get("message", DESCRIPTION)}
    else:
        usual = _usual(profile, status)
        code = effect.get("code") or usual.code
        said = Refusal(status, code, effect.get("message") or usual.message)
        body = profile.error_body(said, [])
    return json_response(effect.get("body", body), status=status), code


def _usual(profile: "Profile", status: int) -> Refusal:
    known = [*profile.refusals.values(), *profile.http_refusals.values()]
    found = next((each for each in known if each.status == status), None)
    return found or profile.http_refusals[500]


def redirect(request: web.Request, effect: Effect) -> web.Response:
    location = effect.get("location") or request.raw_path
    response = web.Response(status=effect.get("status", 302), headers={"Location": location})
    return stamped_response(request, response)


def stamped_page(request: web.Request, effect: Effect) -> web.Response:
    kind = effect.get("content_type", "text/html; charset=UTF-8")
    body = effect.get("template", MAINTENANCE).encode("utf-8", "replace")
    headers = {"Content-Type": kind, "Cache-Control": "no-store"}
    response = web.Response(body=body, status=effect.get("status", 503), headers=headers)
    return stamped_response(request, response)


def stamped_response(request: web.Request, response: web.Response) -> web.Response:
    stamped(request, response)
    return response


def _drawn(strike: Strike) -> Effect:
    choices: list[Effect] = strike.rule.effect["choices"]
    weights = [choice["weight"] for choice in choices]
    return strike.draws.choices(choices, weights)[0]


def _seconds_left(rule: FaultRule, world: World) -> int | None:
    assert rule.window is not None  # an outage has one
    now = machine_now() if rule.window.is_machine else world.now()
    end = rule.window.ends_after(now, world.calendar)
    return None if end is None else math.ceil((end - now) / 1000)
