"""One authorized call, and what becomes of it on the way in and out."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from aiohttp import web

from sandbox.domain.corporate.encryption import SealedFields
from sandbox.services.bank import Bank
from sandbox.services.idempotency import Books, Keep, Memo, OpenBooks, keep_nothing
from sandbox.services.oauth.access import Access

Json: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """One authorized call: what a handler may look at. ``body`` or ``file``: what was sent."""

    request: web.Request
    bank: Bank
    access: Access
    query: dict[str, str]
    body: Json = field(default_factory=dict)
    file: bytes | None = None
    memo: Memo | None = None

    def keeping(self, write: Callable[[Books, Any], Awaitable[Json]]) -> Keep:
        """Return what keeps the answer that ``write`` makes of an outcome, if a key was sent."""
        memo = self.memo
        if memo is None:
            return keep_nothing

        async def keep(db: OpenBooks, outcome: Any) -> None:
            await memo.keep(db, await write(db, outcome))

        return keep


Answer: TypeAlias = Callable[[Call], Awaitable[Json]]
FileAnswer: TypeAlias = Callable[[Call], Awaitable[web.Response]]


class Sealing(Protocol):
    """Fields of a bank's calls that travel encrypted, for callers who have that."""

    @property
    def fields(self) -> SealedFields: ...

    async def opened(self, call: Call, body: Json) -> Json:
        """Return what was sent, readable. Raises ``InvalidParameter`` where it cannot be read."""

    async def sealed(self, call: Call, body: Json) -> Json:
        """Return an answer as it goes out."""

    async def check_file(self, call: Call, header: str) -> None:
        """Raise ``InvalidParameter`` where files, which ``header`` tells of, cannot be sealed."""
