"""Notices (お知らせ) of one bank: what it publishes, and what can be read by now."""

from collections.abc import Mapping

from sandbox.domain.errors import BankError
from sandbox.domain.notice import Channel, Notice
from sandbox.domain.time import Instant
from sandbox.services.world import World
from sandbox.storage import calendar, notice_channels

MOST_NOTICES, MOST_SHOWN = 1_000, 100
Channels = Mapping[Channel, Instant | None]  # those that differ from the notice; None: never


class NoticesFull(BankError):
    """The bank has as many notices as it may have."""


class NoticeService:
    def __init__(self, world: World, bank: str) -> None:
        self._world = world
        self._bank = bank

    async def list_published(self, channel: Channel) -> list[Notice]:
        """Return the newest notices that have come by a channel, newest first (T-34, T-36)."""
        return await calendar.list_notices(
            self._world.database,
            self._bank,
            published_by=self._world.now(),
            limit=MOST_SHOWN,
            channel=channel,
        )

    async def list_all(self) -> list[tuple[Notice, Channels]]:
        """Return every notice, those still to come included, newest first."""
        db = self._world.database
        found = await calendar.list_notices(db, self._bank, published_by=None, limit=MOST_NOTICES)
        channels = await notice_channels.of_bank(db, self._bank)
        return [(notice, channels.get(notice.notice_id, {})) for notice in found]

    async def publish(self, notice: Notice, channels: Channels | None = None) -> None:
        """Put a notice up: at its own time, by some channels at another one or never (T-36).

        Raises:
            NoticesFull: delete some first.
        """
        async with self._world.database.transaction() as db:
            if await calendar.count_notices(db, self._bank) >= MOST_NOTICES:
                raise NoticesFull(f"there are {MOST_NOTICES} notices already: delete some")
            await calendar.insert_notice(db, notice)
            await notice_channels.save(db, notice.notice_id, channels or {})

    async def delete(self, notice_id: str) -> None:
        """Take a notice down; one that is not there is gone already."""
        async with self._world.database.transaction() as db:
            await calendar.delete_notice(db, notice_id)
