"""Every effect of the catalogue has a row that says what three clients see of it."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from sandbox.domain.effect import EFFECTS
from sandbox.domain.effect_rules import stages_of
from tests.faults import (
    test_clients,
    test_seen_in_books,
    test_seen_in_contents,
    test_seen_in_oauth,
    test_seen_in_results,
    test_seen_on_the_line,
    test_seen_over_tls,
)
from tests.faults.rows import Row, of_each
from tests.faults.seeing import CLIENTS, READ

PAGE = (Path(__file__).parents[2] / "docs" / "faults.md").read_text(encoding="utf-8")
MODULES = (
    test_seen_on_the_line,
    test_seen_in_contents,
    test_seen_in_books,
    test_seen_in_results,
    test_seen_in_oauth,
    test_seen_over_tls,
)
ROWS: list[Row] = [row for module in MODULES for row in module.ROWS]
# What a webhook's receiver sees is shown with receivers: no client calls there.
KINDS = {kind for kind, each in EFFECTS.items() if each.stages != ("delivery",)}
# Whose calls are counted together changes nothing of what each of them sees (test_quotas.py).
# Rows have numbers that a table cannot know (test_rows_may_be_named_by_their_numbers).
NOT_SEEN = {"key", "rows"}


def values(schema: Mapping[str, Any], name: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each value of each parameter that has a list of them."""
    if "enum" in schema:
        yield from ((name, value) for value in schema["enum"])
    for field, each in schema.get("properties", {}).items():
        yield from values(each, field)
    if "items" in schema:
        yield from values(schema["items"], name)


def given(effect: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(effect, Mapping):
        for field, each in effect.items():
            yield field, None
            yield from given(each, field)
    elif isinstance(effect, list):
        for each in effect:
            yield from given(each, name)
    else:
        yield name, effect


def test_every_kind_has_a_row_at_each_of_its_stages():
    wanted = {(kind, stage) for kind in KINDS for stage in EFFECTS[kind].stages}
    shown = {
        (row.kind, row.stage or stages_of({"kind": row.kind, **row.effect})[0]) for row in ROWS
    }
    assert shown == wanted


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_value_of_every_parameter_has_a_row(kind):
    fields = {"properties": EFFECTS[kind].fields}
    wanted = {pair for pair in values(fields) if pair[0] not in NOT_SEEN}
    shown = {pair for row in ROWS if row.kind == kind for pair in given(row.effect)}
    assert wanted <= shown, wanted - shown
    names = {name for name, _ in shown} | NOT_SEEN
    assert set(names_of(EFFECTS[kind].fields)) <= names


def names_of(fields: Mapping[str, Any]) -> Iterator[str]:
    for name, each in fields.items():
        inner = each.get("items", each).get("properties")
        yield from [name] if inner is None else names_of(inner)


def test_a_row_speaks_for_three_clients():
    assert set(CLIENTS) == {"aiohttp", "requests", "curl"}
    for row in ROWS:
        assert len(of_each(row.outcome)) == len(CLIENTS), row.name


def test_no_two_rows_are_the_same():
    said = [(row.kind, row.stage, row.variant, str(row.effect), str(row.beside)) for row in ROWS]
    books = [(each.kind, str(each.effect)) for each in test_seen_in_books.BALANCE]
    assert len(said) - len(set(said)) == len(books), "a balance is another call than a statement"


# The page


def lines_of(title: str) -> list[str]:
    """Return the rows of the table under a title of the page."""
    section = PAGE.partition(f"## {title}\n")[2].partition("\n## ")[0]
    return [line for line in section.splitlines() if line.startswith("|")]


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split(" | ")]


def told_of(row: Row) -> str:
    """Return what the page says of a row: in its line, and in those that this refers to."""
    if row.kind == "tls":
        (found,) = (c[-1] for c in map(cells, lines_of("Broken TLS")) if named(row, c[0]))
        return found
    table = [each for each in map(cells, lines_of("Effects")) if each[0].startswith("F-")]
    (said,) = (each[-1] for each in table if f"`{row.kind}`" == each[1])
    referred = set(re.findall(r"F-[0-9]+", said.partition("as ")[2]))
    return " ".join([said, *(each[-1] for each in table if each[0] in referred)])


def named(row: Row, cell: str) -> bool:
    return f"`{row.effect['case']}`" in cell.split(", ")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_the_page_says_what_each_client_sees(row):
    """Each error, of the call and of reading its JSON. Statuses follow the parameters."""
    for said in (*of_each(row.outcome), *of_each(row.reading or READ)):
        word = said.partition("|")[0]
        assert word.isdigit() or word == READ or word in told_of(row), (word, told_of(row))


def test_the_page_has_every_number_of_the_catalogue():
    listed = {
        number for line in lines_of("Effects") for number in re.findall(r"^\| (F-[0-9]+)", line)
    }
    assert listed == {f"F-{number}" for number in range(1, 41)}


def test_the_page_says_who_repeats_what():
    lines = lines_of("What HTTP clients repeat by themselves")
    for (client, connection), methods in test_clients.REPEATED.items():
        (line,) = [each for each in lines if each.startswith(f"| {client} | {connection} |")]
        if methods in ((), test_clients.METHODS):
            assert ("every method" if methods else "nothing") in line
        else:
            assert all(method in line for method in methods), line
