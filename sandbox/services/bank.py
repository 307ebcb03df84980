"""One bank in one world: its services, made once."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.clock import monotonic_s
from sandbox.domain.api_class import ApiClass
from sandbox.domain.availability import Asked, Rules
from sandbox.domain.errors import StepUpNeeded
from sandbox.domain.oauth.registration import Registrar
from sandbox.domain.policy import BankPolicy
from sandbox.domain.time import Instant
from sandbox.services.accounts import AccountService
from sandbox.services.bank_facts import BankFacts
from sandbox.services.contracts import ContractService
from sandbox.services.corporate import CorporateService
from sandbox.services.double_login import DoubleLogins
from sandbox.services.field_encryption import FieldEncryption
from sandbox.services.idempotency import IdempotencyService
from sandbox.services.limiter import RateLimiter
from sandbox.services.oauth.access import AccessService
from sandbox.services.oauth.authorize import AuthorizeService
from sandbox.services.oauth.client_auth import ClientAuthenticator
from sandbox.services.oauth.dpop import ProofChecker
from sandbox.services.oauth.grants import GrantService
from sandbox.services.oauth.identity import IdentityService
from sandbox.services.oauth.introspection import IntrospectionService
from sandbox.services.oauth.keys import KeyService
from sandbox.services.oauth.offers import offers_of
from sandbox.services.oauth.registration import RegistrationService
from sandbox.services.oauth.requests import RequestService
from sandbox.services.oauth.sessions import SessionService
from sandbox.services.oauth.signed_access import AccessTokens
from sandbox.services.oauth.tokens import TokenService
from sandbox.services.sign_in import SignInService
from sandbox.services.transfers.desk import Transfers, make_transfers
from sandbox.services.world import World

if TYPE_CHECKING:
    from sandbox.services.statement_files import StatementFileService


@dataclass(frozen=True, slots=True, kw_only=True)
class Bank:
    name: str
    world: World
    policy: BankPolicy
    facts: BankFacts
    access: AccessService
    accounts: AccountService
    contracts: ContractService
    corporate: CorporateService
    authorize: AuthorizeService
    client_auth: ClientAuthenticator
    double_logins: DoubleLogins
    encryption: FieldEncryption
    grants: GrantService
    idempotency: IdempotencyService
    identity: IdentityService
    introspection: IntrospectionService
    keys: KeyService
    limiter: RateLimiter
    proofs: ProofChecker
    registration: RegistrationService
    requests: RequestService
    sign_in: SignInService
    tokens: TokenService
    transfers: Transfers

    @property
    def statement_files(self) -> "StatementFileService":
        """Statements as files. Imported with the first one, as the files of transfers are."""
        from sandbox.services.statement_files import StatementFileService

        return StatementFileService(self.world, self.policy, self.facts.bank_code)

    def check_log_in(self, authenticated_at: Instant) -> None:
        """Raise ``StepUpNeeded`` where a log-in is older than the bank allows."""
        max_age_ms = self.policy.step_up_max_age_ms
        if self.world.now() - authenticated_at > max_age_ms:
            raise StepUpNeeded(max_age_ms // 1000)

    def check_open(
        self, api_class: ApiClass, operation: str = "", function: str | None = None
    ) -> None:
        """Let a call of a class pass while the bank is open for it, whoever calls.

        Raises:
            LinkageEnded, ServiceStopped, OutsideServiceHours: see ``domain.availability``.
        """
        if (rules := self.rules) is not None:
            asked = Asked(api_class=api_class, operation=operation, function=function)
            rules.check(asked, self.world.now(), self.world.calendar)

    def check_open_to(self, asked: Asked) -> None:
        """Refuse a call whose caller is known by now, where stops ask who it is."""
        if (rules := self.rules) is not None:
            rules.check_personal(asked, self.world.now(), self.world.calendar)

    def narrowed(self, asked: Asked, body: Any) -> Any:
        """Return an answer without the fields that the linkage has no more (W-65)."""
        return body if self.rules is None else self.rules.without(asked, body, self.world.now())

    @property
    def rules(self) -> Rules | None:
        """What may keep the bank closed; None: it is always open."""
        return self.world.availability.rules.get(self.name)


def make_bank(world: World, name: str, facts: BankFacts) -> Bank:
    policy, keys = world.policies[name], KeyService(world, name)
    access = AccessService(world, name)
    identity = IdentityService(world, name, facts, keys)
    access_tokens = AccessTokens(world, name, facts, keys)
    sign_in = SignInService(world, name, policy)
    grants, offers = GrantService(world, name, policy, facts), offers_of(world, policy, facts)
    sessions = SessionService(world, name, policy, facts, sign_in)
    return Bank(
        name=name,
        world=world,
        policy=policy,
        facts=facts,
        access=access,
        accounts=AccountService(world, policy),
        contracts=ContractService(world, policy),
        corporate=CorporateService(world, name, facts.scopes),
        authorize=AuthorizeService(world, name, policy, sign_in, grants, sessions, offers),
        client_auth=ClientAuthenticator(world, name),
        double_logins=DoubleLogins(world, name, policy),
        encryption=FieldEncryption(world, policy, facts.sealed),
        grants=grants,
        idempotency=IdempotencyService(world, policy.idempotency_lifetime_ms),
        identity=identity,
        introspection=IntrospectionService(world, name, facts),
        keys=keys,
        limiter=RateLimiter(policy.rate_limit_per_minute, monotonic_s),
        proofs=ProofChecker(world),
        registration=RegistrationService(world, Registrar(bank=name, scopes=facts.scopes)),
        requests=RequestService(world, name, policy, facts, keys),
        sign_in=sign_in,
        tokens=TokenService(world, policy, access_tokens, identity, access),
        transfers=make_transfers(world, name, facts.bank_code),
    )
