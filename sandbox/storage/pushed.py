"""Rows of pushed authorization requests (RFC 9126). Their URIs come in already hashed."""

from dataclasses import dataclass

from sandbox.domain.time import Instant
from sandbox.storage.database import Reader, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class PushedRow:
    client_id: str
    parameters: str
    expires_at: Instant
    used_at: Instant | None


async def insert(
    db: Transaction,
    uri_hash: bytes,
    *,
    bank: str,
    client_id: str,
    parameters: str,
    expires_at: Instant,
) -> None:
    await db.execute(
        "INSERT INTO pushed_request VALUES ($1, $2, $3, $4, $5, NULL)",
        uri_hash,
        bank,
        client_id,
        parameters,
        expires_at,
    )


async def find(db: Reader, bank: str, uri_hash: bytes) -> PushedRow | None:
    row = await db.fetchrow(
        "SELECT client_id, parameters, expires_at, used_at FROM pushed_request "
        "WHERE uri_hash = $1 AND bank = $2",
        uri_hash,
        bank,
    )
    if row is None:
        return None
    return PushedRow(client_id=row[0], parameters=row[1], expires_at=row[2], used_at=row[3])


async def use(db: Transaction, uri_hash: bytes, now: Instant) -> bool:
    """Use a request up; False where that has happened before (O-19)."""
    return bool(
        await db.execute(
            "UPDATE pushed_request SET used_at = $2 WHERE uri_hash = $1 AND used_at IS NULL",
            uri_hash,
            now,
        )
    )


async def forget_before(db: Transaction, instant: Instant) -> None:
    await db.execute("DELETE FROM pushed_request WHERE expires_at < $1", instant)
