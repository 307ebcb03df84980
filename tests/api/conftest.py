"""A server of its own process, for the tests that drive it from outside."""

from collections.abc import Iterator

import pytest

from tests.process import Server, serving


@pytest.fixture(scope="package")
def driven() -> Iterator[Server]:
    with serving("--strict", SANDBOX_TOMATO_RATE_LIMIT_PER_MINUTE="0") as running:
        yield running
