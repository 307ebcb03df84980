"""What is really there, and taking it away: grants, tokens and accounts for the control door."""

from typing import Any

from sandbox.domain.errors import Reason
from sandbox.domain.time import Instant, iso
from sandbox.services.staff import UnknownSubject
from sandbox.services.world import World
from sandbox.storage import grants, inspection

Found = dict[str, Any]
TOKEN_ID_BYTES = 12  # of the hash: enough to name one, useless to present
REVOKED_BY = {
    "provider": Reason.REVOKED_BY_PROVIDER,
    "user": Reason.REVOKED_BY_USER,
    "bank": Reason.REVOKED_BY_BANK,
}


class InspectionService:
    def __init__(self, world: World) -> None:
        self._world = world

    async def list_grants(
        self, *, client_id: str | None, persona: str | None, after: str, limit: int
    ) -> list[Found]:
        """Return grants by id, each with its accounts and whether it lives."""
        database = self._world.database
        found = await inspection.list_grants(
            database, client_id=client_id, persona=persona, after=after, limit=limit
        )
        for grant in found:
            grant["accounts"] = await inspection.list_granted_accounts(database, grant["grant_id"])
            grant["functions"] = grant["functions"].split()
            is_live = self._lives(grant["ended_at"], grant["expires_at"])
            grant["is_live"] = is_live and grant["suspended_as"] is None
        return [_readable(grant) for grant in found]

    async def list_tokens(
        self, *, client_id: str | None, grant_id: str | None, after: str, limit: int
    ) -> list[Found]:
        """Return tokens by id. The id is cut from the hash; the token itself is nowhere."""
        found = await inspection.list_tokens(
            self._world.database,
            client_id=client_id,
            grant_id=grant_id,
            after=hashes_of(after)[1] if after else b"",
            limit=limit,
        )
        return [self._token(token) for token in found]

    def _token(self, row: Found) -> Found:
        digest: bytes = row.pop("token_hash")
        ended_at, grant_until = row.pop("grant_ended_at"), row.pop("grant_expires_at")
        is_live = row["spent_at"] is None and self._lives(
            ended_at, min(grant_until, row["expires_at"])
        )
        return _readable({"id": digest[:TOKEN_ID_BYTES].hex(), **row, "is_live": is_live})

    async def list_accounts(
        self, *, bank: str | None, persona: str | None, after: str, limit: int
    ) -> list[Found]:
        """Return accounts by id, with what the ledger holds."""
        return [
            _readable(account)
            for account in await inspection.list_accounts(
                self._world.database, bank=bank, persona=persona, after=after, limit=limit
            )
        ]

    async def expire_token(self, token_id: str) -> None:
        """Let one token lapse now. Its grant and its sibling live on.

        Raises:
            UnknownSubject: no such token.
        """
        low, high = hashes_of(token_id)
        async with self._world.database.transaction() as db:
            if not await inspection.expire_token(db, low, high, self._world.now()):
                raise UnknownSubject(token_id)

    async def revoke_token(self, token_id: str) -> None:
        """Revoke a token by the bank: its whole grant ends.

        Raises:
            UnknownSubject: no such token.
        """
        grant_id = await inspection.find_grant_of(self._world.database, *hashes_of(token_id))
        if grant_id is None:
            raise UnknownSubject(token_id)
        await self.revoke_grant(grant_id, by="bank", reason=None, lag_ms=0)

    async def expire_grant(self, grant_id: str) -> None:
        async with self._world.database.transaction() as db:
            if not await inspection.expire_grant(db, grant_id, self._world.now()):
                raise UnknownSubject(grant_id)

    async def revoke_grant(
        self, grant_id: str, *, by: str, reason: Reason | None, lag_ms: int
    ) -> None:
        """End a grant, from ``lag_ms`` from now on. One that has ended stays as it ended.

        Raises:
            UnknownSubject: no such grant.
        """
        ends_at = self._world.now() + lag_ms
        async with self._world.database.transaction() as db:
            if await grants.find_standing(db, grant_id) is None:
                raise UnknownSubject(grant_id)
            why = reason or REVOKED_BY[by]
            await grants.end_grant(db, grant_id, at=ends_at, reason=why.value)

    def _lives(self, ended_at: Instant | None, until: Instant) -> bool:
        now = self._world.now()
        return now < until and (ended_at is None or now < ended_at)


def hashes_of(token_id: str) -> tuple[bytes, bytes]:
    """Return the hashes that a token id stands for: [low, high)."""
    try:
        low = bytes.fromhex(token_id)
    except ValueError:
        raise UnknownSubject(token_id) from None
    if len(low) != TOKEN_ID_BYTES:
        raise UnknownSubject(token_id)
    return low, (int.from_bytes(low, "big") + 1).to_bytes(TOKEN_ID_BYTES + 1, "big")[1:]


def _readable(found: Found) -> Found:
    """Return ``found`` with its instants as ISO 8601 and nothing that is absent."""
    return {
        name: iso(value) if name.endswith("_at") else value
        for name, value in found.items()
        if value is not None
    }
