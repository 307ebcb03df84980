"""Rows of corporate contracts: the service contract, its users, its children, its remitters."""

from collections.abc import Collection
from functools import lru_cache

from sandbox.domain.corporate.contract import (
    Application,
    ContractStatus,
    Service,
    ServiceContract,
)
from sandbox.domain.corporate.plan import Plan
from sandbox.domain.corporate.user import BankUser, Role
from sandbox.domain.transfer.approval import ApprovalRule, Pattern
from sandbox.storage.database import Reader, Row, Transaction

_CONTRACT = """
    SELECT s.contractor_id, s.status, s.services, k.contract_state, s.plan, s.approval_pattern,
           s.double_from_yen, s.requester_may_approve, s.client_id, s.is_environment_blocked
    FROM service_contract s JOIN contractor k ON k.contractor_id = s.contractor_id
"""
_USER = """
    SELECT credential_id, contractor_id, user_id, user_code, name, role, is_security_administrator,
           has_service_right, rights, limit_per_transaction_yen, limit_per_item_yen, accounts
    FROM bank_user
"""


@lru_cache(maxsize=16)
def services_of(text: str) -> frozenset[Service]:
    """Return the services that a column names."""
    return frozenset(map(Service, text.split()))


@lru_cache(maxsize=64)
def accounts_of(text: str | None) -> frozenset[str] | None:
    """Return the account ids that a column names; None: it limits nothing."""
    return None if text is None else frozenset(text.split())


def joined(services: Collection[Service]) -> str:
    """Return what ``services_of`` reads back: always in the order ②, ③, ④."""
    return " ".join(service.value for service in Service if service in services)


def _contract(row: Row) -> ServiceContract:
    return ServiceContract(
        contractor_id=row[0],
        status=ContractStatus(row[1]),
        services=services_of(row[2]),
        is_base_active=row[3] == "active",
        plan=Plan(row[4]),
        approval=ApprovalRule(
            pattern=Pattern(row[5]),
            double_from_yen=row[6],
            requester_may_approve=bool(row[7]),
        ),
        client_id=row[8],
        is_environment_blocked=bool(row[9]),
    )


def _user(row: Row) -> BankUser:
    return BankUser(
        contractor_id=row[1],
        user_id=row[2],
        user_code=row[3],
        name=row[4],
        role=Role(row[5]),
        is_security_administrator=bool(row[6]),
        has_service_right=bool(row[7]),
        rights=services_of(row[8]),
        limit_per_transaction_yen=row[9],
        limit_per_item_yen=row[10],
        accounts=accounts_of(row[11]),
    )


async def find_contract(db: Reader, contractor_id: str) -> ServiceContract | None:
    row = await db.fetchrow(f"{_CONTRACT} WHERE s.contractor_id = $1", contractor_id)
    return None if row is None else _contract(row)


async def find_contract_of_client(db: Reader, client_id: str) -> ServiceContract | None:
    """Return the contract that a client id was issued to (W-3)."""
    row = await db.fetchrow(f"{_CONTRACT} WHERE s.client_id = $1", client_id)
    return None if row is None else _contract(row)


async def save_contract(db: Transaction, contract: ServiceContract) -> None:
    """Write what may change of a contract: status, services, client, and what blocks it."""
    await db.execute(
        "UPDATE service_contract SET status = $2, services = $3, client_id = $4, "
        "is_environment_blocked = $5 WHERE contractor_id = $1",
        contract.contractor_id,
        contract.status.value,
        joined(contract.services),
        contract.client_id,
        int(contract.is_environment_blocked),
    )


async def save_application(
    db: Transaction,
    contractor_id: str,
    application: Application,
    *,
    status: ContractStatus,
    fee_account: int,
) -> None:
    """Write an application: a new contract, or what a refused or ended one becomes.

    How requests are approved, and the client, stay what they were; a new one has one approver.
    """
    await db.execute(
        "INSERT INTO service_contract (contractor_id, status, services, purpose, form, plan, "
        "fee_account, approval_pattern, requester_may_approve) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0) ON CONFLICT (contractor_id) DO UPDATE SET "
        "status = $2, services = $3, purpose = $4, form = $5, plan = $6, fee_account = $7",
        contractor_id,
        status.value,
        joined(frozenset(map(Service, application.services))),
        application.purpose,
        application.form,
        application.plan,
        fee_account,
        Pattern.SINGLE.value,
    )


