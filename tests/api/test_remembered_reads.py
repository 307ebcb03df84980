"""What is remembered of reads is read from tables that new transfer requests do not touch.

Requests are commits that do not count (``Database.transaction``), so nothing would be read again.
"""

import sqlite3
from contextlib import contextmanager

import pytest

from tests.direct import BASE, MAIN_ACCOUNT, Direct
from tests.ordering import ALL_CHECKS, UPDATE, Orders, item
from tests.support import bearer

OF_REQUESTS = {"transfer_request", "transfer_item", "transfer_act", "agenda", "idempotency"}
WRITES = (sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE)
REMEMBERED = {
    "token": "what the token opens",
    "access_grant": "what the token opens",
    "account": "balances, and what a request is paid from",
    "line": "statements",
    "service_contract": "what requests are held to",
    "bank_user": "who may approve",
    "remitter": "in whose name",
    "fee_schedule": "fees",
    "field_encryption": "keys of fields",
}
# The courier looks there now and then. A trigger on acts names it, for acts that are events.
FACTS = {"event_fact"}
ODD = item(2, beneficiary_branch_code="777")  # a warning


@contextmanager
def tables(connection, *actions):
    """Yield the tables that a connection does such things to; triggers count as well."""
    touched = set()

    def note(action, table, *_):
        if action in actions:
            touched.add(table)
        return sqlite3.SQLITE_OK

    connection.set_authorizer(note)
    try:
        yield touched
    finally:
        connection.set_authorizer(None)


async def read_all(orders):
    """Call whatever remembers something."""
    await orders.register(item(1))
    direct, token = orders.direct, orders.token
    assert (await direct.get(f"/accounts/{MAIN_ACCOUNT}", token))[0] == 200
    lines = await direct.get(f"/accounts/{MAIN_ACCOUNT}/transactions", token)
    assert lines[0] == 200, lines


async def order_all(orders):
    """Send requests of every kind: new, saved, replaced, and with a key."""
    await orders.register(item(1), item(3))
    saved = await orders.register(ODD, body={"warning_check_type": ALL_CHECKS})
    assert saved["result_type"] == "warning"
    again = {"temporary_transaction_id": saved["temporary_transaction_id"]}
    await orders.register(ODD, body=again)
    await orders.register(item(4), headers={"Idempotency_Key": "one"})


@pytest.mark.requirement("W-17")
async def test_new_requests_write_no_table_that_anything_remembered_is_read_from(running):
    orders = await Orders.of(Direct(running), scope=UPDATE)
    database = running.sandbox.world.database
    async with database.transaction():
        commits = database.commits  # from here on all is read anew
    with tables(database._reader.direct, sqlite3.SQLITE_READ) as read:
        await read_all(orders)
    facts = await database.fetch("SELECT * FROM event_fact")
    with tables(database._writer.direct, *WRITES) as written:
        await order_all(orders)
    assert await database.fetch("SELECT * FROM event_fact") == facts
    assert database.commits == commits + 1
    assert REMEMBERED.keys() <= read
    assert written >= OF_REQUESTS
    assert not (written & read) - FACTS, written & read


@pytest.mark.requirement("W-17")
async def test_after_a_request_nothing_that_is_remembered_is_read_again(running):
    orders = await Orders.of(Direct(running), scope=UPDATE)
    await orders.register(item(1))
    with tables(running.sandbox.world.database._reader.direct, sqlite3.SQLITE_READ) as read:
        await orders.register(item(1))
    assert not read & REMEMBERED.keys()


@pytest.mark.requirement("W-46")
async def test_a_right_that_is_taken_away_stops_the_request_after_the_last_one(running):
    direct = Direct(running)
    orders = await Orders.of(direct, scope=UPDATE)
    await orders.register(item(1))
    async with running.sandbox.world.database.transaction() as db:
        await db.execute("UPDATE bank_user SET rights = 'reference' WHERE user_code = 'Z001'")
    assert (await orders.try_register(item(1)))[0] == 403
    url = f"{running.url}{BASE}/accounts/{MAIN_ACCOUNT}"
    named = {"client_id": direct.client_id, "contractor_id": direct.contractor_id}
    async with running.http.get(url, params=named, headers=bearer(orders.token)) as answer:
        assert answer.status == 200
