"""The worlds of one process: made, opened, found, closed and deleted.

A world is a file. Those used last are open; the others are closed, hold no handle and no thread,
and open again with their next call.
"""

import asyncio
import base64
import hashlib
import os
import re
import shutil
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

from sandbox.clock import Clock, ClockState, Mode, frozen, machine_now, monotonic_s
from sandbox.domain.secrets import JWT_BEGINS, kid_of
from sandbox.domain.time import HOUR, Instant, jst_date, midnight
from sandbox.services.agenda import catch_up, close_as_of, first_items
from sandbox.services.availability import AvailabilityBook
from sandbox.services.bank import Bank, make_bank
from sandbox.services.calendar import calendar_around
from sandbox.services.client_index import ClientIndex
from sandbox.services.events import gather_within
from sandbox.services.fault_board import FaultBoard
from sandbox.services.faults import FaultBook
from sandbox.services.oauth import rotation
from sandbox.services.oauth.registration import apply_ready, learn_clients
from sandbox.services.opening import reload as reload_opening
from sandbox.services.seed import NUMBERS_PER_BANK, seed_world
from sandbox.services.surroundings import Surroundings
from sandbox.services.templates import TemplateKey, Templates, copy_file
from sandbox.services.told import Told
from sandbox.services.transfers.fee_days import plan_fee_days
from sandbox.services.world import DEFAULT_WORLD, TAG_LENGTH, World, row_of
from sandbox.storage import world as world_rows
from sandbox.storage.database import SchemaMismatch
from sandbox.storage.files import remove_world_file, rewrite_world
from sandbox.storage.schema import SCHEMA_VERSION
from sandbox.storage.sqlite import SqliteDatabase
from sandbox.storage.world import WorldRow

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
PATIENCE_S, PAUSE_S = 1.0, 0.005
NAME_RULE = "1 to 63 of a-z, 0-9, _ and -, beginning with a letter or a digit"


class UnknownWorld(Exception):
    """There is no world of that name."""


class WorldExists(Exception):
    """There is a world of that name already, and it is another one."""


class WorldRefused(Exception):
    """A limit or a rule is in the way; the message says which, and what to do."""


