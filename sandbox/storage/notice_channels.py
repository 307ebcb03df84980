"""Rows of the channels by which a notice comes at another time than it is published, or never."""

from collections.abc import Mapping

from sandbox.domain.notice import Channel
from sandbox.domain.time import Instant
from sandbox.storage.database import Reader, Transaction


async def of_notice(db: Reader, notice_id: str) -> dict[Channel, Instant | None]:
    """Return when a notice comes by the channels that differ; None: never."""
    rows = await db.fetch(
        "SELECT channel, at FROM notice_channel WHERE notice_id = $1 ORDER BY channel", notice_id
    )
    return {Channel(row[0]): row[1] for row in rows}


async def of_bank(db: Reader, bank: str) -> dict[str, dict[Channel, Instant | None]]:
    """Return the same of every notice of a bank, by id."""
    rows = await db.fetch(
        "SELECT c.notice_id, c.channel, c.at FROM notice_channel c "
        "JOIN notice n ON n.notice_id = c.notice_id WHERE n.bank = $1 "
        "ORDER BY c.notice_id, c.channel",
        bank,
    )
    found: dict[str, dict[Channel, Instant | None]] = {}
    for notice_id, channel, at in rows:
        found.setdefault(notice_id, {})[Channel(channel)] = at
    return found


async def save(db: Transaction, notice_id: str, channels: Mapping[Channel, Instant | None]) -> None:
    rows = [(notice_id, channel.value, at) for channel, at in channels.items()]
    await db.executemany("INSERT INTO notice_channel VALUES ($1, $2, $3)", rows)
