"""Runs of scenarios: a world on a real server, an app on a real socket, and what came of it."""

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp.test_utils import TestServer

from sandbox.client import AsyncSandbox
from sandbox.scenarios.app import App
from sandbox.scenarios.bank import Bank
from sandbox.scenarios.library import text_of
from sandbox.scenarios.model import Scenario, Verdict
from sandbox.scenarios.reading import read_scenario
from sandbox.scenarios.running import Run
from tests.process import COMMAND, environment

# The example provider stands beside the tests of the clients, and knows nothing of either.
sys.path.append(str(Path(__file__).parents[1] / "clients"))

from example_app.__main__ import settings_for
from example_app.app import Provider, make_app
from example_app.careless import CarelessProvider

KINDS: dict[str, type[Provider]] = {"careful": Provider, "careless": CarelessProvider}


@asynccontextmanager
async def fresh_world(
    control_url: str, scenario: Scenario, name: str | None = None
) -> AsyncIterator[Bank]:
    """Give a world of its own to the block, made as ``bank-sandbox run --control`` makes it."""
    async with AsyncSandbox(control_url) as sandbox:
        world = await sandbox.worlds.create(
            name,
            seed=scenario.seed,
            clock=f"frozen:{scenario.clock}",
            personas=scenario.personas,
        )
        yield Bank(sandbox, world)
        await sandbox.worlds.delete(world.name)


@asynccontextmanager
async def example_app(bank_url: str, kind: str = "careful") -> AsyncIterator[TestServer]:
    """Run the example provider on a socket."""
    async with TestServer(make_app(settings_for(bank_url), KINDS[kind])) as server:
        yield server


async def played(
    control_url: str, scenario: Scenario, kind: str, *, world: str | None = None
) -> tuple[Verdict, Any]:
    """Return the verdict on one version of the app, and the journal of the run."""
    async with fresh_world(control_url, scenario, world) as bank:
        base_url = (await bank.world.describe()).base_url
        async with example_app(base_url, kind) as server, App(str(server.make_url("/"))) as app:
            verdict = await Run(scenario, bank, app).play()
        return verdict, await bank.list_all("journal", "journal", {})


def shipped(name: str) -> Scenario:
    """Return a scenario that comes along."""
    return read_scenario(text_of(name))


async def drilled(control_url: str, name: str, kind: str) -> Verdict:
    return (await played(control_url, shipped(name), kind))[0]


def shown(verdict: Verdict) -> str:
    """Return what went wrong, for a person who reads a failed test."""
    steps = [f"line {o.step.line} {o.step.title}: {o.problem}" for o in verdict.steps if o.problem]
    return "\n".join([*steps, *verdict.problems])


def free_ports(count: int) -> list[int]:
    """Return ports that were free a moment ago."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


async def ran(*command: str, folder: Path) -> tuple[int, str]:
    """Run a command that finds ``bank-sandbox``; return its exit code and what it printed."""
    found = Path(COMMAND).parent
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=folder,
        env=environment(PATH=f"{found}:{os.environ['PATH']}"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, output.decode()
