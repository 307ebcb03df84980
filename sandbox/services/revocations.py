"""Ending grants early: by the bank, as widely as it sees need (W-58), or by the users (W-55)."""

from dataclasses import dataclass

from sandbox.domain.corporate.user import Act
from sandbox.domain.errors import Reason
from sandbox.domain.time import Instant
from sandbox.services.inspection import hashes_of
from sandbox.services.staff import UnknownSubject
from sandbox.services.world import World
from sandbox.storage import clients, contractors, corporate, grants, inspection
from sandbox.storage.database import Reader, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Whose grants end. ``user_id`` goes with ``contractor_id``; all None: everybody's."""

    token_id: str | None = None  # as the control door lists it
    grant_id: str | None = None
    client_id: str | None = None
    contractor_id: str | None = None
    user_id: str | None = None


class RevocationService:
    def __init__(self, world: World, bank: str) -> None:
        self._world = world
        self._bank = bank

    async def revoke(
        self, target: Target, *, reason: Reason = Reason.REVOKED_BY_BANK, lag_ms: int = 0
    ) -> int:
        """End every live grant of the target, ``lag_ms`` from now on; return how many.

        Raises:
            UnknownSubject: no such token, grant, client, contractor or user of this bank.
        """
        at, why = self._world.now() + lag_ms, reason.value
        async with self._world.database.transaction() as db:
            return await self._end(db, target, at, why)

    async def _end(self, db: Transaction, target: Target, at: Instant, why: str) -> int:
        """End what ``target`` names, the narrowest that it names first."""
        if target.token_id or target.grant_id:
            grant_id = await self._grant(db, target)
            return int(await grants.end_grant(db, grant_id, at=at, reason=why))
        if target.contractor_id and target.user_id:
            user = await self._user(db, target.contractor_id, target.user_id)
            return await grants.end_grants_of_user(
                db, target.contractor_id, user, at=at, reason=why
            )
        if target.contractor_id:
            contractor = await contractors.find(db, target.contractor_id)
            if contractor is None or contractor.bank != self._bank:
                raise UnknownSubject(target.contractor_id)
            return await grants.end_grants_of_contractor(
                db, target.contractor_id, client_id=target.client_id, at=at, reason=why
            )
        if target.client_id:
            if await clients.find(db, self._bank, target.client_id) is None:
                raise UnknownSubject(target.client_id)
            return await grants.end_grants_of_client(db, target.client_id, at=at, reason=why)
        return await grants.end_grants_of_bank(db, self._bank, at=at, reason=why)

    async def withdraw_consent(
        self, contractor_id: str, by: str, grant_id: str, *, lag_ms: int = 0
    ) -> None:
        """Let a user take a grant back: the own one, or an administrator anybody's (W-55).

        It ends once the bank has confirmed that, ``lag_ms`` from now on (W-56).

        Raises:
            UnknownSubject: no such user, or no live grant of this contractor.
            ActRefused: the grant is another's.
        """
        async with self._world.database.transaction() as db:
            credential_id = await self._user(db, contractor_id, by)
            user = await corporate.find_user(db, credential_id)
            standing = await grants.find_standing(db, grant_id)
            if user is None or standing is None or standing.contractor_id != contractor_id:
                raise UnknownSubject(grant_id)
            is_own = standing.credential_id == credential_id
            user.check(Act.WITHDRAW_OWN_CONSENT if is_own else Act.WITHDRAW_ANY_CONSENT)
            reason = Reason.REVOKED_BY_USER.value
            at = self._world.now() + lag_ms
            if not await grants.end_grant(db, grant_id, at=at, reason=reason):
                raise UnknownSubject(grant_id)

    async def _grant(self, db: Reader, target: Target) -> str:
        grant_id = target.grant_id
        if target.token_id:
            grant_id = await inspection.find_grant_of(db, *hashes_of(target.token_id))
        named = target.token_id or str(target.grant_id)
        if grant_id is None or await grants.find_bank(db, grant_id) != self._bank:
            raise UnknownSubject(named)
        return grant_id

    async def _user(self, db: Reader, contractor_id: str, user_id: str) -> int:
        for credential_id, user in await corporate.list_users(db, contractor_id):
            if user.user_id == user_id:
                return credential_id
        raise UnknownSubject(user_id)
