"""Log-ins at the contractor's pages (契約者ページ): by a cookie, until the world's clock ends them.

Rule: every identity check gives the browser another cookie, and the old one opens nothing more.
"""

from dataclasses import dataclass

from sandbox.domain.contractor import Contractor, Credential, SignIn
from sandbox.domain.corporate.user import BankUser
from sandbox.domain.policy import BankPolicy
from sandbox.domain.secrets import token_hash
from sandbox.domain.time import Instant
from sandbox.services.sign_in import SignInRefused, SignInService
from sandbox.services.world import World
from sandbox.storage import contractors, corporate, desk
from sandbox.storage.desk import SessionRow


class NoCorporateUser(Exception):
    """The log-in is nobody's user id (利用者ID)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Who is at the page, with the rights of this moment. ``is_identified``: W-37 is done."""

    user: BankUser
    contractor: Contractor
    credential: Credential
    expires_at: Instant
    is_identified: bool


class DeskSessions:
    def __init__(self, world: World, bank: str, policy: BankPolicy, sign_in: SignInService) -> None:
        self._world = world
        self._bank = bank
        self._policy = policy
        self._sign_in = sign_in

    async def open(self, sign_in: SignIn, *, address: str | None, old: str) -> str:
        """Check who signs in and return the cookie of a new log-in.

        Raises:
            SignInRefused: wrong, locked, or no contract behind it.
            NoCorporateUser: right, but no user of a contract.
        """
        _, credential = await self._sign_in.check(sign_in, address=address)
        if await corporate.find_user(self._world.database, credential.credential_id) is None:
            raise NoCorporateUser(sign_in.login)
        expires_at = self._world.now() + self._policy.desk_session_lifetime_ms
        held = SessionRow(
            credential_id=credential.credential_id, identified_until=0, expires_at=expires_at
        )
        return await self._renew(held, old)

    async def identify(
        self, visitor: Visitor, secret: str, second_factor: str, *, address: str | None, old: str
    ) -> str:
        """本人確認 once more, before client data is issued (W-37). Returns a new cookie.

        Raises:
            SignInRefused: it failed; failures count with those of the sign-in.
        """
        login = visitor.credential.login
        typed = SignIn(kind="corporate", login=login, secret=secret, second_factor=second_factor)
        await self._sign_in.check(typed, address=address)
        until = self._world.now() + self._policy.desk_identity_lifetime_ms
        held = SessionRow(
            credential_id=visitor.credential.credential_id,
            identified_until=until,
            expires_at=visitor.expires_at,
        )
        return await self._renew(held, old)

    async def find(self, cookie: str) -> Visitor | None:
        """Return who holds ``cookie``; None once the time, the contract or the user has gone."""
        db, now = self._world.database, self._world.now()
        held = await desk.find_session(db, token_hash(cookie), self._bank, now)
        if held is None:
            return None
        credential = await contractors.find_credential_by_id(db, held.credential_id)
        user = await corporate.find_user(db, held.credential_id)
        if credential is None or user is None:  # the world's people were set back
            return None
        try:
            contractor, _ = await self._sign_in.admit(credential)
        except SignInRefused:
            return None
        return Visitor(
            user=user,
            contractor=contractor,
            credential=credential,
            expires_at=held.expires_at,
            is_identified=now < held.identified_until,
        )

    async def close(self, cookie: str) -> None:
        async with self._world.database.transaction() as db:
            await desk.close_session(db, token_hash(cookie), self._world.now())

    async def _renew(self, held: SessionRow, old: str) -> str:
        cookie = self._world.secret(32)
        async with self._world.database.transaction() as db:
            await desk.close_session(db, token_hash(old), self._world.now())
            await desk.open_session(db, token_hash(cookie), self._bank, held)
        return cookie
