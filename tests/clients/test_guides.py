"""The guides to the command line, the client and the plugin say what is so: their examples run."""

import asyncio
import json
import re
import shlex
from pathlib import Path

import pytest
from typer.main import get_command

from sandbox.cli.commands import app
from sandbox.client import blocking, errors
from sandbox.services.population import load_clients
from tests.clients.pytest_runs import run_pytest

DOCS = Path(__file__).parents[2] / "docs"
SCHEMAS = DOCS.parent / "schemas"
BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)


def read(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def commands(group=None, words=()):
    for name, command in (group or get_command(app)).commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*words, name))
        else:
            yield " ".join((*words, name))


def table_of_commands():
    """Return the cells of names and of examples of the guide's table."""
    table = read("cli.md").partition("| to | there is |")[2].partition("\n\n")[0]
    rows = [line.split(" | ") for line in table.splitlines()[2:]]
    return [[re.findall(r"`([^`]+)`", cell) for cell in row[1:]] for row in rows]


def test_the_guide_to_the_command_line_names_every_command_and_group_once():
    named = [name for names, _ in table_of_commands() for name in names]
    assert sorted(named) == sorted(get_command(app).commands)


@pytest.mark.parametrize(
    "example", [each for _, examples in table_of_commands() for each in examples]
)
def test_an_example_of_the_guide_to_the_command_line_is_one(example):
    words = shlex.split(example)
    assert " ".join(words[:2]) in commands() or words[0] in commands()
    command = get_command(app)
    while hasattr(command, "commands"):
        command = command.commands[words.pop(0)]
    command.make_context(None, words)  # raises where an argument or an option is none of it


def test_the_guide_to_the_command_line_names_every_exit_code():
    from sandbox.cli import options

    rows = re.findall(r"^\| (\d) \| (.+) \|", read("cli.md"), re.MULTILINE)
    known = {0, options.EXIT_REFUSED, options.EXIT_USAGE, options.EXIT_UNREACHABLE}
    assert {int(code) for code, _ in rows} == known


def test_flags_in_the_guide_to_the_command_line_exist():
    text = read("cli.md")
    found = [command.params for command in walk(get_command(app))]
    options = {"--help"} | {name for params in found for each in params for name in each.opts}
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", text)) <= options


def walk(command):
    yield command
    for inner in getattr(command, "commands", {}).values():
        yield from walk(inner)


def test_the_guide_to_the_client_names_every_method():
    rows = dict(
        re.findall(r"^\| (?:`(\w+)`|the world) \| ((?:`\w+` ?)+)\|", read("client.md"), re.M)
    )
    world = blocking.Sandbox("http://127.0.0.1:1").world()
    assert set(rows) == {"", *(n for n in vars(world) if n[0] != "_" and n != "name")}
    for part, methods in rows.items():
        subject = getattr(world, part) if part else world
        public = {name for name in dir(subject) if name[0] != "_" and name != "name"}
        public -= set(rows)
        assert set(methods.replace("`", "").split()) == public


def test_the_guide_to_the_client_names_every_error():
    rows = set(re.findall(r"^\| `(\w+)` \|", read("client.md"), re.MULTILINE))
    ours = {name for name, value in vars(errors).items() if isinstance(value, type)}
    assert ours - {"SandboxError", "Any", "Mapping"} <= rows


@pytest.mark.parametrize("number", [0, 1, 3])
def test_the_examples_of_the_client_run(server, number):
    names = {"CONTROL_URL": server.control_url}
    exec(BLOCK.findall(read("client.md"))[number], names)
    if "main" in names:
        asyncio.run(names["main"]())


def test_the_example_of_the_plugin_runs(server, tmp_path):
    (example,) = BLOCK.findall(read("pytest.md"))
    (tmp_path / "test_example.py").write_text(example, encoding="utf-8")
    code, output = run_pytest("-q", f"--bank-sandbox-url={server.control_url}", directory=tmp_path)
    assert code == 0, output
    assert "2 passed" in output


def test_the_guide_to_the_plugin_names_its_options_and_fixtures():
    text = read("pytest.md")
    for name in ("--bank-sandbox-url", "--bank-sandbox-report", "bank_world", "`bank_sandbox`"):
        assert name in text
    from sandbox.pytest_plugin.bank import TestBank

    methods = {name for name in vars(TestBank) if name[0] != "_"}
    for name in methods:
        assert f"bank.{name}(" in text, name


def test_the_guide_to_clients_names_every_ready_one_as_it_is():
    rows = re.findall(r"^\| `(sandbox-[a-z-]+)` \| `(\w+)` \| `(\w+)` \|", read("clients.md"), re.M)
    ready = [(c.client_id, c.auth_method, c.security_profile) for c in load_clients("tomato")]
    assert rows == ready


def test_the_guide_to_clients_names_all_metadata_and_no_other():
    schema = json.loads((SCHEMAS / "control" / "client_metadata.json").read_text(encoding="utf-8"))
    known = {n for n, each in schema["properties"].items() if "not kept" not in str(each)}
    known -= {name for name, each in schema["properties"].items() if "Refused" in str(each)}
    text = read("clients.md")
    tables = "".join(line for line in text.splitlines() if line.startswith("| `"))
    named = {word for word in re.findall(r"`([a-z_0-9]+)`", tables) if word in known}
    named |= {f"tls_client_auth{each}" for each in re.findall(r"`…(_san_\w+)`", tables)}
    beside = {"client_id", "bank", "status", "client_secret", "response_types", "subject_type"}
    assert known - beside == named - beside
