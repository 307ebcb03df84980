"""Scenarios by client and command line: read, check, start, follow, step, stop, report."""

import asyncio
import json
from functools import partial

import pytest

from sandbox.client import AsyncSandbox, ProblemError, Sandbox
from sandbox.client.scenarios import REPORTS, RunTimeout
from sandbox.scenarios.library import names, text_of
from sandbox.web.control import runs
from tests.process import run
from tests.scenarios.drilling import example_app, shipped

DRILL = "d07_wider_scope"
HEAD = "name: mine\ntitle: {ja: 題, en: t}\nstory: {ja: 話, en: s}\n"
MINE = HEAD + "settings: {tomato_lock_after: 3}\ntimeline:\n"
MINE += "  - app: {method: GET, path: /log, status: 200}\n" * 3


@pytest.fixture
async def place(running):
    """A world as the drill wants it, and the app beside it: (client of the world, app's URL)."""
    async with AsyncSandbox(running.sandbox.control_url) as sandbox:
        scenario = shipped(DRILL)
        clock = f"frozen:{scenario.clock}"
        world = await sandbox.worlds.create("drill", seed=scenario.seed, clock=clock)
        async with example_app(f"{running.url}/w/drill") as app:
            yield world, str(app.make_url("/"))


async def test_what_comes_along_can_be_read(running):
    async with AsyncSandbox(running.sandbox.control_url) as sandbox:
        scenarios = sandbox.world().scenarios
        assert list(await scenarios.library()) == names()
        found = await scenarios.read(DRILL)
        assert (found.name, found.text) == (DRILL, text_of(DRILL))
        assert found.title["en"] == "A wider scope is granted"
        with pytest.raises(ProblemError, match="there is no scenario 'nothing'"):
            await scenarios.read("nothing")


async def test_a_check_runs_nothing_and_names_each_mistake(running, tmp_path):
    file = tmp_path / "mine.yaml"
    async with AsyncSandbox(running.sandbox.control_url) as sandbox:
        scenarios = sandbox.world().scenarios
        for scenario in (MINE, file):
            file.write_text(MINE, encoding="utf-8")
            told = await scenarios.check(scenario)
            assert (told.name, told.steps_planned) == ("mine", 3)
            assert told.settings == {"tomato_lock_after": "3"}
            assert "tomato_lock_after is 5, and 3 in the scenario" in told.notes
        with pytest.raises(ProblemError) as caught:
            await scenarios.check(MINE.replace("status: 200", "staus: 200", 1) + "more: 1\n")
        errors = caught.value.more["errors"]
        assert [(each["line"], each["remedy"]) for each in errors] == [
            (6, "Did you mean `status`?"),
            (9, errors[1]["remedy"]),
        ]
        with pytest.raises(OSError, match=r"nothing\.yaml"):
            await scenarios.check(tmp_path / "nothing.yaml")
        assert await scenarios.list() == ()


async def test_a_run_is_followed_to_its_verdict_and_leaves_its_reports(place):
    world, url = place
    begun = await world.scenarios.start(DRILL, url)
    assert (begun.state, begun.notes) == ("running", ())
    steps = [step async for step in world.scenarios.follow(begun.id, pause_s=0.05)]
    assert [step.passed for step in steps] == [True] * 4
    found = await world.scenarios.get(begun.id)
    assert (found.has_passed, found.is_over, found.verdict["passed"]) == (True, True, True)
    assert [each.id for each in await world.scenarios.list()] == [begun.id]
    reports = {kind: await world.scenarios.report(begun.id, kind) for kind in REPORTS}
    assert b"<html" in reports["html"]
    assert reports["junit"].startswith(b"<?xml")
    assert json.loads(reports["json"])["scenario"] == DRILL
    assert b"C-24" in reports["conduct"]
    with pytest.raises(ValueError, match="none of html, conduct, json, junit"):
        await world.scenarios.report(begun.id, "pdf")


async def test_a_run_waits_after_each_step_but_the_last(place):
    world, url = place
    begun = await world.scenarios.start(DRILL, url, step=True)
    assert begun.is_stepped
    found = await world.scenarios.wait(begun.id, pause_s=0.05)
    for taken in (1, 2, 3):
        assert (found.is_waiting, found.steps_taken, found.state) == (True, taken, "running")
        await asyncio.sleep(0.05)
        assert (await world.scenarios.get(begun.id)).steps_taken == taken
        with pytest.raises(ProblemError, match="there is no report of this run: it is running"):
            await world.scenarios.report(begun.id, "json")
        found = await world.scenarios.step(begun.id)
    assert (found.is_waiting, found.steps_taken, found.state) == (False, 4, "passed")
    with pytest.raises(ProblemError, match="the run has ended: passed"):
        await world.scenarios.step(begun.id)


async def test_a_run_that_waits_can_be_stopped(place):
    world, url = place
    begun = await world.scenarios.start(DRILL, url, step=True)
    await world.scenarios.wait(begun.id, pause_s=0.05)
    stopped = await world.scenarios.stop(begun.id)
    assert (stopped.state, stopped.is_waiting, stopped.has_passed) == ("stopped", False, False)
    with pytest.raises(ProblemError, match="it is stopped"):
        await world.scenarios.report(begun.id, "html")


async def test_one_that_goes_on_by_itself_takes_no_steps(place):
    world, url = place
    begun = await world.scenarios.start(DRILL, url)
    with pytest.raises(ProblemError, match="409 refused"):
        await world.scenarios.go_on(begun.id)
    await world.scenarios.wait(begun.id)


