"""Rows of providers (接続事業者) as OAuth clients."""

from collections.abc import Sequence
from functools import lru_cache

from sandbox.domain.client import Client, ClientOptions
from sandbox.storage.database import Reader, Row, Transaction

_COLUMNS = """
    client_id, bank, secret_hash, auth_method, security_profile, provider_name, registration_no,
    terms_url, redirect_uris, scopes, functions, contractor_kinds, pkce, auto_manual_mode, status,
    options, registration_hash
"""
_MARKS = ", ".join(f"${number}" for number in range(1, 18))
_INSERT = f"INSERT INTO client ({_COLUMNS}) VALUES ({_MARKS})"
_CHANGED = ", ".join(
    f"{name.strip()} = excluded.{name.strip()}" for name in _COLUMNS.split(",")[2:]
)
_SAVE = f"{_INSERT} ON CONFLICT (client_id) DO UPDATE SET {_CHANGED}"


@lru_cache(maxsize=1024)
def _client(row: Row) -> Client:
    return Client(
        client_id=row[0],
        bank=row[1],
        secret_hash=row[2],
        auth_method=row[3],
        security_profile=row[4],
        provider_name=row[5],
        registration_no=row[6],
        terms_url=row[7],
        redirect_uris=tuple(row[8].split()),
        scopes=tuple(row[9].split()),
        functions=tuple(row[10].split()),
        contractor_kinds=tuple(row[11].split()),
        pkce=row[12],
        auto_manual_mode=row[13],
        status=row[14],
        options=ClientOptions.parse(row[15]),
        registration_hash=row[16],
    )


def _row(client: Client) -> Row:
    return (
        client.client_id,
        client.bank,
        client.secret_hash,
        client.auth_method,
        client.security_profile,
        client.provider_name,
        client.registration_no,
        client.terms_url,
        " ".join(client.redirect_uris),
        " ".join(client.scopes),
        " ".join(client.functions),
        " ".join(client.contractor_kinds),
        client.pkce,
        client.auto_manual_mode,
        client.status,
        client.options.text(),
        client.registration_hash,
    )


async def insert(db: Transaction, clients: Sequence[Client]) -> None:
    await db.executemany(_INSERT, [_row(client) for client in clients])


async def find(db: Reader, bank: str, client_id: str) -> Client | None:
    row = await db.fetchrow(
        f"SELECT {_COLUMNS} FROM client WHERE client_id = $1 AND bank = $2", client_id, bank
    )
    return None if row is None else _client(row)


async def list_of_bank(db: Reader, bank: str) -> list[Client]:
    rows = await db.fetch(f"SELECT {_COLUMNS} FROM client WHERE bank = $1", bank)
    return [_client(row) for row in rows]


async def save(db: Transaction, client: Client) -> None:
    """Write a client, new or changed. Its id and its bank stay what they are."""
    await db.execute(_SAVE, *_row(client))


async def find_anywhere(db: Reader, client_id: str) -> Client | None:
    """Return a client of whichever bank: no two banks of a world share a client id."""
    row = await db.fetchrow(f"SELECT {_COLUMNS} FROM client WHERE client_id = $1", client_id)
    return None if row is None else _client(row)


async def list_ids(db: Reader) -> list[str]:
    return [row[0] for row in await db.fetch("SELECT client_id FROM client")]


async def list_by_method(db: Reader, auth_method: str) -> list[Client]:
    rows = await db.fetch(f"SELECT {_COLUMNS} FROM client WHERE auth_method = $1", auth_method)
    return [_client(row) for row in rows]


async def count(db: Reader, bank: str) -> int:
    row = await db.fetchrow("SELECT COUNT(*) FROM client WHERE bank = $1", bank)
    assert row is not None  # COUNT answers always
    return int(row[0])


async def list_public(db: Reader, bank: str) -> list[Client]:
    rows = await db.fetch(
        f"SELECT {_COLUMNS} FROM client WHERE bank = $1 AND auth_method = 'none'", bank
    )
    return [_client(row) for row in rows]


async def set_status(db: Transaction, client_id: str, status: str) -> int:
    return await db.execute("UPDATE client SET status = $2 WHERE client_id = $1", client_id, status)


async def set_functions(db: Transaction, client_id: str, functions: tuple[str, ...]) -> int:
    return await db.execute(
        "UPDATE client SET functions = $2 WHERE client_id = $1", client_id, " ".join(functions)
    )
