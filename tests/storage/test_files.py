"""A world's file: who may open it, what is left of it when it is closed, and who owns it."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from sandbox.storage import sqlite
from sandbox.storage.database import DataDirectoryInUse, SchemaMismatch
from sandbox.storage.lock import LOCK_FILE, DirectoryLock
from sandbox.storage.sqlite import SCHEMA_VERSION, SqliteDatabase

INSERT = "INSERT INTO terms VALUES ($1, $2, '2026-11-16')"
HOLD = """
import sys
from pathlib import Path
from sandbox.storage.lock import DirectoryLock
with DirectoryLock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""

DIE = f"""
import asyncio, os, sys
from pathlib import Path
from sandbox.storage.sqlite import SqliteDatabase

async def main():
    database = await SqliteDatabase.open(Path(sys.argv[1]))
    async with database.transaction() as db:
        await db.execute({INSERT!r}, "kept", "1")
    async with database.transaction() as db:
        await db.execute({INSERT!r}, "lost", "1")
        os.kill(os.getpid(), 9)

asyncio.run(main())
"""


async def fill(database: SqliteDatabase, prefix: str, count: int = 500) -> None:
    async with database.transaction() as db:
        await db.executemany(INSERT, [(prefix, f"{n:06d}" * 8) for n in range(count)])


def beside(path: Path) -> set[str]:
    return {found.name for found in path.parent.iterdir()} - {path.name}


# The schema's version


async def test_a_new_file_gets_the_schema_and_its_version(tmp_path):
    database = await SqliteDatabase.open(tmp_path / "world.db")
    assert await database.fetchrow("PRAGMA user_version") == (SCHEMA_VERSION,)
    assert await database.fetchrow("PRAGMA journal_mode") == ("wal",)
    assert await database.fetch("SELECT * FROM world") == []
    await database.close()


@pytest.mark.parametrize("version", [SCHEMA_VERSION + 1, 0, 99])
async def test_a_file_of_another_version_is_refused_and_left_as_it_was(tmp_path, version):
    path = tmp_path / "world.db"
    await (await SqliteDatabase.open(path)).close()
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {version}")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(SchemaMismatch, match=f"version {version}.*needs {SCHEMA_VERSION}"):
        await SqliteDatabase.open(path)
    assert path.read_bytes() == before


async def test_a_file_that_is_no_database_is_refused_and_left_as_it_was(tmp_path):
    path = tmp_path / "world.db"
    path.write_text("架空 太郎の日記" * 100, encoding="utf-8")
    before = path.read_bytes()
    with pytest.raises(SchemaMismatch, match="no world"):
        await SqliteDatabase.open(path)
    assert path.read_bytes() == before


async def test_an_empty_file_is_a_new_one(tmp_path):
    path = tmp_path / "world.db"
    path.touch()
    database = await SqliteDatabase.open(path)
    await fill(database, "b", 1)
    await database.close()


@pytest.mark.parametrize("is_begun", [False, True], ids=["before the schema", "within it"])
async def test_a_file_whose_making_was_cut_off_is_made_anew(tmp_path, is_begun):
    path = tmp_path / "world.db"
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")  # this much is on the disk before any table
    if is_begun:
        connection.executescript("BEGIN; CREATE TABLE world (id INTEGER);")
    connection.close()
    assert path.stat().st_size > 0
    database = await SqliteDatabase.open(path)
    await fill(database, "b", 1)
    assert await database.fetchrow("SELECT count(*) FROM terms") == (1,)
    await database.close()


# What stands beside the file


async def test_closed_the_file_alone_is_the_whole_world(tmp_path):
    path = tmp_path / "world.db"
    database = await SqliteDatabase.open(path)
    await fill(database, "b")
    assert beside(path) == {"world.db-wal", "world.db-shm"}
    await database.close()
    assert beside(path) == set()
    moved = tmp_path / "elsewhere" / "world.db"
    moved.parent.mkdir()
    moved.write_bytes(path.read_bytes())
    connection = sqlite3.connect(moved)
    assert connection.execute("SELECT count(*) FROM terms").fetchone() == (500,)
    connection.close()


