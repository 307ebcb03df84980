"""The report for whoever drives the sandbox: by both faces of the client, by the command."""

import asyncio
import json
from xml.etree import ElementTree

import pytest

from sandbox.client import AsyncSandbox, ProblemError, Sandbox
from tests.conduct.careless import report, revoke
from tests.process import run as run_process

FACES = (Sandbox, AsyncSandbox)


async def got(running, face, ask):
    """Return what ``ask`` asks of the default world by either face."""
    world = face(running.sandbox.control_url).world()
    if face is Sandbox:
        return await asyncio.to_thread(ask, world)
    return await ask(world)


@pytest.fixture
async def careless(running):
    token = (await running.log_in("taro"))["access_token"]
    await revoke(running)
    for _ in range(2):
        await running.get("/accounts", token)
    return running


# The client


@pytest.mark.parametrize("face", FACES)
async def test_the_report_is_a_value(careless, face):
    told = await got(careless, face, lambda world: world.conduct())
    assert told.ids == {"C-8"}
    assert (told.world, told.calls, told.errors, told.warnings) == ("default", 3, 1, 0)
    assert [check["id"] for check in told.checks][:2] == ["C-1", "C-2"]


@pytest.mark.parametrize("face", FACES)
async def test_it_is_judged_by_what_is_declared(careless, face):
    told = await got(
        careless, face, lambda world: world.conduct.judge(transfers=0, shown_as_paid=["x"])
    )
    assert told.ids == {"C-8", "C-18"}
    total = {"account_id": "x", "date_from": "2026-01-01", "date_to": "2026-01-02", "net_yen": 1}
    told = await got(careless, face, lambda world: world.conduct.judge(totals=[total]))
    assert told.ids == {"C-8", "C-23"}


@pytest.mark.parametrize("face", FACES)
async def test_it_comes_as_a_file(careless, face):
    page = await got(careless, face, lambda world: world.conduct.report("html"))
    assert page.startswith(b"<!DOCTYPE html>")
    suite = await got(careless, face, lambda world: world.conduct.report("junit", bank="web21"))
    assert ElementTree.fromstring(suite).find("testsuite").get("failures") == "0"
    paid = {"shown_as_paid": ["x"]}
    text = await got(
        careless, face, lambda world: world.conduct.report("json", declared=paid, bank="tomato")
    )
    assert "C-18" in {each["id"] for each in json.loads(text)["findings"]}


@pytest.mark.parametrize("face", FACES)
async def test_filters_are_passed_on_and_mistakes_are_told(careless, face):
    told = await got(careless, face, lambda world: world.conduct(bank="web21"))
    assert (told.calls, told.ids) == (0, set())
    with pytest.raises(ProblemError, match="since"):
        await got(careless, face, lambda world: world.conduct(since="yesterday"))


# The command line


async def run(running, *args):
    """Return exit code and all that the command said."""
    words = ("conduct", *args, "--control", running.sandbox.control_url)
    found = await asyncio.to_thread(run_process, *words)
    assert "Traceback" not in found.stderr
    return found.returncode, found.stdout + found.stderr


async def test_the_command_fails_with_an_error(careless):
    code, output = await run(careless)
    assert code == 1
    assert "C-8" in output
    assert "取り消し" in output
    assert "不合格 / failed: 3 calls, 1 errors, 0 warnings" in output


async def test_the_command_passes_without_one(running):
    code, output = await run(running)
    assert (code, "呼び出しがありません" in output) == (0, True)
    await running.get("/accounts", "made-up")
    code, output = await run(running)
    assert (code, output.strip()) == (0, "合格 / passed: 1 calls, 0 errors, 0 warnings")


async def test_the_command_writes_all_reports(careless, tmp_path):
    folder = tmp_path / "new" / "out"
    code, output = await run(careless, "--report", str(folder), "--format", "json")
    assert code == 1
    assert json.loads(output)["errors"] == 1
    assert json.loads((folder / "conduct.json").read_text())["errors"] == 1
    assert "C-8" in (folder / "conduct.html").read_text()
    assert ElementTree.parse(folder / "conduct.xml").find("testsuite").get("failures") == "1"


async def test_json_is_what_the_control_api_says(careless):
    code, output = await run(careless, "--json")
    assert (code, json.loads(output)) == (1, await report(careless))


async def test_the_command_takes_a_scenario_s_word(careless, tmp_path):
    said = tmp_path / "said.json"
    said.write_text('{"shown_as_paid": ["000000000000001"]}')
    _, output = await run(careless, "--declared", str(said), "--format", "junit")
    assert "C-18" in output
    assert "000000000000001" in output


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--format", "pdf"), "--format"),
        (("--declared", "nowhere.json"), "nowhere.json"),
        (("--declared", __file__), "--declared"),
    ],
)
async def test_a_command_that_makes_no_sense_is_refused(running, args, said):
    code, output = await run(running, *args)
    assert code == 2
    assert said in output


async def test_a_word_that_is_none_is_refused(running, tmp_path):
    said = tmp_path / "said.json"
    said.write_text('{"other": 1}')
    code, output = await run(running, "--declared", str(said))
    assert (code, "shown_as_paid" in output) == (2, True)
