"""Rows of the banks' own signing keys (署名鍵)."""

from sandbox.domain.oauth.signing_key import SigningKey
from sandbox.domain.time import Instant
from sandbox.storage.database import Reader, Row, Transaction

_COLUMNS = "kid, bank, alg, private_jwk, created_at, retired_at, published_until"


def _key(row: Row) -> SigningKey:
    return SigningKey(
        kid=row[0],
        bank=row[1],
        alg=row[2],
        private_jwk=row[3],
        created_at=row[4],
        retired_at=row[5],
        published_until=row[6],
    )


async def insert(db: Transaction, key: SigningKey) -> None:
    await db.execute(
        f"INSERT INTO signing_key ({_COLUMNS}) VALUES ($1, $2, $3, $4, $5, NULL, NULL)",
        key.kid,
        key.bank,
        key.alg,
        key.private_jwk,
        key.created_at,
    )


async def find(db: Reader, kid: str) -> SigningKey | None:
    row = await db.fetchrow(f"SELECT {_COLUMNS} FROM signing_key WHERE kid = $1", kid)
    return None if row is None else _key(row)


async def list_signing(db: Reader, bank: str, alg: str) -> list[SigningKey]:
    """Return the keys of ``alg`` that have not been retired: one, but in a forked world."""
    rows = await db.fetch(
        f"SELECT {_COLUMNS} FROM signing_key WHERE bank = $1 AND alg = $2 AND retired_at IS NULL",
        bank,
        alg,
    )
    return [_key(row) for row in rows]


async def list_all(db: Reader) -> list[SigningKey]:
    """Return every key of the world, oldest first, those that have left the key set too."""
    rows = await db.fetch(
        f"SELECT {_COLUMNS} FROM signing_key "
        "ORDER BY created_at, COALESCE(retired_at, created_at), retired_at IS NULL, kid"
    )
    return [_key(row) for row in rows]


async def retire(db: Transaction, kid: str, at: Instant, published_until: Instant) -> None:
    await db.execute(
        "UPDATE signing_key SET retired_at = $2, published_until = $3 "
        "WHERE kid = $1 AND retired_at IS NULL",
        kid,
        at,
        published_until,
    )


async def delete(db: Transaction, kid: str) -> None:
    await db.execute("DELETE FROM signing_key WHERE kid = $1", kid)
