"""The rows of the benchmark, and the page that keeps them: docs/benchmarks.md."""

import os
import platform
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

Figures = tuple[float, float, float]  # median, lowest, highest
DOCUMENT = Path(__file__).parents[2] / "docs" / "benchmarks.md"
HEAD = "| what | aim | median | spread | added | remark |\n|---|---|---|---|---|---|"
LIBRARIES = ("aiohttp", "uvloop", "aiosqlite", "orjson", "jsonschema-rs")
NOTHING = "–"


@dataclass(frozen=True, slots=True)
class Row:
    """``figures`` None: it was not measured, and ``remark`` says why. ``added``: of a call."""

    what: str
    aim: str
    figures: Figures | None
    unit: str
    remark: str = ""
    added: str = ""

    @property
    def is_met(self) -> bool | None:
        """Whether the median keeps to the aim; None: there is no aim, or no figure."""
        if not self.aim or self.figures is None:
            return None
        sign, number, *_ = self.aim.split()
        limit = float(number)
        return self.figures[0] <= limit if sign == "≤" else self.figures[0] >= limit

    def __str__(self) -> str:
        aim = self.aim + (", missed" if self.is_met is False else "")
        shown, spread = NOTHING, NOTHING
        if self.figures is not None:
            middle, low, high = map(written, self.figures)
            shown, spread = f"**{f'{middle} {self.unit}'.rstrip()}**", f"{low} – {high}"
        return f"| {self.what} | {aim} | {shown} | {spread} | {self.added} | {self.remark} |"


def written(figure: float) -> str:
    """Three digits, or all of those before the point."""
    digits = 0 if figure >= 100 else 1 if figure >= 10 else 2
    return f"{figure:,.{digits}f}"


def tables(sections: Mapping[str, Sequence[Row]]) -> str:
    """Return a heading and a table for each section."""
    return "\n\n".join(
        "\n".join([f"### {title}", "", HEAD, *map(str, rows)]) for title, rows in sections.items()
    )


def load_before() -> str:
    """Return how busy the machine is, to be asked before the measure adds to it."""
    return f"load average {os.getloadavg()[0]:.1f} before"


def machine(*more: str) -> str:
    """Return the day, the kind of machine and the versions: no names of hosts."""
    pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    facts = [
        datetime.now(UTC).date().isoformat(),
        f"{os.cpu_count()} cores ({platform.machine()}), {pages * size / 2**30:.0f} GiB",
        f"{platform.system()}, Python {platform.python_version()}",
        *(f"{name} {version(name)}" for name in LIBRARIES),
        f"SQLite {sqlite3.sqlite_version}",
        *more,
    ]
    return ", ".join(facts)


def put(document: str, name: str, text: str) -> str:
    """Return ``document`` with ``text`` between the marks of ``name``.

    Raises:
        ValueError: it has no such marks.
    """
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    before, found, rest = document.partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        raise ValueError(f"no marks of {name}")
    return f"{before}{begin}\n{text}\n{end}{after}"


def write(name: str, text: str, document: Path = DOCUMENT) -> None:
    page = put(document.read_text(encoding="utf-8"), name, text)
    document.write_text(page, encoding="utf-8")
