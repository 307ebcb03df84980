"""What conduct checks may know beside the calls: the bank's side, limits, and a scenario's word."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from sandbox.domain.api_class import ApiClass
from sandbox.domain.conduct.call import Call
from sandbox.domain.time import MINUTE, SECOND, Instant

Operation: TypeAlias = tuple[str, str]  # bank, and the operation as the journal names it


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """One row of a bank's table. ``scopes``: any one of them opens it."""

    api_class: ApiClass
    scopes: frozenset[str]
    changes: bool = False  # it does something that must not be done twice


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveGrant:
    """A consent in force. ``user``: persona or contractor, whoever gave it."""

    grant_id: str
    bank: str
    client_id: str
    user: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Filed:
    """A transfer request as the bank has it. ``is_paid``: 処理済み."""

    transaction_id: str
    registered_at: Instant
    is_paid: bool


@dataclass(frozen=True, slots=True)
class BookLine:
    """A line of the books. ``yen`` is signed: deposits are positive. Days are YYYY-MM-DD."""

    booked_on: str
    value_on: str
    yen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """What an app says that an account's lines of a period come to; both days are within."""

    account_id: str
    date_from: str
    date_to: str
    net_yen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What a scenario says of the app under test; None or empty: it says nothing of that.

    ``transfers``: how many it wanted. ``shown_as_paid``: the transaction ids that the app shows
    as paid.
    """

    transfers: int | None = None
    shown_as_paid: frozenset[str] = frozenset()
    totals: tuple[Total, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Where conduct begins to be careless."""

    refreshes: int = 3  # of one grant within refresh_window_ms
    refresh_window_ms: int = 10 * SECOND
    repeat_ms: int = 5 * MINUTE  # later on, a refused request may be asked again
    dead_calls: int = 3  # for a closed account or under an ended grant
    polls: int = 10  # of one thing within a minute
    unattended: int = 4  # updates a day without a person
    visit_ms: int = 10 * MINUTE  # calls of one visit; a person is there so long after consenting
    state_length: int = 16
    skew_ms: int = 60 * SECOND
    pages: int = 3  # times that the same page may be asked for
    grants: int = 3  # in force for one user at one client
    early_ms: int = 100  # timers that fire a little early are no early retries


def never_closed(_call: Call) -> bool:
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """``is_closed``: the bank had announced to be closed for such a call at its time.

    ``lines``: of the accounts that totals were declared for.
    """

    apis: Mapping[Operation, Api] = field(default_factory=dict)
    is_closed: Callable[[Call], bool] = never_closed
    key_lifetime_ms: Mapping[str, int] = field(default_factory=dict)  # by bank
    pkce_required: frozenset[str] = frozenset()  # client ids
    grants: tuple[LiveGrant, ...] = ()
    filed: tuple[Filed, ...] = ()
    lines: Mapping[str, tuple[BookLine, ...]] = field(default_factory=dict)
    leaked: frozenset[str] = frozenset()  # marks of tokens: who calls with them is no client
    declared: Declared = Declared()
    limits: Limits = Limits()

    def api_of(self, call: Call) -> Api | None:
        """Return the row that a call went to; None: a page, OAuth, or no such API."""
        return self.apis.get((call.bank, call.operation or ""))

    def changes(self, call: Call) -> bool:
        api = self.api_of(call)
        return api is not None and api.changes
