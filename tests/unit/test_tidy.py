"""The house rules, held over the whole tree; and each rule is seen to object to a plant."""

from pathlib import Path
from statistics import median

import pytest

from tests import tidy_rules
from tests.tidy_rules import Rule, Source

ROOT = Path(__file__).parents[2]
FUNCTION_MEDIAN = 10

TREE = tidy_rules.read_sources(ROOT)
PYTHON = [s for s in TREE if s.name.endswith(".py")]
SANDBOX = [s for s in PYTHON if s.name.startswith("sandbox/")]
TESTS = [s for s in PYTHON if s.name.startswith("tests/")]
# Written by hand line for line; schemas, fixtures and prose may be as long as they need.
WRITTEN = [s for s in TREE if s.name.endswith((".py", ".sql", ".css", ".js", ".html"))]


def without(sources: list[Source], *prefixes: str) -> list[Source]:
    return [source for source in sources if not source.name.startswith(prefixes)]


HELD: list[tuple[Rule, list[Source]]] = [
    (tidy_rules.long_functions, PYTHON),
    (tidy_rules.long_file, WRITTEN),
    (tidy_rules.clock_readings, without(SANDBOX, "sandbox/clock.py")),
    (tidy_rules.sql_clock, without(TREE, "tests/")),
    (tidy_rules.chance_imports, without(SANDBOX, "sandbox/chance.py")),
    (tidy_rules.prints, without(SANDBOX, "sandbox/cli/")),
    (tidy_rules.stubs, SANDBOX),
    (tidy_rules.skipped_tests, TESTS),
    (tidy_rules.leftovers, TREE),
    (tidy_rules.machine_names, without(TREE, "LICENSE")),
    (tidy_rules.real_banks, TREE),
]


def name_of(value: object) -> str | None:
    return getattr(value, "__name__", None) or None


@pytest.mark.parametrize(("rule", "sources"), HELD, ids=name_of)
def test_rule_holds_everywhere(rule: Rule, sources: list[Source]) -> None:
    assert sources
    assert [finding for source in sources for finding in rule(source)] == []


def test_modules_import_each_other_in_one_direction() -> None:
    assert tidy_rules.import_cycle(SANDBOX) == []


@pytest.mark.parametrize("sources", [SANDBOX, SANDBOX + TESTS], ids=["sandbox", "all"])
def test_functions_are_short(sources: list[Source]) -> None:
    lengths = [length for source in sources for _, length in tidy_rules.functions(source)]
    assert median(lengths) <= FUNCTION_MEDIAN


def test_there_is_at_least_as_much_test_as_source() -> None:
    source_lines = sum(source.filled_lines for source in SANDBOX)
    test_lines = sum(source.filled_lines for source in TESTS)
    print(f"non-blank lines: source {source_lines}, tests {test_lines}")
    assert test_lines >= source_lines, f"source {source_lines}, tests {test_lines}"


# The rules themselves

PLANTS: list[tuple[Rule, str]] = [
    (tidy_rules.long_functions, "def f():\n" + "    x = 1\n" * 50),
    (tidy_rules.long_functions, "async def f():\n" + "    x = 1\n" * 50),
    (tidy_rules.long_file, "x = 1\n" * 401),
    (tidy_rules.clock_readings, "from datetime import datetime\ndatetime.now(tz)\n"),
    (tidy_rules.clock_readings, "from datetime import datetime as dt\nread = dt.utcnow\n"),
    (tidy_rules.clock_readings, "import datetime\ndatetime.date.today()\n"),
    (tidy_rules.clock_readings, "import time\ntime.time()\n"),
    (tidy_rules.clock_readings, "import time as t\nClock(t.monotonic)\n"),
    (tidy_rules.clock_readings, "from time import time_ns\ntime_ns()\n"),
    (tidy_rules.clock_readings, "import asyncio\nasyncio.get_running_loop().time()\n"),
    (tidy_rules.clock_readings, "def f(loop):\n    return loop.time()\n"),
    (tidy_rules.sql_clock, "INSERT INTO t VALUES (CURRENT_TIMESTAMP);\n"),
    (tidy_rules.sql_clock, "SELECT datetime('now');\n"),
    (tidy_rules.chance_imports, "import random\n"),
    (tidy_rules.chance_imports, "from secrets import token_hex\n"),
    (tidy_rules.chance_imports, "def f():\n    import uuid as u\n"),
    (tidy_rules.chance_imports, "import os.path\nos.urandom(8)\n"),
    (tidy_rules.prints, "print('x')\n"),
    (tidy_rules.stubs, "def f():\n    pass\n"),
    (tidy_rules.stubs, "def f():\n    '''Later.'''\n    ...\n"),
    (tidy_rules.skipped_tests, "import pytest\npytest.skip('not today')\n"),
    (tidy_rules.skipped_tests, "import pytest\n@pytest.mark.xfail\ndef test(): f()\n"),
    (tidy_rules.leftovers, "x = 1  # TO~DO: more\n"),
    (tidy_rules.leftovers, "raise NotImplemented~Error\n"),
    (tidy_rules.machine_names, "see /wo~rk/main for more\n"),
    (tidy_rules.machine_names, "cd '/ro~ot'\n"),
    (tidy_rules.machine_names, "open('/t~mp/x')\n"),
    (tidy_rules.machine_names, "/ho~me/taro/x\n"),
    (tidy_rules.machine_names, "https://py~pi.org/simple\n"),
    (tidy_rules.machine_names, "ci-7.inter~nal\n"),
    (tidy_rules.real_banks, "トマ~ト銀行\n"),
    (tidy_rules.real_banks, "（GMOあお~ぞらネット）\n"),
    (tidy_rules.real_banks, "Tom~ato Bank\n"),
    (tidy_rules.real_banks, "sm~bc_client\n"),
]

