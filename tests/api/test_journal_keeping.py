"""How long the journal keeps what: bounds, filters, restarts, snapshots, resets."""

import asyncio

import pytest

from sandbox.storage import journal as rows
from tests.journals import call_often, empty, entries, har, page
from tests.support import AGGREGATOR, MANUAL, NOW, run_sandbox

OPERATIONS = {"list_accounts", "show_balance", "list_transactions"}


def ids(found):
    return [entry["id"] for entry in found]


async def some_calls(running):
    """Make calls of two clients, two personas, two days; return how many."""
    for client, persona in ((AGGREGATOR, "taro"), (MANUAL, "shoji")):
        token = (await running.log_in(persona, client_id=client))["access_token"]
        for account_id in await running.account_ids(token):
            await running.get(f"/accounts/{account_id}", token)
            await running.get(f"/accounts/{account_id}/transactions?date_from=x", token)
        await running.advance("1d")
        await running.get("/accounts", token)
    return len(await entries(running, limit=1000))


async def test_every_filter_shows_exactly_what_has_it(running):
    assert await some_calls(running) >= 12
    everything = await entries(running, limit=1000)
    names = ("bank", "operation", "client_id", "persona", "contractor_id", "grant_id", "status")
    for name in (*names, "error_code", "reason"):
        values = {entry[name] for entry in everything if name in entry}
        assert len(values) >= (1 if name in ("bank", "error_code", "reason") else 2), name
        for value in values:
            found = await entries(running, limit=1000, **{name: value})
            assert found == [entry for entry in everything if entry.get(name) == value]
        assert await entries(running, **{name: 999 if name == "status" else "nothing"}) == []
    both = await entries(running, persona="taro", operation="show_balance")
    assert both == [
        e for e in everything if (e.get("persona"), e["operation"]) == ("taro", "show_balance")
    ]


async def test_since_and_until_are_world_time(running):
    await some_calls(running)
    everything = await entries(running, limit=1000)
    next_day = "2026-11-17T10:00:00+09:00"
    assert {e["at"] for e in everything} == {NOW, next_day, "2026-11-18T10:00:00+09:00"}
    for since, until in ((next_day, None), (None, next_day), (next_day, "2026-11-18T00:00")):
        query = {n: v for n, v in (("since", since), ("until", until)) if v is not None}
        found = await entries(running, limit=1000, **query)
        within = [
            e for e in everything if (since or "") <= e["at"] and (not until or e["at"] < until)
        ]
        assert found == within
        assert 0 < len(found) < len(everything)


async def test_pages_follow_on_without_a_gap_or_an_overlap(running):
    total = await some_calls(running)
    everything = await entries(running, limit=1000)
    for limit in (1, 3, total, total + 1):
        walked, after = [], "0"
        while after is not None:
            found = await page(running, limit=limit, after=after)
            assert len(found["journal"]) <= limit
            walked += found["journal"]
            after = found.get("next")
        assert walked == everything
    assert await entries(running, last=4) == everything[-4:]
    assert await entries(running, last=1000) == everything
    shown = [e for e in everything if e["operation"] == "show_balance"]
    assert await entries(running, last=2, operation="show_balance") == shown[-2:]


async def test_a_call_is_there_as_soon_as_it_is_answered(running):
    for number in range(1, 6):
        await running.get("/accounts")
        assert len(await entries(running)) == number


@pytest.mark.parametrize("made", [4, 5, 6, 12])
async def test_beyond_its_size_the_oldest_go_and_are_counted(tmp_path, template, made):
    async with run_sandbox(tmp_path, template=template, journal_rows="5") as running:
        for number in range(made):
            await running.get(f"/accounts/{number}")
            if number % 3 == 0:
                await page(running)  # blocks of one to three entries
        found = await page(running)
        kept = min(made, 5)
        assert found["dropped"] == made - kept
        assert [e["path"][-2:].strip("/") for e in found["journal"]] == [
            str(number) for number in range(made - kept, made)
        ]
        assert ids(found["journal"]) == list(range(made - kept + 1, made + 1))
        assert ids(await entries(running, last=3)) == ids(found["journal"])[-3:]
        kept_ids = await running.sandbox.world.database.fetch("SELECT id FROM journal_entry")
        assert [row[0] for row in kept_ids] == ids(found["journal"])


async def test_ten_thousand_calls_fill_it_and_the_next_one_drops_the_first(running):
    token = (await running.log_in("taro"))["access_token"]
    await empty(running)
    assert await call_often(running, "/accounts", token, 10_000) == 10_000
    full = await page(running, limit=1)
    assert full["dropped"] == 0
    (first,) = full["journal"]
    assert await call_often(running, "/accounts", token, 1) == 1
    assert (await page(running, limit=1))["dropped"] == 1
    assert ids(await entries(running, limit=1)) == [first["id"] + 1]
    walked, after = [], 0
    while found := await entries(running, limit=1000, after=after):
        walked += ids(found)
        after = walked[-1]
    assert walked == list(range(first["id"] + 1, first["id"] + 10_001))
    assert len((await har(running))["entries"]) == 10_000
    blocks = await running.sandbox.world.database.fetch("SELECT count(*) FROM journal")
    assert blocks[0][0] < 1_000


