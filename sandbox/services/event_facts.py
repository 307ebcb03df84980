"""What a fact says: the change that was written down becomes an event, or is no news any more."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from sandbox.domain.availability import Scope
from sandbox.domain.client import Client, ClientOptions
from sandbox.domain.event import EventType
from sandbox.domain.incident import Incident
from sandbox.domain.notice import Channel, Notice, NoticeKind
from sandbox.domain.time import Instant, iso
from sandbox.domain.transfer.request import TransferRequest
from sandbox.domain.transfer.status import ItemStatus, Status
from sandbox.services.inspection import TOKEN_ID_BYTES
from sandbox.storage import (
    calendar,
    clients,
    encryption,
    events,
    incidents,
    notice_channels,
    transfer_items,
    transfers,
)
from sandbox.storage.database import Reader
from sandbox.storage.events import Fact

NOTIFIED = "notified"  # the entry of an incident by which the provider learns of it
_BEFORE_IT = ("flagged", "frozen")
ITEMS_TOLD = 20  # of a refund; the rest is counted
_RECALLS = {
    ItemStatus.RECALL_IN_PROCESS: EventType.RECALL_REQUESTED,
    ItemStatus.RECALLED: EventType.TRANSFER_RECALLED,
    ItemStatus.RECALL_FAILED: EventType.RECALL_REFUSED,
}
# What a client is registered with, and proves who it is by.
CREDENTIALS = (
    "jwks",
    "tls_subject_dn",
    "tls_san_dns",
    "tls_san_uri",
    "tls_san_ip",
    "tls_san_email",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What there is to tell, and whom: ``client_id`` None: every provider of the bank.

    ``at`` None: the moment of the fact.
    """

    type: EventType
    bank: str
    client_id: str | None
    data: Mapping[str, Any]
    at: Instant | None = None


Teller: TypeAlias = Callable[[Reader, Fact, Instant], Awaitable[News | None]]


async def tell(db: Reader, fact: Fact, now: Instant) -> News | None:
    """Return what a fact tells at ``now``; None: it has been overtaken, or concerns nobody."""
    return await TELLERS[fact.source](db, fact, now)


async def tell_grant(db: Reader, fact: Fact, _now: Instant) -> News | None:
    found = await events.find_ended_grant(db, fact.subject)
    if found is None or found.ended_at != fact.due_at:
        return None  # it is gone, or it ended at another time than it was to
    reason = found.reason or "grant_expired"
    kind = EventType.GRANT_REVOKED if found.reason else EventType.GRANT_LAPSED
    if reason == "superseded":
        kind = EventType.GRANT_SUPERSEDED
    data = {
        "grant_id": fact.subject,
        "client_id": found.client_id,
        "reason": reason,
        "scope": found.scope,
        "granted_at": iso(found.granted_at),
        "token_ids": [each[:TOKEN_ID_BYTES].hex() for each in found.token_hashes],
    }
    return News(type=kind, bank=found.bank, client_id=found.client_id, data=data)


async def tell_notice(db: Reader, fact: Fact, _now: Instant) -> News | None:
    notice = await calendar.find_notice(db, fact.subject)
    if notice is None:
        return None
    channels = await notice_channels.of_notice(db, notice.notice_id)
    if channels.get(Channel.WEBHOOK, notice.published_at) != fact.due_at:
        return None  # by this channel it comes at another time, or never
    data = notice_data(notice)
    return News(type=EventType.NOTICE_PUBLISHED, bank=notice.bank, client_id=None, data=data)


def notice_data(notice: Notice) -> dict[str, Any]:
    end = "objection_until" if notice.kind is NoticeKind.TERMS else "until"
    moments = {"effective_at": notice.effective_at, end: notice.until_at}
    return {
        "notice_id": notice.notice_id,
        "kind": notice.kind.value,
        "title": {"ja": notice.title_ja, "en": notice.title_en},
        **{name: iso(at) for name, at in moments.items() if at is not None},
        **({} if notice.about is None else {"about": notice.about}),
    }


