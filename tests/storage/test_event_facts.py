"""Facts are written with the change itself, whoever makes it, and are lost with it alone."""

import pytest

from sandbox.services import events as event_service
from sandbox.services.event_facts import TELLERS
from sandbox.services.events import AT_ONCE, BATCH, gather
from sandbox.storage import events
from sandbox.storage.schema import expected_schema
from tests.acting import sent
from tests.support import AGGREGATOR

GRANT = (
    "INSERT INTO access_grant (grant_id, bank, client_id, contractor_id, credential_id, scope, "
    "functions, terms_version, granted_at, present_at, expires_at, authenticated_at) "
    "SELECT $1, bank, client_id, contractor_id, credential_id, scope, functions, terms_version, "
    "granted_at, present_at, $2, authenticated_at FROM access_grant LIMIT 1"
)


@pytest.fixture
async def world(running):
    await running.log_in()
    found = running.sandbox.world
    await gather(found)
    return found


async def facts(world, until=2**62):
    return [
        (each.source, each.subject) for each in await events.list_facts(world.database, until, 999)
    ]


async def count(world, table):
    return (await world.database.fetchrow(f"SELECT COUNT(*) FROM {table}"))[0]


async def make(world, number, *, expires_at):
    async with world.database.transaction(counts=False) as db:
        for each in range(number):
            await db.execute(GRANT, f"made-{each:05}", expires_at)


async def test_a_change_that_is_taken_back_tells_nothing(world):
    before = await facts(world)

    async def fail():
        async with world.database.transaction() as db:
            await db.execute("UPDATE access_grant SET ended_at = $1, end_reason = 'x'", world.now())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert await facts(world) == before
    assert await count(world, "event") == 0


async def test_the_event_is_committed_with_the_change(world):
    """Read by another connection the very moment that the transaction is over."""
    async with world.database.transaction() as db:
        await db.execute("UPDATE access_grant SET ended_at = $1, end_reason = 'x'", world.now())
        assert await count(world, "event") == 0  # nobody sees it before
    row = await world.database.fetchrow("SELECT type, occurred_at FROM event")
    assert row == ("grant.revoked", world.now())


async def test_an_end_that_is_written_twice_is_told_once(world):
    for _ in range(2):
        async with world.database.transaction() as db:
            await db.execute("UPDATE access_grant SET ended_at = $1, end_reason = 'x'", world.now())
    await gather(world)
    assert await count(world, "event") == 1


async def test_a_fact_that_was_overtaken_is_dropped(world):
    """A revocation with a lag, and then one at once: the later moment is no news any more."""
    end = "UPDATE access_grant SET ended_at = $1, end_reason = 'x'"
    async with world.database.transaction() as db:
        await db.execute(end, world.now() + 5_000)
    async with world.database.transaction() as db:
        await db.execute(end, world.now())
    world.clock.set(world.clock.state.__class__(mode="frozen", at=world.now() + 9_000, anchor=0))
    await gather(world)
    assert await count(world, "event") == 1


async def test_a_storm_is_gathered_in_parts_and_in_order(world, running):
    """More than goes into one transaction: the rest follows, and nothing is told twice."""
    much = AT_ONCE + BATCH + 7
    await make(world, much, expires_at=world.now() + 10**9)
    async with world.database.transaction() as db:
        await db.execute(
            "UPDATE access_grant SET ended_at = $1, end_reason = 'x' WHERE grant_id LIKE 'made-%'",
            world.now(),
        )
    assert AT_ONCE <= await count(world, "event") < much
    await gather(world)
    rows = await world.database.fetch("SELECT data FROM event ORDER BY number")
    assert len(rows) == much
    named = [row[0].partition("made-")[2][:5] for row in rows]
    assert named == sorted(named)


async def test_no_more_events_are_kept_than_the_limit_says(world, monkeypatch):
    monkeypatch.setattr(event_service, "MOST_EVENTS", 5)
    await make(world, 8, expires_at=world.now())
    await gather(world)
    rows = await world.database.fetch("SELECT number FROM event ORDER BY number")
    assert [row[0] for row in rows] == [4, 5, 6, 7, 8]


async def test_trouble_with_events_is_no_trouble_of_the_bank(world, running, monkeypatch, caplog):
    """The change is committed, its fact stays, and is told once the trouble is over."""

    async def broken(*_args):
        raise RuntimeError("no event can be made")

    sound = dict(TELLERS)
    monkeypatch.setitem(TELLERS, "grant", broken)
    status, told = await sent(running, "POST", "/bank/tomato/revoke", client_id=AGGREGATOR)
    assert (status, told) == (200, {"ended": 1})
    assert await count(world, "event") == 0
    assert "cannot be gathered yet" in caplog.text
    monkeypatch.setitem(TELLERS, "grant", sound["grant"])
    await gather(world)
    assert await count(world, "event") == 1


def test_every_trigger_writes_a_source_that_somebody_tells():
    texts = [text for kind, _, text in expected_schema() if kind == "trigger"]
    named = {
        word.strip("',") for text in texts for word in text.split() if word.strip("',") in TELLERS
    }
    assert named == set(TELLERS)
