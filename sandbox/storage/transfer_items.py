"""Rows of the items of transfer requests (振込明細), read and written many at once."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from sandbox.domain.time import Instant
from sandbox.domain.transfer.draft import DECISIVE, Item
from sandbox.domain.transfer.fee import FeeSchedule
from sandbox.domain.transfer.settlement import ACCOUNT_TYPES, Payee, Tally
from sandbox.domain.transfer.status import ItemStatus
from sandbox.storage.database import Reader, Row, Transaction

_BATCH = 2_000  # rows made at a time: the loop has a breath in between
_KEPT = Item._fields[DECISIVE:]
_DEFAULTS = tuple(Item._field_defaults[name] for name in _KEPT)
_INSERT = """
    INSERT INTO transfer_item (
        request, position, item_id, bank_code, branch_code, account_type, account_number,
        beneficiary_name, amount_yen, kept
    ) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""
_OWN_TYPE = " ".join(f"WHEN '{code}' THEN '{kind}'" for code, kind in ACCOUNT_TYPES.items())
# The scripted reason is that of an account by its number, whatever its type.
_PAYEES = f"""
    SELECT i.position, i.bank_code, i.branch_code, i.amount_yen, a.account, a.state,
           s.unable_reason
    FROM transfer_item i
    LEFT JOIN account a ON i.bank_code = $4 AND a.bank = $5 AND a.branch_code = i.branch_code
        AND a.account_type = CASE i.account_type {_OWN_TYPE} END
        AND a.account_number = i.account_number
    LEFT JOIN beneficiary_script s ON s.bank_code = i.bank_code
        AND s.branch_code = i.branch_code AND s.account_number = i.account_number
    WHERE i.request = $1 AND i.position >= $2 AND i.position < $3
    ORDER BY i.position
"""


def rows_of(items: Iterable[Item]) -> list[Row]:
    """Return what ``insert`` writes of items. Apart from it: 20,000 take long enough for that."""
    return [(place, *item[:DECISIVE], _kept(item)) for place, item in enumerate(items, start=1)]


def _kept(item: Item) -> str:
    """Return the other fields, those that say nothing left out."""
    if item[DECISIVE:] == _DEFAULTS:
        return "{}"
    kept = {
        name: value
        for name, value, default in zip(_KEPT, item[DECISIVE:], _DEFAULTS, strict=True)
        if value != default
    }
    return json.dumps(kept, ensure_ascii=False, separators=(",", ":"))


async def insert(db: Transaction, request: int, rows: Sequence[Row]) -> None:
    for start in range(0, len(rows), _BATCH):
        await db.executemany(_INSERT, [(request, *row) for row in rows[start : start + _BATCH]])


async def delete(db: Transaction, request: int) -> None:
    await db.execute("DELETE FROM transfer_item WHERE request = $1", request)


def _item(row: Row) -> Item:
    """Read item_id … amount_yen, kept."""
    if row[DECISIVE] == "{}":
        return Item(*row[:DECISIVE])
    kept: dict[str, Any] = json.loads(row[DECISIVE])
    if "edi_xml" in kept:
        kept["edi_xml"] = tuple(kept["edi_xml"])
    return Item(*row[:DECISIVE], **kept)


_ITEM_COLUMNS = """
    item_id, bank_code, branch_code, account_type, account_number, beneficiary_name, amount_yen,
    kept
"""


async def list_items(db: Reader, request: int) -> list[Item]:
    rows = await db.fetch(
        f"SELECT {_ITEM_COLUMNS} FROM transfer_item WHERE request = $1 ORDER BY position", request
    )
    return list(map(_item, rows))


async def list_states(
    db: Reader, request: int, *, first: int, limit: int
) -> list[tuple[Item, ItemStatus, int | None, str | None]]:
    """Return (item, status, fee charged, reason) from the ``first`` position on."""
    rows = await db.fetch(
        f"SELECT {_ITEM_COLUMNS}, status, fee_yen, reason FROM transfer_item "
        "WHERE request = $1 AND position >= $2 ORDER BY position LIMIT $3",
        request,
        first,
        limit,
    )
    return [(_item(row[:-3]), ItemStatus(row[-3]), row[-2], row[-1]) for row in rows]


async def list_tallies(
    db: Reader, request: int, own_bank_code: str, schedule: FeeSchedule
) -> list[Tally]:
    """Return a request's items added up by what they cost: twenty thousand take 5 ms so."""
    tallies = []
    for band, end_yen in schedule.ranges():
        rows = await db.fetch(
            "SELECT bank_code = $2, COUNT(*), SUM(amount_yen), "
            "SUM(amount_yen > CASE bank_code WHEN $2 THEN $5 ELSE $6 END) "
            "FROM transfer_item WHERE request = $1 AND amount_yen >= $3 AND amount_yen < $4 "
            "GROUP BY 1",
            request,
            own_bank_code,
            band.from_yen,
            end_yen,
            band.own_bank_yen,
            band.other_bank_yen,
        )
        for is_own, items, amount_yen, bearing in rows:
            fee_yen = band.own_bank_yen if is_own else band.other_bank_yen
            tallies.append(Tally(bool(is_own), fee_yen, items, amount_yen, bearing))
    return tallies


