"""What is measured without load: starting, seeding, copying, pages of large accounts."""

import asyncio
import os
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from statistics import median

from sandbox.services.seed import fill_on_demand
from sandbox.storage import accounts
from sandbox.storage.sqlite import SqliteDatabase
from tests.bench.load import spent_s
from tests.process import COMMAND, environment, serving

SMALL = 10_000
COUNTS = (SMALL, 100_000, 1_000_000, 10_000_000)
CALLED = ("10 thousand", "100 thousand", "1 million", "10 million")
PAGE = 100
LINES_A_DAY = 100
DAY_MS = 86_400_000
STEP_MS = DAY_MS // LINES_A_DAY
_LINE = "INSERT INTO line VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"


def spread(values: list[float]) -> tuple[float, float, float]:
    return median(values), min(values), max(values)


def with_byte_code(directory: Path) -> dict[str, str]:
    """Return an environment whose programs keep their byte code, as installed ones have it.

    Without it, compiling is two fifths of a start: a container that sets PYTHONDONTWRITEBYTECODE
    would be measured, and not the program.
    """
    return {"PYTHONPYCACHEPREFIX": str(directory / "code"), "PYTHONDONTWRITEBYTECODE": ""}


def ready_ms(
    directory: Path, rounds: int, *, is_cold: bool
) -> tuple[tuple[float, float, float], float]:
    """Milliseconds from the start of the process to its line of JSON: of wall time, and of CPU.

    Cold: the machine has never made a world. Warm: the template world is in the cache. The first
    round, which may have byte code and template to make, does not count.
    """
    cache, data = directory / "cache", directory / "data"
    env = {"SANDBOX_CACHE": str(cache), **with_byte_code(directory)}
    taken, spent = [], []
    for number in range(rounds + 1):
        shutil.rmtree(data, ignore_errors=True)
        if is_cold:
            shutil.rmtree(cache, ignore_errors=True)
        begun = time.perf_counter()
        with serving("--data", str(data), clock=None, **env) as server:
            if number:
                taken.append((time.perf_counter() - begun) * 1000)
                spent.append(spent_s(server.process.pid) * 1000)
            server.stop()
    return spread(taken), median(spent)


def help_cpu_ms(directory: Path, rounds: int) -> tuple[float, float, float]:
    env = environment(**with_byte_code(directory))
    taken = []
    for number in range(rounds + 1):
        with subprocess.Popen([COMMAND, "--help"], env=env, stdout=subprocess.DEVNULL) as process:
            _, _, used = os.wait4(process.pid, 0)
            process.returncode = 0
        if number:
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


@cache
def page_growth(
    template: Path, directory: Path, rounds: int, counts: tuple[int, ...]
) -> dict[int, tuple[float, float, float]]:
    """CPU of a page of 100 in worlds of so many lines ÷ in the first of them, all warm."""
    paths = {count: directory / f"{count}.db" for count in counts}
    for count, path in paths.items():
        shutil.copy(template, path)
        _fill_lines(path, count)
    taken: dict[int, list[float]] = {count: [] for count in counts}
    for _ in range(rounds):
        for count, path in paths.items():
            taken[count].append(asyncio.run(_pages_cpu_ms(path)))
    for path in paths.values():
        path.unlink()
    small = taken[counts[0]]
    return {
        count: spread([large / base for large, base in zip(found, small, strict=True)])
        for count, found in taken.items()
    }


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
