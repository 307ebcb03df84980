"""What the control door lists: grants, tokens and accounts as they really are. No secrets."""

from typing import Any

from sandbox.domain.time import Instant
from sandbox.storage.database import Reader, Row, Transaction

Found = dict[str, Any]
_GRANT = (
    "grant_id",
    "bank",
    "client_id",
    "contractor_id",
    "persona",
    "scope",
    "functions",
    "terms_version",
    "granted_at",
    "expires_at",
    "ended_at",
    "end_reason",
    "suspended_as",
)
_TOKEN = (
    "token_hash",
    "kind",
    "grant_id",
    "client_id",
    "contractor_id",
    "persona",
    "scope",
    "issued_at",
    "expires_at",
    "spent_at",
    "grant_ended_at",
    "grant_expires_at",
)
_ACCOUNT = (
    "account_id",
    "bank",
    "contractor_id",
    "persona",
    "branch_code",
    "account_type",
    "account_number",
    "holder_name",
    "state",
    "balance_yen",
    "overdraft_limit_yen",
    "held_yen",
    "previous_day_yen",
    "previous_month_yen",
    "lines",
)
_GRANTS = """
    SELECT g.grant_id, g.bank, g.client_id, g.contractor_id, COALESCE(u.persona, k.persona),
           g.scope, g.functions, g.terms_version, g.granted_at, g.expires_at, g.ended_at,
           g.end_reason, g.suspended_as
    FROM access_grant g JOIN contractor k ON k.contractor_id = g.contractor_id
    LEFT JOIN bank_user u ON u.credential_id = g.credential_id
"""
_TOKENS = """
    SELECT t.token_hash, t.kind, t.grant_id, g.client_id, g.contractor_id,
           COALESCE(u.persona, k.persona), t.scope,
           t.issued_at, t.expires_at, t.spent_at, g.ended_at, g.expires_at
    FROM token t JOIN access_grant g ON g.grant_id = t.grant_id
    JOIN contractor k ON k.contractor_id = g.contractor_id
    LEFT JOIN bank_user u ON u.credential_id = g.credential_id
"""


def _named(names: tuple[str, ...], rows: list[Row]) -> list[Found]:
    return [dict(zip(names, row, strict=True)) for row in rows]


async def list_grants(
    db: Reader, *, client_id: str | None, persona: str | None, after: str, limit: int
) -> list[Found]:
    rows = await db.fetch(
        f"{_GRANTS} WHERE g.grant_id > $1 AND ($2 IS NULL OR g.client_id = $2) "
        "AND ($3 IS NULL OR COALESCE(u.persona, k.persona) = $3) ORDER BY g.grant_id LIMIT $4",
        after,
        client_id,
        persona,
        limit,
    )
    return _named(_GRANT, rows)


async def list_granted_accounts(db: Reader, grant_id: str) -> list[str]:
    rows = await db.fetch(
        "SELECT a.account_id FROM grant_account ga JOIN account a ON a.account = ga.account "
        "WHERE ga.grant_id = $1 ORDER BY a.account_id",
        grant_id,
    )
    return [row[0] for row in rows]


async def list_tokens(
    db: Reader, *, client_id: str | None, grant_id: str | None, after: bytes, limit: int
) -> list[Found]:
    rows = await db.fetch(
        f"{_TOKENS} WHERE t.token_hash > $1 AND ($2 IS NULL OR g.client_id = $2) "
        "AND ($3 IS NULL OR t.grant_id = $3) ORDER BY t.token_hash LIMIT $4",
        after,
        client_id,
        grant_id,
        limit,
    )
    return _named(_TOKEN, rows)


async def expire_token(db: Transaction, prefix: bytes, until: bytes, now: Instant) -> int:
    """End the token whose hash lies in [prefix, until), if it still lives."""
    return await db.execute(
        "UPDATE token SET expires_at = CASE WHEN expires_at < $3 THEN expires_at ELSE $3 END "
        "WHERE token_hash >= $1 AND token_hash < $2",
        prefix,
        until,
        now,
    )


async def find_grant_of(db: Reader, prefix: bytes, until: bytes) -> str | None:
    row = await db.fetchrow(
        "SELECT grant_id FROM token WHERE token_hash >= $1 AND token_hash < $2", prefix, until
    )
    return None if row is None else row[0]


async def find_live_access(db: Reader, grant_id: str, now: Instant) -> Row | None:
    """Return (scope, binding, expires at) of the newest access token of a grant that lives."""
    return await db.fetchrow(
        "SELECT scope, binding, expires_at FROM token WHERE grant_id = $1 AND kind = 'access' "
        "AND spent_at IS NULL AND expires_at > $2 ORDER BY issued_at DESC, token_hash LIMIT 1",
        grant_id,
        now,
    )


async def find_newest_client(db: Reader, bank: str, contractor_id: str) -> str | None:
    """Return the client that a contractor consented to last."""
    row = await db.fetchrow(
        "SELECT client_id FROM access_grant WHERE bank = $1 AND contractor_id = $2 "
        "ORDER BY granted_at DESC, grant_id LIMIT 1",
        bank,
        contractor_id,
    )
    return None if row is None else row[0]


async def expire_grant(db: Transaction, grant_id: str, now: Instant) -> int:
    return await db.execute(
        "UPDATE access_grant SET expires_at = CASE WHEN expires_at < $2 THEN expires_at ELSE $2 "
        "END WHERE grant_id = $1",
        grant_id,
        now,
    )


async def list_accounts(
    db: Reader, *, bank: str | None, persona: str | None, after: str, limit: int
) -> list[Found]:
    rows = await db.fetch(
        "SELECT a.account_id, a.bank, a.contractor_id, k.persona, a.branch_code, a.account_type, "
        "a.account_number, a.holder_name, a.state, a.balance_yen, a.overdraft_limit_yen, "
        "a.held_yen, a.previous_day_yen, a.previous_month_yen, a.last_seq "
        "FROM account a JOIN contractor k ON k.contractor_id = a.contractor_id "
        "WHERE a.account_id > $1 AND ($2 IS NULL OR a.bank = $2) "
        "AND ($3 IS NULL OR k.persona = $3 OR EXISTS (SELECT 1 FROM bank_user u "
        "WHERE u.contractor_id = a.contractor_id AND u.persona = $3)) "
        "ORDER BY a.account_id LIMIT $4",
        after,
        bank,
        persona,
        limit,
    )
    return _named(_ACCOUNT, rows)