INNOCENT: list[tuple[Rule, str]] = [
    (tidy_rules.long_functions, "def f():\n" + "    x = 1\n" * 49),
    (tidy_rules.long_file, "x = 1\n" * 400),
    (tidy_rules.clock_readings, "clock.now()\nmoment.time()\ntime(12, 0)\ndate(2026, 1, 1)\n"),
    (tidy_rules.clock_readings, "import time\ntime.sleep(1)\n"),
    (tidy_rules.chance_imports, "from sandbox.chance import draw\nfrom sandbox import secrets\n"),
    (tidy_rules.prints, "console.print('x')\n"),
    (tidy_rules.stubs, "class P(Protocol):\n    def f(self) -> int: ...\n"),
    (tidy_rules.skipped_tests, "cursor.skip()\n"),
    (tidy_rules.leftovers, "method, fixture, 'XXXX'\n"),
    (tidy_rules.machine_names, "/w/{world}/tomato, network, tests/tmp_path, /workers, /users/\n"),
    (tidy_rules.machine_names, "http://host.docker.inter~nal:8080\n"),
    (tidy_rules.machine_names, "docker run --tmpfs /t~mp image\n"),
    (tidy_rules.real_banks, "tomato, サンドボックス銀行（地域金融）, 0566\n"),
]


def planted(directory: Path, text: str) -> Source:
    """Write ``text`` into a tree of its own and read it as the project is read."""
    (directory / "planted.py").write_text(text.replace("~", ""), encoding="utf-8")
    (source,) = tidy_rules.read_sources(directory)
    return source


@pytest.mark.parametrize(("rule", "text"), PLANTS, ids=name_of)
def test_rule_sees_a_plant(rule: Rule, text: str, tmp_path: Path) -> None:
    assert rule(planted(tmp_path, text))


@pytest.mark.parametrize(("rule", "text"), INNOCENT, ids=name_of)
def test_rule_lets_the_innocent_pass(rule: Rule, text: str, tmp_path: Path) -> None:
    assert rule(planted(tmp_path, text)) == []


@pytest.mark.parametrize("last_import", ["from p import a", "from p.a import x", "import p.a"])
def test_import_cycles_are_seen(last_import: str) -> None:
    sources = [
        Source("p/__init__.py", ""),
        Source("p/a.py", "from p.b import y\nx = 1\n"),
        Source("p/b.py", "def later():\n    from p import c\ny = 1\n"),
        Source("p/c.py", f"{last_import}\n"),
    ]
    assert tidy_rules.import_cycle(sources[:3]) == []
    (cycle,) = tidy_rules.import_cycle(sources)
    assert {"p.a", "p.b", "p.c"} == set(cycle.split(" <- "))


def test_function_lengths_count_from_def_to_the_last_line() -> None:
    source = Source("m.py", "@decorated\ndef f():\n    '''Doc.'''\n    return 1\n\n\nx = 1\n")
    assert tidy_rules.functions(source) == [("m.py:2 f", 3)]


def test_what_tools_leave_behind_is_not_read(tmp_path: Path) -> None:
    for directory in (".venv", ".git", "__pycache__", "dist"):
        (tmp_path / directory).mkdir()
        (tmp_path / directory / "x.py").write_text("x", encoding="utf-8")
    (tmp_path / "logo.png").write_bytes(b"\x89PNG\xff")
    (tmp_path / ".ci").mkdir()
    (tmp_path / ".ci" / "run").write_text("true\n", encoding="utf-8")
    assert tidy_rules.read_sources(tmp_path) == [Source(".ci/run", "true\n")]
