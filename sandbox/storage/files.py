"""A world's file while nobody has it open: checked, given another identity, removed."""

import sqlite3
from contextlib import closing
from functools import lru_cache
from pathlib import Path

from sandbox.domain.time import Instant
from sandbox.storage.database import SchemaMismatch
from sandbox.storage.exchange import NEXT, SIDE_FILES
from sandbox.storage.schema import check_version, expected_schema, schema_of
from sandbox.storage.world import WorldRow


def rewrite_world(
    path: Path,
    *,
    name: str,
    tag: str,
    row: WorldRow | None = None,
    resumed_at: Instant | None = None,
) -> None:
    """Give a closed world's file its name and tag; and with ``row`` its start and clock too.

    ``resumed_at``: the machine's time from which its clock goes on, as with ``resume_clock``.

    Raises:
        SchemaMismatch: the file is no world, or another version's.
    """
    with closing(_quick(path)) as connection:
        try:
            check_version(connection, path)
            connection.execute("PRAGMA journal_mode = WAL")  # as it is when it is opened
            if resumed_at is None:
                # Who is told of the events of one world is told nothing by its copies.
                connection.execute("UPDATE event_address SET stopped_at = COALESCE(stopped_at, 0)")
            connection.execute("UPDATE world SET name = ?, tag = ?", (name, tag))
            if row is not None:
                connection.execute(
                    "UPDATE world SET starts_at = ?, clock_mode = ?, clock_at = ?, "
                    "clock_anchor = ?, clock_rate = ?, start_mode = ?, start_rate = ?",
                    (
                        row.starts_at,
                        row.clock_mode,
                        row.clock_at,
                        row.clock_anchor,
                        row.clock_rate,
                        row.start_mode,
                        row.start_rate,
                    ),
                )
            if resumed_at is not None:
                _resume(connection, resumed_at)
        except sqlite3.DatabaseError as error:
            raise SchemaMismatch(f"{path.name} is no world of bank-sandbox: {error}") from error


def _quick(path: Path) -> sqlite3.Connection:
    """Open a copy that nobody has heard of yet: should the power fail, it can be made again."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous = OFF")
    return connection


def check_file(path: Path) -> None:
    """Raise ``SchemaMismatch`` unless ``path`` is a sound, closed world of this version."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        try:
            check_version(connection, path)
            # In this order: a view or an index of somebody else's may compute for ever.
            is_sound = (
                schema_of(connection) == expected_schema()
                and connection.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok"
                and connection.execute("SELECT COUNT(*) FROM world").fetchone()[0] == 1
            )
        except sqlite3.DatabaseError as error:
            raise SchemaMismatch(f"the file is no world of bank-sandbox: {error}") from error
    if not is_sound:
        raise SchemaMismatch("the file is damaged, or no world of bank-sandbox")


def stamp_clock(path: Path, at: Instant, anchor: Instant) -> None:
    """Write into a copy what time it was in the world when the copy was taken."""
    with closing(_quick(path)) as connection:
        # One plain file that any tool reads, from wherever it is: no log belongs to it.
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("UPDATE world SET clock_at = ?, clock_anchor = ?", (at, anchor))


def resume_clock(path: Path, machine: Instant) -> None:
    """Let the clock of a stamped copy go on from ``machine``.

    A world's own file keeps its clock: what was done in it is later than where its clock was set.
    """
    with closing(_quick(path)) as connection:
        _resume(connection, machine)


def _resume(connection: sqlite3.Connection, machine: Instant) -> None:
    connection.execute(
        "UPDATE world SET clock_anchor = ?, "
        "clock_mode = CASE clock_mode WHEN 'real' THEN 'offset' ELSE clock_mode END "
        "WHERE clock_anchor > 0 AND clock_mode <> 'frozen' AND clock_at >= agenda_done_at",
        (machine,),
    )


def read_stamp(path: Path) -> tuple[int, Instant, str] | None:
    """Return (seed, world time, clock mode) of a closed world's file; None where it is none."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return _stamp_of(path, (stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns))


@lru_cache(maxsize=256)
def _stamp_of(path: Path, _file: tuple[int, ...]) -> tuple[int, Instant, str] | None:
    """Read it from that very file: to open one, SQLite reads its whole schema, a millisecond."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as found:
            row = found.execute("SELECT seed, clock_at, clock_mode FROM world").fetchone()
    except sqlite3.DatabaseError:
        return None
    return None if row is None else (row[0], row[1], row[2])


def read_times(path: Path) -> tuple[Instant, Instant, Instant, Instant]:
    """Return start, clock, its anchor and what is done of a sound, closed world's file."""
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as found:
        row: tuple[Instant, Instant, Instant, Instant] = found.execute(
            "SELECT starts_at, clock_at, clock_anchor, agenda_done_at FROM world"
        ).fetchone()
    return row


def remove_world_file(path: Path) -> None:
    """Remove a closed world's file and what may have been left beside it."""
    for suffix in (NEXT, "", *SIDE_FILES):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
