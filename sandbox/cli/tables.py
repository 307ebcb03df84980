"""Tables for a person at a terminal: an id or a time is never broken, for it is to be copied.

Where a table is too wide even with its texts folded, each row becomes a list of its own.
"""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from rich.console import Console

GAP: Final = 2
# What is copied from a screen as one piece: ids, numbers, times, scopes.
_PIECE = re.compile(r"[\w:+.-]+", re.ASCII)
LONGEST_PIECE: Final = 40
# What may be broken anywhere, such as a path or Japanese text, is left this many columns.
LEAST: Final = 20
EMPTY: Final = "–"

Row = Sequence[str]


def print_table(headings: Sequence[str], rows: Sequence[Row]) -> None:
    """Print ``rows`` as wide as the terminal; into a pipe, each row as one line."""
    from rich.console import Console

    console = Console(highlight=False)
    columns = [list(cells) for cells in zip(headings, *rows, strict=True)]
    widest = [max(map(_width, column)) for column in columns]
    if not console.is_terminal:
        widths: list[int] | None = widest
        console = Console(highlight=False, width=sum(widest) + GAP * len(widest))
    else:
        least = [max(map(_least, column)) for column in columns]
        widths = fitted(widest, least, console.width - GAP * (len(widest) - 1))
    if widths is None:
        _print_lists(console, headings, rows)
    else:
        _print_columns(console, headings, rows, widths)


def fitted(widest: Sequence[int], least: Sequence[int], room: int) -> list[int] | None:
    """Return the widths of columns that fit into ``room``; None: they cannot be that narrow.

    The widest gives way first, so that the narrow ones stay in one line.
    """
    if sum(least) > room:
        return None
    widths = list(widest)
    while sum(widths) > room:
        reducible = [at for at, width in enumerate(widths) if width > least[at]]
        widths[max(reducible, key=lambda at: widths[at])] -= 1
    return widths


def _width(text: str) -> int:
    from rich.cells import cell_len

    return max(map(cell_len, text.split("\n")))


def _least(text: str) -> int:
    """Return how narrow a cell may become."""
    return max((_least_of(word) for word in text.split()), default=1)


def _least_of(word: str) -> int:
    is_piece = len(word) <= LONGEST_PIECE and _PIECE.fullmatch(word)
    return len(word) if is_piece else min(_width(word), LEAST)


def _print_columns(
    console: "Console", headings: Sequence[str], rows: Sequence[Row], widths: Sequence[int]
) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, GAP, 0, 0))
    for heading, width in zip(headings, widths, strict=True):
        table.add_column(heading, width=width, overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    console.print(table)


def _print_lists(console: "Console", headings: Sequence[str], rows: Sequence[Row]) -> None:
    """Print each row as lines of heading and value, without the values that are not there."""
    from rich.text import Text

    width = max(map(_width, headings)) + GAP
    for number, row in enumerate(rows):
        if number:
            console.print()
        for heading, cell in zip(headings, row, strict=True):
            if cell not in ("", EMPTY):
                line = Text(heading + " " * (width - _width(heading)), style="bold")
                line.append(cell.replace("\n", "\n" + " " * width), style="not bold")
                console.print(line, soft_wrap=True)
