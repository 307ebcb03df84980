"""The calls of the conduct report."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypedDict, Unpack

from sandbox.client.answers import Json
from sandbox.client.request import Request, encoded, given, one, path, raw


class Filters(TypedDict, total=False):
    """Which calls are judged. ``since`` and ``until`` are world time; ``until`` is not within."""

    bank: str | None
    client_id: str | None
    contractor_id: str | None
    persona: str | None
    since: str | None
    until: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Conduct:
    """How the clients behaved. ``findings`` and ``checks`` are as the control API tells them.

    A finding has ``id`` (C-1…C-25), ``level`` (E fails a run, W is shown), ``title``, ``what`` and
    ``remedy`` (each in ``ja`` and ``en``), ``count`` and the first of its ``calls``; ``wanted``
    (``expected``, ``allowed``) where it fails nobody. ``missing``: checks that were expected to
    find something, and did not.
    """

    world: str
    now: str
    calls: int
    errors: int
    warnings: int
    missing: Sequence[str] = ()
    findings: Sequence[Json] = ()
    checks: Sequence[Json] = ()
    dropped: int = 0
    more: Json = field(default_factory=dict)

    @property
    def ids(self) -> frozenset[str]:
        """The checks that found something."""
        return frozenset(finding["id"] for finding in self.findings)


def show(world: str, /, **filters: Unpack[Filters]) -> Request[Conduct]:
    """Judge the calls in the journal by what the bank can see (C-1 to C-25).

    Args:
        filters: see ``Filters``.

    Raises:
        ProblemError: ``invalid-request``.
    """
    return _request("GET", world, one(Conduct), dict(filters))


def judge(
    world: str,
    /,
    *,
    transfers: int | None = None,
    shown_as_paid: Sequence[str] | None = None,
    totals: Sequence[Mapping[str, Any]] | None = None,
    expect: Sequence[str] | None = None,
    allow: Sequence[str] | None = None,
    **filters: Unpack[Filters],
) -> Request[Conduct]:
    """Judge the calls also by what is known of the app.

    Args:
        transfers: how many transfer requests it was to make.
        shown_as_paid: the transaction ids that it shows as paid.
        totals: what it makes of an account's lines: ``account_id``, ``date_from``, ``date_to``,
            ``net_yen``.
        expect: checks that have to find something; ``allow``: those that may.
        filters: see ``Filters``.

    Raises:
        ProblemError: ``invalid-request``.
    """
    paid = None if shown_as_paid is None else list(shown_as_paid)
    sums = None if totals is None else [dict(total) for total in totals]
    wanted = {name: list(each) for name, each in (("expect", expect), ("allow", allow)) if each}
    body = encoded(transfers=transfers, shown_as_paid=paid, totals=sums, **wanted)
    return _request("POST", world, one(Conduct), dict(filters), body)


def report(
    world: str,
    /,
    format: str,
    *,
    declared: Mapping[str, Any] | None = None,
    **filters: Unpack[Filters],
) -> Request[bytes]:
    """Return the report as a file: ``html``, ``junit`` or ``json``.

    Args:
        declared: what is known of the app, by the names of ``judge``.
        filters: see ``Filters``.

    Raises:
        ProblemError: ``invalid-request``.
    """
    body = encoded(**(declared or {}))
    return _request("POST", world, raw, {**filters, "format": format}, body)


def _request(
    method: str, world: str, read: Any, query: dict[str, Any], content: bytes | None = None
) -> Request[Any]:
    return Request(
        method=method,
        path=path("worlds", world, "conduct"),
        read=read,
        query={name: str(value) for name, value in given(**query).items()},
        content=content,
    )
