"""``bank-sandbox run`` and ``scenarios`` as a person and a CI job run them: words, exit codes."""

import asyncio
import json
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias
from xml.etree import ElementTree

import pytest

from sandbox.scenarios.library import names
from sandbox.scenarios.reading import read_scenario
from tests.process import COMMAND, environment, run
from tests.scenarios.drilling import example_app, free_ports, played

PATIENCE_S = 60
Ran: TypeAlias = tuple[int, str, str]


@dataclass
class Place:
    """Ports for a run's own bank, and the app that calls it there."""

    app_url: str
    ports: tuple[int, int]

    @property
    def arguments(self) -> list[str]:
        bank, control = map(str, self.ports)
        return ["--against", self.app_url, "--port", bank, "--control-port", control]

    async def run(self, *arguments: str, typed: str | None = None) -> Ran:
        process = await self.start(*arguments)
        sent = None if typed is None else typed.encode()
        async with asyncio.timeout(PATIENCE_S):
            out, err = await process.communicate(sent)
        assert process.returncode is not None
        return process.returncode, out.decode(), err.decode()

    async def start(self, *arguments: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            COMMAND,
            "run",
            *arguments,
            *self.arguments,
            env=environment(PYTHONUNBUFFERED="1"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )


@asynccontextmanager
async def placed(kind: str) -> AsyncIterator[Place]:
    bank, control = free_ports(2)
    async with example_app(f"http://127.0.0.1:{bank}", kind) as server:
        yield Place(str(server.make_url("/")), (bank, control))


@pytest.fixture
async def careful() -> AsyncIterator[Place]:
    async with placed("careful") as place:
        yield place


async def test_an_app_that_passes_ends_with_0_and_leaves_its_reports(careful, tmp_path):
    code, out, err = await careful.run("d01_standard_flow", "--report", str(tmp_path / "to"))
    assert (code, err) == (0, "")
    assert "標準的な連携 / The standard flow" in out
    assert "✓ 2026-11-16T10:00:00 app     口座が読める" in out
    assert "合格 passed" in out
    check_reports(tmp_path / "to", passed=True)


async def test_an_app_that_fails_ends_with_1_and_says_in_what(tmp_path):
    async with placed("careless") as place:
        code, out, _ = await place.run("d02_user_denies", "--report", str(tmp_path))
    assert code == 1
    assert "the app answers 502, not 403" in out
    assert "✗ conduct: C-1 found something" in out
    assert "不合格 failed" in out
    check_reports(tmp_path, passed=False)


def check_reports(folder: Path, *, passed: bool) -> None:
    """A verdict for programs, one for CI, and the conduct report: they all say the same."""
    found = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert found["passed"] is passed
    assert found["seed"] == 1
    assert all(step["passed"] for step in found["steps"]) is passed
    suite = ElementTree.parse(folder / "run.xml").getroot()
    assert (suite.get("failures") == "0") is passed
    assert len(suite) == len(found["steps"]) + 1
    assert "<html" in (folder / "conduct.html").read_text(encoding="utf-8")
    assert ElementTree.parse(folder / "conduct.xml").getroot().tag.startswith("testsuite")


async def test_two_runs_on_the_same_ports_are_two_worlds(careful):
    for _ in range(2):
        code, out, _ = await careful.run("d31_disconnect")
        assert code == 0, out


async def test_step_by_step_it_waits_for_enter_after_each(careful):
    code, out, _ = await careful.run("d02_user_denies", "--step", typed="\n" * 4)
    assert (code, out.count("Enter: next")) == (0, 4)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["nothing"], 2, "there is no scenario 'nothing'; there are: "),
        (["nothing.yaml"], 2, "there is no file nothing.yaml"),
        (["d01_standard_flow", "--watch"], 2, "--watch wants a file"),
        (["d01_standard_flow", "--against", "http://127.0.0.1:9"], 3, "no app answers at http"),
        (["d01_standard_flow", "--against", "nowhere"], 3, "no app answers at nowhere"),
    ],
)
def test_what_cannot_begin_says_why(arguments, code, said):
    ran = run("run", *arguments)
    assert (ran.returncode, said in ran.stderr) == (code, True), ran.stderr
    assert "Traceback" not in ran.stderr


async def test_a_port_that_is_taken_says_so(careful):
    with socket.create_server(("127.0.0.1", careful.ports[0])):
        code, _, err = await careful.run("d01_standard_flow")
    assert (code, "Take another with --port" in err) == (2, True), err


async def test_on_a_server_that_runs_it_takes_a_world_of_its_own(running):
    async with example_app(f"{running.url}/w/drill") as server:
        place = Place(str(server.make_url("/")), (0, 0))
        control = ["--control", running.sandbox.control_url, "--world", "drill"]
        for _ in range(2):
            code, out, err = await place.run("d31_disconnect", *control)
            assert code == 0, out + err
            assert f"the app has to call {running.url}/w/drill" in out
        assert (await running.http.get(f"{running.sandbox.control_url}/readyz")).status == 200


async def test_without_a_server_at_the_control_address_it_ends_with_3(careful):
    code, _, err = await careful.run("d01_standard_flow", "--control", "http://127.0.0.1:9")
    assert (code, "127.0.0.1:9" in err) == (3, True)


# Watching

GOOD = """\
name: mine
title: {ja: 題, en: A title}
story: {ja: 話, en: A story}
timeline:
  - link: {persona: taro, path: "/link?user=taro", status: 200}
"""


