"""The commands that drive a running server, each in a process of its own, as people call them."""

import sqlite3
import subprocess

import pytest
import requests
from typer import Exit
from typer.main import get_command

from sandbox.cli.commands import app
from sandbox.cli.options import fail
from tests.process import COMMAND, environment
from tests.process import run as run_process
from tests.support import AGGREGATOR, NOW, REDIRECT_URI, answer_of

CLOCK = f"frozen:{NOW}"


# Help


WHOLE = get_command(app)


def commands(group=WHOLE, words=()):
    """Yield the words of every command, and of every group of commands."""
    for name, command in getattr(group, "commands", {}).items():
        yield (*words, name)
        yield from commands(command, (*words, name))


EVERY_COMMAND = sorted(commands())
DRIVING = [
    words for words in EVERY_COMMAND if words[0] not in ("serve", "health", "wait", "version")
]


@pytest.mark.parametrize("words", EVERY_COMMAND, ids=" ".join)
def test_every_command_explains_itself(words, capsys):
    """In this process: a hundred starts of Python would be a minute."""
    with pytest.raises(SystemExit) as end:
        WHOLE.main([*words, "--help"], prog_name="bank-sandbox")
    shown = capsys.readouterr()
    assert (end.value.code, shown.err) == (0, "")
    assert f"Usage: bank-sandbox {' '.join(words)} " in shown.out


@pytest.mark.parametrize("words", [("serve",), ("health",), ("tokens",), ("scenarios", "follow")])
def test_and_so_it_does_in_a_process_of_its_own(words):
    shown = run_process(*words, "--help")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert f"Usage: bank-sandbox {' '.join(words)} " in shown.stdout


def test_all_that_drive_a_server_are_there():
    groups = {words[0] for words in DRIVING}
    wanted = "clients worlds snapshot reset clock login tokens grants revoke accounts contracts"
    wanted += (
        " transfers faults run scenarios conduct acts calendar maintenance notices terms events"
    )
    assert groups == {*wanted.split(), "journal", "authorize", "certs", "unlock", "keys"}


# These read what came with the package, or bring a server of their own.
ALONE = [
    ("faults", "kinds"),
    ("run",),
    *(("scenarios", word) for word in ("check", "list", "schema", "show")),
]


@pytest.mark.parametrize("words", sorted({*DRIVING} - {*ALONE}), ids=" ".join)
def test_each_of_them_can_answer_programs_and_be_pointed_at_a_server(words):
    command = WHOLE
    for word in words:
        command = command.commands[word]
    options = {name for option in command.params for name in option.opts}
    assert hasattr(command, "commands") or {"--json", "--control"} <= options


def test_the_shell_completes_the_names_of_commands():
    env = environment(_BANK_SANDBOX_COMPLETE="complete_bash", COMP_WORDS="bank-sandbox s")
    env["COMP_CWORD"] = "1"
    found = subprocess.run([COMMAND], env=env, capture_output=True, text=True, check=False)
    assert {"serve", "snapshot"} <= set(found.stdout.split())


HEAVY = "print([n for n in ('rich', 'aiohttp', 'jinja2', 'faker', 'asyncio') if n in sys.modules])"


@pytest.mark.parametrize("words", [["--help"], ["worlds", "--help"], ["tokens", "list", "--help"]])
def test_help_imports_nothing_that_it_does_not_show(words):
    code = (
        f"import atexit, sys; sys.argv[1:] = {words!r}; atexit.register(lambda: {HEAVY});"
        "from sandbox.cli import main; main()"
    )
    python = run_python(code)
    assert python.returncode == 0
    heavy = python.stdout.splitlines()[-1]
    assert heavy == "[]"


