"""Which schema a world's file has, and whether this program can read it."""

import sqlite3
from contextlib import closing
from functools import cache
from importlib.resources import files
from pathlib import Path

from sandbox.storage.database import SchemaMismatch

SCHEMA_VERSION = 5
SCHEMA_FILES = (
    "schema.sql",
    "transfers.sql",
    "desk.sql",
    "encryption.sql",
    "calendar.sql",
    "idempotency.sql",
    "incidents.sql",
    "results.sql",
    "events.sql",
)


def is_blank(connection: sqlite3.Connection, path: Path) -> bool:
    """Tell whether no schema was ever committed: a new file, or one whose making was cut off."""
    try:
        return connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone() is None
    except sqlite3.DatabaseError as error:
        raise SchemaMismatch(f"{path} is no world of bank-sandbox: {error}") from error


def check_version(connection: sqlite3.Connection, path: Path) -> None:
    """Raise ``SchemaMismatch`` for a file that another version of the sandbox wrote."""
    found = connection.execute("PRAGMA user_version").fetchone()[0]
    if found != SCHEMA_VERSION:
        raise SchemaMismatch(
            f"{path} holds schema version {found}, this bank-sandbox needs {SCHEMA_VERSION}. "
            "Start with another --data directory, delete this one, or run the version that made it."
        )


def schema_of(connection: sqlite3.Connection) -> set[tuple[str, str, str]]:
    """Return (type, name, text) of all that a file defines: tables, indexes, triggers."""
    rows = connection.execute("SELECT type, name, COALESCE(sql, '') FROM sqlite_master")
    return {(row[0], row[1], row[2]) for row in rows}


@cache
def expected_schema() -> set[tuple[str, str, str]]:
    """Return what a world of this version defines."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        create_schema(connection)
        return schema_of(connection)


def create_schema(connection: sqlite3.Connection) -> None:
    """Write the tables and the version, both or neither."""
    storage = files("sandbox.storage")
    schema = "".join(storage.joinpath(name).read_text(encoding="utf-8") for name in SCHEMA_FILES)
    connection.executescript(f"BEGIN; {schema}; PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;")
