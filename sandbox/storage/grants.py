"""Rows of grants, codes and tokens. Secrets come in already hashed."""

from dataclasses import dataclass

from sandbox.domain.corporate.contract import ContractStatus
from sandbox.domain.corporate.plan import Plan
from sandbox.domain.corporate.powers import Powers
from sandbox.domain.oauth.grant import AuthorizationCode, RefreshToken, Standing
from sandbox.domain.oauth.openid import LiveGrant
from sandbox.domain.time import Instant
from sandbox.storage.corporate import accounts_of, services_of
from sandbox.storage.database import Reader, Row, Transaction

_STANDING = """
    g.grant_id, g.client_id, g.contractor_id, g.credential_id, g.functions, g.present_at,
    g.expires_at, g.ended_at, g.end_reason, c.functions, c.status, k.contract_state, l.state,
    g.scope, l.login, g.authenticated_at, g.detail, s.status, s.services, s.plan,
    u.has_service_right, u.rights, u.user_code, u.limit_per_transaction_yen, u.limit_per_item_yen,
    u.accounts, s.is_environment_blocked, g.suspended_as
"""
_STANDING_COLUMNS = 28
_OF_GRANT = """
    JOIN client c ON c.client_id = g.client_id
    JOIN contractor k ON k.contractor_id = g.contractor_id
    JOIN credential l ON l.credential_id = g.credential_id
    LEFT JOIN service_contract s ON s.contractor_id = g.contractor_id
    LEFT JOIN bank_user u ON u.credential_id = g.credential_id
"""
_FIND_STANDING = f"SELECT {_STANDING} FROM access_grant g {_OF_GRANT} WHERE g.grant_id = $1"
_FIND_TOKEN = f"""
    SELECT {_STANDING}, t.kind, t.scope, t.expires_at, t.binding, t.issued_at, t.spent_at
    FROM token t
    JOIN access_grant g ON g.grant_id = t.grant_id
    {_OF_GRANT}
    WHERE t.token_hash = $1 AND g.bank = $2
"""
_FIND_CODE = f"""
    SELECT {_STANDING}, a.client_id, a.redirect_uri, a.code_challenge, a.expires_at, a.spent_at,
           a.nonce, a.dpop_jkt, a.scope
    FROM authorization_code a
    JOIN access_grant g ON g.grant_id = a.grant_id
    {_OF_GRANT}
    WHERE a.code_hash = $1
"""
_FIND_REFRESH_TOKEN = f"""
    SELECT {_STANDING}, t.scope, t.expires_at, t.spent_at, t.binding,
           t.spent_at IS NULL OR NOT EXISTS (
               SELECT 1 FROM token n WHERE n.grant_id = t.grant_id AND n.kind = 'refresh'
               AND n.replaced = t.token_hash AND n.spent_at IS NOT NULL)
    FROM token t
    JOIN access_grant g ON g.grant_id = t.grant_id
    {_OF_GRANT}
    WHERE t.token_hash = $1 AND t.kind = 'refresh'
"""


def _standing(row: Row) -> Standing:
    return Standing(
        grant_id=row[0],
        client_id=row[1],
        contractor_id=row[2],
        credential_id=row[3],
        functions=tuple(row[4].split()),
        present_at=row[5],
        expires_at=row[6],
        ended_at=row[7],
        end_reason=row[8],
        client_functions=tuple(row[9].split()),
        client_status=row[10],
        contract_state=row[11],
        credential_state=row[12],
        scope=row[13],
        login=row[14],
        authenticated_at=row[15],
        detail=row[16],
        suspended_as=row[27],
        powers=None if row[17] is None else _powers(row),
    )


