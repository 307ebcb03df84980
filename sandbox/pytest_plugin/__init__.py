"""The pytest plugin: a fresh world of the bank for each test that asks for ``bank``.

pytest loads every installed plugin in every run, so importing this one imports nothing but what
pytest has imported already; the rest comes with the first test that uses a fixture.
"""

from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from sandbox.client import Sandbox
    from sandbox.pytest_plugin.bank import TestBank

MARKER = "bank_world"


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("bank-sandbox")
    group.addoption(
        "--bank-sandbox-url",
        metavar="URL",
        help="control door of a running bank-sandbox; by default each process starts its own",
    )
    group.addoption(
        "--bank-sandbox-report",
        metavar="DIR",
        help="where a failed test leaves its world; by default below pytest's temporary directory",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        f"{MARKER}(seed=1, clock='frozen:2026-12-01T10:00', bank='tomato'): "
        "how the world of the fixture `bank` begins",
    )


@pytest.fixture(scope="session")
def bank_sandbox(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> "Iterator[Sandbox]":
    """A running sandbox (``sandbox.client.Sandbox``): the one of --bank-sandbox-url, or an own."""
    from sandbox.pytest_plugin.server import sandbox_for

    folder = tmp_path_factory.mktemp("bank-sandbox")
    with sandbox_for(request.config.getoption("--bank-sandbox-url"), folder) as found:
        yield found


@pytest.fixture
def bank(bank_sandbox: "Sandbox", request: pytest.FixtureRequest) -> "Iterator[TestBank]":
    """A bank in a fresh world, its clock frozen, deleted after the test."""
    from sandbox.pytest_plugin.bank import world_for

    marker = request.node.get_closest_marker(MARKER)
    with world_for(bank_sandbox, {} if marker is None else marker.kwargs) as found:
        yield found


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keep the world of a failed test, while it is still there."""
    report = yield
    found = getattr(item, "funcargs", {}).get("bank")
    if report.failed and call.when == "call" and found is not None:
        from sandbox.pytest_plugin.report import keep

        keep(item, report, found)
    return report
