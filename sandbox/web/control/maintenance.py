"""``…/maintenance``: stops with notice and without, what is narrowed, and what has ended."""

from collections.abc import Iterable

from sandbox.domain.availability import Scope, Stop, StopKind
from sandbox.domain.duration import parse_duration
from sandbox.domain.time import Instant, iso
from sandbox.services.opening import Announcement, OpeningRefused, OpeningService, new_stop_id
from sandbox.services.world import World
from sandbox.web.control.calendar import announcement, moment
from sandbox.web.control.consent import bank_of
from sandbox.web.control.endpoint import ControlCall, Json
from sandbox.web.control.problem import Problem

OAUTH_OPERATIONS = frozenset({"authorize", "par", "token", "userinfo", "desk"})
CAUSES = {StopKind.MAINTENANCE: "maintenance", StopKind.OUTAGE: "technical"}


async def list_stops(call: ControlCall) -> Json:
    """List the stops of every bank, those that are over included, by their beginning."""
    world = await call.world()
    return {"maintenance": [shown(stop, world.now()) for stop in world.availability.stops]}


async def add_stop(call: ControlCall) -> Json:
    """Stop a service, all of it or a part; narrow the linkage; or end it. In force at once."""
    world = await call.world()
    await _check_names(call)
    said = announcement(call.body, world)
    stop = wanted(call.body, world, said)
    try:
        await OpeningService(world).add_stop(stop, said)
    except OpeningRefused as error:
        raise Problem(409, "refused", str(error)) from error
    return shown(stop, world.now())


async def show_stop(call: ControlCall) -> Json:
    """Show one stop."""
    world, stop_id = await call.world(), call.request.match_info["id"]
    stop = world.availability.find(stop_id)
    if stop is None:
        raise Problem(404, "unknown-stop", f"there is no stop {stop_id!r}")
    return shown(stop, world.now())


async def remove_stop(call: ControlCall) -> Json:
    """Take a stop away: the next call meets an open bank. Grants that lapsed stay dead."""
    await OpeningService(await call.world()).remove_stop(call.request.match_info["id"])
    return {}


def shown(stop: Stop, now: Instant) -> Json:
    found: Json = {
        "id": stop.stop_id,
        "bank": stop.bank,
        "kind": stop.kind.value,
        **stop.scope.fields(),
        "from": iso(stop.from_at),
        "style": "html" if stop.is_page else "json",
        "cause": stop.cause,
        "holds": stop.holds_at(now),
        "lapse": stop.lapses,
    }
    if stop.until_at is not None:
        found |= {"until": iso(stop.until_at), "ends_at": iso(stop.until_at + stop.overrun_ms)}
    if stop.announced_at is not None:
        found["announced_at"] = iso(stop.announced_at)
    return found | ({"fields": sorted(stop.fields)} if stop.fields else {})


def wanted(body: Json, world: World, said: Announcement | None) -> Stop:
    """Return the stop that a sound request asks for.

    Raises:
        Problem: moments that do not fit, or what this kind of stop does not have.
    """
    kind = StopKind(body.get("kind", StopKind.MAINTENANCE))
    scope, fields = Scope.of(body), frozenset(body.get("fields", ()))
    _check_kind(kind, body, scope)
    from_at = moment(body["from"], world, "from") if "from" in body else world.now()
    until_at = _until(body, world, from_at)
    if kind is StopKind.MAINTENANCE and until_at is None:
        raise _refused("until", "maintenance has an end: give until or for")
    may_lapse = kind is StopKind.END and _may_lapse(scope)
    return Stop(
        stop_id=new_stop_id(world),
        bank=body["bank"],
        kind=kind,
        scope=scope,
        from_at=from_at,
        until_at=until_at,
        overrun_ms=_duration(body, "overrun") or 0,
        announced_at=None if said is None else said.at,
        is_page=body.get("style") == "html",
        cause=body.get("cause", CAUSES.get(kind, "business")),
        retry_after_s=(_duration(body, "retry_after") or 300_000) // 1000,
        fields=fields,
        lapses=body.get("lapse", may_lapse),
    )


def _may_lapse(scope: Scope) -> bool:
    others = (scope.contractor_id, scope.account_id, scope.branch_code)
    return scope.is_whole and not any(others)


_OWN = {
    "overrun": (StopKind.MAINTENANCE,),
    "style": (StopKind.MAINTENANCE, StopKind.OUTAGE),
    "until": (StopKind.MAINTENANCE, StopKind.OUTAGE),
    "for": (StopKind.MAINTENANCE, StopKind.OUTAGE),
    "fields": (StopKind.NARROW,),
    "lapse": (StopKind.END,),
}


def _check_kind(kind: StopKind, body: Json, scope: Scope) -> None:
    for field, kinds in _OWN.items():
        if field in body and kind not in kinds:
            raise _refused(field, f"a stop of kind {kind} has none")
    if kind is StopKind.NARROW and not (body.get("fields") or scope.operations or scope.functions):
        raise _refused("operations", "say which operations, functions or fields go")
    if body.get("lapse") and not _may_lapse(scope):
        raise _refused("lapse", "grants lapse with all of a bank's linkage, or all of a client's")


def _until(body: Json, world: World, from_at: Instant) -> Instant | None:
    if "until" in body and "for" in body:
        raise _refused("for", "give either until or for")
    length = _duration(body, "for")
    if "until" not in body:
        return None if length is None else from_at + length
    until_at = moment(body["until"], world, "until")
    if until_at <= from_at:
        raise _refused("until", f"must be after from, {iso(from_at)}")
    return until_at


def _duration(body: Json, field: str) -> int | None:
    if field not in body:
        return None
    try:
        length = parse_duration(body[field])
    except ValueError as error:
        raise _refused(field, str(error)) from error
    if length < 1000:
        raise _refused(field, "must be at least one second")
    return length


async def _check_names(call: ControlCall) -> None:
    """Refuse names that nothing of the bank has: such a stop would cover nothing, silently."""
    bank = await bank_of(call, call.body["bank"])
    rows = call.controls.profiles[bank.name].endpoints
    operations = {row.operation for row in rows} | OAUTH_OPERATIONS
    functions = {row.function for row in rows if row.function is not None}
    _check_known("operations", call.body.get("operations", ()), operations)
    _check_known("functions", call.body.get("functions", ()), functions)


def _check_known(field: str, given: Iterable[str], known: Iterable[str]) -> None:
    if unknown := sorted(set(given) - set(known)):
        named = ", ".join(sorted(known)) or "none"
        raise _refused(field, f"this bank has no {unknown[0]!r}, but {named}")


def _refused(field: str, problem: str) -> Problem:
    return Problem(422, "invalid-request", f"{field}: {problem}")