def _powers(row: Row) -> Powers:
    return Powers(
        contract_status=ContractStatus(row[17]),
        contracted=services_of(row[18]),
        rights=services_of(row[21]) if row[20] else frozenset(),
        plan=Plan(row[19]),
        user_code=row[22],
        limit_per_transaction_yen=row[23],
        limit_per_item_yen=row[24],
        accounts=accounts_of(row[25]),
        is_environment_blocked=bool(row[26]),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRow:
    """A token of either kind, live or not, and how its grant stands."""

    standing: Standing
    kind: str  # access, refresh
    scope: str
    issued_at: Instant
    expires_at: Instant
    spent_at: Instant | None
    binding: str | None


async def find_standing(db: Reader, grant_id: str) -> Standing | None:
    row = await db.fetchrow(_FIND_STANDING, grant_id)
    return None if row is None else _standing(row)


async def find_token(db: Reader, token_hash: bytes, bank: str) -> TokenRow | None:
    """Return all that a call needs to know of a token of ``bank``, in one query."""
    row = await db.fetchrow(_FIND_TOKEN, token_hash, bank)
    if row is None:
        return None
    kind, scope, expires_at, binding, issued_at, spent_at = row[_STANDING_COLUMNS:]
    return TokenRow(
        standing=_standing(row),
        kind=kind,
        scope=scope,
        expires_at=expires_at,
        binding=binding,
        issued_at=issued_at,
        spent_at=spent_at,
    )


async def has_token(db: Reader, token_hash: bytes) -> bool:
    """Tell whether any bank of the world has issued this token, of either kind, live or not."""
    return await db.fetchrow("SELECT 1 FROM token WHERE token_hash = $1", token_hash) is not None


async def insert_grant(
    db: Transaction,
    *,
    grant_id: str,
    bank: str,
    client_id: str,
    contractor_id: str,
    credential_id: int,
    scope: str,
    functions: tuple[str, ...],
    terms_version: str,
    now: Instant,
    expires_at: Instant,
    authenticated_at: Instant,
    detail: str,
    accounts: tuple[int, ...],
) -> None:
    await db.execute(
        "INSERT INTO access_grant VALUES "
        "($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, $10, NULL, NULL, $11, $12, NULL)",
        grant_id,
        bank,
        client_id,
        contractor_id,
        credential_id,
        scope,
        " ".join(functions),
        terms_version,
        now,
        expires_at,
        authenticated_at,
        detail,
    )
    await db.executemany(
        "INSERT INTO grant_account VALUES ($1, $2)", [(grant_id, account) for account in accounts]
    )


async def list_live(
    db: Reader, bank: str, client_id: str, credential_id: int, now: Instant
) -> list[LiveGrant]:
    """Return what one user allowed a client and still holds, newest first."""
    rows = await db.fetch(
        "SELECT grant_id, scope, detail FROM access_grant "
        "WHERE client_id = $2 AND credential_id = $3 AND bank = $1 AND expires_at > $4 "
        "AND (ended_at IS NULL OR ended_at > $4) AND suspended_as IS NULL "
        "ORDER BY granted_at DESC, grant_id",
        bank,
        client_id,
        credential_id,
        now,
    )
    return [LiveGrant(grant_id=row[0], scope=row[1], detail=row[2]) for row in rows]


async def renew_log_in(db: Transaction, grant_id: str, authenticated_at: Instant) -> None:
    """Note the log-in behind another code of a grant."""
    await db.execute(
        "UPDATE access_grant SET authenticated_at = $2 WHERE grant_id = $1",
        grant_id,
        authenticated_at,
    )


async def end_grant(db: Transaction, grant_id: str, *, at: Instant, reason: str) -> bool:
    """End a grant with all that hangs on it. False where it had ended or lapsed already.

    What ended it first stands: it is the reason that its tokens are refused with.
    """
    return bool(
        await db.execute(
            "UPDATE access_grant SET ended_at = $2, end_reason = $3 "
            "WHERE grant_id = $1 AND expires_at > $2 AND (ended_at IS NULL OR ended_at > $2)",
            grant_id,
            at,
            reason,
        )
    )


async def end_grants_of_contractor(
    db: Transaction, contractor_id: str, *, client_id: str | None, at: Instant, reason: str
) -> int:
    """End every live grant of a contractor, at one client or (None) at all of them."""
    return await db.execute(
        "UPDATE access_grant SET ended_at = $3, end_reason = $4 "
        "WHERE contractor_id = $1 AND expires_at > $3 AND (ended_at IS NULL OR ended_at > $3) "
        "AND ($2 IS NULL OR client_id = $2)",
        contractor_id,
        client_id,
        at,
        reason,
    )


async def end_grants_of_user(
    db: Transaction, contractor_id: str, credential_id: int, *, at: Instant, reason: str
) -> int:
    """End every live grant that one user (利用者ID) of a contractor gave."""
    return await db.execute(
        "UPDATE access_grant SET ended_at = $3, end_reason = $4 "
        "WHERE contractor_id = $1 AND credential_id = $2 AND expires_at > $3 "
        "AND (ended_at IS NULL OR ended_at > $3)",
        contractor_id,
        credential_id,
        at,
        reason,
    )


async def end_grants_of_client(db: Transaction, client_id: str, *, at: Instant, reason: str) -> int:
    """End every live grant of a client."""
    return await db.execute(
        "UPDATE access_grant SET ended_at = $2, end_reason = $3 "
        "WHERE client_id = $1 AND expires_at > $2 AND (ended_at IS NULL OR ended_at > $2)",
        client_id,
        at,
        reason,
    )


async def end_grants_of_bank(db: Transaction, bank: str, *, at: Instant, reason: str) -> int:
    """End every live grant of a bank."""
    return await db.execute(
        "UPDATE access_grant SET ended_at = $2, end_reason = $3 "
        "WHERE bank = $1 AND expires_at > $2 AND (ended_at IS NULL OR ended_at > $2)",
        bank,
        at,
        reason,
    )


async def find_bank(db: Reader, grant_id: str) -> str | None:
    """Return which bank's a grant is."""
    row = await db.fetchrow("SELECT bank FROM access_grant WHERE grant_id = $1", grant_id)
    return None if row is None else row[0]


async def insert_code(db: Transaction, code_hash: bytes, code: AuthorizationCode) -> None:
    await db.execute(
        "INSERT INTO authorization_code VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        code_hash,
        code.grant_id,
        code.client_id,
        code.redirect_uri,
        code.code_challenge,
        code.expires_at,
        code.spent_at,
        code.nonce,
        code.dpop_jkt,
        code.scope,
    )


async def find_code(db: Reader, code_hash: bytes) -> tuple[AuthorizationCode, Standing] | None:
    """Return a code and how its grant stands, in one query."""
    row = await db.fetchrow(_FIND_CODE, code_hash)
    if row is None:
        return None
    client_id, redirect_uri, challenge, expires_at, spent_at, nonce, dpop_jkt, scope = row[
        _STANDING_COLUMNS:
    ]
    code = AuthorizationCode(
        grant_id=row[0],
        client_id=client_id,
        redirect_uri=redirect_uri,
        code_challenge=challenge,
        expires_at=expires_at,
        spent_at=spent_at,
        nonce=nonce,
        dpop_jkt=dpop_jkt,
        scope=scope,
    )
    return code, _standing(row)


async def spend_code(db: Transaction, code_hash: bytes, now: Instant) -> None:
    await db.execute(
        "UPDATE authorization_code SET spent_at = $2 WHERE code_hash = $1", code_hash, now
    )


async def expire_code(db: Transaction, code_hash: bytes, now: Instant) -> None:
    await db.execute(
        "UPDATE authorization_code SET expires_at = $2 WHERE code_hash = $1", code_hash, now
    )


async def insert_tokens(db: Transaction, tokens: list[Row]) -> None:
    """Insert rows of (hash, kind, grant id, scope, issued at, expires at, binding, replaced)."""
    await db.executemany("INSERT INTO token VALUES ($1, $2, $3, $4, $5, $6, NULL, $7, $8)", tokens)


async def last_access_expiry(db: Reader, bank: str) -> Instant | None:
    """Return when the last access token of a bank's grants ends; None where there is none."""
    row = await db.fetchrow(
        "SELECT MAX(t.expires_at) FROM token t JOIN access_grant g ON g.grant_id = t.grant_id "
        "WHERE g.bank = $1 AND t.kind = 'access'",
        bank,
    )
    return None if row is None else row[0]


async def find_refresh_token(db: Reader, token_hash: bytes) -> tuple[RefreshToken, Standing] | None:
    """Return a refresh token and how its grant stands, in one query."""
    row = await db.fetchrow(_FIND_REFRESH_TOKEN, token_hash)
    if row is None:
        return None
    scope, expires_at, spent_at, binding, is_newest = row[_STANDING_COLUMNS:]
    token = RefreshToken(
        grant_id=row[0],
        client_id=row[1],
        scope=scope,
        expires_at=expires_at,
        spent_at=spent_at,
        binding=binding,
        is_newest=bool(is_newest),
    )
    return token, _standing(row)


async def spend_token(db: Transaction, token_hash: bytes, now: Instant) -> None:
    await db.execute("UPDATE token SET spent_at = $2 WHERE token_hash = $1", token_hash, now)


async def end_access_tokens(db: Transaction, grant_id: str, now: Instant) -> list[bytes]:
    """End the access tokens of a grant that a refresh replaces, and return their hashes."""
    rows = await db.fetch(
        "UPDATE token SET expires_at = $2 "
        "WHERE grant_id = $1 AND kind = 'access' AND expires_at > $2 RETURNING token_hash",
        grant_id,
        now,
    )
    return [row[0] for row in rows]


async def find_grant_of_token(db: Reader, token_hash: bytes) -> tuple[str, str] | None:
    """Return (grant id, client id) of any token, live or not."""
    row = await db.fetchrow(
        "SELECT t.grant_id, g.client_id FROM token t "
        "JOIN access_grant g ON g.grant_id = t.grant_id WHERE t.token_hash = $1",
        token_hash,
    )
    return None if row is None else (row[0], row[1])


async def prolong_token(db: Transaction, token_hash: bytes, expires_at: Instant) -> None:
    await db.execute(
        "UPDATE token SET expires_at = $2 WHERE token_hash = $1", token_hash, expires_at
    )
