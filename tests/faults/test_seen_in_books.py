"""Effects on what the books show, as three clients read a statement and a balance (F-37)."""

from datetime import date, timedelta
from functools import partial

import pytest

from tests.faults.rows import Row, strikes
from tests.faults.seeing import CLIENTS, READ, Ask, Seen
from tests.faults.striking import Striker
from tests.support import bearer

pytestmark = pytest.mark.asyncio(loop_scope="module")

DAYS = "?date_from=2026-10-01&date_to=2026-11-16"
LAG, THEN, TODAY = "10d", "2026-11-06", "2026-11-16"


async def ask_statement(striker: Striker) -> Ask:
    path = f"/accounts/{striker.account_id}/transactions{DAYS}"
    return Ask(url=f"{striker.running.base}{path}", headers=bearer(striker.token))


async def ask_balance(striker: Striker) -> Ask:
    path = f"/accounts/{striker.account_id}"
    return Ask(url=f"{striker.running.base}{path}", headers=bearer(striker.token))


def rows(seen: Seen) -> list[dict]:
    assert seen.json["count"] == len(seen.json["transactions"])
    return seen.json["transactions"]


def as_of(seen: Seen, usual: Seen, *, day: str) -> bool:
    """The rows of then, and the day that they are said to be of."""
    known = [row for row in rows(usual) if row["transaction_date"] <= THEN]
    return 0 < len(known) < len(rows(usual)) and rows(seen) == known and is_of(seen, day)


def is_of(seen: Seen, day: str) -> bool:
    return seen.json["base_date"] == day


def balance_of_then(seen: Seen, usual: Seen, *, day: str) -> bool:
    return seen.json["current_balance"] != usual.json["current_balance"] and is_of(seen, day)


def named(seen: Seen, usual: Seen, *, kind: str) -> bool:
    """The second and the fourth row are not there, twice there, or of the next day."""
    before, now = rows(usual), rows(seen)
    if kind == "redated_rows":
        changed = [place for place, row in enumerate(now) if row != before[place]]
        return len(now) == len(before) and changed == [1, 3]
    count = 0 if kind == "missing_rows" else 2
    return now == [row for n, row in enumerate(before) for _ in range(count if n in (1, 3) else 1)]


def without_last(seen: Seen, usual: Seen, count: int) -> bool:
    return rows(seen) == rows(usual)[:-count]


def twice(seen: Seen, usual: Seen, count: int) -> bool:
    *others, last = rows(usual)[:-count], rows(usual)[-count:]
    return rows(seen) == [*others[0], *(row for row in last for _ in range(2))]


def moved(seen: Seen, usual: Seen, *, days: int) -> bool:
    """The last row has another day, and its own amount and balance."""
    *before, was = rows(usual)
    *same, now = rows(seen)
    day = date.fromisoformat(was["transaction_date"]) + timedelta(days=days)
    changed = {name for name in was if was[name] != now[name]}
    is_dated = now["transaction_date"] == day.isoformat()
    return same == before and is_dated and {"amount", "balance"}.isdisjoint(changed)


def announces(seen: Seen, usual: Seen, *, page: int) -> bool:
    is_more = (seen.json["has_next"], usual.json["has_next"]) == (True, False)
    return is_more and rows(seen) == rows(usual)[:page]


STATEMENT = [
    Row(kind="stale_read", effect={"lag": LAG}, check=partial(as_of, day=THEN)),
    Row(kind="stale_read", effect={"lag": LAG, "lie": True}, check=partial(as_of, day=TODAY)),
    Row(kind="late_rows", effect={"lag": LAG}, check=partial(as_of, day=TODAY)),
    Row(kind="missing_rows", effect={"last": 2}, check=partial(without_last, count=2)),
    Row(kind="duplicate_rows", effect={"last": 2}, check=partial(twice, count=2)),
    Row(kind="redated_rows", effect={"last": 1, "days": -3}, check=partial(moved, days=-3)),
    Row(kind="redated_rows", effect={"last": 1, "days": 1}, check=partial(moved, days=1)),
    Row(kind="lost_cursor", effect={"page": 3}, check=partial(announces, page=3)),
]
BALANCE = [
    Row(kind="stale_read", effect={"lag": LAG}, check=partial(balance_of_then, day=THEN)),
    Row(
        kind="stale_read",
        effect={"lag": LAG, "lie": True},
        check=partial(balance_of_then, day=TODAY),
    ),
]
ROWS = [*STATEMENT, *BALANCE]


@pytest.mark.requirement("T-26", "T-27")
@pytest.mark.parametrize("row", STATEMENT, ids=lambda row: row.name)
async def test_each_client_reads_the_statement_that_the_row_says(shared, row):
    await reads(shared, row, ask_statement)


@pytest.mark.requirement("T-26")
@pytest.mark.parametrize("row", BALANCE, ids=lambda row: row.name)
async def test_each_client_reads_the_balance_that_the_row_says(shared, row):
    await reads(shared, row, ask_balance)


async def reads(striker: Striker, row: Row, ask) -> None:
    """Under the rule the books read as the row says; after it, for every client, as ever."""
    usual = await CLIENTS["aiohttp"](await ask(striker))
    assert (usual.outcome, usual.reading) == ("200", READ)
    await strikes(striker, row, ask, usual)
    for call in CLIENTS.values():
        assert (await call(await ask(striker))).json == usual.json


@pytest.mark.parametrize("kind", ["missing_rows", "duplicate_rows", "redated_rows"])
async def test_rows_may_be_named_by_their_numbers(shared, kind):
    usual = await CLIENTS["aiohttp"](await ask_statement(shared))
    numbers = [int(rows(usual)[place]["transaction_id"][-6:]) for place in (1, 3)]
    more = {"days": 1} if kind == "redated_rows" else {}
    row = Row(kind=kind, effect={"rows": numbers, **more}, check=partial(named, kind=kind))
    await strikes(shared, row, ask_statement, usual)


async def test_no_client_gets_at_the_page_that_was_announced(shared):
    """There is no way to the rest: whoever asks on for ever finds finding C-16 (conduct)."""
    usual = await CLIENTS["aiohttp"](await ask_statement(shared))
    fault = await shared.add("lost_cursor", page=3)
    for call in CLIENTS.values():
        pages = [(await call(await ask_statement(shared))).json for _ in range(2)]
        assert pages[0] == pages[1]
        assert pages[0]["has_next"] is True
        assert len(pages[0]["transactions"]) == 3 < len(rows(usual))
    await shared.remove(fault)
