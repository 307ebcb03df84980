"""At the end, and again after a restart: is everything there that was acknowledged?"""

import sqlite3
from contextlib import closing
from datetime import date, datetime, time, timedelta, timezone
from itertools import chain
from pathlib import Path
from typing import Any

from sandbox.domain.secrets import token_hash
from tests.bench.soak.consents import Consents
from tests.bench.soak.door import SECOND, Answer, Door
from tests.bench.soak.operator import ABSTRACT, seconds_of
from tests.bench.soak.record import Order, Record, Span

TOKYO = timezone(timedelta(hours=9))
SETTLEMENT = time(8, tzinfo=TOKYO)
UNBALANCED = (
    "SELECT posting_id FROM (SELECT posting_id, amount_yen FROM line "
    "UNION ALL SELECT posting_id, amount_yen FROM contra) "
    "GROUP BY posting_id HAVING SUM(amount_yen) <> 0"
)
ASTRAY = (
    "SELECT a.account FROM account a LEFT JOIN line l ON l.account = a.account "
    "GROUP BY a.account HAVING a.balance_yen <> COALESCE(SUM(l.amount_yen), 0)"
)


async def check_server(door: Door, record: Record) -> int:
    """Ask the running server; return how many things were checked. What is wrong is recorded."""
    clock = await door.control("GET", "/default/clock")
    door.now = seconds_of(clock.body["now"])
    consents = Consents(door, record)
    for grant in record.grants:
        await consents.check(grant)
    for order in record.orders:
        path = f"/default/transfers/{order.transaction_id}"
        answer = await door.control("GET", path)
        record_order(record, order, answer, Span(door.now, door.now + 2 * SECOND))
    listed = await door.control("GET", "")
    names = {world["name"] for world in listed.body["worlds"]}
    if missing := record.worlds - names:
        record.complain(f"worlds that are gone: {missing}")
    return len(record.grants) + len(record.orders) + len(record.worlds)


def record_order(record: Record, order: Order, answer: Answer, now: Span) -> None:
    """Compare a transfer as the ledger holds it with what was acknowledged."""
    if answer.status != 200:
        record.complain(f"{order} is gone: {answer}")
        return
    found = answer.body["transfer"]
    sums = found["total_yen"], found["item_count"]
    if sums != (order.total_yen, order.item_count) or found["status"] not in order.statuses(
        turns(order, found), now
    ):
        record.complain(f"{order} is {found}")


def turns(order: Order, found: dict[str, Any]) -> Span:
    """Return when the clock changes the request by itself."""
    at = seconds_of(found["cut_off_at"])
    if order.stage == "approved":
        day = date.fromisoformat(found["designated_on"])
        at = datetime.combine(day, SETTLEMENT).timestamp()
    return Span(at, at)


def check_books(path: Path, record: Record) -> None:
    """The closed file alone: whole, adding up to the last yen, with all that was handed out."""
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as sql:

        def rows(statement: str) -> list[Any]:
            return sql.execute(statement).fetchall()

        for what, found, right in (
            ("integrity", rows("PRAGMA integrity_check"), [("ok",)]),
            ("foreign keys", rows("PRAGMA foreign_key_check"), []),
            ("postings that do not add up", rows(UNBALANCED), []),
            ("balances that are not their lines", rows(ASTRAY), []),
        ):
            if found != right:
                record.complain(f"{path.name}: {what}: {found[:5]}")


def check_rows(path: Path, record: Record) -> None:
    """Every token that was handed out, every deposit, every settled request has its row."""
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as sql:
        kept = {row[0] for row in sql.execute("SELECT token_hash FROM token")}
        deposits = "SELECT amount_yen FROM line WHERE abstract = ? ORDER BY booked_at, seq"
        paid_in = [row[0] for row in sql.execute(deposits, (ABSTRACT,))]
        wrong = sql.execute(
            "SELECT r.request FROM transfer_request r JOIN transfer_item i "
            "ON i.request = r.request WHERE r.status = 'settled' "
            "GROUP BY r.request HAVING SUM(i.amount_yen) <> r.total_yen OR SUM(i.status = 'paid') "
            "<> r.item_count"
        ).fetchall()
    handed_out = chain.from_iterable(
        (grant.access, grant.refresh, *(grant.replaced or ())) for grant in record.grants
    )
    if lost := sum(token_hash(token) not in kept for token in handed_out):
        record.complain(f"{lost} tokens have no row")
    if paid_in != record.deposits_yen:
        record.complain(f"{len(paid_in)} deposits, {len(record.deposits_yen)} acknowledged")
    if wrong:
        record.complain(f"settled, but not all paid: {wrong[:5]}")
