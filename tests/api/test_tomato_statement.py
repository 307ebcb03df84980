"""What stands in a statement, and how the balances beside it follow from it."""

from collections import Counter
from itertools import pairwise

import pytest

from sandbox.services import accounts
from tests.support import run_sandbox

YEAR = "date_from=2025-11-16&date_to=2026-11-16"
PERSONAS = ["taro", "hanako", "shoji", "oddname", "longname", "soleprop", "restless", "empty"]


async def logged_in(running, persona="taro"):
    token = (await running.log_in(persona))["access_token"]
    return token, await running.account_ids(token)


async def rows_of(running, token, account_id, query=YEAR):
    status, body, _ = await running.get(f"/accounts/{account_id}/transactions?{query}", token)
    assert status == 200, body
    return body["transactions"]


async def balances_of(running, token, account_id):
    status, body, _ = await running.get(f"/accounts/{account_id}", token)
    assert status == 200, body
    return body


def last_balance(rows, before="9999"):
    """Return the balance after the last row of a day before ``before``; 0 where there is none."""
    found = [
        row["balance"] for row in rows if "balance" in row and row["transaction_date"] < before
    ]
    return found[-1] if found else 0


@pytest.mark.parametrize("persona", PERSONAS)
async def test_each_balance_is_the_one_before_and_the_amount(running, persona):
    token, account_ids = await logged_in(running, persona)
    for account_id in account_ids:
        rows = await rows_of(running, token, account_id)
        with_amounts = [row for row in rows if row["status"] != "2"]
        for before, row in pairwise(with_amounts):
            sign = 1 if row["transaction_type"] == "1" else -1
            assert row["balance"] == before["balance"] + sign * row["amount"]


@pytest.mark.parametrize("persona", PERSONAS)
async def test_the_balances_are_those_of_the_statement(running, persona):
    token, account_ids = await logged_in(running, persona)
    for account_id in account_ids:
        # The whole look-back, so that quiet accounts have a row before the month too.
        rows = await rows_of(running, token, account_id, "date_to=2026-11-16")
        balances = await balances_of(running, token, account_id)
        assert balances["current_balance"] == last_balance(rows)
        assert balances["previous_day_balance"] == last_balance(rows, "2026-11-16")
        assert balances["previous_month_balance"] == last_balance(rows, "2026-11-01")


async def test_rows_ascend_and_their_ids_are_unique_and_stable(running):
    token, (account_id,) = await logged_in(running, "restless")
    rows = await rows_of(running, token, account_id)
    ids = [row["transaction_id"] for row in rows]
    assert len(set(ids)) == len(ids)
    days = [row["transaction_date"] for row in rows]
    assert days == sorted(days)
    assert [row["transaction_id"][:8] for row in rows] == [day.replace("-", "") for day in days]
    later = await rows_of(running, token, account_id, "date_from=2026-09-01&date_to=2026-09-30")
    assert [row["transaction_id"] for row in later] == [i for i in ids if i.startswith("202609")]


async def test_a_cancelled_row_stays_and_its_opposite_follows(running):
    token, (account_id,) = await logged_in(running, "restless")
    rows = await rows_of(running, token, account_id)
    places = [place for place, row in enumerate(rows) if row["status"] == "1"]
    assert len(places) >= 11
    for place in places:
        wrong, opposite = rows[place], rows[place + 1]
        assert opposite["status"] == "0"
        assert opposite["amount"] == wrong["amount"]
        assert {wrong["transaction_type"], opposite["transaction_type"]} == {"1", "2"}
        assert opposite["balance"] == last_balance(rows[:place])


async def test_a_missing_number_keeps_its_id_and_has_no_amounts(running):
    token, (account_id,) = await logged_in(running, "restless")
    missing = [r for r in await rows_of(running, token, account_id) if r["status"] == "2"]
    assert len(missing) >= 11
    for row in missing:
        assert set(row) == {
            "transaction_id",
            "status",
            "transaction_date",
            "value_date",
            "transaction_content",
        }


@pytest.mark.requirement("T-25")
async def test_value_dates_differ_from_transaction_dates_both_ways(running):
    token, (account_id,) = await logged_in(running, "restless")
    rows = await rows_of(running, token, account_id)
    assert [r for r in rows if r["value_date"] < r["transaction_date"]]
    assert [r for r in rows if r["value_date"] > r["transaction_date"]]


async def test_one_day_has_more_than_300_rows(running):
    token, (account_id,) = await logged_in(running, "restless")
    rows = await rows_of(running, token, account_id)
    counts = Counter(row["transaction_date"] for row in rows)
    assert counts["2026-11-10"] > 300
    one_day = "date_from=2026-11-10&date_to=2026-11-10"
    assert len(await rows_of(running, token, account_id, one_day)) == counts["2026-11-10"]


async def test_texts_reach_their_full_length_and_an_abstract_may_be_empty(running):
    token, (account_id,) = await logged_in(running, "restless")
    rows = [r for r in await rows_of(running, token, account_id) if r["status"] != "2"]
    assert max(len(row["transaction_content"]) for row in rows) == 20
    assert max(len(row["abstract"]) for row in rows) == 48
    assert [row for row in rows if row["abstract"] == ""]


