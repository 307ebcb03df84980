"""A server of its own process for the clients that others wrote."""

from collections.abc import Iterator

import pytest

from tests.process import Server, serving

# A provider app's own tests, run by test_example_app.py in a pytest of their own.
collect_ignore = ["example_app_suite"]


@pytest.fixture(scope="package")
def server() -> Iterator[Server]:
    with serving("--strict") as running:
        yield running