async def test_large_bodies_are_cut_where_they_come_in(tmp_path, template):
    async with run_sandbox(tmp_path, template=template, journal_body_bytes="64") as running:
        await running.token(grant_type="x", padding="y" * 10_000)
        async with running.http.get(f"{running.url}/tomato/openapi.json") as answer:
            size = len(await answer.read())
        token, document = await entries(running)
    assert token["request_body"] == ("grant_type=x&padding=" + "y" * 10_000)[:64]
    assert token["request_bytes"] == 10_021
    assert 40 < len(document["response_body"]) < 64  # bytes, and some are Japanese
    assert document["response_bytes"] == size > 4096


async def test_it_outlives_the_process_and_its_numbers_go_on(tmp_path, template):
    async with run_sandbox(tmp_path, template=template) as running:
        await running.get("/accounts")
        await running.get("/nothing")  # still in memory when the server stops
    async with run_sandbox(tmp_path) as running:
        await running.get("/accounts")
        assert [e["status"] for e in await entries(running)] == [401, 404, 401]
        assert ids(await entries(running)) == [1, 2, 3]
        await empty(running)
        assert await page(running) == {"journal": [], "dropped": 0}
    async with run_sandbox(tmp_path) as running:
        await running.get("/accounts")
        assert ids(await entries(running)) == [4]


async def post(running, path, body):
    async with running.http.post(f"{running.control}{path}", json=body) as answer:
        assert answer.status == 200, await answer.text()


async def test_a_snapshot_has_the_journal_and_no_number_comes_twice(running):
    await running.get("/accounts")
    await post(running, "/snapshots", {"name": "a"})
    await running.get("/nothing")
    assert ids(await entries(running)) == [1, 2]
    await post(running, "/snapshots/a/restore", {})
    assert [e["status"] for e in await entries(running)] == [401]
    await running.get("/nothing")
    assert ids(await entries(running)) == [1, 3]
    assert ids(await entries(running, after=1)) == [3]
    assert ids(await entries(running, last=1)) == [3]


@pytest.mark.parametrize("what", ["data", "tokens", "clock", "journal", "all"])
async def test_a_reset_of_anything_else_leaves_the_journal(running, what):
    token = (await running.log_in("taro"))["access_token"]
    await running.get("/accounts", token)
    before = await entries(running)
    await post(running, "/reset", {"what": what})
    after = await entries(running)
    assert after == ([] if what in ("journal", "all") else before)
    status, _, _ = await running.get("/accounts", token)
    assert status == (401 if what in ("tokens", "all") else 200)
    assert (await entries(running))[-1]["id"] == before[-1]["id"] + 1


async def test_while_the_disk_is_full_the_bank_goes_on_and_the_journal_waits(
    running, monkeypatch, caplog
):
    await running.get("/accounts")

    async def fail(*_args, **_more):
        raise OSError("planted")

    with monkeypatch.context() as patch:
        patch.setattr(rows, "append", fail)
        assert await entries(running) == []
        assert (await running.get("/nothing"))[0] == 404
    assert "the journal cannot be written now" in caplog.text
    assert [e["status"] for e in await entries(running)] == [401, 404]
    assert ids(await entries(running)) == [1, 2]


async def test_a_cancelled_flush_loses_nothing(running, monkeypatch):
    journal = running.sandbox.world.journal
    await running.get("/accounts")
    await running.get("/nothing")
    append = rows.append

    async def slow(*args, **more):
        await asyncio.sleep(0.01)
        await append(*args, **more)

    monkeypatch.setattr(rows, "append", slow)
    for _ in range(3):
        flushing = asyncio.create_task(journal.flush())
        await asyncio.sleep(0.005)
        flushing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await flushing
    assert ids(await entries(running)) == [1, 2]


async def test_what_cannot_be_encoded_is_counted_as_dropped(running, monkeypatch, caplog):
    journal = running.sandbox.world.journal
    await running.get("/accounts")

    def fail(_waiting):
        raise ValueError("planted")

    with monkeypatch.context() as patch:
        patch.setattr(journal, "_block", fail)
        assert await entries(running) == []
    assert "1 entries of the journal are lost" in caplog.text
    await running.get("/nothing")
    found = await page(running)
    assert (ids(found["journal"]), found["dropped"]) == ([2], 1)


async def test_what_is_too_old_to_be_kept_is_counted_but_never_written(tmp_path, template):
    async with run_sandbox(tmp_path, template=template, journal_rows="300") as running:
        token = (await running.log_in("taro"))["access_token"]
        await empty(running)
        (before,) = await running.sandbox.world.database.fetch("SELECT last_id FROM journal_state")
        await call_often(running, "/accounts", token, 2_000)
        found = await page(running, limit=1000)
        assert found["dropped"] == 2_000 - 300
        assert ids(found["journal"]) == list(range(before[0] + 1_701, before[0] + 2_001))
