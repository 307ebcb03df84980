"""Rows of changed hours and holidays, stops, notices and changed terms."""

import json
from datetime import date
from typing import Any

from sandbox.domain.api_class import ApiClass
from sandbox.domain.availability import Scope, Stop, StopKind
from sandbox.domain.notice import Channel, Notice, NoticeKind, TermsChange
from sandbox.domain.time import Instant
from sandbox.storage.database import Reader, Row, Transaction

_STOP = """
    stop_id, bank, kind, scope, from_at, until_at, overrun_ms, announced_at, is_page, cause,
    retry_after_s, fields, lapses
"""
_NOTICE = """
    notice_id, bank, kind, title_ja, title_en, published_at, effective_at, until_at, about
"""
_APPEARS = "CASE WHEN c.notice_id IS NULL THEN n.published_at ELSE c.at END"
_BY_CHANNEL = f"""
    n.notice_id, n.bank, n.kind, n.title_ja, n.title_en, {_APPEARS}, n.effective_at, n.until_at,
    n.about
"""
# Name, columns and key of each table of ``calendar.sql``, as an export writes them.
CALENDAR_TABLES = (
    ("service_hours", "bank api_class effective_at hours", "bank, api_class, effective_at"),
    ("calendar_day", "day is_holiday", "day"),
    (
        "service_stop",
        "stop_id bank kind scope from_at until_at overrun_ms announced_at is_page cause "
        "retry_after_s fields lapses",
        "stop_id",
    ),
    (
        "notice",
        "notice_id number bank kind title_ja title_en published_at effective_at until_at about",
        "notice_id",
    ),
    ("notice_channel", "notice_id channel at", "notice_id, channel"),
    ("terms_change", "bank version published_at objection_until", "bank, version"),
    ("objection", "bank version contractor_id at", "bank, version, contractor_id"),
)


# Hours and holidays


async def list_hours(db: Reader) -> list[tuple[str, ApiClass, Instant, Any]]:
    """Return (bank, class, from when, hours as written or None), oldest first."""
    rows = await db.fetch(
        "SELECT bank, api_class, effective_at, hours FROM service_hours "
        "ORDER BY bank, api_class, effective_at"
    )
    return [
        (row[0], ApiClass(row[1]), row[2], None if row[3] is None else json.loads(row[3]))
        for row in rows
    ]


async def save_hours(
    db: Transaction, bank: str, api_class: ApiClass, effective_at: Instant, hours: Any
) -> None:
    """Let a class keep ``hours`` from ``effective_at`` on; None: those of the settings."""
    await db.execute(
        "INSERT INTO service_hours VALUES ($1, $2, $3, $4) "
        "ON CONFLICT (bank, api_class, effective_at) DO UPDATE SET hours = $4",
        bank,
        api_class.value,
        effective_at,
        None if hours is None else json.dumps(hours),
    )


async def forget_hours(db: Transaction, bank: str, api_class: ApiClass, until: Instant) -> None:
    """Drop changes that another one at ``until`` takes the place of."""
    await db.execute(
        "DELETE FROM service_hours WHERE bank = $1 AND api_class = $2 AND effective_at <= $3",
        bank,
        api_class.value,
        until,
    )


async def list_days(db: Reader) -> dict[date, bool]:
    """Return the days that differ from the national calendar: whether each is a holiday."""
    rows = await db.fetch("SELECT day, is_holiday FROM calendar_day ORDER BY day")
    return {date.fromisoformat(row[0]): bool(row[1]) for row in rows}


async def save_days(db: Transaction, days: dict[date, bool]) -> None:
    """Put ``days`` in place of all those that there were."""
    await db.execute("DELETE FROM calendar_day")
    rows = [(day.isoformat(), int(is_holiday)) for day, is_holiday in sorted(days.items())]
    await db.executemany("INSERT INTO calendar_day VALUES ($1, $2)", rows)


# Stops


async def list_stops(db: Reader) -> list[Stop]:
    """Return the stops of every bank, those that are over included, by their beginning."""
    rows = await db.fetch(f"SELECT {_STOP} FROM service_stop ORDER BY from_at, stop_id")
    return [_stop(row) for row in rows]


async def insert_stop(db: Transaction, stop: Stop) -> None:
    await db.execute(
        f"INSERT INTO service_stop ({_STOP}) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        stop.stop_id,
        stop.bank,
        stop.kind.value,
        json.dumps(stop.scope.fields()),
        stop.from_at,
        stop.until_at,
        stop.overrun_ms,
        stop.announced_at,
        int(stop.is_page),
        stop.cause,
        stop.retry_after_s,
        json.dumps(sorted(stop.fields)),
        int(stop.lapses),
    )


async def delete_stop(db: Transaction, stop_id: str) -> bool:
    return bool(await db.execute("DELETE FROM service_stop WHERE stop_id = $1", stop_id))


def _stop(row: Row) -> Stop:
    return Stop(
        stop_id=row[0],
        bank=row[1],
        kind=StopKind(row[2]),
        scope=Scope.of(json.loads(row[3])),
        from_at=row[4],
        until_at=row[5],
        overrun_ms=row[6],
        announced_at=row[7],
        is_page=bool(row[8]),
        cause=row[9],
        retry_after_s=row[10],
        fields=frozenset(json.loads(row[11])),
        lapses=bool(row[12]),
    )


