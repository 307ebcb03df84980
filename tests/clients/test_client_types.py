"""What a type checker makes of the client in somebody else's project: both faces, no ``Any``."""

import re
import subprocess
import sys

PROGRAM = """
from typing import assert_type

from sandbox.client import AsyncSandbox, Sandbox
from sandbox.client.answers import Client, Clock, JournalEntry, Token, WorldSummary
from sandbox.client.scenarios import ScenarioRun


def wait(sandbox: Sandbox) -> None:
    world = sandbox.world()
    assert_type(sandbox.worlds.list(), tuple[WorldSummary, ...])
    assert_type(sandbox.certificates.ca(), str)
    assert_type(world.clock.get(), Clock)
    assert_type(world.clients(bank="tomato"), tuple[Client, ...])
    assert_type(world.tokens.list(client_id="app"), list[Token])
    assert_type(world.scenarios.wait("run"), ScenarioRun)
    for entry in world.journal.follow(bank="tomato"):
        assert_type(entry, JournalEntry)


async def await_(sandbox: AsyncSandbox) -> None:
    world = sandbox.world()
    assert_type(await sandbox.worlds.list(), tuple[WorldSummary, ...])
    assert_type(await sandbox.certificates.ca(), str)
    assert_type(await world.clock.get(), Clock)
    assert_type(await world.clients(bank="tomato"), tuple[Client, ...])
    assert_type(await world.tokens.list(client_id="app"), list[Token])
    assert_type(await world.scenarios.wait("run"), ScenarioRun)
    async for entry in world.journal.follow(bank="tomato"):
        assert_type(entry, JournalEntry)


def mistaken(sandbox: Sandbox, other: AsyncSandbox) -> None:
    sandbox.world().tokens.mint(1, "taro")
    sandbox.world().tokens.mint("app", persona_name="taro")
    other.world().clock.get().mode
"""
# The lines of ``mistaken``, from the last one, and what each is reported as.
MISTAKES = {("3", "arg-type"), ("2", "call-arg"), ("1", "attr-defined")}


def test_a_type_checker_knows_every_answer_and_every_mistake(tmp_path):
    tmp_path.joinpath("program.py").write_text(PROGRAM, encoding="utf-8")
    found = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir=cache", "program.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    errors = re.findall(r"^program\.py:(\d+): error: .*\[([\w-]+)\]$", found.stdout, re.MULTILINE)
    end = PROGRAM.count("\n") + 1
    assert {(str(end - int(line)), code) for line, code in errors} == MISTAKES, found.stdout
