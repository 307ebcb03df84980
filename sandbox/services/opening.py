"""Changing when the banks of a world are open: hours, holidays, stops (取扱時間・休業日・停止).

Each change is in force for the next request (W-17): it is written, then read in again by the book
that every call asks.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sandbox.domain.api_class import ApiClass
from sandbox.domain.availability import Stop, StopKind
from sandbox.domain.calendar import BankCalendar, Closure
from sandbox.domain.errors import BankError
from sandbox.domain.hours import Written, parse_hours
from sandbox.domain.notice import Notice, NoticeKind
from sandbox.domain.time import Instant, iso, jst_date
from sandbox.services import stops
from sandbox.services.calendar import calendar_around
from sandbox.services.world import World
from sandbox.storage import calendar
from sandbox.storage import world as world_rows
from sandbox.storage.database import Transaction

MOST_STOPS, MOST_CHANGES = 200, 100
TITLES: Mapping[StopKind, tuple[str, str]] = {
    StopKind.MAINTENANCE: (
        "システムメンテナンスによるサービス停止のお知らせ",
        "Planned maintenance: the service will be stopped",
    ),
    StopKind.OUTAGE: ("サービス停止のお知らせ", "The service will be stopped"),
    StopKind.NARROW: ("API連携の一部終了のお知らせ", "A part of the API linkage will end"),
    StopKind.END: ("API連携終了のお知らせ", "The API linkage will end"),
}
_CANCELLED = ("サービス停止の中止のお知らせ", "The announced stop is called off")
_HOURS = ("取扱時間変更のお知らせ", "The service hours will change")


class OpeningRefused(BankError):
    """A change of hours, holidays or stops that cannot be; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """When a change can first be read of. ``title`` None: the bank's usual one (ja, en)."""

    at: Instant
    title: tuple[str, str] | None = None


async def reload(world: World) -> None:
    """Read hours, holidays and stops anew: they changed, or the file was opened or exchanged."""
    await world.availability.reload(world.database)
    national = calendar_around(jst_date(world.starts_at))
    world.calendar = with_days(national, await calendar.list_days(world.database))


def with_days(national: BankCalendar, days: Mapping[date, bool]) -> BankCalendar:
    """Return the calendar with further holidays (True) and without others (False)."""
    more = {day for day, is_holiday in days.items() if is_holiday}
    fewer = days.keys() - more
    return BankCalendar(
        holidays=(national.holidays | more) - fewer, first=national.first, last=national.last
    )


