"""Rows that only the contractor's own pages read or write. Their cookies come in hashed."""

from collections.abc import Collection
from dataclasses import dataclass

from sandbox.domain.time import Instant
from sandbox.storage.database import Reader, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRow:
    credential_id: int
    identified_until: Instant  # 0: no second identity check yet
    expires_at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantRow:
    """A live grant. ``functions``: services; ``user_…``: who gave it."""

    grant_id: str
    client_id: str
    credential_id: int
    functions: tuple[str, ...]
    granted_at: Instant
    expires_at: Instant
    user_id: str
    user_name: str


async def open_session(
    db: Transaction, session_hash: bytes, bank: str, session: SessionRow
) -> None:
    await db.execute(
        "INSERT INTO desk_session VALUES ($1, $2, $3, $4, $5)",
        session_hash,
        bank,
        session.credential_id,
        session.identified_until,
        session.expires_at,
    )


async def find_session(
    db: Reader, session_hash: bytes, bank: str, now: Instant
) -> SessionRow | None:
    row = await db.fetchrow(
        "SELECT credential_id, identified_until, expires_at FROM desk_session "
        "WHERE session_hash = $1 AND bank = $2 AND expires_at > $3",
        session_hash,
        bank,
        now,
    )
    if row is None:
        return None
    return SessionRow(credential_id=row[0], identified_until=row[1], expires_at=row[2])


async def signed_in_until(db: Reader, bank: str, credential_id: int) -> Instant:
    """Return when the last log-in of a credential ends; 0 where there is none."""
    row = await db.fetchrow(
        "SELECT MAX(expires_at) FROM desk_session WHERE bank = $1 AND credential_id = $2",
        bank,
        credential_id,
    )
    return row[0] if row is not None and row[0] is not None else 0


async def close_session(db: Transaction, session_hash: bytes, now: Instant) -> None:
    """Forget one session, and all whose time has passed."""
    await db.execute(
        "DELETE FROM desk_session WHERE session_hash = $1 OR expires_at <= $2", session_hash, now
    )


async def list_grants(db: Reader, contractor_id: str, now: Instant) -> list[GrantRow]:
    """Return the live grants of a contractor's users, newest first."""
    rows = await db.fetch(
        "SELECT g.grant_id, g.client_id, g.credential_id, g.functions, g.granted_at, "
        "g.expires_at, u.user_id, u.name FROM access_grant g "
        "JOIN bank_user u ON u.credential_id = g.credential_id "
        "WHERE g.contractor_id = $1 AND g.expires_at > $2 "
        "AND (g.ended_at IS NULL OR g.ended_at > $2) ORDER BY g.granted_at DESC, g.grant_id",
        contractor_id,
        now,
    )
    return [
        GrantRow(
            grant_id=row[0],
            client_id=row[1],
            credential_id=row[2],
            functions=tuple(row[3].split()),
            granted_at=row[4],
            expires_at=row[5],
            user_id=row[6],
            user_name=row[7],
        )
        for row in rows
    ]


async def find_application(db: Reader, contractor_id: str) -> tuple[str, str, int] | None:
    """Return (purpose, form of use, fee settlement account) of a service contract."""
    row = await db.fetchrow(
        "SELECT purpose, form, fee_account FROM service_contract WHERE contractor_id = $1",
        contractor_id,
    )
    return None if row is None else (row[0], row[1], row[2])


async def list_request_numbers(
    db: Reader,
    contractor_id: str,
    statuses: Collection[str],
    *,
    account_ids: Collection[str] | None,
    before: int,
    limit: int,
) -> list[int]:
    """Return requests in one of ``statuses``, newest first, below the number ``before``.

    ``account_ids``: only those that pay from one of these; None: from any account.
    """
    marks = ", ".join(f"${number}" for number in range(4, 4 + len(statuses)))
    limited = "" if account_ids is None else f"AND {_paying_from(account_ids, 4 + len(statuses))} "
    rows = await db.fetch(
        "SELECT request FROM transfer_request WHERE contractor_id = $1 AND request < $2 "
        f"AND status IN ({marks}) {limited}ORDER BY request DESC LIMIT $3",
        contractor_id,
        before,
        limit,
        *statuses,
        *(account_ids or ()),
    )
    return [row[0] for row in rows]


def _paying_from(account_ids: Collection[str], first: int) -> str:
    """Return the condition on the account, its parameters counted from ``first``."""
    marks = ", ".join(f"${number}" for number in range(first, first + len(account_ids)))
    return f"account IN (SELECT account FROM account WHERE account_id IN ({marks or 'NULL'}))"
