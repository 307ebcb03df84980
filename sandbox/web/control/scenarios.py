"""``…/scenarios``: playing a scenario against an app under test, from the control door."""

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from aiohttp import web

from sandbox.clock import Mode, machine_now
from sandbox.domain.moment import parse_instant
from sandbox.services.world import World
from sandbox.web.control.endpoint import ControlCall, ControlEndpoint, Json
from sandbox.web.control.problem import Problem
from sandbox.web.control.report_page import PAGE_HEADERS
from sandbox.web.control.runs import RunRefused, ScenarioRun, stop
from sandbox.web.faults.known import known_calls

if TYPE_CHECKING:
    from sandbox.scenarios.model import Scenario

ID_BYTES = 9
TYPES = {
    "run.json": "application/json",
    "run.xml": "application/xml",
    "conduct.html": "text/html",
    "conduct.xml": "application/xml",
}


async def list_scenarios(call: ControlCall) -> Json:
    """List this world's runs, oldest first, and the scenarios that come along."""
    from sandbox.scenarios.library import names

    world = await call.world()
    runs = call.controls.runs.list_of(world.name)
    return {"scenarios": [run.brief() for run in runs], "library": names()}


async def start_scenario(call: ControlCall) -> Json:
    """Play a scenario in the background, in this world as it stands.

    ``scenario``: the name of one that comes along, or its YAML text. The scenario says which seed
    and clock it was written for; ``notes`` tell where this world differs.
    """
    world = await call.world()
    against = _address(call.body["against"])
    scenario = await _scenario(call)
    run = ScenarioRun(
        run_id=f"s{call.controls.secret(ID_BYTES)}",
        world=world.name,
        scenario=scenario,
        against=against,
        started_at=machine_now(),
        is_stepped=call.body.get("step", False),
        notes=tuple(await _differences(call, world, scenario)),
    )
    try:
        call.controls.runs.start(run, _own_url(call), _token(call))
    except RunRefused as error:
        raise Problem(409, "refused", str(error)) from error
    return run.shown()


async def show_scenario(call: ControlCall) -> Json:
    """Show a run: its state, the steps so far, and the verdict once there is one."""
    return (await _run(call)).shown()


async def step_scenario(call: ControlCall) -> Json:
    """Let a run that waits after each step take the next one."""
    run = await _run(call)
    try:
        run.go_on()
    except RunRefused as error:
        raise Problem(409, "refused", str(error)) from error
    return run.shown()


async def show_report(call: ControlCall) -> web.Response:
    """Answer a report of a run that has ended: a file, as ``bank-sandbox run --report`` has it."""
    run, name = await _run(call), call.request.match_info["file"]
    if name not in TYPES:
        raise Problem(404, "unknown-scenario", f"a run has {', '.join(TYPES)}, and no {name!r}")
    if name not in run.reports:
        why = "its reports are gone" if run.verdict is not None else f"it is {run.state.value}"
        raise Problem(409, "refused", f"there is no report of this run: {why}")
    return web.Response(
        body=run.reports[name],
        content_type=TYPES[name],
        charset="utf-8",
        headers={**PAGE_HEADERS, "Content-Disposition": f'inline; filename="{name}"'},
    )


async def read_library(call: ControlCall) -> Json:
    """Read a scenario that comes along: its story, and its YAML text."""
    from sandbox.scenarios.library import text_of

    await call.world()
    name = call.request.match_info["name"]
    scenario = _named(name, 404)
    return {**_told(scenario), "text": text_of(name)}


async def check_scenario(call: ControlCall) -> Json:
    """Say what is wrong with a scenario, line by line, and run nothing."""
    world = await call.world()
    scenario = await _scenario(call)
    notes = await _differences(call, world, scenario)
    return {**_told(scenario), "notes": notes}


def _told(scenario: "Scenario") -> Json:
    return {
        "name": scenario.name,
        "title": {"ja": scenario.title.ja, "en": scenario.title.en},
        "story": {"ja": scenario.story.ja, "en": scenario.story.en},
        "seed": scenario.seed,
        "clock": scenario.clock,
        "settings": dict(scenario.settings),
        "steps_planned": len(scenario.timeline),
    }


async def stop_scenario(call: ControlCall) -> Json:
    """Stop a run where it is; one that has ended stays as it was."""
    run = await _run(call)
    await stop([run])
    return run.shown()


async def _run(call: ControlCall) -> ScenarioRun:
    world, run_id = await call.world(), call.request.match_info["id"]
    run = call.controls.runs.find(world.name, run_id)
    if run is None:
        raise Problem(404, "unknown-scenario", f"there is no run {run_id!r} in this world")
    return run


