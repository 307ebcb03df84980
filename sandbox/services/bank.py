"""One bank in one world: its services, made once."""

from dataclasses import dataclass

from sandbox.clock import monotonic_s
from sandbox.domain.errors import OutsideServiceHours
from sandbox.domain.hours import PRESETS, seconds_to_opening
from sandbox.domain.policy import BankPolicy
from sandbox.services.accounts import AccountService
from sandbox.services.limiter import RateLimiter
from sandbox.services.oauth.access import AccessService
from sandbox.services.oauth.authorize import AuthorizeService
from sandbox.services.oauth.client_auth import ClientAuthenticator
from sandbox.services.oauth.grants import GrantService
from sandbox.services.oauth.tokens import TokenService
from sandbox.services.sign_in import SignInService
from sandbox.services.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Bank:
    name: str
    world: World
    policy: BankPolicy
    access: AccessService
    accounts: AccountService
    authorize: AuthorizeService
    client_auth: ClientAuthenticator
    grants: GrantService
    limiter: RateLimiter
    sign_in: SignInService
    tokens: TokenService

    def check_hours(self) -> None:
        """Raise ``OutsideServiceHours`` with the seconds to wait while the service is closed."""
        preset = PRESETS[self.policy.hours]
        if preset and (wait_s := seconds_to_opening(preset, self.world.now())):
            raise OutsideServiceHours("outside service hours", wait_s)


def make_bank(world: World, name: str, scopes: frozenset[str]) -> Bank:
    policy = world.policies[name]
    sign_in = SignInService(world, name, policy)
    grants = GrantService(world, name, policy)
    return Bank(
        name=name,
        world=world,
        policy=policy,
        access=AccessService(world),
        accounts=AccountService(world, policy),
        authorize=AuthorizeService(world, name, policy, scopes, sign_in, grants),
        client_auth=ClientAuthenticator(world, name),
        grants=grants,
        limiter=RateLimiter(policy.rate_limit_per_minute, monotonic_s),
        sign_in=sign_in,
        tokens=TokenService(world, policy),
    )
