"""The command line's tables on terminals of several widths: what is copied stays in one piece."""

import re

import pytest
from rich.cells import cell_len

from sandbox.cli.tables import EMPTY, LEAST, fitted, print_table

ACCOUNT = "00000000000000000010112345670001"
AT = "2026-12-01T09:00:20+09:00"
PATH = "/tomato/parasol/v1/banks/0566/accounts/" + ACCOUNT
BOLD = re.compile(r"\x1b\[\d*m")
HEADINGS = ["ID", "AT", "PATH", "HOLDER", "ERROR"]
ROWS = [
    [ACCOUNT, AT, PATH, "架空 太郎", EMPTY],
    [
        ACCOUNT,
        AT,
        PATH,
        "アレクサンドリーヌ・マリア・カクウシュタイン",
        "invalid_parameter",
    ],
]


@pytest.fixture
def printed(monkeypatch, capsys):
    """Return a function: what a table looks like on a terminal of so many columns, or in a pipe."""

    def look(columns: int | None, rows=ROWS, headings=HEADINGS) -> list[str]:
        for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "COLUMNS"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("TERM", "xterm")
        if columns is not None:
            monkeypatch.setenv("TTY_COMPATIBLE", "1")
            monkeypatch.setenv("COLUMNS", str(columns))
        print_table(headings, rows)
        return BOLD.sub("", capsys.readouterr().out).splitlines()

    return look


def test_into_a_pipe_each_row_is_one_line(printed):
    heading, *lines = printed(None)
    assert heading.split() == HEADINGS
    assert [line.split() for line in lines] == [" ".join(row).split() for row in ROWS]


def test_a_pipe_breaks_no_cell_however_long(printed):
    assert [line.rstrip() for line in printed(None, [["x" * 3000]], ["TEXT"])] == [
        "TEXT",
        "x" * 3000,
    ]


def test_a_wide_terminal_shows_the_whole_table(printed):
    assert len(printed(250)) == 1 + len(ROWS)


@pytest.mark.parametrize("columns", [122, 130, 150, 190])
def test_ids_and_times_stay_whole_where_the_rest_is_folded(printed, columns):
    lines = printed(columns)
    assert len(lines) > 1 + len(ROWS)
    assert all(cell_len(line.rstrip()) <= columns for line in lines)
    text = "\n".join(lines)
    assert text.count(AT) == text.count(f"{ACCOUNT}  {AT}") == len(ROWS)
    assert lines[0].split() == HEADINGS


def test_the_edge_between_a_table_and_lists(printed):
    narrowest = len(ACCOUNT) + len(AT) + 2 * LEAST + len("invalid_parameter") + 2 * 4
    assert printed(narrowest)[0].split() == HEADINGS
    assert printed(narrowest - 1)[0].split() == ["ID", ACCOUNT]


@pytest.mark.parametrize("columns", [20, 40, 80])
def test_where_a_table_cannot_be_each_row_is_a_list(printed, columns):
    assert printed(columns) == [
        f"ID      {ACCOUNT}",
        f"AT      {AT}",
        f"PATH    {PATH}",
        "HOLDER  架空 太郎",
        "",
        f"ID      {ACCOUNT}",
        f"AT      {AT}",
        f"PATH    {PATH}",
        f"HOLDER  {ROWS[1][3]}",
        "ERROR   invalid_parameter",
    ]


def test_a_value_of_several_lines_stays_under_itself(printed):
    lines = printed(30, [["f-1", "one\ntwo"], ["f-2", "x" * 40]], ["ID", "WHAT"])
    assert lines[:3] == ["ID    f-1", "WHAT  one", "      two"]


@pytest.mark.parametrize(
    ("room", "widths"),
    [(40, [4, 30, 6]), (35, [4, 25, 6]), (30, [4, 20, 6]), (29, None), (0, None)],
)
def test_the_widest_column_gives_way_as_far_as_it_can(room, widths):
    assert fitted([4, 30, 6], [4, 20, 6], room) == widths


def test_two_wide_columns_give_way_alike():
    assert fitted([40, 40], [10, 10], 50) == [25, 25]