async def test_nobody_waits_for_ever(place):
    world, url = place
    begun = await world.scenarios.start(DRILL, url, step=True)
    with pytest.raises(RunTimeout, match="is still under way after 0 s"):
        await world.scenarios.wait(begun.id, timeout_s=0, pause_s=0.01)
    await world.scenarios.stop(begun.id)


async def test_of_so_many_runs_the_reports_are_kept(place, monkeypatch):
    monkeypatch.setattr(runs, "MOST_REPORTS", 1)
    world, url = place
    ids = []
    for _ in range(3):
        ids.append((await world.scenarios.start(DRILL, url)).id)
        await world.scenarios.wait(ids[-1])
    assert await world.scenarios.report(ids[-1], "json")
    with pytest.raises(ProblemError, match="its reports are gone"):
        await world.scenarios.report(ids[0], "json")


@pytest.mark.parametrize("file", ["other.html", "..%2Frun.json"])
async def test_a_run_has_these_files_and_no_others(place, running, file):
    world, url = place
    begun = await world.scenarios.start(DRILL, url)
    await world.scenarios.wait(begun.id)
    at = f"{running.sandbox.control_url}/api/v1/worlds/drill/scenarios/{begun.id}/reports/{file}"
    async with running.http.get(at) as answer:
        assert answer.status == 404


async def test_the_settings_of_the_banks_are_told_but_for_secrets(running):
    async with AsyncSandbox(running.sandbox.control_url) as sandbox:
        told = await sandbox.settings()
    assert (told["tomato_lock_after"], told["web21_refresh_token_lifetime"]) == ("5", "90d")
    assert not [name for name in told if name.endswith("_token") or "port" in name]


async def test_the_blocking_client_does_the_same(place, running):
    _, url = place

    def played():
        with Sandbox(running.sandbox.control_url) as sandbox:
            scenarios = sandbox.world("drill").scenarios
            assert list(scenarios.library()) == names()
            assert scenarios.check(DRILL).steps_planned == 4
            assert sandbox.settings()["tomato_lock_after"] == "5"
            begun = scenarios.start(DRILL, url, step=True)
            scenarios.wait(begun.id, pause_s=0.05)
            assert scenarios.step(begun.id).steps_taken == 2
            scenarios.step(begun.id)
            assert scenarios.step(begun.id).has_passed
            steps = list(scenarios.follow(begun.id))
            assert scenarios.report(begun.id, "json")
            with pytest.raises(RunTimeout):
                scenarios.wait(scenarios.start(DRILL, url).id, timeout_s=0, pause_s=0.01)
            return steps

    assert len(await asyncio.to_thread(played)) == 4


# The command line


async def test_the_command_line_starts_follows_and_saves(place, running, tmp_path):
    _, url = place
    control = running.sandbox.control_url
    call = partial(asyncio.to_thread, partial(run, SANDBOX_CONTROL=control), "scenarios")
    found = await call(*("start", DRILL, "--against", url, "--follow", "--world", "drill"))
    assert found.returncode == 0, found
    assert found.stderr.count("✓") == 4
    assert "passed, 4 of 4 steps" in found.stdout
    run_id = found.stdout.split()[1]
    listed = await call("runs", "--world", "drill")
    assert run_id in listed.stdout
    saved = await call("report", run_id, str(tmp_path / "to"), "--world", "drill")
    assert saved.returncode == 0, saved
    assert {each.name for each in (tmp_path / "to").iterdir()} == set(REPORTS.values())
    again = await call("follow", run_id, "--world", "drill")
    assert (again.returncode, again.stderr.count("✓")) == (0, 4)


async def test_the_command_line_takes_steps_and_stops(place, running):
    _, url = place
    control = running.sandbox.control_url
    call = partial(asyncio.to_thread, partial(run, SANDBOX_CONTROL=control), "scenarios")
    begun = await call("start", DRILL, "--against", url, "--step", "--world", "drill", "--json")
    run_id = json.loads(begun.stdout)["id"]
    world = place[0]
    await world.scenarios.wait(run_id, pause_s=0.05)
    step = await call("step", run_id, "--world", "drill")
    assert (step.returncode, "waiting, 2 of 4 steps" in step.stdout) == (0, True), step
    stopped = await call("stop", run_id, "--world", "drill")
    assert "stopped, 2 of 4 steps" in stopped.stdout
    followed = await call("follow", run_id, "--world", "drill")
    assert followed.returncode == 1


async def test_the_command_line_says_what_is_no_good(running, tmp_path):
    control = running.sandbox.control_url
    call = partial(asyncio.to_thread, partial(run, SANDBOX_CONTROL=control), "scenarios")
    both = await call("start", DRILL, "--step", "--follow")
    assert (both.returncode, "leave out one of them" in both.stderr) == (2, True)
    bad = tmp_path / "bad.yaml"
    bad.write_text(MINE.replace("timeline", "timelin"), encoding="utf-8")
    refused = await call("start", str(bad))
    assert (refused.returncode, "Did you mean `timeline`?" in refused.stderr) == (2, True)
    nobody = await call("follow", "nothing")
    assert (nobody.returncode, "there is no run 'nothing'" in nobody.stderr) == (1, True)
    shown = await call("show", DRILL)
    assert shown.stdout.strip() == text_of(DRILL).strip()
    empty = await call("runs")
    assert "No runs." in empty.stdout
