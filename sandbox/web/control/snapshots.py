"""``…/snapshots`` and ``…/reset``: keeping a world, going back, starting over."""

from aiohttp import web

from sandbox.domain.time import iso
from sandbox.services.resets import ResetService
from sandbox.services.snapshots import (
    Snapshot,
    SnapshotRefused,
    SnapshotService,
    SnapshotUnusable,
    UnknownSnapshot,
)
from sandbox.web.control import describe
from sandbox.web.control.endpoint import ControlCall, Json
from sandbox.web.control.problem import Problem

CHUNK_BYTES = 256 * 1024


async def _snapshots(call: ControlCall) -> SnapshotService:
    return call.controls.snapshots(await call.world())


def shown(snapshot: Snapshot) -> Json:
    return {
        "name": snapshot.name,
        "now": iso(snapshot.at),
        "taken_at": iso(snapshot.taken_at),
        "size_bytes": snapshot.size_bytes,
        "automatic": snapshot.is_automatic,
    }


async def list_snapshots(call: ControlCall) -> Json:
    """List the world's snapshots, oldest first."""
    return {"snapshots": [shown(each) for each in (await _snapshots(call)).list_all()]}


async def take_snapshot(call: ControlCall) -> Json:
    """Keep the world as it stands. The same name again replaces the earlier one."""
    try:
        return shown(await (await _snapshots(call)).take(call.body["name"]))
    except SnapshotRefused as error:
        raise Problem(422, "snapshot-refused", str(error)) from error


async def restore_snapshot(call: ControlCall) -> Json:
    """Bring back data, tokens, grants and clock together."""
    snapshots, name = await _snapshots(call), call.request.match_info["name"]
    try:
        await snapshots.restore(name)
    except (UnknownSnapshot, SnapshotRefused) as error:
        raise unknown(name) from error
    except SnapshotUnusable as error:
        raise Problem(422, "snapshot-refused", f"{error}; the world is as it was") from error
    return describe.clock(await call.world())


async def delete_snapshot(call: ControlCall) -> Json:
    """Delete a snapshot. One that is gone already is no error."""
    try:
        (await _snapshots(call)).delete(call.request.match_info["name"])
    except SnapshotRefused as error:
        raise unknown(call.request.match_info["name"]) from error
    return {}


async def download_snapshot(call: ControlCall) -> web.StreamResponse:
    """Send the snapshot: a SQLite file."""
    snapshots, name = await _snapshots(call), call.request.match_info["name"]
    try:
        path = snapshots.path(name)
    except (UnknownSnapshot, SnapshotRefused) as error:
        raise unknown(name) from error
    headers = {
        "Content-Type": "application/vnd.sqlite3",
        "Content-Disposition": f'attachment; filename="{name}.db"',
        "Cache-Control": "no-store",
    }
    return web.FileResponse(path, headers=headers)


async def upload_snapshot(call: ControlCall) -> Json:
    """Take in a snapshot that was downloaded here or elsewhere. The same again is no error."""
    chunks = call.request.content.iter_chunked(CHUNK_BYTES)
    try:
        snapshots = await _snapshots(call)
        return shown(await snapshots.upload(call.request.match_info["name"], chunks))
    except SnapshotRefused as error:
        raise Problem(422, "snapshot-refused", str(error)) from error
    except web.RequestPayloadError:
        raise Problem(400, "snapshot-refused", "the body is not encoded as it says") from None


async def reset(call: ControlCall) -> Json:
    """Set back exactly what is asked: data, tokens, clock or all."""
    world = await call.world()
    resets = ResetService(world, call.controls.front.worlds)
    await resets.kinds[call.body["what"]]()
    return {"what": call.body["what"], "clock": describe.clock(world)}


def unknown(name: str) -> Problem:
    return Problem(404, "unknown-snapshot", f"there is no snapshot {name!r}; GET …/snapshots")
