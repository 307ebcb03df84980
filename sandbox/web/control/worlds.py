"""``/api/v1/worlds``: which there are, what is in one, making and deleting them."""

from pathlib import Path

from sandbox.clock import ClockState, clock_of, machine_now, real
from sandbox.services.population import load_people, load_personas
from sandbox.services.snapshots import SnapshotRefused, UnknownSnapshot
from sandbox.services.world import DEFAULT_WORLD, World
from sandbox.services.worlds import WorldExists, WorldRefused
from sandbox.web.control import describe
from sandbox.web.control.endpoint import ControlCall, Json
from sandbox.web.control.problem import Problem


async def list_worlds(call: ControlCall) -> Json:
    """List the worlds of this server, open or not."""
    return {"worlds": [describe.listed(call, name) for name in call.controls.front.worlds.names()]}


async def show_settings(call: ControlCall) -> Json:
    """Show the settings of the banks, the same in every world; secrets are not among them."""
    return {"settings": dict(call.controls.settings)}


async def show_world(call: ControlCall) -> Json:
    """Describe a world: its banks with issuer, endpoints, ready clients and personas."""
    return await describe.world(await call.world(), call.controls)


async def create_world(call: ControlCall) -> Json:
    """Make a world: seeded, or from a snapshot. A taken name is refused."""
    name = call.body.get("name") or f"w-{call.controls.secret(6).lower().strip('-_')}"
    try:
        world = await _made(call, name)
    except WorldExists as error:
        raise Problem(409, "world-exists", f"there is a world {name!r}; DELETE it first") from error
    except WorldRefused as error:
        raise Problem(422, "world-refused", str(error)) from error
    return await describe.world(world, call.controls)


async def _made(call: ControlCall, name: str) -> World:
    body, worlds = call.body, call.controls.front.worlds
    if "from_snapshot" in body:
        return call.use(await worlds.fork(name, await _snapshot(call, body["from_snapshot"])))
    seed = body.get("seed", call.controls.seed)
    made = await worlds.create(name, seed=seed, clock=_clock(call), personas=_personas(call))
    return call.use(made)


def _personas(call: ControlCall) -> frozenset[str] | None:
    """Return who shall live in the world, or None for all.

    Raises:
        Problem: naming those whom no bank knows.
    """
    if "personas" not in call.body:
        return None
    banks = call.controls.profiles
    known = {p.key for bank in banks for p in (*load_personas(bank), *load_people(bank))}
    chosen = frozenset(call.body["personas"])
    if unknown := sorted(chosen - known):
        raise Problem(422, "unknown-persona", f"no bank has the personas {', '.join(unknown)}")
    return chosen


def _clock(call: ControlCall) -> ClockState:
    """Return the clock that was asked for, or one like the default world's."""
    try:
        return clock_of(call.body["clock"], machine_now()) if "clock" in call.body else real()
    except ValueError as error:
        raise Problem(422, "invalid-clock", str(error)) from error


async def _snapshot(call: ControlCall, text: str) -> Path:
    """Return the file of ``snapshot`` or ``world/snapshot``."""
    world, slash, name = text.rpartition("/")
    found = await call.world(world if slash else DEFAULT_WORLD)
    try:
        return call.controls.snapshots(found).path(name)
    except (UnknownSnapshot, SnapshotRefused) as error:
        raise Problem(404, "unknown-snapshot", f"there is no snapshot {text!r}") from error


async def delete_world(call: ControlCall) -> Json:
    """Delete a world with all that is in it, its snapshots too. One that is gone is no error."""
    name = call.request.match_info["world"]
    try:
        await call.controls.delete_world(name)
    except WorldRefused as error:
        raise Problem(409, "world-refused", str(error)) from error
    return {}
