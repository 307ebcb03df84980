"""A sandbox whose taro has let the aggregator in, and what strikes it."""

import pytest

from tests.faults.striking import Striker


@pytest.fixture
async def striker(running) -> Striker:
    return await Striker(running).log_in()