async def test_a_watched_scenario_runs_again_and_a_bad_edit_is_not_taken(careful, tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text(GOOD, encoding="utf-8")
    process = await careful.start(str(file), "--watch")
    assert process.stdout is not None
    assert process.stderr is not None
    async with asyncio.timeout(PATIENCE_S):
        await until(process.stdout.readline, "Watching")
        file.write_text(GOOD.replace("link:", "lnk:"), encoding="utf-8")
        said = await until(process.stderr.readline, "stays as it was")
        assert "line 5" in said
        assert "Did you mean `link`?" in said
        file.write_text(GOOD.replace("200", "201"), encoding="utf-8")
        assert "the app answers 200, not 201" in await until(process.stdout.readline, "Watching")
        process.send_signal(signal.SIGINT)
        _, rest = await process.communicate()
    assert (process.returncode, rest) == (1, b"")


async def until(read: Callable[[], Awaitable[bytes]], word: str) -> str:
    """Return the lines up to the one with ``word``."""
    lines: list[str] = []
    while not lines or word not in lines[-1]:
        line = (await read()).decode()
        assert line, lines
        lines.append(line)
    return "".join(lines)


# The other commands


def test_the_list_has_every_scenario_with_its_title():
    out = run("scenarios", "list").stdout
    assert all(name in out for name in names())


def test_the_check_names_each_mistake_with_its_line(tmp_path):
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_text(GOOD, encoding="utf-8")
    bad.write_text(GOOD.replace("persona", "person"), encoding="utf-8")
    ran = run("scenarios", "check", str(good), *names())
    assert (ran.returncode, ran.stdout.count("nothing wrong")) == (0, 1 + len(names()))
    ran = run("scenarios", "check", str(bad))
    assert ran.returncode == 2
    assert "line 5" in ran.stderr


def test_the_schema_is_printed_for_editors():
    assert json.loads(run("scenarios", "schema").stdout)["title"] == "bank-sandbox scenario"


# What stands in the way


@pytest.mark.parametrize("name", ["file", "file/below"])
def test_reports_want_a_folder_before_anything_runs(tmp_path, name):
    tmp_path.joinpath("file").write_text("kept", encoding="utf-8")
    found = run("run", "d01_standard_flow", "--report", str(tmp_path / name))
    assert (found.returncode, found.stdout) == (2, "")
    assert "this is a file, or lies in one: name a folder" in found.stderr
    assert tmp_path.joinpath("file").read_text(encoding="utf-8") == "kept"


async def test_without_anybody_to_press_enter_it_goes_on(careful):
    code, out, _ = await careful.run("d02_user_denies", "--step", typed="")
    assert (code, out.count("Enter: next")) == (0, 1)
    assert "there is nobody to press Enter: it goes on by itself" in out


async def test_ctrl_c_ends_a_run_that_waits_for_enter(careful):
    process = await careful.start("d02_user_denies", "--step")
    assert process.stdout is not None
    assert process.stderr is not None
    seen = b""
    async with asyncio.timeout(PATIENCE_S):
        while b"Enter" not in seen:
            seen += await process.stdout.read(1000)
        process.send_signal(signal.SIGINT)
        said = await process.stderr.read()
        assert await process.wait() == 130
    assert "d02_user_denies was stopped: there is no verdict" in said.decode()


SETTINGS = "settings: {web21_last_grant_only: 1}\n"
TWICE = """\
timeline:
  - act:
      path: tokens
      json: &asked {bank: web21, client_id: "10000001", persona: shoji_maker, scope: web21.ref}
  - act: {path: tokens, json: *asked}
  - expect: {grants: {where: {is_live: true}, count: 1}}
"""


def of_settings(tmp_path: Path, settings: str) -> str:
    head = "name: twice\ntitle: {ja: 二度, en: Twice}\nstory: {ja: 話, en: s}\n"
    file = tmp_path / "twice.yaml"
    file.write_text(head + settings + TWICE, encoding="utf-8")
    return str(file)


@pytest.mark.requirement("W-48")
async def test_a_bank_of_the_run_s_own_has_the_scenario_s_settings(careful, tmp_path):
    code, out, _ = await careful.run(of_settings(tmp_path, SETTINGS))
    assert code == 0, out
    code, out, _ = await careful.run(of_settings(tmp_path, ""))
    assert (code, "2 with is_live=True, expected exactly 1" in out) == (1, True), out


async def test_a_server_that_runs_keeps_its_settings_and_the_run_says_where(running, tmp_path):
    async with example_app(running.url) as app:
        at = str(app.make_url("/"))
        given = ("--against", at, "--control", running.sandbox.control_url)
        folder = str(tmp_path / "to")
        found = await asyncio.to_thread(
            run, "run", of_settings(tmp_path, SETTINGS), *given, "--report", folder
        )
    assert found.returncode == 1
    note = "web21_last_grant_only is 0, and 1 in the scenario"
    assert note in found.stderr
    assert f"! {note}" in found.stdout
    written = json.loads(Path(folder, "run.json").read_text(encoding="utf-8"))
    assert written["notes"] == [note]
    suite = ElementTree.parse(Path(folder, "run.xml")).getroot()
    assert suite.findtext("system-out") == note


async def test_a_rule_that_strikes_nobody_is_told_of(running):
    rule = "{name: r, rule: {match: {client_id: nobody-yet}, effect: {kind: status, status: 503}}}"
    head = "name: a\ntitle: {ja: 題, en: t}\nstory: {ja: 話, en: s}\ntimeline:\n"
    for steps in (f"  - fault: {rule}\n", f"  - fault: {rule}\n  - unfault: {{name: r}}\n"):
        verdict, _ = await played(
            running.sandbox.control_url, read_scenario(head + steps), "careful"
        )
        assert (verdict.has_passed, verdict.notes) == (True, ("the rule r has not struck once",))
