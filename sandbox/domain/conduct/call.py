"""A journal entry as the conduct checks look at it."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl

from sandbox.domain.conduct.traits import HANDSHAKE, query_of
from sandbox.domain.time import Instant

_TRANSACTION = re.compile(r'"transaction_id"\s*:\s*"([^"]+)"')
# Where people are: they may press a button twice, and programs may not.
PAGES = frozenset(
    {"authorize", "interaction", "sign_in_page", "consent_page", "sign_in", "consent", "deny"}
)
# Effects that leave an answer with a status and without its contents.
UNREADABLE = frozenset(
    {"lost_answer", "truncated_body", "malformed_chunk", "reset", "bad_compression"}
)
_NAMES = ("operation", "client_id", "contractor_id", "user", "grant_id", "error_code", "reason")
_MORE = ("fault", "location", "request_body")
# All that a check asks of an answer's contents; the others would be most of a long journal.
_TELLING = re.compile(r'"(?:transaction_id|has_next)"')


@dataclass(frozen=True, kw_only=True)
class Call:
    """One attempt. ``at`` is world time, ``real_at`` the machine's; ``status`` None: no answer.

    ``traits``: see ``domain.conduct.traits``.
    """

    id: int
    at: Instant
    real_at: Instant
    latency_us: int = 0
    bank: str = ""
    method: str = "GET"
    path: str = "/"
    operation: str | None = None
    client_id: str | None = None
    contractor_id: str | None = None
    user: str | None = None
    grant_id: str | None = None
    status: int | None = None
    error_code: str | None = None
    reason: str | None = None
    fault: str | None = None
    location: str | None = None
    request_body: str | None = None
    response_body: str | None = None
    traits: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> "Call":
        """Return the call of a journal entry, whose instants are still numbers.

        Of answers, those are kept that a check may look into.
        """
        answer = entry.get("response_body")
        return cls(
            id=entry["id"],
            at=entry["at"],
            real_at=entry["real_at"],
            latency_us=entry["latency_us"],
            bank=entry["bank"],
            method=entry["method"],
            path=entry["path"],
            status=entry["status"],
            response_body=answer if answer and _TELLING.search(answer) else None,
            traits=entry.get("traits") or {},
            **{name: entry.get(name) for name in (*_NAMES, *_MORE)},
        )

    @cached_property
    def who(self) -> str:
        """The client; of calls without one, the token or nobody."""
        return self.client_id or self.traits.get("token") or "?"

    @property
    def ended_real_at(self) -> Instant:
        return self.real_at + self.latency_us // 1000

    @property
    def target(self) -> str:
        """The path without its query."""
        return self.path.partition("?")[0]

    @cached_property
    def form(self) -> dict[str, str]:
        """What an OAuth request said, in its form or its query; secrets are ``***``."""
        said = dict(parse_qsl(query_of(self.path), keep_blank_values=True))
        return said | dict(parse_qsl(self.request_body or "", keep_blank_values=True))

    @property
    def is_page(self) -> bool:
        return self.operation in PAGES

    @property
    def is_handshake(self) -> bool:
        """True where a client has refused a listener's certificate, and asked nothing."""
        return self.operation == HANDSHAKE

    @property
    def is_done(self) -> bool:
        return self.status is not None and self.status < 300

    @property
    def is_lost(self) -> bool:
        """True where the client cannot know whether the work was done."""
        if self.status is None or self.status in (500, 502, 504):
            return True
        stage = self.traits.get("effect", {}).get("stage")
        return self.effect in UNREADABLE and stage in ("after_commit", "reply")

    @property
    def effect(self) -> str:
        """What the fault rule that struck does, by name; empty where none did."""
        return str(self.traits.get("effect", {}).get("kind", ""))

    @property
    def is_refresh(self) -> bool:
        return self.operation == "token" and self.form.get("grant_type") == "refresh_token"

    @property
    def is_exchange(self) -> bool:
        return self.operation == "token" and self.form.get("grant_type") == "authorization_code"

    @property
    def token(self) -> str | None:
        """The mark of the access token that came with the call."""
        return self.traits.get("token")

    @property
    def transaction_id(self) -> str | None:
        """The number of the transfer request that the answer names."""
        found = _TRANSACTION.search(self.response_body or "")
        return None if found is None else found[1]

    def follows(self, earlier: "Call") -> bool:
        """Tell whether this call began once ``earlier`` was over: one in flight is no answer."""
        return self.real_at >= earlier.ended_real_at and self.id != earlier.id


def gap_ms(earlier: Call, later: Call) -> int:
    """Return what passed between the beginnings of two calls.

    World time stands still in a frozen world and is what passes in one that is moved on: the
    longer of the two counts.
    """
    return max(later.at - earlier.at, later.real_at - earlier.real_at)


def waited_ms(earlier: Call, later: Call) -> int:
    """Return what passed between the answer to ``earlier`` and the beginning of ``later``."""
    return max(later.at - earlier.at, later.real_at - earlier.ended_real_at)


def in_order(calls: Iterable[Call]) -> list[Call]:
    """Return calls as they began, each with its client. The journal has them as they were over."""
    return _owned(sorted(calls, key=lambda call: (call.real_at, call.id)))


def _owned(calls: list[Call]) -> list[Call]:
    """Return calls with the client whose token they bring: a closed bank looks at no token."""
    owners: dict[str, Call] = {}
    for call in calls:
        for name in ("token", "new_token"):
            if call.client_id is not None and name in call.traits:
                owners.setdefault(call.traits[name], call)
    return [
        call
        if call.client_id is not None or (owner := owners.get(call.token or "")) is None
        else replace(call, client_id=owner.client_id, grant_id=call.grant_id or owner.grant_id)
        for call in calls
    ]
