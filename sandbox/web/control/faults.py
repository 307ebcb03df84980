"""``…/faults``: rules that make calls go wrong, and what a call would meet."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from sandbox.domain.duration import parse_duration
from sandbox.domain.effect import TLS_KINDS
from sandbox.domain.effect_rules import default_times, problem_of, stages_of
from sandbox.domain.fault import FaultRule
from sandbox.domain.fault_match import KnownCall, in_vain
from sandbox.domain.fault_window import Window
from sandbox.domain.time import iso
from sandbox.services.faults import DEFAULT_TTL_MS, FaultRefused, Wanted
from sandbox.services.world import World
from sandbox.web.control.endpoint import ControlCall, Json
from sandbox.web.control.problem import Problem
from sandbox.web.faults.known import known_calls
from sandbox.web.faults.listeners import ListenerRefused, Listeners

ID_BYTES = 9
TLS_OFF = "the server runs without TLS: start it with --tls or SANDBOX_TLS=1"
# What chooses calls, where a rule strikes some of them.
OF_CALLS = {"match", "times", "skip", "every", "probability", "seed", "window"}
T = TypeVar("T")


def shown(rule: FaultRule, listeners: Listeners) -> Json:
    found: Json = {
        "id": rule.fault_id,
        "match": dict(rule.match),
        "effect": dict(rule.effect),
        "stage": rule.stage,
        "skip": rule.skip,
        "every": rule.every,
        "probability": rule.probability,
        "seen": rule.seen,
        "struck": rule.struck,
    }
    if rule.times is not None:
        found["times"] = rule.times
    if rule.window is not None:
        found["window"] = dict(rule.window.given)
    if rule.ends_at is not None:
        found["ends_at"] = iso(rule.ends_at)
    if (url := listeners.url_of(rule.fault_id)) is not None:
        found["url"] = url
    return found


async def list_faults(call: ControlCall) -> Json:
    """List the rules in the order in which a call asks them."""
    world = await call.world()
    listeners = await _listeners(call, world)
    return {"faults": [shown(rule, listeners) for rule in world.faults.list_live()]}


async def add_fault(call: ControlCall) -> Json:
    """Add a rule behind those that are there. It is in force for the next call."""
    world, asked = await call.world(), wanted(call.body, _calls(call))
    if asked.effect["kind"] in TLS_KINDS and not call.controls.front.listeners.can_open:
        raise Problem(409, "tls-off", TLS_OFF)
    fault_id = f"f{call.controls.secret(ID_BYTES)}"
    try:
        rule = await world.faults.add(fault_id, asked)
        await call.controls.front.listeners.keep_up(world)
        return shown(rule, call.controls.front.listeners)
    except FaultRefused as error:
        raise Problem(409, "refused", str(error)) from error
    except ListenerRefused as error:
        await world.faults.remove(fault_id)
        raise Problem(409, "refused", str(error)) from error


async def _listeners(call: ControlCall, world: World) -> Listeners:
    """Return the listeners, with those open that the world's rules ask for, as far as can be."""
    listeners = call.controls.front.listeners
    with suppress(ListenerRefused):
        await listeners.keep_up(world)
    return listeners


async def show_fault(call: ControlCall) -> Json:
    """Show one rule and how often it has struck."""
    world, fault_id = await call.world(), call.request.match_info["id"]
    for rule in world.faults.list_live():
        if rule.fault_id == fault_id:
            return shown(rule, await _listeners(call, world))
    raise Problem(404, "unknown-fault", f"there is no rule {fault_id!r}, or it has ended")


async def remove_fault(call: ControlCall) -> Json:
    """Take a rule away; one that is not there is gone already."""
    await (await call.world()).faults.remove(call.request.match_info["id"])
    return {}


async def clear_faults(call: ControlCall) -> Json:
    """Take every rule away."""
    await (await call.world()).faults.clear()
    return {}


async def explain_fault(call: ControlCall) -> Json:
    """Tell which rule would strike such a call, and why the others would not."""
    world = await call.world()
    verdicts = world.faults.explain(call.body["request"])
    strikes = next((v.rule.fault_id for v in verdicts if v.why_not is None), None)
    return {"strikes": strikes, "rules": [_verdict(v.rule.fault_id, v.why_not) for v in verdicts]}


def _verdict(fault_id: str, why_not: str | None) -> Json:
    told: Json = {"id": fault_id, "strikes": why_not is None}
    return told if why_not is None else {**told, "why_not": why_not}


def _calls(call: ControlCall) -> list[KnownCall]:
    return known_calls(call.controls.profiles.values())


def wanted(body: dict[str, Any], calls: Sequence[KnownCall] = ()) -> Wanted:
    """Return the rule that a sound request asks for.

    Args:
        calls: that the banks know, to hold its match against.

    Raises:
        Problem: a time to live or a window that is none, a stage at which the effect cannot
            strike, parameters that do not go together, or a match that nothing can be.
    """
    effect, match = body["effect"], body.get("match", {})
    stages = stages_of(effect)
    stage = body.get("stage", stages[0])
    if stage not in stages:
        raise _wrong("stage", f"this effect strikes {' or '.join(stages)}")
    given = [name for name in sorted(OF_CALLS) if body.get(name)]
    if effect["kind"] in TLS_KINDS and given:
        raise _wrong(given[0], "a listener is there for every call: leave it out")
    if vain := in_vain(match, stage, calls):
        raise _wrong(f"match.{vain.key}", str(vain))
    ttl_ms = _read("ttl", parse_duration, body.get("ttl"), DEFAULT_TTL_MS)
    window = _read("window", Window.of, body.get("window"), None)
    if problem := problem_of(effect, window):
        raise _wrong("effect", problem)
    return Wanted(
        match=match,
        effect=effect,
        stage=stage,
        times=body.get("times", default_times(effect, match.get("method"))),
        skip=body.get("skip", 0),
        every=body.get("every", 1),
        probability=body.get("probability", 1.0),
        seed=body.get("seed"),
        window=window,
        ttl_ms=ttl_ms,
    )


def _read(name: str, reader: Callable[[Any], T], value: Any, default: T) -> T:
    try:
        return default if value is None else reader(value)
    except ValueError as error:
        raise _wrong(name, str(error)) from error


def _wrong(name: str, problem: str) -> Problem:
    errors = [{"field": name, "problem": problem}]
    return Problem(422, "invalid-request", f"{name}: {problem}", errors=errors)
