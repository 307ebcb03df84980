"""A world's file from elsewhere, such as a failed CI run, opened again as the default world."""

from pathlib import Path

from sandbox.clock import machine_now
from sandbox.services.taken_in import check_world
from sandbox.services.templates import copy_file
from sandbox.services.world import DEFAULT_WORLD, World
from sandbox.services.worlds import Worlds
from sandbox.storage.database import SchemaMismatch
from sandbox.storage.files import remove_world_file, resume_clock

AS_GIVEN = "as-given"


class WorldFileRefused(Exception):
    """The file is not there, or is no world of this version; the message says which."""


async def reopen(worlds: Worlds, source: Path) -> World:
    """Make the default world as ``source`` has it, and time goes on from where it stood there.

    The file stays as it is. Its content stays at hand as the snapshot ``as-given``.

    Raises:
        WorldFileRefused: see there.
    """
    snapshot = worlds.directory / "snapshots" / DEFAULT_WORLD / f"{AS_GIVEN}.db"
    _take_in(source, snapshot)
    resumed = snapshot.with_suffix(".resumed")
    try:
        copy_file(snapshot, resumed)
        resume_clock(resumed, machine_now())
        return await worlds.fork(DEFAULT_WORLD, resumed)
    finally:
        remove_world_file(resumed)


def _take_in(source: Path, target: Path) -> None:
    """Copy ``source`` to ``target`` once it is sure that it is a world."""
    if not source.is_file():
        raise WorldFileRefused("there is no such file")
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_suffix(".new")
    try:
        copy_file(source, unfinished)
        check_world(unfinished)
        unfinished.replace(target)
    except SchemaMismatch as error:
        reason = str(error).replace(str(unfinished), "it").partition(". ")[0]
        raise WorldFileRefused(reason) from error
    except OSError as error:
        raise WorldFileRefused(error.strerror or str(error)) from error
    finally:
        remove_world_file(unfinished)
