"""What the control API answers, as values. Instants are aware, amounts are whole yen.

What a server of a later version adds is left out, or kept in ``more`` where a value has one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from functools import partial
from typing import Any, Generic, TypeVar

from sandbox.client.errors import UnknownName

Json = Mapping[str, Any]
T = TypeVar("T")


def read(kind: type[T], data: Json) -> T:
    """Return ``data`` as a ``kind``. Raises ``TypeError`` where a required field is missing."""
    known = {each.name: each for each in fields(kind) if each.name != "more"}  # type: ignore[arg-type]
    values = {name: _value(each, data[name]) for name, each in known.items() if name in data}
    if "more" in kind.__dataclass_fields__:  # type: ignore[attr-defined]
        values["more"] = {name: value for name, value in data.items() if name not in known}
    return kind(**values)


def _value(each: Any, value: Any) -> Any:
    reader = each.metadata.get("read", _same)
    return tuple(map(reader, value)) if isinstance(value, list) else reader(value)


def _same(value: Any) -> Any:
    return value


def of(kind: type[Any]) -> dict[str, Any]:
    """Return the metadata of a field that holds one ``kind``, or a tuple of them."""
    return {"read": partial(read, kind)}


WHEN = {"read": datetime.fromisoformat}


def plain(value: Any) -> Any:
    """Return an answer as JSON knows it: as the server sent it, without what was absent."""
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds" if value.microsecond else "seconds")
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, Mapping):
        return {name: plain(each) for name, each in value.items()}
    if not hasattr(value, "__dataclass_fields__"):
        return value
    shown = {each.name: getattr(value, each.name) for each in fields(value)}
    shown |= shown.pop("more", {})
    return {name: plain(each) for name, each in shown.items() if each is not None}


def named(what: str, name: str, among: Iterable[T], key: str) -> T:
    """Return the one whose ``key`` is ``name``.

    Raises:
        UnknownName: with the names that there are.
    """
    found = {str(getattr(each, key)): each for each in among}
    if name not in found:
        raise UnknownName(f"there is no {what} {name!r}, but {', '.join(found)}")
    return found[name]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[T]):
    """A part of a list; ``next`` goes into ``after`` for what follows.

    ``dropped``: how many calls have left the journal because there were too many.
    """

    items: tuple[T, ...]
    next: str | None = None
    dropped: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """It is done, and there is nothing to tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that fell due: ``closing_run``, ``posting``, ``grant_expired`` …"""

    at: datetime = field(metadata=WHEN)
    kind: str
    subject: str | None = None
    more: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """``mode`` is real, frozen, offset or scaled; ``rate`` is world seconds per machine second.

    ``events``: what fell due by the change, in order, where the clock was set.
    """

    mode: str
    now: datetime = field(metadata=WHEN)
    rate: float | None = None
    events: tuple[Event, ...] | None = field(default=None, metadata=of(Event))


@dataclass(frozen=True, slots=True, kw_only=True)
class Advance:
    """The world's time after an advance, and what fell due on the way, in order."""

    now: datetime = field(metadata=WHEN)
    events: tuple[Event, ...] = field(metadata=of(Event))


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldSummary:
    """``open``: whether the server holds the world open; seed and clock are known only then."""

    name: str
    open: bool
    seed: int | None = None
    clock: Clock | None = field(default=None, metadata=of(Clock))


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A provider's ready registration. ``client_secret`` None: a public client."""

    client_id: str
    client_secret: str | None = None
    redirect_uris: tuple[str, ...]
    scopes: tuple[str, ...]
    token_endpoint_auth_method: str
    security_profile: str
    provider_name: str | None = None
    pkce: str | None = None
    status: str | None = None
    more: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredClient:
    """A client as its registration has it (RFC 7591); what else is registered is in ``more``.

    ``status`` is active, blocked or ended; ``is_ready``: every new world knows it.
    """

    client_id: str
    client_secret: str | None = None
    bank: str
    status: str
    is_ready: bool
    client_name: str
    redirect_uris: tuple[str, ...]
    scope: str
    token_endpoint_auth_method: str
    security_profile: str
    more: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSecret:
    """A new secret, told once."""

    client_id: str
    client_secret: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Persona:
    """A ready contractor. ``login`` is what to type into the sign-in page, by field name."""

    name: str
    kind: str
    login: Json
    story: Json
    holder_name: str | None = None
    more: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bank:
    """One bank of a world: its addresses, clients and personas. ``display_name``: ja, en."""

    name: str
    display_name: Json
    bank_code: str
    issuer: str
    api_base: str
    authorization_endpoint: str
    pushed_authorization_request_endpoint: str
    token_endpoint: str
    revocation_endpoint: str
    introspection_endpoint: str
    userinfo_endpoint: str
    jwks_uri: str
    openapi: str
    clients: tuple[Client, ...] = field(metadata=of(Client))
    personas: tuple[Persona, ...] = field(metadata=of(Persona))
    more: Json = field(default_factory=dict)

    def client(self, client_id: str) -> Client:
        """Return a ready client, or raise ``UnknownName``."""
        return named("client", client_id, self.clients, "client_id")

    def persona(self, name: str) -> Persona:
        """Return a persona, or raise ``UnknownName``."""
        return named("persona", name, self.personas, "name")


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldDescription:
    name: str
    seed: int
    clock: Clock = field(metadata=of(Clock))
    base_url: str
    tls_base_url: str | None = None
    banks: tuple[Bank, ...] = field(metadata=of(Bank))

    def bank(self, name: str) -> Bank:
        """Return a bank, or raise ``UnknownName``."""
        return named("bank", name, self.banks, "name")


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """Where the browser would go, with the ``code`` and ``state`` in that address."""

    redirect_to: str
    code: str
    state: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """An answer of the token endpoint; lifetimes are seconds of the world's time."""

    access_token: str
    token_type: str
    expires_in: int
    refresh_token: str
    refresh_token_expires_in: int
    scope: str
    id_token: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LeakedToken:
    """A twin of a client's access token, in the hands of somebody else. ``is_bound``: of no use."""

    access_token: str = field(repr=False)
    scope: str
    expires_in: int
    is_bound: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token as the bank knows it. ``id`` is cut from its hash and opens nothing."""

    id: str
    kind: str
    grant_id: str
    client_id: str
    contractor_id: str
    persona: str | None = None
    scope: str
    issued_at: datetime = field(metadata=WHEN)
    expires_at: datetime = field(metadata=WHEN)
    spent_at: datetime | None = field(default=None, metadata=WHEN)
    is_live: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One of a bank's signing keys. A retired one stays published until its tokens have ended."""

    kid: str
    bank: str
    alg: str
    is_signing: bool
    created_at: datetime = field(metadata=WHEN)
    retired_at: datetime | None = field(default=None, metadata=WHEN)
    published_until: datetime | None = field(default=None, metadata=WHEN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """An access grant (アクセス許可). ``accounts`` are account ids."""

    grant_id: str
    bank: str
    client_id: str
    contractor_id: str
    persona: str | None = None
    scope: str
    functions: tuple[str, ...]
    terms_version: str
    granted_at: datetime = field(metadata=WHEN)
    expires_at: datetime = field(metadata=WHEN)
    ended_at: datetime | None = field(default=None, metadata=WHEN)
    end_reason: str | None = None
    suspended_as: str | None = None
    accounts: tuple[str, ...]
    is_live: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What the ledger holds. ``lines`` is the number of the last statement line."""

    account_id: str
    bank: str
    contractor_id: str
    persona: str | None = None
    branch_code: str
    account_type: str
    account_number: str
    holder_name: str
    state: str
    balance_yen: int
    overdraft_limit_yen: int
    held_yen: int
    previous_day_yen: int
    previous_month_yen: int
    lines: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """``now`` is the world's time in it, ``taken_at`` the machine's when it was taken."""

    name: str
    now: datetime = field(metadata=WHEN)
    taken_at: datetime = field(metadata=WHEN)
    size_bytes: int
    automatic: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A client's certificate with its private key and the sandbox's CA, each as PEM.

    ``thumbprint`` is that of RFC 8705 (x5t#S256), ``subject`` RFC 4514.
    """

    certificate: str
    private_key: str = field(repr=False)
    ca: str
    thumbprint: str
    subject: str
    not_before: datetime = field(metadata=WHEN)
    not_after: datetime = field(metadata=WHEN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reset:
    what: str
    clock: Clock = field(metadata=of(Clock))


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalEntry:
    """One call at the bank door, secrets masked. ``status`` None: no answer was made.

    ``at`` is world time, ``real_at`` the machine's, ``latency_us`` microseconds of real time.
    ``error_code`` is the bank's own or OAuth's, ``reason`` what ``X-Sandbox-Reason`` says. Bodies,
    and whatever else the entry has, stand in ``more``.
    """

    id: int
    at: datetime = field(metadata=WHEN)
    real_at: datetime = field(metadata=WHEN)
    latency_us: int
    bank: str
    operation: str | None = None
    method: str
    path: str
    client_id: str | None = None
    contractor_id: str | None = None
    persona: str | None = None
    grant_id: str | None = None
    status: int | None = None
    error_code: str | None = None
    reason: str | None = None
    fault: str | None = None
    more: Json = field(default_factory=dict)
