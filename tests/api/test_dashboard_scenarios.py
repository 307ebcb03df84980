"""``…/scenarios``: runs that the control door plays itself, one at a time in a world."""

import asyncio
from contextlib import asynccontextmanager
from itertools import pairwise

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from sandbox.scenarios.library import names
from sandbox.web.control import runs
from tests.scenarios.drilling import example_app, shipped
from tests.support import bearer, run_sandbox

HEAD = "name: mine\ntitle: {ja: 題, en: Mine}\nstory: {ja: 話, en: s}\nseed: 1\ntimeline:\n"
HEALTH = '  - app: {method: GET, path: "/slow", status: 200}\n'
TOKEN = "control-token-of-the-test"
# Six lines that would be ten million values.
ENDLESS = "a: &a [" + "x, " * 9 + "x]\n"
ENDLESS += "".join(f"{b}: &{b} [" + f"*{a}, " * 9 + f"*{a}]\n" for a, b in pairwise("abcdefg"))


async def ask(running, method, path="", body=None, *, world="default", token=None):
    url = f"{running.sandbox.control_url}/api/v1/worlds/{world}/scenarios{path}"
    headers = {} if token is None else bearer(token)
    async with running.http.request(method, url, json=body, headers=headers) as answer:
        return answer.status, await answer.json(content_type=None)


async def started(running, scenario, against, **more):
    status, run = await ask(running, "POST", "", {"scenario": scenario, "against": against}, **more)
    assert status == 202, run
    return run


async def ended(running, run, **more):
    """Wait until a run has ended, and return it."""
    for _ in range(600):
        _, found = await ask(running, "GET", f"/{run['id']}", **more)
        if found["state"] != "running":
            return found
        await asyncio.sleep(0.05)
    raise AssertionError("the run goes on and on")


@asynccontextmanager
async def slow_app():
    """An app that answers once it is told to; gives its address, and what tells it."""
    go = asyncio.Event()
    seen = asyncio.Event()

    async def slow(_request):
        seen.set()
        await go.wait()
        return web.json_response({})

    app = web.Application()
    app.router.add_get("/slow", slow)
    async with TestServer(app) as server:
        try:
            yield str(server.make_url("/")), seen, go
        finally:
            go.set()


async def made(running, scenario, name="drill", **headers):
    """Make the world that a scenario was written for; returns its bank's address."""
    body = {
        "name": name,
        "seed": scenario.seed,
        "clock": {"mode": "frozen", "at": scenario.clock},
    }
    url = f"{running.sandbox.control_url}/api/v1/worlds"
    async with running.http.post(url, json=body, headers=headers) as answer:
        assert answer.status == 200, await answer.text()
        return (await answer.json())["base_url"]


# Runs


@pytest.mark.parametrize(("kind", "state"), [("careful", "passed"), ("careless", "failed")])
async def test_a_drill_is_played_and_judged(running, kind, state):
    name = "d08_state_altered"
    base_url = await made(running, shipped(name))
    async with example_app(base_url, kind) as app:
        run = await started(running, name, str(app.make_url("/")), world="drill")
        assert (run["state"], run["notes"], run["scenario"]) == ("running", [], name)
        found = await ended(running, run, world="drill")
    assert found["state"] == state, found
    assert found["verdict"]["passed"] is (state == "passed")
    assert len(found["steps"]) == found["steps_taken"] == found["steps_planned"]
    assert all(step["line"] > 1 for step in found["steps"])
    errors = [each["id"] for each in found["verdict"]["findings"] if each["level"] == "E"]
    assert ("problem" in found, bool(errors)) == (False, state == "failed")


async def test_a_text_of_ones_own_is_played_too(running):
    async with slow_app() as (url, seen, go):
        run = await started(running, HEAD + HEALTH + HEALTH, url)
        await asyncio.wait_for(seen.wait(), 5)
        _, found = await ask(running, "GET", f"/{run['id']}")
        assert (found["state"], found["steps"], "verdict" in found) == ("running", [], False)
        go.set()
        found = await ended(running, run)
    assert found["state"] == "passed"
    assert [step["passed"] for step in found["steps"]] == [True, True]
    assert found["title"] == {"ja": "題", "en": "Mine"}


