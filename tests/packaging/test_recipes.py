"""The recipes for pipelines: files that the tools they are for would take."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.settings import SETTINGS

PAGE = (Path(__file__).parents[2] / "docs" / "ci.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```yaml (\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
BLOCKS = dict(BLOCK.findall(PAGE))
# The public schemas, as check-jsonschema brings them along.
SCHEMAS = {"workflow": "vendor.github-workflows", "compose": "vendor.compose-spec"}


def verdict(name, text, folder):
    file = folder / f"{name}.yaml"
    file.write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", SCHEMAS[name], file]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_recipe_keeps_to_the_public_schema(name, tmp_path):
    code, output = verdict(name, BLOCKS[name], tmp_path)
    assert code == 0, output


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [("workflow", "runs-on: ubuntu-latest", "runs: 1"), ("compose", "service_healthy", "well")],
)
def test_a_wrong_one_would_be_found(name, old, new, tmp_path):
    assert old in BLOCKS[name]
    assert verdict(name, BLOCKS[name].replace(old, new), tmp_path)[0] == 1


def test_the_settings_in_the_recipes_are_settings():
    named = set(re.findall(r"SANDBOX_\w+", PAGE))
    assert named
    assert named <= {setting.env for setting in SETTINGS}
