"""The same seed and the same calls meet the same faults; counts are exact; rules leave no trace."""

import asyncio

import aiohttp
import pytest

from sandbox.domain.effect import CALL_KINDS
from sandbox.services.fault_board import FaultBoard
from sandbox.services.faults import Wanted
from sandbox.web.faults.facts import Peek
from tests.api.test_snapshots import restore, take
from tests.api.test_worlds import ask
from tests.faults.striking import Striker
from tests.support import bearer, run_sandbox

RULE = {"probability": 0.4}
BUSY = {"status": 503}


async def pattern(striker, count=40) -> str:
    return "".join("x" if status == 503 else "." for status in await striker.statuses(count))


@pytest.mark.requirement("T-28")
async def test_the_same_seed_and_calls_meet_the_same_faults_in_another_world_and_run(
    tmp_path, template
):
    found = []
    for run in ("one", "two"):
        (tmp_path / run).mkdir()
        async with run_sandbox(tmp_path / run, template=template) as running:
            striker = await Striker(running).log_in()
            await striker.add("status", RULE, **BUSY)
            found.append(await pattern(striker))
    assert found[0] == found[1]
    assert 8 <= found[0].count("x") <= 24


async def test_an_unrelated_rule_changes_no_others_draws(striker):
    await striker.add("status", RULE, **BUSY)
    alone = await pattern(striker)
    await striker.clear()
    await striker.add("status", {**RULE, "match": {"operation": "token"}}, **BUSY)
    await striker.add("fixed_delay", {"match": {"client_id": "nobody"}}, delay_ms=1)
    await striker.add("status", RULE, **BUSY)
    assert await pattern(striker) == alone


async def test_two_rules_of_the_same_kind_draw_apart_unless_a_seed_says_otherwise(striker):
    found = []
    for rules in ([RULE], [RULE, RULE]):
        for rule in rules:
            fault = await striker.add("status", rule, **BUSY)
        await striker.remove(fault) if len(rules) > 1 else None
        found.append(await pattern(striker))
        await striker.clear()
    assert found[0] == found[1]
    seeded = []
    for seed in (1, 1, 2):
        await striker.add("status", {**RULE, "seed": seed}, **BUSY)
        seeded.append(await pattern(striker))
        await striker.clear()
    assert seeded[0] == seeded[1] != seeded[2]


@pytest.mark.parametrize(("probability", "expected"), [(0, 0), (1, 30)])
async def test_never_and_always_are_just_that(striker, probability, expected):
    await striker.add("status", {"probability": probability}, **BUSY)
    assert (await pattern(striker, 30)).count("x") == expected


async def test_a_restored_snapshot_goes_on_in_the_same_sequence(striker):
    await striker.add("status", {**RULE, "ttl": "0s"}, **BUSY)
    await pattern(striker, 7)
    await take(striker.running, "here")
    first = await pattern(striker)
    await restore(striker.running, "here")
    assert await pattern(striker) == first


@pytest.mark.parametrize("kind", ["status", "lost_answer"])
async def test_exactly_so_many_of_200_calls_at_once_are_struck(striker, kind):
    effect = BUSY if kind == "status" else {"how": "gateway_timeout"}
    fault = await striker.add(kind, {"times": 71, "skip": 13}, **effect)
    connector = aiohttp.TCPConnector(limit=200)
    async with aiohttp.ClientSession(connector=connector) as session:

        async def call() -> int:
            async with session.get(striker.url, headers=bearer(striker.token)) as answer:
                return answer.status

        found = await asyncio.gather(*(call() for _ in range(200)))
    assert (found.count(200), len(found)) == (129, 200)
    shown = await striker.show(fault)
    assert (shown["seen"], shown["struck"]) == (200, 71)
    entries = await striker.journal(limit="1000")
    assert len([entry for entry in entries if entry.get("fault") == fault]) == 71