async def test_a_world_that_is_another_than_the_scenarios_is_told_of(running):
    text = HEAD.replace("seed: 1", "seed: 4").replace(
        "name: mine", "name: mine\nclock: 2027-01-05T09:00:00+09:00"
    )
    await running.get("/accounts", "no-token")
    async with slow_app() as (url, _, go):
        go.set()
        run = await started(running, text + HEALTH, url)
        await ended(running, run)
    seed, clock, journal = run["notes"]
    assert seed == "the world's seed is 1, the scenario's 4"
    assert clock.endswith("not frozen at 2027-01-05T09:00:00+09:00")
    assert "journal" in journal


async def test_the_list_names_runs_and_what_comes_along(running):
    assert await ask(running, "GET") == (200, {"scenarios": [], "library": names()})
    async with slow_app() as (url, _, go):
        go.set()
        run = await started(running, HEAD + HEALTH, url)
        await ended(running, run)
    _, found = await ask(running, "GET")
    (listed,) = found["scenarios"]
    assert (listed["id"], listed["state"], listed["steps_taken"]) == (run["id"], "passed", 1)
    assert "verdict" not in listed


async def test_the_dashboard_shows_the_run(running):
    async with slow_app() as (url, _, go):
        go.set()
        await ended(running, await started(running, HEAD + HEALTH, url))
    async with running.http.get(f"{running.sandbox.control_url}/worlds/default") as answer:
        page = await answer.text()
    assert "<td>合格</td><td>1 / 1</td>" in page


async def test_the_run_calls_the_door_as_its_caller_may(tmp_path, template):
    async with run_sandbox(tmp_path, template=template, control_token=TOKEN) as running:
        async with slow_app() as (url, _, go):
            go.set()
            run = await started(running, HEAD + HEALTH, url, token=TOKEN)
            found = await ended(running, run, token=TOKEN)
        assert found["state"] == "passed", found
        assert TOKEN not in str(found)


# One at a time, and an end


async def test_only_one_runs_in_a_world_and_others_in_theirs(running):
    await made(running, shipped("d08_state_altered"), "other")
    async with slow_app() as (url, seen, go):
        run = await started(running, HEAD + HEALTH, url)
        await asyncio.wait_for(seen.wait(), 5)
        body = {"scenario": HEAD + HEALTH, "against": url}
        status, problem = await ask(running, "POST", "", body)
        assert (status, problem["type"]) == (409, "urn:bank-sandbox:problem:refused")
        beside = await started(running, HEAD + HEALTH, url, world="other")
        go.set()
        assert (await ended(running, run))["state"] == "passed"
        assert (await ended(running, beside, world="other"))["state"] == "passed"
        again = await started(running, HEAD + HEALTH, url)
        assert (await ended(running, again))["state"] == "passed"


async def test_a_run_can_be_stopped_and_stays_stopped(running):
    async with slow_app() as (url, seen, _):
        run = await started(running, HEAD + HEALTH, url)
        await asyncio.wait_for(seen.wait(), 5)
        for _ in range(2):
            status, found = await ask(running, "DELETE", f"/{run['id']}")
            assert (status, found["state"], "verdict" in found) == (200, "stopped", False)


async def test_one_that_has_ended_is_not_stopped(running):
    async with slow_app() as (url, _, go):
        go.set()
        run = await started(running, HEAD + HEALTH, url)
        await ended(running, run)
        _, found = await ask(running, "DELETE", f"/{run['id']}")
    assert found["state"] == "passed"


async def test_with_the_server_ends_every_run(tmp_path, template):
    async with slow_app() as (url, seen, _):
        async with run_sandbox(tmp_path, template=template) as running:
            await started(running, HEAD + HEALTH, url)
            await asyncio.wait_for(seen.wait(), 5)
            before = asyncio.all_tasks()
            (task,) = [each for each in before if "_watched" in str(each.get_coro())]
        assert task.cancelled()


async def test_with_its_world_ends_a_run(running):
    await made(running, shipped("d08_state_altered"), "short")
    async with slow_app() as (url, seen, _):
        run = await started(running, HEAD + HEALTH, url, world="short")
        await asyncio.wait_for(seen.wait(), 5)
        world = f"{running.sandbox.control_url}/api/v1/worlds/short"
        async with running.http.delete(world) as answer:
            assert answer.status == 200
        await made(running, shipped("d08_state_altered"), "short")
        status, _ = await ask(running, "GET", f"/{run['id']}", world="short")
        assert status == 404


@pytest.mark.parametrize("most", [1, 2])
async def test_so_many_runs_are_kept_and_no_more(running, monkeypatch, most):
    monkeypatch.setattr(runs, "MOST_KEPT", most)
    async with slow_app() as (url, _, go):
        go.set()
        ids = []
        for _ in range(3):
            run = await started(running, HEAD + HEALTH, url)
            ids.append(run["id"])
            await ended(running, run)
    _, found = await ask(running, "GET")
    assert [each["id"] for each in found["scenarios"]] == ids[-most:]


