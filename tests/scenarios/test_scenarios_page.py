"""The page on scenarios: its commands run, and its tables have what there is."""

import re
import subprocess
from pathlib import Path

import pytest

from sandbox.scenarios.checks import CHECKS
from sandbox.scenarios.library import names, text_of
from sandbox.scenarios.model import ACTIONS
from sandbox.scenarios.reading import read_scenario, schema
from tests.process import COMMAND, environment
from tests.scenarios.drilling import example_app, free_ports, ran

PAGE = (Path(__file__).parents[2] / "docs" / "scenarios.md").read_text(encoding="utf-8")


def rows(heading: str) -> list[str]:
    """Return the first cell of each row of the table that begins with ``heading``."""
    table = PAGE.partition(f"| {heading} |")[2].partition("\n\n")[0]
    return re.findall(r"^\| `?([^|`]+)`? \|", table, re.MULTILINE)


async def test_the_first_scenario_of_the_page_goes_as_it_says(tmp_path):
    (script,) = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    bank, control = free_ports(2)
    async with example_app(f"http://127.0.0.1:{bank}") as server:
        at = str(server.make_url("/"))
        script = script.replace("http://127.0.0.1:8000", at)
        script = script.replace(" --report", f" --port {bank} --control-port {control} --report")
        code, out = await ran("bash", "-euc", script, folder=tmp_path)
    assert code == 0, out
    assert "my_drill.yaml: 6 steps, nothing wrong." in out
    assert "合格 passed" in out
    kept = {file.name for file in (tmp_path / "reports").iterdir()}
    assert kept == {"run.json", "run.xml", "conduct.html", "conduct.xml"}
    assert all(f"`{name}`" in PAGE for name in kept)


def test_the_tables_have_every_action_and_every_expectation():
    assert rows("action") == list(ACTIONS)
    assert rows("expectation") == list(CHECKS)
    assert all(f"`{name}`" in PAGE for name in schema()["properties"] if name != "$schema")


def test_the_fields_of_each_action_are_on_the_page():
    for name, action in schema()["$defs"]["step"]["properties"].items():
        for field in action.get("properties", ()):
            assert re.search(rf"`{field}\b", PAGE), (name, field)


@pytest.mark.parametrize("name", names())
def test_every_scenario_that_comes_along_is_on_the_page_with_its_titles(name):
    title = read_scenario(text_of(name)).title
    assert f"| `{name}` | {title.ja} | {title.en} |\n" in PAGE


def test_the_example_provider_starts_as_the_page_says():
    assert "`cd tests/clients && python -m example_app` (`--careless`" in PAGE
    folder = Path(__file__).parents[1] / "clients"
    command = [str(Path(COMMAND).with_name("python")), "-m", "example_app", "--help"]
    shown = subprocess.run(
        command, cwd=folder, env=environment(), capture_output=True, text=True, check=True
    )
    assert "--careless" in shown.stdout
