"""Notices (お知らせ) of one bank: what it publishes, and what can be read by now."""

from sandbox.domain.errors import BankError
from sandbox.domain.notice import Notice
from sandbox.services.world import World
from sandbox.storage import calendar

MOST_NOTICES, MOST_SHOWN = 1_000, 100


class NoticesFull(BankError):
    """The bank has as many notices as it may have."""


class NoticeService:
    def __init__(self, world: World, bank: str) -> None:
        self._world = world
        self._bank = bank

    async def list_published(self) -> list[Notice]:
        """Return the newest notices that can be read by now, newest first (T-34, T-36)."""
        return await calendar.list_notices(
            self._world.database, self._bank, published_by=self._world.now(), limit=MOST_SHOWN
        )

    async def list_all(self) -> list[Notice]:
        """Return every notice, those still to come included, newest first."""
        return await calendar.list_notices(
            self._world.database, self._bank, published_by=None, limit=MOST_NOTICES
        )

    async def publish(self, notice: Notice) -> None:
        """Put a notice up, at its own time.

        Raises:
            NoticesFull: delete some first.
        """
        async with self._world.database.transaction() as db:
            if await calendar.count_notices(db, self._bank) >= MOST_NOTICES:
                raise NoticesFull(f"there are {MOST_NOTICES} notices already: delete some")
            await calendar.insert_notice(db, notice)

    async def delete(self, notice_id: str) -> None:
        """Take a notice down; one that is not there is gone already."""
        async with self._world.database.transaction() as db:
            await calendar.delete_notice(db, notice_id)
