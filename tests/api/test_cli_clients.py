"""``bank-sandbox clients``: each command in a process of its own, as people call it."""

import json

import pytest

from sandbox.client import ProblemError, Sandbox
from tests.api.registering import BY_KEY, URI
from tests.process import run as run_process
from tests.support import AGGREGATOR, NATIVE, secret_of


@pytest.fixture
def world(driven):
    made = Sandbox(driven.control_url).worlds.create()
    yield made
    made.delete()


@pytest.fixture
def run(driven, world):
    """Run ``clients …`` in the test's world; its exit code is 0 unless told otherwise."""

    def run(*words, code=0):
        environment = {"SANDBOX_CONTROL": driven.control_url}
        found = run_process("clients", *words, "--world", world.name, **environment)
        assert found.returncode == code, found
        assert "Traceback" not in found.stderr
        return found.stderr if code else found.stdout

    return run


def test_clients_are_listed(run):
    shown = run("list")
    assert shown.splitlines()[0].split() == [
        *("ID", "NAME", "STATUS", "READY", "PROFILE", "BY", "SCOPE"),
        *("REDIRECT", "URIS"),
    ]
    assert AGGREGATOR in shown.splitlines()[1]
    blocked = json.loads(run("list", "--status", "blocked", "--json"))
    assert [client["client_id"] for client in blocked] == ["sandbox-blocked"]
    assert run("list", "--status", "ended").startswith("No clients.")


def test_a_client_is_added_by_options(run, world):
    words = ["--id", "app", "--name", "試験", "--redirect-uri", URI, "--redirect-uri", URI + "/2"]
    shown = run("add", *words, "--scope", "accounts", "--profile", "bcp")
    assert "client_id      app" in shown
    assert "only now" in shown
    client = world.clients.get("app")
    assert client.redirect_uris == (URI, URI + "/2")
    assert (client.security_profile, client.client_name) == ("bcp", "試験")


def test_clients_are_added_from_a_file(run, world, tmp_path):
    file, keys = tmp_path / "clients.json", tmp_path / "jwks.json"
    keys.write_text(json.dumps(BY_KEY["jwks"]), encoding="utf-8")
    file.write_text(json.dumps({"redirect_uris": [URI]}), encoding="utf-8")
    words = ("--auth-method", "private_key_jwt", "--jwks", str(keys))
    made = json.loads(run("add", str(file), *words, "--json"))
    assert "client_secret" not in made
    assert made["jwks"] == BY_KEY["jwks"]
    file.write_text(json.dumps([{"redirect_uris": [URI]}] * 2), encoding="utf-8")
    assert len(json.loads(run("add", str(file), "--json"))) == 2
    assert run("add", str(file)).count("client_secret") == 2


@pytest.mark.parametrize("text", ["{", "[]", "[5]", '"x"'])
def test_a_file_that_is_none_is_told(run, tmp_path, text):
    file = tmp_path / "clients.json"
    file.write_text(text, encoding="utf-8")
    assert "clients.json" in run("add", str(file), code=2)
    assert "No such file" in run("add", str(tmp_path / "nowhere.json"), code=2)


def test_what_is_refused_is_told_with_the_next_step(run):
    assert "redirect_uris is required" in run("add", code=1)
    problem = run("add", "--id", AGGREGATOR, "--redirect-uri", URI, code=1)
    assert "take another" in problem
    assert "clients remove" in problem
    assert "clients list" in run("show", "nobody", code=1)
    assert "clients show" in run("rotate-secret", NATIVE, code=1)


def test_a_client_is_shown_with_its_private_keys_where_it_is_ready(run):
    shown = run("show", "sandbox-fapi")
    assert "derived:sandbox-fapi" in shown
    assert json.loads(run("show", AGGREGATOR, "--json"))["client_secret"] == secret_of(AGGREGATOR)
    jwks = json.loads(run("show", "sandbox-fapi", "--private-keys"))
    assert jwks["keys"][0]["d"]
    assert json.loads(run("show", AGGREGATOR, "--private-keys")) == {"keys": []}


def test_a_client_is_blocked_let_in_again_and_ended(run, world):
    for command, status in (("block", "blocked"), ("unblock", "active"), ("remove", "ended")):
        assert AGGREGATOR in run(command, AGGREGATOR)
        assert world.clients.get(AGGREGATOR).status == status
    assert "has ended" in run("unblock", AGGREGATOR, code=1)


def test_a_new_secret_is_printed(run, world):
    assert "client_secret  " in run("rotate-secret", AGGREGATOR)
    drawn = json.loads(run("rotate-secret", AGGREGATOR, "--json"))
    assert drawn["client_id"] == AGGREGATOR
    with pytest.raises(ProblemError, match="no client"):
        world.clients.rotate_secret("nobody")