async def test_utilities_carry_a_customer_number_and_others_leave_the_key_out(running):
    token, (account_id,) = await logged_in(running)
    rows = await rows_of(running, token, account_id)
    assert [row for row in rows if "customer_number" in row]
    assert [row for row in rows if "customer_number" not in row]
    assert all(row.get("customer_number", "x") for row in rows)


async def test_a_new_day_adds_rows_to_the_same_statement(running):
    token, (account_id,) = await logged_in(running)
    before = await rows_of(running, token, account_id, "date_from=2026-11-01")
    await running.advance("10d")
    token, _ = await logged_in(running)
    after = await rows_of(running, token, account_id, "date_from=2026-11-01")
    assert after[: len(before)] == before
    assert [row for row in after[len(before) :] if row["transaction_date"] == "2026-11-25"]
    balances = await balances_of(running, token, account_id)
    assert balances["current_balance"] == last_balance(after)


async def closing_at_two(tmp_path, clock):
    return run_sandbox(tmp_path, clock=f"frozen:{clock}", tomato_closing_run_at="02:00", seed="1")


async def test_previous_balances_are_stale_until_the_closing_run(tmp_path):
    # taro's salary comes on the 25th, so the night after it the two balances must differ.
    async with await closing_at_two(tmp_path, "2026-11-25T01:00:00+09:00") as running:
        found = {}
        for name, by in [("25th", None), ("night", "24h"), ("almost", "59m"), ("run", "1m")]:
            if by is not None:
                await running.advance(by)
            token, (account_id,) = await logged_in(running)
            found[name] = await balances_of(running, token, account_id)
        rows = await rows_of(running, token, account_id, "date_from=2026-10-25")
        assert found["25th"]["previous_day_balance"] == last_balance(rows, "2026-11-24")
        for name in ("night", "almost"):
            assert found[name]["previous_day_balance"] == last_balance(rows, "2026-11-25")
        assert found["run"]["previous_day_balance"] == last_balance(rows, "2026-11-26")
        assert last_balance(rows, "2026-11-26") != last_balance(rows, "2026-11-25")


async def test_the_month_end_balance_waits_for_the_closing_run_too(tmp_path):
    async with await closing_at_two(tmp_path, "2026-12-01T01:00:00+09:00") as running:
        token, (account_id,) = await logged_in(running)
        rows = await rows_of(running, token, account_id, "date_from=2026-01-01")
        ends = [last_balance(rows, day) for day in ("2026-11-01", "2026-12-01")]
        assert ends[0] != ends[1]
        before = await balances_of(running, token, account_id)
        assert before["previous_month_balance"] == ends[0]
        await running.advance("1h")
        token, _ = await logged_in(running)
        after = await balances_of(running, token, account_id)
        assert after["previous_month_balance"] == ends[1]


# Statements are kept until something is written (services.accounts)


async def test_a_statement_asked_for_twice_shows_what_was_booked_in_between(running):
    token, (account_id, *_) = await logged_in(running)
    before = await rows_of(running, token, account_id)
    assert await rows_of(running, token, account_id) == before
    for _ in range(2):
        body = {"act": "post", "amount_yen": 700, "abstract": "ﾃｽﾄ"}
        path = f"{running.control}/bank/tomato/accounts/{account_id}"
        async with running.http.post(path, json=body) as answer:
            assert answer.status == 200, await answer.text()
        after = await rows_of(running, token, account_id)
        assert after[:-1] == before
        assert (after[-1]["amount"], after[-1]["abstract"]) == (700, "ﾃｽﾄ")
        before = after


async def test_a_fault_in_what_the_books_show_leaves_nothing_behind(running):
    token, (account_id, *_) = await logged_in(running)
    month = "date_from=2026-10-01&date_to=2026-10-31"  # few enough to be kept
    before = await rows_of(running, token, account_id, month)
    rule = {"stage": "read", "effect": {"kind": "duplicate_rows", "last": 3}}
    async with running.http.post(f"{running.control}/faults", json=rule) as answer:
        assert answer.status == 200, await answer.text()
        fault_id = (await answer.json())["id"]
    harmed = await rows_of(running, token, account_id, month)
    assert len(harmed) == len(before) + 3
    async with running.http.delete(f"{running.control}/faults/{fault_id}") as answer:
        assert answer.status == 200
    assert await rows_of(running, token, account_id, month) == before


@pytest.mark.parametrize("most_lines", [0, 1, 10_000])
async def test_a_statement_is_the_same_however_few_are_kept(running, monkeypatch, most_lines):
    monkeypatch.setattr(accounts, "MOST_PAGE_LINES", most_lines)
    monkeypatch.setattr(running.bank.accounts._pages, "_most", 1)
    token, account_ids = await logged_in(running, "hanako")
    first = [await rows_of(running, token, each) for each in account_ids]
    again = [await rows_of(running, token, each) for each in account_ids]
    assert first == again
    assert len(running.bank.accounts._pages._values) <= 1
