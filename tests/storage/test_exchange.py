"""A world that becomes what another file holds, while it is in use: all of it, or nothing."""

import asyncio
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import closing, suppress
from itertools import count
from pathlib import Path

import pytest

from sandbox.storage import exchange, sqlite
from sandbox.storage.files import remove_world_file
from sandbox.storage.sqlite import SqliteDatabase

INSERT = "INSERT INTO terms VALUES ($1, $2, '2026-11-16')"
BANKS = "SELECT bank, count(*) FROM terms GROUP BY bank ORDER BY bank"
ROWS = 3_000  # several batches of a scan, and a log of many pages
OLD, NEW = [("old", ROWS)], [("new", ROWS)]

# Ends itself at one of the steps that touch files; which one, its third argument says.
DIE_WHILE_REPLACING = """
import asyncio, os, sys
from itertools import count
from pathlib import Path
from sandbox.storage import sqlite

STEPS = {"open", "os.remove", "os.rename", "shutil.copyfile", "sqlite3.connect"}
steps = count()

def die_in_turn(event, _):
    if event in STEPS and next(steps) == int(sys.argv[3]):
        os.kill(os.getpid(), 9)

async def main():
    sqlite.CHECKPOINT_SECONDS = 3_600  # what is written stands in the log alone
    database = await sqlite.SqliteDatabase.open(Path(sys.argv[1]))
    async with database.transaction() as db:
        await db.execute("INSERT INTO terms VALUES ('logged', '1', '2026-11-16')")
    sys.addaudithook(die_in_turn)
    await database.replace_by(Path(sys.argv[2]), lambda copy: None)
    await database.close()

asyncio.run(main())
"""


async def write(path: Path, bank: str) -> None:
    """Write a closed world's file with ``ROWS`` rows of ``bank``."""
    database = await SqliteDatabase.open(path)
    async with database.transaction() as db:
        await db.executemany(INSERT, [(bank, f"{number:06d}" * 8) for number in range(ROWS)])
    await database.close()


@pytest.fixture
async def source(tmp_path: Path) -> Path:
    await write(tmp_path / "source.db", "new")
    return tmp_path / "source.db"


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[SqliteDatabase]:
    await write(tmp_path / "world.db", "old")
    database = await SqliteDatabase.open(tmp_path / "world.db")
    yield database
    await database.close()


def as_it_is(_copy: Path) -> None:
    """Prepare nothing."""


def names_in(folder: Path) -> set[str]:
    return {found.name for found in folder.iterdir()}


def banks_in(path: Path) -> list[tuple[str, int]]:
    """Return what a file holds that nobody has open, found sound."""
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return connection.execute(BANKS).fetchall()


@pytest.mark.parametrize("in_thread_from", [0, sqlite.THREAD_BYTES], ids=["large", "small"])
async def test_whoever_has_it_open_goes_on_with_what_came(
    database, source, monkeypatch, in_thread_from
):
    monkeypatch.setattr(sqlite, "THREAD_BYTES", in_thread_from)
    before = database.commits
    await database.replace_by(source, as_it_is)
    assert database.commits > before  # nothing that was remembered of the old one is right
    assert await database.fetch(BANKS) == NEW
    async with database.transaction() as db:
        assert await db.fetchrow("PRAGMA foreign_keys") == (1,)
        await db.execute(INSERT, "later", "1")
    assert await database.fetch(BANKS) == [("later", 1), *NEW]
    assert [row async for batch in database.scan(BANKS) for row in batch] == [("later", 1), *NEW]
    await database.close()
    assert banks_in(database.path) == [("later", 1), *NEW]
    assert banks_in(source) == NEW
    assert names_in(source.parent) == {"source.db", "world.db"}


async def test_what_is_prepared_is_prepared_in_a_copy(database, source):
    def rename_bank(copy: Path) -> None:
        with closing(sqlite3.connect(copy, isolation_level=None)) as connection:
            connection.execute("UPDATE terms SET bank = 'prepared'")

    await database.replace_by(source, rename_bank)
    assert await database.fetch(BANKS) == [("prepared", ROWS)]
    assert banks_in(source) == NEW


async def test_what_cannot_be_prepared_changes_nothing(database, source):
    def refuse(copy: Path) -> None:
        raise PermissionError(copy.name)

    with pytest.raises(PermissionError):
        await database.replace_by(source, refuse)
    assert await database.fetch(BANKS) == OLD
    assert names_in(source.parent) - {"world.db-wal", "world.db-shm"} == {"source.db", "world.db"}


async def test_a_scan_under_way_ends_in_the_past_it_began_in_and_harms_nobody(database, source):
    scan = database.scan("SELECT bank FROM terms")
    scanned = await anext(scan)
    await database.replace_by(source, as_it_is)
    async with database.transaction() as db:
        await db.execute(INSERT, "later", "1")
    scanned += [row async for batch in scan for row in batch]  # closes the old file's last handle
    assert scanned == [("old",)] * ROWS
    await scan.aclose()
    async with database.transaction() as db:
        await db.execute(INSERT, "later", "2")
    await database.close()
    assert banks_in(database.path) == [("later", 2), *NEW]


