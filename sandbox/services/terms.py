"""Changing the terms of use (規定の変更): published, objected to, agreed to by silence."""

from dataclasses import dataclass
from datetime import date

from sandbox.domain.notice import (
    SHORTEST_OBJECTION_MS,
    Answer,
    Notice,
    NoticeKind,
    ObjectionRefused,
    TermsChange,
    TermsRefused,
)
from sandbox.domain.time import Instant, jst_date, midnight
from sandbox.services import reconsent
from sandbox.services.corporate import CorporateService
from sandbox.services.opening import new_notice_id
from sandbox.services.staff import UnknownSubject
from sandbox.services.world import World
from sandbox.storage import calendar
from sandbox.storage import world as world_rows
from sandbox.storage.database import Reader

_TITLES = ("利用規定の変更のお知らせ", "The terms of use will change")


@dataclass(frozen=True, slots=True, kw_only=True)
class Standpoint:
    """Where one contractor stands on a version. ``at``: when it objected."""

    contractor_id: str
    name: str
    answer: Answer
    at: Instant | None


class TermsService:
    """``corporate`` None: the bank has no contractors of its own whom it would ask."""

    def __init__(self, world: World, bank: str, corporate: CorporateService | None) -> None:
        self._world = world
        self._bank = bank
        self._corporate = corporate

    async def publish(
        self,
        version: str,
        effective_on: date,
        objection_until: Instant | None,
        *,
        needs_consent: bool = False,
    ) -> TermsChange:
        """Publish a version on the bank's notices; it holds from 00:00 of its day (T-34, W-67).

        ``objection_until`` None: a week from now, where contractors are asked. ``needs_consent``:
        from then on grants are suspended until their users agree.

        Raises:
            TermsRefused: a day that is over, a version that there is, fewer than seven days.
        """
        now = self._world.now()
        if self._corporate is None and objection_until is not None:
            raise TermsRefused("objection_until: the terms of this bank know no objection")
        if self._corporate is not None and objection_until is None:
            objection_until = now + SHORTEST_OBJECTION_MS
        change = TermsChange(
            version=version,
            effective_on=effective_on,
            published_at=now,
            objection_until=objection_until,
        )
        change.check()
        async with self._world.database.transaction() as db:
            if any(version == each for each, _ in await world_rows.list_terms(db, self._bank)):
                raise TermsRefused(f"version: there is a version {version!r} already")
            await world_rows.insert_terms(db, self._bank, version, effective_on.isoformat())
            await calendar.insert_change(db, self._bank, change)
            await calendar.insert_notice(db, self._notice(change))
            if needs_consent:
                await reconsent.plan(self._world, db, self._bank, effective_on)
            await world_rows.raise_version(db)
        return change

    async def list_all(self) -> list[tuple[TermsChange, bool]]:
        """Return every version with whether it is the one in force, oldest first."""
        today = jst_date(self._world.now())
        changes = await calendar.list_changes(self._world.database, self._bank)
        in_force = [each.version for each in changes if each.effective_on <= today]
        is_ended = self._world.availability.ended_at(self._bank, self._world.now()) is not None
        last = None if is_ended or not in_force else in_force[-1]
        return [(each, each.version == last) for each in changes]

    async def standpoints(self, version: str) -> list[Standpoint]:
        """Return where each contractor stands (W-69). No terms that ask nobody have any.

        Raises:
            UnknownSubject: there is no such version.
        """
        db, now = self._world.database, self._world.now()
        change = await self._find(db, version)
        if change.objection_until is None:
            return []
        objected = await calendar.list_objections(db, self._bank, version)
        contractors = await calendar.list_contractors(db, self._bank)
        return [
            Standpoint(
                contractor_id=contractor_id,
                name=name,
                answer=change.answer(contractor_id, objected, now),
                at=objected.get(contractor_id),
            )
            for contractor_id, name, is_in_force in contractors
            if is_in_force or contractor_id in objected
        ]

    async def object(self, version: str, contractor_id: str) -> None:
        """Take a contractor's objection; a second one changes nothing (W-68).

        Raises:
            UnknownSubject: no such version, or no such contractor with a contract.
            ObjectionRefused: the period is over.
        """
        now = self._world.now()
        async with self._world.database.transaction() as db:
            (await self._find(db, version)).check_objection(now)
            known = await calendar.list_contractors(db, self._bank)
            if contractor_id not in {each for each, _, is_in_force in known if is_in_force}:
                raise UnknownSubject(contractor_id)
            await calendar.insert_objection(db, self._bank, version, contractor_id, now)

    async def terminate(self, version: str, contractor_id: str) -> None:
        """End the contract of a contractor who objected: the bank may, and need not (W-70).

        Raises:
            UnknownSubject: there is no such version.
            ObjectionRefused: this contractor did not object.
            IllegalTransition: the contract has ended already.
        """
        await self._find(self._world.database, version)
        objected = await calendar.list_objections(self._world.database, self._bank, version)
        if self._corporate is None or contractor_id not in objected:
            raise ObjectionRefused(f"{contractor_id} did not object to these terms")
        await self._corporate.terminate(contractor_id)

    async def _find(self, db: Reader, version: str) -> TermsChange:
        for change in await calendar.list_changes(db, self._bank):
            if change.version == version:
                return change
        raise UnknownSubject(version)

    def _notice(self, change: TermsChange) -> Notice:
        title_ja, title_en = _TITLES
        return Notice(
            notice_id=new_notice_id(self._world),
            bank=self._bank,
            kind=NoticeKind.TERMS,
            title_ja=f"{title_ja}（{change.version}）",
            title_en=f"{title_en} ({change.version})",
            published_at=change.published_at,
            effective_at=midnight(change.effective_on),
            until_at=change.objection_until,
            about=change.version,
        )
