"""Rows of authorization requests on their way: from the first page to the redirect back."""

from dataclasses import dataclass

from sandbox.domain.oauth.openid import SignedInAlready
from sandbox.domain.time import Instant
from sandbox.storage.database import Reader, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class InteractionRow:
    interaction_id: str
    browser_hash: bytes
    client_id: str
    request: str
    credential_id: int | None
    expires_at: Instant
    ended_at: Instant | None
    authenticated_at: Instant | None


async def insert(
    db: Transaction,
    *,
    interaction_id: str,
    browser_hash: bytes,
    bank: str,
    client_id: str,
    request: str,
    expires_at: Instant,
    held: SignedInAlready | None = None,
) -> None:
    """Insert one. ``held``: the log-in that serves it, where nobody has to sign in for it."""
    await db.execute(
        "INSERT INTO interaction VALUES ($1, $2, $3, $4, $5, $6, $7, NULL, $8)",
        interaction_id,
        browser_hash,
        bank,
        client_id,
        request,
        None if held is None else held.credential_id,
        expires_at,
        None if held is None else held.authenticated_at,
    )


async def find(db: Reader, bank: str, interaction_id: str) -> InteractionRow | None:
    row = await db.fetchrow(
        "SELECT interaction_id, browser_hash, client_id, request, credential_id, expires_at, "
        "ended_at, authenticated_at FROM interaction WHERE interaction_id = $1 AND bank = $2",
        interaction_id,
        bank,
    )
    if row is None:
        return None
    return InteractionRow(
        interaction_id=row[0],
        browser_hash=row[1],
        client_id=row[2],
        request=row[3],
        credential_id=row[4],
        expires_at=row[5],
        ended_at=row[6],
        authenticated_at=row[7],
    )


async def sign_in(
    db: Transaction,
    interaction_id: str,
    *,
    held: SignedInAlready,
    browser_hash: bytes,
    request: str,
) -> bool:
    """Bind a signed-in person, and a fresh cookie, to the interaction (O-25).

    ``request`` replaces what the interaction is for: a pushed request is used up by now.
    False where somebody signed in already, or the interaction is over.
    """
    return bool(
        await db.execute(
            "UPDATE interaction SET credential_id = $2, browser_hash = $3, authenticated_at = $4, "
            "request = $5 "
            "WHERE interaction_id = $1 AND credential_id IS NULL AND ended_at IS NULL",
            interaction_id,
            held.credential_id,
            browser_hash,
            held.authenticated_at,
            request,
        )
    )


async def end(db: Transaction, interaction_id: str, now: Instant) -> bool:
    """End an interaction; False where another answer came first."""
    return bool(
        await db.execute(
            "UPDATE interaction SET ended_at = $2 WHERE interaction_id = $1 AND ended_at IS NULL",
            interaction_id,
            now,
        )
    )


async def expire(db: Transaction, interaction_id: str, now: Instant) -> None:
    await db.execute(
        "UPDATE interaction SET expires_at = $2 WHERE interaction_id = $1", interaction_id, now
    )


async def forget_before(db: Transaction, instant: Instant) -> None:
    await db.execute("DELETE FROM interaction WHERE expires_at < $1", instant)
