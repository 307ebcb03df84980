"""Rows of client assertions that were used already. Their ids come in hashed."""

from sandbox.domain.time import Instant
from sandbox.storage.database import Transaction


async def use(db: Transaction, client_id: str, jti_hash: bytes, expires_at: Instant) -> bool:
    """Note the use of an assertion; False: it was used before."""
    added = await db.execute(
        "INSERT INTO used_assertion (client_id, jti_hash, expires_at) VALUES ($1, $2, $3) "
        "ON CONFLICT (client_id, jti_hash) DO NOTHING",
        client_id,
        jti_hash,
        expires_at,
    )
    return added == 1


async def forget(db: Transaction, now: Instant) -> None:
    """Drop those that would be refused for their age anyway."""
    await db.execute("DELETE FROM used_assertion WHERE expires_at < $1", now)
