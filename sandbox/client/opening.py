"""Hours, holidays, stops, notices and terms of use, as calls of the control API."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sandbox.client.answers import WHEN, Done, Json
from sandbox.client.request import Request, encoded, one, page, path

BANK = "tomato"


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """``banks``: the hours of each class now, and what is to come of them.

    ``holidays``: days (ISO) that differ from the national calendar: whether each is one.
    """

    first: str
    last: str
    holidays: Json
    banks: tuple[Json, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """A stop, narrowing or end. Its scope, ``from`` and ``until`` are in ``more``."""

    id: str
    bank: str
    kind: str
    cause: str
    holds: bool
    more: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """``title`` has ``ja`` and ``en``; before ``published_at`` no provider can read it."""

    id: str
    bank: str
    kind: str
    title: Json
    published_at: datetime = field(metadata=WHEN)
    is_published: bool
    more: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """A version of the terms of use. ``effective_on`` is a day (ISO)."""

    version: str
    effective_on: str
    in_force: bool | None = None
    published_at: datetime | None = field(default=None, metadata=WHEN)
    objection_until: datetime | None = field(default=None, metadata=WHEN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standpoint:
    """Where a contractor stands: ``pending``, ``objected``, or ``agreed`` (by silence too)."""

    contractor_id: str
    name: str
    answer: str
    at: datetime | None = field(default=None, metadata=WHEN)


def show_calendar(world: str) -> Request[Calendar]:
    """Show hours and holidays."""
    return Request(method="GET", path=path("worlds", world, "calendar"), read=one(Calendar))


def set_calendar(world: str, /, **change: Any) -> Request[Calendar]:
    """Change hours, holidays, or both.

    Args:
        change: ``bank``, ``hours`` (a preset, a table, None: the setting's), ``classes``,
            ``announce``, ``from`` (as a mapping's key); ``holidays``: days to True, False, None.

    Raises:
        ProblemError: ``unknown-bank``, ``invalid-request``.
    """
    return Request(
        method="PUT",
        path=path("worlds", world, "calendar"),
        read=one(Calendar),
        content=json.dumps(change, ensure_ascii=False).encode(),
    )


def list_stops(world: str) -> Request[tuple[Stop, ...]]:
    """List the stops of every bank, those that are over included."""
    where = path("worlds", world, "maintenance")
    found = Request(method="GET", path=where, read=page("maintenance", Stop))
    return found.then(lambda listed: listed.items)


def add_stop(world: str, /, bank: str = BANK, **stop: Any) -> Request[Stop]:
    """Stop a service, all of it or a part, narrow the linkage, or end it.

    Args:
        stop: ``kind``, ``for``, ``until``, ``classes``, ``announce`` … (``docs/calendar.md``).

    Raises:
        ProblemError: ``unknown-bank``, ``invalid-request``, ``refused``.
    """
    where = path("worlds", world, "maintenance")
    return Request(method="POST", path=where, read=one(Stop), content=encoded(bank=bank, **stop))


def show_stop(world: str, stop_id: str) -> Request[Stop]:
    """Show one stop. Raises ``ProblemError`` unknown-stop."""
    where = path("worlds", world, "maintenance", stop_id)
    return Request(method="GET", path=where, read=one(Stop))


def remove_stop(world: str, stop_id: str) -> Request[Done]:
    """Take a stop away; one that is gone already is no error."""
    where = path("worlds", world, "maintenance", stop_id)
    return Request(method="DELETE", path=where, read=one(Done))


def list_notices(world: str) -> Request[tuple[Notice, ...]]:
    """List every bank's notices, newest first; those still to come are there already."""
    where = path("worlds", world, "notices")
    found = Request(method="GET", path=where, read=page("notices", Notice))
    return found.then(lambda listed: listed.items)


def publish_notice(
    world: str,
    ja: str,
    en: str,
    *,
    bank: str = BANK,
    kind: str | None = None,
    at: str | None = None,
    effective: str | None = None,
    channels: Mapping[str, bool | str] | None = None,
) -> Request[Notice]:
    """Publish a notice, now or at a moment to come.

    Args:
        channels: of ``page``, ``api``, ``mailbox`` and ``webhook`` those by which it comes at
            another moment (its text), or never (False).

    Raises:
        ProblemError: ``unknown-bank``, ``invalid-request``, ``refused`` (too many).
    """
    title: Mapping[str, str] = {"ja": ja, "en": en}
    return Request(
        method="POST",
        path=path("worlds", world, "notices"),
        read=one(Notice),
        content=encoded(
            bank=bank, kind=kind, title=title, at=at, effective=effective, channels=channels
        ),
    )


def remove_notice(world: str, notice_id: str) -> Request[Done]:
    """Take a notice down; one that is gone already is no error."""
    where = path("worlds", world, "notices", notice_id)
    return Request(method="DELETE", path=where, read=one(Done))


def list_terms(world: str, *, bank: str = BANK) -> Request[tuple[Terms, ...]]:
    """List every version of a bank's terms, oldest first."""
    found = Request(method="GET", path=_terms(world, bank), read=page("terms", Terms))
    return found.then(lambda listed: listed.items)


def publish_terms(
    world: str,
    version: str,
    effective_on: date | str,
    *,
    bank: str = BANK,
    objection_until: str | None = None,
    reconsent: bool = False,
) -> Request[Terms]:
    """Publish a version of the terms.

    Args:
        reconsent: from that day grants are suspended until their users agree.

    Raises:
        ProblemError: ``unknown-bank``, ``invalid-request``.
    """
    content = encoded(
        version=version,
        effective_on=effective_on,
        objection_until=objection_until,
        reconsent=reconsent or None,
    )
    return Request(method="POST", path=_terms(world, bank), read=one(Terms), content=content)


def list_objections(
    world: str, version: str, *, bank: str = "web21"
) -> Request[tuple[Standpoint, ...]]:
    """List where each contractor stands. Raises ``ProblemError`` unknown-subject."""
    where = _terms(world, bank, version, "objections")
    found = Request(method="GET", path=where, read=page("contractors", Standpoint))
    return found.then(lambda listed: listed.items)


def object_to_terms(
    world: str, version: str, contractor_id: str, *, bank: str = "web21"
) -> Request[Done]:
    """Object as a contractor. Raises ``ProblemError`` unknown-subject, refused (too late)."""
    where = _terms(world, bank, version, "objections")
    content = encoded(contractor_id=contractor_id)
    return Request(method="POST", path=where, read=one(Done), content=content)


def terminate_objector(
    world: str, version: str, contractor_id: str, *, bank: str = "web21"
) -> Request[Done]:
    """End the contract of a contractor who objected. Raises ``ProblemError`` refused."""
    where = _terms(world, bank, version, "objections", contractor_id, "terminate")
    return Request(method="POST", path=where, read=one(Done), content=b"{}")


def _terms(world: str, bank: str, *below: str) -> str:
    return path("worlds", world, "bank", bank, "terms", *below)
