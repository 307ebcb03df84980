"""``…/bank/{bank}/incidents``: leaks and misuse, and what is done about them (T-18…T-21)."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

from sandbox.domain.errors import IllegalTransition
from sandbox.domain.incident import DEADLINE_MS, LONGEST_MS, Event, Freeze, Kind
from sandbox.domain.time import iso
from sandbox.services.bank import Bank
from sandbox.services.incidents import Disclosure, IncidentService, NothingConcerned, Shown
from sandbox.services.oauth.registration import ClientEnded, NoSecret
from sandbox.services.revocations import Target
from sandbox.services.staff import UnknownSubject
from sandbox.web.control.acts import duration
from sandbox.web.control.consent import bank_of
from sandbox.web.control.endpoint import ControlCall, Json
from sandbox.web.control.paging import filter_of
from sandbox.web.control.problem import Problem

Do: TypeAlias = Callable[[Bank, str, Json], Awaitable[Json]]
TARGETS = ("token_id", "grant_id", "client_id", "contractor_id")


async def list_incidents(call: ControlCall) -> Json:
    """List a bank's incidents, newest first."""
    bank = await _bank(call)
    found = await IncidentService(bank.world, bank.name).list_all()
    return {"incidents": [shown(each) for each in found]}


async def report_incident(call: ControlCall) -> Json:
    """Report a leak or misuse: the bank flags calls, freezes, and tells the provider."""
    bank, body = await _bank(call), call.body
    named = [name for name in TARGETS if name in body]
    if len(named) != 1:
        raise _refused(f"name one of {', '.join(TARGETS)}")
    for_ms = duration(body, "deadline", DEADLINE_MS)
    if not 1000 <= for_ms <= LONGEST_MS:
        raise _refused("deadline: from a second to a year")
    freeze = Freeze(body.get("freeze", Freeze.GRANTS))
    try:
        found = await IncidentService(bank.world, bank.name).report(
            Kind(body["kind"]), Target(**{named[0]: body[named[0]]}), freeze, for_ms=for_ms
        )
    except UnknownSubject as error:
        raise Problem(404, "unknown-subject", f"this bank knows no {error}") from error
    except NothingConcerned as error:
        raise Problem(409, "refused", str(error)) from error
    return shown(found)


async def show_incident(call: ControlCall) -> Json:
    """Show an incident: what it concerns, and each thing that was done about it."""
    bank = await _bank(call)
    return await _done(_show(bank, call.request.match_info["id"], {}))


async def act_on_incident(call: ControlCall) -> Json:
    """Disclose, rotate the provider's secret, take its report, or close the incident."""
    bank, name = await _bank(call), call.body["act"]
    _check_fields(name, call.body)
    return await _done(ACTS[name](bank, call.request.match_info["id"], call.body))


async def list_disclosures(call: ControlCall) -> Json:
    """List what providers were told: of one contractor, its log. Nothing takes a row back."""
    bank = await _bank(call)
    found = await IncidentService(bank.world, bank.name).list_disclosures(
        filter_of(call.request, "contractor_id")
    )
    return {"disclosures": [{"incident_id": each.incident_id, **_entry(each)} for each in found]}


def shown(found: Shown) -> Json:
    incident = found.incident
    return {
        "id": incident.incident_id,
        "bank": incident.bank,
        "kind": incident.kind.value,
        "status": incident.status.value,
        "client_id": incident.client_id,
        "freeze": incident.freeze.value,
        "opened_at": iso(incident.opened_at),
        "report_until": iso(incident.deadline_at),
        "grants": list(found.grant_ids),
        "entries": [_entry(each) for each in found.entries],
    }


def _entry(row: Any) -> Json:
    whose = {} if row.contractor_id is None else {"contractor_id": row.contractor_id}
    return {"at": iso(row.at), "kind": row.kind, **whose, "detail": dict(row.detail)}


async def _show(bank: Bank, incident_id: str, _body: Json) -> Json:
    return shown(await IncidentService(bank.world, bank.name).show(incident_id))


async def disclose(bank: Bank, incident_id: str, body: Json) -> Json:
    told = Disclosure(contractor_id=body["contractor_id"], what=body["what"])
    return shown(await IncidentService(bank.world, bank.name).disclose(incident_id, told))


async def rotate(bank: Bank, incident_id: str, _body: Json) -> Json:
    """Draw a new client secret, which is told here and never again."""
    service = IncidentService(bank.world, bank.name)
    incident = (await service.show(incident_id)).incident
    incident.after(Event.ROTATE)  # not of a closed one
    secret = await bank.registration.rotate_secret(incident.client_id)
    found = await service.note(incident_id, Event.ROTATE, {"client_id": incident.client_id})
    return {**shown(found), "client_secret": secret}


async def report(bank: Bank, incident_id: str, body: Json) -> Json:
    service = IncidentService(bank.world, bank.name)
    return shown(await service.note(incident_id, Event.REPORT, {"text": body["text"]}))


async def close(bank: Bank, incident_id: str, body: Json) -> Json:
    are_released = body.get("outcome") == "release"
    service = IncidentService(bank.world, bank.name)
    return shown(await service.close(incident_id, are_released=are_released))


async def _done(answer: Awaitable[Json]) -> Json:
    try:
        return await answer
    except UnknownSubject as error:
        raise Problem(404, "unknown-subject", f"there is no {error} here") from error
    except (IllegalTransition, ClientEnded) as error:
        raise Problem(409, "illegal-status", str(error)) from error
    except NoSecret as error:
        raise Problem(409, "no-client-secret", str(error)) from error


ACTS: Mapping[str, Do] = {
    "disclose": disclose,
    "rotate": rotate,
    "report": report,
    "close": close,
}
_FIELDS: Mapping[str, frozenset[str]] = {
    "disclose": frozenset({"contractor_id", "what"}),
    "rotate": frozenset(),
    "report": frozenset({"text"}),
    "close": frozenset({"outcome"}),
}


def _check_fields(name: str, body: Json) -> None:
    given, known = body.keys() - {"act"}, _FIELDS[name]
    if unknown := sorted(given - known):
        raise _refused(f"{unknown[0]}: {name} takes {', '.join(sorted(known)) or 'nothing'}")
    if missing := sorted(known - given - {"outcome"}):
        raise _refused(f"{missing[0]}: {name} needs it")


async def _bank(call: ControlCall) -> Bank:
    return await bank_of(call, call.request.match_info["bank"])


def _refused(detail: str) -> Problem:
    return Problem(422, "invalid-request", detail)
