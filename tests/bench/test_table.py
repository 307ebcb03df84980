"""The page of the benchmarks holds the rows that the commands measure, whatever the figures."""

import re
from pathlib import Path

import pytest

from tests.bench import __main__ as bench
from tests.bench import load, table
from tests.bench.peers import __main__ as peers
from tests.bench.peers.install import versions
from tests.bench.soak import __main__ as soak
from tests.bench.table import Row

PAGE = table.DOCUMENT.read_text(encoding="utf-8")
OPTIONS = bench.Options(rounds=1, seconds=1, is_quick=False)
# The aims that were set before anything was measured.
AIMS = {
    "ready after start, warm": "≤ 800 ms",
    "`--help`": "≤ 200 ms",
    "authenticated balance read ÷ bare handler": "≤ 1.6",
    "page of 100 statement lines ÷ bare handler": "≤ 5",
    "transfer request ÷ bare handler": "≤ 6",
    "code + PKCE → token ÷ bare handler": "≤ 3.5",
    "unauthorized call ÷ bare handler": "≤ 1.3",
    "page of 100 at 10 million lines ÷ at 10 thousand": "≤ 1.3",
    "new world, over HTTP": "≤ 10 ms",
    "snapshot of the default world, over HTTP": "≤ 10 ms",
    "restore of the default world, over HTTP": "≤ 10 ms",
    "resident memory with 200 worlds alive": "≤ 250 MB",
    "seeding lines ÷ plain `executemany`": "≥ 0.5",
    "image, compressed": "≤ 60 MB",
}


def steps():
    """Return what each step of the benchmark is called, without measuring anything."""
    nowhere = Path("nowhere")
    found = [
        *bench.starting(OPTIONS, nowhere),
        *bench.calling(OPTIONS, None),
        *bench.journalling(OPTIONS, None, nowhere),
        *bench.crowding(OPTIONS, None),
        *bench.storing(OPTIONS, nowhere, nowhere),
        *bench.living(OPTIONS),
        *bench.transferring(OPTIONS),
    ]
    return [what for what, _ in found]


def part(name):
    return PAGE.partition(f"<!-- {name} -->")[2].partition(f"<!-- /{name} -->")[0]


def rows(text, head):
    """Return the cells of every row of the tables that begin with ``head``."""
    columns = len(table.HEAD.splitlines()[0].split("|")) if head == table.HEAD else 7
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    first = [cell.strip() for cell in head.splitlines()[0].strip("|").split("|")]
    assert first in cells
    assert {len(row) for row in cells} == {len(first)} == {columns - 2}
    return [row for row in cells if row != first]


def test_the_page_has_every_row_that_is_measured():
    assert [row[0] for row in rows(part(bench.NAME), table.HEAD)] == steps()


def test_every_aim_has_its_row():
    found = {row[0]: row[1].partition(",")[0] for row in rows(part(bench.NAME), table.HEAD)}
    assert {what: found.get(what) for what in AIMS} == AIMS


def test_every_row_of_the_page_has_figures_or_says_why_not():
    for what, _, middle, spread, _, remark in rows(part(bench.NAME), table.HEAD):
        if middle == table.NOTHING:
            assert remark, what
        else:
            assert re.fullmatch(r"\*\*[\d,.]+( \w+)?\*\*", middle), what
            assert re.fullmatch(r"[\d,.]+ – [\d,.]+", spread), what


@pytest.mark.parametrize("name", [bench.NAME, peers.NAME, soak.NAME])
def test_each_table_names_day_machine_and_versions(name):
    made = part(name).strip().splitlines()[0]
    assert re.match(r"Measured \d{4}-\d\d-\d\d, \d+ cores \(\w+\), \d+ GiB, Linux, Python 3", made)
    assert all(f"{library} " in made for library in table.LIBRARIES)


def test_the_page_has_every_peer_at_its_pinned_version():
    text = part(peers.NAME)
    for peer in peers.PEERS:
        section = text.partition(f"### {peer.name} {versions()[peer.name]}\n")[2]
        assert section.strip().startswith(peer.says), peer.name
        what = [row[0] for row in rows(section.partition("\n### ")[0], peers.HEAD)]
        assert what[:2] == ["start to first answer", "CPU of that"]
        assert (f"CPU of a call: {peer.call}" in what) is (peer.load is not None)


