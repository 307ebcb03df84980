"""The world's own row, its agenda and its terms."""

import json
from dataclasses import dataclass
from typing import Any

from sandbox.domain.time import Instant
from sandbox.storage.database import Reader, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldRow:
    name: str
    tag: str
    seed: int
    starts_at: Instant
    version: int
    clock_mode: str
    clock_at: Instant
    clock_anchor: Instant
    clock_rate: float
    agenda_done_at: Instant
    start_mode: str
    start_rate: float
    personas: str | None = None  # joined by spaces; None: all of them


@dataclass(frozen=True, slots=True, kw_only=True)
class AgendaItem:
    """Something that falls due. At the same instant the smaller priority goes first."""

    due_at: Instant
    priority: int
    kind: str
    subject: str
    detail: dict[str, Any]


async def find(db: Reader) -> WorldRow | None:
    row = await db.fetchrow(
        "SELECT name, tag, seed, starts_at, version, clock_mode, clock_at, clock_anchor, "
        "clock_rate, agenda_done_at, start_mode, start_rate, personas "
        "FROM world"
    )
    if row is None:
        return None
    return WorldRow(
        name=row[0],
        tag=row[1],
        seed=row[2],
        starts_at=row[3],
        version=row[4],
        clock_mode=row[5],
        clock_at=row[6],
        clock_anchor=row[7],
        clock_rate=row[8],
        agenda_done_at=row[9],
        start_mode=row[10],
        start_rate=row[11],
        personas=row[12],
    )


async def insert(db: Transaction, world: WorldRow, schema_version: int) -> None:
    await db.execute(
        "INSERT INTO world VALUES (1, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        schema_version,
        world.name,
        world.tag,
        world.seed,
        world.starts_at,
        world.version,
        world.clock_mode,
        world.clock_at,
        world.clock_anchor,
        world.clock_rate,
        world.agenda_done_at,
        world.start_mode,
        world.start_rate,
        world.personas,
    )


async def save_clock(
    db: Transaction, *, mode: str, at: Instant, anchor: Instant, rate: float
) -> None:
    await db.execute(
        "UPDATE world SET clock_mode = $1, clock_at = $2, clock_anchor = $3, clock_rate = $4, "
        "version = version + 1",
        mode,
        at,
        anchor,
        rate,
    )


async def clear_tables(db: Transaction, tables: tuple[str, ...]) -> None:
    """Empty ``tables``, whose names are the caller's constants."""
    for table in tables:
        await db.execute(f"DELETE FROM {table}")


async def save_agenda_done(db: Transaction, instant: Instant) -> None:
    await db.execute("UPDATE world SET agenda_done_at = $1", instant)


async def raise_version(db: Transaction) -> None:
    """Tell every process that caches shared state that it has changed."""
    await db.execute("UPDATE world SET version = version + 1")


async def add_agenda(db: Transaction, items: list[AgendaItem]) -> None:
    await db.executemany(
        "INSERT INTO agenda VALUES ($1, $2, $3, $4, $5)",
        [(i.due_at, i.priority, i.kind, i.subject, json.dumps(i.detail)) for i in items],
    )


async def add_agenda_once(db: Transaction, items: list[AgendaItem]) -> None:
    """Add items, but none a second time."""
    await db.executemany(
        "INSERT INTO agenda VALUES ($1, $2, $3, $4, '{}') "
        "ON CONFLICT (due_at, priority, kind, subject) DO NOTHING",
        [(i.due_at, i.priority, i.kind, i.subject) for i in items],
    )


async def find_next(db: Reader, until: Instant) -> AgendaItem | None:
    """Return the first item due at or before ``until``."""
    row = await db.fetchrow(
        "SELECT due_at, priority, kind, subject, detail FROM agenda WHERE due_at <= $1 "
        "ORDER BY due_at, priority, kind, subject LIMIT 1",
        until,
    )
    if row is None:
        return None
    return AgendaItem(
        due_at=row[0], priority=row[1], kind=row[2], subject=row[3], detail=json.loads(row[4])
    )


async def list_agenda(db: Reader, kind: str) -> list[AgendaItem]:
    """Return what is still to come of one kind, in order."""
    rows = await db.fetch(
        "SELECT due_at, priority, subject, detail FROM agenda WHERE kind = $1 "
        "ORDER BY due_at, priority, subject",
        kind,
    )
    return [
        AgendaItem(
            due_at=row[0], priority=row[1], kind=kind, subject=row[2], detail=json.loads(row[3])
        )
        for row in rows
    ]


async def remove_agenda(db: Transaction, item: AgendaItem) -> None:
    await db.execute(
        "DELETE FROM agenda WHERE due_at = $1 AND priority = $2 AND kind = $3 AND subject = $4",
        item.due_at,
        item.priority,
        item.kind,
        item.subject,
    )


async def next_due_at(db: Reader) -> Instant | None:
    row = await db.fetchrow("SELECT MIN(due_at) FROM agenda")
    return None if row is None else row[0]


async def list_expiries(
    db: Reader, after: Instant, until: Instant
) -> list[tuple[Instant, str, str, str]]:
    """Return (instant, kind, client id, id) of grants and tokens that lapse in (after, until].

    Only what was still alive then: a token of a grant that had ended has nothing to lapse.
    """
    rows = await db.fetch(
        "SELECT expires_at, 'grant_expired', client_id, grant_id FROM access_grant "
        "WHERE expires_at > $1 AND expires_at <= $2 AND ended_at IS NULL "
        "UNION ALL "
        "SELECT t.expires_at, t.kind || '_token_expired', g.client_id, t.grant_id FROM token t "
        "JOIN access_grant g ON g.grant_id = t.grant_id "
        "WHERE t.expires_at > $1 AND t.expires_at <= $2 AND t.spent_at IS NULL "
        "AND t.issued_at < t.expires_at AND t.expires_at < g.expires_at "
        "AND (g.ended_at IS NULL OR g.ended_at > t.expires_at) ORDER BY 1, 2, 4",
        after,
        until,
    )
    return [(row[0], row[1], row[2], row[3]) for row in rows]


async def list_terms(db: Reader, bank: str) -> list[tuple[str, str]]:
    """Return (version, effective on) of a bank's terms, oldest first."""
    rows = await db.fetch(
        "SELECT version, effective_on FROM terms WHERE bank = $1 ORDER BY effective_on, version",
        bank,
    )
    return [(row[0], row[1]) for row in rows]


async def insert_terms(db: Transaction, bank: str, version: str, effective_on: str) -> None:
    await db.execute("INSERT INTO terms VALUES ($1, $2, $3)", bank, version, effective_on)
