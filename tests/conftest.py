"""What every test may ask for: a seeded world's file, and a sandbox running on a copy of it."""

import asyncio
import gc
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests import process
from tests.support import Running, run_sandbox


def pytest_configure() -> None:
    """Let Ctrl+C end what the tests start. The background job of a shell ignores it otherwise."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    gc.disable()


def pytest_collection_finish() -> None:
    """Look for garbage from here on, and never in what collecting made: all of that stays.

    Going through thousands of collected tests again and again is a third of the time it takes to
    collect them, and a fifth of that to run them.
    """
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session", autouse=True)
def _what_is_left(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A server that is killed cannot tidy up: what it leaves goes with the folders of the tests."""
    process.TEMPORARY["TMPDIR"] = str(tmp_path_factory.mktemp("left"))


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a freshly seeded world, closed: seeding once takes longer than many copies."""
    directory = tmp_path_factory.mktemp("template")

    async def make() -> None:
        async with run_sandbox(directory):
            await asyncio.sleep(0)

    asyncio.run(make())
    return directory / "default.db"


@pytest.fixture
async def running(tmp_path: Path, template: Path) -> AsyncIterator[Running]:
    """A sandbox with the default settings, its clock frozen at ``tests.support.NOW``."""
    async with run_sandbox(tmp_path, template=template) as found:
        yield found
