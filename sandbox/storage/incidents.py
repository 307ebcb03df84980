"""Rows of incidents, the grants that they froze, and their entries."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.domain.incident import Freeze, Incident, Kind, Status
from sandbox.domain.time import Instant
from sandbox.storage.database import Reader, Row, Transaction

_INCIDENT = "incident_id, bank, kind, status, client_id, freeze, opened_at, deadline_at"
# Name, columns and key of each table of ``incidents.sql``, as an export writes them.
INCIDENT_TABLES = (
    ("incident", _INCIDENT.replace(",", ""), "incident_id"),
    ("incident_grant", "incident_id grant_id suspended_as", "incident_id, grant_id"),
    ("incident_entry", "incident_id number at kind contractor_id detail", "incident_id, number"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryRow:
    """Something that was done about an incident. ``contractor_id``: whose data was disclosed."""

    incident_id: str
    number: int
    at: Instant
    kind: str
    contractor_id: str | None
    detail: Mapping[str, Any]


async def insert(db: Transaction, incident: Incident) -> None:
    await db.execute(
        f"INSERT INTO incident ({_INCIDENT}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        incident.incident_id,
        incident.bank,
        incident.kind.value,
        incident.status.value,
        incident.client_id,
        incident.freeze.value,
        incident.opened_at,
        incident.deadline_at,
    )


async def save_status(db: Transaction, incident: Incident) -> None:
    await db.execute(
        "UPDATE incident SET status = $2 WHERE incident_id = $1",
        incident.incident_id,
        incident.status.value,
    )


async def find(db: Reader, incident_id: str) -> Incident | None:
    row = await db.fetchrow(f"SELECT {_INCIDENT} FROM incident WHERE incident_id = $1", incident_id)
    return None if row is None else _incident(row)


async def list_of_bank(db: Reader, bank: str) -> list[Incident]:
    """Return a bank's incidents, newest first."""
    rows = await db.fetch(
        f"SELECT {_INCIDENT} FROM incident WHERE bank = $1 ORDER BY opened_at DESC, incident_id",
        bank,
    )
    return [_incident(row) for row in rows]


async def list_open(db: Reader) -> list[Incident]:
    """Return the incidents of every bank whose report is still awaited."""
    rows = await db.fetch(f"SELECT {_INCIDENT} FROM incident WHERE status = 'open'")
    return [_incident(row) for row in rows]


def _incident(row: Row) -> Incident:
    return Incident(
        incident_id=row[0],
        bank=row[1],
        kind=Kind(row[2]),
        status=Status(row[3]),
        client_id=row[4],
        freeze=Freeze(row[5]),
        opened_at=row[6],
        deadline_at=row[7],
    )


# What was done


async def add_entry(
    db: Transaction,
    incident_id: str,
    at: Instant,
    kind: str,
    detail: Mapping[str, Any],
    contractor_id: str | None = None,
) -> None:
    await db.execute(
        "INSERT INTO incident_entry VALUES ($1, (SELECT COALESCE(MAX(number), 0) + 1 "
        "FROM incident_entry WHERE incident_id = $1), $2, $3, $4, $5)",
        incident_id,
        at,
        kind,
        contractor_id,
        json.dumps(detail, ensure_ascii=False),
    )


_ENTRY = "incident_id, number, at, kind, contractor_id, detail"


async def list_entries(db: Reader, incident_id: str) -> list[EntryRow]:
    rows = await db.fetch(
        f"SELECT {_ENTRY} FROM incident_entry WHERE incident_id = $1 ORDER BY number", incident_id
    )
    return [_entry(row) for row in rows]


async def list_disclosures(db: Reader, bank: str, contractor_id: str | None) -> list[EntryRow]:
    """Return what was disclosed, of one contractor or (None) of all, oldest first."""
    rows = await db.fetch(
        "SELECT e.incident_id, e.number, e.at, e.kind, e.contractor_id, e.detail "
        "FROM incident_entry e JOIN incident i ON i.incident_id = e.incident_id "
        "WHERE i.bank = $1 AND e.kind = 'disclosed' AND ($2 IS NULL OR e.contractor_id = $2) "
        "ORDER BY e.at, e.incident_id, e.number",
        bank,
        contractor_id,
    )
    return [_entry(row) for row in rows]


def _entry(row: Row) -> EntryRow:
    return EntryRow(
        incident_id=row[0],
        number=row[1],
        at=row[2],
        kind=row[3],
        contractor_id=row[4],
        detail=json.loads(row[5]),
    )


# What was frozen


async def add_grants(
    db: Transaction,
    incident_id: str,
    *,
    grant_id: str | None,
    client_id: str | None,
    contractor_id: str | None,
    now: Instant,
) -> int:
    """Let an incident concern the live grants of its target; return how many."""
    return await db.execute(
        "INSERT INTO incident_grant SELECT $1, grant_id, suspended_as FROM access_grant "
        "WHERE ($2 IS NULL OR grant_id = $2) AND ($3 IS NULL OR client_id = $3) "
        "AND ($4 IS NULL OR contractor_id = $4) AND expires_at > $5 "
        "AND (ended_at IS NULL OR ended_at > $5)",
        incident_id,
        grant_id,
        client_id,
        contractor_id,
        now,
    )


async def list_grants(db: Reader, incident_id: str) -> list[tuple[str, str]]:
    """Return (grant id, contractor id) of the grants that an incident concerns."""
    rows = await db.fetch(
        "SELECT i.grant_id, g.contractor_id FROM incident_grant i "
        "JOIN access_grant g ON g.grant_id = i.grant_id WHERE i.incident_id = $1 "
        "ORDER BY i.grant_id",
        incident_id,
    )
    return [(row[0], row[1]) for row in rows]


_CONCERNED = "grant_id IN (SELECT grant_id FROM incident_grant WHERE incident_id = $1)"


async def freeze_grants(db: Transaction, incident_id: str, reason: str) -> None:
    await db.execute(
        f"UPDATE access_grant SET suspended_as = $2 WHERE {_CONCERNED}", incident_id, reason
    )


async def thaw_grants(db: Transaction, incident_id: str) -> None:
    """Let the grants of an incident be as they were before it."""
    await db.execute(
        "UPDATE access_grant SET suspended_as = (SELECT i.suspended_as FROM incident_grant i "
        f"WHERE i.incident_id = $1 AND i.grant_id = access_grant.grant_id) WHERE {_CONCERNED}",
        incident_id,
    )


async def end_grants(db: Transaction, incident_id: str, *, at: Instant, reason: str) -> int:
    return await db.execute(
        f"UPDATE access_grant SET ended_at = $2, end_reason = $3 WHERE {_CONCERNED} "
        "AND expires_at > $2 AND (ended_at IS NULL OR ended_at > $2)",
        incident_id,
        at,
        reason,
    )
