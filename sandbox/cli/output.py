"""How the commands answer: tables for people, JSON for programs."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import typer

from sandbox.domain.printable import one_line, printable, printable_json


def print_json(value: Any) -> None:
    """Print an answer, or a list of them, as the server would send it."""
    from sandbox.client.answers import plain

    typer.echo(printable_json(json.dumps(plain(value), ensure_ascii=False)))


def print_rows(
    items: Sequence[Any], columns: Mapping[str, str], *, as_json: bool, nothing: str
) -> None:
    """Print ``items``: as a JSON list, or as a table with ``heading: attribute``.

    ``nothing`` is what a person reads where there are none.
    """
    if as_json:
        print_json(items)
    elif not items:
        typer.echo(nothing)
    else:
        rows = [[shown(_attribute(item, name)) for name in columns.values()] for item in items]
        print_table(list(columns), rows)


def print_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table, with nothing in its cells that commands a terminal."""
    from sandbox.cli import tables

    tables.print_table(headings, [list(map(printable, row)) for row in rows])


def print_one(value: Any, text: str, *, as_json: bool) -> None:
    """Print one answer: as JSON, or as the line that says the same to a person."""
    if as_json:
        print_json(value)
    else:
        typer.echo(printable(text))


def shown(value: Any) -> str:
    """Return a value as a table shows it: in one line, with nothing that commands a terminal."""
    match value:
        case None:
            return "–"
        case bool():
            return "yes" if value else "no"
        case datetime():
            return value.isoformat(timespec="seconds")
        case list() | tuple():
            return " ".join(map(shown, value))
        case Mapping():
            return " ".join(f"{name}={shown(each)}" for name, each in value.items())
    return one_line(str(value))


def _attribute(item: Any, dotted: str) -> Any:
    for name in dotted.split("."):
        item = None if item is None else getattr(item, name)
    return item
