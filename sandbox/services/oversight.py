"""What there really is of contracts and transfers, for the control door. It only reads."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.domain.corporate.contract import ContractStatus, Service
from sandbox.domain.corporate.stage import STAGE_TEXTS, Stage, stage_of
from sandbox.domain.corporate.user import BankUser
from sandbox.domain.time import iso
from sandbox.domain.transfer.request import (
    Act,
    TransactionNotFound,
    TransferRequest,
    number_of,
)
from sandbox.services.staff import UnknownSubject
from sandbox.services.world import World
from sandbox.storage import accounts, contract_views, corporate, transfer_views, transfers
from sandbox.storage.database import Reader

Found = dict[str, Any]
_SUMMARY = ("contractor_id", "bank", "persona", "name", "base_state", "plan", "client_id")
_DETAIL = ("purpose", "form", "fee_account", "client_status")


@dataclass(frozen=True, slots=True, kw_only=True)
class FirmNow:
    """How a contractor stands. ``rights``: by user id, none without the service right."""

    stage: Stage
    client_id: str | None
    rights: Mapping[str, list[str]]


class OversightService:
    def __init__(self, world: World) -> None:
        self._world = world

    async def list_contracts(
        self, *, bank: str | None, status: str | None, after: str, limit: int
    ) -> list[Found]:
        """Return contractors with several users, by id. ``status`` ``none``: without a contract."""
        db = self._world.database
        rows = await contract_views.list_contracts(
            db, bank=bank, status=status, after=after, limit=limit
        )
        return [_summary(row, await _users(db, row)) for row in rows]

    async def contract(self, contractor_id: str) -> Found:
        """Return all of a contract but its key: users with their rights, parents and children.

        Raises:
            UnknownSubject: no contractor with users of that id.
        """
        db = self._world.database
        row = await contract_views.find_contract(db, contractor_id)
        if row is None:
            raise UnknownSubject(contractor_id)
        users = await _users(db, row)
        personas = await contract_views.list_user_personas(db, contractor_id)
        return {
            **_summary(row, users),
            **_present({name: row[name] for name in _DETAIL}),
            **_approval(row),
            "children": await corporate.list_children(db, contractor_id),
            "parents": await corporate.list_parents(db, contractor_id),
            "users": [_user(user, personas.get(user.user_id)) for user in users],
        }

    async def firms(self, bank: str) -> dict[str, FirmNow]:
        """Return by contractor id how far each is, its client, and what its users may do now."""
        db, found = self._world.database, {}
        rows = await contract_views.list_contracts(db, bank=bank, status=None, after="", limit=1000)
        for row in rows:
            users = await _users(db, row)
            found[row["contractor_id"]] = FirmNow(
                stage=_stage(row, users),
                client_id=row["client_id"],
                rights={
                    user.user_id: _in_order(user.rights if user.is_service_user else ())
                    for user in users
                },
            )
        return found

    async def list_transfers(
        self,
        *,
        bank: str | None,
        contractor_id: str | None,
        kind: str | None,
        status: str | None,
        after: str,
        limit: int,
    ) -> list[Found]:
        """Return requests in the order in which they were first sent; ``after``: a reference.

        Raises:
            TransactionNotFound: there is no request ``after``.
        """
        db = self._world.database
        found = await transfers.list_all(
            db,
            bank=bank,
            contractor_id=contractor_id,
            kind=kind,
            status=status,
            after=(await self.find(after)).request if after else 0,
            limit=limit,
        )
        return [await self._transfer(request) for request in found]

    async def find(self, reference: str, bank: str | None = None) -> TransferRequest:
        """Return a request by either of its ids. Raises ``TransactionNotFound``."""
        number = number_of(reference)
        if number is not None:
            is_temporary, found_by = number
            found = await transfers.find_by_number(
                self._world.database, found_by, is_temporary=is_temporary
            )
            if found is not None and bank in (None, found.bank):
                return found
        raise TransactionNotFound("no such request")

    async def transfer(self, reference: str, *, after: int, limit: int) -> Found:
        """Return a request, what was done to it, and its items beyond the position ``after``.

        Raises:
            TransactionNotFound: no such request.
        """
        db = self._world.database
        while True:  # request, acts and items of one moment: an act may come in between
            request = await self.find(reference)
            answer = {
                "transfer": await self._transfer(request),
                "acts": [_act(act) for act in await transfers.list_acts(db, request.request)],
                "items": [
                    _present(item)
                    for item in await transfer_views.list_items(
                        db, request.request, after=after, limit=limit
                    )
                ],
            }
            if await transfers.find(db, request.request) == request:
                return answer

    async def list_scripts(self) -> list[Found]:
        """Return what is scripted of payments to accounts."""
        return [_present(row) for row in await transfer_views.list_scripts(self._world.database)]

    async def _transfer(self, request: TransferRequest) -> Found:
        account = await accounts.find(self._world.database, request.account)
        assert account is not None  # a foreign key
        return _present(
            {
                "reference": request.reference,
                "transaction_id": request.transaction_id,
                "temporary_transaction_id": request.temporary_transaction_id,
                "bank": request.bank,
                "contractor_id": request.contractor_id,
                "kind": request.kind.value,
                "status": request.status.value,
                "account_id": account.account_id,
                "designated_on": request.designated_on.isoformat(),
                "cut_off_at": iso(request.cut_off_at),
                "approval_pattern": request.pattern.value,
                "first_approver": request.first_approver,
                "second_approver": request.second_approver,
                "approved_by": list(request.approved_by),
                "item_count": request.item_count,
                "total_yen": request.total_yen,
                "beneficiary_pays": request.beneficiary_pays,
                "requester": request.requester,
                "registered_at": iso(request.registered_at),
                "last_act_at": iso(request.last_act_at),
                "transaction_notes": request.transaction_notes,
                "comment": request.comment,
                "reason": request.reason,
                "fees_yen": request.fees_yen,
            }
        )


async def _users(db: Reader, row: Found) -> list[BankUser]:
    return [user for _, user in await corporate.list_users(db, row["contractor_id"])]


def _stage(row: Found, users: Sequence[BankUser]) -> Stage:
    has_contract = row["status"] != contract_views.NO_CONTRACT
    status = ContractStatus(row["status"]) if has_contract else None
    return stage_of(row["base_state"], status, users, row["client_status"])


def _in_order(rights: Collection[Service]) -> list[str]:
    return [each.value for each in Service if each in rights]


def _summary(row: Found, users: Sequence[BankUser]) -> Found:
    return {
        **_present({name: row[name] for name in _SUMMARY}),
        "status": row["status"],
        "services": row["services"].split(),
        "stage": stage(_stage(row, users)),
        "is_environment_supported": not row["is_environment_blocked"],
    }


def stage(found: Stage) -> Found:
    """Return a stage with what it means, in both languages."""
    ja, en = STAGE_TEXTS[found]
    return {"name": found.value, "ja": ja, "en": en}


def _approval(row: Found) -> Found:
    if row["approval_pattern"] is None:
        return {}
    approval = {
        "pattern": row["approval_pattern"],
        "double_from_yen": row["double_from_yen"],
        "requester_may_approve": bool(row["requester_may_approve"]),
    }
    return {"approval": _present(approval)}


def _user(user: BankUser, persona: str | None) -> Found:
    return _present(
        {
            "user_id": user.user_id,
            "user_code": user.user_code,
            "name": user.name,
            "persona": persona,
            "role": user.role.value,
            "is_security_administrator": user.is_security_administrator,
            "has_service_right": user.has_service_right,
            "rights": _in_order(user.rights),
            "limit_per_transaction_yen": user.limit_per_transaction_yen,
            "limit_per_item_yen": user.limit_per_item_yen,
            "accounts": None if user.accounts is None else sorted(user.accounts),
        }
    )


def _act(act: Act) -> Found:
    return _present(
        {
            "at": iso(act.at),
            "user_code": act.user_code,
            "event": act.event,
            "status": act.status.value,
            "comment": act.comment,
        }
    )


def _present(values: Found) -> Found:
    """Return what is there: nothing is said of what is not."""
    return {name: value for name, value in values.items() if value is not None}