async def tell_stop(db: Reader, fact: Fact, _now: Instant) -> News | None:
    types = {
        "stop_begun": EventType.MAINTENANCE_BEGUN,
        "stop_overrun": EventType.MAINTENANCE_OVERRUN,
        "stop_ended": EventType.MAINTENANCE_ENDED,
    }
    found = await calendar.list_stops(db)
    stop = next((each for each in found if each.stop_id == fact.subject), None)
    if stop is None or (fact.source == "stop_begun" and stop.is_over(fact.due_at)):
        return None
    data = _stop_data(stop.stop_id, stop.scope, stop.from_at, stop.until_at)
    client_id = stop.scope.client_id
    return News(type=types[fact.source], bank=stop.bank, client_id=client_id, data=data)


async def tell_removed_stop(_db: Reader, fact: Fact, now: Instant) -> News | None:
    """A stop that is taken away ends there, where it had begun and was not over."""
    row: dict[str, Any] = json.loads(fact.subject)
    until_at, scope = row["until_at"], Scope.of(row["scope"])
    end = None if until_at is None else until_at + row["overrun_ms"]
    if now < max(row["from_at"], row["announced_at"]) or (end is not None and now >= end):
        return None
    data = _stop_data(row["stop_id"], scope, row["from_at"], until_at)
    return News(
        type=EventType.MAINTENANCE_ENDED,
        bank=row["bank"],
        client_id=scope.client_id,
        data=data,
        at=now,
    )


def _stop_data(
    stop_id: str, scope: Scope, from_at: Instant, until_at: Instant | None
) -> dict[str, Any]:
    """Return what a provider may know of a stop: never how long it will overrun."""
    shown = {"stop_id": stop_id, "scope": scope.fields(), "from": iso(from_at)}
    return shown if until_at is None else shown | {"until": iso(until_at)}


async def tell_incident(db: Reader, fact: Fact, _now: Instant) -> News | None:
    incident_id, _, number = fact.subject.rpartition(":")
    incident = await incidents.find(db, incident_id)
    entries = await incidents.list_entries(db, incident_id)
    entry = next((each for each in entries if each.number == int(number)), None)
    if incident is None or entry is None or entry.kind in _BEFORE_IT:
        return None
    is_first = entry.kind == NOTIFIED
    data = _incident_data(incident) | {"entry": {"kind": entry.kind, **entry.detail}}
    if entry.contractor_id is not None:
        data["entry"]["contractor_id"] = entry.contractor_id
    return News(
        type=EventType.INCIDENT_OPENED if is_first else EventType.INCIDENT_UPDATED,
        bank=incident.bank,
        client_id=incident.client_id,
        data=data,
    )


def _incident_data(incident: Incident) -> dict[str, Any]:
    return {
        "incident_id": incident.incident_id,
        "kind": incident.kind.value,
        "status": incident.status.value,
        "freeze": incident.freeze.value,
        "report_until": iso(incident.deadline_at),
    }


async def tell_transfer(db: Reader, fact: Fact, _now: Instant) -> News | None:
    """A request that is settled, or will not be: told to the contractor's own client."""
    request_id, _, number = fact.subject.partition(":")
    request = await transfers.find(db, int(request_id))
    if request is None:
        return None
    acts = await transfers.list_acts(db, int(request_id))
    client_id = await events.find_contract_client(db, request.contractor_id)
    if client_id is None or len(acts) < int(number):
        return None
    act = acts[int(number) - 1]
    is_settled = act.status is Status.SETTLED
    data: dict[str, Any] = {
        "reference": request.reference,
        "contractor_id": request.contractor_id,
        "kind": request.kind.value,
        "status": act.status.value,
        "designated_on": request.designated_on.isoformat(),
        "item_count": request.item_count,
        "total_yen": request.total_yen,
    }
    if request.reason is not None and act.status is Status.FAILED:
        data["reason"] = request.reason
    kind = EventType.TRANSFER_SETTLED if is_settled else EventType.TRANSFER_REJECTED
    return News(type=kind, bank=request.bank, client_id=client_id, data=data)


