"""The journal (ジャーナル): every call at the bank door, an instruction of its contractor (T-14).

A call pays for a few attributes of an entry and not for a transaction. Entries are masked and
encoded by the block, so that no secret ever comes to the file. Blocks are written when nobody has
called for a moment; under load that never comes, so they are written after ``PAUSES`` pauses, and
what is too old by then to be kept is never written at all. A crash loses what was waiting.
"""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from sandbox.domain.conduct.traits import Marker, Traits
from sandbox.domain.errors import Holder
from sandbox.domain.fault import FaultRule
from sandbox.domain.masking import (
    HEX_DIGITS,
    HandedOut,
    mask_address,
    mask_body,
    mask_hex_tokens,
    storable,
)
from sandbox.domain.time import Instant, iso
from sandbox.storage import journal
from sandbox.storage.database import Database, Row

log = logging.getLogger("sandbox.journal")
Found = dict[str, Any]
_REPLY = journal.COLUMNS.index("response_body")
PAUSE_SECONDS = 0.25
PAUSES = 8
# The loop stands still while a block is encoded: a quarter of a millisecond at this size,
BLOCK_ENTRIES = 256  # of a kibibyte each; entries with large bodies count for more
# and while a few are written: two milliseconds.
BLOCKS_AT_ONCE = 4
MOST_HELD_BYTES = 16 * 1024 * 1024


