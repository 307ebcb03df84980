"""Incidents (事故): the bank flags, freezes and tells the provider, who rotates and reports (D-37).

The books know nothing of it: no fee, no compensation (W-50, W-63). What was disclosed stays so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.domain.errors import BankError, Reason
from sandbox.domain.incident import Event, Freeze, Incident, Kind, Status, rogue_calls
from sandbox.domain.notice import Notice, NoticeKind
from sandbox.domain.time import iso
from sandbox.services.inspection import hashes_of
from sandbox.services.journal import Filters
from sandbox.services.opening import new_notice_id
from sandbox.services.revocations import Target
from sandbox.services.staff import UnknownSubject
from sandbox.services.world import World
from sandbox.storage import calendar, clients, grants, incidents, inspection
from sandbox.storage import world as world_rows
from sandbox.storage.database import Reader, Transaction
from sandbox.storage.incidents import EntryRow
from sandbox.storage.world import AgendaItem

DEADLINE, PRIORITY = "incident_deadline", 6
MOST_FLAGGED = 1_000
# In general words: whose tokens they were is nobody else's business.
_TITLES = (
    "API連携における不正利用への注意のお願い",
    "Please look out for misuse of the API linkage",
)


class NothingConcerned(BankError):
    """No live grant is meant, so that there is nothing to freeze."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disclosure:
    """What the bank tells the provider of a contractor (T-18). ``what``: in words."""

    contractor_id: str
    what: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """An incident with all that was done about it, and the grants that it concerns."""

    incident: Incident
    grant_ids: tuple[str, ...]
    entries: tuple[EntryRow, ...]


class IncidentService:
    def __init__(self, world: World, bank: str) -> None:
        self._world = world
        self._bank = bank

    async def report(self, kind: Kind, target: Target, freeze: Freeze, *, for_ms: int) -> Shown:
        """Open an incident: flag what others seem to have called, freeze, tell the provider.

        ``for_ms``: until when the provider has to report. Of a contractor, all of its grants are
        concerned, and the provider of the newest is told.

        Raises:
            UnknownSubject: no such token, grant, client or contractor of this bank.
            NothingConcerned: no live grant is meant.
        """
        flagged = await self._flagged(target)
        now = self._world.now()
        async with self._world.database.transaction() as db:
            grant_id, client_id = await self._concerned(db, target)
            incident = Incident(
                incident_id=f"i{self._world.secret(9)}",
                bank=self._bank,
                kind=kind,
                status=Status.OPEN,
                client_id=client_id,
                freeze=freeze,
                opened_at=now,
                deadline_at=now + for_ms,
            )
            await incidents.insert(db, incident)
            if not await incidents.add_grants(
                db,
                incident.incident_id,
                grant_id=grant_id,
                client_id=target.client_id,
                contractor_id=target.contractor_id,
                now=now,
            ):
                raise NothingConcerned("no live grant is concerned: there is nothing to freeze")
            await self._first_steps(db, incident, flagged)
            await world_rows.raise_version(db)
        return await self.show(incident.incident_id)

    async def _first_steps(
        self, db: Transaction, incident: Incident, flagged: Sequence[int]
    ) -> None:
        """Flag, freeze, tell the provider; tell everybody in general words; wait for a report."""
        found, now = incident.incident_id, incident.opened_at
        await incidents.add_entry(db, found, now, "flagged", {"calls": list(flagged)})
        if incident.freeze is Freeze.GRANTS:
            await incidents.freeze_grants(db, found, Reason.GRANT_FROZEN.value)
        elif incident.freeze is Freeze.CLIENT:
            await clients.set_status(db, incident.client_id, "blocked")
        if incident.freeze is not Freeze.NOTHING:
            await incidents.add_entry(db, found, now, "frozen", {"what": incident.freeze.value})
        told = {"to": incident.client_id, "report_until": iso(incident.deadline_at)}
        await incidents.add_entry(db, found, now, "notified", told)
        title_ja, title_en = _TITLES
        notice = Notice(
            notice_id=new_notice_id(self._world),
            bank=self._bank,
            kind=NoticeKind.INFORMATION,
            title_ja=title_ja,
            title_en=title_en,
            published_at=now,
        )
        await calendar.insert_notice(db, notice)
        await plan(self._world, db, incident)

    async def disclose(self, incident_id: str, told: Disclosure) -> Shown:
        """Tell the provider of a contractor's data, once and for all (T-18…T-20).

        Raises:
            UnknownSubject: no such incident, or no contractor that it concerns.
            IllegalTransition: it is closed.
        """
        async with self._world.database.transaction() as db:
            incident = await self._after(db, incident_id, Event.DISCLOSE)
            concerned = {each for _, each in await incidents.list_grants(db, incident_id)}
            if told.contractor_id not in concerned:
                raise UnknownSubject(told.contractor_id)
            detail = {"to": incident.client_id, "what": list(told.what)}
            now = self._world.now()
            await incidents.add_entry(db, incident_id, now, "disclosed", detail, told.contractor_id)
        return await self.show(incident_id)

    async def note(self, incident_id: str, event: Event, detail: dict[str, Any]) -> Shown:
        """Note that the provider's secret was rotated, or that it has reported.

        Raises:
            UnknownSubject: no such incident.
            IllegalTransition: too late, or once is enough.
        """
        kinds = {Event.ROTATE: "rotated", Event.REPORT: "reported"}
        async with self._world.database.transaction() as db:
            await self._after(db, incident_id, event)
            await incidents.add_entry(db, incident_id, self._world.now(), kinds[event], detail)
        return await self.show(incident_id)

    async def close(self, incident_id: str, *, are_released: bool) -> Shown:
        """Close a reported incident: what was frozen is revoked, or released to be as before.

        A blocked client is let in again; its grants that were concerned are revoked all the same.

        Raises:
            UnknownSubject: no such incident.
            IllegalTransition: the provider has not reported, or it is closed already.
        """
        now = self._world.now()
        async with self._world.database.transaction() as db:
            incident = await self._after(db, incident_id, Event.CLOSE)
            revoked = 0
            if incident.freeze is Freeze.GRANTS:
                await incidents.thaw_grants(db, incident_id)
            elif incident.freeze is Freeze.CLIENT:
                await clients.set_status(db, incident.client_id, "active")
            if not are_released:
                reason = Reason.REVOKED_BY_BANK.value
                revoked = await incidents.end_grants(db, incident_id, at=now, reason=reason)
            await incidents.add_entry(db, incident_id, now, "closed", {"revoked": revoked})
            await world_rows.raise_version(db)
        return await self.show(incident_id)

    async def show(self, incident_id: str) -> Shown:
        """Return an incident with what was done about it. Raises ``UnknownSubject``."""
        db = self._world.database
        incident = await self._find(db, incident_id)
        concerned = await incidents.list_grants(db, incident_id)
        return Shown(
            incident=incident,
            grant_ids=tuple(grant_id for grant_id, _ in concerned),
            entries=tuple(await incidents.list_entries(db, incident_id)),
        )

    async def list_all(self) -> list[Shown]:
        """Return the bank's incidents, newest first."""
        found = await incidents.list_of_bank(self._world.database, self._bank)
        return [await self.show(each.incident_id) for each in found]

    async def list_disclosures(self, contractor_id: str | None) -> list[EntryRow]:
        """Return what was disclosed of a contractor, or (None) of all: the contractor's log."""
        return await incidents.list_disclosures(self._world.database, self._bank, contractor_id)

    async def _after(self, db: Transaction, incident_id: str, event: Event) -> Incident:
        incident = (await self._find(db, incident_id)).after(event)
        await incidents.save_status(db, incident)
        return incident

    async def _find(self, db: Reader, incident_id: str) -> Incident:
        incident = await incidents.find(db, incident_id)
        if incident is None or incident.bank != self._bank:
            raise UnknownSubject(incident_id)
        return incident

    async def _flagged(self, target: Target) -> list[int]:
        """Return the journal's ids of calls that another than the provider seems to have made."""
        db = self._world.database
        grant_id = await _grant_of(db, target)
        wanted = {"client_id": target.client_id, "contractor_id": target.contractor_id}
        equal = {"grant_id": grant_id} if grant_id else {k: v for k, v in wanted.items() if v}
        pages = self._world.journal.pages(Filters(equal={**equal, "bank": self._bank}))
        entries = [entry async for page in pages for entry in page]
        return rogue_calls(entries)[:MOST_FLAGGED]

    async def _concerned(self, db: Reader, target: Target) -> tuple[str | None, str]:
        """Return (grant id where one is meant, id of the client that is told)."""
        grant_id = await _grant_of(db, target)
        if grant_id is not None:
            standing = await grants.find_standing(db, grant_id)
            if standing is None or await grants.find_bank(db, grant_id) != self._bank:
                raise UnknownSubject(grant_id)
            return grant_id, standing.client_id
        client_id = target.client_id
        if client_id is None and target.contractor_id is not None:
            client_id = await inspection.find_newest_client(db, self._bank, target.contractor_id)
        if client_id is None or await clients.find(db, self._bank, client_id) is None:
            raise UnknownSubject(target.client_id or str(target.contractor_id))
        return None, client_id


