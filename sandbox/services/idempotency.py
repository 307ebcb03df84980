"""A call that is sent twice and done once (``Idempotency-Key``).

The answer is kept by the transaction that does the work, so neither a lost answer nor a crash
parts them. Only work that was done is kept: a refused call has changed nothing, and its key is
still free.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import orjson

from sandbox.domain.errors import BankError
from sandbox.domain.secrets import token_hash
from sandbox.domain.time import Instant
from sandbox.services.world import World
from sandbox.storage import idempotency
from sandbox.storage.database import Reader, Transaction

Json: TypeAlias = dict[str, Any]
KEY_MAX = 255
# For whoever only hands them on.
Books: TypeAlias = Reader
OpenBooks: TypeAlias = Transaction
Keep: TypeAlias = Callable[[Transaction, Any], Awaitable[None]]


class IdempotencyConflict(BankError):
    """The key was used before, for a call with other contents."""


async def keep_nothing(_db: Transaction, _outcome: Any) -> None:
    """Keep no answer: the caller has sent no key."""


class Memo:
    """One key of one client while its call is answered."""

    def __init__(
        self, client_id: str, key_hash: bytes, fingerprint: bytes, expires_at: Instant, now: Instant
    ) -> None:
        self._client_id = client_id
        self._key_hash = key_hash
        self._fingerprint = fingerprint
        self._expires_at = expires_at
        self._now = now

    async def keep(self, db: Transaction, answer: Json) -> None:
        """Keep ``answer`` with whatever else ``db`` commits."""
        await idempotency.delete_over(db, self._now)
        await idempotency.insert(
            db,
            self._client_id,
            self._key_hash,
            self._fingerprint,
            orjson.dumps(answer),
            self._expires_at,
        )


class IdempotencyService:
    """``lifetime_ms``: how long an answer is kept, of the world's time."""

    def __init__(self, world: World, lifetime_ms: int) -> None:
        self._world = world
        self._lifetime_ms = lifetime_ms
        self._turns: dict[tuple[str, bytes], tuple[asyncio.Lock, int]] = {}

    @asynccontextmanager
    async def turn(
        self, client_id: str, key: str, fingerprint: bytes
    ) -> AsyncIterator[Memo | Json]:
        """Yield the first answer where this was done before, else a memo for the answer to come.

        Calls with the same key take turns: whoever comes second finds the first one's answer.

        Raises:
            IdempotencyConflict: the key stands for another call.
        """
        place = client_id, token_hash(key)
        lock, waiting = self._turns.get(place, (asyncio.Lock(), 0))
        self._turns[place] = lock, waiting + 1
        try:
            async with lock:
                yield await self._memo(*place, fingerprint)
        finally:
            _, waiting = self._turns[place]
            if waiting == 1:
                del self._turns[place]
            else:
                self._turns[place] = lock, waiting - 1

    async def _memo(self, client_id: str, key_hash: bytes, fingerprint: bytes) -> Memo | Json:
        now = self._world.now()
        found = await idempotency.find(self._world.database, client_id, key_hash, now)
        if found is None:
            return Memo(client_id, key_hash, fingerprint, now + self._lifetime_ms, now)
        kept_for, answer = found
        if kept_for != fingerprint:
            raise IdempotencyConflict("the key was used for a call with other contents")
        body: Json = orjson.loads(answer)
        return body
