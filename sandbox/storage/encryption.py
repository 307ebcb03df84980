"""Rows of field encryption: for whom it is on, and which keys there are and were (W-39)."""

from dataclasses import dataclass

from sandbox.domain.corporate.encryption import FormerKey, Keyring
from sandbox.domain.time import Instant
from sandbox.storage.database import Reader, Transaction

_FIND = """
    SELECT s.client_id, s.encryption_key, f.contractor_id
    FROM service_contract s LEFT JOIN field_encryption f ON f.contractor_id = s.contractor_id
    WHERE s.contractor_id = $1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Encryption:
    """How it stands for a contractor. ``client_id`` None: no client is issued yet."""

    client_id: str | None
    key: bytes | None
    is_on: bool


async def find(db: Reader, contractor_id: str) -> Encryption | None:
    """Return how it stands, or None where there is no service contract."""
    row = await db.fetchrow(_FIND, contractor_id)
    if row is None:
        return None
    return Encryption(client_id=row[0], key=row[1], is_on=row[2] is not None)


async def find_keyring(db: Reader, contractor_id: str) -> Keyring | None:
    """Return the keys of a contractor's client, or None where encryption is off."""
    found = await find(db, contractor_id)
    if found is None or found.key is None or not found.is_on:
        return None
    rows = await db.fetch(
        "SELECT secret, readable_until FROM former_key WHERE contractor_id = $1 "
        "ORDER BY number DESC",
        contractor_id,
    )
    former = tuple(FormerKey(key=row[0], readable_until=row[1]) for row in rows)
    return Keyring(present=found.key, former=former)


async def switch(db: Transaction, contractor_id: str, *, is_on: bool) -> None:
    """Write whether a contractor's fields travel encrypted."""
    await db.execute(
        "INSERT INTO field_encryption VALUES ($1) ON CONFLICT (contractor_id) DO NOTHING"
        if is_on
        else "DELETE FROM field_encryption WHERE contractor_id = $1",
        contractor_id,
    )


async def keep_former(
    db: Transaction, contractor_id: str, key: bytes, *, readable_until: Instant, most: int
) -> None:
    """Keep a key that is being changed; of all former ones, the newest ``most`` stay."""
    row = await db.fetchrow(
        "SELECT COALESCE(MAX(number), 0) + 1 FROM former_key WHERE contractor_id = $1",
        contractor_id,
    )
    assert row is not None  # an aggregate
    await db.execute(
        "INSERT INTO former_key VALUES ($1, $2, $3, $4)",
        contractor_id,
        row[0],
        key,
        readable_until,
    )
    await db.execute(
        "DELETE FROM former_key WHERE contractor_id = $1 AND number <= $2",
        contractor_id,
        row[0] - most,
    )


async def former_readable_until(db: Reader, contractor_id: str) -> Instant | None:
    """Return until when the key before the present one opens requests; None: there was none."""
    row = await db.fetchrow(
        "SELECT readable_until FROM former_key WHERE contractor_id = $1 "
        "ORDER BY number DESC LIMIT 1",
        contractor_id,
    )
    return None if row is None else row[0]