class Entry:
    """One call while it is under way. Whoever learns something of it notes it here.

    Plain attributes over defaults of the class: one is made for every call, and most of it stays
    as it is. ``holder`` says whose token was used; what is noted beside it goes first.
    ``is_plain``: the answer is data by its schema, so that no field of it is secret by its name.
    """

    started_s: float
    real_at: Instant
    at: Instant
    latency_us: int
    bank: str
    method: str
    path: str
    operation: str | None = None
    remote: str | None = None
    user_agent: str | None = None
    holder: Holder | None = None
    client_id: str | None = None
    presented_by: str | None = None
    contractor_id: str | None = None
    login: str | None = None
    grant_id: str | None = None
    status: int | None = None
    error_code: str | None = None
    reason: str | None = None
    fault: str | None = None
    request_type: str | None = None
    request_body: bytes | None = None
    request_bytes: int | None = None
    location: str | None = None
    response_type: str | None = None
    response_body: bytes | None = None
    response_bytes: int | None = None
    # Never written down: marks are made of them (``domain.conduct.traits``).
    authorization: str | None = None
    referer: str | None = None
    idempotency_key: str | None = None
    retry_after: str | None = None
    tls_drill: str | None = None
    rule: FaultRule | None = None
    is_plain = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What an entry must have to be shown; None: anything."""

    equal: Mapping[str, Any]
    persona: str | None = None
    since: Instant | None = None  # world time
    until: Instant | None = None  # this instant is not within

    def pass_(self, entry: Found) -> bool:
        at = entry["at"]
        if (self.since is not None and at < self.since) or (
            self.until is not None and at >= self.until
        ):
            return False
        return all(entry[name] == value for name, value in self.equal.items())


class Journal:
    """One world's journal. ``most`` entries are kept, 0: none; of each body, ``body_bytes``."""

    def __init__(
        self,
        database: Database,
        tag: str,
        *,
        most: int,
        body_bytes: int,
        hex_banks: frozenset[str] = frozenset(),
    ) -> None:
        self._database = database
        self._hex_banks = hex_banks  # whose tokens carry no tag
        self._handed_out = HandedOut(tag)
        self._marker = Marker(tag)
        self._most = most
        self._body_bytes = body_bytes
        self._is_open = most > 0
        self._waiting: list[Entry] = []
        self._room = BLOCK_ENTRIES
        self._held: deque[journal.Block] = deque()
        self._held_bytes = 0
        self._skipped = 0
        self._timer: asyncio.TimerHandle | None = None
        self._ticks = 0
        self._added = self._added_by_last_tick = 0
        self._flushing: asyncio.Task[None] | None = None
        self._lock = asyncio.Lock()

    def add(self, entry: Entry) -> None:
        """Take an entry that is complete. Bodies are cut here: large ones are not held."""
        if not self._is_open:
            return
        if (body := entry.response_body) is not None:
            entry.response_bytes = size = len(body)
            entry.response_body = body[: self._body_bytes]
            self._room -= size >> 10
        if (body := entry.request_body) is not None:
            entry.request_bytes = size = len(body)
            entry.request_body = body[: self._body_bytes]
            self._room -= size >> 10
        self._waiting.append(entry)
        self._room -= 1
        if self._room <= 0:
            self._encode()
        if self._timer is None:
            self._wait()

    def _wait(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(PAUSE_SECONDS, self._tick)

    def _tick(self) -> None:
        """Write once nobody calls any more, or once enough pauses have gone by."""
        self._ticks += 1
        self._encode()
        if self._added != self._added_by_last_tick and self._ticks < PAUSES:
            self._added_by_last_tick = self._added
            self._wait()
        else:
            self._flush_soon()

    def _flush_soon(self) -> None:
        if self._flushing is None or self._flushing.done():
            self._flushing = asyncio.create_task(self.flush())

    def _encode(self) -> None:
        """Make what is waiting a block, and let go of blocks that are too old to be kept."""
        waiting, self._waiting, self._room = self._waiting, [], BLOCK_ENTRIES
        if not waiting:
            return
        self._added += len(waiting)
        try:
            block = self._block(waiting)
        except Exception:  # the bank goes on, and the journal says how much is missing
            log.exception("%d entries of the journal are lost", len(waiting))
            self._skipped += len(waiting)
            return
        self._held.append((len(waiting), block))
        self._held_bytes += len(block)
        younger = sum(count for count, _ in self._held) - self._held[0][0]
        if younger >= self._most:
            count, oldest = self._held.popleft()
            self._held_bytes -= len(oldest)
            self._skipped += count
        if self._held_bytes > MOST_HELD_BYTES:
            self._flush_soon()

    async def flush(self) -> None:
        """Write what is waiting. Before anything that reads the world's file."""
        async with self._lock:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            self._ticks = 0
            self._encode()
            while self._held or self._skipped:
                if not await self._write():
                    break
                await asyncio.sleep(0)  # between a few blocks and the next, the bank goes on

    async def _write(self) -> bool:
        """Write the oldest blocks; false where that cannot be done now."""
        blocks = [self._held.popleft() for _ in range(min(len(self._held), BLOCKS_AT_ONCE))]
        skipped, self._skipped = self._skipped, 0
        is_written = False
        try:
            async with self._database.transaction(counts=False) as db:
                await journal.append(db, blocks, skipped=skipped, most=self._most)
            is_written = True
        except Exception:  # a full disk: perhaps later
            log.exception("the journal cannot be written now")
        finally:  # cancellation too
            if is_written:
                self._held_bytes -= sum(len(block) for _, block in blocks)
            else:
                self._held.extendleft(reversed(blocks))
                self._skipped += skipped
        return is_written

    def _block(self, waiting: list[Entry]) -> bytes:
        """Return entries as they are stored: masked by name, and then all at once by shape."""
        rows = [
            (*(_without_hex(entry) if is_hex else _row(entry)), self._traits(entry, is_hex))
            for entry in waiting
            for is_hex in (entry.bank in self._hex_banks,)
        ]
        self._marker.forget()
        try:
            block = journal.encode(rows)
        except TypeError:  # bytes that are no UTF-8, in a path or a header
            block = journal.encode([tuple(map(storable, row)) for row in rows])
        return self._handed_out.mask(block)

    def _traits(self, entry: Entry, is_hex: bool) -> Traits | None:
        scope = getattr(entry.holder, "scope", None)
        return self._marker.traits(entry, scope=scope, is_hex=is_hex) or None

    async def read(self, filters: Filters, *, after: int, limit: int) -> list[Found]:
        """Return entries that pass, the oldest after ``after`` first, at most ``limit``."""
        await self.flush()
        names = await journal.personas(self._database)
        found: list[Found] = []
        async for block in journal.entries(self._database, after):
            found += self._passing(block, filters, names)
            if len(found) >= limit:
                break
            await asyncio.sleep(0)  # a journal of many megabytes is no reason to stop the bank
        return found[:limit]

    async def read_last(self, filters: Filters, *, count: int) -> list[Found]:
        """Return the newest ``count`` entries that pass, oldest first."""
        await self.flush()
        names = await journal.personas(self._database)
        found: list[Found] = []
        async for block in journal.newest(self._database):
            found = [*self._passing(block, filters, names), *found]
            if len(found) >= count:
                break
            await asyncio.sleep(0)
        return found[-count:]

    def _passing(self, block: list[Found], filters: Filters, names: dict[str, str]) -> list[Found]:
        passing = (entry for entry in block if filters.pass_(entry))
        named = ({**each, "persona": names.get(each["contractor_id"])} for each in passing)
        return [each for each in named if filters.persona in (None, each["persona"])]

    async def pages(self, filters: Filters, limit: int = 200) -> AsyncIterator[list[Found]]:
        """Yield all entries that pass, page by page."""
        after = 0
        while found := await self.read(filters, after=after, limit=limit):
            yield found
            after = found[-1]["id"]

    async def dropped(self) -> int:
        """Return how many entries have gone because there were too many."""
        return (await journal.state(self._database)).dropped

    async def last_id(self) -> int:
        """Return the highest id that was ever given."""
        await self.flush()
        return (await journal.state(self._database)).last_id

    async def clear(self) -> None:
        """Forget all entries so far. Ids go on, so that nobody takes a new one for an old."""
        await self.flush()
        async with self._database.transaction(counts=False) as db:
            await journal.clear(db)

    async def go_on_from(self, last_id: int) -> None:
        """Give no id again after an older journal came back with its world."""
        async with self._database.transaction(counts=False) as db:
            await journal.go_on_from(db, last_id)

    async def close(self) -> None:
        """Write what is waiting, and take nothing more."""
        self._is_open = False
        await self.flush()
        if self._flushing is not None:
            with suppress(asyncio.CancelledError):
                await self._flushing


def _row(entry: Entry) -> Row:
    """Return an entry in the order of ``journal.COLUMNS`` but for its traits, the last of them.

    What is secret by its name is masked.
    """
    holder, location, request_body = entry.holder or entry, entry.location, entry.request_body
    return (
        entry.at,
        entry.real_at,
        entry.latency_us,
        entry.bank,
        entry.operation,
        entry.method,
        mask_address(entry.path),
        entry.remote,
        entry.user_agent,
        entry.client_id or holder.client_id,
        entry.presented_by,
        entry.contractor_id or holder.contractor_id,
        entry.login or holder.login,
        entry.grant_id or holder.grant_id,
        entry.status,
        entry.error_code or (location and redirected_error(location)),
        entry.reason,
        entry.fault,
        location and mask_address(location),
        entry.request_type,
        None if request_body is None else mask_body(entry.request_type, request_body),
        entry.request_bytes,
        entry.response_type,
        _reply(entry),
        entry.response_bytes,
    )


def _without_hex(entry: Entry) -> Row:
    """Return an entry without what may be a token; only data repeats nothing of its request."""
    row = _row(entry)
    data = row[_REPLY] if entry.is_plain and entry.error_code is None else None
    return tuple(
        mask_hex_tokens(cell)
        if type(cell) is str and len(cell) >= HEX_DIGITS and cell is not data
        else cell
        for cell in row
    )


def _reply(entry: Entry) -> str | None:
    body = entry.response_body
    if body is None:
        return None
    # Looking for names costs more than all the rest of an entry.
    if entry.is_plain:
        return body.decode("utf-8", "replace")
    return mask_body(entry.response_type, body)


def redirected_error(location: str) -> str | None:
    """Return the OAuth error that a redirect carries to the client."""
    return parse_qs(urlsplit(location).query).get("error", [None])[-1]


def readable(entry: Found) -> Found:
    """Return an entry as it is shown: instants as ISO 8601, and nothing that is absent."""
    return {
        name: iso(value) if name in ("at", "real_at") else value
        for name, value in entry.items()
        if value is not None
    }
