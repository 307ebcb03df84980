"""Field encryption of a bank's clients (項目暗号化, W-39): its switch, its keys, and its use.

A nonce is drawn from the machine's own chance, never from the world's seed and never counted: two
worlds of one seed, or one that went back to a snapshot, would use the same nonce twice under one
key, and AES-GCM is broken by that.
"""

import asyncio
from collections.abc import Callable
from itertools import islice
from typing import Any, TypeVar

from sandbox.domain.corporate.encryption import (
    Keyring,
    Opener,
    SealedFields,
    fields_in,
    sealed_body,
)
from sandbox.domain.errors import IllegalTransition, InvalidParameter
from sandbox.domain.policy import BankPolicy
from sandbox.services.remembered import Remembered
from sandbox.services.staff import UnknownSubject
from sandbox.services.world import World
from sandbox.storage import corporate, encryption
from sandbox.storage import world as world_rows
from sandbox.storage.database import Reader

MOST_FORMER_KEYS = 5
# From so many fields on, the work holds up the loop longer than a thread costs.
THREAD_FIELDS = 200

T = TypeVar("T")


class FieldEncryption:
    def __init__(self, world: World, policy: BankPolicy, sealed: SealedFields) -> None:
        self._world = world
        self._policy = policy
        self._sealed = sealed
        self._known: Remembered[str, tuple[Keyring | None]] = Remembered(world.database)

    async def find(self, contractor_id: str) -> Keyring | None:
        """Return the keys of a contractor's client, or None where encryption is off."""
        found = self._known.find(contractor_id)
        if found is None:
            ring = await encryption.find_keyring(self._world.database, contractor_id)
            found = self._known.keep(contractor_id, (ring,))
        return found[0]

    async def open(self, ring: Keyring, body: Any) -> Any:
        """Return a copy of a request's body with its fields open.

        Raises:
            InvalidParameter: names each field that does not open, and why.
        """
        opener = Opener(self._sealed, ring, self._world.now())
        opened = await self._run(body, opener.body)
        if opener.problems:
            raise InvalidParameter("a field cannot be decrypted", opener.problems)
        return opened

    async def seal(self, ring: Keyring, body: Any) -> Any:
        """Return a copy of an answer's body with its fields sealed."""
        scheme = self._sealed.scheme
        cipher = scheme.cipher(ring.present)

        def seal(field: str, text: str) -> str:
            return cipher.seal(field, text, self._world.new_bytes(scheme.nonce_bytes))

        return await self._run(body, lambda value: sealed_body(value, self._sealed.names, seal))

    async def _run(self, body: Any, work: Callable[[Any], T]) -> T:
        """Do ``work`` on a body: on the loop where it is short, else in a thread."""
        found = fields_in(body, self._sealed.names)
        if next(islice(found, THREAD_FIELDS - 1, None), None) is None:
            return work(body)
        return await asyncio.to_thread(work, body)

    async def switch(self, contractor_id: str, *, is_on: bool) -> bytes | None:
        """Switch encryption on or off, from the next call on.

        Returns:
            The key, where the client had none yet: it is told now, and never again.

        Raises:
            UnknownSubject: there is no such contract.
            IllegalTransition: no client is issued yet.
        """
        async with self._world.database.transaction() as db:
            found = await self._of_client(db, contractor_id)
            key = self._new_key() if is_on and found.key is None else None
            if key is not None:
                await corporate.save_key(db, contractor_id, key)
            await encryption.switch(db, contractor_id, is_on=is_on)
            await world_rows.raise_version(db)
        return key

    async def change_key(self, contractor_id: str) -> bytes:
        """Give a client a new key, which is told now and never again.

        The former one opens requests for the bank's ``key_grace`` yet; answers are sealed with
        the new one at once.

        Raises:
            UnknownSubject, IllegalTransition: as for ``switch``.
        """
        key = self._new_key()
        async with self._world.database.transaction() as db:
            found = await self._of_client(db, contractor_id)
            if found.key is not None:
                await encryption.keep_former(
                    db,
                    contractor_id,
                    found.key,
                    readable_until=self._world.now() + self._policy.key_grace_ms,
                    most=MOST_FORMER_KEYS,
                )
            await corporate.save_key(db, contractor_id, key)
            await world_rows.raise_version(db)
        return key

    async def _of_client(self, db: Reader, contractor_id: str) -> encryption.Encryption:
        found = await encryption.find(db, contractor_id)
        if found is None:
            raise UnknownSubject(contractor_id)
        if found.client_id is None:
            raise IllegalTransition("no client is issued yet, so there is nothing to encrypt for")
        return found

    def _new_key(self) -> bytes:
        return self._world.new_bytes(self._sealed.scheme.key_bytes)
