"""The embedded driver: SQLite through aiosqlite, one writer and one reader, WAL.

A hop to aiosqlite's thread costs more CPU than a read by key (DESIGN §5), and so does one per
statement of a short transaction. So bounded statements run on the loop, on the connections that
aiosqlite opened and owns; bulk writes, scans, copies and checkpoints go to their threads.

A transaction that awaits nothing but bounded statements therefore never yields to the loop: it
is atomic among coroutines even before the lock says so. The lock is for those that do yield.
"""

import asyncio
import re
import shutil
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing, suppress
from functools import cache
from pathlib import Path
from typing import Any

import aiosqlite

from sandbox.storage.database import Row
from sandbox.storage.schema import SCHEMA_VERSION, check_version, create_schema, is_blank

__all__ = ["SCHEMA_VERSION", "SqliteDatabase"]
CHECKPOINT_SECONDS = 0.5
# From here on a bulk write costs more than the hop to the thread (measured: a hop is 60 µs).
THREAD_ROWS = 64
THREAD_BYTES = 16 * 1024 * 1024  # some 4 ms of copying
_SCAN_ROWS = 1_000
_PARAMETER = re.compile(r"\$(\d+)")


@cache
def translated(sql: str) -> str:
    """Return ``sql`` with ``$1`` as SQLite's ``?1``. Cached: the texts are constants."""
    return _PARAMETER.sub(r"?\1", sql)


class OnLoop:
    """Bounded statements of one connection, run on the loop."""

    def __init__(self, direct: sqlite3.Connection) -> None:
        self.direct = direct

    async def fetch(self, sql: str, *args: Any) -> list[Row]:
        return self.direct.execute(translated(sql), args).fetchall()

    async def fetchrow(self, sql: str, *args: Any) -> Row | None:
        row: Row | None = self.direct.execute(translated(sql), args).fetchone()
        return row


