"""docs/dependencies.md is true: what the bank needs, why, how old it may be, under what licence."""

import json
import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.packaging.wheel import ROOT

PAGE = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
BILL = json.loads((ROOT / "docker" / "sbom.cdx.json").read_bytes())
NEEDS = [Requirement(text) for text in PYPROJECT["project"]["dependencies"]]
STATED = [
    *PYPROJECT["build-system"]["requires"],
    *PYPROJECT["project"]["dependencies"],
    *(
        text
        for group in PYPROJECT["dependency-groups"].values()
        for text in group
        if isinstance(text, str)
    ),
]


def rows(title: str) -> list[list[str]]:
    """Return the cells of the first table below a heading, without its head."""
    section = PAGE.partition(f"## {title}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip(" `*") for cell in line.strip("|").split("|")] for line in lines[2:]]


def licence_of(part: dict) -> str:
    (stated,) = part["licenses"]
    of_list = stated.get("license", {})
    return stated.get("expression") or of_list.get("id") or of_list["name"]


LICENCES = {part["name"]: licence_of(part) for part in BILL["components"]}
DIRECT = {row[0]: row for row in rows("What the bank asks for")}
BROUGHT = {row[0]: row for row in rows("What these bring along")}


def test_the_page_names_what_the_bank_asks_for_and_why():
    assert sorted(DIRECT) == sorted(need.name for need in NEEDS)
    for _, why, *_ in DIRECT.values():
        assert len(why) > 5


@pytest.mark.parametrize("need", NEEDS, ids=lambda need: need.name)
def test_the_lowest_version_is_the_one_that_was_tested(need):
    """A new bound is a new entry of the page, so that nobody forgets `scripts/lowest`."""
    assert str(need.specifier) == f">={DIRECT[need.name][2]}", "run scripts/lowest, then say so"


@pytest.mark.parametrize("text", STATED)
def test_each_requirement_has_a_lower_bound(text):
    assert [bound.operator for bound in Requirement(text).specifier].count(">=") == 1


def test_nothing_that_users_install_has_an_upper_bound():
    """It would forbid versions that nobody has seen yet, beside packages that need them."""
    assert {bound.operator for need in NEEDS for bound in need.specifier} == {">="}


def test_the_page_names_the_rest_of_what_the_image_installs():
    assert sorted(BROUGHT) == sorted(LICENCES.keys() - {canonicalize_name(name) for name in DIRECT})


def test_it_says_which_package_brings_which():
    names = {part["bom-ref"]: part["name"] for part in BILL["components"]}
    by = {name: set() for name in BROUGHT}
    for entry in BILL["dependencies"]:
        for ref in entry.get("dependsOn", []):
            if entry["ref"] in names and names[ref] in by:
                by[names[ref]].add(names[entry["ref"]])
    assert {name: set(re.findall(r"[\w-]+", row[1])) for name, row in BROUGHT.items()} == by


def test_it_says_the_licence_that_each_package_states():
    said = {name: row[3] for name, row in DIRECT.items()}
    said |= {name: row[2] for name, row in BROUGHT.items()}
    assert {canonicalize_name(name): licence for name, licence in said.items()} == LICENCES


def test_what_windows_needs_besides_is_named():
    lock = (ROOT / "locks" / "serve.txt").read_text(encoding="utf-8")
    elsewhere = re.findall(r"^(\S+)==\S+ ; .*win32' \\$", lock, re.MULTILINE)
    assert {name for name in elsewhere if name not in LICENCES} == {"colorama", "tzdata"}
    assert "`colorama`" in PAGE
    assert "`tzdata`" in PAGE


def test_each_lock_has_its_line():
    on_page = {row[0] for row in rows("Locks")}
    assert on_page == {f"locks/{file.name}" for file in (ROOT / "locks").iterdir()}


def test_each_exit_code_of_the_audit_has_its_line():
    assert [row[0] for row in rows("Known vulnerabilities")] == ["0", "1", "2", "3"]
