"""What an access token opens, on a call."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from sandbox.domain.errors import Reason, TokenRejected
from sandbox.domain.oauth.grant import Standing
from sandbox.domain.secrets import token_hash
from sandbox.domain.time import Instant
from sandbox.services.remembered import Remembered
from sandbox.services.world import World
from sandbox.storage import grants

NOT_LIVE = "the access token is missing, expired or revoked"  # O-16: no more detail than this


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What a live access token opens. ``binding``: the key that its holder must prove to have."""

    standing: Standing
    scope: tuple[str, ...]
    binding: str | None = None


# What a token opens and until when, dead or alive; or why it is no access token of the bank.
Found: TypeAlias = tuple[Access, Instant] | Reason


class AccessService:
    def __init__(self, world: World, bank: str) -> None:
        self._world = world
        self._bank = bank
        self._known: Remembered[bytes, Found] = Remembered(world.database)

    async def check(self, access_token: str, presented_by: str | None) -> Access:
        """Return what ``access_token`` opens now. A binding is for the caller to hold against.

        Args:
            presented_by: the client id that the call claims, where it claims one (T-40).

        Raises:
            TokenRejected: with the reason; the message tells an attacker nothing.
        """
        found = await self._find(token_hash(access_token))
        if isinstance(found, Reason):
            raise TokenRejected(found, NOT_LIVE)
        access, expires_at = found
        standing, now = access.standing, self._world.now()
        reason = standing.end_reason_at(now)
        if reason is None and now >= expires_at:
            reason = Reason.ACCESS_EXPIRED
        if reason is None and presented_by not in (None, standing.client_id):
            reason = Reason.FOREIGN_TOKEN
        if reason is not None:
            raise TokenRejected(reason, NOT_LIVE, standing)
        return access

    async def look_up(self, access_token: str) -> Access | None:
        """Return what a token opens or opened; for those who refuse and grant nothing by it."""
        found = await self._find(token_hash(access_token))
        return None if isinstance(found, Reason) else found[0]

    def forget(self, token_hashes: Iterable[bytes]) -> None:
        """Read these anew: what they open has changed, by a write that does not count."""
        for each in token_hashes:
            self._known.forget(each)

    async def _find(self, key: bytes) -> Found:
        found = self._known.find(key)
        if found is not None:
            return found
        row = await grants.find_token(self._world.database, key, self._bank)
        if row is None:  # another bank's opens nothing here, but may be told apart from none
            is_elsewhere = await grants.has_token(self._world.database, key)
            return self._known.keep(key, Reason.OTHER_BANK if is_elsewhere else Reason.UNKNOWN)
        if row.kind != "access":
            return self._known.keep(key, Reason.REFRESH_TOKEN_SENT)
        access = Access(standing=row.standing, scope=tuple(row.scope.split()), binding=row.binding)
        return self._known.keep(key, (access, row.expires_at))
