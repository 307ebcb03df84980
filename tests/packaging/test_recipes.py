"""The recipes for pipelines: files that the tools they are for would take."""

import ast
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from sandbox.settings import SETTINGS, read_settings
from tests.clients.node_modules import node

PAGE = (Path(__file__).parents[2] / "docs" / "ci.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```yaml (\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
BLOCKS = dict(BLOCK.findall(PAGE))
# The public schemas, as check-jsonschema brings them along.
SCHEMAS = {
    "workflow": "vendor.github-workflows",
    "workflow_plain": "vendor.github-workflows",
    "compose": "vendor.compose-spec",
}


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
    [
        ("workflow", "runs-on: ubuntu-latest", "runs: 1"),
        ("workflow", 'ports: ["8080:8080", "8081:8081"]', "ports: 8080"),
        ("workflow_plain", "steps:", "stages:"),
        ("compose", "service_healthy", "well"),
        ("compose", "image: bank-sandbox:latest", "image: [1]"),
    ],
)
def test_a_wrong_one_would_be_found(name, old, new, tmp_path):
    assert old in BLOCKS[name]
    assert verdict(name, BLOCKS[name].replace(old, new), tmp_path)[0] == 1


def test_the_settings_in_the_recipes_are_settings():
    named = set(re.findall(r"SANDBOX_\w+", PAGE))
    assert named
    assert named <= {setting.env for setting in SETTINGS}


def code(language):
    """Return the page's blocks of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def read(name):
    return YAML(typ="safe").load(BLOCKS[name])


def test_the_bank_of_compose_starts_with_its_settings():
    bank = read("compose")["services"]["bank"]
    settings = read_settings(environ=bank["environment"])
    assert settings.unknown == ()
    assert settings["base_url"] == "http://bank:8080"
    assert set(bank["ports"]) == {"127.0.0.1:8081:8081"}  # a control door for this machine alone


def test_what_is_built_from_the_address_of_compose_is_what_the_app_is_told():
    services = read("compose")["services"]
    base_url = services["bank"]["environment"]["SANDBOX_BASE_URL"]
    assert services["app"]["environment"]["BANK_ISSUER"] == f"{base_url}/tomato"


@pytest.mark.parametrize("language", ["js", "java", "go", "python"])
def test_each_recipe_maps_what_the_image_exposes_and_waits_until_it_is_ready(language):
    (recipe,) = code(language)
    for part in ("bank-sandbox:latest", "SANDBOX_BASE_URL", "8080", "8081", "/readyz"):
        assert part in recipe


def test_the_recipe_for_python_is_python():
    (recipe,) = code("python")
    names = {node.attr for node in ast.walk(ast.parse(recipe)) if isinstance(node, ast.Attribute)}
    assert {"with_env", "with_bind_ports", "with_exposed_ports", "waiting_for"} <= names


@pytest.mark.parametrize(("broken", "exit_code"), [(False, 0), (True, 1)])
def test_the_recipe_for_node_is_javascript(broken, exit_code, tmp_path):
    (recipe,) = code("js")
    file = tmp_path / "bank.mjs"
    file.write_text(recipe.replace("await new", "await await new new (") if broken else recipe)
    done = subprocess.run([node(), "--check", file], capture_output=True, text=True, check=False)
    assert done.returncode == exit_code, done.stderr


def started(script, folder):
    """Run a recipe's lines as a job does; return what is left in ``folder``, and end the bank."""
    env = {
        "HOME": str(folder),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "SANDBOX_CONTROL_PORT": "0",
        "SANDBOX_PORT": "0",
        "SANDBOX_READY_FILE": "bank.json",
    }
    command = ["bash", "-e", "-o", "pipefail", "-c", script]
    try:
        done = subprocess.run(
            command, cwd=folder, env=env, stdout=subprocess.PIPE, text=True, timeout=120, check=True
        )
        return done.stdout, json.loads((folder / "bank.json").read_text())
    finally:
        if (folder / "bank.json").exists():
            os.kill(json.loads((folder / "bank.json").read_text())["pid"], signal.SIGTERM)


def test_the_job_without_an_image_has_a_bank_that_is_ready(tmp_path):
    job = read("workflow_plain")["jobs"]["test"]
    assert job["env"] == {"SANDBOX_READY_FILE": "bank.json"}
    (script,) = (step["run"] for step in job["steps"] if "serve" in step.get("run", ""))
    said, addresses = started(script, tmp_path)
    assert said == f"{addresses['data_url']}: ready\n"


def test_the_commands_without_containers_go_as_they_say(tmp_path):
    (console,) = code("console")
    lines = [line.removeprefix("$ ") for line in console.splitlines()]
    assert lines.pop(0) == "pip install ./bank_sandbox-*.whl"
    assert f"export SANDBOX_READY_FILE={'bank.json'}" in lines
    script = "\n".join(lines).replace(" &\n", " >bank.log 2>&1 &\n")
    said, addresses = started(script, tmp_path)
    assert said == f"{addresses['data_url']}: ready\n"
