"""A server of its own process for the clients that others wrote."""

from collections.abc import Iterator

import pytest

from tests.process import Server, serving


@pytest.fixture(scope="package")
def server() -> Iterator[Server]:
    with serving("--strict") as running:
        yield running
