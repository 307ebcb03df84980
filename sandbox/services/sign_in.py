"""The identity check (本人確認): cash card and PIN, or user id and password (T-10).

Rule (O-24): a login that does not exist is counted, locked and answered like one that does.
"""

from sandbox.domain.contractor import Contractor, Credential, SignIn
from sandbox.domain.policy import BankPolicy
from sandbox.domain.secrets import secret_matches
from sandbox.domain.time import Instant
from sandbox.services.world import World
from sandbox.storage import contractors
from sandbox.storage.database import Transaction

_NOBODY = b"\0" * 32  # compared with where there is no such login: it takes the same time


class SignInRefused(Exception):
    """The identity check failed.

    ``code``: ``wrong`` (try again), ``locked``, ``card_lapsed`` or ``contract_ended``.
    """

    def __init__(
        self, code: str, *, attempts_left: int = 0, locked_until: Instant | None = None
    ) -> None:
        super().__init__(code)
        self.code = code
        self.attempts_left = attempts_left
        self.locked_until = locked_until


class SignInService:
    def __init__(self, world: World, bank: str, policy: BankPolicy) -> None:
        self._world = world
        self._bank = bank
        self._policy = policy

    async def check(self, sign_in: SignIn) -> tuple[Contractor, Credential]:
        """Return who signed in.

        Raises:
            SignInRefused: after counting the failure, which is kept.
        """
        now = self._world.now()
        async with self._world.database.transaction() as db:
            credential = await contractors.find_credential(db, self._bank, sign_in.login)
            refusal = await self._count(db, sign_in, credential, now)
        if refusal is not None:
            raise refusal
        assert credential is not None  # otherwise the secret could not have matched
        return await self.admit(credential)

    async def admit(self, credential: Credential) -> tuple[Contractor, Credential]:
        """Return the contractor of a proven credential, while card and contract live (T-2, T-3)."""
        contractor = await contractors.find(self._world.database, credential.contractor_id)
        assert contractor is not None  # a foreign key
        if credential.state != "live":
            raise SignInRefused("card_lapsed")
        if contractor.contract_state != "active":
            raise SignInRefused("contract_ended")
        return contractor, credential

    async def _count(
        self, db: Transaction, sign_in: SignIn, credential: Credential | None, now: Instant
    ) -> SignInRefused | None:
        failures, locked_until, forget_at = await contractors.find_failures(
            db, self._bank, sign_in.login
        )
        if locked_until is not None and now < locked_until:
            return SignInRefused("locked", locked_until=locked_until)
        stored = _NOBODY if credential is None else credential.secret_hash
        if secret_matches(stored, sign_in.login, sign_in.secret) and credential is not None:
            await contractors.forget_failures(db, self._bank, sign_in.login, now)
            return None
        is_over = locked_until is not None or now >= forget_at
        return await self._fail(db, sign_in.login, 1 if is_over else failures + 1, now)

    async def _fail(
        self, db: Transaction, login: str, failures: int, now: Instant
    ) -> SignInRefused:
        until = now + self._policy.lock_duration_ms
        is_locked = failures >= self._policy.lock_after
        await contractors.save_failures(
            db,
            self._bank,
            login,
            failures=failures,
            locked_until=until if is_locked else None,
            forget_at=until,
        )
        if is_locked:
            return SignInRefused("locked", locked_until=until)
        return SignInRefused("wrong", attempts_left=self._policy.lock_after - failures)

    async def unlock(self, login: str) -> None:
        """The bank's staff let a locked login try again."""
        async with self._world.database.transaction() as db:
            await contractors.forget_failures(db, self._bank, login, self._world.now())
