"""What the tests of the benchmark share: two servers, and rounds that are short."""

from collections.abc import Iterator

import pytest

from tests.bench import calls, load, orders


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[calls.Servers]:
    """The bank and the bare handler, each in its process."""
    with calls.servers(tmp_path_factory.mktemp("served")) as at:
        yield at


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rounds of a few requests, by the client that is always there."""
    monkeypatch.setattr(load, "CLIENT_REQUESTS", 40)
    monkeypatch.setattr(calls, "CODES", 10)
    monkeypatch.setattr(orders, "CODES", 10)
    monkeypatch.setattr(load, "has_wrk", lambda: False)
