"""Transfer requests that come and go as files of the Zengin format (web21 §5.3)."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from sandbox.domain.corporate.contract import Service
from sandbox.domain.transfer.contract import Caller
from sandbox.domain.transfer.file import draft_of, file_of
from sandbox.domain.transfer.file_check import (
    kind_of,
    refusal_of,
    rejected,
    remarks_of,
    rules_of,
)
from sandbox.domain.transfer.finding import DraftRefused
from sandbox.domain.transfer.request import Outcome, family_of
from sandbox.domain.transfer.window import Kind
from sandbox.domain.zengin import LineEnd, read_transfers
from sandbox.domain.zengin.transfer_layouts import RECORD_LENGTH
from sandbox.services.idempotency import Keep, keep_nothing
from sandbox.services.transfers.acting import Desk
from sandbox.services.transfers.inquiry import InquiryService
from sandbox.services.transfers.register import RegisterService

# From so many records on, reading them holds up the loop longer than a thread costs.
_THREAD_RECORDS = 200
_Made = TypeVar("_Made")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a caller says beside the file. ``more``: fields of the draft, by name."""

    warning_check_type: str
    accepts_warnings: bool
    replaces: str
    more: dict[str, str]


class FileService:
    def __init__(self, desk: Desk, register: RegisterService, inquiry: InquiryService) -> None:
        self._desk = desk
        self._register = register
        self._inquiry = inquiry

    async def register(
        self, caller: Caller, kind: Kind, data: bytes, wish: Wish, keep: Keep = keep_nothing
    ) -> Outcome:
        """Register the one batch of a file as a request of the path that ``kind`` names.

        Raises:
            FileRejected: every finding; nothing was registered.
            InsufficientScope, InvalidParameter, AccountRestricted, TransactionNotFound,
                IllegalTransition: as ``RegisterService.register``.
        """
        caller.need(Service.UPDATE)
        kinds = family_of(kind)
        held_to = await self._register.circumstances(caller)
        records = len(data) // RECORD_LENGTH
        reading = await _run(records, read_transfers, data, rules_of(kinds, held_to))
        if not reading.is_accepted:
            raise refusal_of(reading.findings)
        found = kind_of(reading, kinds)
        make = partial(draft_of, reading, found, held_to.contract, **wish.more)
        draft = await _run(records, make)
        try:
            return await self._register.register(
                caller,
                draft,
                warning_check_type=wish.warning_check_type,
                accepts_warnings=wish.accepts_warnings,
                replaces=wish.replaces,
                remarks=remarks_of(reading),
                keep=keep,
            )
        except DraftRefused as refused:
            raise rejected(refused, reading) from refused

    async def write(self, caller: Caller, kind: Kind, reference: str) -> bytes:
        """Return a request as a file: byte by byte the one it came as, if it came as one.

        Raises:
            InsufficientScope, TransactionNotFound: as their names say.
        """
        detail = await self._inquiry.detail(caller, kind, reference)
        items = [state.item for state in detail.items]
        line_end = LineEnd(self._desk.policy.zengin_line_end)
        return await _run(len(items), file_of, detail.request, items, line_end)


async def _run(records: int, make: Callable[..., _Made], *given: Any) -> _Made:
    """Return what ``make`` makes of so many records, in a thread where they are many."""
    if records < _THREAD_RECORDS:
        return make(*given)
    return await asyncio.to_thread(make, *given)
