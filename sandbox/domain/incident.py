"""Incidents (事故): a token leaked or was misused, and what is done about it (T-18…T-21).

A disclosure is final: nothing here takes one back (T-20). Nobody is paid for one (W-63).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from sandbox.domain.errors import IllegalTransition
from sandbox.domain.time import DAY, Instant

DEADLINE_MS = 3 * DAY  # for the provider's report, unless the bank sets another
LONGEST_MS = 365 * DAY


class Kind(StrEnum):
    LEAK = "leak"  # 漏えい, or its suspicion (T-18)
    MISUSE = "misuse"  # 不正使用, or its suspicion (T-19)


class Freeze(StrEnum):
    GRANTS = "grants"  # those concerned are suspended
    CLIENT = "client"  # the provider is blocked as a whole
    NOTHING = "nothing"


class Status(StrEnum):
    OPEN = "open"
    OVERDUE = "overdue"  # the deadline passed without a report
    REPORTED = "reported"
    CLOSED = "closed"


class Event(StrEnum):
    DISCLOSE = "disclose"
    ROTATE = "rotate"
    REPORT = "report"
    EXPIRE = "expire"
    CLOSE = "close"


TRANSITIONS: Mapping[Status, Mapping[Event, Status]] = {
    Status.OPEN: {
        Event.DISCLOSE: Status.OPEN,
        Event.ROTATE: Status.OPEN,
        Event.REPORT: Status.REPORTED,
        Event.EXPIRE: Status.OVERDUE,
    },
    Status.OVERDUE: {
        Event.DISCLOSE: Status.OVERDUE,
        Event.ROTATE: Status.OVERDUE,
        Event.REPORT: Status.REPORTED,
    },
    Status.REPORTED: {
        Event.DISCLOSE: Status.REPORTED,
        Event.ROTATE: Status.REPORTED,
        Event.CLOSE: Status.CLOSED,
    },
    Status.CLOSED: {},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """``client_id``: the provider who is told. ``deadline_at``: until when it reports."""

    incident_id: str
    bank: str
    kind: Kind
    status: Status
    client_id: str
    freeze: Freeze
    opened_at: Instant
    deadline_at: Instant

    def after(self, event: Event) -> "Incident":
        """Return this incident as it stands once ``event`` has happened.

        Raises:
            IllegalTransition: its status does not allow that.
        """
        status = TRANSITIONS[self.status].get(event)
        if status is None:
            raise IllegalTransition(f"an incident that is {self.status} takes no {event}")
        return replace(self, status=status)


def rogue_calls(entries: Iterable[Mapping[str, Any]]) -> list[int]:
    """Return the ids of journal entries that somebody else than the provider seems to have made.

    A provider is where its grant's first call came from: the exchange of the code, as a rule.
    Calls from another address are rogue, and so are those in another client's name.
    """
    homes: dict[str, str | None] = {}
    found: list[int] = []
    for entry in entries:
        grant_id = entry["grant_id"]
        if grant_id is None or entry["remote"] is None:
            continue
        home = homes.setdefault(grant_id, entry["remote"])
        is_foreign = entry["presented_by"] not in (None, entry["client_id"])
        if entry["remote"] != home or is_foreign:
            found.append(entry["id"])
    return found
