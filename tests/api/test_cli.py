"""The command line in real processes: help, settings, the banner, and its manners in CI."""

import json
import shutil
import socket
import stat
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path

import pytest

from sandbox import __version__
from sandbox.app import data_directory
from sandbox.services.population import load_clients, load_people
from sandbox.settings import SETTINGS, read_settings
from tests.process import AS_JSON, COMMAND, FREE_PORTS, environment, printing, run
from tests.support import NOW

FLAGS = [setting for setting in SETTINGS if setting.flag is not None]
FROZEN = ("--clock", f"frozen:{NOW}")


@pytest.fixture
def data(tmp_path: Path, template: Path) -> str:
    """A data directory whose world needs no seeding."""
    shutil.copy(template, tmp_path / "default.db")
    return str(tmp_path)


def get(url: str) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


# Help and version


@pytest.mark.parametrize(
    "command", [[COMMAND], [sys.executable, "-m", "sandbox"]], ids=["it", "-m"]
)
def test_help_names_every_command(command):
    shown = subprocess.run(
        [*command, "--help"], env=environment(), capture_output=True, text=True, check=True
    )
    for name in ("serve", "health", "wait", "version"):
        assert f"\n  {name} " in shown.stdout
    assert shown.stderr == ""


def test_without_a_command_it_helps():
    assert "Usage: bank-sandbox" in run().stdout + run().stderr


def test_help_of_serve_lists_the_settings_table():
    shown = run("serve", "--help")
    text = " ".join(shown.stdout.split())
    assert shown.returncode == 0
    for setting in FLAGS:
        assert f"{setting.flag} " in text
        assert f"[{setting.env}; " in text
        assert f"default {setting.default}]" in text or setting.default == ""


def test_the_options_of_serve_are_the_settings_table():
    from typer.main import get_command

    from sandbox.cli.commands import app

    serve = get_command(app).commands["serve"]
    options = {option.opts[0]: option for option in serve.params if option.name != "help"}
    assert list(options) == [setting.flag for setting in FLAGS]
    for setting in FLAGS:
        assert options[setting.flag].is_flag == setting.is_switch
        assert options[setting.flag].secondary_opts == []
        assert setting.help in options[setting.flag].help


def test_version():
    shown = run("version")
    assert (shown.returncode, shown.stdout) == (0, f"bank-sandbox {__version__}\n")


# Complaints


def complaint(*arguments: str, **env: str) -> str:
    """Run what cannot work; return its one complaint."""
    found = run(*arguments, **env)
    assert found.returncode == 2, found
    assert "Traceback" not in found.stderr
    assert found.stdout == ""
    return found.stderr


@pytest.mark.parametrize("arguments", [["--prot", "1"], ["extra"], ["--port"], ["--strict=1"]])
def test_what_serve_does_not_know_is_named(arguments):
    assert arguments[0].partition("=")[0] in complaint("serve", *arguments)


def test_an_unknown_command_is_named():
    assert "srve" in complaint("srve")


BAD_VALUES = [
    ("port", "http"),
    ("port", "65536"),
    ("port", "-1"),
    ("control_port", "8e3"),
    ("seed", "one"),
    ("seed", str(2**63)),
    ("base_url", "bank.example"),
    ("base_url", "https://bank.example/?x=1"),
    ("clock", "frozen:yesterday"),
    ("clock", "sundial"),
    ("clock", "scaled:0"),
]


@pytest.mark.parametrize(("name", "value"), BAD_VALUES)
def test_a_bad_value_is_named_with_its_flag(name, value):
    flag = f"--{name.replace('_', '-')}"
    said = complaint("serve", flag, value)
    assert f"bank-sandbox: {flag}={value!r}: " in said
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SANDBOX_PORT", "http"),
        ("SANDBOX_STRICT", "maybe"),
        ("SANDBOX_CONTROL_OPEN", "2"),
        ("SANDBOX_TOMATO_HOURS", "never"),
        ("SANDBOX_TOMATO_LOCK_AFTER", "five"),
        ("SANDBOX_TOMATO_CODE_LIFETIME", "a minute"),
        ("SANDBOX_TOMATO_CLOSING_RUN_AT", "25:00"),
        ("SANDBOX_CLOCK", "sundial"),
    ],
)
def test_a_bad_value_is_named_with_its_variable(name, value):
    assert f"{name}={value!r}: " in complaint("serve", **{name: value})


def test_a_control_door_to_the_network_asks_for_its_guard():
    said = complaint("serve", *FREE_PORTS, "--control-host", "0.0.0.0")
    assert "SANDBOX_CONTROL_TOKEN" in said
    assert "SANDBOX_CONTROL_OPEN=1" in said


@pytest.mark.parametrize("flag", ["--port", "--control-port"])
def test_a_port_in_use_is_named(data, flag):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        flags = dict(zip(FREE_PORTS[::2], FREE_PORTS[1::2], strict=True)) | {flag: port}
        given = [word for pair in flags.items() for word in pair]
        said = complaint("serve", "--data", data, *given)
    assert f"127.0.0.1:{port}" in said
    assert "in use" in said
    assert flag in said