def _address(text: str) -> str:
    """Return the app's address. Raises ``Problem`` for what is none."""
    try:
        parts = urlsplit(text)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_address = False
    if not is_address:
        problem = "must be the app's address, such as http://127.0.0.1:8000"
        errors = [{"field": "against", "problem": problem}]
        raise Problem(422, "invalid-request", f"against: {problem}", errors=errors)
    return text


async def _scenario(call: ControlCall) -> "Scenario":
    """Return a scenario by its name or its text. Never a file of the server's: only those."""
    from sandbox.scenarios.mistakes import ScenarioInvalid
    from sandbox.scenarios.reading import read_scenario

    text: str = call.body["scenario"]
    if not any(sign in text for sign in ":\n{"):
        return _named(text, 422)
    try:
        # Aside: a large text takes seconds, and the bank goes on meanwhile.
        calls = known_calls(call.controls.profiles.values())
        return await asyncio.to_thread(read_scenario, text, call.controls.resources(), calls)
    except ScenarioInvalid as error:
        errors = [
            {"line": each.line, "field": each.place, "problem": each.problem, "remedy": each.remedy}
            for each in error.mistakes
        ]
        raise Problem(422, "invalid-scenario", str(error), errors=errors) from error


def _named(name: str, status: int) -> "Scenario":
    """Return a scenario that comes along. ``status``: of the problem where there is none."""
    from sandbox.scenarios.library import names, text_of
    from sandbox.scenarios.reading import read_scenario

    if name not in names():
        detail = f"there is no scenario {name!r}; there are: {', '.join(names())}"
        raise Problem(status, "unknown-scenario", detail)
    return read_scenario(text_of(name))


async def _differences(call: ControlCall, world: World, scenario: "Scenario") -> list[str]:
    """Return what of a world and its server is not as the scenario begins."""
    from sandbox.scenarios.bank_settings import differences

    found = differences(scenario.settings, call.controls.settings)
    if world.seed != scenario.seed:
        found.append(f"the world's seed is {world.seed}, the scenario's {scenario.seed}")
    if not _stands_at(world, scenario.clock):
        found.append(f"the world's clock is not frozen at {scenario.clock}")
    if await world.journal.last_id():
        found.append("the journal may hold calls of before, which are judged as well")
    return found


def _stands_at(world: World, clock: str) -> bool:
    try:
        return world.clock.state.mode is Mode.FROZEN and world.now() == parse_instant(clock)
    except ValueError:
        return False


def _own_url(call: ControlCall) -> str:
    """Return where this very call came in: the door's own address, whatever name it was given."""
    transport = call.request.transport
    assert transport is not None  # else nobody waits for the answer
    host, port = transport.get_extra_info("sockname")[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _token(call: ControlCall) -> str | None:
    return call.request.headers.get("Authorization", "").partition(" ")[2] or None


SCENARIOS = "/api/v1/worlds/{world}/scenarios"
SCENARIO_ROWS = (
    ControlEndpoint(
        method="GET",
        path=SCENARIOS,
        answer=list_scenarios,
        title="Runs of scenarios",
        reply_schema="control/scenarios",
    ),
    ControlEndpoint(
        method="POST",
        path=SCENARIOS,
        answer=start_scenario,
        title="Run a scenario",
        reply_schema="control/scenario",
        request_schema="control/scenario_request",
        status=202,
    ),
    ControlEndpoint(
        method="POST",
        path=f"{SCENARIOS}/check",
        answer=check_scenario,
        title="Check a scenario",
        reply_schema="control/scenario_told",
        request_schema="control/scenario_check_request",
    ),
    ControlEndpoint(
        method="GET",
        path=f"{SCENARIOS}/library/{{name}}",
        answer=read_library,
        title="Read a scenario that comes along",
        reply_schema="control/scenario_told",
    ),
    ControlEndpoint(
        method="POST",
        path=f"{SCENARIOS}/{{id}}/step",
        answer=step_scenario,
        title="Take the next step of a run",
        reply_schema="control/scenario",
    ),
    ControlEndpoint(
        method="GET",
        path=f"{SCENARIOS}/{{id}}/reports/{{file}}",
        answer=show_report,
        title="A report of a run",
        reply_schema=None,
        media_type="text/html",
    ),
    ControlEndpoint(
        method="GET",
        path=f"{SCENARIOS}/{{id}}",
        answer=show_scenario,
        title="One run of a scenario",
        reply_schema="control/scenario",
    ),
    ControlEndpoint(
        method="DELETE",
        path=f"{SCENARIOS}/{{id}}",
        answer=stop_scenario,
        title="Stop a run",
        reply_schema="control/scenario",
    ),
)
