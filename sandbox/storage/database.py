"""The interface to a world's database that every floor above uses.

SQL is written once, in the subset that SQLite and PostgreSQL share: ``$1`` parameters,
``RETURNING``, ``ON CONFLICT``, row values. Rows come back as tuples, in the order of the columns
asked for: the cheapest shape both drivers have.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, Protocol, TypeAlias

Row: TypeAlias = tuple[Any, ...]


class Reader(Protocol):
    """Something that answers queries: a database outside a transaction, or a transaction."""

    async def fetch(self, sql: str, *args: Any) -> list[Row]:
        """Return all rows. For bounded reads by key: the embedded driver answers on the loop."""
        ...

    async def fetchrow(self, sql: str, *args: Any) -> Row | None:
        """Return the first row, or None."""
        ...


class Transaction(Reader, Protocol):
    """Reads its own writes. Await nothing but the database inside one.

    ``counts`` is what ``Database.transaction`` was asked for. A block that finds only while it
    runs that it must count sets it.
    """

    counts: bool

    async def execute(self, sql: str, *args: Any) -> int:
        """Run one statement and return how many rows it changed."""
        ...

    async def executemany(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run one statement for many rows, off the loop where that is worth a thread hop."""
        ...


class Database(Reader, Protocol):
    """One world's database. The reader never sees a half-done write.

    ``commits`` counts the write transactions that count: while it stands still, so does all that
    is remembered.
    """

    commits: int
    # Takes part in each transaction that counts, right before it is committed.
    before_commit: Callable[[Transaction], Awaitable[None]] | None

    def transaction(self, *, counts: bool = True) -> AbstractAsyncContextManager[Transaction]:
        """Run the block as one transaction: all of it, or none of it, also on cancellation.

        ``counts`` False: it touches nothing that is remembered from one call to the next, nor
        anything that events are made of. The journal is written like this four times a second, and
        new transfer requests are; if that raised ``commits``, no read would ever be remembered.
        """
        ...

    def scan(self, sql: str, *args: Any) -> AsyncIterator[list[Row]]:
        """Yield the rows in batches, off the loop: for exports and anything unbounded."""
        ...

    async def copy_to(self, path: Path) -> None:
        """Write a consistent copy of the whole world to ``path``, a file of its own."""
        ...

    async def replace_by(self, path: Path, prepare: Callable[[Path], None]) -> None:
        """Become what the copy at ``path`` holds: all of it, or nothing, also on cancellation.

        ``prepare`` is handed a copy of it, to change before it counts.
        """
        ...

    async def refill(self, path: Path, tables: Sequence[str]) -> None:
        """Exchange the rows of ``tables`` for those of the copy at ``path``, all or none."""
        ...

    async def close(self) -> None: ...


class SchemaMismatch(Exception):
    """The file was written by another version of the sandbox."""


class DataDirectoryInUse(Exception):
    """Another process owns the data directory."""