def test_a_data_directory_in_use_is_named_with_its_owner(data):
    with printing(*AS_JSON, "--data", data) as server:
        said = complaint("serve", *FREE_PORTS, "--data", data)
        assert f"process {server.addresses['pid']}:" in said
        assert "--data" in said


async def test_the_directory_that_it_makes_is_its_owners_alone(tmp_path):
    """Signing keys are in it; one that is there already is as its owner made it."""
    theirs = tmp_path / "theirs"
    theirs.mkdir(mode=0o750)
    for path, mode in ((tmp_path / "below" / "ours", 0o700), (theirs, 0o750)):
        async with data_directory(read_settings({"data": str(path)})) as (directory, _):
            assert directory == path
        assert stat.S_IMODE(path.stat().st_mode) == mode


def test_a_variable_that_no_setting_reads_is_warned_of(data):
    with printing(*AS_JSON, "--data", data, SANDBOX_PROT="1") as server:
        _, wrote = server.last_words()
    assert "SANDBOX_PROT" in wrote


# Settings


def test_variables_are_used_and_flags_beat_them(data):
    env = {
        "SANDBOX_DATA": data,
        "SANDBOX_PORT": "0",
        "SANDBOX_CONTROL_PORT": "1",
        "SANDBOX_PRINT_JSON": "true",
        "SANDBOX_SEED": "",  # what compose writes for an unset ${SEED:-}
        "SANDBOX_BASE_URL": "https://env.example",
    }
    flags = ("--control-port=0", "--base-url", "https://flag.example/bank/")
    with printing(*flags, **env) as server:
        _, body = get(f"{server.addresses['control_url']}/api/v1/worlds/default")
    world = json.loads(body)
    assert world["base_url"] == "https://flag.example/bank"
    assert world["banks"][0]["issuer"] == "https://flag.example/bank/tomato"


def test_a_banks_policy_comes_from_its_variables(data):
    flags = (*AS_JSON, "--data", data)
    with printing(*flags, SANDBOX_TOMATO_ACCESS_TOKEN_LIFETIME="90s") as server:
        answer = first_tokens(server.addresses)
    assert answer["expires_in"] == 90


def first_tokens(addresses: dict[str, str]) -> dict[str, object]:
    base = f"{addresses['data_url']}/tomato/parasol/v1/banks/0566"
    consent = {"bank": "tomato", "client_id": "sandbox-aggregator", "persona": "taro"}
    code = post(
        f"{addresses['control_url']}/api/v1/worlds/default/authorize",
        json.dumps(consent | {"scope": "accounts"}),
        {"Content-Type": "application/json"},
    )["code"]
    form = "grant_type=authorization_code&redirect_uri=http%3A%2F%2Flocalhost%3A8000%2Fcallback"
    basic = "c2FuZGJveC1hZ2dyZWdhdG9yOnNhbmRib3gtYWdncmVnYXRvci1zZWNyZXQ="
    headers = {"Authorization": f"Basic {basic}"}
    return post(f"{base}/oauth/token", f"{form}&code={code}", headers)


