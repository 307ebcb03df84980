"""Rows of transfers, asked for at the edges of what each query promises."""

import sqlite3
from dataclasses import replace
from datetime import date

import pytest

from sandbox.domain.transfer.draft import Item
from sandbox.domain.transfer.fee import FeeBand, FeeSchedule
from sandbox.domain.transfer.window import Kind
from sandbox.storage import fees, transfer_items, transfers
from tests.transfers.world import BANK, BANK_CODE, SHOJI, draft, item, own_item

DAY_FIRST = {True: 26_111_600_000_001, False: 261_116_000_000_001}
DAY_LAST = {True: 26_111_699_999_999, False: 261_116_999_999_999}


@pytest.mark.parametrize("is_temporary", [True, False])
@pytest.mark.parametrize("taken", ["none", "first", "day before", "day after", "hole"])
async def test_the_next_number_is_above_its_days_and_no_others(small, is_temporary, taken):
    request = await small.registered(draft())
    first, last = DAY_FIRST[is_temporary], DAY_LAST[is_temporary]
    held, expected = {
        "none": (None, first),
        "first": (first, first + 1),
        "day before": (first - 2, first),
        "day after": (last + 2, first),
        "hole": (first + 41, first + 42),
    }[taken]
    name = "temporary_no" if is_temporary else "transaction_no"
    async with small.world.database.transaction() as db:
        await transfers.save(db, replace(request, **{name: held}))
        assert await transfers.next_number(db, first, is_temporary=is_temporary) == expected
        new = replace(request, transaction_no=None, temporary_no=None)
        kept = await transfers.insert(db, new, first, is_temporary=is_temporary)
        assert getattr(kept, name) == expected
        assert kept == await transfers.find(db, kept.request)
        assert kept.request != request.request


@pytest.mark.parametrize("name", ["temporary_no", "transaction_no"])
async def test_no_number_is_given_twice(small, name):
    requests = [await small.registered(draft()) for _ in range(2)]
    first, second = (replace(each, **{name: 7}) for each in requests)
    async with small.world.database.transaction() as db:
        await transfers.save(db, first)
        with pytest.raises(sqlite3.IntegrityError, match="UNIQUE"):
            await transfers.save(db, second)


@pytest.mark.parametrize("name", ["temporary_no", "transaction_no"])
async def test_a_request_is_found_by_its_number_without_looking_at_others(small, name):
    plan = await small.world.database.fetch(
        f"EXPLAIN QUERY PLAN SELECT * FROM transfer_request WHERE {name} = 7"
    )
    assert [row[-1].startswith("SEARCH") and name in row[-1] for row in plan] == [True]


async def test_acts_are_numbered_from_one_on_for_each_request(small):
    requests = [await small.registered(draft()) for _ in range(2)]
    await small.approve(requests[1])
    rows = await small.world.database.fetch(
        "SELECT request, number, event FROM transfer_act ORDER BY request, number"
    )
    first, second = (each.request for each in requests)
    assert rows == [(first, 1, "register"), (second, 1, "register"), (second, 2, "approve")]


async def test_a_request_is_written_with_plain_values(small):
    kept = {"remitter_name": "ｻﾝﾌﾟﾙ", "sent_file": {"lines": ["\x7f", "\u2028", "Ä"]}}
    request = replace(await small.registered(draft()), kept=kept, approved_by=("Z101", "Z102"))
    async with small.world.database.transaction() as db:
        await transfers.save(db, request)
        row = await db.fetchrow(
            "SELECT kind, status, designated_on, pattern, approved_by, beneficiary_pays, kept "
            "FROM transfer_request"
        )
        assert row == (
            "bulk",
            "awaiting_approval",
            "2026-11-20",
            "single_approval",
            "Z101 Z102",
            0,
            '{"remitter_name":"ｻﾝﾌﾟﾙ","sent_file":{"lines":["\x7f","\u2028","Ä"]}}',
        )
        assert (await transfers.find(db, request.request)).kept == kept


@pytest.mark.parametrize(
    ("start", "end", "is_listed"), [(0, 1, True), (1, 2, False), (-1, 0, False), (-1, 1, True)]
)
async def test_a_list_takes_the_first_instant_and_leaves_the_last(small, start, end, is_listed):
    request = await small.registered(draft())
    found = await transfers.list_operated(
        small.world.database,
        SHOJI,
        [Kind.BULK],
        start=small.now + start,
        end=small.now + end,
        limit=1,
    )
    assert found == ([request] if is_listed else [])


async def test_a_request_is_read_as_it_was_written(small):
    request = await small.registered(draft(item(1), approval_pattern_type="double_approval"))
    changed = replace(request, approved_by=("Z101", "Z102"), reason="why", fees_yen=7)
    async with small.world.database.transaction() as db:
        await transfers.save(db, changed)
        assert await transfers.find(db, request.request) == changed
        assert await transfers.find(db, 99) is None


@pytest.mark.parametrize(
    "changes", [{"total_yen": 0}, {"item_count": 0}, {"account": 99}, {"contractor_id": "nobody"}]
)
async def test_the_schema_stands_behind_the_rules(small, changes):
    request = await small.registered(draft())
    with pytest.raises(sqlite3.IntegrityError):
        async with small.world.database.transaction() as db:
            await transfers.save(db, replace(request, **changes))


def test_an_item_without_more_takes_no_room_for_it():
    plain, full = item(1), item(2, edi_xml=("<a>",), dummy=" ")
    rows = transfer_items.rows_of([plain, full])
    assert [row[0] for row in rows] == [1, 2]
    assert [row[-1] for row in rows] == ["{}", '{"edi_xml":["<a>"],"dummy":" "}']


@pytest.mark.parametrize("count", [1, 1_999, 2_000, 2_001])
async def test_items_are_written_in_batches_and_none_is_lost(small, count):
    rows = transfer_items.rows_of(item(n) for n in range(1, count + 1))
    async with small.world.database.transaction() as db:
        await transfer_items.insert(db, 7, rows)
        found = await transfer_items.list_items(db, 7)
    assert found == [Item(*item(n)) for n in range(1, count + 1)]


async def test_items_are_added_up_by_what_they_cost(small):
    bands = (
        FeeBand(from_yen=1, own_bank_yen=0, other_bank_yen=220),
        FeeBand(from_yen=30_000, own_bank_yen=110, other_bank_yen=440),
    )
    schedule = FeeSchedule(effective_on=date(2026, 1, 1), bands=bands, contract_yen=1)
    amounts = (220, 221, 29_999, 30_000, 9_999_999_999)
    rows = transfer_items.rows_of(
        [*(item(n, yen) for n, yen in enumerate(amounts, start=1)), own_item(9, 50)]
    )
    async with small.world.database.transaction() as db:
        await transfer_items.insert(db, 7, rows)
        tallies = await transfer_items.list_tallies(db, 7, BANK_CODE, schedule)
        await fees.save_schedule(db, BANK, schedule)
        assert schedule in await fees.list_schedules(db, BANK)
    assert [tuple(tally) for tally in tallies] == [
        (False, 220, 3, 220 + 221 + 29_999, 2),
        (True, 0, 1, 50, 1),
        (False, 440, 2, 30_000 + 9_999_999_999, 2),
    ]
