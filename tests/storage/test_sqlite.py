"""The embedded driver on real files: all or nothing, one writer, readers that see no half."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from sandbox.storage.sqlite import THREAD_ROWS, SqliteDatabase, translated

INSERT = "INSERT INTO terms VALUES ($1, $2, '2026-11-16')"
COUNT = "SELECT count(*) FROM terms"
BULK = THREAD_ROWS * 2  # rows enough to go through the thread
ACCOUNT = """
    INSERT INTO account (account, account_id, bank, contractor_id, branch_code, branch_name,
        account_type, account_number, holder_name, holder_name_kana, balance_yen)
    VALUES (1, '1', 'tomato', 'c', '001', '本店', 'ordinary', '1', '架空 太郎', 'ｶｸｳ ﾀﾛｳ', $1)
"""


class Planted(Exception):
    """Raised by a test inside a transaction."""


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[SqliteDatabase]:
    database = await SqliteDatabase.open(tmp_path / "world.db")
    yield database
    await database.close()


def rows_of(prefix: str, count: int) -> list[tuple[str, str]]:
    return [(prefix, f"{number:06d}") for number in range(count)]


async def count_of(database: SqliteDatabase) -> int:
    row = await database.fetchrow(COUNT)
    return row[0]


async def put(database: SqliteDatabase, *names: str) -> None:
    async with database.transaction() as db:
        for name in names:
            await db.execute(INSERT, "put", name)


async def open_account(database: SqliteDatabase, balance_yen: int = 0) -> None:
    async with database.transaction() as db:
        await db.execute(
            "INSERT INTO contractor (contractor_id, bank, kind, name, name_kana) "
            "VALUES ('c', 'tomato', 'individual', '架空 太郎', 'ｶｸｳ ﾀﾛｳ')"
        )
        await db.execute(ACCOUNT, balance_yen)


async def write_and_fail(database: SqliteDatabase, rows: list[tuple[str, str]]) -> None:
    async with database.transaction() as db:
        await db.executemany(INSERT, rows)
        await asyncio.sleep(0)
        raise Planted


# Placeholders


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("SELECT $1", "SELECT ?1"),
        ("SELECT $2, $1, $2", "SELECT ?2, ?1, ?2"),
        ("VALUES ($9, $10, $11)", "VALUES (?9, ?10, ?11)"),
        ("SELECT '100 $', 1", "SELECT '100 $', 1"),
        ("SELECT 1", "SELECT 1"),
    ],
)
def test_dollar_placeholders_become_numbered_ones(written, expected):
    assert translated(written) == expected


async def test_a_placeholder_may_be_used_twice_and_out_of_order(database):
    assert await database.fetchrow("SELECT $2, $1, $2", "a", "b") == ("b", "a", "b")
    assert await database.fetch("SELECT $10, $1", *range(1, 11)) == [(10, 1)]


async def test_values_never_become_sql(database):
    hostile = "x'); DROP TABLE terms; -- $1"
    await put(database, hostile)
    assert await database.fetchrow("SELECT version FROM terms") == (hostile,)


# Transactions


async def test_a_transaction_reads_its_own_writes_and_nobody_else_does(database):
    async with database.transaction() as db:
        assert await db.execute(INSERT, "b", "1") == 1
        assert await db.fetchrow(COUNT) == (1,)
        assert await count_of(database) == 0
    assert await count_of(database) == 1


@pytest.mark.parametrize("count", [1, THREAD_ROWS - 1, THREAD_ROWS, BULK])
async def test_rows_come_in_together_however_many_they_are(database, count):
    async with database.transaction() as db:
        await db.executemany(INSERT, rows_of("b", count))
    assert await count_of(database) == count


@pytest.mark.parametrize("count", [1, BULK])
async def test_an_error_takes_back_the_whole_transaction(database, count):
    with pytest.raises(Planted):
        await write_and_fail(database, rows_of("b", count))
    assert await count_of(database) == 0


@pytest.mark.parametrize("count", [2, BULK])
async def test_a_refused_row_takes_back_those_before_it(database, count):
    rows = rows_of("b", count)
    with pytest.raises(sqlite3.IntegrityError):
        async with database.transaction() as db:
            await db.executemany(INSERT, [*rows, rows[0]])
    assert await count_of(database) == 0
    await put(database, "afterwards")
    assert await count_of(database) == 1


async def test_rolling_back_one_does_not_take_a_neighbours_writes(database):
    async def failing() -> None:
        await write_and_fail(database, rows_of("failing", BULK))

    async def succeeding(number: int) -> None:
        async with database.transaction() as db:
            await db.executemany(INSERT, rows_of(f"succeeding {number}", BULK))
            await asyncio.sleep(0)

    ended = await asyncio.gather(
        succeeding(1), failing(), succeeding(2), failing(), return_exceptions=True
    )
    assert [type(end) for end in ended] == [type(None), Planted, type(None), Planted]
    assert await database.fetch("SELECT bank, count(*) FROM terms GROUP BY bank") == [
        ("succeeding 1", BULK),
        ("succeeding 2", BULK),
    ]


async def test_a_transaction_that_need_not_count_may_find_that_it_must(database):
    told = []

    async def tell(db):
        told.append(await db.fetchrow(COUNT))

    database.before_commit = tell
    async with database.transaction(counts=False) as db:
        await db.execute(INSERT, "put", "quietly")
    assert (database.commits, told) == (0, [])
    async with database.transaction(counts=False) as db:
        await db.execute(INSERT, "put", "aloud")
        db.counts = True
    assert (database.commits, told) == (1, [(2,)])
    async with database.transaction(counts=False) as db:  # the next one is asked anew
        await db.execute(INSERT, "put", "quietly again")
    await put(database, "as ever")
    assert (database.commits, told) == (2, [(2,), (4,)])


async def test_a_hundred_increments_at_once_lose_none(database):
    await open_account(database)

    async def increment() -> None:
        async with database.transaction() as db:
            (balance,) = await db.fetchrow("SELECT balance_yen FROM account")
            await asyncio.sleep(0)  # where another coroutine would read the same balance
            await db.execute("UPDATE account SET balance_yen = $1", balance + 1)

    await asyncio.gather(*(increment() for _ in range(100)))
    assert await database.fetchrow("SELECT balance_yen FROM account") == (100,)


async def test_constraints_are_on(database):
    await open_account(database, balance_yen=10)
    with pytest.raises(sqlite3.IntegrityError, match="CHECK"):
        async with database.transaction() as db:
            await db.execute("UPDATE account SET balance_yen = -1")
    with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
        async with database.transaction() as db:
            await db.execute("UPDATE account SET contractor_id = 'nobody'")
    assert await database.fetchrow("SELECT balance_yen, contractor_id FROM account") == (10, "c")


# Cancellation


async def wait_steps(steps: int) -> None:
    """Give the loop ``steps`` turns, of which the later ones let a thread get on."""
    for step in range(steps):
        await asyncio.sleep(0 if step < 12 else 0.0005)


async def long_transaction(database: SqliteDatabase) -> None:
    async with database.transaction() as db:
        await db.execute(INSERT, "small", "1")
        await asyncio.sleep(0)
        await db.executemany(INSERT, rows_of("bulk", BULK * 20))
        await db.fetchrow(COUNT)
        await asyncio.sleep(0)
        await db.executemany(INSERT, rows_of("more", BULK * 20))


async def test_cancelled_at_any_point_it_is_all_there_or_not_at_all(database):
    whole, seen = 1 + BULK * 40, set()
    for steps in range(400):
        task = asyncio.create_task(long_transaction(database))
        await wait_steps(steps)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        count = await count_of(database)
        assert count in (0, whole), f"cancelled after {steps} turns"
        async with database.transaction() as db:  # not locked, not in a transaction, writable
            await db.execute("DELETE FROM terms")
            await db.execute(INSERT, "afterwards", "1")
            await db.execute("DELETE FROM terms")
        seen.add(count)
        if count == whole:
            break
    assert seen == {0, whole}


@pytest.mark.parametrize("times", [1, 2, 5])
async def test_cancelling_again_during_the_roll_back_does_not_cut_it_off(database, times):
    task = asyncio.create_task(long_transaction(database))
    await wait_steps(3)
    for _ in range(times):
        task.cancel()
        await asyncio.sleep(0)
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await count_of(database) == 0
    await put(database, "afterwards")
    assert await count_of(database) == 1


async def test_one_cancelled_while_it_waits_for_its_turn_leaves_the_first_alone(database):
    first = asyncio.create_task(long_transaction(database))
    await asyncio.sleep(0)
    second = asyncio.create_task(put(database, "second"))
    await asyncio.sleep(0)
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    await first
    assert await count_of(database) == 1 + BULK * 40


# Readers


async def test_the_reader_never_sees_half_a_transaction(database):
    seen, done = set(), asyncio.Event()

    async def watch() -> None:
        while not done.is_set():
            seen.add(await count_of(database))
            await asyncio.sleep(0)

    watcher = asyncio.create_task(watch())
    await asyncio.sleep(0)
    try:
        await long_transaction(database)
    finally:
        done.set()
        await watcher
    assert seen | {await count_of(database)} == {0, 1 + BULK * 40}


@pytest.mark.parametrize(
    "statement", [INSERT, "DELETE FROM terms WHERE bank = $1 AND version = $2"]
)
async def test_the_reader_cannot_write(database, statement):
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        await database.fetch(statement, "b", "1")
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        await database.fetchrow(statement, "b", "1")


async def test_what_is_committed_is_read_at_once(database):
    for number in range(20):
        await put(database, str(number))
        assert await count_of(database) == number + 1


async def test_scans_come_in_batches_in_order(database):
    async with database.transaction() as db:
        await db.executemany(INSERT, rows_of("b", 2_500))
    query = "SELECT version FROM terms WHERE bank = $1 ORDER BY version"
    batches = [batch async for batch in database.scan(query, "b")]
    assert [len(batch) for batch in batches] == [1_000, 1_000, 500]
    assert [row for batch in batches for row in batch] == [(v,) for _, v in rows_of("b", 2_500)]
    assert [batch async for batch in database.scan(query, "nobody")] == []


async def test_a_scan_shows_one_moment_and_hides_nothing_from_others(database):
    async with database.transaction() as db:
        await db.executemany(INSERT, rows_of("b", 2_500))
    scan = database.scan("SELECT * FROM terms")
    scanned = len(await anext(scan))
    await put(database, "meanwhile")
    assert await count_of(database) == 2_501
    scanned += sum([len(batch) async for batch in scan])
    assert scanned == 2_500


async def test_a_scan_that_is_given_up_leaves_the_file_to_others(database):
    async with database.transaction() as db:
        await db.executemany(INSERT, rows_of("b", 2_500))
    scan = database.scan("SELECT * FROM terms")
    await anext(scan)
    await scan.aclose()
    await put(database, "afterwards")
    assert await count_of(database) == 2_501


async def test_a_copy_made_during_writes_holds_whole_transactions(database, tmp_path):
    async def write() -> None:
        for number in range(60):
            async with database.transaction() as db:
                await db.executemany(INSERT, rows_of(f"{number:02d}", BULK))

    writing = asyncio.create_task(write())
    copies = [tmp_path / f"copy-{number}.db" for number in range(5)]
    for path in copies:
        await asyncio.sleep(0.002)
        await database.copy_to(path)
    await writing
    counts = [file_count(path) for path in copies]
    assert all(count % BULK == 0 for count in counts)
    assert counts == sorted(counts)
    assert await count_of(database) == 60 * BULK


def file_count(path: Path) -> int:
    connection = sqlite3.connect(path)
    try:
        (count,) = connection.execute(COUNT).fetchone()
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return count
    finally:
        connection.close()


async def test_a_copy_opens_as_a_world_of_its_own(database, tmp_path):
    await put(database, "before")
    await database.copy_to(tmp_path / "copy.db")
    copy = await SqliteDatabase.open(tmp_path / "copy.db")
    await put(copy, "only there")
    assert (await count_of(copy), await count_of(database)) == (2, 1)
    await copy.close()
