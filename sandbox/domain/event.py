"""Events for providers (通知): one envelope, signed, and the addresses that it may go to.

All of it is the sandbox's own: neither bank sends any. Only the custom of signing the body with
HMAC-SHA256 is known of others (specs: ganb §8).
"""

import base64
import hashlib
import hmac
import ipaddress
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from sandbox.domain.client import LOOPBACK_HOSTS
from sandbox.domain.errors import BankError
from sandbox.domain.time import Instant, iso

VERSION = 1  # of the envelope
URL_MAX = 512
ID, TYPE = "X-Sandbox-Event-Id", "X-Sandbox-Event-Type"
DELIVERY, SIGNATURE = "X-Sandbox-Delivery-Id", "X-Webhook-Signature"
_PRINTED = re.compile(r"[!-~]+")
_NUMBER = re.compile(r"[0-9]+|0[xX][0-9a-fA-F]*")


class EventType(StrEnum):
    """What happened."""

    NOTICE_PUBLISHED = "notice.published"
    GRANT_REVOKED = "grant.revoked"
    GRANT_LAPSED = "grant.lapsed"
    GRANT_SUPERSEDED = "grant.superseded"
    INCIDENT_OPENED = "incident.opened"
    INCIDENT_UPDATED = "incident.updated"
    MAINTENANCE_BEGUN = "maintenance.begun"
    MAINTENANCE_OVERRUN = "maintenance.overrun"
    MAINTENANCE_ENDED = "maintenance.ended"
    TRANSFER_SETTLED = "transfer.settled"
    TRANSFER_REJECTED = "transfer.rejected"
    TRANSFER_REFUNDED = "transfer.refunded"
    RECALL_REQUESTED = "transfer.recall_requested"
    TRANSFER_RECALLED = "transfer.recalled"
    RECALL_REFUSED = "transfer.recall_refused"
    SECRET_ROTATED = "client.secret_rotated"
    CERTIFICATE_CHANGED = "client.certificate_changed"
    ENCRYPTION_KEY_ROTATED = "client.encryption_key_rotated"
    KEY_ROTATED = "key.rotated"
    PING = "ping"  # a tester asked for it


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """``client_id`` None: every provider of the bank is told. ``number``: 0 until it is kept."""

    event_id: str
    type: EventType
    bank: str
    client_id: str | None
    occurred_at: Instant
    data: Mapping[str, Any]
    number: int = 0

    def envelope(self, world: str) -> dict[str, Any]:
        return {
            "id": self.event_id,
            "version": VERSION,
            "type": self.type.value,
            "world": world,
            "bank": self.bank,
            "occurred_at": iso(self.occurred_at),
            "data": dict(self.data),
        }

    def body(self, world: str) -> bytes:
        """Return the bytes that are sent and signed: the same at every attempt."""
        return json.dumps(self.envelope(world), ensure_ascii=False, separators=(",", ":")).encode()


def signature_of(secret: str, stamp_s: int, body: bytes) -> str:
    """Return the header that proves who sent ``body``, and when: ``t=…,v1=…``.

    ``v1`` is the HMAC-SHA256 of the time stamp, a dot and the body, in base 64.
    """
    signed = hmac.new(secret.encode(), f"{stamp_s}.".encode() + body, hashlib.sha256)
    return f"t={stamp_s},v1={base64.b64encode(signed.digest()).decode()}"


class AddressRefused(BankError):
    """Nothing can be sent there; the text says why."""


def check_address(url: str) -> None:
    """Raise ``AddressRefused`` unless events may be sent to ``url``.

    https, or http where nobody outside listens: on loopback, or at a name of one label, which is
    a neighbour in the same network of containers. No credentials (they would stand in lists and
    exports), no fragment, and no literal address at which cloud machines are told their own
    secrets.
    """
    objection = _objection(url)
    if objection is not None:
        raise AddressRefused(f"notification_url: {objection}")


def _objection(url: str) -> str | None:
    if len(url) > URL_MAX or not _PRINTED.fullmatch(url):
        return f"1 to {URL_MAX} printable ASCII characters"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        return str(error)
    if "@" in parts.netloc or "#" in url:
        return "no credentials and no fragment"
    if not host or port == 0:
        return "an absolute address with a host"
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_near(host)):
        return "https, or http on loopback (127.0.0.1, [::1], localhost) or to a name without dots"
    return "that address is nobody's web server" if _is_odd(host) else None


def _is_near(host: str) -> bool:
    if ":" in host:
        return f"[{host}]" in LOOPBACK_HOSTS
    return host in LOOPBACK_HOSTS or "." not in host


def _is_odd(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        # Systems read 2852039166 and 0xa9fea9fe as addresses too: no name ends in a number.
        return _NUMBER.fullmatch(host.rstrip(".").rpartition(".")[2]) is not None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    meant = mapped or address
    return meant.is_link_local or meant.is_multicast or meant.is_unspecified
