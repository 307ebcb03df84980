"""Rows of what fault rules have decided about requests, and what they may ask of them."""

import json
from collections.abc import Mapping
from typing import Any

from sandbox.domain.transfer.request import TransferRequest
from sandbox.storage.database import Reader, Transaction

_LAST = 1 << 62
_BENEFICIARY = ("bank_code", "branch_code", "account_number")


async def find(db: Reader, request: TransferRequest) -> tuple[str, Mapping[str, Any]] | None:
    """Return (fault id, effect) of what was decided since the request was last sent in."""
    row = await db.fetchrow(
        "SELECT fault_id, effect FROM transfer_result WHERE request = $1 AND registered_at = $2",
        request.request,
        request.registered_at,
    )
    return None if row is None else (row[0], json.loads(row[1]))


async def save(
    db: Transaction, request: TransferRequest, fault_id: str, effect: Mapping[str, Any]
) -> None:
    await db.execute(
        "INSERT INTO transfer_result VALUES ($1, $2, $3, $4) "
        "ON CONFLICT (request) DO UPDATE SET registered_at = $2, fault_id = $3, effect = $4",
        request.request,
        request.registered_at,
        fault_id,
        json.dumps(dict(effect)),
    )


async def delete(db: Transaction, request: int) -> None:
    await db.execute("DELETE FROM transfer_result WHERE request = $1", request)


async def list_banks(db: Reader, request: int) -> list[str]:
    """Return the codes of the banks that a request pays to."""
    rows = await db.fetch(
        "SELECT DISTINCT bank_code FROM transfer_item WHERE request = $1 ORDER BY 1", request
    )
    return [row[0] for row in rows]


async def find_item(db: Reader, request: int, position: int) -> tuple[str, int]:
    """Return (bank code, yen) of an item."""
    row = await db.fetchrow(
        "SELECT bank_code, amount_yen FROM transfer_item WHERE request = $1 AND position = $2",
        request,
        position,
    )
    assert row is not None  # it is asked about by what happens to it
    return row[0], row[1]


async def list_picked(
    db: Reader, request: int, effect: Mapping[str, Any], *, first: int = 1, end: int = _LAST
) -> list[int]:
    """Return the positions in [first, end) that an effect names: by its ids, its count or the
    account of the beneficiary; all where it names none.
    """
    where, named = "", []
    if (ids := effect.get("items")) is not None:
        where = f"AND item_id IN ({', '.join(f'${n}' for n in range(4, len(ids) + 4))})"
        named = list(ids)
    elif (nth := effect.get("every_nth")) is not None:
        where, named = "AND position % $4 = 0", [nth]
    elif (beneficiary := effect.get("beneficiary")) is not None:
        given = [name for name in _BENEFICIARY if name in beneficiary]
        where = " ".join(f"AND {name} = ${n}" for n, name in enumerate(given, start=4))
        named = [beneficiary[name] for name in given]
    rows = await db.fetch(
        "SELECT position FROM transfer_item "
        f"WHERE request = $1 AND position >= $2 AND position < $3 {where} ORDER BY position",
        request,
        first,
        end,
        *named,
    )
    return [row[0] for row in rows]
