"""What a bank's consent page offers, and to whom: functions and accounts, or services.

Through a provider, the contractor ticks the functions that the provider may use and the accounts
that it may see (T-5, T-8). With a service contract, a user ticks services: those that were asked
for, as far as the contract holds them and the user has the right (W-43, W-45). The accounts are
then the contract's own, live, so they are shown and not ticked (W-28).
"""

from dataclasses import dataclass
from typing import Protocol

from sandbox.domain.account import Account, AccountState
from sandbox.domain.client import Client
from sandbox.domain.contractor import Contractor
from sandbox.domain.corporate.contract import Service
from sandbox.domain.corporate.user import Act
from sandbox.domain.oauth.asked import AuthorizationRequest
from sandbox.domain.oauth.openid import IDENTITY_SCOPES
from sandbox.domain.policy import BankPolicy
from sandbox.services.bank_facts import BankFacts
from sandbox.services.sign_in import SignInRefused
from sandbox.services.world import World
from sandbox.storage import accounts, corporate


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """``functions``: what can be ticked; ``user_name``: who acts for a firm, where that counts."""

    functions: tuple[str, ...] = ()
    accounts: tuple[Account, ...] = ()
    are_accounts_ticked: bool = True
    user_name: str | None = None

    @property
    def account_ids(self) -> tuple[str, ...]:
        return tuple(account.account_id for account in self.accounts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who asks for what, and who has signed in to answer."""

    client: Client
    request: AuthorizationRequest
    contractor: Contractor
    credential_id: int


class Offers(Protocol):
    async def find(self, asker: Asker) -> Offer:
        """Return what can be allowed.

        Raises:
            SignInRefused: there is nothing that this person could allow.
        """

    def granted_scope(self, request: AuthorizationRequest, functions: tuple[str, ...]) -> str:
        """Return the scope of the grant, once ``functions`` were ticked."""


def offers_of(world: World, policy: BankPolicy, facts: BankFacts) -> Offers:
    if facts.has_contracts:
        return ServiceOffers(world, policy, facts)
    return AccountOffers(world, policy)


class AccountOffers:
    def __init__(self, world: World, policy: BankPolicy) -> None:
        self._world = world
        self._policy = policy

    async def find(self, asker: Asker) -> Offer:
        if not asker.request.opens_apis:
            return Offer()
        offered = await _offered(self._world, self._policy, asker.contractor)
        if not offered:
            raise SignInRefused("no_accounts")
        return Offer(functions=asker.client.functions, accounts=offered)

    def granted_scope(self, request: AuthorizationRequest, _functions: tuple[str, ...]) -> str:
        return request.scope


class ServiceOffers:
    def __init__(self, world: World, policy: BankPolicy, facts: BankFacts) -> None:
        self._world = world
        self._policy = policy
        self._services = facts.services

    async def find(self, asker: Asker) -> Offer:
        database, contractor_id = self._world.database, asker.contractor.contractor_id
        contract = await corporate.find_contract_of_client(database, asker.client.client_id)
        if contract is None or contract.contractor_id != contractor_id:
            raise SignInRefused("other_contract")  # W-30: the client is another contractor's
        if not contract.is_in_force:
            raise SignInRefused("contract_ended")
        user = await corporate.find_user(database, asker.credential_id)
        if user is None or not user.may(Act.CONSENT):
            raise SignInRefused("no_right")  # W-36
        if not asker.request.opens_apis:
            return Offer(user_name=user.name, are_accounts_ticked=False)
        allowed = user.powers(self._asked(asker.request), contract.services)
        if not allowed:
            raise SignInRefused("no_right")  # W-45
        return Offer(
            functions=tuple(service.value for service in Service if service in allowed),
            accounts=await _offered(self._world, self._policy, asker.contractor),
            are_accounts_ticked=False,
            user_name=user.name,
        )

    def granted_scope(self, request: AuthorizationRequest, functions: tuple[str, ...]) -> str:
        """Return what was asked, less the services that were not ticked (W-43)."""
        return " ".join(
            scope
            for scope in request.scope.split()
            if scope in IDENTITY_SCOPES or self._services[scope].value in functions
        )

    def _asked(self, request: AuthorizationRequest) -> set[Service]:
        return {self._services[s] for s in request.scope.split() if s in self._services}


async def _offered(world: World, policy: BankPolicy, contractor: Contractor) -> tuple[Account, ...]:
    """Return the accounts of a contractor that the service is for."""
    types = policy.offered_types(contractor.kind)
    held = await accounts.list_of_contractor(world.database, contractor.contractor_id)
    return tuple(
        account
        for account in held
        if account.account_type in types and account.state is not AccountState.CLOSED
    )
