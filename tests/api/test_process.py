"""The server as a process: its data directory, its signals and its exit codes."""

import socket
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from signal import SIGINT, SIGTERM
from urllib.parse import urlsplit

import pytest
import requests

from tests.process import AS_JSON, STOP_SECONDS, TEMPORARY, printing, serving, spawn
from tests.support import AGGREGATOR, REDIRECT_URI, basic, bearer

# In-flight answers get little more than a second; the rest is room for a busy machine.
PROMPT_SECONDS = 5
BUSY_ACCOUNT = "00000000000000000300119999990001"
SMALL_BUFFER = 65_536  # so that most of a long answer waits at the server


def refused(*flags, **environment):
    """Start a server that must not start; return what it says to the person who tried."""
    process = spawn(*AS_JSON, *flags, **environment)
    try:
        out, err = process.communicate(timeout=STOP_SECONDS)
    finally:
        process.kill()
    assert (process.returncode, out) == (2, "")
    assert err.startswith("bank-sandbox: ")
    assert "Traceback" not in err
    return err


def log_in(server, persona="taro"):
    wish = {"bank": "tomato", "client_id": AGGREGATOR, "persona": persona, "scope": "accounts"}
    code = requests.post(f"{server.control}/authorize", json=wish, timeout=10).json()["code"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT_URI}
    answer = requests.post(
        f"{server.base}/oauth/token", data=form, headers=basic(AGGREGATOR), timeout=10
    )
    return answer.json()["access_token"]


def test_a_clean_restart_changes_nothing(tmp_path):
    with serving("--data", str(tmp_path)) as before:
        token = log_in(before)
        body = {"by": "20m"}
        moved = requests.post(f"{before.control}/clock/advance", json=body, timeout=10).json()
    assert sorted(path.name for path in tmp_path.glob("default*")) == ["default.db"]
    # A kept world has its own seed and clock; the flags are for new ones.
    with serving("--data", str(tmp_path), "--seed", "9", clock="real") as after:
        clock = requests.get(f"{after.control}/clock", timeout=10).json()
        assert clock["now"] == moved["now"]
        answer = requests.get(f"{after.base}/accounts", headers=bearer(token), timeout=10)
        assert answer.status_code == 200


def test_only_a_killed_server_leaves_its_folder_and_it_is_one_of_the_tests():
    folders = Path(TEMPORARY["TMPDIR"])
    before = set(folders.glob("bank-sandbox-*"))
    with printing(*AS_JSON):
        assert set(folders.glob("bank-sandbox-*")) > before
    assert set(folders.glob("bank-sandbox-*")) == before
    with serving() as server:
        server.kill()
    (left,) = set(folders.glob("bank-sandbox-*")) - before
    assert (left / "default.db").exists()


def test_the_temporary_directory_goes_with_the_server(tmp_path):
    with serving(TMPDIR=str(tmp_path)):
        (directory,) = tmp_path.glob("bank-sandbox-*")
        assert (directory / "default.db").exists()
    assert list(tmp_path.glob("bank-sandbox-*")) == []


def test_a_second_server_on_the_same_data_is_refused_by_name_of_the_first(tmp_path):
    with serving("--data", str(tmp_path)) as owner:
        said = refused("--data", str(tmp_path))
        assert str(tmp_path) in said
        assert str(owner.process.pid) in said
        assert requests.get(f"{owner.data_url}/readyz", timeout=10).status_code == 200


def test_the_data_of_a_killed_server_is_free_again(tmp_path):
    with serving("--data", str(tmp_path)) as killed:
        killed.kill()
    with serving("--data", str(tmp_path)) as again:
        assert requests.get(f"{again.data_url}/readyz", timeout=10).status_code == 200


def test_a_file_of_another_schema_version_is_refused_and_left_alone(tmp_path):
    with serving("--data", str(tmp_path)):
        file = tmp_path / "default.db"
    with closing(sqlite3.connect(file, isolation_level=None)) as sql:
        sql.execute("PRAGMA user_version = 4711")
    before = file.read_bytes()
    said = refused("--data", str(tmp_path))
    assert all(part in said for part in (str(file), "4711", "--data"))
    assert file.read_bytes() == before


def test_a_file_that_is_no_world_is_refused_and_left_alone(tmp_path):
    file = tmp_path / "default.db"
    file.write_text("my household accounts\n" * 400)
    before = file.read_bytes()
    assert str(file) in refused("--data", str(tmp_path))
    assert file.read_bytes() == before


def test_a_first_start_that_was_killed_is_taken_up_again(tmp_path):
    """SQLite writes its header before the schema: such a file is as good as none."""
    with closing(sqlite3.connect(tmp_path / "default.db", isolation_level=None)) as sql:
        sql.execute("PRAGMA journal_mode = WAL")
    assert (tmp_path / "default.db").stat().st_size > 0
    with serving("--data", str(tmp_path)) as server:
        assert log_in(server)


@pytest.mark.parametrize("number", [SIGTERM, SIGINT])
def test_a_signal_ends_the_server_though_a_client_keeps_its_connection(number):
    with serving() as server, requests.Session() as http:
        assert http.get(f"{server.data_url}/healthz", timeout=10).status_code == 200
        server.stop(number, within_s=PROMPT_SECONDS)


def read_all(connection):
    received = b""
    while chunk := connection.recv(65_536):
        received += chunk
    return received


def wait_until_closed(address):
    """Wait until nobody listens any more: the server has begun to stop."""
    with suppress(ConnectionRefusedError, ConnectionResetError):
        while True:
            socket.create_connection(address, timeout=PROMPT_SECONDS).close()


def content_length(head):
    (line,) = [line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    return int(line.partition(b":")[2])


@pytest.mark.parametrize("number", [SIGTERM, SIGINT])
def test_an_answer_under_way_is_finished_before_the_end(number):
    """A long statement for a client that has read only its beginning when the signal comes."""
    with serving() as server:
        url = urlsplit(f"{server.base}/accounts/{BUSY_ACCOUNT}/transactions")
        token = log_in(server, "heavy")
        with socket.socket() as connection:
            connection.settimeout(PROMPT_SECONDS)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER)
            connection.connect((url.hostname, url.port))
            connection.sendall(
                f"GET {url.path} HTTP/1.1\r\nHost: {url.netloc}\r\n"
                f"Authorization: Bearer {token}\r\n\r\n".encode()
            )
            first = connection.recv(1_024)
            server.send(number)
            wait_until_closed((url.hostname, url.port))
            head, _, body = (first + read_all(connection)).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200")
        assert len(body) == content_length(head) > 1_000_000
        assert server.ended(PROMPT_SECONDS) == (0, "")


def test_a_client_that_never_finishes_does_not_keep_the_server(tmp_path):
    with serving() as server:
        url = urlsplit(server.data_url)
        address = (url.hostname, url.port)
        with socket.create_connection(address, timeout=PROMPT_SECONDS) as connection:
            connection.sendall(
                b"POST /tomato/parasol/v1/banks/0566/oauth/token HTTP/1.1\r\nHost: %b\r\n"
                b"Content-Length: 100\r\nExpect: 100-continue\r\n\r\n" % url.netloc.encode()
            )
            assert connection.recv(64).startswith(b"HTTP/1.1 100")
            server.stop(within_s=PROMPT_SECONDS)


def test_a_taken_port_is_refused_with_a_word_about_it():
    with serving() as server:
        port = str(urlsplit(server.data_url).port)
        assert port in refused("--port", port)
