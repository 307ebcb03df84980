"""Rows of answers that are kept for a repeated call."""

from sandbox.domain.time import Instant
from sandbox.storage.database import Reader, Transaction


async def find(
    db: Reader, client_id: str, key_hash: bytes, now: Instant
) -> tuple[bytes, bytes] | None:
    """Return (fingerprint, answer) of a key whose time is not over at ``now``."""
    row = await db.fetchrow(
        "SELECT fingerprint, answer FROM idempotency "
        "WHERE client_id = $1 AND key_hash = $2 AND expires_at > $3",
        client_id,
        key_hash,
        now,
    )
    return None if row is None else (row[0], row[1])


async def insert(
    db: Transaction,
    client_id: str,
    key_hash: bytes,
    fingerprint: bytes,
    answer: bytes,
    expires_at: Instant,
) -> None:
    await db.execute(
        "INSERT INTO idempotency VALUES ($1, $2, $3, $4, $5)",
        client_id,
        key_hash,
        fingerprint,
        answer,
        expires_at,
    )


async def delete_over(db: Transaction, now: Instant) -> None:
    """Forget the keys whose time is over at ``now``."""
    await db.execute("DELETE FROM idempotency WHERE expires_at <= $1", now)