async def test_rules_that_are_added_under_way_lose_no_counts(striker):
    fault = await striker.add("status", {"times": 60}, **BUSY)
    other = {"match": {"operation": "token"}}
    work = []
    for _ in range(25):
        work += [striker.call() for _ in range(4)]
        work.append(striker.add("status", other, **BUSY))
    found = [each for each in await asyncio.gather(*work) if isinstance(each, tuple)]
    assert [status for status, _, _ in found].count(503) == 60
    shown = await striker.show(fault)
    assert (shown["seen"], shown["struck"]) == (100, 60)


async def test_a_count_that_waits_to_be_written_is_not_lost_to_a_rule_that_is_added(striker):
    book, database = striker.running.sandbox.world.faults, striker.running.sandbox.world.database
    await striker.add("status", {"times": 1}, **BUSY)
    wanted = Wanted(match={}, effect={"kind": "reset"}, stage="before", times=None)
    async with database.transaction():  # nobody else writes meanwhile
        adding = asyncio.create_task(book.add("f2", wanted))
        await asyncio.sleep(0)
        striking = asyncio.create_task(book.strike({}, CALL_KINDS))
        await asyncio.sleep(0)
    await asyncio.gather(adding, striking)
    assert [rule.struck for rule in book.rules] == [1, 0]
    await book.reload(database)
    assert [rule.struck for rule in book.rules] == [1, 0]


async def test_twins_have_draws_of_their_own(striker):
    for _ in range(3):
        await striker.add("status", RULE, **BUSY)
    rules = striker.running.sandbox.world.faults.rules
    assert len({rule.stream for rule in rules}) == 3
    again = await striker.add("status", {**RULE, "skip": 9}, **BUSY)
    await striker.remove(again)
    assert [rule.stream for rule in striker.running.sandbox.world.faults.rules] == [
        rule.stream for rule in rules
    ]


async def test_first_n_last_n_nth_and_every_nth(striker):
    for rule, expected in (
        ({"times": 2}, "xx....."),
        ({"skip": 3}, "...xxxx"),
        ({"skip": 2, "times": 1}, "..x...."),
        ({"every": 3}, "x..x..x"),
    ):
        fault = await striker.add("status", rule, **BUSY)
        assert await pattern(striker, 7) == expected
        await striker.remove(fault)


async def test_explain_agrees_with_the_next_call_and_counts_nothing(striker):
    fault = await striker.add("status", RULE, **BUSY)
    path = "/default/faults/explain"
    for _ in range(20):
        _, told = await ask(striker.running, "POST", path, {"request": {"bank": "tomato"}})
        assert told["strikes"] == (fault if (await striker.call())[0] == 503 else None)


# Where there are no rules


async def test_a_world_without_rules_asks_one_attribute(striker, monkeypatch):
    board = striker.running.sandbox.worlds.fault_board
    assert board.is_quiet
    with monkeypatch.context() as patch:
        patch.setattr(Peek, "look", None)  # whoever calls it fails
        assert await striker.statuses(1) == [200]
    fault = await striker.add("status", {"ttl": "50ms"}, **BUSY)
    assert not board.is_quiet
    await asyncio.sleep(0.06)
    assert await striker.statuses(1) == [200]
    assert board.is_quiet, "a rule that has ended is let go of"
    assert (await ask(striker.running, "GET", f"/default/faults/{fault}"))[0] == 404


def test_a_world_that_was_not_read_yet_may_have_rules():
    board = FaultBoard(["one", "two"])
    assert not board.is_quiet
    board.note("one", has_rules=False)
    assert not board.is_quiet
    board.forget("two")
    assert board.is_quiet
    board.note("one", has_rules=True)
    assert not board.is_quiet


async def test_rules_survive_a_restart(tmp_path, template):
    for expected in (200, 503):
        copy = template if expected == 200 else None
        async with run_sandbox(tmp_path, template=copy) as running:
            striker = await Striker(running).log_in() if copy else Striker(running)
            if copy is None:
                striker.token = "unknown"
            status = (await striker.call())[0]
            assert status == expected
            await striker.add("status", {"ttl": "0s"}, **BUSY)