async def test_a_scan_that_begins_meanwhile_reads_the_one_or_the_other(database, source):
    async def scanned() -> list[tuple[str]]:
        scan = database.scan("SELECT DISTINCT bank FROM terms WHERE bank <> 'logged'")
        return [row async for batch in scan for row in batch]

    for steps in range(40):
        replacing = asyncio.create_task(database.replace_by(source, as_it_is))
        for step in range(steps):
            await asyncio.sleep(0 if step < 12 else 0.0002)
        scans = [asyncio.create_task(scanned()) for _ in range(3)]
        await replacing
        async with database.transaction() as db:
            await db.execute("UPDATE terms SET bank = 'old'")
            await db.execute(INSERT, "logged", "1")
        for scan in scans:
            assert await scan in ([("old",)], [("new",)])


async def test_writes_meanwhile_are_there_or_belong_to_the_past_and_none_fails(database, source):
    done = asyncio.Event()

    async def write_on() -> int:
        for number in count():
            async with database.transaction() as db:
                await db.execute(INSERT, "meanwhile", str(number))
                await asyncio.sleep(0)
                await db.execute(INSERT, "meanwhile", f"{number} again")
            if done.is_set():
                return number
            await asyncio.sleep(0)
        raise AssertionError

    writing = asyncio.create_task(write_on())
    for _ in range(10):
        await asyncio.sleep(0.002)
        await database.replace_by(source, as_it_is)
        found = dict(await database.fetch(BANKS))
        assert found.pop("new") == ROWS
        assert found.pop("meanwhile", 0) % 2 == 0
        assert found == {}
    done.set()
    last = await writing
    found = await database.fetch("SELECT version FROM terms WHERE bank = 'meanwhile'")
    assert {(str(last),), (f"{last} again",)} <= set(found)


async def test_cancelled_at_any_point_it_is_the_one_or_the_other(database, source):
    for steps in range(400):
        task = asyncio.create_task(database.replace_by(source, as_it_is))
        for step in range(steps):
            await asyncio.sleep(0 if step < 12 else 0.0002)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        found = await database.fetch(BANKS)
        assert found in (OLD, NEW), f"cancelled after {steps} turns"
        async with database.transaction() as db:  # whichever it is, it can be written
            await db.execute("UPDATE terms SET bank = 'old'")
        if found == NEW and not task.cancelled():
            break
    assert found == NEW


async def test_a_kill_at_any_step_leaves_the_one_or_the_other(tmp_path, source):
    """The old one's last transaction stands in its log alone: that must not get into the new."""
    seen = []
    for step in count():
        path = tmp_path / f"{step}" / "world.db"
        path.parent.mkdir()
        await write(path, "old")
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-c", DIE_WHILE_REPLACING, str(path), str(source), str(step)
        )
        code = await child.wait()
        assert code in (-signal.SIGKILL, 0)
        database = await SqliteDatabase.open(path)
        seen.append(await database.fetch(BANKS))
        await database.close()
        assert banks_in(path) == seen[-1]
        if code == 0:
            break
    whole_old = [("logged", 1), *OLD]
    assert seen == [whole_old] * seen.count(whole_old) + [NEW] * seen.count(NEW)
    assert seen.count(whole_old) > 3
    assert seen.count(NEW) > 3


async def test_what_was_decided_is_done_by_whoever_opens_the_file(tmp_path, source):
    path = tmp_path / "world.db"
    await write(path, "old")
    exchange.decide(path, source)
    database = await SqliteDatabase.open(path)
    assert await database.fetch(BANKS) == NEW
    await database.close()
    assert names_in(tmp_path) == {"world.db"}


async def test_a_removed_world_leaves_nothing_to_one_of_its_name(tmp_path, source):
    path = tmp_path / "world.db"
    await write(path, "old")
    exchange.decide(path, source)
    remove_world_file(path)
    assert names_in(tmp_path) == set()


async def test_one_that_cannot_be_opened_again_takes_no_more_writes(database, source, monkeypatch):
    """They would go to a file that has no name any more."""

    async def fail(_path: Path) -> None:
        raise OSError("too many open files")

    monkeypatch.setattr(sqlite, "_connect", fail)
    with pytest.raises(OSError, match="too many"):
        await database.replace_by(source, as_it_is)
    with pytest.raises(sqlite3.ProgrammingError):
        await database.fetch(BANKS)
    with pytest.raises(ValueError, match=r"no active|closed"):
        async with database.transaction():
            raise AssertionError
    await database.close()
    monkeypatch.undo()
    again = await SqliteDatabase.open(database.path)
    assert await again.fetch(BANKS) == NEW
    await again.close()


async def test_a_closed_world_stays_as_it_is(database, source):
    await database.close()
    with pytest.raises(sqlite3.ProgrammingError):
        await database.replace_by(source, as_it_is)
    assert banks_in(database.path) == OLD
    assert names_in(source.parent) == {"source.db", "world.db"}