def test_the_page_has_a_soak_that_lost_nothing():
    text = part(soak.NAME)
    assert re.search(r"\n\d+ minutes, [\d,]+ calls: ", text)
    assert re.search(r"\n[\d,]+ grants, transfers, worlds looked for, twice: 0 wrong\n", text)
    grown = re.findall(r"\n(\w+): [\d.]+ → [\d.]+ \([+-][\d.]+ %\)", text)
    assert grown == ["rss_mib", "handles", "threads", "tasks"]
    assert re.search(r"\n(passed|FAILED)\n```", text)


# How rows are written


def test_a_row_shows_its_median_and_spread():
    row = Row("start", "≤ 800 ms", (777.4, 90.06, 1_234.5), "ms", "wall", "+1 µs")
    assert str(row) == "| start | ≤ 800 ms | **777 ms** | 90.1 – 1,234 | +1 µs | wall |"


@pytest.mark.parametrize(
    ("aim", "figure", "is_met"),
    [
        ("≤ 1.6", 1.6, True),
        ("≤ 1.6", 1.61, False),
        ("≥ 0.5", 0.5, True),
        ("≥ 0.5", 0.49, False),
        ("≤ 800 ms", 801.0, False),
        ("", 1.0, None),
    ],
)
def test_a_missed_aim_says_so(aim, figure, is_met):
    row = Row("x", aim, (figure, figure, figure), "")
    assert row.is_met is is_met
    assert (", missed" in str(row)) is (is_met is False)


def test_what_was_not_measured_has_no_figure():
    row = Row("image", "≤ 60 MB", None, "MB", "elsewhere")
    assert row.is_met is None
    assert str(row) == "| image | ≤ 60 MB | – | – |  | elsewhere |"


@pytest.mark.parametrize(
    ("figure", "text"), [(1.234, "1.23"), (12.34, "12.3"), (123.4, "123"), (12_345.6, "12,346")]
)
def test_figures_have_three_digits(figure, text):
    assert table.written(figure) == text


def test_the_tables_of_the_sections_stand_below_each_other():
    row = Row("x", "", (1.0, 1.0, 1.0), "")
    text = table.tables({"Start": [row], "Calls": [row, row]})
    assert [line for line in text.splitlines() if line.startswith("#")] == [
        "### Start",
        "### Calls",
    ]
    assert text.count("| x |") == 3


def test_a_page_gets_its_text_between_the_marks_and_keeps_the_rest(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("a\n<!-- n -->\nold\n<!-- /n -->\nb\n", encoding="utf-8")
    table.write("n", "new", page)
    assert page.read_text(encoding="utf-8") == "a\n<!-- n -->\nnew\n<!-- /n -->\nb\n"


@pytest.mark.parametrize("page", ["", "<!-- n -->", "<!-- /n -->"])
def test_a_page_without_marks_is_not_written(page):
    with pytest.raises(ValueError, match="no marks of n"):
        table.put(page, "n", "new")


def test_the_machine_is_named_by_kind_alone():
    made = table.machine("more")
    assert made.endswith(", more")
    assert not re.search(r"\d+\.\d+\.\d+\.\d+|\.local|host", made)


def test_how_busy_the_machine_was_is_told(monkeypatch):
    monkeypatch.setattr("os.getloadavg", lambda: (14.24, 1.0, 2.0))
    assert table.load_before() == "load average 14.2 before"


def test_without_wrk_a_row_says_so(monkeypatch):
    monkeypatch.setattr(load, "has_wrk", lambda: False)
    row = bench.of_rate("reads", None, OPTIONS)
    assert row.figures is None
    assert "wrk" in row.remark


def test_the_command_prints_and_keeps_what_was_measured(monkeypatch, capsys, tmp_path):
    page = tmp_path / "page.md"
    page.write_text(f"<!-- {bench.NAME} -->\n<!-- /{bench.NAME} -->", encoding="utf-8")
    row = Row("x", "≤ 1.0", (1.0, 1.0, 1.0), "")
    seen = []

    def run(options, _progress):
        seen.append(options)
        return {"Start": [row]}

    monkeypatch.setattr(bench, "run", run)
    monkeypatch.setattr(table.write, "__defaults__", (page,))
    bench.main(["--rounds", "3", "--quick", "--image-mb", "58.1", "--write"])
    assert seen == [bench.Options(rounds=3, seconds=2, is_quick=True, image_mb=58.1)]
    assert str(row) in capsys.readouterr().out
    assert str(row) in page.read_text(encoding="utf-8")
