"""Rows of transfer requests (振込依頼) and of what was done to them."""

import json
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import date
from operator import attrgetter
from typing import Any

import orjson

from sandbox.domain.time import Instant
from sandbox.domain.transfer.approval import Pattern
from sandbox.domain.transfer.request import Act, TransferRequest
from sandbox.domain.transfer.status import Status
from sandbox.domain.transfer.window import Kind
from sandbox.storage.database import Reader, Row, Transaction

# In the order of the table's columns.
_COLUMNS = (
    "bank",
    "contractor_id",
    "kind",
    "status",
    "transaction_no",
    "temporary_no",
    "bank_code",
    "account",
    "designated_on",
    "cut_off_at",
    "pattern",
    "first_approver",
    "second_approver",
    "approved_by",
    "item_count",
    "total_yen",
    "largest_item_yen",
    "beneficiary_pays",
    "requester",
    "registered_at",
    "last_act_at",
    "transaction_notes",
    "comment",
    "reason",
    "fees_yen",
    "kept",
)
_SELECT = f"SELECT request, {', '.join(_COLUMNS)} FROM transfer_request"
# By whether the number is a temporary one: its column, and where the next day's numbers begin.
_NUMBERS = {True: ("temporary_no", 10**8), False: ("transaction_no", 10**9)}


def _next_number(column: str, first: int, end: int) -> str:
    """Return what reads a day's next number; ``first`` and ``end`` are places of parameters."""
    return (
        f"SELECT COALESCE(MAX({column}) + 1, ${first}) FROM transfer_request "
        f"WHERE {column} >= ${first} AND {column} < ${end}"
    )


def _insert_with(column: str) -> str:
    """Return what inserts a request, and gives it the next number in ``column`` as it does so."""
    end = len(_COLUMNS) + 1
    places = [f"${place}" for place in range(1, end)]
    number = _COLUMNS.index(column)
    places[number] = f"({_next_number(column, number + 1, end)})"
    return (
        f"INSERT INTO transfer_request ({', '.join(_COLUMNS)}) "
        f"VALUES ({', '.join(places)}) RETURNING request, {column}"
    )


_INSERT = {is_temporary: _insert_with(column) for is_temporary, (column, _) in _NUMBERS.items()}
_UPDATE = (
    "UPDATE transfer_request SET "
    + ", ".join(f"{name} = ${n}" for n, name in enumerate(_COLUMNS, start=2))
    + " WHERE request = $1"
)


def _request(row: Row) -> TransferRequest:
    values = dict(zip(("request", *_COLUMNS), row, strict=True))
    return TransferRequest(
        **values
        | {
            "kind": Kind(values["kind"]),
            "status": Status(values["status"]),
            "designated_on": date.fromisoformat(values["designated_on"]),
            "pattern": Pattern(values["pattern"]),
            "approved_by": tuple(values["approved_by"].split()),
            "beneficiary_pays": bool(values["beneficiary_pays"]),
            "kept": json.loads(values["kept"]),
        }
    )


_fields_of = attrgetter(*_COLUMNS)
# An enum's own value is bound in half the time.
_WRITTEN: list[tuple[int, Callable[[Any], Any]]] = [
    (_COLUMNS.index("kind"), attrgetter("value")),
    (_COLUMNS.index("status"), attrgetter("value")),
    (_COLUMNS.index("designated_on"), date.isoformat),
    (_COLUMNS.index("pattern"), attrgetter("value")),
    (_COLUMNS.index("approved_by"), " ".join),
    (_COLUMNS.index("beneficiary_pays"), int),
    (_COLUMNS.index("kept"), lambda kept: orjson.dumps(dict(kept)).decode()),
]


def _values(request: TransferRequest) -> list[Any]:
    values = list(_fields_of(request))
    for place, written in _WRITTEN:
        values[place] = written(values[place])
    return values


async def insert(
    db: Transaction, request: TransferRequest, first: int, *, is_temporary: bool
) -> TransferRequest:
    """Insert a request that has no number yet and return it with what it goes by from now on.

    Its number on the wire is what ``next_number`` returns.
    """
    column, digits = _NUMBERS[is_temporary]
    values = _values(request)
    values[_COLUMNS.index(column)] = first
    row = await db.fetchrow(_INSERT[is_temporary], *values, first - 1 + digits)
    assert row is not None  # RETURNING of an INSERT that did not raise
    return replace(request, **{"request": row[0], column: row[1]})


