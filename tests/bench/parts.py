"""What is measured without load: starting, seeding, copying, pages of large accounts."""

import asyncio
import os
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from sandbox.services.seed import fill_on_demand
from sandbox.storage import accounts
from sandbox.storage.sqlite import SqliteDatabase
from tests.process import COMMAND, environment, serving

SMALL, LARGE, FULL = 10_000, 1_000_000, 10_000_000
PAGE = 100
LINES_A_DAY = 100
DAY_MS = 86_400_000
STEP_MS = DAY_MS // LINES_A_DAY
_LINE = "INSERT INTO line VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"


def spread(values: list[float]) -> tuple[float, float, float]:
    return median(values), min(values), max(values)


def ready_ms(directory: Path, rounds: int, *, is_cold: bool) -> tuple[float, float, float]:
    """Milliseconds of wall time from the start of the process to its line of JSON.

    Cold: the machine has never made a world. Warm: the template world is in the cache.
    """
    cache, data = directory / "cache", directory / "data"
    taken = []
    for number in range(rounds + (not is_cold)):
        shutil.rmtree(data, ignore_errors=True)
        if is_cold:
            shutil.rmtree(cache, ignore_errors=True)
        begun = time.perf_counter()
        with serving("--data", str(data), clock=None, SANDBOX_CACHE=str(cache)) as server:
            if is_cold or number:
                taken.append((time.perf_counter() - begun) * 1000)
            server.stop()
    return spread(taken)


def help_cpu_ms(rounds: int) -> tuple[float, float, float]:
    taken = []
    for _ in range(rounds):
        with subprocess.Popen(
            [COMMAND, "--help"], env=environment(), stdout=subprocess.DEVNULL
        ) as process:
            _, _, used = os.wait4(process.pid, 0)
            process.returncode = 0
        taken.append((used.ru_utime + used.ru_stime) * 1000)
    return spread(taken)


@contextmanager
def cpu_ms(into: list[float]) -> Iterator[None]:
    """Add the CPU of this process, its threads included."""
    begun = time.process_time()
    yield
    into.append((time.process_time() - begun) * 1000)


def on_copy(
    template: Path, directory: Path, act: Callable[[SqliteDatabase], Awaitable[None]]
) -> None:
    async def run() -> None:
        path = directory / "copy.db"
        shutil.copy(template, path)
        database = await SqliteDatabase.open(path)
        try:
            await act(database)
        finally:
            await database.close()

    asyncio.run(run())


def seeding_speed(template: Path, directory: Path, rounds: int) -> tuple[float, float, float]:
    """Lines a second of the seeder ÷ lines a second of ``executemany`` of the same rows."""
    ratios = []
    for _ in range(rounds):
        seeded: list[float] = []
        plain: list[float] = []

        async def fill(database: SqliteDatabase, seeded: list[float] = seeded) -> None:
            row = await database.fetchrow("SELECT account FROM account WHERE history = 'on_demand'")
            assert row is not None
            with cpu_ms(seeded):
                async with database.transaction() as db:
                    await fill_on_demand(db, row[0])

        on_copy(template, directory, fill)
        _plain_insert(directory / "copy.db", plain)
        ratios.append(plain[0] / seeded[0])
    return spread(ratios)


def _plain_insert(path: Path, taken: list[float]) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    (account,) = connection.execute(
        "SELECT account FROM line GROUP BY account ORDER BY count(*) DESC LIMIT 1"
    ).fetchone()
    rows = connection.execute("SELECT * FROM line WHERE account = ?", (account,)).fetchall()
    connection.execute("DELETE FROM line WHERE account = ?", (account,))
    with cpu_ms(taken):
        connection.execute("BEGIN")
        connection.executemany(_LINE, rows)
        connection.execute("COMMIT")
    connection.close()


def copy_ms(template: Path, directory: Path, rounds: int) -> tuple[float, float, float]:
    """Milliseconds of wall time to copy a whole world to a file of its own."""
    taken = []

    async def copy(database: SqliteDatabase) -> None:
        for number in range(rounds):
            begun = time.perf_counter()
            await database.copy_to(directory / f"{number}.db")
            taken.append((time.perf_counter() - begun) * 1000)

    on_copy(template, directory, copy)
    return spread(taken)


def page_growth(
    template: Path, directory: Path, rounds: int, *, is_full: bool
) -> tuple[float, float, float]:
    """CPU of a page of 100 in a large world ÷ in a small one, both warm."""
    paths = []
    for count in (SMALL, FULL if is_full else LARGE):
        paths.append(directory / f"{count}.db")
        shutil.copy(template, paths[-1])
        _fill_lines(paths[-1], count)
    ratios = []
    for _ in range(rounds):
        small, large = (asyncio.run(_pages_cpu_ms(path)) for path in paths)
        ratios.append(large / small)
    return spread(ratios)


def _fill_lines(path: Path, count: int) -> None:
    """Spread ``count`` lines over accounts of 10,000, one account after the other."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("DELETE FROM line")
    for account in range(1, count // SMALL + 1):
        connection.execute("BEGIN")
        connection.executemany(
            _LINE,
            (
                (
                    account,
                    n * DAY_MS // LINES_A_DAY,
                    n,
                    "2026-11-16",
                    1,
                    n,
                    "入金",
                    "ﾌﾘｺﾐ",
                    None,
                    0,
                    n,
                )
                for n in range(SMALL)
            ),
        )
        connection.execute("COMMIT")
    connection.close()


async def _pages_cpu_ms(path: Path, pages: int = 400) -> float:
    """Read pages all over the file, each twice: the second time from memory, and counted."""
    database = await SqliteDatabase.open(path)
    row = await database.fetchrow("SELECT max(account) FROM line")
    assert row is not None
    taken: list[float] = []
    places = [(1 + n * 7 % row[0], n % (SMALL // LINES_A_DAY)) for n in range(pages)]
    for _ in range(2):
        with cpu_ms(taken):
            for account, day in places:
                lines = await accounts.list_lines(
                    database, account, start=day * DAY_MS, end=(day + 1) * DAY_MS, limit=PAGE
                )
                assert len(lines) == PAGE
    await database.close()
    return taken[-1]
