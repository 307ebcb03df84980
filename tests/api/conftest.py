"""A server of its own process for the tests that drive it from outside, and a world to command."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sandbox.client import Sandbox, World
from tests.process import Server, serving
from tests.process import run as run_process
from tests.support import NOW


@pytest.fixture(scope="package")
def driven() -> Iterator[Server]:
    with serving("--strict", SANDBOX_TOMATO_RATE_LIMIT_PER_MINUTE="0") as running:
        yield running


@pytest.fixture
def world(driven: Server) -> Iterator[World]:
    """A world of the test's own, whose clock stands."""
    made = Sandbox(driven.control_url).worlds.create(clock=f"frozen:{NOW}")
    yield made
    made.delete()


@pytest.fixture
def run(driven: Server, world: World) -> Callable[..., str]:
    """Run a command in the test's world; its exit code is 0 unless told otherwise."""

    def run(*words: str, code: int = 0, on_world: bool = True) -> str:
        where = ["--world", world.name] if on_world else []
        found = run_process(*words, *where, SANDBOX_CONTROL=driven.control_url)
        assert found.returncode == code, found
        assert "Traceback" not in found.stderr
        if code:
            assert found.stdout == ""
            return found.stderr
        assert found.stderr == ""
        return found.stdout

    return run


@pytest.fixture
def ask(run: Callable[..., str]) -> Callable[..., Any]:
    """Run a command with --json; return what it answers."""
    return lambda *words, **how: json.loads(run(*words, "--json", **how))
