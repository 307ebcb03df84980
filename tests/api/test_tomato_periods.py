"""The period of a statement: its defaults, its edges, its limits."""

import pytest

from tests.support import run_sandbox

# Seen from 2026-11-16. Queries, then the period that the answer names.
GOOD = [
    ("", "2026-10-17", "2026-11-16"),
    ("date_from=2025-11-16&date_to=2026-11-16", "2025-11-16", "2026-11-16"),
    ("date_from=2025-11-16", "2025-11-16", "2026-11-16"),
    ("date_from=2024-02-28&date_to=2025-02-28", "2024-02-28", "2025-02-28"),
    ("date_from=2024-02-29&date_to=2025-02-28", "2024-02-29", "2025-02-28"),
    ("date_from=2023-02-28&date_to=2024-02-29", "2023-02-28", "2024-02-29"),
    ("date_from=2026-11-16", "2026-11-16", "2026-11-16"),
    ("date_from=2026-11-16&date_to=2026-11-16", "2026-11-16", "2026-11-16"),
    ("date_from=2026-11-01&date_to=2026-12-31", "2026-11-01", "2026-12-31"),
    ("date_from=2026-11-01", "2026-11-01", "2026-11-16"),
    ("date_to=2026-11-01", "2025-10-16", "2026-11-01"),
    ("date_to=2020-01-01", "2020-01-01", "2020-01-01"),
    ("date_from=0001-01-01&date_to=0001-12-31", "0001-01-01", "0001-12-31"),
    ("date_to=9999-12-31", "2025-10-16", "9999-12-31"),
    ("date_from=&date_to=", "2026-10-17", "2026-11-16"),
    ("page=2&sort=x", "2026-10-17", "2026-11-16"),
]
BAD = [
    ("date_from=2025-11-15&date_to=2026-11-16", "period_out_of_range"),
    ("date_from=2025-11-15", "period_out_of_range"),
    ("date_from=2024-02-27&date_to=2025-02-28", "period_out_of_range"),
    ("date_from=2026-11-01&date_to=2027-11-02", "period_out_of_range"),
    ("date_from=0001-01-01", "period_out_of_range"),
    ("date_from=2026-11-17", "invalid_period"),
    ("date_from=2026-11-17&date_to=2026-11-18", "invalid_period"),
    ("date_from=2026-11-16&date_to=2026-11-15", "invalid_period"),
    ("date_from=9999-12-31", "invalid_period"),
    ("date_from=2026-02-30", "invalid_parameter"),
    ("date_from=2026-02-29", "invalid_parameter"),
    ("date_from=0000-01-01", "invalid_parameter"),
    ("date_to=0000-12-31", "invalid_parameter"),
    ("date_from=20261101", "invalid_parameter"),
    ("date_from=2026-11-1", "invalid_parameter"),
    ("date_from=2026-11-01T00:00:00", "invalid_parameter"),
    ("date_from=2026-11-01%0A", "invalid_parameter"),
    ("date_from=%EF%BC%92026-11-01", "invalid_parameter"),
    ("date_from=%FF", "invalid_parameter"),
    ("date_from=today", "invalid_parameter"),
    ("date_from=2026-11-01&date_from=2026-11-01", "invalid_parameter"),
    ("%FF=1&%FF=2", "invalid_parameter"),
    ("x=1&" * 65, "invalid_parameter"),
]


async def statement(running, token, account_id, query=""):
    return await running.get(f"/accounts/{account_id}/transactions?{query}", token)


async def logged_in(running, persona="taro"):
    token = (await running.log_in(persona))["access_token"]
    account_id, *_ = await running.account_ids(token)
    return token, account_id


async def test_good_periods_are_answered_with_the_days_that_were_read(running):
    token, account_id = await logged_in(running)
    for query, first, last in GOOD:
        status, body, _ = await statement(running, token, account_id, query)
        assert status == 200, (query, body)
        assert (body["date_from"], body["date_to"]) == (first, last), query
        days = [row["transaction_date"] for row in body["transactions"]]
        assert all(first <= day <= last for day in days)
        assert body["count"] == len(days)
        assert body["has_next"] is False


