"""Rows of log-ins that a browser still has (OpenID). Their cookies come in already hashed."""

from sandbox.domain.oauth.openid import SignedInAlready
from sandbox.domain.time import Instant
from sandbox.storage.database import Reader, Transaction


async def insert(
    db: Transaction, session_hash: bytes, bank: str, held: SignedInAlready, expires_at: Instant
) -> None:
    await db.execute(
        "INSERT INTO session VALUES ($1, $2, $3, $4, $5)",
        session_hash,
        bank,
        held.credential_id,
        held.authenticated_at,
        expires_at,
    )


async def find(db: Reader, bank: str, session_hash: bytes, now: Instant) -> SignedInAlready | None:
    row = await db.fetchrow(
        "SELECT credential_id, authenticated_at FROM session "
        "WHERE session_hash = $1 AND bank = $2 AND expires_at > $3",
        session_hash,
        bank,
        now,
    )
    return None if row is None else SignedInAlready(credential_id=row[0], authenticated_at=row[1])


async def forget(db: Transaction, session_hash: bytes | None, now: Instant) -> None:
    """Forget one session, and all whose time has passed."""
    await db.execute(
        "DELETE FROM session WHERE session_hash = $1 OR expires_at <= $2", session_hash, now
    )
