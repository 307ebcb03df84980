"""Acts of people and of the bank, and incidents, as calls of the control API."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypedDict, Unpack

from sandbox.client.answers import WHEN, Json, LeakedToken, of
from sandbox.client.request import Request, encoded, given, one, page, path

BANK = "tomato"


@dataclass(frozen=True, slots=True, kw_only=True)
class Acted:
    """How many grants ended, were suspended, or work again. ``moved``: accounts of a branch."""

    ended: int
    suspended: int | None = None
    resumed: int | None = None
    moved: tuple[Json, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentEntry:
    """Something that was done. ``contractor_id``: whose data was disclosed."""

    at: datetime = field(metadata=WHEN)
    kind: str
    contractor_id: str | None = None
    detail: Json
    incident_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """A leak or misuse. ``client_secret``: only of ``rotate``, this once."""

    id: str
    bank: str
    kind: str
    status: str
    client_id: str
    freeze: str
    opened_at: datetime = field(metadata=WHEN)
    report_until: datetime = field(metadata=WHEN)
    grants: tuple[str, ...]
    entries: tuple[IncidentEntry, ...] = field(metadata=of(IncidentEntry))
    client_secret: str | None = field(default=None, repr=False)


class ActFields(TypedDict, total=False):
    """Whom an act is about, and what it takes."""

    persona: str
    contractor_id: str
    user_id: str
    secret: str
    second_factor: str
    client_id: str
    branch_code: str
    into: str
    branch_name: str
    lag: str


def act(world: str, name: str, /, bank: str = BANK, **fields: Unpack[ActFields]) -> Request[Acted]:
    """Do what people or the bank do that ends or suspends grants.

    Args:
        name: ``change_password``, ``lose_card``, ``merge_branch`` … (``docs/acts.md``).

    Raises:
        ProblemError: ``unknown-subject``, ``unknown-client``, ``illegal-status``,
            ``invalid-request``.
    """
    return Request(
        method="POST",
        path=path("worlds", world, "bank", bank, "acts"),
        read=one(Acted),
        content=encoded(act=name, **fields),
    )


def leak_grant(world: str, grant_id: str) -> Request[LeakedToken]:
    """Leak a grant's access token: what its twin then calls is no call of the client's.

    Raises:
        ProblemError: ``unknown-subject``, ``refused``: it has no live one.
    """
    where = path("worlds", world, "grants", grant_id, "leak")
    return Request(method="POST", path=where, read=one(LeakedToken), content=encoded())


def list_incidents(world: str, *, bank: str = BANK) -> Request[tuple[Incident, ...]]:
    """List a bank's incidents, newest first."""
    found = Request(method="GET", path=_path(world, bank), read=page("incidents", Incident))
    return found.then(lambda listed: listed.items)


def report_incident(
    world: str,
    kind: str,
    *,
    token_id: str | None = None,
    grant_id: str | None = None,
    client_id: str | None = None,
    contractor_id: str | None = None,
    freeze: str | None = None,
    deadline: str | None = None,
    bank: str = BANK,
) -> Request[Incident]:
    """Report a ``leak`` or ``misuse`` of one of the four: the bank flags, freezes and tells.

    Args:
        freeze: ``grants`` (default), ``client`` or ``nothing``.
        deadline: how long the provider has to report. Default: ``3d``.

    Raises:
        ProblemError: ``unknown-subject``, ``refused`` (no live grant), ``invalid-request``.
    """
    content = encoded(
        kind=kind,
        token_id=token_id,
        grant_id=grant_id,
        client_id=client_id,
        contractor_id=contractor_id,
        freeze=freeze,
        deadline=deadline,
    )
    return Request(method="POST", path=_path(world, bank), read=one(Incident), content=content)


def show_incident(world: str, incident_id: str, *, bank: str = BANK) -> Request[Incident]:
    """Show an incident. Raises ``ProblemError`` unknown-subject."""
    return Request(method="GET", path=_path(world, bank, incident_id), read=one(Incident))


def disclose(
    world: str, incident_id: str, contractor_id: str, what: Sequence[str], *, bank: str = BANK
) -> Request[Incident]:
    """Tell the provider of a contractor's data, for good.

    Raises:
        ProblemError: ``unknown-subject``, ``illegal-status`` (closed).
    """
    return _act(world, bank, incident_id, "disclose", contractor_id=contractor_id, what=list(what))


def rotate(world: str, incident_id: str, *, bank: str = BANK) -> Request[Incident]:
    """Draw a new secret for the provider. Raises as ``disclose``, and ``no-client-secret``."""
    return _act(world, bank, incident_id, "rotate")


def answer(world: str, incident_id: str, text: str, *, bank: str = BANK) -> Request[Incident]:
    """Take the provider's report. Raises as ``disclose``."""
    return _act(world, bank, incident_id, "report", text=text)


def close(
    world: str, incident_id: str, *, outcome: str | None = None, bank: str = BANK
) -> Request[Incident]:
    """Close a reported incident: ``revoke`` the grants (default) or ``release`` them."""
    return _act(world, bank, incident_id, "close", outcome=outcome)


def list_disclosures(
    world: str, *, contractor_id: str | None = None, bank: str = BANK
) -> Request[tuple[IncidentEntry, ...]]:
    """List what providers were told, oldest first: of one contractor, its log."""
    found = Request(
        method="GET",
        path=path("worlds", world, "bank", bank, "disclosures"),
        read=page("disclosures", IncidentEntry),
        query=given(contractor_id=contractor_id),
    )
    return found.then(lambda listed: listed.items)


def _act(world: str, bank: str, incident_id: str, name: str, **fields: object) -> Request[Incident]:
    return Request(
        method="POST",
        path=_path(world, bank, incident_id),
        read=one(Incident),
        content=encoded(act=name, **fields),
    )


def _path(world: str, bank: str, *below: str) -> str:
    return path("worlds", world, "bank", bank, "incidents", *below)
