"""One act on one request: status by the table, a row in its history, and what follows from it."""

from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import orjson

from sandbox.domain.banks import BankMaster, parse_banks
from sandbox.domain.corporate.contract import Service
from sandbox.domain.corporate.powers import RightRemoved, ServiceNotContracted
from sandbox.domain.errors import InvalidParameter
from sandbox.domain.time import Instant
from sandbox.domain.transfer import due
from sandbox.domain.transfer.contract import Caller, RemittingAccount, TransferContract
from sandbox.domain.transfer.policy import TransferPolicy
from sandbox.domain.transfer.request import (
    Act,
    TransactionNotFound,
    TransferRequest,
    family_of,
    number_of,
)
from sandbox.domain.transfer.settlement import ACCOUNT_TYPES
from sandbox.domain.transfer.status import EDITABLE, Event, Status, after
from sandbox.domain.transfer.window import Kind
from sandbox.resources import data_root
from sandbox.services.transfers.planning import AGE_OUT, item, plan
from sandbox.services.world import World
from sandbox.storage import accounts, corporate, transfers
from sandbox.storage.database import Reader, Transaction

COMMENT_MAX = 100
_TYPE_CODES = {kind: code for code, kind in ACCOUNT_TYPES.items() if code != "04"}
_AGING = EDITABLE | {Status.EXPIRED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """One bank's transfers in one world. ``bank_code``: its own, four digits."""

    world: World
    bank: str
    bank_code: str

    @property
    def policy(self) -> TransferPolicy:
        return self.world.policies[self.bank]


@cache
def bank_master() -> BankMaster:
    """Return the master of banks and branches, read with the first transfer."""
    file = data_root().joinpath("fixtures", "banks", "master.json")
    return parse_banks(orjson.loads(file.read_bytes()))


def check_comment(comment: str) -> None:
    """Raise ``InvalidParameter`` where a comment is longer than 100 characters."""
    if len(comment) > COMMENT_MAX:
        problem = f"{COMMENT_MAX}文字以内で指定してください"
        detail = {"field": "comment", "code": "invalid", "message": problem}
        raise InvalidParameter("comment", [detail])


async def find_own(db: Reader, caller: Caller, reference: str, kind: Kind) -> TransferRequest:
    """Return the contractor's request by either of its ids, among those of ``kind``'s path.

    Raises:
        TransactionNotFound: there is none.
    """
    number = number_of(reference)
    if number is not None:
        is_temporary, found_by = number
        request = await transfers.find_by_number(db, found_by, is_temporary=is_temporary)
        if (
            request is not None
            and request.contractor_id == caller.contractor_id
            and request.kind in family_of(kind)
        ):
            return request
    raise TransactionNotFound("no such request of this contractor")


async def check_account(db: Reader, caller: Caller, request: TransferRequest) -> None:
    """Refuse an act on a request whose account the user may not use.

    Raises:
        RightRemoved: as it says.
    """
    if caller.accounts is not None:
        account = await accounts.find(db, request.account)
        assert account is not None  # a request refers to one
        if not caller.may_use(account.account_id):
            raise RightRemoved("the user has no right to the account")


async def record(
    world: World,
    db: Transaction,
    request: TransferRequest,
    event: Event,
    *,
    at: Instant,
    by: str | None = None,
    comment: str = "",
    **changes: Any,
) -> TransferRequest:
    """Let ``event`` happen to a request and return it as it stands then.

    ``by``: a user code; None: the bank, or the clock.

    Raises:
        IllegalTransition: it cannot happen now; nothing was written.
    """
    status = after(request.status, event)
    changed = replace(request, status=status, last_act_at=at, **changes)
    await transfers.save(db, changed)
    await remember(world, db, changed, event, by=by, comment=comment)
    return changed


async def remember(
    world: World,
    db: Transaction,
    request: TransferRequest,
    event: Event,
    *,
    by: str | None,
    comment: str,
) -> None:
    """Write the act that has led to what ``request`` is, and plan its end where it may rest."""
    act = Act(
        at=request.last_act_at,
        user_code=by,
        event=event.value,
        status=request.status,
        comment=comment,
    )
    await transfers.add_act(db, request.request, act)
    if request.status in _AGING:
        policy = world.policies[request.bank]
        await plan(
            world, db, item(AGE_OUT, due.age_out(request.last_act_at, policy), request.request)
        )


async def load_contract(db: Reader, desk: Desk, caller: Caller) -> TransferContract:
    """Return what the contract says of the caller's transfers at this moment (W-46).

    Raises:
        ServiceNotContracted: there is no contract.
    """
    contractor_id = caller.contractor_id
    contract = await corporate.find_contract(db, contractor_id)
    if contract is None:
        raise ServiceNotContracted("there is no contract")
    users = await corporate.list_users(db, contractor_id)
    return TransferContract(
        bank_code=desk.bank_code,
        plan=contract.plan,
        rule=contract.approval,
        beneficiary_pays=desk.policy.beneficiary_pays,
        accounts=await _remitting_accounts(db, caller),
        approvers=frozenset(
            user.user_code
            for _, user in users
            if user.is_service_user and Service.APPROVAL in user.rights
        ),
    )


async def _remitting_accounts(db: Reader, caller: Caller) -> tuple[RemittingAccount, ...]:
    """Return what the caller may pay from: a child's account only by a right of its own."""
    owners = [caller.contractor_id]
    if caller.accounts is not None:
        owners += await corporate.list_children(db, caller.contractor_id)
    held = [each for owner in owners for each in await accounts.list_of_contractor(db, owner)]
    return tuple(
        [
            RemittingAccount(
                account=account.account,
                branch_code=account.branch_code,
                account_type_code=_TYPE_CODES[account.account_type],
                account_number=account.account_number,
                remitters=frozenset(await corporate.list_remitters(db, account.account)),
            )
            for account in held
            if account.account_type in _TYPE_CODES and caller.may_use(account.account_id)
        ]
    )
