"""Calls that hang: freed at once, gone with their callers, and never in the control door's way."""

import asyncio

import aiohttp
import pytest

from tests.api.test_worlds import ask
from tests.faults.striking import timed
from tests.support import bearer

SOON_S = 0.5


async def until_struck(striker, fault: str, times: int = 1) -> None:
    for _ in range(500):
        if (await striker.show(fault))["struck"] >= times:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("nobody was struck")


HANGING = [
    ("never_answer", {}, "before"),
    ("never_answer", {}, "after_commit"),
    ("wait_then_close", {"after_ms": 60_000}, "before"),
    ("wait_then_close", {"after_ms": 60_000}, "after_commit"),
    ("fixed_delay", {"delay_ms": 60_000}, "before"),
    ("fixed_delay", {"delay_ms": 60_000}, "after_commit"),
    ("slow_headers", {"pause_ms": 60_000}, "reply"),
    ("dribble", {"total_ms": 60_000}, "reply"),
    ("bandwidth", {"kb_per_s": 0.1}, "reply"),
]


@pytest.mark.parametrize(("kind", "effect", "stage"), HANGING)
@pytest.mark.parametrize("way", ["remove", "clear", "reset"])
async def test_taking_a_rule_away_frees_its_calls_at_once_with_the_true_answer(
    striker, kind, effect, stage, way
):
    fault = await striker.add(kind, {"stage": stage}, **effect)
    calls = [asyncio.create_task(striker.call()) for _ in range(3)]
    await until_struck(striker, fault, 3)
    await asyncio.sleep(0.05)
    assert not any(call.done() for call in calls)
    async with timed() as taken:
        if way == "reset":
            await ask(striker.running, "POST", "/default/reset", {"what": "faults"})
        else:
            await (striker.remove(fault) if way == "remove" else striker.clear())
        answers = await asyncio.gather(*calls)
    assert taken[0] < SOON_S
    for status, body, _ in answers:
        assert (status, len(body["accounts"])) == (200, 1)


async def test_a_rule_that_ends_by_itself_frees_its_calls_too(striker):
    await striker.add("never_answer", {"ttl": "300ms"})
    async with timed() as taken:
        assert (await striker.call())[0] == 200
    assert 0.2 < taken[0] < 2


@pytest.mark.parametrize("stage", ["before", "after_commit"])
async def test_a_caller_that_gives_up_ends_its_call_and_the_journal_has_it(striker, stage):
    fault = await striker.add("never_answer", {"stage": stage})
    assert await striker.seen_by_aiohttp() == "TimeoutError"
    await asyncio.sleep(0.3)
    assert striker.running.sandbox.world.users == 0
    (entry,) = [each for each in await striker.journal() if each.get("fault") == fault]
    assert "status" not in entry
    assert (entry["operation"], entry["client_id"]) == ("list_accounts", "sandbox-aggregator")


async def test_a_hanging_bank_door_slows_neither_the_control_door_nor_other_calls(striker):
    fault = await striker.add("never_answer", {"match": {"path": "*/accounts"}})
    calls = [asyncio.create_task(striker.call()) for _ in range(100)]
    await until_struck(striker, fault, 100)
    worst = 0.0
    for _ in range(20):
        async with timed() as taken:
            await striker.show(fault)
        worst = max(worst, taken[0])
    assert worst < 0.25
    async with timed() as taken:
        assert (await striker.call(f"/accounts/{striker.account_id}"))[0] == 200
    assert taken[0] < 0.25
    await striker.remove(fault)
    assert {status for status, _, _ in await asyncio.gather(*calls)} == {200}


async def test_no_rule_strikes_the_control_door(striker):
    await striker.add("status", status=503)
    await striker.add("refuse_connections")
    async with striker.running.http.get(f"{striker.running.control}/clock") as answer:
        assert answer.status == 200
    async with striker.running.http.get(f"{striker.running.sandbox.control_url}/readyz") as answer:
        assert answer.status == 200


async def test_a_world_is_deleted_under_calls_that_hang_in_it(striker):
    running = striker.running
    assert (await ask(running, "POST", "", {"name": "doomed"}))[0] == 200
    rule = {"effect": {"kind": "never_answer"}}
    assert (await ask(running, "POST", "/doomed/faults", rule))[0] == 200
    address = f"{running.url}/w/doomed{striker.url.removeprefix(running.url)}"
    async with aiohttp.ClientSession() as session:
        call = asyncio.create_task(session.get(address, headers=bearer("x")))
        await asyncio.sleep(0.2)
        async with timed() as taken:
            assert (await ask(running, "DELETE", "/doomed"))[0] == 200
        assert taken[0] < 2
        (await call).close()
    assert await striker.statuses(1) == [200]


async def test_a_kept_connection_does_not_escape_a_rule(striker):
    async with aiohttp.ClientSession() as session:
        async with session.get(striker.url, headers=bearer(striker.token)) as answer:
            assert answer.status == 200
        await striker.add("refuse_connections")
        with pytest.raises(aiohttp.ClientConnectionError):
            await session.get(striker.url, headers=bearer(striker.token))
        await striker.clear()
        async with session.get(striker.url, headers=bearer(striker.token)) as answer:
            assert answer.status == 200


@pytest.mark.parametrize(
    ("kind", "effect", "low", "high"),
    [
        ("fixed_delay", {"delay_ms": 150}, 0.15, 0.6),
        ("uniform_delay", {"lower_ms": 100, "upper_ms": 200}, 0.1, 0.6),
        ("long_tail_delay", {"median_ms": 100_000, "max_ms": 120}, 0.12, 0.6),
    ],
)
async def test_a_delay_is_as_long_as_asked_for(striker, kind, effect, low, high):
    await striker.add(kind, **effect)
    async with timed() as taken:
        assert (await striker.call())[0] == 200
    assert low <= taken[0] < high


async def test_a_ramp_follows_the_worlds_clock(striker):
    hours = {"from": "2026-11-16T10:00:00+09:00", "to": "2026-11-16T10:20:00+09:00"}
    await striker.add("ramp_delay", {"window": hours}, from_ms=0, to_ms=400)
    found = []
    for _ in range(3):
        async with timed() as taken:
            assert (await striker.call())[0] == 200
        found.append(taken[0])
        await striker.running.advance("9m50s")
    assert found[0] < 0.15 < found[1] < 0.35 < found[2] < 1
    await striker.running.advance("1m")
    async with timed() as taken:
        await striker.call()
    assert taken[0] < 0.15
