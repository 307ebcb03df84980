"""The answer of ``…/conduct``: the report as JSON, JUnit XML, or a page with a picture.

No start of a server waits for this: the checks, the picture and XML take 20 ms to import.
"""

from asyncio import to_thread
from collections.abc import Callable, Iterable
from functools import cache
from importlib.resources import files
from typing import Any

from aiohttp import web

from sandbox.domain.conduct.call import Call
from sandbox.domain.conduct.checks import CHECKS
from sandbox.domain.conduct.facts import Api, Declared, Operation, Total
from sandbox.domain.conduct.finding import Finding, Level, Words
from sandbox.domain.conduct.verdict import Checked, Report, wanted_of
from sandbox.domain.meant import meant
from sandbox.domain.time import iso
from sandbox.services.conduct import ConductService
from sandbox.services.world import World
from sandbox.web.control.endpoint import ControlCall, Json
from sandbox.web.control.journal import filters_of
from sandbox.web.control.junit import junit
from sandbox.web.control.paging import one_of
from sandbox.web.control.problem import Problem
from sandbox.web.control.report_page import PAGE_HEADERS
from sandbox.web.control.timeline import timeline
from sandbox.web.profile import Profile

FORMATS = ("json", "junit", "html")
CALLS_SHOWN = 20  # of one finding; the rest is counted


async def judged_by(call: ControlCall) -> Json | web.StreamResponse:
    """Judge by what a scenario says in the body."""
    body = call.body
    expected, allowed = (_checks(body, name) for name in ("expect", "allow"))
    judged = {each["id"]: _findings(each) for each in body.get("judged", ())}
    _known("judged", judged)

    def seen(report: Report) -> Report:
        return wanted_of(report, judged=judged, expected=expected, allowed=allowed)

    return await answer(call, declared_of(body), seen)


def _checks(body: Json, name: str) -> frozenset[str]:
    return frozenset(_known(name, body.get(name, ())))


def _known(field: str, given: Iterable[str]) -> Iterable[str]:
    """Return ids of checks as they are. Raises ``Problem`` where there is no such check."""
    known = [check.id for check in CHECKS]
    for number, name in enumerate(given):
        if name not in known:
            problem = f"there is no check {name!r}. {meant(name, known)}"
            where = f"{field}.{number}"
            errors = [{"field": where, "problem": problem}]
            raise Problem(422, "invalid-request", f"{where}: {problem}", errors=errors)
    return given


def _findings(judged: Json) -> list[Finding]:
    return [
        Finding(calls=tuple(each["calls"]), what=Words(each["what"]["ja"], each["what"]["en"]))
        for each in judged["findings"]
    ]


def as_it_is(report: Report) -> Report:
    return report


async def answer(
    call: ControlCall, declared: Declared, seen: Callable[[Report], Report] = as_it_is
) -> Json | web.StreamResponse:
    """Judge the calls that the query asks for.

    A full journal is some seconds of writing, in a thread: nobody else waits for them.
    """
    wanted = one_of(call.request, "format", FORMATS) or "json"
    world, filters = await call.world(), filters_of(call)
    apis = apis_of(call.controls.profiles.values())
    service = ConductService(world, apis)
    report = seen(await service.report(filters, declared))
    if wanted == "junit":
        return _sent(await to_thread(junit, world.name, report), "application/xml")
    if wanted == "html":
        return _sent(await to_thread(_page, call, world, report, apis), "text/html")
    told = await to_thread(written, world, report)
    return {**told, "dropped": await world.journal.dropped()}


def _page(call: ControlCall, world: World, report: Report, apis: dict[Operation, Api]) -> str:
    picture = {"timeline": timeline(report, apis), "style": _style()}
    shown = {**written(world, report), **picture, "run": call.body.get("run")}
    return call.controls.front.pages.render("conduct.html", "ja", **shown)


@cache
def _style() -> str:
    return (files("sandbox.web") / "assets" / "conduct.css").read_text(encoding="utf-8")


def _sent(text: str, content_type: str) -> web.Response:
    return web.Response(
        body=text.encode("utf-8", "replace"),
        content_type=content_type,
        charset="utf-8",
        headers=PAGE_HEADERS,
    )


def apis_of(profiles: Iterable[Profile]) -> dict[Operation, Api]:
    """Return the tables of the banks as the checks need them."""
    return {
        (profile.name, row.operation): Api(
            api_class=row.api_class,
            scopes=frozenset(row.scope.split()),
            # What is asked by POST because its question is long changes nothing.
            changes=row.method == "POST" and not row.operation.startswith("quote_"),
        )
        for profile in profiles
        for row in profile.endpoints
    }


def declared_of(body: Json) -> Declared:
    """Return what a scenario says, from a body that its schema has found sound."""
    return Declared(
        transfers=body.get("transfers"),
        shown_as_paid=frozenset(body.get("shown_as_paid", ())),
        totals=tuple(Total(**total) for total in body.get("totals", ())),
    )


def written(world: World, report: Report) -> Json:
    """Return the report as the control API and the page have it."""
    by_id = {call.id: call for call in report.calls}
    return {
        "world": world.name,
        "now": iso(world.now()),
        "calls": len(report.calls),
        "errors": report.errors,
        "warnings": report.count(Level.WARNING),
        "missing": list(report.missing),
        "findings": [
            _finding(checked, each, by_id)
            for checked in report.checked
            for each in checked.findings
        ],
        "checks": [
            {**_named(checked), "verdict": checked.verdict.value, "needs": checked.check.needs}
            for checked in report.checked
        ],
    }


def _named(checked: Checked) -> Json:
    check = checked.check
    title, remedy = _words(check.title), _words(check.remedy)
    named = {"id": check.id, "level": check.level.value, "title": title, "remedy": remedy}
    return named if checked.wanted is None else {**named, "wanted": checked.wanted.value}


def _finding(checked: Checked, finding: Finding, calls: dict[int, Call]) -> Json:
    shown = [calls[number] for number in finding.calls[:CALLS_SHOWN] if number in calls]
    return {
        **_named(checked),
        "level": checked.level_of(finding).value,
        "what": _words(finding.what),
        "count": len(finding.calls),
        "calls": [_call(call) for call in shown],
    }


def _call(call: Call) -> Json:
    told: dict[str, Any] = {
        "id": call.id,
        "at": iso(call.at),
        "real_at": iso(call.real_at),
        "bank": call.bank,
        "operation": call.operation,
        "method": call.method,
        "path": call.path,
        "client_id": call.client_id,
        "status": call.status,
        "error_code": call.error_code,
        "reason": call.reason,
        "fault": call.fault,
        "effect": call.effect or None,
    }
    return {name: value for name, value in told.items() if value is not None}


def _words(words: Words) -> Json:
    return {"ja": words.ja, "en": words.en}
