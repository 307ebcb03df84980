"""The worlds of one process: made, opened, found and closed."""

import base64
import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from sandbox.clock import Clock, ClockState, Mode
from sandbox.domain.policy import BankPolicy
from sandbox.domain.time import Instant, jst_date
from sandbox.services.agenda import catch_up, close_as_of, first_items
from sandbox.services.bank import Bank, make_bank
from sandbox.services.calendar import calendar_around
from sandbox.services.seed import seed_world
from sandbox.services.world import TAG_LENGTH, World, row_of
from sandbox.storage import world as world_rows
from sandbox.storage.sqlite import SCHEMA_VERSION, SqliteDatabase

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")


class UnknownWorld(Exception):
    """There is no world of that name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What worlds take from the process around them."""

    directory: Path
    policies: Mapping[str, BankPolicy]
    scopes: Mapping[str, frozenset[str]]
    secret: Callable[[int], str]
    base_url: Callable[[], str]


class Worlds:
    def __init__(self, surroundings: Surroundings) -> None:
        self._around = surroundings
        self.running: dict[str, World] = {}
        self._tags: dict[str, str] = {}
        self._banks: dict[tuple[str, str], Bank] = {}

    def name_of_tag(self, tag: str) -> str | None:
        """Return the world whose tokens begin with ``tag``."""
        return self._tags.get(tag)

    def bank(self, world: World, name: str) -> Bank:
        return self._banks[world.name, name]

    def exists(self, name: str) -> bool:
        return self._path(name).exists()

    async def create(self, name: str, *, seed: int, clock: ClockState) -> World:
        """Make, seed and open a world whose life begins at what ``clock`` reads now."""
        path = self._path(name)
        database = await SqliteDatabase.open(path)
        try:
            starts_at = Clock(clock).now()
            world = self._world(name, tag_of(name), seed, starts_at, database, Clock(clock))
            async with database.transaction() as db:
                await world_rows.insert(db, row_of(world, starts_at), SCHEMA_VERSION)
                await seed_world(db, seed=seed, starts_at=starts_at)
                policy = next(iter(self._around.policies.values()))
                await close_as_of(db, starts_at, policy)
                await world_rows.add_agenda(db, first_items(starts_at, policy))
        except BaseException:
            await database.close()
            path.unlink()
            raise
        return await self._run(world)

    async def open(self, name: str) -> World:
        """Return a world, opened where it was closed.

        Raises:
            UnknownWorld: no such world.
            SchemaMismatch: its file was written by another version.
        """
        if name in self.running:
            return self.running[name]
        if not _NAME.fullmatch(name) or not self.exists(name):
            raise UnknownWorld(name)
        database = await SqliteDatabase.open(self._path(name))
        row = await world_rows.find(database)
        if row is None:  # its making was cut off: nobody was ever told that it exists
            await database.close()
            self._path(name).unlink()
            raise UnknownWorld(name)
        state = ClockState(
            mode=Mode(row.clock_mode), at=row.clock_at, anchor=row.clock_anchor, rate=row.clock_rate
        )
        world = self._world(row.name, row.tag, row.seed, row.starts_at, database, Clock(state))
        return await self._run(world)

    async def close(self) -> None:
        """Close every world; the files alone are then all there is of them."""
        for world in list(self.running.values()):
            del self.running[world.name]
            await world.database.close()

    async def _run(self, world: World) -> World:
        """Let a world take part: what fell due while it was away is done first."""
        await catch_up(world)
        self.running[world.name] = world
        self._tags[world.tag] = world.name
        for name, scopes in self._around.scopes.items():
            self._banks[world.name, name] = make_bank(world, name, scopes)
        return world

    def _world(
        self,
        name: str,
        tag: str,
        seed: int,
        starts_at: Instant,
        database: SqliteDatabase,
        clock: Clock,
    ) -> World:
        return World(
            name=name,
            tag=tag,
            seed=seed,
            starts_at=starts_at,
            database=database,
            clock=clock,
            calendar=calendar_around(jst_date(starts_at)),
            policies=self._around.policies,
            secret=self._around.secret,
            base_url=self._around.base_url,
        )

    def _path(self, name: str) -> Path:
        return self._around.directory / f"{name}.db"


def tag_of(name: str) -> str:
    """Return the first characters of every token of a world. No secret: 256 bits follow."""
    digest = hashlib.sha256(f"world:{name}".encode()).digest()
    return base64.urlsafe_b64encode(digest).decode()[:TAG_LENGTH]


def overridden(policy: BankPolicy, values: Mapping[str, object]) -> BankPolicy:
    return replace(policy, **values)  # type: ignore[arg-type]