def post(url: str, body: str, headers: dict[str, str]) -> dict[str, str]:
    request = urllib.request.Request(url, body.encode(), headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


# The banner, and the line for programs


def test_the_banner_holds_all_that_a_first_call_needs(data):
    with printing(*FREE_PORTS, "--data", data, until="Ready") as server:
        text = "\n".join(server.said)
        calls = [line.strip() for line in server.said if line.strip().startswith("curl")]
        answers = [
            subprocess.run(curl, shell=True, capture_output=True, text=True, check=True)
            for curl in calls
        ]
    issuers = [line.split()[1] for line in server.said if line.startswith("  issuer")]
    assert [issuer.rpartition("/")[2] for issuer in issuers] == ["tomato", "web21"]
    for bank in ("tomato", "web21"):
        for client in load_clients(bank):
            assert client.client_id in text
            assert (client.client_secret or "(public)") in text
        for person in load_people(bank):
            fields = " ".join(f"{name}={value}" for name, value in person.login.fields().items())
            assert fields in text
    assert "これは試験用の環境です" in text
    assert len(answers) == 2
    for called in answers:
        assert json.loads(called.stdout)["code"] in json.loads(called.stdout)["redirect_to"]


def test_the_banners_curl_line_works_where_the_door_asks_for_a_token(data):
    env = {"SANDBOX_CONTROL_TOKEN": "s3cret $HOME"}
    with printing(*FREE_PORTS, "--data", data, until="Ready", **env) as server:
        curl, _ = (line.strip() for line in server.said if line.strip().startswith("curl"))
        assert "s3cret" not in "\n".join(server.said)
        called = subprocess.run(
            curl, shell=True, env=environment(**env), capture_output=True, text=True, check=True
        )
    assert "code" in json.loads(called.stdout)


def test_print_json_prints_one_line_and_nothing_else(data):
    with printing(*AS_JSON, "--data", data) as server:
        assert get(f"{server.addresses['data_url']}/readyz")[0] == 200
        rest, wrote = server.last_words()
    assert server.process.returncode == 0
    assert (rest, wrote) == ("", "")
    assert set(server.addresses) == {"data_url", "control_url", "pid"}
    assert server.addresses["pid"] == server.process.pid


@pytest.mark.requirement("O-29")
def test_the_access_log_has_paths_and_no_queries(data):
    flags = (*AS_JSON, "--access-log", "--data", data)
    with printing(*flags) as server:
        get(f"{server.addresses['data_url']}/tomato/parasol/v1/banks/0566/oauth/auth?state=s3cret")
        get(f"{server.addresses['control_url']}/healthz?code=s3cret")
        _, wrote = server.last_words()
    assert "GET /tomato/parasol/v1/banks/0566/oauth/auth 400 " in wrote
    assert "GET /healthz 200 " in wrote
    assert "s3cret" not in wrote


def test_without_access_log_nothing_is_written_about_calls(data):
    with printing(*AS_JSON, "--data", data) as server:
        get(f"{server.addresses['data_url']}/nothing")
        assert server.last_words() == ("", "")


# What start-up does without

SPY = """
import atexit, os, sys
atexit.register(lambda: open(os.environ["SPY_FILE"], "a").write("\\n".join(sys.modules)))
"""


@pytest.mark.parametrize("flags", [["--print-json"], []], ids=["json", "banner"])
def test_serve_does_not_import_what_it_has_no_use_for(tmp_path, data, flags):
    spy = tmp_path / "spy"
    spy.mkdir()
    (spy / "sitecustomize.py").write_text(SPY)
    env = {"PYTHONPATH": str(spy), "SPY_FILE": str(spy / "modules")}
    until = "{" if flags else "Ready"
    with printing(*FREE_PORTS, "--data", data, *flags, until=until, **env) as server:
        server.stop()
    modules = set((spy / "modules").read_text().split())
    assert "aiohttp.web" in modules
    unused = {"typer", "click", "rich", "jinja2", "jsonschema", "faker", "cryptography", "joserfc"}
    assert modules & {*unused, "cronsim"} == set()


# health and wait


def test_health_asks_once(data):
    with printing(*AS_JSON, "--data", data) as server:
        for name in ("data_url", "control_url"):
            found = run("health", "--url", server.addresses[name])
            assert (found.returncode, found.stdout) == (0, f"{server.addresses[name]}: ready\n")
        port = server.addresses["data_url"].rpartition(":")[2]
        assert run("health", SANDBOX_PORT=port).returncode == 0
    found = run("health", "--url", server.addresses["data_url"])
    assert (found.returncode, found.stdout) == (1, "")
    assert "does not answer" in found.stderr


@pytest.mark.parametrize("reply", [b"SSH-2.0-x\r\n", b"HTTP/1.1 200 OK\r\n\r\n[1]", b"", b"\x00"])
def test_health_of_something_else_is_no_health(reply):
    with socket.create_server(("127.0.0.1", 0)) as other:
        threading.Thread(target=answer_with, args=(other, reply), daemon=True).start()
        found = run("health", "--url", f"http://127.0.0.1:{other.getsockname()[1]}")
    assert (found.returncode, found.stdout) == (1, "")
    assert "Traceback" not in found.stderr


def answer_with(listening: socket.socket, reply: bytes) -> None:
    connection, _ = listening.accept()
    with connection:
        connection.recv(65_536)
        connection.sendall(reply)


@pytest.mark.parametrize("url", ["nonsense", "http://", "http://127.0.0.1:x", "ftp://a b"])
def test_health_of_nonsense_is_no_health(url):
    found = run("health", "--url", url)
    assert found.returncode == 1
    assert "Traceback" not in found.stderr


def test_wait_outlasts_a_server_that_comes_up_late(data):
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port = str(reserved.getsockname()[1])
    url = f"http://127.0.0.1:{port}"
    waiting = subprocess.Popen(
        [COMMAND, "wait", "--url", url, "--timeout", "1m"],
        env=environment(),
        stdout=subprocess.PIPE,
        text=True,
    )
    flags = ("--port", port, "--control-port", "0", "--print-json", "--data", data)
    with waiting, printing(*flags):
        said, _ = waiting.communicate(timeout=60)
    assert (waiting.returncode, said) == (0, f"{url}: ready\n")


def test_wait_gives_up_when_the_time_is_over():
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port = reserved.getsockname()[1]
    found = run("wait", "--url", f"http://127.0.0.1:{port}", "--timeout", "100ms")
    assert found.returncode == 1
    assert "bank-sandbox serve" in found.stderr


def test_wait_names_a_length_of_time_that_is_none():
    assert "--timeout" in complaint("wait", "--timeout", "soon")