async def test_bad_periods_are_refused_each_with_its_code(running):
    token, account_id = await logged_in(running)
    for query, code in BAD:
        status, body, _ = await statement(running, token, account_id, query)
        assert (status, body["error_code"]) == (400, code), query


async def test_a_bad_date_is_named_in_the_details(running):
    token, account_id = await logged_in(running)
    for day in ("2026-13-01", "0000-01-01", "x"):
        query = f"date_from={day}&date_to={day}"
        _, body, _ = await statement(running, token, account_id, query)
        assert {detail["field"] for detail in body["error_details"]} == {"date_from", "date_to"} - (
            {"date_to"} if day.startswith("0000") else set()
        )


async def test_a_period_cuts_whole_days_out_of_the_same_rows(running):
    token, account_id = await logged_in(running)
    _, whole, _ = await statement(running, token, account_id, "date_from=2026-01-01")
    rows = whole["transactions"]
    days = sorted({row["transaction_date"] for row in rows})
    assert len(days) > 10
    for first, last in [(days[3], days[7]), (days[5], days[5]), (days[0], days[-1])]:
        query = f"date_from={first}&date_to={last}"
        _, part, _ = await statement(running, token, account_id, query)
        assert part["transactions"] == [
            row for row in rows if first <= row["transaction_date"] <= last
        ]


@pytest.mark.requirement("T-24")
async def test_rows_older_than_the_look_back_are_simply_absent(tmp_path, template):
    queries = "date_from=2026-06-01&date_to=2026-11-16", "date_to=2026-11-16"
    found = {}
    for months in ("13", "2"):
        directory = tmp_path / months
        directory.mkdir()
        async with run_sandbox(
            directory, template=template, tomato_look_back_months=months
        ) as running:
            token, account_id = await logged_in(running)
            found[months] = [
                (await statement(running, token, account_id, query))[1] for query in queries
            ]
    for long, short in zip(found["13"], found["2"], strict=True):
        recent = [r for r in long["transactions"] if r["transaction_date"] >= "2026-09-16"]
        assert short["transactions"] == recent
        assert 0 < len(recent) < long["count"]
    assert found["2"][0]["date_from"] == "2026-06-01"
    assert found["2"][1]["date_from"] == "2026-09-16"


async def test_a_year_of_a_heavy_account_is_too_much_and_a_short_period_is_not(running):
    token, account_id = await logged_in(running, "heavy")
    status, body, _ = await statement(running, token, account_id, "date_from=2025-11-16")
    assert (status, body["error_code"]) == (400, "too_many_items")
    query = "date_from=2026-10-25&date_to=2026-10-25"
    status, body, _ = await statement(running, token, account_id, query)
    assert status == 200
    assert 300 < body["count"] <= 9_999
    status, body, _ = await statement(running, token, account_id, "date_from=2026-10-20")
    assert status == 200
    assert 5_000 < body["count"] <= 9_999


async def test_exactly_the_most_items_are_answered_and_one_more_is_not(tmp_path, template):
    query = "date_from=2026-06-01"
    (tmp_path / "count").mkdir()
    async with run_sandbox(tmp_path / "count", template=template) as running:
        token, account_id = await logged_in(running)
        count = (await statement(running, token, account_id, query))[1]["count"]
    for most, status in ((count, 200), (count - 1, 400)):
        (tmp_path / str(most)).mkdir()
        async with run_sandbox(
            tmp_path / str(most), template=template, tomato_most_items=str(most)
        ) as running:
            token, account_id = await logged_in(running)
            found, body, _ = await statement(running, token, account_id, query)
            assert found == status
            assert body.get("count", count - 1) == (count if status == 200 else count - 1)


async def test_an_empty_account_has_an_empty_list(running):
    token, account_id = await logged_in(running, "empty")
    status, body, _ = await statement(running, token, account_id)
    assert (status, body["count"], body["transactions"]) == (200, 0, [])