def run_python(code):
    import sys

    return subprocess.run(
        [sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=False
    )


# Worlds


def test_worlds_are_created_listed_shown_and_deleted(run, ask):
    made = run("worlds", "create", "cli-one", "--seed", "3", "--clock", CLOCK, on_world=False)
    assert made.startswith("World cli-one, seed 3\n  tomato: http://127.0.0.1:")
    assert "/w/cli-one/tomato\n" in made
    assert made.rstrip().endswith("/w/cli-one/web21")
    listed = run("worlds", "list", on_world=False)
    (line,) = [line for line in listed.splitlines() if line.startswith("cli-one")]
    assert line.split() == ["cli-one", "yes", "3", "frozen", NOW]
    (summary,) = [w for w in ask("worlds", "list", on_world=False) if w["name"] == "cli-one"]
    assert (summary["open"], summary["clock"]) == (True, {"mode": "frozen", "now": NOW})
    assert "is gone" in run("worlds", "delete", "cli-one", on_world=False)
    assert ask("worlds", "delete", "cli-one", on_world=False) == {}


def test_a_world_is_created_from_a_snapshot(run, ask, world):
    run("snapshot", "take", "kept")
    source = f"{world.name}/kept"
    made = ask("worlds", "create", "cli-two", "--from-snapshot", source, on_world=False)
    assert (made["name"], made["clock"]["now"]) == ("cli-two", NOW)
    run("worlds", "delete", "cli-two", on_world=False)


def test_a_world_is_shown_with_all_that_a_client_needs(run, ask, world):
    text = run("worlds", "show", world.name, on_world=False)
    described = ask("worlds", "show", world.name, on_world=False)
    for bank in described["banks"]:
        assert bank["issuer"] in text
        for client in bank["clients"]:
            assert client["client_id"] in text
            assert client.get("client_secret", "–") in text
        for persona in bank["personas"]:
            assert persona["holder_name"] in text
            for name, value in persona["login"].items():
                assert f"{name}={value}" in text


# Snapshots


def test_snapshots_are_taken_listed_restored_and_deleted(run, ask):
    assert "No snapshots" in run("snapshot", "list")
    assert "Snapshot a of" in run("snapshot", "take", "a")
    run("clock", "advance", "1d")
    lines = run("snapshot", "list").splitlines()
    assert [line.split()[0] for line in lines] == ["NAME", "a", "before-advance-0001"]
    assert f"now {NOW}" in run("snapshot", "restore", "a")
    assert ask("snapshot", "take", "a")["now"] == NOW
    assert ask("snapshot", "restore", "a") == {"mode": "frozen", "now": NOW}
    assert "is gone" in run("snapshot", "delete", "a")
    assert ask("snapshot", "delete", "a") == {}
    assert [each["automatic"] for each in ask("snapshot", "list")] == [True]


def test_a_snapshot_is_downloaded_and_uploaded(run, ask, tmp_path):
    run("snapshot", "take", "out")
    file = tmp_path / "out.db"
    assert f"serve --world-file {file}" in run("snapshot", "download", "out", str(file))
    with sqlite3.connect(file) as connection:
        assert connection.execute("SELECT COUNT(*) FROM world").fetchone() == (1,)
    connection.close()
    assert ask("snapshot", "download", "out", str(file))["size_bytes"] == file.stat().st_size
    assert "snapshot restore in --world" in run("snapshot", "upload", "in", str(file))
    assert ask("snapshot", "upload", "in", str(file))["name"] == "in"


# Clock and reset


def test_the_clock_is_shown_set_and_advanced(run, ask):
    assert f"clock frozen, now {NOW}." in run("clock", "show")
    assert ask("clock", "show") == {"mode": "frozen", "now": NOW}
    text = run("clock", "advance", "1d")
    assert "now 2026-11-17T10:00:00+09:00" in text
    assert "closing_run  2026-11-17" in text
    answer = ask("clock", "advance", "--to", "next_business_day 09:00")
    assert answer["now"] == "2026-11-18T09:00:00+09:00"
    assert {"at", "kind", "subject"} <= answer["events"][0].keys()
    assert "clock scaled 60 times" in run("clock", "set", "scaled:60")
    assert ask("clock", "set", "frozen:2026-12-01T09:00")["mode"] == "frozen"


def test_a_reset_is_of_what_is_named(run, ask):
    run("tokens", "mint")
    assert "tokens set back" in run("reset", "tokens")
    assert ask("grants", "list") == []
    assert ask("reset", "clock") == {"what": "clock", "clock": {"mode": "frozen", "now": NOW}}


# Consents


def test_tokens_are_minted_listed_expired_and_revoked(run, ask):
    assert "No tokens" in run("tokens", "list")
    text = run("tokens", "mint", "--persona", "hanako")
    assert "Bearer, for 1800 s" in text
    minted = ask("tokens", "mint", "--client", AGGREGATOR, "--persona", "hanako")
    assert minted["token_type"] == "Bearer"
    listed = run("tokens", "list", "--client", AGGREGATOR)
    assert minted["access_token"] not in listed
    live = [each for each in ask("tokens", "list") if each["is_live"]]
    assert sorted(each["kind"] for each in live) == ["access", "refresh"]
    assert "has lapsed" in run("tokens", "expire", live[0]["id"])
    assert ask("tokens", "expire", live[0]["id"]) == {}
    assert "is revoked" in run("tokens", "revoke", live[1]["id"])
    assert ask("tokens", "revoke", live[1]["id"]) == {}
    assert not any(
        each["is_live"] for each in ask("tokens", "list", "--grant", live[0]["grant_id"])
    )


def test_grants_are_listed_revoked_and_expired(run, ask):
    assert "No grants" in run("grants", "list")
    for persona in ("taro", "hanako"):
        run("tokens", "mint", "--persona", persona)
    taro, hanako = (ask("grants", "list", "--persona", name)[0] for name in ("taro", "hanako"))
    assert "is revoked" in run(
        "grants", "revoke", taro["grant_id"], "--by", "user", "--reason", "password_changed"
    )
    assert ask("grants", "revoke", taro["grant_id"], "--lag", "1s") == {}
    assert "has lapsed" in run("grants", "expire", hanako["grant_id"])
    assert ask("grants", "expire", hanako["grant_id"]) == {}
    lines = run("grants", "list", "--client", AGGREGATOR).splitlines()
    assert [line.split()[0] for line in lines[1:]] == sorted([taro["grant_id"], hanako["grant_id"]])
    assert "password_changed" in "".join(lines)
    assert [each["is_live"] for each in ask("grants", "list")] == [False, False]


def test_authorize_prints_the_redirect(run, ask):
    text = run("authorize", "--state", "s1")
    redirect_to = text.split()[1]
    assert answer_of(redirect_to)["state"] == "s1"
    assert answer_of(redirect_to)["code"] in text.splitlines()[1]
    account = "00000000000000000010112345670001"
    words = ["--redirect-uri", REDIRECT_URI, "--nonce", "n", "--code-challenge", "c" * 43]
    consent = ask("authorize", *words, "--account", account, "--function", "balances")
    assert consent["redirect_to"].startswith(REDIRECT_URI)
    (grant,) = [each for each in ask("grants", "list") if each["is_live"]]
    assert (grant["accounts"], grant["functions"]) == ([account], ["balances"])


def test_a_locked_login_or_address_is_unlocked(run, ask):
    said = run("unlock", "--login", "card:001:1234567", "--address", "192.0.2.1")
    assert said == "card:001:1234567 and 192.0.2.1 may sign in again.\n"
    assert ask("unlock", "--address", "::1") == {}
    assert "invalid-request" in run("unlock", "--address", "nowhere", code=1)


@pytest.mark.requirement("O-31")
def test_keys_are_rotated_and_listed(run, ask):
    assert run("keys", "list").startswith("No keys")
    assert ask("keys", "list") == []
    (first,) = ask("keys", "rotate")
    assert (first["bank"], first["alg"], first["is_signing"]) == ("tomato", "ES256", True)
    old, new = ask("keys", "rotate", "--alg", "ES256")
    assert (old["kid"], old["is_signing"], new["is_signing"]) == (first["kid"], False, True)
    table = run("keys", "list").splitlines()
    assert len(table) == 3
    assert old["kid"] in table[1]
    assert "10:30:00+09:00" in table[1]
    assert "invalid-request" in run("keys", "rotate", "--alg", "none", code=1)


def test_minted_tokens_of_openid_name_the_person(run):
    words = ["tokens", "mint", "--client", "sandbox-openid", "--scope", "openid accounts"]
    lines = run(*words).splitlines()
    assert [line.split()[0] for line in lines[:3]] == ["access_token", "refresh_token", "id_token"]
    assert lines[2].count(".") == 2


# Refusals, and what to do next

REFUSED = [
    (["clock", "show", "--world", "nowhere"], "bank-sandbox worlds list"),
    (["worlds", "create", "default"], "bank-sandbox worlds delete NAME"),
    (["worlds", "delete", "default"], "reset it instead"),
    (["snapshot", "restore", "none"], "bank-sandbox snapshot list"),
    (["snapshot", "download", "none"], "bank-sandbox snapshot list"),
    (["tokens", "expire", "none"], "bank-sandbox tokens list"),
    (["grants", "revoke", "none"], "bank-sandbox grants list"),
    (["tokens", "mint", "--persona", "nobody"], "bank-sandbox worlds show"),
    (["authorize", "--client", "nobody"], "bank-sandbox worlds show"),
    (["login", "--headless", "--client", "nobody"], "bank-sandbox worlds show"),
    (["login", "--headless", "--persona", "nobody"], "bank-sandbox worlds show"),
    (["reset", "everything"], 'what: "everything" is not one of "data", "tokens", "journal"'),
    (["clock", "advance", "a while"], "bank-sandbox clock show"),
]


@pytest.mark.parametrize(("words", "next_step"), REFUSED)
def test_a_refusal_ends_with_1_and_names_the_next_step(run, words, next_step):
    assert next_step in run(*words, code=1, on_world=False)


def test_what_is_wrong_is_said_once(run):
    rule = ("status", "--set", "status=503", "--match", "bank=tomatoe")
    said = run("faults", "add", *rule, code=1, on_world=False)
    assert said.count("there is no bank 'tomatoe'") == 1


def test_what_a_caller_sent_commands_no_terminal(world, run, ask):
    asked = f"{world.bank().authorization_endpoint}?client_id=%1b%5d0;owned%07%c2%9b31m%0aforged"
    assert requests.get(asked, timeout=10).status_code == 400
    shown = run("journal")
    assert "\\x1b]0;owned\\x07\\x9b31m\\x0aforged" in shown
    assert not any(each in shown for each in "\x1b\x07\x9b")
    assert ask("journal")[0]["client_id"] == "\x1b]0;owned\x07\x9b31m\nforged"
    assert "\x9b" not in run("journal", "--json")


def test_nor_does_what_a_server_answers(capsys):
    with pytest.raises(Exit):
        fail(1, "refused: \x1b]0;owned\x07\nsee there")
    assert capsys.readouterr().err == "bank-sandbox: refused: \\x1b]0;owned\\x07\nsee there\n"


MISUSED = [
    ["clock", "advance"],
    ["clock", "advance", "1d", "--to", "18:00"],
    ["clock", "set", "scaled:fast"],
    ["snapshot", "take"],
    ["snapshot", "upload", "x", "no-such-file.db"],
    ["journal", "--follow", "--clear"],
    ["journal", "--after", "1", "--last", "1"],
    ["journal", "--status", "many"],
    ["login", "--timeout", "soon"],
    ["worlds", "list", "--control", "nonsense"],
    ["tokens", "mint", "--prsona", "taro"],
]


@pytest.mark.parametrize("words", MISUSED, ids=" ".join)
def test_a_command_line_that_makes_no_sense_ends_with_2(run, words):
    run(*words, code=2, on_world=False)


@pytest.mark.parametrize("words", [["worlds", "list"], ["journal", "-f"], ["login", "--headless"]])
def test_where_no_server_answers_it_ends_with_3_and_says_how_to_start_one(run, words):
    said = run(*words, "--control", "http://127.0.0.1:1", code=3, on_world=False)
    assert "http://127.0.0.1:1 does not answer" in said
    assert "bank-sandbox serve" in said
