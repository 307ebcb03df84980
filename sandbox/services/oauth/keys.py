"""The bank's signing keys (署名鍵): one of each algorithm, made at the first need.

A ``kid`` begins with the world's tag, so that a signed token leads to its world as every other
token does.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sandbox.domain.oauth.security import ALGORITHMS
from sandbox.domain.oauth.signing_key import SigningKey
from sandbox.services.oauth import rotation
from sandbox.services.world import World
from sandbox.storage import clients, keys
from sandbox.storage.database import Transaction

DEFAULT_ALG = "ES256"  # a thirtieth of the cost of RSA


@dataclass(frozen=True, slots=True)
class Signer:
    """A key at hand: signing asks nobody, so it may be done inside a transaction."""

    key: SigningKey

    @property
    def alg(self) -> str:
        return self.key.alg

    def sign(self, claims: Mapping[str, Any], *, typ: str) -> str:
        from sandbox.services.oauth import jose  # a tenth of a second: not before it is needed

        return jose.sign(dict(claims), self.key.private_jwk, alg=self.key.alg, typ=typ)

    def sign_as(self, kid: str, claims: Mapping[str, Any], *, typ: str) -> str:
        """Sign, but name another key in the header: nobody will find it."""
        renamed = json.dumps({**json.loads(self.key.private_jwk), "kid": kid})
        return Signer(replace(self.key, private_jwk=renamed)).sign(claims, typ=typ)


class KeyService:
    def __init__(self, world: World, bank: str) -> None:
        self._world = world
        self._bank = bank
        self._making = asyncio.Lock()

    async def signer(self, alg: str = DEFAULT_ALG) -> Signer:
        """Return the key that signs with ``alg`` now; where there is none, it is made."""
        return Signer(await self._find(alg) or await self._make(alg))

    async def key_set(self) -> dict[str, Any]:
        """Return the public keys (RFC 7517 §5): those that sign, and those whose tokens live.

        What registered clients will be signed for is made first, so that who fetches the keys
        once finds them all.
        """
        from sandbox.services.oauth import jose

        for alg in sorted(await self._wanted()):
            await self.signer(alg)
        return {"keys": [jose.public_of(key.private_jwk) for key in await self.list_published()]}

    async def list_published(self) -> list[SigningKey]:
        """Return the bank's keys in the key set, oldest first."""
        now = self._world.now()
        return [
            key
            for key in await keys.list_all(self._world.database)
            if key.bank == self._bank and (key.published_until is None or now < key.published_until)
        ]

    async def rotate(self, alg: str | None) -> None:
        """Let new keys sign from now on: of ``alg``, or (None) of all that there are."""
        algs = {key.alg for key in await self.list_published()} if alg is None else {alg}
        for each in sorted(algs or {DEFAULT_ALG}):
            async with self._making:
                await self._replace(each)

    async def _wanted(self) -> set[str]:
        """Return the algorithms that something has been, or will be, signed with."""
        registered = await clients.list_of_bank(self._world.database, self._bank)
        openid = [client.options for client in registered if "openid" in client.scopes]
        wanted = {alg for options in openid for alg in (options.id_token_alg, options.userinfo_alg)}
        wanted |= {key.alg for key in await self.list_published()}
        return {DEFAULT_ALG} | wanted & set(ALGORITHMS)

    async def _find(self, alg: str) -> SigningKey | None:
        """Return the signing key; a fork's own does not carry the tag of the world it is from."""
        found = await keys.list_signing(self._world.database, self._bank, alg)
        return next((key for key in found if key.kid.startswith(self._world.tag)), None)

    async def _make(self, alg: str) -> SigningKey:
        async with self._making:
            return await self._find(alg) or await self._replace(alg)

    async def _replace(self, alg: str) -> SigningKey:
        """Make a key, and retire those of its algorithm that signed before it."""
        from sandbox.services.oauth import jose

        # The dot ends what looks like one of the world's tokens, which the journal masks.
        kid = f"{self._world.tag}.{self._world.secret(9)}"
        jwk = await asyncio.to_thread(jose.new_key, alg, kid)  # RSA: a fifth of a second
        now = self._world.now()
        key = SigningKey(
            kid=kid, bank=self._bank, alg=alg, private_jwk=json.dumps(jwk), created_at=now
        )
        async with self._world.database.transaction() as db:
            await self._retire(db, alg)
            await keys.insert(db, key)
            await rotation.plan(self._world, db)
        return key

    async def _retire(self, db: Transaction, alg: str) -> None:
        for old in await keys.list_signing(db, self._bank, alg):
            await rotation.retire(self._world, db, old, self._world.now())
