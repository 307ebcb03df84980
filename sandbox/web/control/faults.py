"""``…/faults``: rules that make calls go wrong, and what a call would meet."""

from typing import Any

from sandbox.domain.duration import parse_duration
from sandbox.domain.fault import FaultRule
from sandbox.domain.oauth.mischief import stages_of
from sandbox.domain.time import iso
from sandbox.services.faults import DEFAULT_TTL_MS, FaultRefused, Wanted
from sandbox.web.control.endpoint import ControlCall, Json
from sandbox.web.control.problem import Problem

ID_BYTES = 9


def shown(rule: FaultRule) -> Json:
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
    if rule.ends_at is not None:
        found["ends_at"] = iso(rule.ends_at)
    return found


async def list_faults(call: ControlCall) -> Json:
    """List the rules in the order in which a call asks them."""
    world = await call.world()
    return {"faults": [shown(rule) for rule in world.faults.list_live()]}


async def add_fault(call: ControlCall) -> Json:
    """Add a rule behind those that are there. It is in force for the next call."""
    world = await call.world()
    try:
        rule = await world.faults.add(f"f{call.controls.secret(ID_BYTES)}", wanted(call.body))
    except FaultRefused as error:
        raise Problem(409, "refused", str(error)) from error
    return shown(rule)


async def show_fault(call: ControlCall) -> Json:
    """Show one rule and how often it has struck."""
    world, fault_id = await call.world(), call.request.match_info["id"]
    for rule in world.faults.list_live():
        if rule.fault_id == fault_id:
            return shown(rule)
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


def wanted(body: dict[str, Any]) -> Wanted:
    """Return the rule that a sound request asks for.

    Raises:
        Problem: a time to live that is none, or a stage at which the effect cannot strike.
    """
    stages = stages_of(body["effect"])
    stage = body.get("stage", stages[0])
    if stage not in stages:
        raise Problem(422, "invalid-request", f"stage: this effect strikes {' or '.join(stages)}")
    try:
        ttl_ms = parse_duration(body["ttl"]) if "ttl" in body else DEFAULT_TTL_MS
    except ValueError as error:
        raise Problem(422, "invalid-request", f"ttl: {error}") from error
    return Wanted(
        match=body.get("match", {}),
        effect=body["effect"],
        stage=stage,
        times=body.get("times"),
        skip=body.get("skip", 0),
        every=body.get("every", 1),
        probability=body.get("probability", 1.0),
        ttl_ms=ttl_ms,
    )
