"""Access grants (アクセス許可): made by a consent, ended by many causes."""

from dataclasses import dataclass, replace

from sandbox.domain.account import Account
from sandbox.domain.client import Client
from sandbox.domain.contractor import Contractor
from sandbox.domain.errors import Reason
from sandbox.domain.oauth.asked import AuthorizationRequest
from sandbox.domain.oauth.errors import ShownError
from sandbox.domain.oauth.grant import NEVER, AuthorizationCode
from sandbox.domain.oauth.openid import SignedInAlready, covers
from sandbox.domain.oauth.security import rules_of
from sandbox.domain.policy import BankPolicy
from sandbox.domain.secrets import token_hash
from sandbox.domain.time import Instant, jst_date
from sandbox.services.bank_facts import BankFacts
from sandbox.services.seed import fill_on_demand
from sandbox.services.world import World
from sandbox.storage import acts, grants, interactions, pushed
from sandbox.storage import world as world_rows
from sandbox.storage.database import Transaction


class NothingChosen(Exception):
    """The consent names no function or no account. ``what`` is ``functions`` or ``accounts``."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """What a contractor allows a client: shown on the page, nothing less and nothing more."""

    client: Client
    request: AuthorizationRequest
    contractor: Contractor
    credential_id: int
    authenticated_at: Instant
    functions: tuple[str, ...]
    accounts: tuple[Account, ...]
    needs_account: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    grant_id: str
    code: str


class GrantService:
    def __init__(self, world: World, bank: str, policy: BankPolicy, facts: BankFacts) -> None:
        self._world = world
        self._bank = bank
        self._policy = policy
        self._facts = facts

    def expires_at(self, now: Instant) -> Instant:
        """Return when a grant made ``now`` lapses by itself (T-12)."""
        lifetime = self._policy.grant_lifetime_ms
        return now + lifetime if lifetime else NEVER

    async def terms_version(self) -> tuple[str, str]:
        """Return (version, effective on) of the terms in force today (T-34)."""
        today = jst_date(self._world.now()).isoformat()
        terms = await world_rows.list_terms(self._world.database, self._bank)
        in_force = [(version, day) for version, day in terms if day <= today]
        if not in_force:
            raise ShownError("service_ended", 410)  # T-38
        return in_force[-1]

    async def consent(self, consent: Consent, *, interaction_id: str | None) -> Granted:
        """Make the grant and return it with its authorization code.

        Raises:
            NothingChosen: no account is left of the choice.
            ShownError: the interaction was answered already, by another tab or a double click;
                or its pushed request was used meanwhile.
        """
        if consent.needs_account and not consent.accounts:
            raise NothingChosen("accounts")
        terms_version, _ = await self.terms_version()
        grant_id, code, now = self._world.new_id(), self._new_code(), self._world.now()
        async with self._world.database.transaction() as db:
            if interaction_id and not await interactions.end(db, interaction_id, now):
                raise ShownError("interaction_unknown", 400)
            await use_pushed(db, consent.request, now)
            await self._end_superseded(db, consent, now)
            await acts.agree(
                db,
                consent.contractor.contractor_id,
                consent.credential_id,
                terms_version,
                Reason.TERMS_PENDING.value,
            )
            await self._insert(db, grant_id, consent, terms_version, now)
            made = self._code(grant_id, consent.client, consent.request)
            await grants.insert_code(db, token_hash(code), made)
            for account in consent.accounts:
                if account.history == "on_demand":
                    await fill_on_demand(db, account.account)
        return Granted(grant_id=grant_id, code=code)

    async def consent_again(
        self, client: Client, request: AuthorizationRequest, held: SignedInAlready
    ) -> Granted | None:
        """Return another code of the consent that covers ``request``; None where none does.

        The same grant, with the same functions and accounts: nothing is superseded.
        """
        code, now = self._new_code(), self._world.now()
        async with self._world.database.transaction() as db:
            found = await grants.list_live(
                db, self._bank, client.client_id, held.credential_id, now
            )
            covering = next((one for one in found if covers(one, request)), None)
            if covering is None:
                return None
            await use_pushed(db, request, now)
            await grants.renew_log_in(db, covering.grant_id, held.authenticated_at)
            made = replace(self._code(covering.grant_id, client, request), scope=request.scope)
            await grants.insert_code(db, token_hash(code), made)
        return Granted(grant_id=covering.grant_id, code=code)

    async def _end_superseded(self, db: Transaction, consent: Consent, now: Instant) -> None:
        """The new consent ends earlier ones, as far as the bank's rules say (faults §3)."""
        reason, contractor_id = Reason.SUPERSEDED.value, consent.contractor.contractor_id
        if self._policy.last_grant_only:
            await grants.end_grants_of_user(
                db, contractor_id, consent.credential_id, at=now, reason=reason
            )
        if self._policy.one_grant_per_contractor:
            client_id = None
        elif self._policy.one_grant_per_provider:
            client_id = consent.client.client_id
        else:
            return
        await grants.end_grants_of_contractor(
            db, contractor_id, client_id=client_id, at=now, reason=reason
        )

    async def _insert(
        self, db: Transaction, grant_id: str, consent: Consent, terms_version: str, now: Instant
    ) -> None:
        await grants.insert_grant(
            db,
            grant_id=grant_id,
            bank=self._bank,
            client_id=consent.client.client_id,
            contractor_id=consent.contractor.contractor_id,
            credential_id=consent.credential_id,
            scope=consent.request.scope,
            functions=consent.functions,
            terms_version=terms_version,
            now=now,
            expires_at=self.expires_at(now),
            authenticated_at=consent.authenticated_at,
            detail=consent.request.detail,
            accounts=tuple(account.account for account in consent.accounts),
        )

    def _new_code(self) -> str:
        return self._world.new_secret(is_hex=self._facts.has_hex_tokens)

    def _code(
        self, grant_id: str, client: Client, request: AuthorizationRequest
    ) -> AuthorizationCode:
        lifetime_ms = rules_of(client, self._policy).code_lifetime_ms
        return AuthorizationCode(
            grant_id=grant_id,
            client_id=client.client_id,
            redirect_uri=request.redirect_uri,
            code_challenge=request.code_challenge,
            expires_at=self._world.now() + lifetime_ms,
            spent_at=None,
            nonce=request.nonce,
            dpop_jkt=request.dpop_jkt,
        )


async def use_pushed(db: Transaction, request: AuthorizationRequest, now: Instant) -> None:
    """Use up the pushed request that ``request`` came by, if it did and is not used up (O-19).

    Raises:
        ShownError: another tab was faster.
    """
    if request.pushed and not await pushed.use(db, bytes.fromhex(request.pushed), now):
        raise ShownError("request_uri_used")
