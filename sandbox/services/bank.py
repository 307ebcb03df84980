"""One bank in one world: its services, made once."""

from dataclasses import dataclass

from sandbox.clock import monotonic_s
from sandbox.domain.errors import OutsideServiceHours, StepUpNeeded
from sandbox.domain.hours import PRESETS, seconds_to_opening
from sandbox.domain.oauth.registration import Registrar
from sandbox.domain.policy import BankPolicy
from sandbox.domain.time import Instant
from sandbox.services.accounts import AccountService
from sandbox.services.bank_facts import BankFacts
from sandbox.services.contracts import ContractService
from sandbox.services.corporate import CorporateService
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
from sandbox.services.world import World


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
    grants: GrantService
    identity: IdentityService
    introspection: IntrospectionService
    keys: KeyService
    limiter: RateLimiter
    proofs: ProofChecker
    registration: RegistrationService
    requests: RequestService
    sign_in: SignInService
    tokens: TokenService

    def check_log_in(self, authenticated_at: Instant) -> None:
        """Raise ``StepUpNeeded`` where a log-in is older than the bank allows."""
        max_age_ms = self.policy.step_up_max_age_ms
        if self.world.now() - authenticated_at > max_age_ms:
            raise StepUpNeeded(max_age_ms // 1000)

    def check_hours(self) -> None:
        """Raise ``OutsideServiceHours`` with the seconds to wait while the service is closed."""
        preset = PRESETS[self.policy.hours]
        if preset and (wait_s := seconds_to_opening(preset, self.world.now())):
            raise OutsideServiceHours("outside service hours", wait_s)


def make_bank(world: World, name: str, facts: BankFacts) -> Bank:
    policy, keys = world.policies[name], KeyService(world, name)
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
        access=AccessService(world, name),
        accounts=AccountService(world, policy),
        contracts=ContractService(world, policy),
        corporate=CorporateService(world, name, facts.scopes),
        authorize=AuthorizeService(world, name, policy, sign_in, grants, sessions, offers),
        client_auth=ClientAuthenticator(world, name),
        grants=grants,
        identity=identity,
        introspection=IntrospectionService(world, name, facts),
        keys=keys,
        limiter=RateLimiter(policy.rate_limit_per_minute, monotonic_s),
        proofs=ProofChecker(world),
        registration=RegistrationService(world, Registrar(bank=name, scopes=facts.scopes)),
        requests=RequestService(world, name, policy, facts, keys),
        sign_in=sign_in,
        tokens=TokenService(world, policy, access_tokens, identity),
    )
