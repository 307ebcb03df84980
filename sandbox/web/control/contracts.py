"""``…/bank/{bank}/contracts/{contractor_id}``: acts on a service contract, whoever does them."""

from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

from sandbox.domain.corporate.client_data import ClientDataRefused
from sandbox.domain.corporate.contract import (
    Application,
    ApplicationIncomplete,
    ContractStatus,
    Service,
)
from sandbox.domain.corporate.plan import Plan
from sandbox.domain.corporate.user import ActRefused
from sandbox.domain.errors import IllegalTransition, UnknownAccount
from sandbox.services.applications import ApplicationService
from sandbox.services.bank import Bank
from sandbox.services.corporate import Limits, Usable
from sandbox.services.oversight import OversightService
from sandbox.services.revocations import RevocationService
from sandbox.services.staff import UnknownSubject
from sandbox.services.transfers.charges import FeeAccountRefused
from sandbox.web.control.consent import bank_of
from sandbox.web.control.endpoint import ControlCall, Json
from sandbox.web.control.paging import filter_of, listed, one_of, page_of
from sandbox.web.control.problem import Problem
from sandbox.web.control.staff import lag_of, refuse_lag

Act: TypeAlias = Callable[[Bank, str, Json], Awaitable[Json]]


async def list_contracts(call: ControlCall) -> Json:
    """List contractors with several users: contract, services, client id, and what comes next."""
    page = page_of(call.request)
    found = await OversightService(await call.world()).list_contracts(
        bank=filter_of(call.request, "bank"),
        status=one_of(call.request, "status", ("none", *ContractStatus)),
        after=page.after,
        limit=page.limit,
    )
    return listed("contracts", found, page, "contractor_id")


async def show_contract(call: ControlCall) -> Json:
    """Show a contract with its users and their rights, its children, and never its key."""
    contractor_id = call.request.match_info["contractor_id"]
    try:
        return await OversightService(await call.world()).contract(contractor_id)
    except UnknownSubject as error:
        detail = f"there is no contractor {contractor_id!r} with users in this world"
        raise Problem(404, "unknown-subject", detail) from error


async def act_on_contract(call: ControlCall) -> Json:
    """Do what the bank's desk, an administrator or a service user does about a contract."""
    bank = await bank_of(call, call.request.match_info["bank"])
    contractor_id = call.request.match_info["contractor_id"]
    refuse_lag(call.body, "withdraw_consent")
    try:
        return await ACTS[call.body["act"]](bank, contractor_id, call.body)
    except UnknownSubject as error:
        raise Problem(404, "unknown-subject", f"there is no {error} in this contract") from error
    except ActRefused as error:
        raise Problem(403, "act-refused", str(error)) from error
    except IllegalTransition as error:
        raise Problem(409, "illegal-status", str(error)) from error
    except UnknownAccount as error:
        raise Problem(404, "unknown-subject", f"the contractor has no account {error}") from error
    except (ApplicationIncomplete, ClientDataRefused, FeeAccountRefused) as error:
        raise Problem(422, "invalid-request", str(error)) from error


async def apply(bank: Bank, contractor_id: str, body: Json) -> Json:
    application = Application(
        services=tuple(body["services"]),
        purpose=body["purpose"],
        form=body["form"],
        plan=body.get("plan", Plan.EXPERT),
    )
    desk = ApplicationService(bank.world, bank.name)
    await desk.apply(contractor_id, application, body.get("fee_account"))
    return {}


async def refuse(bank: Bank, contractor_id: str, _body: Json) -> Json:
    await ApplicationService(bank.world, bank.name).refuse(contractor_id)
    return {}


async def set_fee_account(bank: Bank, contractor_id: str, body: Json) -> Json:
    await bank.transfers.charges.set_fee_account(contractor_id, body["fee_account"])
    return {}


async def set_environment(bank: Bank, contractor_id: str, body: Json) -> Json:
    desk = ApplicationService(bank.world, bank.name)
    await desk.block_environment(contractor_id, is_blocked=not body["is_supported"])
    return {}


async def link(bank: Bank, contractor_id: str, body: Json) -> Json:
    await ApplicationService(bank.world, bank.name).link(contractor_id, body["child"])
    return {}


