"""Snapshots: a world as it stood, to go back to, to fork from, to attach to a failed CI run."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from sandbox.clock import machine_now
from sandbox.domain.time import Instant
from sandbox.services.agenda import reload_next_due
from sandbox.services.oauth.registration import learn_clients
from sandbox.services.opening import reload as reload_opening
from sandbox.services.taken_in import check_world
from sandbox.services.world import World
from sandbox.services.worlds import state_of
from sandbox.storage import world as world_rows
from sandbox.storage.database import SchemaMismatch
from sandbox.storage.files import (
    read_stamp,
    remove_world_file,
    rewrite_world,
    stamp_clock,
)

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
NAME_RULE = "1 to 63 of letters, digits, '.', '_' and '-', beginning with a letter or a digit"
AUTOMATIC = "before-advance-"
MOST_AUTOMATIC = 10
UPLOAD_MAX_BYTES = 512 * 1024 * 1024
_uploads = count()


class UnknownSnapshot(Exception):
    """The world has no snapshot of that name."""


class SnapshotRefused(Exception):
    """A name or a limit is in the way; the message says what to do."""


class SnapshotUnusable(Exception):
    """The file is damaged, or was written by another version of the sandbox."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    name: str
    at: Instant  # world time
    taken_at: Instant  # machine time
    size_bytes: int
    is_automatic: bool


class SnapshotService:
    """The snapshots of one world. They are files beside the worlds, and outlive the process."""

    def __init__(self, world: World, folder: Path, most: int) -> None:
        self._world = world
        self._folder = folder
        self._most = most

    def list_all(self) -> list[Snapshot]:
        """Return every snapshot, oldest first."""
        found = [self._describe(path) for path in self._folder.glob("*.db")]
        return sorted(
            (each for each in found if each is not None),
            key=lambda each: (each.taken_at, each.name),
        )

    async def take(self, name: str) -> Snapshot:
        """Keep the world as it stands; a snapshot of the same name is replaced.

        Raises:
            SnapshotRefused: a name that cannot be one, or too many snapshots.
        """
        path = self._checked(name)
        if name.startswith(AUTOMATIC):
            raise SnapshotRefused(f"names with {AUTOMATIC!r} are given by advances alone")
        async with self._world.snapshot_lock:
            if not path.exists() and self._own_count() >= self._most:
                raise SnapshotRefused(
                    f"there are {self._most} snapshots already: delete some, or raise "
                    "SANDBOX_MOST_SNAPSHOTS"
                )
            return await self._take(path)

    def _own_count(self) -> int:
        """Return how many snapshots somebody took; the automatic ones go by themselves."""
        return sum(not path.name.startswith(AUTOMATIC) for path in self._folder.glob("*.db"))

    async def _take(self, path: Path) -> Snapshot:
        self._folder.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".new")
        try:
            now = self._world.now()
            await self._world.journal.flush()
            await self._world.database.copy_to(unfinished)
            stamp_clock(unfinished, now, machine_now())
            # Renaming over a file makes the kernel write all of the new one out first.
            path.unlink(missing_ok=True)
            unfinished.replace(path)
        finally:
            remove_world_file(unfinished)
        taken = self._describe(path)
        assert taken is not None  # it has just been written
        return taken

    async def take_automatic(self) -> Snapshot:
        """Keep the world before its time moves; the oldest automatic ones go."""
        async with self._world.snapshot_lock:
            automatic = [each for each in self.list_all() if each.is_automatic]
            for each in automatic[: -(MOST_AUTOMATIC - 1)]:
                self.delete(each.name)
            number = 1 + max((_number(each.name) for each in automatic), default=0)
            return await self._take(self._checked(f"{AUTOMATIC}{number:04d}"))

    async def restore(self, name: str) -> Snapshot:
        """Bring back data, tokens, grants, journal and clock together.

        Time goes on from the moment of the snapshot: a frozen clock stands there again, every
        other one runs on from there.

        Raises:
            UnknownSnapshot, SnapshotUnusable: see there. Nothing has changed then.
        """
        snapshot = self.find(name)
        world = self._world
        async with world.agenda_lock:
            last_id = await world.journal.last_id()
            try:
                await world.database.replace_by(self._checked(name), self._resume)
            except SchemaMismatch as error:
                raise SnapshotUnusable(
                    f"the snapshot {name!r} is damaged, or another version's"
                ) from error
            row = await world_rows.find(world.database)
            assert row is not None  # a snapshot is a world
            world.clock.set(state_of(row))
            await world.faults.reload(world.database)
            await reload_opening(world)
            await learn_clients(world)
            await reload_next_due(world, world.database)
            await world.journal.go_on_from(last_id)
        return snapshot

    def _resume(self, copy: Path) -> None:
        """Make a snapshot's copy this world, at whose moment time goes on now."""
        world = self._world
        rewrite_world(copy, name=world.name, tag=world.tag, resumed_at=machine_now())

    def find(self, name: str) -> Snapshot:
        path = self._checked(name)
        found = self._describe(path) if path.exists() else None
        if found is None:
            raise UnknownSnapshot(name)
        return found

    def path(self, name: str) -> Path:
        """Return the file of a snapshot that exists: a closed SQLite database."""
        self.find(name)
        return self._checked(name)

    def delete(self, name: str) -> None:
        """Delete a snapshot; one that is not there is gone already."""
        remove_world_file(self._checked(name))

    async def upload(self, name: str, chunks: AsyncIterator[bytes]) -> Snapshot:
        """Take in a snapshot that was downloaded from a sandbox of this version.

        Raises:
            SnapshotRefused: a name that cannot be one, more than ``UPLOAD_MAX_BYTES``, or
                bytes that are no world of this version.
        """
        path = self._checked(name)
        self._folder.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(f".upload{next(_uploads)}")  # two at once may have one name
        try:
            with unfinished.open("wb") as file:
                async for chunk in chunks:
                    file.write(chunk)
                    if file.tell() > UPLOAD_MAX_BYTES:
                        raise SnapshotRefused(f"more than {UPLOAD_MAX_BYTES} bytes")
            await asyncio.to_thread(check_world, unfinished)  # all of it is read
            unfinished.replace(path)
        except SchemaMismatch as error:
            reason = str(error).replace(str(unfinished), "the file").partition(". ")[0]
            raise SnapshotRefused(reason) from error
        finally:
            remove_world_file(unfinished)
        return self.find(name)

    def _describe(self, path: Path) -> Snapshot | None:
        stamp = read_stamp(path)
        if stamp is None:
            return None
        stat = path.stat()
        return Snapshot(
            name=path.stem,
            at=stamp[1],
            taken_at=stat.st_mtime_ns // 1_000_000,
            size_bytes=stat.st_size,
            is_automatic=path.stem.startswith(AUTOMATIC),
        )

    def _checked(self, name: str) -> Path:
        if not NAME.fullmatch(name) or name.endswith(".new"):
            raise SnapshotRefused(f"{name!r} is no name for a snapshot: {NAME_RULE}")
        return self._folder / f"{name}.db"


def _number(name: str) -> int:
    """Return the number of an automatic snapshot; one that somebody named so counts as none."""
    number = name.removeprefix(AUTOMATIC)
    return int(number) if number.isascii() and number.isdigit() and len(number) < 10 else 0