async def list_payees(
    db: Reader, request: int, *, first: int, end: int, own_bank_code: str, bank: str
) -> list[Payee]:
    """Return where the items at [first, end) go, with the own bank's accounts looked up."""
    rows = await db.fetch(_PAYEES, request, first, end, own_bank_code, bank)
    return list(map(Payee._make, rows))


async def save_paid(db: Transaction, rows: Sequence[Row]) -> None:
    """Write (request, position, status, paid yen, fee yen, reason)."""
    await db.executemany(
        "UPDATE transfer_item SET status = $3, paid_yen = $4, fee_yen = $5, reason = $6 "
        "WHERE request = $1 AND position = $2",
        rows,
    )


async def list_unable(
    db: Reader, request: int, *, first: int, end: int
) -> list[tuple[int, ItemStatus, str, int, str]]:
    """Return (position, status, bank code, yen to give back, reason) of what cannot be paid."""
    rows = await db.fetch(
        "SELECT position, status, bank_code, paid_yen, reason FROM transfer_item "
        "WHERE request = $1 AND position >= $2 AND position < $3 AND reason IS NOT NULL "
        "AND status IN ('waiting', 'paid') ORDER BY position",
        request,
        first,
        end,
    )
    return [(row[0], ItemStatus(row[1]), row[2], row[3], row[4]) for row in rows]


async def find_place(
    db: Reader, request: int, item_id: str
) -> tuple[int, ItemStatus, str | None] | None:
    """Return (position, status, reason) of an item by the id that its sender gave it."""
    row = await db.fetchrow(
        "SELECT position, status, reason FROM transfer_item WHERE request = $1 AND item_id = $2",
        request,
        item_id,
    )
    return None if row is None else (row[0], ItemStatus(row[1]), row[2])


async def save_status(
    db: Transaction, request: int, position: int, status: ItemStatus, at: Instant
) -> None:
    """Write what has become of an item that was settled, and when: providers are told of it."""
    await db.execute(
        "UPDATE transfer_item SET status = $3, status_at = $4 WHERE request = $1 AND position = $2",
        request,
        position,
        status.value,
        at,
    )


async def list_refunded(db: Reader, request: int, at: Instant) -> list[tuple[str, int, str]]:
    """Return (item id, yen, reason) of what came back at one moment, in the request's order."""
    rows = await db.fetch(
        "SELECT item_id, paid_yen, reason FROM transfer_item "
        "WHERE request = $1 AND status = 'refunded' AND status_at = $2 ORDER BY position",
        request,
        at,
    )
    return [(row[0], row[1], row[2]) for row in rows]


async def find_recalled(
    db: Reader, request: int, position: int
) -> tuple[str, ItemStatus, int] | None:
    """Return (item id, status, yen paid) of an item by its place."""
    row = await db.fetchrow(
        "SELECT item_id, status, paid_yen FROM transfer_item WHERE request = $1 AND position = $2",
        request,
        position,
    )
    return None if row is None else (row[0], ItemStatus(row[1]), row[2])


async def save_reason(db: Transaction, request: int, position: int, reason: str) -> None:
    await db.execute(
        "UPDATE transfer_item SET reason = $3 WHERE request = $1 AND position = $2",
        request,
        position,
        reason,
    )


async def find_paid(
    db: Reader, request: int, position: int, *, own_bank_code: str, bank: str
) -> tuple[ItemStatus, int, str, int | None, str | None] | None:
    """Return (status, yen paid, bank code, account at the own bank, scripted recall answer)."""
    row = await db.fetchrow(
        "SELECT i.status, i.paid_yen, i.bank_code, a.account, s.recall_answer "
        "FROM transfer_item i "
        "LEFT JOIN account a ON i.bank_code = $3 AND a.bank = $4 "
        "AND a.branch_code = i.branch_code "
        f"AND a.account_type = CASE i.account_type {_OWN_TYPE} END "
        "AND a.account_number = i.account_number "
        "LEFT JOIN beneficiary_script s ON s.bank_code = i.bank_code "
        "AND s.branch_code = i.branch_code AND s.account_number = i.account_number "
        "WHERE i.request = $1 AND i.position = $2",
        request,
        position,
        own_bank_code,
        bank,
    )
    return None if row is None else (ItemStatus(row[0]), row[1], row[2], row[3], row[4])


async def save_script(
    db: Transaction,
    bank_code: str,
    branch_code: str,
    account_number: str,
    *,
    unable_reason: str | None,
    recall_answer: str | None,
) -> None:
    """Write what a test wants of payments to an account; the last word counts."""
    await db.execute(
        "INSERT INTO beneficiary_script VALUES ($1, $2, $3, $4, $5) "
        "ON CONFLICT (bank_code, branch_code, account_number) "
        "DO UPDATE SET unable_reason = $4, recall_answer = $5",
        bank_code,
        branch_code,
        account_number,
        unable_reason,
        recall_answer,
    )
