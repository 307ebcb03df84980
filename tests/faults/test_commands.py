"""Fault rules from the command line, by the client, and in a test with the pytest plugin."""

import asyncio
import json

import aiohttp
import pytest

from sandbox.client import AsyncSandbox, ProblemError, Sandbox
from sandbox.domain.effect import EFFECTS
from sandbox.pytest_plugin.bank import world_for
from tests.process import Server, run, serving


@pytest.fixture(scope="module")
def server():
    with serving("--strict", SANDBOX_TOMATO_RATE_LIMIT_PER_MINUTE="0") as running:
        yield running


@pytest.fixture
def world(server):
    made = Sandbox(server.control_url).worlds.create()
    yield made
    made.delete()


@pytest.fixture
def faults(server, world):
    """Run ``faults …`` in the test's world; return what it prints, JSON read."""

    def call(*words: str, code: int = 0, as_json: bool = True):
        tail = ["--world", world.name, *(["--json"] if as_json and not code else [])]
        found = run("faults", *words, *tail, SANDBOX_CONTROL=server.control_url)
        assert found.returncode == code, found
        assert "Traceback" not in found.stderr
        if code:
            return found.stderr
        return json.loads(found.stdout) if as_json else found.stdout

    return call


def status_of(server: Server, world, path="/accounts") -> int:
    async def ask() -> int:
        address = f"{world.bank('tomato').api_base}{path}"
        async with aiohttp.ClientSession() as session, session.get(address) as answer:
            return answer.status

    return asyncio.run(ask())


# The command line


def test_a_rule_is_added_listed_explained_and_taken_away(faults, server, world):
    added = faults(
        *("add", "status", "--set", "status=503", "--set", "code=E-1"),
        *("--match", "operation=list_accounts", "--match", "bank=tomato"),
        *("--times", "2", "--skip", "1", "--every", "1", "--probability", "1", "--ttl", "1h"),
        *("--seed", "3", "--stage", "before"),
        *("--window", '{"weekdays": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]}'),
    )
    assert added["effect"] == {"kind": "status", "status": 503, "code": "E-1"}
    assert (added["times"], added["skip"], added["stage"]) == (2, 1, "before")
    assert faults("list") == [added]
    (verdict,) = faults("explain", "operation=list_accounts", "bank=tomato")
    assert verdict["why_not"] == "it lets 1 more calls pass first"
    assert [status_of(server, world) for _ in range(4)] == [401, 503, 503, 401]
    (listed,) = faults("list")
    assert (listed["seen"], listed["struck"]) == (4, 2)
    assert faults("rm", added["id"]) == {}
    assert faults("list") == []


def test_people_read_tables_and_sentences(faults):
    assert "No rules. Add one: bank-sandbox faults add" in faults("list", as_json=False)
    said = faults("add", "never_answer", "--times", "3", as_json=False)
    assert ": never_answer at stage before, 3 times." in said
    table = faults("list", as_json=False)
    assert "never_answer" in table
    assert "kind=never_answer" in table
    assert "has no rules now" in faults("clear", as_json=False)


def test_amounts_are_numbers_and_codes_with_zeros_are_not(faults):
    match = ("--match", "amount_from_yen=1000", "--match", "branch_code=001")
    shown = faults("add", "truncated_body", "--set", "fraction=0.25", *match)
    assert shown["match"] == {"amount_from_yen": 1000, "branch_code": "001"}
    assert shown["effect"]["fraction"] == 0.25


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("add", "meteor"), 1, "effect"),
        (("add", "fixed_delay", "--set", "delay_ms=0"), 1, "effect.delay_ms"),
        (("add", "fixed_delay"), 1, "effect.delay_ms"),
        (("add", "status", "--set", "503"), 2, "'503' is no NAME=VALUE"),
        (("add", "reset", "--window", "night"), 2, "--window: no JSON"),
        (("add", "reset", "--match", "weather=rain"), 1, "weather"),
        (("explain", "operation"), 2, "NAME=VALUE"),
    ],
)
def test_what_makes_no_sense_is_said_with_the_field(faults, words, code, said):
    assert said in faults(*words, code=code)


def test_the_kinds_are_listed_without_a_server():
    table = run("faults", "kinds")
    assert table.returncode == 0
    kinds = json.loads(run("faults", "kinds", "--json").stdout)
    assert [each["kind"] for each in kinds] == list(EFFECTS)
    assert all(kind in table.stdout for kind in EFFECTS)


# The client


def test_the_client_adds_shows_and_removes(world):
    fault = world.faults.add("reset", {"bank": "tomato"}, skip=2)
    assert (fault.kind, fault.times, fault.skip, fault.match) == ("reset", 2, 2, {"bank": "tomato"})
    assert fault.ends_at is not None
    assert world.faults.get(fault.id) == fault
    other = world.faults.add({"kind": "status", "status": 500}, probability=0, ttl="0s")
    assert other.ends_at is None
    assert world.faults.list() == (fault, other)
    first, second = world.faults.explain(bank="tomato")
    assert (first.id, first.why_not) == (fault.id, "it lets 2 more calls pass first")
    assert (second.strikes, second.why_not) == (False, "its probability is 0")
    world.faults.remove(fault.id)
    world.faults.clear()
    assert world.faults.list() == ()
    with pytest.raises(ProblemError, match="unknown-fault"):
        world.faults.get(fault.id)
    with pytest.raises(ProblemError, match="invalid-request"):
        world.faults.add("status")


def test_the_client_that_awaits_has_the_same(server, world):
    async def act() -> None:
        faults = AsyncSandbox(server.control_url).world(world.name).faults
        fault = await faults.add({"kind": "fixed_delay", "delay_ms": 5})
        assert await faults.list() == (fault,)
        await faults.remove(fault.id)
        assert await faults.list() == ()

    asyncio.run(act())


# The plugin


def test_a_test_strikes_its_bank_for_a_block(server):
    with world_for(Sandbox(server.control_url), {}) as bank:
        with bank.struck_by({"kind": "status", "status": 502}, times=1) as fault:
            assert fault.match == {"bank": "tomato"}
            assert [status_of(server, bank.world) for _ in range(2)] == [502, 401]
            assert bank.faults.get(fault.id).struck == 1
        assert bank.faults.list() == ()
        with bank.struck_by("reset", match={"method": "POST"}) as fault:
            assert fault.match == {"bank": "tomato", "method": "POST"}


def test_a_failing_block_leaves_no_rule_behind(server):
    class OwnError(Exception):
        """What the software under test raises."""

    def fail(bank) -> None:
        with bank.struck_by("never_answer"):
            raise OwnError

    with world_for(Sandbox(server.control_url), {}) as bank:
        with pytest.raises(OwnError):
            fail(bank)
        assert bank.faults.list() == ()
