"""The small world of transfers, for every test of this folder."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.transfers.world import Small, small_world


@pytest.fixture
async def small(tmp_path: Path) -> AsyncIterator[Small]:
    async with small_world(tmp_path) as found:
        yield found
