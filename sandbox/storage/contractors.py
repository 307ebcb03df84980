"""Rows of contractors, their credentials and their failed sign-ins."""

from sandbox.domain.contractor import Contractor, Credential
from sandbox.domain.time import Instant
from sandbox.storage.database import Reader, Row, Transaction

_CONTRACTOR = "contractor_id, bank, kind, name, name_kana, persona, contract_state"
_CREDENTIAL = """
    l.credential_id, l.login, l.contractor_id, l.secret_hash, l.state, l.second_factor_hash
"""


def _contractor(row: Row) -> Contractor:
    return Contractor(
        contractor_id=row[0],
        bank=row[1],
        kind=row[2],
        name=row[3],
        name_kana=row[4],
        persona=row[5],
        contract_state=row[6],
    )


def _credential(row: Row) -> Credential:
    return Credential(
        credential_id=row[0],
        login=row[1],
        contractor_id=row[2],
        secret_hash=row[3],
        state=row[4],
        second_factor_hash=row[5],
    )


async def find(db: Reader, contractor_id: str) -> Contractor | None:
    row = await db.fetchrow(
        f"SELECT {_CONTRACTOR} FROM contractor WHERE contractor_id = $1", contractor_id
    )
    return None if row is None else _contractor(row)


async def find_address(db: Reader, contractor_id: str) -> str:
    row = await db.fetchrow(
        "SELECT address FROM contractor WHERE contractor_id = $1", contractor_id
    )
    return "" if row is None else row[0]


async def find_persona_credential(db: Reader, bank: str, persona: str) -> Credential | None:
    """Return what a persona signs in with: a contractor's first, or a corporate user's own."""
    row = await db.fetchrow(
        f"SELECT {_CREDENTIAL} FROM credential l "
        "JOIN contractor k ON k.contractor_id = l.contractor_id "
        "LEFT JOIN bank_user u ON u.credential_id = l.credential_id "
        "WHERE k.bank = $1 AND COALESCE(u.persona, k.persona) = $2 ORDER BY l.credential_id",
        bank,
        persona,
    )
    return None if row is None else _credential(row)


async def list_persona_credentials(db: Reader, bank: str) -> dict[str, Credential]:
    """Return what each persona of a bank signs in with, as ``find_persona_credential`` does."""
    rows = await db.fetch(
        f"SELECT {_CREDENTIAL}, COALESCE(u.persona, k.persona) FROM credential l "
        "JOIN contractor k ON k.contractor_id = l.contractor_id "
        "LEFT JOIN bank_user u ON u.credential_id = l.credential_id "
        "WHERE k.bank = $1 AND COALESCE(u.persona, k.persona) IS NOT NULL "
        "ORDER BY l.credential_id DESC",
        bank,
    )
    return {row[-1]: _credential(row) for row in rows}


async def list_stories(db: Reader) -> list[tuple[str, str]]:
    """Return (contractor id, story as JSON) of everyone whose contract lives."""
    rows = await db.fetch(
        "SELECT contractor_id, story FROM contractor WHERE contract_state = 'active' "
        "ORDER BY contractor_id"
    )
    return [(row[0], row[1]) for row in rows]


async def set_contract_state(db: Transaction, contractor_id: str, state: str) -> int:
    return await db.execute(
        "UPDATE contractor SET contract_state = $2 WHERE contractor_id = $1", contractor_id, state
    )


async def find_credential(db: Reader, bank: str, login: str) -> Credential | None:
    row = await db.fetchrow(
        f"SELECT {_CREDENTIAL} FROM credential l WHERE l.bank = $1 AND l.login = $2", bank, login
    )
    return None if row is None else _credential(row)


async def find_credential_by_id(db: Reader, credential_id: int) -> Credential | None:
    row = await db.fetchrow(
        f"SELECT {_CREDENTIAL} FROM credential l WHERE l.credential_id = $1", credential_id
    )
    return None if row is None else _credential(row)


async def list_credentials(db: Reader, contractor_id: str) -> list[Credential]:
    rows = await db.fetch(
        f"SELECT {_CREDENTIAL} FROM credential l WHERE l.contractor_id = $1 "
        "ORDER BY l.credential_id",
        contractor_id,
    )
    return [_credential(row) for row in rows]


async def set_credential_state(db: Transaction, credential_id: int, state: str) -> int:
    return await db.execute(
        "UPDATE credential SET state = $2 WHERE credential_id = $1", credential_id, state
    )


async def find_failures(db: Reader, bank: str, login: str) -> tuple[int, Instant | None, Instant]:
    """Return (failures, locked until, forget at) of a login; (0, None, 0) where it has none."""
    row = await db.fetchrow(
        "SELECT failures, locked_until, forget_at FROM login_failure "
        "WHERE bank = $1 AND login = $2",
        bank,
        login,
    )
    return (0, None, 0) if row is None else (row[0], row[1], row[2])


async def save_failures(
    db: Transaction,
    bank: str,
    login: str,
    *,
    failures: int,
    locked_until: Instant | None,
    forget_at: Instant,
) -> None:
    await db.execute(
        "INSERT INTO login_failure VALUES ($1, $2, $3, $4, $5) ON CONFLICT (bank, login) "
        "DO UPDATE SET failures = $3, locked_until = $4, forget_at = $5",
        bank,
        login,
        failures,
        locked_until,
        forget_at,
    )


async def forget_failures(db: Transaction, bank: str, login: str, now: Instant) -> None:
    """Forget a login's failures, and those of every login whose time has passed."""
    await db.execute(
        "DELETE FROM login_failure WHERE (bank = $1 AND login = $2) OR forget_at <= $3",
        bank,
        login,
        now,
    )
