"""Rows of fault rules and their counts."""

import json

from sandbox.domain.fault import FaultRule
from sandbox.domain.fault_window import Window
from sandbox.domain.time import Instant
from sandbox.storage.database import Reader, Transaction

_COLUMNS = """
    fault_id, number, matches, effect, stage, times, skip, every, probability, stream, time_window,
    ends_at, seen, struck
"""


async def list_all(db: Reader) -> list[FaultRule]:
    """Return the rules in the order in which they are asked."""
    return [
        FaultRule(
            fault_id=row[0],
            number=row[1],
            match=json.loads(row[2]),
            effect=json.loads(row[3]),
            stage=row[4],
            times=row[5],
            skip=row[6],
            every=row[7],
            probability=row[8],
            stream=row[9],
            window=None if row[10] is None else Window.of(json.loads(row[10])),
            ends_at=row[11],
            seen=row[12],
            struck=row[13],
        )
        for row in await db.fetch(f"SELECT {_COLUMNS} FROM fault ORDER BY number")
    ]


async def insert(db: Transaction, rule: FaultRule) -> None:
    await db.execute(
        f"INSERT INTO fault ({_COLUMNS}) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        rule.fault_id,
        rule.number,
        json.dumps(dict(rule.match)),
        json.dumps(dict(rule.effect)),
        rule.stage,
        rule.times,
        rule.skip,
        rule.every,
        rule.probability,
        rule.stream,
        None if rule.window is None else json.dumps(dict(rule.window.given)),
        rule.ends_at,
        rule.seen,
        rule.struck,
    )


async def save_counts(db: Transaction, rules: list[FaultRule]) -> None:
    await db.executemany(
        "UPDATE fault SET seen = $2, struck = $3 WHERE fault_id = $1",
        [(rule.fault_id, rule.seen, rule.struck) for rule in rules],
    )


async def delete(db: Transaction, fault_id: str) -> bool:
    return bool(await db.execute("DELETE FROM fault WHERE fault_id = $1", fault_id))


async def delete_all(db: Transaction) -> None:
    await db.execute("DELETE FROM fault")


async def delete_over(db: Transaction, machine_now: Instant) -> int:
    return await db.execute("DELETE FROM fault WHERE ends_at <= $1", machine_now)