async def _grant_of(db: Reader, target: Target) -> str | None:
    if target.token_id is None:
        return target.grant_id
    grant_id = await inspection.find_grant_of(db, *hashes_of(target.token_id))
    if grant_id is None:
        raise UnknownSubject(target.token_id)
    return grant_id


# On the agenda


async def plan(world: World, db: Transaction, incident: Incident) -> None:
    """Put the deadline on the agenda."""
    item = AgendaItem(
        due_at=incident.deadline_at,
        priority=PRIORITY,
        kind=DEADLINE,
        subject=incident.incident_id,
        detail={},
    )
    await world_rows.add_agenda_once(db, [item])
    world.next_due_at = await world_rows.next_due_at(db)


async def plan_all(world: World, db: Transaction) -> None:
    """Plan every deadline again, after the agenda was exchanged."""
    for incident in await incidents.list_open(db):
        await plan(world, db, incident)


async def run_deadline(world: World, db: Transaction, item: AgendaItem) -> list[dict[str, Any]]:
    """報告期限: whoever has not reported by now loses what was frozen, for good."""
    incident = await incidents.find(db, item.subject)
    if incident is None or incident.status is not Status.OPEN:
        return []
    overdue, at = incident.after(Event.EXPIRE), item.due_at
    await incidents.save_status(db, overdue)
    reason = Reason.REVOKED_BY_BANK.value
    ended = await incidents.end_grants(db, incident.incident_id, at=at, reason=reason)
    await incidents.add_entry(db, incident.incident_id, at, "overdue", {"revoked": ended})
    await world_rows.raise_version(db)
    return [{"kind": DEADLINE, "subject": incident.incident_id, "grants": ended}]