async def test_so_many_run_at_once_and_no_more(running, monkeypatch):
    monkeypatch.setattr(runs, "MOST_RUNNING", 1)
    await made(running, shipped("d08_state_altered"), "other")
    async with slow_app() as (url, seen, _):
        await started(running, HEAD + HEALTH, url)
        await asyncio.wait_for(seen.wait(), 5)
        body = {"scenario": HEAD + HEALTH, "against": url}
        status, problem = await ask(running, "POST", "", body, world="other")
        assert (status, problem["detail"][:1]) == (409, "1")


# What is no good


async def test_an_app_that_does_not_answer_breaks_the_run(running):
    run = await started(running, HEAD + HEALTH, "http://127.0.0.1:9")
    found = await ended(running, run)
    assert (found["state"], "verdict" in found) == ("broken", False)
    assert "no app answers at http://127.0.0.1:9" in found["problem"]


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (HEAD + "  - dance: {}\n", 6, "dance"),
        (
            HEAD + "  - at: 5m\n    " + HEALTH[4:] + "  - at: 1m\n    " + HEALTH[4:],
            8,
            "before the step",
        ),
        ("name: [\n", 2, ""),
        ("a: &x [1]\nb: *x\n", 1, "there is no `a` here"),
        ("a: *x\n", 1, "nothing above is named &x"),
        ("a: &x [1, *x]\n", 1, "stands within what it names"),
        (ENDLESS, 5, "more than 100000 values"),
        (HEAD + "  - act: {path: nothing/here}\n", 6, "the bank has no 'nothing/here'"),
        (
            HEAD + "  - act: {path: bank/web21/revoke, json: {all: 1}}\n",
            6,
            "1 is not known here. One of: true.",
        ),
        ("a: " + "[" * 9_000, 1, "nested too deeply"),
        ("- " * 9_000 + "\n", 1, "nested too deeply"),
        ("a: " + "[" * 50 + "]" * 50, 1, "nested too deeply"),
        ("a: " + "[" * 49 + "]" * 49, 1, "name"),
        ("- 1\n- 2\n", 1, "no scenario"),
        ("a: 1\na: 2\n", 2, "twice"),
    ],
)
async def test_a_scenario_with_a_mistake_is_refused_with_its_line(running, text, line, said):
    body = {"scenario": text, "against": "http://127.0.0.1:9"}
    status, problem = await ask(running, "POST", "", body)
    assert (status, problem["type"]) == (422, "urn:bank-sandbox:problem:invalid-scenario"), problem
    error = problem["errors"][0]
    assert error["line"] == line
    assert error["remedy"]
    assert said in problem["detail"]
    assert await ask(running, "GET") == (200, {"scenarios": [], "library": names()})


@pytest.mark.parametrize("name", ["nobody", "../x.yaml", "pyproject.toml", "README.md", "d08"])
async def test_only_scenarios_that_come_along_have_names(running, name):
    status, problem = await ask(running, "POST", "", {"scenario": name, "against": "http://a"})
    assert (status, problem["type"]) == (422, "urn:bank-sandbox:problem:unknown-scenario")
    assert "d08_state_altered" in problem["detail"]


@pytest.mark.parametrize(
    "against", ["localhost:8000", "ftp://a", "http://", "http://a:0", "http://a:b", "http://[", "x"]
)
async def test_an_address_that_is_none_is_refused(running, against):
    body = {"scenario": "d08_state_altered", "against": against}
    status, problem = await ask(running, "POST", "", body)
    assert (status, problem["errors"][0]["field"]) == (422, "against")


@pytest.mark.parametrize("body", [{}, {"scenario": "x"}, {"scenario": 1, "against": "http://a"}])
async def test_a_body_that_breaks_its_schema_is_refused(running, body):
    status, problem = await ask(running, "POST", "", body)
    assert (status, problem["type"]) == (422, "urn:bank-sandbox:problem:invalid-request")


@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_a_run_of_another_world_is_none_of_this_ones(running, method):
    await made(running, shipped("d08_state_altered"), "other")
    run = await started(running, HEAD + HEALTH, "http://127.0.0.1:9")
    await ended(running, run)
    status, problem = await ask(running, method, f"/{run['id']}", world="other")
    assert (status, problem["type"]) == (404, "urn:bank-sandbox:problem:unknown-scenario")
