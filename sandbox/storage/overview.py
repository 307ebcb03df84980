"""What the dashboard shows of a world. Every query looks at so many rows and no more."""

from typing import Any

from sandbox.domain.time import Instant
from sandbox.storage.database import Reader, Row

MOST_LOOKED_AT = 2_000
Found = dict[str, Any]
_GRANT = (
    "grant_id",
    "bank",
    "client_id",
    "persona",
    "scope",
    "granted_at",
    "expires_at",
    "suspended_as",
)
_TOKEN = ("token_hash", "kind", "grant_id", "client_id", "persona", "scope", "expires_at")


async def live_grants(db: Reader, now: Instant, limit: int) -> list[Found]:
    """Return grants that have not ended, the one that lasts longest first."""
    rows = await db.fetch(
        "SELECT g.grant_id, g.bank, g.client_id, COALESCE(u.persona, k.persona), g.scope, "
        "g.granted_at, g.expires_at, g.suspended_as "
        "FROM (SELECT * FROM access_grant WHERE expires_at > $1 ORDER BY expires_at DESC "
        f"LIMIT {MOST_LOOKED_AT}) g "
        "JOIN contractor k ON k.contractor_id = g.contractor_id "
        "LEFT JOIN bank_user u ON u.credential_id = g.credential_id "
        "WHERE g.ended_at IS NULL OR g.ended_at > $1 "
        "ORDER BY g.expires_at DESC, g.grant_id LIMIT $2",
        now,
        limit,
    )
    return _named(_GRANT, rows)


async def live_tokens(db: Reader, now: Instant, limit: int) -> list[Found]:
    """Return tokens that open something, by their hashes; the one that lasts longest first."""
    rows = await db.fetch(
        "SELECT t.token_hash, t.kind, t.grant_id, g.client_id, COALESCE(u.persona, k.persona), "
        "t.scope, t.expires_at "
        "FROM (SELECT * FROM token WHERE expires_at > $1 ORDER BY expires_at DESC "
        f"LIMIT {MOST_LOOKED_AT}) t "
        "JOIN access_grant g ON g.grant_id = t.grant_id "
        "JOIN contractor k ON k.contractor_id = g.contractor_id "
        "LEFT JOIN bank_user u ON u.credential_id = g.credential_id "
        "WHERE t.spent_at IS NULL AND g.expires_at > $1 "
        "AND (g.ended_at IS NULL OR g.ended_at > $1) "
        "ORDER BY t.expires_at DESC, t.token_hash LIMIT $2",
        now,
        limit,
    )
    return _named(_TOKEN, rows)


async def coming(db: Reader) -> list[tuple[Instant, str]]:
    """Return when what kind of item falls due next, in order."""
    rows = await db.fetch(
        f"SELECT due_at, kind FROM agenda ORDER BY due_at, priority LIMIT {MOST_LOOKED_AT}"
    )
    return [(row[0], row[1]) for row in rows]


async def transfers_by_status(db: Reader) -> list[tuple[str, str, int]]:
    """Return bank, status and how many of the newest transfer requests."""
    rows = await db.fetch(
        "SELECT bank, status, COUNT(*) FROM (SELECT bank, status FROM transfer_request "
        f"ORDER BY request DESC LIMIT {MOST_LOOKED_AT}) newest GROUP BY bank, status "
        "ORDER BY bank, status"
    )
    return [(row[0], row[1], row[2]) for row in rows]


def _named(names: tuple[str, ...], rows: list[Row]) -> list[Found]:
    return [dict(zip(names, row, strict=True)) for row in rows]
