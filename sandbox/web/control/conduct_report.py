"""The answer of ``…/conduct``: the report as JSON, JUnit XML, or a page with a picture.

No start of a server waits for this: the checks, the picture and XML take 20 ms to import.
"""

from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Any

from aiohttp import web

from sandbox.domain.conduct.call import Call
from sandbox.domain.conduct.facts import Api, Declared, Operation, Total
from sandbox.domain.conduct.finding import Finding, Level, Words
from sandbox.domain.conduct.verdict import Checked, Report
from sandbox.domain.time import iso
from sandbox.services.conduct import ConductService
from sandbox.services.world import World
from sandbox.web.control.endpoint import ControlCall, Json
from sandbox.web.control.journal import filters_of
from sandbox.web.control.junit import junit
from sandbox.web.control.paging import one_of
from sandbox.web.control.report_page import PAGE_HEADERS
from sandbox.web.control.timeline import timeline
from sandbox.web.profile import Profile

FORMATS = ("json", "junit", "html")
CALLS_SHOWN = 20  # of one finding; the rest is counted


async def answer(call: ControlCall, declared: Declared) -> Json | web.StreamResponse:
    """Judge the calls that the query asks for."""
    wanted = one_of(call.request, "format", FORMATS) or "json"
    world, filters = await call.world(), filters_of(call)
    apis = apis_of(call.controls.profiles.values())
    service = ConductService(world, apis)
    report = await service.report(filters, declared)
    if wanted == "junit":
        return _sent(junit(world.name, report), "application/xml")
    if wanted == "html":
        picture = {"timeline": timeline(report, apis), "style": _style()}
        shown = {**written(world, report), **picture, "run": call.body.get("run")}
        page = call.controls.front.pages.render("conduct.html", "ja", **shown)
        return _sent(page, "text/html")
    return {**written(world, report), "dropped": await world.journal.dropped()}


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
        "errors": report.count(Level.ERROR),
        "warnings": report.count(Level.WARNING),
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
    return {"id": check.id, "level": check.level.value, "title": title, "remedy": remedy}


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