# Notices


async def insert_notice(db: Transaction, notice: Notice) -> None:
    await db.execute(
        f"INSERT INTO notice ({_NOTICE}, number) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, "
        "(SELECT COALESCE(MAX(number), 0) + 1 FROM notice))",
        notice.notice_id,
        notice.bank,
        notice.kind.value,
        notice.title_ja,
        notice.title_en,
        notice.published_at,
        notice.effective_at,
        notice.until_at,
        notice.about,
    )


async def list_notices(
    db: Reader,
    bank: str,
    *,
    published_by: Instant | None,
    limit: int,
    channel: Channel | None = None,
) -> list[Notice]:
    """Return a bank's notices, newest first: all, or those that can be read by an instant.

    ``channel``: as they come by it, which may be later than elsewhere, or never (T-36).
    """
    rows = await db.fetch(
        f"SELECT {_BY_CHANNEL} FROM notice n LEFT JOIN notice_channel c "
        "ON c.notice_id = n.notice_id AND c.channel = $4 "
        "WHERE n.bank = $1 AND ($2 IS NULL OR "
        f"({_APPEARS} IS NOT NULL AND {_APPEARS} <= $2)) ORDER BY 6 DESC, n.number DESC LIMIT $3",
        bank,
        published_by,
        limit,
        None if channel is None else channel.value,
    )
    return [_notice(row) for row in rows]


async def find_notice(db: Reader, notice_id: str) -> Notice | None:
    row = await db.fetchrow(f"SELECT {_NOTICE} FROM notice WHERE notice_id = $1", notice_id)
    return None if row is None else _notice(row)


async def count_notices(db: Reader, bank: str) -> int:
    row = await db.fetchrow("SELECT COUNT(*) FROM notice WHERE bank = $1", bank)
    return 0 if row is None else int(row[0])


async def delete_notice(db: Transaction, notice_id: str) -> bool:
    return bool(await db.execute("DELETE FROM notice WHERE notice_id = $1", notice_id))


async def withdraw_notices(db: Transaction, about: str, now: Instant) -> int:
    """Delete what was to be said about a stop and nobody has read yet."""
    return await db.execute("DELETE FROM notice WHERE about = $1 AND published_at > $2", about, now)


def _notice(row: Row) -> Notice:
    return Notice(
        notice_id=row[0],
        bank=row[1],
        kind=NoticeKind(row[2]),
        title_ja=row[3],
        title_en=row[4],
        published_at=row[5],
        effective_at=row[6],
        until_at=row[7],
        about=row[8],
    )


# Terms


async def insert_change(db: Transaction, bank: str, change: TermsChange) -> None:
    await db.execute(
        "INSERT INTO terms_change VALUES ($1, $2, $3, $4)",
        bank,
        change.version,
        change.published_at,
        change.objection_until,
    )


async def list_changes(db: Reader, bank: str) -> list[TermsChange]:
    """Return every version of a bank's terms, oldest first; the first was published at 0."""
    rows = await db.fetch(
        "SELECT t.version, t.effective_on, COALESCE(c.published_at, 0), c.objection_until "
        "FROM terms t LEFT JOIN terms_change c ON c.bank = t.bank AND c.version = t.version "
        "WHERE t.bank = $1 ORDER BY t.effective_on, t.version",
        bank,
    )
    return [
        TermsChange(
            version=row[0],
            effective_on=date.fromisoformat(row[1]),
            published_at=row[2],
            objection_until=row[3],
        )
        for row in rows
    ]


async def insert_objection(
    db: Transaction, bank: str, version: str, contractor_id: str, at: Instant
) -> None:
    """Keep an objection; the first one stands."""
    await db.execute(
        "INSERT INTO objection VALUES ($1, $2, $3, $4) "
        "ON CONFLICT (bank, version, contractor_id) DO NOTHING",
        bank,
        version,
        contractor_id,
        at,
    )


async def list_objections(db: Reader, bank: str, version: str) -> dict[str, Instant]:
    """Return by contractor id when each objected."""
    rows = await db.fetch(
        "SELECT contractor_id, at FROM objection WHERE bank = $1 AND version = $2 "
        "ORDER BY contractor_id",
        bank,
        version,
    )
    return {row[0]: row[1] for row in rows}


async def list_contractors(db: Reader, bank: str) -> list[tuple[str, str, bool]]:
    """Return (contractor id, name, whether the service contract is in force), by id."""
    rows = await db.fetch(
        "SELECT k.contractor_id, k.name, s.status FROM contractor k "
        "JOIN service_contract s ON s.contractor_id = k.contractor_id WHERE k.bank = $1 "
        "ORDER BY k.contractor_id",
        bank,
    )
    return [(row[0], row[1], row[2] == "active") for row in rows]


# Grants


async def end_grants_of_bank(
    db: Transaction, bank: str, *, client_id: str | None, at: Instant, reason: str
) -> int:
    """End every live grant of a bank, at one client or (None) at all of them."""
    return await db.execute(
        "UPDATE access_grant SET ended_at = $3, end_reason = $4 "
        "WHERE bank = $1 AND expires_at > $3 AND (ended_at IS NULL OR ended_at > $3) "
        "AND ($2 IS NULL OR client_id = $2)",
        bank,
        client_id,
        at,
        reason,
    )
