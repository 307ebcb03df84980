"""Rows of deliveries and of their attempts."""

import json

from sandbox.domain.delivery import Attempt, Delivery, Status
from sandbox.domain.time import Instant
from sandbox.storage.database import Reader, Row, Transaction

_DELIVERY = """
    d.delivery_id, d.event, d.client_id, d.position, d.status, d.next_at, d.failures, d.behind,
    d.fault, d.number, e.event_id, e.type, e.occurred_at,
    (SELECT COUNT(*) FROM delivery_attempt a WHERE a.delivery = d.number),
    (SELECT a.answer FROM delivery_attempt a WHERE a.delivery = d.number
     ORDER BY a.number DESC LIMIT 1)
"""
_FROM = "FROM delivery d JOIN event e ON e.number = d.event"
_LIVE = "('waiting', 'held')"


async def insert(db: Transaction, delivery: Delivery) -> None:
    """Queue a delivery behind all others."""
    await db.execute(
        "INSERT INTO delivery (delivery_id, event, client_id, position, status, next_at, failures, "
        "behind, fault) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        delivery.delivery_id,
        delivery.event,
        delivery.client_id,
        delivery.position,
        delivery.status.value,
        delivery.next_at,
        delivery.failures,
        delivery.behind,
        None if delivery.fault is None else json.dumps(dict(delivery.fault)),
    )


async def next_position(db: Reader) -> int:
    row = await db.fetchrow("SELECT COALESCE(MAX(position), 0) + 1 FROM delivery")
    return 1 if row is None else int(row[0])


async def save(db: Transaction, delivery: Delivery) -> None:
    """Write how a delivery stands."""
    await db.execute(
        "UPDATE delivery SET position = $2, status = $3, next_at = $4, failures = $5, behind = $6, "
        "fault = $7 WHERE number = $1",
        delivery.number,
        delivery.position,
        delivery.status.value,
        delivery.next_at,
        delivery.failures,
        delivery.behind,
        None if delivery.fault is None else json.dumps(dict(delivery.fault)),
    )


async def find(db: Reader, delivery_id: str) -> Delivery | None:
    row = await db.fetchrow(f"SELECT {_DELIVERY} {_FROM} WHERE d.delivery_id = $1", delivery_id)
    return None if row is None else _delivery(row)


async def find_due(db: Reader, client_id: str, now: Instant) -> Delivery | None:
    """Return what a client is to be sent first."""
    row = await db.fetchrow(
        f"SELECT {_DELIVERY} {_FROM} WHERE d.client_id = $1 AND d.status IN {_LIVE} "
        "AND d.next_at <= $2 ORDER BY d.next_at, d.position LIMIT 1",
        client_id,
        now,
    )
    return None if row is None else _delivery(row)


async def next_due_at(db: Reader, client_id: str) -> Instant | None:
    """Return when a client is next to be sent anything."""
    row = await db.fetchrow(
        f"SELECT MIN(next_at) FROM delivery WHERE client_id = $1 AND status IN {_LIVE}", client_id
    )
    return None if row is None else row[0]


async def list_held(db: Reader, client_id: str) -> list[Delivery]:
    rows = await db.fetch(
        f"SELECT {_DELIVERY} {_FROM} WHERE d.client_id = $1 AND d.status = 'held' "
        "ORDER BY d.number",
        client_id,
    )
    return [_delivery(row) for row in rows]


async def find_earlier(db: Reader, client_id: str) -> tuple[int, str] | None:
    """Return (event's number, delivery id) of what was queued last for a client."""
    row = await db.fetchrow(
        "SELECT event, delivery_id FROM delivery WHERE client_id = $1 AND status <> 'dropped' "
        "ORDER BY number DESC LIMIT 1",
        client_id,
    )
    return None if row is None else (row[0], row[1])


async def find_signature(db: Reader, delivery_id: str) -> str | None:
    """Return how the first attempt of a delivery was signed; None: there was none yet."""
    row = await db.fetchrow(
        "SELECT a.signature FROM delivery d JOIN delivery_attempt a ON a.delivery = d.number "
        "WHERE d.delivery_id = $1 ORDER BY a.number LIMIT 1",
        delivery_id,
    )
    return None if row is None else row[0]


async def list_all(
    db: Reader,
    *,
    client_id: str | None,
    status: str | None,
    event_id: str | None,
    after: int,
    limit: int,
) -> list[Delivery]:
    """Return the deliveries beyond the number ``after``, in the order of their making."""
    rows = await db.fetch(
        f"SELECT {_DELIVERY} {_FROM} WHERE d.number > $1 AND ($2 IS NULL OR d.client_id = $2) "
        "AND ($3 IS NULL OR d.status = $3) AND ($4 IS NULL OR e.event_id = $4) "
        "ORDER BY d.number LIMIT $5",
        after,
        client_id,
        status,
        event_id,
        limit,
    )
    return [_delivery(row) for row in rows]


async def stop_all(db: Transaction, client_id: str) -> None:
    """Let nothing more go to a client of what waits for it."""
    await db.execute(
        f"UPDATE delivery SET status = 'stopped' WHERE client_id = $1 AND status IN {_LIVE}",
        client_id,
    )


def _delivery(row: Row) -> Delivery:
    return Delivery(
        delivery_id=row[0],
        event=row[1],
        client_id=row[2],
        position=row[3],
        status=Status(row[4]),
        next_at=row[5],
        failures=row[6],
        behind=row[7],
        fault=None if row[8] is None else json.loads(row[8]),
        number=row[9],
        event_id=row[10],
        type=row[11],
        occurred_at=row[12],
        attempts=row[13],
        answer=row[14],
    )


# Attempts


async def add_attempt(db: Transaction, delivery: Delivery, attempt: Attempt) -> None:
    await db.execute(
        "INSERT INTO delivery_attempt VALUES ($1, $2, $3, $4, $5, $6, $7)",
        delivery.number,
        attempt.number,
        attempt.at,
        attempt.answer,
        attempt.problem,
        attempt.took_ms,
        attempt.signature,
    )


async def list_attempts(db: Reader, delivery: Delivery) -> list[Attempt]:
    rows = await db.fetch(
        "SELECT number, at, answer, problem, took_ms, signature FROM delivery_attempt "
        "WHERE delivery = $1 ORDER BY number",
        delivery.number,
    )
    return [
        Attempt(
            number=row[0],
            at=row[1],
            answer=row[2],
            problem=row[3],
            took_ms=row[4],
            signature=row[5],
        )
        for row in rows
    ]
