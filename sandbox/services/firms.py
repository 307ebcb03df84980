"""Corporate contractors of a new world: contracts, users, children, remitters."""

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from sandbox.domain.corporate.contract import Service
from sandbox.domain.corporate.firm import FirmContract, FirmUser
from sandbox.domain.persona import Persona
from sandbox.storage import contractors, corporate
from sandbox.storage.database import Row, Transaction

REMITTER_CODE = "0000000001"  # each account pays in its holder's name
Numbered: TypeAlias = tuple[int, Persona]  # number of the first account and credential


async def seed_firms(db: Transaction, people: Iterable[Numbered]) -> None:
    """Write what belongs to the firms among ``people``; their accounts are there already."""
    firms = [(number, persona, persona.firm) for number, persona in people if persona.firm]
    await corporate.insert_users(
        db,
        [
            _user_row(number + index, persona.contractor_id, user)
            for number, persona, firm in firms
            for index, user in enumerate(firm.users)
        ],
    )
    await corporate.insert_contracts(
        db,
        [
            _contract_row(number, persona.contractor_id, firm.contract)
            for number, persona, firm in firms
            if firm.contract is not None
        ],
    )
    for _, persona, firm in firms:
        if firm.base_state != "active":
            await contractors.set_contract_state(db, persona.contractor_id, firm.base_state)
    by_key = {persona.key: persona.contractor_id for _, persona, _ in firms}
    await corporate.insert_links(
        db,
        [
            (persona.contractor_id, by_key[child])
            for _, persona, firm in firms
            for child in firm.children
            if child in by_key  # it may live in other worlds only
        ],
    )
    await corporate.insert_remitters(
        db,
        [
            (number + index, REMITTER_CODE, persona.name_kana)
            for number, persona, _ in firms
            for index in range(len(persona.accounts))
        ],
    )


def _user_row(credential_id: int, contractor_id: str, user: FirmUser) -> Row:
    return (
        credential_id,
        contractor_id,
        user.user_id,
        user.user_code,
        user.name,
        user.role,
        int(user.is_security_administrator),
        int(user.has_service_right),
        _in_order(user.rights),
        user.limit_per_transaction_yen,
        user.limit_per_item_yen,
        user.key,
        None if user.accounts is None else " ".join(sorted(user.accounts)),
    )


def _contract_row(number: int, contractor_id: str, contract: FirmContract) -> Row:
    return (
        contractor_id,
        contract.status,
        _in_order(contract.services),
        contract.purpose,
        contract.form,
        contract.plan,
        number + contract.fee_account,
        contract.approval_pattern,
        contract.double_from_yen,
        int(contract.requester_may_approve),
        contract.client_id,
        None,
    )


def _in_order(names: Sequence[str]) -> str:
    return corporate.joined(frozenset(map(Service, names)))