@pytest.mark.parametrize("turns", range(8))
async def test_it_closes_cleanly_however_soon(tmp_path, turns):
    path = tmp_path / "world.db"
    database = await SqliteDatabase.open(path)
    for _ in range(turns):
        await asyncio.sleep(0.0005)
    await database.close()
    assert beside(path) == set()
    again = await SqliteDatabase.open(path)
    await again.close()


async def test_closing_waits_for_the_transaction_under_way(tmp_path):
    path = tmp_path / "world.db"
    database = await SqliteDatabase.open(path)
    writing = asyncio.create_task(fill(database, "b", 5_000))
    await asyncio.sleep(0)
    await database.close()
    await writing
    again = await SqliteDatabase.open(path)
    assert await again.fetchrow("SELECT count(*) FROM terms") == (5_000,)
    await again.close()


async def test_a_world_that_was_killed_keeps_what_it_committed(tmp_path):
    path = tmp_path / "world.db"
    killed = await asyncio.create_subprocess_exec(sys.executable, "-c", DIE, str(path))
    assert await killed.wait() == -signal.SIGKILL
    database = await SqliteDatabase.open(path)
    assert await database.fetch("SELECT bank FROM terms") == [("kept",)]
    await database.close()


async def wal_after_much_writing(path: Path, batches: int) -> int:
    database = await SqliteDatabase.open(path)
    for number in range(batches):
        await fill(database, f"{number}")
        await asyncio.sleep(0.02)
    size = path.with_name(f"{path.name}-wal").stat().st_size
    await database.close()
    return size


async def test_checkpoints_keep_the_log_short(tmp_path, monkeypatch):
    monkeypatch.setattr(sqlite, "CHECKPOINT_SECONDS", 3_600)
    without = await wal_after_much_writing(tmp_path / "without.db", 30)
    monkeypatch.setattr(sqlite, "CHECKPOINT_SECONDS", 0.001)
    assert await wal_after_much_writing(tmp_path / "with.db", 30) < without / 2


@pytest.mark.parametrize("counts", [True, False])
async def test_what_is_written_during_a_checkpoint_gets_into_the_file_too(
    tmp_path, monkeypatch, counts
):
    monkeypatch.setattr(sqlite, "CHECKPOINT_SECONDS", 0.001)
    path, connect, late = tmp_path / "world.db", sqlite.aiosqlite.connect, []
    database = await SqliteDatabase.open(path)

    @asynccontextmanager
    async def checkpointing(*args, **how):
        async with connect(*args, **how) as connection:
            yield connection
        if not late:
            late.append("late")
            async with database.transaction(counts=counts) as db:
                await db.execute(INSERT, "late", "1")

    monkeypatch.setattr(sqlite.aiosqlite, "connect", checkpointing)
    await fill(database, "early", 1)
    await database._checkpoint
    assert late == ["late"]
    with closing(sqlite3.connect(f"{path.as_uri()}?immutable=1", uri=True)) as file_alone:
        written = file_alone.execute("SELECT bank FROM terms ORDER BY bank").fetchall()
    assert written == [("early",), ("late",)]
    await database.close()


# Who owns the directory


def test_a_directory_has_one_owner(tmp_path):
    refusal = pytest.raises(DataDirectoryInUse, match=rf"process {os.getpid()}\b.*--data")
    with DirectoryLock(tmp_path), refusal:
        DirectoryLock(tmp_path).__enter__()
    with DirectoryLock(tmp_path):
        assert (tmp_path / LOCK_FILE).read_text() == f"{os.getpid()}\n"


def test_an_error_inside_lets_the_directory_go(tmp_path):
    with pytest.raises(ZeroDivisionError), DirectoryLock(tmp_path):
        1 / 0  # noqa: B018
    with DirectoryLock(tmp_path):
        assert (tmp_path / LOCK_FILE).exists()


def test_another_processs_directory_is_refused_until_it_ends_however_it_ends(tmp_path):
    owner = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with owner:
        assert owner.stdout.readline() == b"held\n"
        with pytest.raises(DataDirectoryInUse, match=rf"process {owner.pid}\b"):
            DirectoryLock(tmp_path).__enter__()
        owner.kill()
    with DirectoryLock(tmp_path):
        assert (tmp_path / LOCK_FILE).read_text() == f"{os.getpid()}\n"
