"""Acts on a service contract: by the bank's desk, by its administrators, by its service users.

Each is one transaction. Rights are evaluated on every call, so a change needs nothing but to be
written; only what the terms call a lapse ends grants as well (W-54, W-60).
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from sandbox.domain.client import Client
from sandbox.domain.corporate.client_data import check_password, check_web_servers
from sandbox.domain.corporate.contract import Service, ServiceContract
from sandbox.domain.corporate.user import Act, BankUser
from sandbox.domain.errors import IllegalTransition, Reason, UnknownAccount
from sandbox.domain.secrets import secret_hash
from sandbox.services.staff import UnknownSubject
from sandbox.services.world import World
from sandbox.storage import accounts, clients, contractors, corporate, grants
from sandbox.storage import world as world_rows
from sandbox.storage.database import Reader, Transaction

KEY_BYTES = 32
_FIRST_CLIENT_ID, _LAST_CLIENT_ID = 20_000_000, 99_999_999


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """Shown once, on the page of the service user who asked for it (W-38)."""

    client_id: str
    encryption_key: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Up to what a user may approve; None: without limit."""

    per_transaction_yen: int | None
    per_item_yen: int | None

    def set_on(self, user: BankUser) -> BankUser:
        return replace(
            user,
            limit_per_transaction_yen=self.per_transaction_yen,
            limit_per_item_yen=self.per_item_yen,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Usable:
    """Ids of the accounts that a user may use, a child's among them; None: see ``BankUser``."""

    accounts: frozenset[str] | None


class CorporateService:
    """``scopes``: what the bank's clients may ask for, as far as their contract goes."""

    def __init__(self, world: World, bank: str, scopes: Collection[str]) -> None:
        self._world = world
        self._bank = bank
        self._scopes = scopes

    # The bank's desk

    async def accept(self, contractor_id: str, refused: Collection[Service] = ()) -> None:
        """Accept an application, or all of it but some services (W-25, W-26)."""
        await self._change(contractor_id, lambda contract: contract.accept(refused))

    async def change_services(self, contractor_id: str, services: Collection[Service]) -> None:
        """Let the contract hold other services from the next call on (W-29)."""
        await self._change(contractor_id, lambda contract: contract.change(services))

    async def terminate(self, contractor_id: str) -> None:
        """End the service contract alone, and its grants; the base contract lives on (W-61)."""
        async with self._world.database.transaction() as db:
            contract = await self._contract(db, contractor_id)
            await corporate.save_contract(db, contract.terminate())
            # Else they would live again, were the service applied for once more.
            await self._end_grants(db, contractor_id, Reason.CONTRACT_ENDED)
            await world_rows.raise_version(db)

    async def suspend_base(self, contractor_id: str, *, is_over: bool = False) -> None:
        """Suspend the base contract, or take it up again: nothing lapses by it (W-27)."""
        async with self._world.database.transaction() as db:
            await self._contract(db, contractor_id)
            state = "active" if is_over else "suspended"
            await contractors.set_contract_state(db, contractor_id, state)
            await world_rows.raise_version(db)

    async def end_base(self, contractor_id: str) -> None:
        """End the base contract, and with it the service, its grants and its client (W-60)."""
        async with self._world.database.transaction() as db:
            contract = await self._contract(db, contractor_id)
            await contractors.set_contract_state(db, contractor_id, "ended")
            await self._end_grants(db, contractor_id, Reason.CONTRACT_ENDED)
            if contract.client_id is not None:
                await clients.set_status(db, contract.client_id, "ended")
            await world_rows.raise_version(db)

    async def unlink(self, parent_id: str, child_id: str) -> None:
        """Take a child from its parent, from the next call on (W-33)."""
        async with self._world.database.transaction() as db:
            if not await corporate.unlink_child(db, parent_id, child_id):
                raise UnknownSubject(child_id)
            await world_rows.raise_version(db)

    # The contractor's administrators

    async def name_security_administrator(
        self, contractor_id: str, by: str, user_id: str, *, is_named: bool = True
    ) -> None:
        """Name one, or take it back. W-34: only the admin id or its deputy, ``by``, may do this."""
        async with self._world.database.transaction() as db:
            (await self._user(db, contractor_id, by))[1].check(Act.NAME_SECURITY_ADMINISTRATOR)
            credential_id, user = await self._user(db, contractor_id, user_id)
            named = replace(user, is_security_administrator=is_named)
            await corporate.save_user(db, credential_id, named)
            await world_rows.raise_version(db)

    async def set_rights(
        self,
        contractor_id: str,
        by: str,
        user_id: str,
        *,
        has_service_right: bool,
        rights: Collection[Service],
        limits: Limits | None = None,
        usable: Usable | None = None,
    ) -> None:
        """Let the security administrator ``by`` give and take rights (W-35, W-46).

        ``limits`` and ``usable`` None: those of the user stay as they are.
        Without the service right all grants of the user lapse, for good (W-54).

        Raises:
            UnknownSubject, ActRefused: as their names say.
            UnknownAccount: neither the contractor's nor a child's.
        """
        async with self._world.database.transaction() as db:
            (await self._user(db, contractor_id, by))[1].check(Act.SET_RIGHTS)
            credential_id, user = await self._user(db, contractor_id, user_id)
            changed = replace(user, has_service_right=has_service_right, rights=frozenset(rights))
            if limits is not None:
                changed = limits.set_on(changed)
            if usable is not None:
                await _check_held(db, contractor_id, usable.accounts or ())
                changed = replace(changed, accounts=usable.accounts)
            await corporate.save_user(db, credential_id, changed)
            if not has_service_right:
                reason = Reason.RIGHT_REMOVED_BY_ADMIN.value
                await grants.end_grants_of_user(
                    db, contractor_id, credential_id, at=self._world.now(), reason=reason
                )
            await world_rows.raise_version(db)

    # The service users

    async def issue_client(self, contractor_id: str, by: str) -> Issued:
        """Issue client id and encryption key, once (W-37, W-38).

        Raises:
            ActRefused: ``by`` is no service user.
            IllegalTransition: the contract is not in force, or has its client id already.
        """
        async with self._world.database.transaction() as db:
            (await self._user(db, contractor_id, by))[1].check(Act.ISSUE_CLIENT)
            contract = await self._contract(db, contractor_id)
            if not contract.is_in_force or contract.client_id is not None:
                raise IllegalTransition("the contract is not in force, or has its client id")
            contractor = await contractors.find(db, contractor_id)
            assert contractor is not None  # a foreign key
            key = self._world.new_bytes(KEY_BYTES)
            issued = Issued(client_id=await self._free_id(db), encryption_key=key)
            await clients.insert(db, [self._issued(issued.client_id, contractor.name)])
            await corporate.save_contract(db, replace(contract, client_id=issued.client_id))
            await corporate.save_key(db, contractor_id, issued.encryption_key)
        self._world.client_index.add(self._world.name, issued.client_id)
        return issued

    async def register_client(
        self, contractor_id: str, by: str, *, password: str, web_servers: Sequence[str]
    ) -> None:
        """Register client password and web servers: only now may the client ask (W-40).

        Raises:
            ActRefused: ``by`` is no service user.
            ClientDataRefused: a password or an address that will not do.
            IllegalTransition: there is no issued client, or it is blocked or ended.
        """
        check_password(password)
        check_web_servers(web_servers)
        async with self._world.database.transaction() as db:
            (await self._user(db, contractor_id, by))[1].check(Act.REGISTER_CLIENT)
            client_id = (await self._contract(db, contractor_id)).client_id
            client = await clients.find(db, self._bank, client_id or "")
            if client is None or client.status not in ("issued", "active"):
                raise IllegalTransition("there is no client to register this for")
            ready = replace(
                client,
                secret_hash=secret_hash(client.client_id, password),
                redirect_uris=tuple(web_servers),
                status="active",
            )
            await clients.save(db, ready)
            await world_rows.raise_version(db)

    async def _change(
        self, contractor_id: str, change: Callable[[ServiceContract], ServiceContract]
    ) -> None:
        async with self._world.database.transaction() as db:
            contract = await self._contract(db, contractor_id)
            await corporate.save_contract(db, change(contract))
            await world_rows.raise_version(db)

    async def _end_grants(self, db: Transaction, contractor_id: str, reason: Reason) -> None:
        await grants.end_grants_of_contractor(
            db, contractor_id, client_id=None, at=self._world.now(), reason=reason.value
        )

    async def _contract(self, db: Reader, contractor_id: str) -> ServiceContract:
        contract = await corporate.find_contract(db, contractor_id)
        if contract is None:
            raise UnknownSubject(contractor_id)
        return contract

    async def _user(self, db: Reader, contractor_id: str, user_id: str) -> tuple[int, BankUser]:
        for credential_id, user in await corporate.list_users(db, contractor_id):
            if user.user_id == user_id:
                return credential_id, user
        raise UnknownSubject(user_id)

    async def _free_id(self, db: Reader) -> str:
        """Return the next client id of eight digits; those below are the fixtures'."""
        taken = {int(name) for name in await clients.list_ids(db) if name.isdecimal()}
        number = _FIRST_CLIENT_ID
        while number in taken:
            number += 1
        if number > _LAST_CLIENT_ID:
            raise IllegalTransition("no client id is left")
        return str(number)

    def _issued(self, client_id: str, name: str) -> Client:
        return Client(
            client_id=client_id,
            bank=self._bank,
            secret_hash=None,
            auth_method="client_secret_basic",
            security_profile="bank",
            provider_name=name,
            registration_no=name,
            terms_url="",
            redirect_uris=(),
            scopes=(*sorted(self._scopes), "openid"),
            functions=(),
            contractor_kinds=("corporate",),
            pkce="optional",
            auto_manual_mode="auto",
            status="issued",
        )


async def _check_held(db: Reader, contractor_id: str, account_ids: Collection[str]) -> None:
    """Raise ``UnknownAccount`` for an account that is neither the contractor's nor a child's."""
    owners = {contractor_id, *await corporate.list_children(db, contractor_id)}
    for account_id in sorted(account_ids):
        account = await accounts.find_by_account_id(db, account_id)
        if account is None or account.contractor_id not in owners:
            raise UnknownAccount(account_id)