async def tell_refund(db: Reader, fact: Fact, _now: Instant) -> News | None:
    """資金返却: all of a request that came back at once, the first items of it by their ids."""
    request_id = int(fact.subject)
    request = await transfers.find(db, request_id)
    refunded = await transfer_items.list_refunded(db, request_id, fact.due_at)
    if request is None or not refunded:
        return None
    data = {
        "item_count": len(refunded),
        "refunded_yen": sum(yen for _, yen, _ in refunded),
        "items": [
            {"item_id": item_id, "amount_yen": yen, "reason": reason}
            for item_id, yen, reason in refunded[:ITEMS_TOLD]
        ],
    }
    return await _of_request(db, EventType.TRANSFER_REFUNDED, request, data)


async def tell_recall(db: Reader, fact: Fact, _now: Instant) -> News | None:
    """組戻: one item's step, as it was then; an answer may have come since."""
    request_id, position, status = fact.subject.split(":")
    request = await transfers.find(db, int(request_id))
    found = await transfer_items.find_recalled(db, int(request_id), int(position))
    if request is None or found is None:
        return None
    item_id, _, paid_yen = found
    data = {"item_id": item_id, "status": status, "amount_yen": paid_yen}
    return await _of_request(db, _RECALLS[ItemStatus(status)], request, data)


async def _of_request(
    db: Reader, kind: EventType, request: TransferRequest, data: dict[str, Any]
) -> News | None:
    """Return news of money of a request, for the contractor's own client; None: it has none."""
    client_id = await events.find_contract_client(db, request.contractor_id)
    if client_id is None:
        return None
    named = {
        "reference": request.reference,
        "contractor_id": request.contractor_id,
        "kind": request.kind.value,
    }
    return News(type=kind, bank=request.bank, client_id=client_id, data=named | data)


async def tell_secret(db: Reader, fact: Fact, now: Instant) -> News | None:
    client = await clients.find_anywhere(db, fact.subject)
    if client is None:
        return None
    data = {"client_id": client.client_id}
    return _of_client(EventType.SECRET_ROTATED, client, data, now)


async def tell_certificate(db: Reader, fact: Fact, now: Instant) -> News | None:
    """The keys and names that a client is known by, where it is no other option that changed."""
    changed: dict[str, Any] = json.loads(fact.subject)
    client = await clients.find_anywhere(db, changed["client_id"])
    if client is None:
        return None
    before, after = ClientOptions.of(changed["before"]), client.options
    fields = [name for name in CREDENTIALS if getattr(before, name) != getattr(after, name)]
    if not fields:
        return None
    data = {"client_id": client.client_id, "auth_method": client.auth_method, "changed": fields}
    return _of_client(EventType.CERTIFICATE_CHANGED, client, data, now)


async def tell_encryption_key(db: Reader, fact: Fact, now: Instant) -> News | None:
    client_id = await events.find_contract_client(db, fact.subject)
    client = None if client_id is None else await clients.find_anywhere(db, client_id)
    if client is None:
        return None
    data = {"client_id": client.client_id, "contractor_id": fact.subject}
    until = await encryption.former_readable_until(db, fact.subject)
    if until is not None:
        data["former_until"] = iso(until)
    return _of_client(EventType.ENCRYPTION_KEY_ROTATED, client, data, now)


def _of_client(kind: EventType, client: Client, data: Mapping[str, Any], now: Instant) -> News:
    """Return news of what a client proves itself with; what it is now is told to nobody."""
    return News(type=kind, bank=client.bank, client_id=client.client_id, data=data, at=now)


async def tell_key(db: Reader, fact: Fact, _now: Instant) -> News | None:
    found = await events.find_rotated_key(db, fact.subject)
    if found is None:
        return None  # the first of its kind takes nobody's place
    bank, alg, _ = found
    data = {"kid": fact.subject, "alg": alg}
    return News(type=EventType.KEY_ROTATED, bank=bank, client_id=None, data=data)


TELLERS: Mapping[str, Teller] = {
    "grant": tell_grant,
    "notice": tell_notice,
    "stop_begun": tell_stop,
    "stop_overrun": tell_stop,
    "stop_ended": tell_stop,
    "stop_removed": tell_removed_stop,
    "incident": tell_incident,
    "transfer": tell_transfer,
    "refund": tell_refund,
    "recall": tell_recall,
    "secret": tell_secret,
    "certificate": tell_certificate,
    "encryption_key": tell_encryption_key,
    "key": tell_key,
}
