"""The calls of the control API about service contracts."""

import json
from collections.abc import Sequence
from typing import TypedDict, Unpack

from sandbox.client.answers import Page
from sandbox.client.corporate import Contract, ContractAct
from sandbox.client.request import PAGE_SIZE, Request, given, one, page, path

BANK = "web21"


def list_contracts(
    world: str, *, bank: str | None = None, status: str | None = None
) -> Request[Page[Contract]]:
    """List contractors with several users, by id.

    Args:
        status: ``applied``, ``active``, ``refused``, ``terminated``, or ``none``.

    Raises:
        ProblemError: ``invalid-request``, naming the statuses.
    """
    return Request(
        method="GET",
        path=path("worlds", world, "contracts"),
        read=page("contracts", Contract),
        query={**given(bank=bank, status=status), "limit": str(PAGE_SIZE)},
    )


def show(world: str, contractor_id: str) -> Request[Contract]:
    """Return a contract; ``more`` has its users, children, fee account and approval rule.

    Raises:
        ProblemError: ``unknown-subject``.
    """
    where = path("worlds", world, "contracts", contractor_id)
    return Request(method="GET", path=where, read=one(Contract))


class ActFields(TypedDict, total=False):
    """What acts take, each some of it. A limit of None is no limit;
    ``accounts`` None: all of the contract."""

    services: Sequence[str]
    refused: Sequence[str]
    purpose: str
    form: str
    plan: str
    fee_account: str
    is_supported: bool
    enabled: bool
    child: str
    by: str
    user_id: str
    has_service_right: bool
    rights: Sequence[str]
    limit_per_transaction_yen: int | None
    limit_per_item_yen: int | None
    accounts: Sequence[str] | None
    password: str
    web_servers: Sequence[str]
    grant_id: str
    lag: str


def act(
    world: str, contractor_id: str, act: str, bank: str = BANK, **fields: Unpack[ActFields]
) -> Request[ContractAct]:
    """Do something about a contract: what the desk, an administrator or a user would do.

    Args:
        act: ``apply``, ``accept``, ``set_rights``, ``issue_client`` … (``docs/control.md``).
        fields: what the act takes.

    Raises:
        ProblemError: ``unknown-subject``, ``act-refused``, ``illegal-status``,
            ``invalid-request``.
    """
    return Request(
        method="POST",
        path=path("worlds", world, "bank", bank, "contracts", contractor_id),
        read=one(ContractAct),
        content=json.dumps({"act": act, **fields}, ensure_ascii=False).encode(),
    )
