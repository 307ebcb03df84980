"""What the contractor's pages show of the contract, its users and its consents (アクセス許可)."""

from dataclasses import dataclass

from sandbox.domain.account import Account
from sandbox.domain.client import Client
from sandbox.domain.corporate.contract import ServiceContract
from sandbox.domain.corporate.onboarding import Progress
from sandbox.domain.corporate.user import Act, BankUser
from sandbox.domain.errors import Reason
from sandbox.domain.policy import BankPolicy
from sandbox.services.staff import UnknownSubject
from sandbox.services.world import World
from sandbox.storage import accounts, clients, contractors, corporate, desk, grants
from sandbox.storage import world as world_rows
from sandbox.storage.desk import GrantRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """申込内容. ``fee_account``: EB手数料決済口座; the rest as it was written."""

    purpose: str
    form: str
    fee_account: Account | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Firm:
    """A contractor at this moment. ``contract`` None: nothing was ever applied for."""

    contract: ServiceContract | None
    application: Application | None
    users: tuple[BankUser, ...]
    client: Client | None
    accounts: tuple[Account, ...]
    children: tuple[str, ...]  # names
    live_grants: int

    @property
    def progress(self) -> Progress:
        return Progress(
            contract=self.contract,
            users=self.users,
            client=self.client,
            live_grants=self.live_grants,
        )


class DeskPeople:
    def __init__(self, world: World, bank: str, policy: BankPolicy) -> None:
        self._world = world
        self._bank = bank
        self._policy = policy

    async def firm(self, contractor_id: str) -> Firm:
        db, now = self._world.database, self._world.now()
        contract = await corporate.find_contract(db, contractor_id)
        client_id = None if contract is None else contract.client_id
        return Firm(
            contract=contract,
            application=await self._application(contractor_id),
            users=tuple(user for _, user in await corporate.list_users(db, contractor_id)),
            client=None if client_id is None else await clients.find(db, self._bank, client_id),
            accounts=tuple(await accounts.list_of_contractor(db, contractor_id)),
            children=await self._children(contractor_id),
            live_grants=len(await desk.list_grants(db, contractor_id, now)),
        )

    async def user(self, contractor_id: str, user_id: str) -> BankUser:
        """Return one of the contractor's users.

        Raises:
            UnknownSubject: there is none of that id.
        """
        for _, user in await corporate.list_users(self._world.database, contractor_id):
            if user.user_id == user_id:
                return user
        raise UnknownSubject(user_id)

    async def consents(self, contractor_id: str, user: BankUser) -> list[GrantRow]:
        """Return the live grants that ``user`` may withdraw: the own ones, or all (W-55)."""
        db, now = self._world.database, self._world.now()
        found = await desk.list_grants(db, contractor_id, now)
        return [grant for grant in found if _may_withdraw(user, grant)]

    async def withdraw(self, contractor_id: str, user: BankUser, grant_id: str) -> None:
        """End a grant with all its tokens, after the bank's lag (W-55, W-56, W-57).

        Raises:
            UnknownSubject: no such live grant, or somebody else's: they look alike.
        """
        async with self._world.database.transaction() as db:
            now = self._world.now()
            found = await desk.list_grants(db, contractor_id, now)
            if not any(g.grant_id == grant_id and _may_withdraw(user, g) for g in found):
                raise UnknownSubject(grant_id)
            at = now + self._policy.revocation_lag_ms
            await grants.end_grant(db, grant_id, at=at, reason=Reason.REVOKED_BY_USER.value)
            await world_rows.raise_version(db)

    async def _application(self, contractor_id: str) -> Application | None:
        db = self._world.database
        found = await desk.find_application(db, contractor_id)
        if found is None:
            return None
        purpose, form, account = found
        return Application(purpose=purpose, form=form, fee_account=await accounts.find(db, account))

    async def _children(self, contractor_id: str) -> tuple[str, ...]:
        db = self._world.database
        found = [
            await contractors.find(db, child)
            for child in await corporate.list_children(db, contractor_id)
        ]
        return tuple(child.name for child in found if child is not None)


def _may_withdraw(user: BankUser, grant: GrantRow) -> bool:
    if user.may(Act.WITHDRAW_ANY_CONSENT):
        return True
    return user.may(Act.WITHDRAW_OWN_CONSENT) and grant.user_id == user.user_id
