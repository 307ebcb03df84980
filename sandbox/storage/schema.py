"""Which schema a world's file has, and whether this program can read it."""

import sqlite3
from importlib.resources import files
from pathlib import Path

from sandbox.storage.database import SchemaMismatch

SCHEMA_VERSION = 1


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


def create_schema(connection: sqlite3.Connection) -> None:
    """Write the tables and the version, both or neither."""
    schema = files("sandbox.storage").joinpath("schema.sql").read_text(encoding="utf-8")
    connection.executescript(f"BEGIN; {schema}; PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;")
