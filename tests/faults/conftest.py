"""A sandbox whose taro has let the aggregator in, and what strikes it."""

import pytest
import pytest_asyncio

from tests.faults.striking import Striker
from tests.support import run_sandbox


@pytest.fixture
async def striker(running) -> Striker:
    return await Striker(running).log_in()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(tmp_path_factory, template):
    """One sandbox for all rows of a module, which take their rules away again."""
    directory = tmp_path_factory.mktemp("shared")
    async with run_sandbox(directory, template=template) as running:
        yield await Striker(running).log_in()
