"""Rows of events: the facts that they are made from, the events, and where providers take them."""

import json
from dataclasses import dataclass
from typing import Any

from sandbox.domain.delivery import Address
from sandbox.domain.event import Event, EventType
from sandbox.domain.time import Instant
from sandbox.storage.database import Reader, Row, Transaction

_EVENT = "event_id, type, bank, client_id, occurred_at, data, number"


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that happens at ``due_at``; ``source`` says what ``subject`` names."""

    number: int
    due_at: Instant
    source: str
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedGrant:
    """``token_ids``: SHA-256 of its tokens, by which whoever holds them knows the grant."""

    bank: str
    client_id: str
    scope: str
    granted_at: Instant
    ended_at: Instant
    reason: str | None  # None: its time is over
    token_hashes: tuple[bytes, ...]


# Facts


async def next_fact_at(db: Reader) -> Instant | None:
    row = await db.fetchrow("SELECT MIN(due_at) FROM event_fact")
    return None if row is None else row[0]


async def list_facts(db: Reader, until: Instant, limit: int) -> list[Fact]:
    """Return what has happened by ``until``, in order."""
    rows = await db.fetch(
        "SELECT number, due_at, source, subject FROM event_fact WHERE due_at <= $1 "
        "ORDER BY due_at, number LIMIT $2",
        until,
        limit,
    )
    return [Fact(*row) for row in rows]


async def forget_facts(db: Transaction, facts: list[Fact]) -> None:
    await db.executemany(
        "DELETE FROM event_fact WHERE number = $1", [(fact.number,) for fact in facts]
    )


async def find_ended_grant(db: Reader, grant_id: str) -> EndedGrant | None:
    """Return a grant by its end, which may be still to come."""
    row = await db.fetchrow(
        "SELECT bank, client_id, scope, granted_at, expires_at, ended_at, end_reason "
        "FROM access_grant WHERE grant_id = $1",
        grant_id,
    )
    if row is None:
        return None
    is_ended = row[5] is not None and row[5] <= row[4]
    tokens = await db.fetch(
        "SELECT token_hash FROM token WHERE grant_id = $1 ORDER BY issued_at DESC, token_hash "
        "LIMIT 20",
        grant_id,
    )
    return EndedGrant(
        bank=row[0],
        client_id=row[1],
        scope=row[2],
        granted_at=row[3],
        ended_at=row[5] if is_ended else row[4],
        reason=row[6] if is_ended else None,
        token_hashes=tuple(token[0] for token in tokens),
    )


async def find_contract_client(db: Reader, contractor_id: str) -> str | None:
    """Return the client that was issued to a contractor (W-3)."""
    row = await db.fetchrow(
        "SELECT client_id FROM service_contract WHERE contractor_id = $1", contractor_id
    )
    return None if row is None else row[0]


async def find_rotated_key(db: Reader, kid: str) -> tuple[str, str, Instant] | None:
    """Return (bank, alg, when it was made) of a key that took another one's place."""
    row = await db.fetchrow(
        "SELECT bank, alg, created_at FROM signing_key n WHERE kid = $1 AND EXISTS (SELECT 1 "
        "FROM signing_key o WHERE o.bank = n.bank AND o.alg = n.alg AND o.kid <> n.kid "
        "AND o.retired_at = n.created_at)",
        kid,
    )
    return None if row is None else (row[0], row[1], row[2])


# Events


async def insert_event(db: Transaction, event: Event) -> int:
    """Keep an event and return its number; numbers grow."""
    await db.execute(
        "INSERT INTO event (event_id, type, bank, client_id, occurred_at, data) "
        "VALUES ($1, $2, $3, $4, $5, $6)",
        event.event_id,
        event.type.value,
        event.bank,
        event.client_id,
        event.occurred_at,
        json.dumps(dict(event.data), ensure_ascii=False),
    )
    row = await db.fetchrow("SELECT MAX(number) FROM event")
    assert row is not None
    return int(row[0])


async def find_event(db: Reader, number: int) -> Event | None:
    row = await db.fetchrow(f"SELECT {_EVENT} FROM event WHERE number = $1", number)
    return None if row is None else _event(row)


async def list_events(
    db: Reader, *, kind: str | None, client_id: str | None, after: int, limit: int
) -> list[tuple[Event, int]]:
    """Return the events beyond the number ``after``, each with how many deliveries it has."""
    rows = await db.fetch(
        f"SELECT {_EVENT}, (SELECT COUNT(*) FROM delivery d WHERE d.event = event.number) "
        "FROM event WHERE number > $1 AND ($2 IS NULL OR type = $2) "
        "AND ($3 IS NULL OR client_id = $3 OR (client_id IS NULL AND bank = "
        "(SELECT bank FROM client WHERE client.client_id = $3))) ORDER BY number LIMIT $4",
        after,
        kind,
        client_id,
        limit,
    )
    return [(_event(row[:-1]), row[-1]) for row in rows]


async def forget_events(db: Transaction, until: int) -> None:
    """Drop the events up to a number with their deliveries, sent or not."""
    await db.execute("DELETE FROM event WHERE number <= $1", until)


def _event(row: Row) -> Event:
    data: dict[str, Any] = json.loads(row[5])
    return Event(
        event_id=row[0],
        type=EventType(row[1]),
        bank=row[2],
        client_id=row[3],
        occurred_at=row[4],
        data=data,
        number=row[6],
    )


# Addresses


async def save_address(db: Transaction, address: Address) -> None:
    await db.execute(
        "INSERT INTO event_address VALUES ($1, $2, $3, $4) ON CONFLICT (client_id) DO UPDATE "
        "SET url = excluded.url, secret = excluded.secret, stopped_at = excluded.stopped_at",
        address.client_id,
        address.url,
        address.secret,
        address.stopped_at,
    )


async def delete_address(db: Transaction, client_id: str) -> bool:
    return bool(await db.execute("DELETE FROM event_address WHERE client_id = $1", client_id))


async def find_address(db: Reader, client_id: str) -> Address | None:
    row = await db.fetchrow(
        "SELECT client_id, url, secret, stopped_at FROM event_address WHERE client_id = $1",
        client_id,
    )
    return None if row is None else _address(row)


async def list_listening(db: Reader, bank: str | None = None) -> list[Address]:
    """Return the addresses at which clients (of a bank) are told, by client id."""
    rows = await db.fetch(
        "SELECT a.client_id, a.url, a.secret, a.stopped_at FROM event_address a "
        "JOIN client c ON c.client_id = a.client_id "
        "WHERE a.stopped_at IS NULL AND ($1 IS NULL OR c.bank = $1) ORDER BY a.client_id",
        bank,
    )
    return [_address(row) for row in rows]


async def stop_address(db: Transaction, client_id: str, at: Instant) -> None:
    await db.execute("UPDATE event_address SET stopped_at = $2 WHERE client_id = $1", client_id, at)


def _address(row: Row) -> Address:
    return Address(client_id=row[0], url=row[1], secret=row[2], stopped_at=row[3])
