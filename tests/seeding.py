"""Seeded worlds in real files, with a fixed vocabulary and a fixed calendar."""

import asyncio
from datetime import datetime
from pathlib import Path

from sandbox.domain.time import JST, Instant, instant_of
from sandbox.services.seed import SeedReport, seed_world
from sandbox.services.vocabulary import Name, Vocabulary
from sandbox.storage import world as worlds
from sandbox.storage.sqlite import SCHEMA_VERSION, SqliteDatabase
from sandbox.storage.world import WorldRow
from tests.lives import CALENDAR

STARTS_AT = instant_of(datetime(2026, 11, 22, 9, 0, tzinfo=JST))

# Not Faker's: its lists may grow, and then a pinned digest would say nothing.
VOCABULARY = Vocabulary(
    last_names=(Name(name="架空", kana="ｶｸｳ"), Name(name="見本", kana="ﾐﾎﾝ")),
    first_names=(Name(name="太郎", kana="ﾀﾛｳ"), Name(name="花子", kana="ﾊﾅｺ")),
    addresses=("架空県見本市1-1", "架空県見本市2-2"),
    firms=(
        Name(name="株式会社架空商事", kana="ｶ)ｶｸｳｼﾖｳｼﾞ"),
        Name(name="見本工業株式会社", kana="ﾐﾎﾝｺｳｷﾞﾖｳ(ｶ"),
        Name(name="有限会社架空食品", kana="ﾕ)ｶｸｳｼﾖｸﾋﾝ"),
    ),
)


async def fill_world(
    database: SqliteDatabase,
    *,
    seed: int = 7,
    starts_at: Instant = STARTS_AT,
    population: int = 8,
    vocabulary: Vocabulary | None = VOCABULARY,
) -> SeedReport:
    row = WorldRow(
        name="test",
        tag="testtest",
        seed=seed,
        starts_at=starts_at,
        version=1,
        clock_mode="frozen",
        clock_at=starts_at,
        clock_anchor=0,
        clock_rate=1.0,
        start_mode="frozen",
        start_rate=1.0,
        agenda_done_at=starts_at,
    )
    async with database.transaction() as db:
        await worlds.insert(db, row, SCHEMA_VERSION)
        return await seed_world(
            db,
            seed=seed,
            starts_at=starts_at,
            population=population,
            calendar=CALENDAR,
            vocabulary=vocabulary,
        )


def write_world(path: Path, **how: int) -> SeedReport:
    """Make a world's file outside any test's event loop, for a whole module to read."""

    async def write() -> SeedReport:
        database = await SqliteDatabase.open(path)
        try:
            return await fill_world(database, **how)
        finally:
            await database.close()

    return asyncio.run(write())
