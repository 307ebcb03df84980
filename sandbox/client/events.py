"""What providers are told, by which deliveries, and where: as calls of the control API.

All of it is the sandbox's own: no bank tells its providers by such means today.
"""

from dataclasses import dataclass, field
from datetime import datetime

from sandbox.client.answers import WHEN, Done, Json, Page, of
from sandbox.client.request import PAGE_SIZE, Request, encoded, given, one, page, path


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldEvent:
    """An event as it is sent; ``client_id`` None: every provider of the bank is told."""

    number: int
    id: str
    type: str
    world: str
    bank: str
    occurred_at: datetime = field(metadata=WHEN)
    data: Json
    deliveries: int
    client_id: str | None = None
    more: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """One attempt. ``answer``: HTTP status; None: there was none, and ``problem`` says why."""

    number: int
    at: datetime = field(metadata=WHEN)
    took_ms: int
    answer: int | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """An event on its way to one client; ``tries`` and ``body`` only where one alone is shown.

    ``status``: waiting, held, delivered, given_up, stopped, dropped.
    """

    number: int
    id: str
    event_id: str
    type: str
    client_id: str
    occurred_at: datetime = field(metadata=WHEN)
    status: str
    attempts: int
    answer: int | None = None
    next_at: datetime | None = field(default=None, metadata=WHEN)
    tries: tuple[Try, ...] = field(default=(), metadata=of(Try))
    body: Json | None = None
    more: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """Where a client is told. ``secret``: only where it has just been drawn."""

    client_id: str
    url: str
    is_stopped: bool
    secret: str | None = field(default=None, repr=False)
    more: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A notice that has come by mail."""

    at: datetime = field(metadata=WHEN)
    id: str
    bank: str
    kind: str
    title: Json
    more: Json = field(default_factory=dict)


def list_events(
    world: str,
    *,
    type: str | None = None,
    client_id: str | None = None,
    after: str | None = None,
    limit: int = PAGE_SIZE,
) -> Request[Page[ToldEvent]]:
    """List what providers are told, or would be if they listened, oldest first."""
    query = given(type=type, client_id=client_id, after=after, limit=str(limit))
    where = path("worlds", world, "events")
    return Request(method="GET", path=where, read=page("events", ToldEvent), query=query)


def ping(world: str, client_id: str) -> Request[ToldEvent]:
    """Send a client an event that says nothing, to see whether it is heard.

    Raises:
        ProblemError: ``unknown-client``, ``no-notifications``.
    """
    where, body = path("worlds", world, "events"), encoded(client_id=client_id)
    return Request(method="POST", path=where, read=one(ToldEvent), content=body)


def list_deliveries(
    world: str,
    *,
    client_id: str | None = None,
    status: str | None = None,
    event_id: str | None = None,
    after: str | None = None,
    limit: int = PAGE_SIZE,
) -> Request[Page[Delivery]]:
    """List the deliveries, in the order in which they were queued."""
    filters = given(client_id=client_id, status=status, event_id=event_id, after=after)
    where, query = path("worlds", world, "deliveries"), {**filters, "limit": str(limit)}
    return Request(method="GET", path=where, read=page("deliveries", Delivery), query=query)


def show_delivery(world: str, delivery_id: str) -> Request[Delivery]:
    """Return a delivery with its body and attempts. Raises ``ProblemError`` unknown-delivery."""
    where = path("worlds", world, "deliveries", delivery_id)
    return Request(method="GET", path=where, read=one(Delivery))


def redeliver(world: str, delivery_id: str) -> Request[Delivery]:
    """Send a delivery once more, without the fault that struck it.

    Raises:
        ProblemError: ``unknown-delivery``, ``refused`` (it is under way, or nobody listens).
    """
    where = path("worlds", world, "deliveries", delivery_id, "redeliver")
    return Request(method="POST", path=where, read=one(Delivery), content=encoded())


def list_mail(world: str, *, bank: str | None = None) -> Request[tuple[Mail, ...]]:
    """List the notices that have come by mail, newest first."""
    where, query = path("worlds", world, "mailbox"), given(bank=bank)
    found = Request(method="GET", path=where, read=page("mail", Mail), query=query)
    return found.then(lambda listed: listed.items)


def show_listener(world: str, client_id: str) -> Request[Listener]:
    """Return where a client is told.

    Raises:
        ProblemError: ``unknown-client``, ``no-notifications``.
    """
    return Request(method="GET", path=_listener(world, client_id), read=one(Listener))


def listen(world: str, client_id: str, url: str, *, secret: str | None = None) -> Request[Listener]:
    """Tell a client of events at ``url`` from now on.

    Args:
        url: https, or http on loopback; no credentials, no fragment.
        secret: signs what is sent, 16 to 128 characters. Default: the one that there is, or one
            that is drawn and told once.

    Raises:
        ProblemError: ``unknown-client``, ``client-ended``, ``invalid-request``.
    """
    body = encoded(url=url, secret=secret)
    return Request(method="PUT", path=_listener(world, client_id), read=one(Listener), content=body)


def fall_silent(world: str, client_id: str) -> Request[Done]:
    """Tell a client nothing any more. Raises ``ProblemError`` unknown-client."""
    return Request(method="DELETE", path=_listener(world, client_id), read=one(Done))


def _listener(world: str, client_id: str) -> str:
    return path("worlds", world, "clients", client_id, "notifications")
