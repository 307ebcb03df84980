"""``bank-sandbox health`` and ``wait`` in real processes, and the ready file that they go by."""

import json
import shutil
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from sandbox.cli import ready_file
from sandbox.cli.probe import probe
from tests.process import AS_JSON, COMMAND, FREE_PORTS, environment, printing, run

# What a container runs while its server starts: each of these costs more than all of the rest.
HEAVY = {"typer", "rich", "ssl", "email", "http.client", "urllib.request", "dataclasses"}


@pytest.fixture
def data(tmp_path: Path, template: Path) -> str:
    """A data directory whose world needs no seeding."""
    (tmp_path / "data").mkdir()
    shutil.copy(template, tmp_path / "data" / "default.db")
    return str(tmp_path / "data")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "ready.json"


# The ready file


def test_the_file_says_where_the_server_really_listens(data, file):
    with printing(*AS_JSON, "--data", data, "--ready-file", str(file)) as server:
        assert json.loads(file.read_text()) == server.addresses
        found = run("health", SANDBOX_READY_FILE=str(file), SANDBOX_PORT="1")
        assert (found.returncode, found.stdout) == (0, f"{server.data_url}: ready\n")
        server.stop()
    assert list(file.parent.iterdir()) == [Path(data)]


def test_it_is_there_by_environment_and_without_a_line_for_programs_too(data, file):
    env = {"SANDBOX_READY_FILE": str(file), "SANDBOX_DATA": data}
    with printing(*FREE_PORTS, until="  bank door", **env) as server:
        assert json.loads(file.read_text())["pid"] == server.process.pid
        assert run("health", **env).returncode == 0


def test_without_the_file_no_server_is_ready(file):
    found = run("health", SANDBOX_READY_FILE=str(file))
    assert (found.returncode, found.stdout) == (1, "")
    assert f"there is no {file}" in found.stderr


def test_of_a_killed_server_the_file_is_left_and_nobody_believes_it(data, file):
    with printing(*AS_JSON, "--data", data, "--ready-file", str(file)) as server:
        server.kill()
    assert file.exists()
    found = run("health", SANDBOX_READY_FILE=str(file))
    assert (found.returncode, found.stdout) == (1, "")
    assert "does not answer" in found.stderr


@pytest.mark.parametrize("text", ["", "[]", "{}", "\x00", '{"data_url"'])
def test_a_file_of_something_else_is_said_to_be_none(file, text):
    file.write_text(text)
    found = run("health", SANDBOX_READY_FILE=str(file))
    assert (found.returncode, found.stdout) == (1, "")
    assert f"{file} is no ready file" in found.stderr
    assert "Traceback" not in found.stderr


def test_an_address_that_is_given_counts_before_the_file(file):
    file.write_text(json.dumps({"data_url": "http://127.0.0.1:2"}))
    found = run("health", "--url", "http://127.0.0.1:1", SANDBOX_READY_FILE=str(file))
    assert "http://127.0.0.1:1: does not answer" in found.stderr


def test_a_file_that_cannot_be_written_ends_the_server_with_its_name(data, tmp_path):
    path = tmp_path / "none" / "ready.json"
    found = run("serve", *FREE_PORTS, "--data", data, "--ready-file", str(path))
    assert found.returncode == 2
    assert f"the ready file {path} cannot be written: No such file or directory" in found.stderr
    assert "Traceback" not in found.stderr


def test_the_file_of_another_server_is_left_alone(file):
    ready_file.write(str(file), "mine\n")
    ready_file.write(str(file), "theirs\n")
    ready_file.remove(str(file), "mine\n")
    assert file.read_text() == "theirs\n"
    ready_file.remove(str(file), "theirs\n")
    assert not file.exists()
    ready_file.remove(str(file), "theirs\n")  # gone is gone


def test_a_file_that_cannot_take_its_place_leaves_nothing_behind(file):
    file.mkdir()
    with pytest.raises(OSError, match=r"ready\.json"):
        ready_file.write(str(file), "line\n")
    assert list(file.parent.iterdir()) == [file]


# health


def test_a_container_asks_without_what_is_slow_to_import():
    code = (
        "import sys, sandbox.cli\n"
        "sys.argv = ['bank-sandbox', 'health', '--url=http://127.0.0.1:1']\n"
        "try: sandbox.cli.main()\n"
        "except SystemExit as end: print(end.code, *sys.modules)"
    )
    said = subprocess.run(
        [sys.executable, "-S", "-c", code],
        env=environment(PYTHONPATH=str(Path(__file__).parents[2])),
        capture_output=True,
        text=True,
        check=True,
    )
    exit_code, *modules = said.stdout.split()
    assert exit_code == "1"
    assert HEAVY & set(modules) == set()
    assert {name for name in modules if name.startswith("sandbox")} == {
        "sandbox",
        "sandbox.cli",
        "sandbox.cli.health",
        "sandbox.cli.probe",
        "sandbox.cli.ready_file",
    }


@pytest.mark.parametrize("flags", [["--url"], ["--url", "a", "b"], ["--nothing"], ["x"]])
def test_flags_that_make_no_sense_are_explained(flags):
    found = run("health", *flags)
    assert found.returncode == 2
    assert found.stderr.startswith(("Usage: bank-sandbox health", "Error: Option '--url'"))