class OpeningService:
    def __init__(self, world: World) -> None:
        self._world = world

    async def list_hours(self) -> list[tuple[str, ApiClass, Instant, Any]]:
        """Return every change: (bank, class, from when, as written; None: as the setting)."""
        return await calendar.list_hours(self._world.database)

    async def list_days(self) -> dict[str, bool]:
        """Return by day (ISO) what differs from the national calendar: True: a holiday."""
        days = await calendar.list_days(self._world.database)
        return {day.isoformat(): is_holiday for day, is_holiday in days.items()}

    async def set_hours(
        self,
        bank: str,
        classes: Collection[ApiClass],
        written: Written | None,
        from_at: Instant | None,
        announcement: Announcement | None,
    ) -> None:
        """Let classes keep other hours, at once or from an instant on; None: the setting's.

        Raises:
            OpeningRefused: a beginning before now, or too many changes.
            ValueError: hours that cannot be read.
        """
        now = self._world.now()
        if written is not None:
            parse_hours(written)
        if from_at is not None and from_at < now:
            raise OpeningRefused(f"from: {iso(from_at)} is before the world's time, {iso(now)}")
        at = now if from_at is None else from_at
        async with self._world.database.transaction() as db:
            for api_class in classes:
                if at == now:
                    await calendar.forget_hours(db, bank, api_class, now)
                if written is not None or at > now:  # without a row the setting holds
                    await calendar.save_hours(db, bank, api_class, at, written)
            if len(await calendar.list_hours(db)) > MOST_CHANGES:
                raise OpeningRefused(f"there are {MOST_CHANGES} changes of hours already")
            if announcement is not None:
                await self._announce(db, bank, NoticeKind.HOURS, _HOURS, announcement, at)
            await world_rows.raise_version(db)
        await reload(self._world)

    async def set_days(self, changes: Mapping[date, bool | None]) -> None:
        """Make days holidays (True), or business days (False); None: as the law says.

        Raises:
            OpeningRefused: a day beyond the calendar, or no holiday that could be one no more.
        """
        national = calendar_around(jst_date(self._world.starts_at))
        async with self._world.database.transaction() as db:
            days = await calendar.list_days(db)
            for day, is_holiday in changes.items():
                days.pop(day, None)
                if is_holiday is not None:
                    _check_day(national, day, is_holiday=is_holiday)
                    days[day] = is_holiday
            await calendar.save_days(db, days)
            await world_rows.raise_version(db)
        await reload(self._world)

    async def add_stop(self, stop: Stop, announcement: Announcement | None) -> None:
        """Stop, narrow or end a service; grants of an end that has begun lapse with it.

        Raises:
            OpeningRefused: there are too many, or this one is over before it begins.
        """
        world, now = self._world, self._world.now()
        if stop.until_at is not None and stop.until_at + stop.overrun_ms <= now:
            raise OpeningRefused("until: the stop would be over already")
        async with world.database.transaction() as db:
            if len(await calendar.list_stops(db)) >= MOST_STOPS:
                raise OpeningRefused(f"there are {MOST_STOPS} stops already: delete some")
            await calendar.insert_stop(db, stop)
            if announcement is not None:
                is_final = stop.is_final
                kind = NoticeKind.SERVICE if is_final else NoticeKind.MAINTENANCE
                titles = TITLES[stop.kind]
                await self._announce(db, stop.bank, kind, titles, announcement, stop.from_at, stop)
            if stop.lapses and stop.from_at <= now:
                await stops.lapse(db, stop, now)
            await stops.plan(world, db, stop)
            await world_rows.raise_version(db)
        await reload(world)

    async def remove_stop(self, stop_id: str) -> None:
        """Take a stop away; one that is not there is gone already.

        What nobody has read of it is never said. Who has read of it is told that it is off.
        """
        world, now = self._world, self._world.now()
        stop = world.availability.find(stop_id)
        if stop is None:
            return
        async with world.database.transaction() as db:
            await calendar.delete_stop(db, stop_id)
            was_read = stop.announced_at is not None and stop.announced_at <= now
            await calendar.withdraw_notices(db, stop_id, now)
            if was_read and (stop.until_at is None or now < stop.until_at):
                said = Announcement(at=now)
                await self._announce(
                    db, stop.bank, NoticeKind.MAINTENANCE, _CANCELLED, said, now, stop
                )
            await world_rows.raise_version(db)
        await reload(world)

    async def _announce(
        self,
        db: Transaction,
        bank: str,
        kind: NoticeKind,
        titles: tuple[str, str],
        announcement: Announcement,
        effective_at: Instant,
        stop: Stop | None = None,
    ) -> None:
        title_ja, title_en = announcement.title or titles
        notice = Notice(
            notice_id=new_notice_id(self._world),
            bank=bank,
            kind=kind,
            title_ja=title_ja,
            title_en=title_en,
            published_at=announcement.at,
            effective_at=effective_at,
            until_at=None if stop is None else stop.until_at,
            about=None if stop is None else stop.stop_id,
        )
        await calendar.insert_notice(db, notice)


def new_notice_id(world: World) -> str:
    return f"n{world.secret(9)}"


def new_stop_id(world: World) -> str:
    return f"s{world.secret(9)}"


def _check_day(national: BankCalendar, day: date, *, is_holiday: bool) -> None:
    if not national.first <= day <= national.last:
        raise OpeningRefused(f"{day} is beyond the calendar, {national.first} to {national.last}")
    if not is_holiday and national.closure(day) is not Closure.NATIONAL_HOLIDAY:
        raise OpeningRefused(f"{day} is no national holiday, which alone can be a business day")
