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
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, closing, suppress
from functools import cache
from pathlib import Path
from typing import Any

import aiosqlite

from sandbox.storage import exchange
from sandbox.storage.database import Row, Transaction
from sandbox.storage.files import remove_world_file
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
        self.counts = True  # of the transaction under way

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
        if len(rows) == 1:
            self.direct.execute(translated(sql), rows[0])  # in two thirds of the time
        elif len(rows) < THREAD_ROWS:
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
        self._writes = 0  # those that do not count among them
        self.before_commit: Callable[[Transaction], Awaitable[None]] | None = None
        # The hot path: one attribute look-up instead of two calls.
        self.fetch = reader.fetch
        self.fetchrow = reader.fetchrow

    @classmethod
    async def open(cls, path: Path) -> "SqliteDatabase":
        """Open the world at ``path``, making it where there is none.

        Raises:
            SchemaMismatch: the file was written by another version.
        """
        writer, reader = await _connect(path)
        return cls(path, writer, OnLoop(reader))

    @asynccontextmanager
    async def transaction(self, *, counts: bool = True) -> AsyncIterator[Writer]:
        async with self._write_lock:
            direct = self._writer.direct
            try:
                direct.execute("BEGIN IMMEDIATE")
                self._writer.counts = counts
                yield self._writer
                counts = self._writer.counts
                if counts and self.before_commit is not None:
                    await self.before_commit(self._writer)
                direct.execute("COMMIT")
            except BaseException:  # cancellation too
                await self._roll_back()
                raise
            self._committed(counts=counts)

    def _committed(self, *, counts: bool = True) -> None:
        self.commits += counts
        self._writes += 1
        if self._checkpoint is None:
            self._checkpoint = asyncio.create_task(self._checkpoint_soon())

    async def _roll_back(self) -> None:
        """Undo, after a bulk write that a cancelled task may have left running in the thread."""
        await _to_its_end(self._writer.threaded.rollback())

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

    async def replace_by(self, path: Path, prepare: Callable[[Path], None]) -> None:
        """Become what the closed world's file at ``path`` holds: all of it, or nothing.

        A copy, changed by ``prepare``, takes the place of our file, and the connections are
        opened anew under the locks: half of what SQLite's own backup and a checkpoint take.
        Whoever has this world open goes on with it; a scan under way ends in the past it began in.

        Raises:
            SchemaMismatch: if ``prepare`` does.
        """
        unfinished = exchange.unfinished_of(self.path)
        async with self._file_lock:
            try:
                if path.stat().st_size < THREAD_BYTES:
                    shutil.copyfile(path, unfinished)
                else:
                    await asyncio.to_thread(shutil.copyfile, path, unfinished)
                prepare(unfinished)
                async with self._write_lock:
                    await _to_its_end(self._exchange(unfinished))
            finally:
                remove_world_file(unfinished)

    async def _exchange(self, prepared: Path) -> None:
        """Open ``prepared`` in the place of our file."""
        old_writer, old_reader = self._writer.threaded, self._reader.direct
        old_reader.execute("SELECT 1")  # a closed world stays as it is
        exchange.decide(self.path, prepared)
        try:
            writer, reader = await _connect(self.path)
            self._writer.threaded, self._writer.direct = writer.threaded, writer.direct
            self._reader.direct = reader
            self._committed()
        finally:  # also where that failed: nobody would ever find what is written to the old file
            old_reader.close()
            await old_writer.close()

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

    @asynccontextmanager
    async def _side_reader(self) -> AsyncIterator[aiosqlite.Connection]:
        """Open a connection for one long read.

        A read under way holds its snapshot of the world. On the shared reader everybody else
        would be shown that past too: a token issued meanwhile would be unknown.
        """
        connection = aiosqlite.connect(_read_only(self.path), uri=True, isolation_level=None)
        try:
            async with self._file_lock:  # file and log belong together: SQLite opens both here
                await connection
                await connection.execute_fetchall("BEGIN")
                await connection.execute_fetchall("SELECT 1 FROM world")
            yield connection
        finally:
            await connection.close()

    async def _checkpoint_soon(self) -> None:
        """Move the write-ahead log into the file, on a connection of its own.

        Away from the writer, so that no transaction pays for it: DESIGN §5 saw the 99th
        percentile of a mixed load fall from 29 to 12 ms. Only after a write: an idle world
        costs nothing.
        """
        seen = -1
        while seen != self._writes:
            await asyncio.sleep(CHECKPOINT_SECONDS)
            seen = self._writes
            async with (
                self._file_lock,
                aiosqlite.connect(self.path, isolation_level=None) as connection,
            ):
                await connection.execute_fetchall("PRAGMA wal_autocheckpoint = 0")
                await connection.execute_fetchall("PRAGMA wal_checkpoint(PASSIVE)")
        self._checkpoint = None

    async def close(self) -> None:
        """Close both connections; the file alone is then the whole world."""
        async with self._file_lock, self._write_lock:
            self._reader.direct.close()
            if self._checkpoint is not None:
                self._checkpoint.cancel()
                with suppress(asyncio.CancelledError):
                    await self._checkpoint
            with suppress(ValueError):  # closed already, by an exchange that failed
                await self._writer.threaded.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")
                await self._writer.threaded.close()


async def _connect(path: Path) -> tuple[Writer, sqlite3.Connection]:
    """Return a writer and a reader of the world at ``path``, made where there is none."""
    exchange.complete(path)
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
    return writer, reader


async def _to_its_end(work: Coroutine[Any, Any, None]) -> None:
    """Await ``work`` to its end, even where the task is cancelled meanwhile."""
    settled = asyncio.ensure_future(work)
    while not settled.done():
        with suppress(asyncio.CancelledError):
            await asyncio.shield(settled)
    settled.result()


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
