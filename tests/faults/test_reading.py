"""What the books show under a rule of stage ``read`` (F-37), while the books themselves stay."""

from datetime import date, timedelta

import pytest

from tests.direct import MAIN_ACCOUNT, Direct

STATEMENT = "?date_from=2026-10-01&date_to=2026-11-16"


@pytest.fixture
async def books(striker):
    return Books(striker)


class Books:
    """taro's account, as the bank tells of it."""

    def __init__(self, striker) -> None:
        self.striker = striker
        self.path = f"/accounts/{striker.account_id}"

    async def statement(self) -> dict:
        status, body, _ = await self.striker.call(f"{self.path}/transactions{STATEMENT}")
        assert status == 200, body
        return body

    async def balance(self) -> dict:
        status, body, _ = await self.striker.call(self.path)
        assert status == 200, body
        return body


def ids(statement: dict) -> list[str]:
    return [row["transaction_id"] for row in statement["transactions"]]


@pytest.mark.parametrize(
    ("lag", "day"),
    [
        ("10d", "2026-11-06"),
        ("20d", "2026-10-27"),  # over the edge of a month
        ("9h59m59s", "2026-11-16"),  # just after the closing run of the day
        ("10h1s", "2026-11-15"),
    ],
)
async def test_the_balances_of_the_day_and_the_month_before_are_as_old_as_the_books(
    books, lag, day
):
    _, whole, _ = await books.striker.call(
        f"{books.path}/transactions?date_from=2026-09-01&date_to={day}"
    )

    def before(edge):
        rows = [row for row in whole["transactions"] if row["transaction_date"] < edge]
        return rows[-1]["balance"]

    await books.striker.add("stale_read", lag=lag)
    stale = await books.balance()
    assert stale["base_date"] == day
    assert stale["previous_day_balance"] == before(day)
    assert stale["previous_month_balance"] == before(f"{day[:8]}01")


@pytest.mark.requirement("T-26")
async def test_stale_books_are_of_some_time_ago_and_say_so_unless_they_lie(books):
    now, balance = await books.statement(), await books.balance()
    await books.striker.add("stale_read", lag="10d")
    stale, old_balance = await books.statement(), await books.balance()
    assert stale["base_date"] == old_balance["base_date"] == "2026-11-06"
    known = [row for row in now["transactions"] if row["transaction_date"] <= "2026-11-06"]
    later = [row for row in now["transactions"] if row["transaction_date"] > "2026-11-06"]
    assert later, "something happened since"
    assert set(ids(stale)) <= set(ids(now))
    assert stale["transactions"] == known
    assert old_balance["current_balance"] == known[-1]["balance"]
    await books.striker.clear()
    await books.striker.add("stale_read", lag="10d", lie=True)
    lie = await books.balance()
    assert (lie["base_date"], lie["current_balance"]) == (
        "2026-11-16",
        old_balance["current_balance"],
    )
    await books.striker.clear()
    assert await books.balance() == balance


@pytest.mark.requirement("T-27")
async def test_late_rows_come_after_the_balance(books):
    now, balance = await books.statement(), await books.balance()
    await books.striker.add("late_rows", lag="10d")
    late = await books.statement()
    assert await books.balance() == balance
    assert late["transactions"] == [
        row for row in now["transactions"] if row["transaction_date"] <= "2026-11-06"
    ]
    await books.striker.running.advance("20m")
    assert len(ids(await books.statement())) == len(ids(late))


@pytest.mark.requirement("T-27")
async def test_rows_are_missing_twice_or_dated_otherwise(books):
    now = await books.statement()
    seqs = [int(each[-6:]) for each in ids(now)]
    chosen = [seqs[1], seqs[3]]
    await books.striker.add("missing_rows", {"times": 1}, rows=chosen)
    missing = await books.statement()
    assert ids(missing) == [each for n, each in enumerate(ids(now)) if n not in (1, 3)]
    assert missing["count"] == now["count"] - 2
    await books.striker.add("duplicate_rows", {"times": 1}, last=2)
    twice = await books.statement()
    assert twice["transactions"][-4:] == [row for row in now["transactions"][-2:] for _ in range(2)]
    assert twice["count"] == now["count"] + 2
    await books.striker.add("redated_rows", {"times": 1}, last=1, days=-3)
    moved = (await books.statement())["transactions"][-1]
    was = now["transactions"][-1]
    day = date.fromisoformat(was["transaction_date"]) - timedelta(days=3)
    assert moved["transaction_date"] == day.isoformat()
    assert (moved["amount"], moved["balance"]) == (was["amount"], was["balance"])
    assert await books.statement() == now