class Writer(OnLoop):
    """The writing connection: bounded statements on the loop, bulk in aiosqlite's thread."""

    def __init__(self, threaded: aiosqlite.Connection, direct: sqlite3.Connection) -> None:
        super().__init__(direct)
        self.threaded = threaded

    @classmethod
    async def open(cls, path: Path) -> "Writer":
        opened: list[sqlite3.Connection] = []

        def connect(*args: Any, **kwargs: Any) -> sqlite3.Connection:
            connection = sqlite3.Connection(*args, **kwargs)
            opened.append(connection)
            return connection

        # isolation_level=None: BEGIN is written out, sqlite3 guesses nothing.
        # check_same_thread=False: SQLite is built serialized, and see the module's docstring.
        threaded = await aiosqlite.connect(
            path,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=256,
            factory=connect,
        )
        return cls(threaded, opened[0])

    async def execute(self, sql: str, *args: Any) -> int:
        return self.direct.execute(translated(sql), args).rowcount

    async def executemany(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        if len(rows) < THREAD_ROWS:
            self.direct.executemany(translated(sql), rows)
        else:
            cursor = await self.threaded.executemany(translated(sql), rows)
            await cursor.close()


class SqliteDatabase:
    """One world's file. Open with ``await SqliteDatabase.open(path)``; close it."""

    def __init__(self, path: Path, writer: Writer, reader: OnLoop) -> None:
        self.path = path
        self._writer = writer
        self._reader = reader
        self._checkpoint: asyncio.Task[None] | None = None
        self._write_lock = asyncio.Lock()
        self._file_lock = asyncio.Lock()  # checkpoints and copies of the file take turns
        self.commits = 0
        # The hot path: one attribute look-up instead of two calls.
        self.fetch = reader.fetch
        self.fetchrow = reader.fetchrow

    @classmethod
    async def open(cls, path: Path) -> "SqliteDatabase":
        """Open the world at ``path``, making it where there is none.

        Raises:
            SchemaMismatch: the file was written by another version.
        """
        writer = await Writer.open(path)
        try:
            is_new = is_blank(writer.direct, path)
            if not is_new:
                check_version(writer.direct, path)
            _configure(writer.direct)
            if is_new:
                create_schema(writer.direct)
            reader = sqlite3.connect(
                _read_only(path), uri=True, isolation_level=None, cached_statements=256
            )
        except BaseException:
            await writer.threaded.close()
            raise
        return cls(path, writer, OnLoop(reader))

    @asynccontextmanager
    async def transaction(self, *, counts: bool = True) -> AsyncIterator[Writer]:
        async with self._write_lock:
            direct = self._writer.direct
            try:
                direct.execute("BEGIN IMMEDIATE")
                yield self._writer
                direct.execute("COMMIT")
            except BaseException:  # cancellation too
                await self._roll_back()
                raise
            self._committed(counts=counts)

    def _committed(self, *, counts: bool = True) -> None:
        self.commits += counts
        if self._checkpoint is None:
            self._checkpoint = asyncio.create_task(self._checkpoint_soon())

    async def _roll_back(self) -> None:
        """Undo, after a bulk write that a cancelled task may have left running in the thread."""
        settled = asyncio.ensure_future(self._writer.threaded.rollback())
        while not settled.done():
            with suppress(asyncio.CancelledError):
                await asyncio.shield(settled)
        settled.result()

    async def scan(self, sql: str, *args: Any) -> AsyncIterator[list[Row]]:
        async with (
            self._side_reader() as connection,
            connection.execute(translated(sql), args) as cursor,
        ):
            while rows := await cursor.fetchmany(_SCAN_ROWS):
                yield [tuple(row) for row in rows]

    async def copy_to(self, path: Path) -> None:
        """Write a consistent copy of the whole world to ``path``, one plain file.

        The file and its log are copied by the kernel while neither a write nor a checkpoint is
        under way: eight times as fast as SQLite's page by page backup.
        """
        async with self._file_lock, self._write_lock:
            if self.path.stat().st_size < THREAD_BYTES:
                _copy_with_log(self.path, path)
            else:
                await asyncio.to_thread(_copy_with_log, self.path, path)
        with closing(sqlite3.connect(path, isolation_level=None)) as copied:
            # Should the power fail, the copy can be made again.
            copied.execute("PRAGMA synchronous = OFF")
            copied.execute("PRAGMA journal_mode = DELETE")

    async def replace_by(self, path: Path) -> None:
        """Become what the closed world's file at ``path`` holds: all of it, or nothing.

        In place, under the write lock: whoever has this world open goes on with it. The log
        then holds a whole world, so it is moved into the file at once, without waiting for the
        disk: the next copy would carry it otherwise, and many restores in a row would pile up.
        """
        run = self._writer.threaded.execute_fetchall
        async with self._file_lock, self._write_lock:
            async with aiosqlite.connect(_read_only(path), uri=True) as connection:
                await connection.backup(self._writer.direct)
            await run("PRAGMA synchronous = OFF")
            try:
                await run("PRAGMA wal_checkpoint(PASSIVE)")
            finally:
                await run("PRAGMA synchronous = NORMAL")
            self._committed()

    async def refill(self, path: Path, tables: Sequence[str]) -> None:
        """Exchange the rows of ``tables`` for those of the closed world's file at ``path``."""
        async with self._write_lock:
            run = self._writer.threaded.execute_fetchall
            await run("ATTACH DATABASE ? AS fresh", (str(path),))
            # Copying whole tables goes past SQLite's count of deferred foreign keys, so that a
            # right exchange would be refused: they are checked once, before the commit.
            await run("PRAGMA foreign_keys = OFF")
            try:
                await run("BEGIN IMMEDIATE")
                for table in tables:
                    await run(f"DELETE FROM main.{table}")
                    await run(f"INSERT INTO main.{table} SELECT * FROM fresh.{table}")
                if astray := list(await run("PRAGMA main.foreign_key_check")):
                    raise sqlite3.IntegrityError(f"rows would refer to nothing: {astray[:3]}")
                await run("COMMIT")
            except BaseException:
                await self._roll_back()
                raise
            finally:
                await run("PRAGMA foreign_keys = ON")
                await run("DETACH DATABASE fresh")
            self._committed()

    def _side_reader(self) -> aiosqlite.Connection:
        """Return a connection for one long read.

        A read under way holds its snapshot of the world. On the shared reader everybody else
        would be shown that past too: a token issued meanwhile would be unknown.
        """
        return aiosqlite.connect(_read_only(self.path), uri=True, isolation_level=None)

    async def _checkpoint_soon(self) -> None:
        """Move the write-ahead log into the file, on a connection of its own.

        Away from the writer, so that no transaction pays for it: DESIGN §5 saw the 99th
        percentile of a mixed load fall from 29 to 12 ms. Only after a write: an idle world
        costs nothing.
        """
        seen = -1
        while seen != self.commits:
            await asyncio.sleep(CHECKPOINT_SECONDS)
            seen = self.commits
            async with (
                self._file_lock,
                aiosqlite.connect(self.path, isolation_level=None) as connection,
            ):
                await connection.execute_fetchall("PRAGMA wal_autocheckpoint = 0")
                await connection.execute_fetchall("PRAGMA wal_checkpoint(PASSIVE)")
        self._checkpoint = None

    async def close(self) -> None:
        """Close both connections; the file alone is then the whole world."""
        self._reader.direct.close()
        async with self._write_lock:
            if self._checkpoint is not None:
                self._checkpoint.cancel()
                with suppress(asyncio.CancelledError):
                    await self._checkpoint
            await self._writer.threaded.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")
            await self._writer.threaded.close()


def _copy_with_log(source: Path, target: Path) -> None:
    """Copy a database's file and, where it has one, its write-ahead log beside it."""
    shutil.copyfile(source, target)
    log, copied_log = _log_of(source), _log_of(target)
    copied_log.unlink(missing_ok=True)
    if log.exists():
        shutil.copyfile(log, copied_log)


def _log_of(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


def _read_only(path: Path) -> str:
    return f"{path.absolute().as_uri()}?mode=ro"


def _configure(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA wal_autocheckpoint = 0")  # see _checkpoint_soon
    # Some builds write zeros over every page that falls free: half of what the journal writes.
    connection.execute("PRAGMA secure_delete = FAST")
