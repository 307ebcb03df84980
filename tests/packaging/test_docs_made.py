"""Pages and drawings that are made from the code are those of the code of now."""

import re
import runpy
from pathlib import Path

import pytest

from sandbox.web.control.table import ENDPOINTS
from sandbox.web.profiles import PROFILES

ROOT = Path(__file__).parents[2]
# Each is read once; what they read of the tree they keep.
CLI = runpy.run_path(str(ROOT / "scripts" / "cli-reference"))
CONTROL = runpy.run_path(str(ROOT / "scripts" / "control-reference"))
ARCHITECTURE = runpy.run_path(str(ROOT / "scripts" / "architecture-page"))


@pytest.mark.parametrize(
    ("script", "made"), [("cli-reference", CLI), ("control-reference", CONTROL)]
)
def test_a_reference_is_the_code_of_now(script, made):
    written = made["DOCUMENT"].read_text(encoding="utf-8")
    assert written == made["page"](), f"run scripts/{script} --write"


@pytest.mark.parametrize("path", ARCHITECTURE["files"](), ids=lambda path: path.name)
def test_the_architecture_is_the_code_of_now(path):
    made = ARCHITECTURE["files"]()[path]
    assert path.read_text(encoding="utf-8") == made, "run scripts/architecture-page --write"


def test_the_reference_has_every_call_at_a_place_of_its_own():
    page = CONTROL["page"]()
    found = re.findall(r"^### `(\w+) (.+)`$", page, re.MULTILINE)
    paths = {(method, path.replace("…", "/api/v1/worlds/{world}")) for method, path in found}
    assert paths == {(row.method, row.path) for row in ENDPOINTS}
    places = re.findall(r"^\| \[.+?\]\(#(.+?)\)", page, re.MULTILINE)
    assert len(places) == len(set(places)) == len(ENDPOINTS)


def test_the_page_on_the_control_door_has_every_resource_and_no_other():
    page = (ROOT / "docs" / "control.md").read_text(encoding="utf-8")
    table = page.partition("| below `…` | what it is |")[2].partition("\n\n")[0]
    cells = "".join(line.split(" | ")[0] for line in table.splitlines()[2:])
    named = {each.removeprefix("/api/v1/") for each in re.findall(r"`([^`]+)`", cells)}
    named = {each.removeprefix("bank/{bank}/").partition("/")[0] for each in named}
    groups = re.findall(r"^## (.+)$", CONTROL["page"](), re.MULTILINE)
    assert named == {each.removeprefix("bank/") for each in groups} - {"Problems"}


def test_the_reference_of_the_commands_tells_of_arguments_options_and_defaults():
    page = CLI["page"]()
    assert "```text\nbank-sandbox faults add {kind}\n```" in page
    assert "| `kind <str>` | What goes wrong; see `faults kinds` [required] |" in page
    assert "| `--timeout <str>` | How long to wait: 30s, 2m [default: 30s] |" in page
    assert r"then from SANDBOX\_\* variables" in page


@pytest.mark.parametrize(
    ("text", "shown"),
    [("a * b_c <d>", r"a \* b\_c &lt;d>"), ("say `a_b <c>` or *", r"say `a_b <c>` or \*")],
)
def test_help_is_shown_as_it_is(text, shown):
    assert CLI["plain"](text) == shown


def test_fields_are_shown_as_they_are():
    assert CONTROL["escaped"]("a | b [c]\n<d> _e_ *") == r"a \| b \[c\] &lt;d> \_e\_ \*"


def test_the_drawings_have_every_bank_and_every_floor():
    for profile in PROFILES:
        assert f">{profile.name}<" in ARCHITECTURE["doors"]()
    for floor in ARCHITECTURE["FLOORS"]:
        assert f">{floor}<" in ARCHITECTURE["floors"]()


def test_an_import_is_an_arrow():
    arrows = ARCHITECTURE["floors"]().count("<path")
    assert arrows == len(ARCHITECTURE["imports"]()) > len(ARCHITECTURE["FLOORS"])


def test_imports_go_downwards():
    order = list(ARCHITECTURE["FLOORS"])
    for one, other in ARCHITECTURE["imports"]():
        assert order.index(one) < order.index(other), (one, other)


def test_what_stands_beside_the_marks_stays():
    marks = [
        (name, *(mark.format(name) for mark in ARCHITECTURE["MARKS"]))
        for name in ("endpoints", "imports")
    ]
    document = "".join(f"above {name}\n{begin}\nof old\n{end}\n" for name, begin, end in marks)
    made = ARCHITECTURE["rewritten"](document + "below\n")
    assert "of old" not in made
    for name, begin, end in marks:
        assert f"above {name}\n{begin}\n" in made
        assert f"\n{end}\n" in made
    assert made.endswith("\nbelow\n")