async def save(db: Transaction, request: TransferRequest) -> None:
    await db.execute(_UPDATE, request.request, *_values(request))


async def find(db: Reader, request: int) -> TransferRequest | None:
    row = await db.fetchrow(f"{_SELECT} WHERE request = $1", request)
    return None if row is None else _request(row)


async def find_by_number(db: Reader, number: int, *, is_temporary: bool) -> TransferRequest | None:
    column = "temporary_no" if is_temporary else "transaction_no"
    row = await db.fetchrow(f"{_SELECT} WHERE {column} = $1", number)
    return None if row is None else _request(row)


async def next_number(db: Transaction, first: int, *, is_temporary: bool) -> int:
    """Return the lowest number not below ``first`` that is higher than any of its day's.

    ``first`` is the lowest of a day; the digits above its own are the day's.
    """
    column, digits = _NUMBERS[is_temporary]
    row = await db.fetchrow(_next_number(column, 1, 2), first, first - 1 + digits)
    assert row is not None  # an aggregate has a row
    return int(row[0])


async def list_operated(
    db: Reader,
    contractor_id: str,
    kinds: Collection[Kind],
    *,
    start: Instant,
    end: Instant,
    limit: int,
) -> list[TransferRequest]:
    """Return the newest requests sent in [start, end), oldest first, at most ``limit``."""
    found: list[Row] = []
    for kind in kinds:
        found += await db.fetch(
            f"{_SELECT} WHERE contractor_id = $1 AND kind = $2 "
            "AND registered_at >= $3 AND registered_at < $4 "
            "ORDER BY registered_at DESC, request DESC LIMIT $5",
            contractor_id,
            kind.value,
            start,
            end,
            limit,
        )
    requests = sorted(map(_request, found), key=lambda one: (one.registered_at, one.request))
    return requests[-limit:]


async def list_all(
    db: Reader,
    *,
    bank: str | None,
    contractor_id: str | None,
    kind: str | None,
    status: str | None,
    after: int,
    limit: int,
) -> list[TransferRequest]:
    """Return requests in the order in which they were first sent, from beyond ``after`` on."""
    rows = await db.fetch(
        f"{_SELECT} WHERE request > $1 AND ($2 IS NULL OR bank = $2) "
        "AND ($3 IS NULL OR contractor_id = $3) AND ($4 IS NULL OR kind = $4) "
        "AND ($5 IS NULL OR status = $5) ORDER BY request LIMIT $6",
        after,
        bank,
        contractor_id,
        kind,
        status,
        limit,
    )
    return list(map(_request, rows))


async def has_same(db: Reader, request: TransferRequest, since: Instant) -> bool:
    """Tell whether another request since then pays the same: account, day, count and total."""
    row = await db.fetchrow(
        "SELECT 1 FROM transfer_request WHERE account = $1 AND designated_on = $2 "
        "AND item_count = $3 AND total_yen = $4 AND kind = $5 AND registered_at >= $6 "
        "AND request <> $7 AND status NOT IN ('saved', 'deleted') LIMIT 1",
        request.account,
        request.designated_on.isoformat(),
        request.item_count,
        request.total_yen,
        request.kind.value,
        since,
        request.request,
    )
    return row is not None


async def add_act(db: Transaction, request: int, act: Act) -> None:
    await db.execute(
        "INSERT INTO transfer_act VALUES ($1, (SELECT COALESCE(MAX(number), 0) + 1 "
        "FROM transfer_act WHERE request = $1), $2, $3, $4, $5, $6)",
        request,
        act.at,
        act.user_code,
        act.event,
        act.status.value,
        act.comment,
    )


async def list_acts(db: Reader, request: int) -> list[Act]:
    """Return what was done to a request, first act first."""
    rows = await db.fetch(
        "SELECT at, user_code, event, status, comment FROM transfer_act "
        "WHERE request = $1 ORDER BY number",
        request,
    )
    return [
        Act(at=row[0], user_code=row[1], event=row[2], status=Status(row[3]), comment=row[4])
        for row in rows
    ]