async def save_key(db: Transaction, contractor_id: str, key: bytes) -> None:
    """Keep the encryption key that was issued with the client id (W-39)."""
    await db.execute(
        "UPDATE service_contract SET encryption_key = $2 WHERE contractor_id = $1",
        contractor_id,
        key,
    )


async def find_user(db: Reader, credential_id: int) -> BankUser | None:
    """Return the user that signs in with a credential."""
    row = await db.fetchrow(f"{_USER} WHERE credential_id = $1", credential_id)
    return None if row is None else _user(row)


async def list_users(db: Reader, contractor_id: str) -> list[tuple[int, BankUser]]:
    """Return (credential id, user) of a contract, by user code."""
    rows = await db.fetch(f"{_USER} WHERE contractor_id = $1 ORDER BY user_code", contractor_id)
    return [(row[0], _user(row)) for row in rows]


async def save_user(db: Transaction, credential_id: int, user: BankUser) -> None:
    """Write what may change of a user: what the contractor lets the user be and do."""
    await db.execute(
        "UPDATE bank_user SET is_security_administrator = $2, has_service_right = $3, "
        "rights = $4, limit_per_transaction_yen = $5, limit_per_item_yen = $6, accounts = $7 "
        "WHERE credential_id = $1",
        credential_id,
        int(user.is_security_administrator),
        int(user.has_service_right),
        joined(user.rights),
        user.limit_per_transaction_yen,
        user.limit_per_item_yen,
        None if user.accounts is None else " ".join(sorted(user.accounts)),
    )


async def list_children(db: Reader, contractor_id: str) -> list[str]:
    """Return the child contractors (仔契約者) of a parent, by id."""
    rows = await db.fetch(
        "SELECT child_id FROM contract_link WHERE parent_id = $1 ORDER BY child_id", contractor_id
    )
    return [row[0] for row in rows]


async def list_parents(db: Reader, contractor_id: str) -> list[str]:
    """Return the parent contractors (親契約者) of a child, by id."""
    rows = await db.fetch(
        "SELECT parent_id FROM contract_link WHERE child_id = $1 ORDER BY parent_id", contractor_id
    )
    return [row[0] for row in rows]


async def unlink_child(db: Transaction, parent_id: str, child_id: str) -> int:
    return await db.execute(
        "DELETE FROM contract_link WHERE parent_id = $1 AND child_id = $2", parent_id, child_id
    )


async def list_remitters(db: Reader, account: int) -> list[tuple[str, str]]:
    """Return (remitter code, remitter name) of an account, by code."""
    rows = await db.fetch(
        "SELECT remitter_code, remitter_name FROM remitter WHERE account = $1 "
        "ORDER BY remitter_code",
        account,
    )
    return [(row[0], row[1]) for row in rows]


async def insert_users(db: Transaction, rows: Collection[Row]) -> None:
    """Insert rows in the order of the table's columns."""
    marks = ", ".join(f"${number}" for number in range(1, 14))
    await db.executemany(f"INSERT INTO bank_user VALUES ({marks})", list(rows))


async def insert_contracts(db: Transaction, rows: Collection[Row]) -> None:
    """Insert rows in the order of the table's first twelve columns."""
    marks = ", ".join(f"${number}" for number in range(1, 13))
    await db.executemany(
        "INSERT INTO service_contract (contractor_id, status, services, purpose, form, plan, "
        "fee_account, approval_pattern, double_from_yen, requester_may_approve, client_id, "
        f"encryption_key) VALUES ({marks})",
        list(rows),
    )


async def insert_links(db: Transaction, rows: Collection[Row]) -> None:
    """Insert rows of (parent, child)."""
    await db.executemany("INSERT INTO contract_link VALUES ($1, $2)", list(rows))


async def insert_remitters(db: Transaction, rows: Collection[Row]) -> None:
    """Insert rows of (account, remitter code, remitter name)."""
    await db.executemany("INSERT INTO remitter VALUES ($1, $2, $3)", list(rows))
