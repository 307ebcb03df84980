"""What people and the bank do that ends or suspends grants (faults §3), each in one transaction.

Whoever is meant is named by persona, or by contractor id and, among several users, user id.
"""

import json
from dataclasses import dataclass

from sandbox.domain.account import AccountState
from sandbox.domain.contractor import Contractor, Credential
from sandbox.domain.errors import BankError, IllegalTransition, Reason
from sandbox.domain.persona import TYPE_CODES
from sandbox.domain.secrets import secret_hash
from sandbox.services.reconsent import plan_suspension, suspend_for_terms, terms_in_force
from sandbox.services.seed import fill_on_demand
from sandbox.services.staff import UnknownSubject
from sandbox.services.told_secrets import told_hash
from sandbox.services.world import World
from sandbox.storage import accounts, acts, contractors, corporate, grants
from sandbox.storage import world as world_rows
from sandbox.storage.database import Reader, Transaction

PIN_DIGITS, SECRET_LEAST, SECRET_MOST = 4, 4, 64
_NUMBERS = 10_000_000  # account numbers have seven digits


class SecretRefused(BankError):
    """A PIN or password that the bank does not take; the message says what it takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """``persona``, or ``contractor_id`` (and ``user_id``, else its first card or user id)."""

    persona: str | None = None
    contractor_id: str | None = None
    user_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """One account of a branch that was merged into another."""

    old_id: str
    new_id: str
    account_number: str


class ActService:
    def __init__(self, world: World, bank: str) -> None:
        self._world = world
        self._bank = bank

    async def change_secret(self, who: Who, secret: str | None, *, lag_ms: int = 0) -> int:
        """Change PIN or password (None: to what nobody knows); return how many grants end by it.

        Raises:
            UnknownSubject: nobody such at this bank.
            SecretRefused: no four digits for a card, or a password too short or long.
        """
        async with self._world.database.transaction() as db:
            credential = await self._credential(db, who)
            if secret is not None:
                check_secret(credential.login, secret)
            if secret is None:  # nobody is told
                hashed = secret_hash(credential.login, self._world.secret(24))
            else:
                hashed = told_hash(self._world, credential.login, secret)
            await acts.set_secret(db, credential.credential_id, hashed)
            return await self._end(db, credential, Reason.PASSWORD_CHANGED, lag_ms)

    async def change_certificate(self, who: Who, second: str | None, *, lag_ms: int = 0) -> int:
        """Renew a certificate or register another device; return how many grants end by it.

        ``second``: the new second factor, where the user has one.

        Raises:
            UnknownSubject: nobody such at this bank.
            IllegalTransition: a second factor for a user who has none.
        """
        async with self._world.database.transaction() as db:
            credential = await self._credential(db, who)
            if second is not None:
                if credential.second_factor_hash is None:
                    raise IllegalTransition("this user signs in without a second factor")
                hashed = told_hash(self._world, credential.login, second)
                await acts.set_second_factor(db, credential.credential_id, hashed)
            return await self._end(db, credential, Reason.CERTIFICATE_CHANGED, lag_ms)

    async def share_id(self, who: Who, client_id: str, *, lag_ms: int = 0) -> int:
        """Register the same id at ``client_id``: the families at other clients end."""
        async with self._world.database.transaction() as db:
            credential = await self._credential(db, who)
            return await acts.end_grants_elsewhere(
                db,
                credential.contractor_id,
                credential.credential_id,
                client_id,
                at=self._world.now() + lag_ms,
                reason=Reason.ID_SHARED.value,
            )

    async def lose_card(self, who: Who, state: str, *, lag_ms: int = 0) -> int:
        """A card or user id is ``lost``, or has ``lapsed``: its grants end for good.

        Nobody signs in with it from now on; the tokens go on for ``lag_ms``.
        """
        now = self._world.now()
        async with self._world.database.transaction() as db:
            credential = await self._credential(db, who)
            found = credential.credential_id
            await contractors.set_credential_state(db, found, state)
            await world_rows.raise_version(db)
            return await acts.end_grants_of_card(db, found, now=now, at=now + lag_ms)

    async def reissue_card(self, who: Who, secret: str) -> int:
        """Issue a card or user id again, with another secret. What has ended stays so: 0."""
        async with self._world.database.transaction() as db:
            credential = await self._credential(db, who)
            check_secret(credential.login, secret)
            hashed = told_hash(self._world, credential.login, secret)
            await acts.set_secret(db, credential.credential_id, hashed)
            await contractors.set_credential_state(db, credential.credential_id, "live")
            await world_rows.raise_version(db)
        return 0

    async def report_death(self, who: Who) -> int:
        """Freeze the accounts of a holder who died. Their grants live on and open nothing: 0.

        Raises:
            IllegalTransition: no person.
        """
        async with self._world.database.transaction() as db:
            credential = await self._credential(db, who)
            contractor = await self._contractor(db, credential.contractor_id)
            if contractor.kind != "individual":
                raise IllegalTransition("only a person dies; end a firm's contract instead")
            for account in await accounts.list_of_contractor(db, contractor.contractor_id):
                if account.state is not AccountState.CLOSED:
                    await accounts.set_state(db, account.account, AccountState.FROZEN)
            await world_rows.raise_version(db)
        return 0

    # Terms

    async def require_consent(self, *, lag_ms: int = 0) -> int:
        """Suspend every grant that was given under other terms than today's; return how many.

        With a lag none is yet: the agenda does it, under the terms that are in force by then.

        Raises:
            IllegalTransition: no terms are in force.
        """
        async with self._world.database.transaction() as db:
            if not lag_ms:
                return await suspend_for_terms(self._world, db, self._bank)
            await terms_in_force(self._world, db, self._bank)
            await plan_suspension(self._world, db, self._bank, self._world.now() + lag_ms)
        return 0

    async def agree(self, who: Who) -> int:
        """Let a user agree to the terms in force: what was suspended works again."""
        async with self._world.database.transaction() as db:
            credential = await self._credential(db, who)
            version = await terms_in_force(self._world, db, self._bank)
            return await acts.agree(
                db,
                credential.contractor_id,
                credential.credential_id,
                version,
                Reason.TERMS_PENDING.value,
            )

    # Mergers

    async def merge_branch(
        self, code: str, into: str, name: str | None, *, lag_ms: int = 0
    ) -> tuple[int, list[Moved]]:
        """Move the accounts of a branch to another; return the grants that end, and the moves.

        For ``lag_ms`` the grants go on, and show the new ids.

        A number that the other branch has already is replaced by the next free one. Cards go on
        as they are printed. Old account ids open nothing any more.

        Raises:
            UnknownSubject: the bank has no such branch.
            IllegalTransition: a branch into itself.
        """
        if code == into:
            raise IllegalTransition("a branch does not merge into itself")
        ended, moves, ends_at = 0, list[Moved](), self._world.now() + lag_ms
        async with self._world.database.transaction() as db:
            found = await acts.list_of_branch(db, self._bank, code)
            if not found:
                raise UnknownSubject(code)
            known = await acts.find_branch_name(db, self._bank, into)
            taken = await acts.list_numbers(db, self._bank, into)
            title = name or known or f"支店{into}"
            for account, contractor_id, number in found:
                ended += await acts.end_grants_of_account(
                    db, account, at=ends_at, reason=Reason.BANK_MERGED.value
                )
                free = _free_number(number, taken)
                taken.add(free)
                moves.append(await self._move(db, account, contractor_id, into, title, free))
            await world_rows.raise_version(db)
        return ended, moves

    async def _move(
        self, db: Transaction, account: int, contractor_id: str, code: str, name: str, number: str
    ) -> Moved:
        """Give an account its new place and id; what its future is drawn from goes along."""
        before = await accounts.find(db, account)
        assert before is not None  # just listed
        await fill_on_demand(db, account)  # its history is drawn from the old id
        old_id = before.account_id
        kind = TYPE_CODES[before.account_type]
        was = f"{before.branch_code}{kind}{before.account_number}"
        new_id = old_id.replace(was, f"{code}{kind}{number}")
        await acts.move_account(
            db,
            account,
            account_id=new_id,
            branch_code=code,
            branch_name=name,
            account_number=number,
        )
        await acts.rename_usable(db, old_id, new_id)
        story = json.loads(await acts.find_story(db, contractor_id))
        lives = story.get("lives", {})
        if old_id in lives:
            story["lives"] = {new_id if key == old_id else key: lives[key] for key in lives}
            await acts.save_story(db, contractor_id, json.dumps(story, ensure_ascii=False))
        return Moved(old_id=old_id, new_id=new_id, account_number=number)

    async def _end(
        self, db: Transaction, credential: Credential, reason: Reason, lag_ms: int
    ) -> int:
        return await grants.end_grants_of_user(
            db,
            credential.contractor_id,
            credential.credential_id,
            at=self._world.now() + lag_ms,
            reason=reason.value,
        )

    async def _contractor(self, db: Reader, contractor_id: str) -> Contractor:
        contractor = await contractors.find(db, contractor_id)
        if contractor is None or contractor.bank != self._bank:
            raise UnknownSubject(contractor_id)
        return contractor

    async def _credential(self, db: Reader, who: Who) -> Credential:
        """Return the card or user id that is meant. Raises ``UnknownSubject``."""
        if who.persona is not None:
            found = await contractors.find_persona_credential(db, self._bank, who.persona)
            if found is None:
                raise UnknownSubject(who.persona)
            return found
        contractor = await self._contractor(db, who.contractor_id or "")
        credentials = await contractors.list_credentials(db, contractor.contractor_id)
        if who.user_id is not None:
            users = await corporate.list_users(db, contractor.contractor_id)
            ids = {number for number, user in users if user.user_id == who.user_id}
            logins = f":{who.user_id}"  # users of a bank without service contracts
            credentials = [
                each
                for each in credentials
                if each.credential_id in ids or (not users and each.login.endswith(logins))
            ]
        if not credentials:
            raise UnknownSubject(who.user_id or contractor.contractor_id)
        return credentials[0]


def check_secret(login: str, secret: str) -> None:
    """Raise ``SecretRefused`` for a PIN that is none, or a password too short or too long."""
    if login.startswith("card:"):
        if len(secret) != PIN_DIGITS or not (secret.isascii() and secret.isdigit()):
            raise SecretRefused(f"secret: a card has a PIN of {PIN_DIGITS} digits")
    elif not SECRET_LEAST <= len(secret) <= SECRET_MOST:
        raise SecretRefused(f"secret: {SECRET_LEAST} to {SECRET_MOST} characters")


def _free_number(number: str, taken: set[str]) -> str:
    while number in taken:
        number = f"{(int(number) + 1) % _NUMBERS:07}"
    return number