async def test_a_lost_cursor_announces_more_and_gives_no_way_there(books):
    now = await books.statement()
    await books.striker.add("lost_cursor", page=3)
    cut = await books.statement()
    assert (ids(cut), cut["count"], cut["has_next"]) == (ids(now)[:3], 3, True)
    assert now["has_next"] is False


async def test_whoever_follows_a_lost_page_key_is_refused_and_begins_anew(books):
    await books.striker.add("lost_cursor", page=3, key="next_key")
    cut = await books.statement()
    assert len(cut["next_key"]) == 20
    assert (await books.statement())["next_key"] == cut["next_key"]
    call = books.striker.call
    status, body, headers = await call(
        f"{books.path}/transactions{STATEMENT}&next_key={cut['next_key']}"
    )
    assert (status, body["error_code"]) == (400, "invalid_parameter")
    assert "X-Sandbox-Fault" in headers
    (entry,) = [each for each in await books.striker.journal() if each.get("status") == 400]
    assert (entry["error_code"], entry["operation"]) == ("invalid_parameter", "list_transactions")
    assert (await call(f"{books.path}/transactions{STATEMENT}"))[1]["has_next"] is True
    assert (await call(f"{books.path}/transactions{STATEMENT}&other={cut['next_key']}"))[0] == 200


async def test_a_page_key_opens_nothing_to_whoever_may_not_look(books):
    await books.striker.add("lost_cursor", key="next_key")
    books.striker.token = "no-such-token"
    assert (await books.striker.call(f"{books.path}/transactions{STATEMENT}&next_key=x"))[0] == 401


async def test_without_a_rule_a_page_key_is_nothing(books):
    assert "next_key" not in await books.statement()
    assert (await books.striker.call(f"{books.path}/transactions{STATEMENT}&next_key=x"))[0] == 200


async def test_a_page_key_has_a_name_that_a_query_can_have(books):
    for name in ("", "1x", "a b", "x" * 33, "日"):
        body = {"effect": {"kind": "lost_cursor", "key": name}}
        async with books.striker.running.http.post(books.striker.rules, json=body) as answer:
            assert answer.status == 422, name
    assert await books.striker.add("lost_cursor", key="x" * 32)


@pytest.mark.parametrize(
    ("kind", "effect"),
    [
        ("late_rows", {"lag": "1d"}),
        ("missing_rows", {"last": 1}),
        ("lost_cursor", {}),
    ],
)
async def test_only_calls_that_show_such_books_count(books, kind, effect):
    fault = await books.striker.add(kind, **effect)
    await books.striker.statuses(2)
    await books.balance()
    assert (await books.striker.show(fault))["seen"] == 0
    await books.statement()
    assert (await books.striker.show(fault))["struck"] == 1


async def test_the_journal_names_the_rule_that_changed_what_was_read(books):
    fault = await books.striker.add("stale_read", lag="1d")
    await books.balance()
    await books.statement()
    found = [entry["operation"] for entry in await books.striker.journal() if entry.get("fault")]
    assert found == ["show_balance", "list_transactions"]
    assert (await books.striker.show(fault))["struck"] == 2


async def test_the_books_of_the_other_bank_are_struck_alike(striker):
    direct = Direct(striker.running)
    token = (await direct.log_in("shoji_maker"))["access_token"]
    path, days = f"/accounts/{MAIN_ACCOUNT}", {"date_from": "2026-10-01", "date_to": "2026-11-16"}

    async def read(tail="", **query) -> dict:
        status, body, _ = await direct.get(f"{path}{tail}", token, **query)
        assert status == 200, body
        return body

    now, rows = await read(), await read("/transactions", **days)
    await striker.add("stale_read", lag="30d")
    assert (await read())["base_date"] == "2026-10-17" != now["base_date"]
    stale = await read("/transactions", **days)
    assert 0 < stale["count"] < rows["count"]
    await striker.clear()
    await striker.add("missing_rows", last=1)
    assert (await read("/transactions", **days))["count"] == rows["count"] - 1
