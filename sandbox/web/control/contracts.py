"""``…/bank/{bank}/contracts/{contractor_id}``: acts on a service contract, whoever does them."""

from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

from sandbox.domain.corporate.client_data import ClientDataRefused
from sandbox.domain.corporate.contract import ApplicationIncomplete, Service
from sandbox.domain.corporate.user import ActRefused
from sandbox.domain.errors import IllegalTransition
from sandbox.services.corporate import CorporateService
from sandbox.services.staff import UnknownSubject
from sandbox.web.control.consent import bank_of
from sandbox.web.control.endpoint import ControlCall, Json
from sandbox.web.control.problem import Problem

Act: TypeAlias = Callable[[CorporateService, str, Json], Awaitable[Json]]


async def act_on_contract(call: ControlCall) -> Json:
    """Do what the bank's desk, an administrator or a service user does about a contract."""
    bank = await bank_of(call, call.request.match_info["bank"])
    contractor_id = call.request.match_info["contractor_id"]
    try:
        return await ACTS[call.body["act"]](bank.corporate, contractor_id, call.body)
    except UnknownSubject as error:
        raise Problem(404, "unknown-subject", f"there is no {error} in this contract") from error
    except ActRefused as error:
        raise Problem(403, "act-refused", str(error)) from error
    except IllegalTransition as error:
        raise Problem(409, "illegal-status", str(error)) from error
    except (ApplicationIncomplete, ClientDataRefused) as error:
        raise Problem(422, "invalid-request", str(error)) from error


async def accept(desk: CorporateService, contractor_id: str, body: Json) -> Json:
    await desk.accept(contractor_id, _services(body, "refused"))
    return {}


async def change_services(desk: CorporateService, contractor_id: str, body: Json) -> Json:
    await desk.change_services(contractor_id, _services(body, "services"))
    return {}


async def terminate(desk: CorporateService, contractor_id: str, _body: Json) -> Json:
    await desk.terminate(contractor_id)
    return {}


async def suspend(desk: CorporateService, contractor_id: str, _body: Json) -> Json:
    await desk.suspend_base(contractor_id)
    return {}


async def resume(desk: CorporateService, contractor_id: str, _body: Json) -> Json:
    await desk.suspend_base(contractor_id, is_over=True)
    return {}


async def end(desk: CorporateService, contractor_id: str, _body: Json) -> Json:
    await desk.end_base(contractor_id)
    return {}


async def unlink(desk: CorporateService, contractor_id: str, body: Json) -> Json:
    await desk.unlink(contractor_id, body["child"])
    return {}


async def name_security_administrator(
    desk: CorporateService, contractor_id: str, body: Json
) -> Json:
    await desk.name_security_administrator(contractor_id, body["by"], body["user_id"])
    return {}


async def set_rights(desk: CorporateService, contractor_id: str, body: Json) -> Json:
    await desk.set_rights(
        contractor_id,
        body["by"],
        body["user_id"],
        has_service_right=body["has_service_right"],
        rights=_services(body, "rights"),
    )
    return {}


async def issue_client(desk: CorporateService, contractor_id: str, body: Json) -> Json:
    issued = await desk.issue_client(contractor_id, body["by"])
    key = b64encode(issued.encryption_key).decode()
    return {"client_id": issued.client_id, "encryption_key": key}


async def register_client(desk: CorporateService, contractor_id: str, body: Json) -> Json:
    await desk.register_client(
        contractor_id, body["by"], password=body["password"], web_servers=body["web_servers"]
    )
    return {}


ACTS: Mapping[str, Act] = {
    each.__name__: each
    for each in (
        accept,
        change_services,
        terminate,
        suspend,
        resume,
        end,
        unlink,
        name_security_administrator,
        set_rights,
        issue_client,
        register_client,
    )
}


def _services(body: Json, name: str) -> set[Service]:
    return {Service(each) for each in body.get(name, ())}
