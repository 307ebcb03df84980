"""The identity check (本人確認): cash card and PIN, or user id and password (T-10).

Rule (O-24): a login that does not exist is counted, locked and answered like one that does.
Failures are counted twice, for the login and for the address that they come from.
"""

from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Counter:
    """What failures are counted under, and how many of them lock it."""

    key: str
    most: int


def address_key(address: str) -> str:
    """Return what an address's failures are counted under: no login begins like it.

    An IPv4 address is the same one when an IPv6 socket heard it. Raises ValueError for no address.
    """
    found = ip_address(address)
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return f"address:{mapped or found}"


def _second_matches(credential: Credential, sign_in: SignIn) -> bool:
    """Compare the second factor, where the bank asks for one. Its failures are the password's."""
    stored = credential.second_factor_hash
    return stored is None or secret_matches(stored, sign_in.login, sign_in.second_factor)


class SignInService:
    def __init__(self, world: World, bank: str, policy: BankPolicy) -> None:
        self._world = world
        self._bank = bank
        self._policy = policy

    async def check(
        self, sign_in: SignIn, *, address: str | None = None
    ) -> tuple[Contractor, Credential]:
        """Return who signed in from ``address``; None is counted under no address.

        Raises:
            SignInRefused: after counting the failure, which is kept.
        """
        now = self._world.now()
        async with self._world.database.transaction() as db:
            credential = await contractors.find_credential(db, self._bank, sign_in.login)
            refusal = await self._count(db, sign_in, credential, address, now)
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
        self,
        db: Transaction,
        sign_in: SignIn,
        credential: Credential | None,
        address: str | None,
        now: Instant,
    ) -> SignInRefused | None:
        counters = self._counters(sign_in.login, address)
        if locked_until := await self._locked_until(db, counters, now):
            return SignInRefused("locked", locked_until=locked_until)
        stored = _NOBODY if credential is None else credential.secret_hash
        is_right = secret_matches(stored, sign_in.login, sign_in.secret)
        if is_right and credential is not None and _second_matches(credential, sign_in):
            # The address's stay: whoever has one login could otherwise go on guessing at others.
            await contractors.forget_failures(db, self._bank, sign_in.login, now)
            return None
        left = min([await self._fail(db, counter, now) for counter in counters])
        if left > 0:
            return SignInRefused("wrong", attempts_left=left)
        return SignInRefused("locked", locked_until=now + self._policy.lock_duration_ms)

    def _counters(self, login: str, address: str | None) -> list[_Counter]:
        counters = [_Counter(key=login, most=self._policy.lock_after)]
        if address is not None and self._policy.address_lock_after:
            most = self._policy.address_lock_after
            counters.append(_Counter(key=address_key(address), most=most))
        return counters

    async def _locked_until(
        self, db: Transaction, counters: list[_Counter], now: Instant
    ) -> Instant:
        """Return when the last lock of these ends; 0 where none holds."""
        ends = [0]
        for counter in counters:
            _, locked_until, _ = await contractors.find_failures(db, self._bank, counter.key)
            if locked_until is not None and now < locked_until:
                ends.append(locked_until)
        return max(ends)

    async def _fail(self, db: Transaction, counter: _Counter, now: Instant) -> int:
        """Count one failure more, and return how many are left before the lock."""
        failures, locked_until, forget_at = await contractors.find_failures(
            db, self._bank, counter.key
        )
        is_over = locked_until is not None or now >= forget_at
        failures = 1 if is_over else failures + 1
        until = now + self._policy.lock_duration_ms
        await contractors.save_failures(
            db,
            self._bank,
            counter.key,
            failures=failures,
            locked_until=until if failures >= counter.most else None,
            forget_at=until,
        )
        return counter.most - failures

    async def unlock(self, *, login: str | None = None, address: str | None = None) -> None:
        """The bank's staff let a locked login, or all logins from an address, try again.

        Raises ValueError for an address that is none.
        """
        keys = [] if login is None else [login]
        if address is not None:
            keys.append(address_key(address))
        async with self._world.database.transaction() as db:
            for key in keys:
                await contractors.forget_failures(db, self._bank, key, self._world.now())
