"""What the two terms of use say of failure, old data and harm, each shown once over a socket."""

import hashlib
from datetime import date
from itertools import pairwise

import pytest

from sandbox.domain.time import jst_date
from tests.acting import sent
from tests.direct import MAIN_ACCOUNT, Direct
from tests.faults.striking import PATIENCE_S, Striker, timed
from tests.faults.test_reading import Books
from tests.ordering import Orders
from tests.support import run_sandbox

LATE_MS = 300


@pytest.mark.requirement("T-26")
async def test_a_lag_shows_the_books_of_then_and_says_so(striker):
    books = Books(striker)
    yesterday = await books.balance()
    await striker.running.advance("4d")
    await striker.log_in()  # access tokens live for less
    now = await books.balance()
    await striker.add("stale_read", lag="4d")
    stale = await books.balance()
    assert stale["base_date"] == yesterday["base_date"] == "2026-11-16"
    assert stale["current_balance"] == yesterday["current_balance"] != now["current_balance"]


@pytest.mark.requirement("T-27")
async def test_the_chain_of_balances_shows_the_gap(striker):
    books = Books(striker)
    whole = (await books.statement())["transactions"]
    assert gaps(whole) == 0
    number = int(whole[2]["transaction_id"][-6:])
    await striker.add("missing_rows", rows=[number])
    assert gaps((await books.statement())["transactions"]) == 1


def gaps(rows: list[dict]) -> int:
    """Return how often a balance is not the one before, moved by the amount."""
    pairs = pairwise(rows)
    signs = {"1": 1, "2": -1}  # deposit, withdrawal
    return sum(
        new["balance"] != old["balance"] + signs[new["transaction_type"]] * new["amount"]
        for old, new in pairs
    )


@pytest.mark.requirement("T-28")
@pytest.mark.parametrize("path", ["/accounts", "/userinfo"])
async def test_any_call_may_fail_and_the_same_ones_do(tmp_path, template, path):
    found = []
    for run in ("one", "two"):
        (tmp_path / run).mkdir()
        async with run_sandbox(tmp_path / run, template=template) as running:
            striker = await Striker(running).log_in()
            await striker.add("status", {"probability": 0.1}, status=500)
            found.append([(await striker.call(path))[0] == 500 for _ in range(100)])
    assert found[0] == found[1]
    assert 2 <= sum(found[0]) <= 22


@pytest.mark.requirement("T-32")
async def test_trouble_on_the_line_is_a_broken_connection(striker):
    await striker.add("reset")
    assert await striker.seen_by_aiohttp() == "ClientOSError"
    assert await striker.seen_by_aiohttp() == "200"


@pytest.mark.requirement("W-62")
@pytest.mark.parametrize("api", ["reference", "update"])
async def test_a_call_is_answered_late_and_as_ever(striker, api):
    orders = await Orders.of(Direct(striker.running))

    async def answered() -> int:
        if api == "update":
            return (await orders.try_register())[0]
        status, _, _ = await orders.direct.get(f"/accounts/{MAIN_ACCOUNT}", orders.token)
        return status

    assert LATE_MS / 1000 < PATIENCE_S
    async with timed() as plain:
        expected = await answered()
    assert 200 <= expected < 300
    match = {"bank": "web21", "class": api}
    fault = await striker.add("fixed_delay", {"match": match}, delay_ms=LATE_MS)
    async with timed() as late:
        assert await answered() == expected
    assert late[0] >= LATE_MS / 1000 > plain[0]
    assert (await striker.show(fault))["struck"] == 1


@pytest.mark.requirement("W-63")
async def test_a_leak_leads_to_no_entry_in_the_books(tmp_path, template):
    """The same world with and without the drill holds the same postings, to its last yen."""
    found = []
    for name in ("with", "without"):
        (tmp_path / name).mkdir()
        async with run_sandbox(tmp_path / name, template=template) as running:
            if name == "with":
                await leak(running)
            await running.advance("45d")
            found.append(await digest_of_books(running))
    assert found[0] == found[1]


async def leak(running) -> None:
    """Let a contractor's tokens leak, be used, and the incident be worked off."""
    direct = Direct(running)
    token = (await direct.log_in("shoji_maker"))["access_token"]
    assert (await direct.get("/accounts", token))[0] == 200
    what = {"kind": "leak", "client_id": direct.client_id}
    status, incident = await sent(running, "POST", "/bank/web21/incidents", **what)
    assert status == 200, incident
    assert (await direct.get("/accounts", token))[0] == 401
    path = f"/bank/web21/incidents/{incident['id']}"
    for act in ({"act": "report", "text": "済み"}, {"act": "close", "outcome": "revoke"}):
        assert (await sent(running, "POST", path, **act))[0] == 200


async def digest_of_books(running) -> str:
    database, digest = running.sandbox.world.database, hashlib.sha256()
    for table in ("posting", "line", "contra"):
        rows = await database.fetch(f"SELECT * FROM {table} ORDER BY 1, 2, 3")
        assert rows, table
        digest.update(repr(rows).encode())
    assert jst_date(running.sandbox.world.now()) == date(2026, 12, 31)
    return digest.hexdigest()
