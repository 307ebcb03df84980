"""Which test shows which requirement: the marker ``requirement``, checked and listed.

A test says ``@pytest.mark.requirement("T-12")``, with as many ids as it shows. An id outside the
known ranges is a collection error. ``pytest --collect-only -qq --requirements``
(``make requirements``) prints each id with its tests, and the ids that no test names.
"""

from collections import defaultdict
from collections.abc import Generator, Iterable, Iterator, Mapping
from typing import Protocol

import pytest

# Highest number of each list: terms of the provider service, of the direct connection, OAuth.
LAST_NUMBER = {"T": 40, "W": 70, "O": 35}

KNOWN = {f"{letter}-{n}" for letter, last in LAST_NUMBER.items() for n in range(1, last + 1)}


class Test(Protocol):
    """What is read of a collected test."""

    @property
    def nodeid(self) -> str: ...

    def iter_markers(self, name: str) -> Iterator[pytest.Mark]: ...


Citations = Mapping[str, set[str]]
_cited = pytest.StashKey[Citations]()


def sort_key(requirement_id: str) -> tuple[int, int]:
    letter, _, number = requirement_id.partition("-")
    return list(LAST_NUMBER).index(letter), int(number)


def ids_of(test: Test) -> list[object]:
    """Return the ids that a test names; an empty marker counts as the id ``None``."""
    return [
        requirement_id
        for marker in test.iter_markers("requirement")
        for requirement_id in marker.args or (None,)
    ]


def unknown_ids(tests: Iterable[Test]) -> list[str]:
    """Return a sentence for each id that no list has."""
    return [
        f"{test.nodeid} names the unknown requirement {requirement_id!r}"
        for test in tests
        for requirement_id in ids_of(test)
        if not (isinstance(requirement_id, str) and requirement_id in KNOWN)
    ]


def citations(tests: Iterable[Test]) -> Citations:
    """Return id → node ids of its tests, parametrized ones once."""
    cited: defaultdict[str, set[str]] = defaultdict(set)
    for test in tests:
        for requirement_id in ids_of(test):
            cited[str(requirement_id)].add(test.nodeid.partition("[")[0])
    return cited


def report(cited: Citations) -> list[str]:
    """Return the lines of the report: each cited id with its tests, then what is not cited."""
    lines = []
    for requirement_id in sorted(cited, key=sort_key):
        first, *others = sorted(cited[requirement_id])
        lines.append(f"{requirement_id:<5} {first}")
        lines += [f"      {other}" for other in others]
    for letter, last in LAST_NUMBER.items():
        missing = [i for n in range(1, last + 1) if (i := f"{letter}-{n}") not in cited]
        lines.append(f"{letter}: {last - len(missing)} of {last} cited")
        lines.append(f"{letter} not cited: {' '.join(missing) or 'none'}")
    return lines


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--requirements", action="store_true", help="list each requirement and its tests"
    )


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    # An error of the file, not of the run: so it is shown with all others, under xdist too.
    found = yield
    unknown = unknown_ids(node for node in found.result or () if isinstance(node, pytest.Item))
    if unknown:
        found.outcome, found.longrepr, found.result = "failed", "\n".join(unknown), []
    return found


@pytest.hookimpl(tryfirst=True)  # before -k and -m take tests away
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    config.stash[_cited] = citations(items)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    if config.getoption("--requirements") and _cited in config.stash:
        terminalreporter.section("requirements")
        for line in report(config.stash[_cited]):
            terminalreporter.write_line(line)