async def withdraw_consent(bank: Bank, contractor_id: str, body: Json) -> Json:
    await RevocationService(bank.world, bank.name).withdraw_consent(
        contractor_id, body["by"], body["grant_id"], lag_ms=lag_of(body)
    )
    return {}


async def accept(bank: Bank, contractor_id: str, body: Json) -> Json:
    await bank.corporate.accept(contractor_id, _services(body, "refused"))
    return {}


async def change_services(bank: Bank, contractor_id: str, body: Json) -> Json:
    await bank.corporate.change_services(contractor_id, _services(body, "services"))
    return {}


async def terminate(bank: Bank, contractor_id: str, _body: Json) -> Json:
    await bank.corporate.terminate(contractor_id)
    return {}


async def suspend(bank: Bank, contractor_id: str, _body: Json) -> Json:
    await bank.corporate.suspend_base(contractor_id)
    return {}


async def resume(bank: Bank, contractor_id: str, _body: Json) -> Json:
    await bank.corporate.suspend_base(contractor_id, is_over=True)
    return {}


async def end(bank: Bank, contractor_id: str, _body: Json) -> Json:
    await bank.corporate.end_base(contractor_id)
    return {}


async def unlink(bank: Bank, contractor_id: str, body: Json) -> Json:
    await bank.corporate.unlink(contractor_id, body["child"])
    return {}


async def name_security_administrator(bank: Bank, contractor_id: str, body: Json) -> Json:
    await bank.corporate.name_security_administrator(contractor_id, body["by"], body["user_id"])
    return {}


async def take_security_administrator(bank: Bank, contractor_id: str, body: Json) -> Json:
    await bank.corporate.name_security_administrator(
        contractor_id, body["by"], body["user_id"], is_named=False
    )
    return {}


async def set_rights(bank: Bank, contractor_id: str, body: Json) -> Json:
    await bank.corporate.set_rights(
        contractor_id,
        body["by"],
        body["user_id"],
        has_service_right=body["has_service_right"],
        rights=_services(body, "rights"),
        limits=_limits(body),
        usable=_usable(body),
    )
    return {}


def _usable(body: Json) -> Usable | None:
    """Return which accounts the user may use; None: as it is."""
    if "accounts" not in body:
        return None
    ids = body["accounts"]
    return Usable(accounts=None if ids is None else frozenset(ids))


def _limits(body: Json) -> Limits | None:
    """Return the limits of an approver; None: as they are. One that is not named is none."""
    per_transaction = body.get("limit_per_transaction_yen")
    per_item = body.get("limit_per_item_yen")
    if "limit_per_transaction_yen" not in body and "limit_per_item_yen" not in body:
        return None
    return Limits(per_transaction_yen=per_transaction, per_item_yen=per_item)


async def issue_client(bank: Bank, contractor_id: str, body: Json) -> Json:
    issued = await bank.corporate.issue_client(contractor_id, body["by"])
    return {"client_id": issued.client_id, "encryption_key": _shown(issued.encryption_key)}


async def register_client(bank: Bank, contractor_id: str, body: Json) -> Json:
    await bank.corporate.register_client(
        contractor_id, body["by"], password=body["password"], web_servers=body["web_servers"]
    )
    return {}


async def set_encryption(bank: Bank, contractor_id: str, body: Json) -> Json:
    key = await bank.encryption.switch(contractor_id, is_on=body["enabled"])
    return {} if key is None else {"encryption_key": _shown(key)}


async def rotate_key(bank: Bank, contractor_id: str, _body: Json) -> Json:
    return {"encryption_key": _shown(await bank.encryption.change_key(contractor_id))}


ACTS: Mapping[str, Act] = {
    each.__name__: each
    for each in (
        apply,
        accept,
        refuse,
        change_services,
        terminate,
        suspend,
        resume,
        end,
        set_environment,
        set_fee_account,
        link,
        unlink,
        name_security_administrator,
        take_security_administrator,
        set_rights,
        issue_client,
        register_client,
        set_encryption,
        rotate_key,
        withdraw_consent,
    )
}


def _shown(key: bytes) -> str:
    return b64encode(key).decode()


def _services(body: Json, name: str) -> set[Service]:
    return {Service(each) for each in body.get(name, ())}