class Worlds:
    def __init__(self, surroundings: Surroundings) -> None:
        self._around = surroundings
        # Opening, making and deleting take turns: two openings would be two owners of one file.
        self._changing = asyncio.Lock()
        self._templates = Templates(surroundings.cache, surroundings.directory)
        self.running: dict[str, World] = {}
        self._banks: dict[tuple[str, str], Bank] = {}
        self._tags = {tag_of(name): name for name in self.names()}
        self.fault_board = FaultBoard(self.names())
        self._ready = surroundings.ready_clients
        everywhere = (client.client_id for ready in self._ready.values() for client in ready)
        self.client_index = ClientIndex(everywhere)
        self._told = Told()

    @property
    def directory(self) -> Path:
        return self._around.directory

    def base_url(self) -> str:
        """Return the address that clients reach the bank door at."""
        return self._around.base_url()

    def names(self) -> list[str]:
        """Return every world, open or not, by name."""
        found = (file.removesuffix(".db") for file in os.listdir(self.directory) if _is_world(file))
        return sorted(name for name in found if NAME.fullmatch(name))

    def name_of_token(self, token: str) -> str | None:
        """Return the world that ``token`` says it is from: it begins with the world's tag.

        Of a JWT, the id of the key that signed it does.
        """
        name = self._tags.get(token[:TAG_LENGTH])
        if name is None and token.startswith(JWT_BEGINS):
            name = self._tags.get(kid_of(token)[:TAG_LENGTH])
        return name

    def bank(self, world: World, name: str) -> Bank:
        return self._banks[world.name, name]

    def exists(self, name: str) -> bool:
        return self.path(name).exists()

    def path(self, name: str) -> Path:
        """Return the file of a world; the caller has checked the name."""
        return self._around.directory / f"{name}.db"

    async def create(
        self, name: str, *, seed: int, clock: ClockState, personas: frozenset[str] | None = None
    ) -> World:
        """Make and open a world whose life begins at what ``clock`` reads now.

        ``personas`` None: all of the bank's live in it.

        Raises:
            WorldExists, WorldRefused: see there.
        """
        self._refuse_new(name)
        starts_at = Clock(clock).now()
        template = await self.template(seed, starts_at - starts_at % HOUR, personas)
        return await self._adopt(template, self._new_row(name, seed, starts_at, clock))

    async def template(self, seed: int, at: Instant, personas: frozenset[str] | None) -> Path:
        """Return the closed file of a world of ``seed`` as it is at ``at``, a full hour."""
        rules = tuple(str(policy.closing_run_at) for policy in self._around.policies.values())
        chosen = ("*",) if personas is None else tuple(sorted(personas))
        clients = repr(sorted(self._around.more_clients.items()))
        key = TemplateKey(seed=seed, at=at, rules=(*rules, *chosen, clients))
        make = self._seed if at == midnight(jst_date(at)) else self._live_until
        return await self._templates.get(key, lambda path: make(path, seed, at, personas))

    async def fork(self, name: str, source: Path) -> World:
        """Make and open a world from another one's closed file: a snapshot, or an upload.

        Its tokens and grants come along; tokens are found by the world's path, since they
        carry the tag of the world that issued them.

        Raises:
            WorldExists, WorldRefused: see there. A file is refused that is no world, or is
                another version's.
        """
        self._refuse_new(name)
        try:
            world = await self._adopt(source, name)
            await self.apply_clients(world)
            return world
        except SchemaMismatch as error:
            raise WorldRefused(f"{source.stem!r} is damaged, or another version's") from error

    async def apply_clients(self, world: World) -> None:
        """Let a world from elsewhere know the clients of the file; a new one knows them."""
        for bank, more in self._around.more_clients.items():
            await apply_ready(world, bank, more)

    async def _adopt(self, source: Path, identity: WorldRow | str) -> World:
        """Copy ``source`` into place under its new identity, in one step."""
        name = identity if isinstance(identity, str) else identity.name
        row = None if isinstance(identity, str) else identity
        async with self._changing:
            self._refuse_new(name)  # again: somebody may have been quicker
            unfinished = self.path(f".{name}").with_suffix(".new")
            try:
                copy_file(source, unfinished)
                rewrite_world(unfinished, name=name, tag=tag_of(name), row=row)
                unfinished.replace(self.path(name))
            finally:
                remove_world_file(unfinished)
            return await self._open(name)

    async def _seed(
        self, path: Path, seed: int, starts_at: Instant, personas: frozenset[str] | None
    ) -> None:
        """Write a template: a world at the very beginning of a day, its movements planned."""
        database = await SqliteDatabase.open(path)
        try:
            row = self._new_row("template", seed, starts_at, frozen(starts_at))
            world = self._world(row, database)
            world.personas = personas
            async with database.transaction() as db:
                await world_rows.insert(db, row_of(world, starts_at), SCHEMA_VERSION)
                for index, (bank, facts) in enumerate(self._around.facts.items()):
                    await seed_world(
                        db,
                        seed=seed,
                        starts_at=starts_at,
                        bank=bank,
                        first_number=index * NUMBERS_PER_BANK + 1,
                        population=facts.population,
                        personas=personas,
                        ready=self._ready[bank],
                    )
                policy = next(iter(self._around.policies.values()))
                await close_as_of(db, starts_at, policy)
                await world_rows.add_agenda(db, first_items(starts_at, policy))
            await catch_up(world)
        finally:
            await database.close()

    async def _live_until(
        self, path: Path, seed: int, at: Instant, personas: frozenset[str] | None
    ) -> None:
        """Write a template of a later hour: the day's first one, lived up to there."""
        copy_file(await self.template(seed, midnight(jst_date(at)), personas), path)
        database = await SqliteDatabase.open(path)
        try:
            row = await world_rows.find(database)
            assert row is not None  # a template is a world
            await catch_up(self._world(replace(row, clock_mode=Mode.FROZEN, clock_at=at), database))
        finally:
            await database.close()

    async def open(self, name: str) -> World:
        """Return a world, opened where it was closed.

        Raises:
            UnknownWorld: no such world.
            SchemaMismatch: its file was written by another version.
        """
        if name in self.running:
            return self.running[name]
        async with self._changing:
            return await self._open(name)

    async def _open(self, name: str) -> World:
        if name in self.running:
            return self.running[name]
        if not NAME.fullmatch(name) or not self.exists(name):
            raise UnknownWorld(name)
        await self._make_room()
        database = await SqliteDatabase.open(self.path(name))
        row = await world_rows.find(database)
        if row is None:  # its making was cut off: nobody was ever told that it exists
            await database.close()
            remove_world_file(self.path(name))
            raise UnknownWorld(name)
        try:
            return await self._run(self._world(row, database))
        except BaseException:
            await database.close()  # its thread would keep the process from ending
            raise

    async def delete(self, name: str) -> None:
        """Close and delete a world with all that is in it.

        Raises:
            UnknownWorld: no such world.
            WorldRefused: the default world stays.
        """
        if name == DEFAULT_WORLD:
            raise WorldRefused("the default world stays: reset it instead")
        async with self._changing:
            if not NAME.fullmatch(name) or not self.exists(name):
                raise UnknownWorld(name)
            if name in self.running:
                await self._close(self.running[name])
            self._tags.pop(tag_of(name), None)
            self.client_index.forget(name)
            self.fault_board.forget(name)
            remove_world_file(self.path(name))
            shutil.rmtree(self.snapshot_folder(name), ignore_errors=True)

    def snapshot_folder(self, name: str) -> Path:
        """Return where a world's snapshots are kept; it need not exist."""
        return self.directory / "snapshots" / name

    async def delete_idle(self) -> list[str]:
        """Delete the worlds that nobody has called for ``idle_ms``; return their names.

        A closed world's file was last written when it was closed.
        """
        if not self._around.idle_ms:
            return []
        idle = [name for name in self.names() if name != DEFAULT_WORLD and self._is_idle(name)]
        for name in idle:
            with suppress(UnknownWorld):  # somebody else was quicker
                await self.delete(name)
        return idle

    def _is_idle(self, name: str) -> bool:
        world = self.running.get(name)
        if world is not None:
            unused_ms = (monotonic_s() - world.used_at_s) * 1000
            return not world.users and unused_ms >= self._around.idle_ms
        with suppress(OSError):
            written_at = self.path(name).stat().st_mtime_ns // 1_000_000
            return machine_now() - written_at >= self._around.idle_ms
        return False

    async def close(self) -> None:
        """Close every world; the files alone are then all there is of them."""
        async with self._changing:
            for world in list(self.running.values()):
                await self._close(world)

    async def _make_room(self) -> None:
        """Close the world that was used longest ago, where as many are open as may be."""
        while len(self.running) >= self._around.most_open:
            idle = [world for world in self.running.values() if not world.users]
            if not idle:
                return  # all are at work: better one too many than a call refused
            await self._close(min(idle, key=lambda world: world.used_at_s))

    async def _close(self, world: World) -> None:
        """Close a world once the calls under way in it are answered, or have had their time."""
        del self.running[world.name]
        for bank in self._around.facts:
            self._banks.pop((world.name, bank), None)
        world.faults.release()
        patience = PATIENCE_S
        while world.users and patience > 0:
            await asyncio.sleep(PAUSE_S)
            patience -= PAUSE_S
        await world.journal.close()
        await world.database.close()

    async def _run(self, world: World) -> World:
        """Let a world take part: what fell due while it was away is done first."""
        async with world.database.transaction() as db:
            await rotation.plan(world, db)  # the setting may be another one today
            await plan_fee_days(world, db)
        await world.faults.reload(world.database)
        await reload_opening(world)
        await catch_up(world)
        world.used_at_s = monotonic_s()
        world.database.before_commit = partial(gather_within, world)
        self.running[world.name] = world
        self._tags[world.tag] = world.name
        await learn_clients(world)
        for name, facts in self._around.facts.items():
            self._banks[world.name, name] = make_bank(world, name, facts)
        return world

    def _refuse_new(self, name: str) -> None:
        if not NAME.fullmatch(name):
            raise WorldRefused(f"{name!r} is no name for a world: {NAME_RULE}")
        if self.exists(name):
            raise WorldExists(name)
        if len(self.names()) >= self._around.most_worlds:
            raise WorldRefused(
                f"there are {self._around.most_worlds} worlds already: delete some, or raise "
                "SANDBOX_MOST_WORLDS"
            )

    def _new_row(self, name: str, seed: int, starts_at: Instant, clock: ClockState) -> WorldRow:
        return WorldRow(
            name=name,
            tag=tag_of(name),
            seed=seed,
            starts_at=starts_at,
            version=1,
            clock_mode=clock.mode.value,
            clock_at=clock.at,
            clock_anchor=clock.anchor,
            clock_rate=clock.rate,
            agenda_done_at=midnight(jst_date(starts_at)),
            start_mode=clock.mode.value,
            start_rate=clock.rate,
        )

    def _world(self, row: WorldRow, database: SqliteDatabase) -> World:
        clock, board = Clock(state_of(row)), self.fault_board
        return World(
            name=row.name,
            tag=row.tag,
            seed=row.seed,
            starts_at=row.starts_at,
            database=database,
            journal=self._around.journal(database, row.tag),
            clock=clock,
            faults=FaultBook.of_world(database, row.seed, clock.now, row.name, board),
            availability=AvailabilityBook(self._around.policies),
            calendar=calendar_around(jst_date(row.starts_at)),
            policies=self._around.policies,
            secret=self._around.secret,
            base_url=self._around.base_url,
            tls_base_url=self._around.tls_base_url,
            client_trust=self._around.client_trust,
            client_index=self.client_index,
            ready_clients=self._ready,
            told=self._told,
            personas=None if row.personas is None else frozenset(row.personas.split()),
        )


def _is_world(file: str) -> bool:
    return file.endswith(".db")


def state_of(row: WorldRow) -> ClockState:
    return ClockState(
        mode=Mode(row.clock_mode), at=row.clock_at, anchor=row.clock_anchor, rate=row.clock_rate
    )


def tag_of(name: str) -> str:
    """Return the first characters of every token of a world. No secret: 256 bits follow."""
    digest = hashlib.sha256(f"world:{name}".encode()).digest()
    return base64.urlsafe_b64encode(digest).decode()[:TAG_LENGTH]
