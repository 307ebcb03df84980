"""Rows of the journal (ジャーナル): entries in blocks, each block what one flush wrote.

One row an entry costs twice the CPU: 26 columns are bound and encoded one by one, while a block
is one value. Entries are JSON arrays in the order of ``COLUMNS``; the view ``journal_entry`` shows
them as rows to whoever opens the file with a SQL shell.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from sandbox.storage.database import Database, Reader, Row, Transaction

COLUMNS = (
    "at",
    "real_at",
    "latency_us",
    "bank",
    "operation",
    "method",
    "path",
    "remote",
    "user_agent",
    "client_id",
    "presented_by",
    "contractor_id",
    "user",
    "grant_id",
    "status",
    "error_code",
    "reason",
    "fault",
    "location",
    "request_type",
    "request_body",
    "request_bytes",
    "response_type",
    "response_body",
    "response_bytes",
    "traits",
)
BLOCKS_AT_ONCE = 32
NEWEST = 2**62
Found = dict[str, Any]
Block = tuple[int, bytes]  # how many entries, and they


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """``last_id`` is the highest id ever given; below ``first_id`` nothing is shown any more."""

    last_id: int
    first_id: int
    dropped: int


async def state(db: Reader) -> State:
    row = await db.fetchrow("SELECT last_id, first_id, dropped FROM journal_state")
    assert row is not None  # written with the schema
    return State(last_id=row[0], first_id=row[1], dropped=row[2])


def encode(entries: list[Row]) -> bytes:
    """Return a block of entries, each in the order of ``COLUMNS``.

    Raises:
        TypeError: a text with lone surrogates.
    """
    return orjson.dumps(entries)


async def append(db: Transaction, blocks: Sequence[Block], *, skipped: int, most: int) -> None:
    """Add blocks, and let go of the oldest entries beyond ``most``.

    ``skipped``: how many entries before these were let go of already. They had their ids too.
    """
    before = await state(db)
    last_id = before.last_id + skipped
    for count, block in blocks:
        await db.execute(
            "INSERT INTO journal VALUES ($1, $2, $3)", last_id + 1, last_id + count, block
        )
        last_id += count
    first_id = max(before.first_id, last_id - most + 1)
    dropped = before.dropped + skipped
    if first_id > before.first_id:
        dropped += await _drop(db, before.first_id, first_id)
    await db.execute(
        "UPDATE journal_state SET last_id = $1, first_id = $2, dropped = $3",
        last_id,
        first_id,
        dropped,
    )


async def _drop(db: Transaction, old_first: int, new_first: int) -> int:
    """Remove the blocks that have gone out of sight; return how many entries went with that."""
    blocks = await db.fetch(
        "SELECT first_id, last_id FROM journal WHERE first_id < $1 ORDER BY first_id", new_first
    )
    await db.execute("DELETE FROM journal WHERE first_id < $1 AND last_id < $1", new_first)
    shown = ((max(first, old_first), min(last, new_first - 1)) for first, last in blocks)
    return sum(max(0, last - first + 1) for first, last in shown)


async def entries(database: Database, after: int) -> AsyncIterator[list[Found]]:
    """Yield what is kept after an id, oldest first, in lists of a block each."""
    after = max(after, (await state(database)).first_id - 1)
    row = await database.fetchrow("SELECT MAX(first_id) FROM journal WHERE first_id <= $1", after)
    seen = 0 if row is None or row[0] is None else row[0] - 1  # the block that holds ``after``
    while rows := await _blocks(database, "first_id > $1 ORDER BY first_id", seen):
        for first_id, block in rows:
            yield _named(first_id, block)[max(0, after + 1 - first_id) :]
            seen = first_id


async def newest(database: Database) -> AsyncIterator[list[Found]]:
    """Yield what is kept, the newest block first; within a block, the oldest entry."""
    first_shown = (await state(database)).first_id
    before = NEWEST
    while rows := await _blocks(database, "first_id < $1 ORDER BY first_id DESC", before):
        for first_id, block in rows:
            yield _named(first_id, block)[max(0, first_shown - first_id) :]
            before = first_id


async def _blocks(db: Reader, where: str, value: int) -> list[Row]:
    return await db.fetch(
        f"SELECT first_id, entries FROM journal WHERE {where} LIMIT {BLOCKS_AT_ONCE}",
        value,
    )


def _named(first_id: int, block: bytes) -> list[Found]:
    return [
        {"id": first_id + number, **dict(zip(COLUMNS, values, strict=True))}
        for number, values in enumerate(orjson.loads(block))
    ]


async def clear(db: Transaction) -> None:
    """Forget every entry. Ids go on from where they were."""
    await db.execute("DELETE FROM journal")
    await db.execute("UPDATE journal_state SET first_id = last_id + 1, dropped = 0")


async def go_on_from(db: Transaction, last_id: int) -> None:
    """Give no id a second time after older rows came back."""
    await db.execute(
        "UPDATE journal_state SET last_id = $1 WHERE last_id < $1",
        last_id,
    )


async def personas(db: Reader) -> dict[str, str]:
    """Return the names of the ready-made contractors, by contractor id."""
    rows = await db.fetch("SELECT contractor_id, persona FROM contractor WHERE persona IS NOT NULL")
    return {row[0]: row[1] for row in rows}
