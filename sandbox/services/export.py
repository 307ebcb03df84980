"""A world as text: one JSON object a line, to compare worlds and to look into them."""

import hashlib
from collections.abc import AsyncIterator

import orjson

from sandbox.storage.database import Database
from sandbox.storage.export import EXPORTED_TABLES, scan


async def export_rows(db: Database) -> AsyncIterator[bytes]:
    """Yield the world as NDJSON, some thousand lines at a time: ``{"table": …, column: …}``.

    Without secrets and their hashes, sessions, codes and tokens (T-16). Two worlds of the same
    seed and start give the same bytes.
    """
    for table in EXPORTED_TABLES:
        names = ("table", *table.columns)
        async for rows in scan(db, table):
            yield b"".join(
                orjson.dumps(
                    dict(zip(names, (table.name, *row), strict=True)),
                    option=orjson.OPT_APPEND_NEWLINE,
                )
                for row in rows
            )


async def digest(db: Database) -> str:
    """Return the SHA-256 of the export, in hexadecimal."""
    sha256 = hashlib.sha256()
    async for chunk in export_rows(db):
        sha256.update(chunk)
    return sha256.hexdigest()