def test_help_is_there_all_the_same():
    assert "Ask a server once" in run("health", "--help").stdout


@pytest.mark.parametrize("command", ["health", "wait"])
def test_a_port_that_nobody_can_know_is_refused_with_what_would_help(command):
    found = run(command, SANDBOX_PORT="0")
    assert (found.returncode, found.stdout) == (2, "")
    assert "SANDBOX_READY_FILE" in found.stderr


@pytest.mark.parametrize("command", ["health", "wait"])
def test_a_setting_that_makes_no_sense_is_named(command):
    found = run(command, SANDBOX_PORT="many")
    assert found.returncode == 2
    assert "SANDBOX_PORT='many'" in found.stderr


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_of_a_server_on_all_addresses_the_loopback_is_asked(host):
    found = run("health", SANDBOX_HOST=host, SANDBOX_PORT="1")
    assert "http://127.0.0.1:1: does not answer" in found.stderr
    assert "http://[::1]:1: " in run("health", SANDBOX_HOST="::1", SANDBOX_PORT="1").stderr


# The question, put to what is on the other side of a socket


def asked(reply: bytes, url: str = "http://127.0.0.1:{}") -> tuple[bool, str, bytes]:
    """Return what ``probe`` makes of a reply, and what it had said."""
    heard: list[bytes] = []

    def answer(listening: socket.socket) -> None:
        connection, _ = listening.accept()
        with connection:
            heard.append(connection.recv(65_536))
            connection.sendall(reply)

    with socket.create_server(("127.0.0.1", 0)) as other:
        threading.Thread(target=answer, args=(other,), daemon=True).start()
        health = probe(url.format(other.getsockname()[1]))
    return health.is_ready, health.detail, heard[0]


READY = b'HTTP/1.1 200 OK\r\nContent-Length: 18\r\n\r\n{"status":"ready"}'


@pytest.mark.parametrize("path", ["", "/", "/w/a", "/w/a/"])
def test_the_question_is_one_request_for_the_address_that_was_given(path):
    is_ready, detail, question = asked(READY, "http://127.0.0.1:{}" + path)
    assert (is_ready, detail) == (True, "ready")
    line, host, *_ = question.decode().split("\r\n")
    assert line == f"GET {path.rstrip('/')}/readyz HTTP/1.0"
    assert host.startswith("Host: 127.0.0.1:")


@pytest.mark.parametrize(
    ("reply", "detail"),
    [
        (b"HTTP/1.1 503 Service Unavailable\r\n\r\n{}", "answers 503"),
        (b"HTTP/1.1 301 Moved\r\nLocation: /\r\n\r\n", "answers 301"),
        (b"HTTP/1.1 \r\n\r\n{}", "is no bank-sandbox: it speaks no HTTP"),
        (b"220 mail.example\r\n", "is no bank-sandbox: it speaks no HTTP"),
        (b"HTTP/1.1 200 OK\r\n\r\n{}", "is no bank-sandbox: 'status'"),
        (b"HTTP/1.1 200 OK\r\n\r\n\xff", "is no bank-sandbox: "),
        (b"x" * 1_000_000, "is no bank-sandbox: it speaks no HTTP"),
    ],
)
def test_whatever_else_answers_is_no_bank(reply, detail):
    is_ready, found, _ = asked(reply)
    assert not is_ready
    assert found.startswith(detail)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:65536",
        "http://127.0.0.1:-1",
        "http://127.0.0.1:1/ HTTP/1.0\r\nX: y",
        "http://é",
        "http://[]",
        "ssh://127.0.0.1:22",
        "127.0.0.1:8080",
        "",
    ],
)
def test_what_is_no_address_is_said_to_be_none(url):
    health = probe(url)
    assert not health.is_ready
    assert health.detail.startswith("is no bank-sandbox: ")


def test_a_host_that_nobody_knows_does_not_answer():
    assert probe("http://bank.invalid:8080").detail.startswith("does not answer: ")


def test_over_tls_it_goes_by_the_certificate(data, tmp_path):
    with printing(*AS_JSON, "--data", data, "--tls", "--tls-port", "0") as server:
        url = server.tls_url
        distrusted = run("health", "--url", url)
        trusted = run("health", "--url", url, SSL_CERT_FILE=f"{data}/certificates/ca.pem")
    assert distrusted.returncode == 1
    assert "certificate verify failed" in distrusted.stderr
    assert (trusted.returncode, trusted.stdout) == (0, f"{url}: ready\n")


# wait


def test_wait_goes_by_the_file_too_and_outlasts_a_server_that_comes_up_late(data, file):
    env = {"SANDBOX_READY_FILE": str(file)}
    waiting = subprocess.Popen(
        [COMMAND, "wait", "--timeout", "1m"],
        env=environment(**env),
        stdout=subprocess.PIPE,
        text=True,
    )
    with waiting, printing(*AS_JSON, "--data", data, **env) as server:
        said, _ = waiting.communicate(timeout=60)
        assert (waiting.returncode, said) == (0, f"{server.data_url}: ready\n")


def test_wait_says_at_the_end_that_there_is_no_file(file):
    found = run("wait", "--timeout", "1ms", SANDBOX_READY_FILE=str(file))
    assert found.returncode == 1
    assert f"there is no {file}" in found.stderr
