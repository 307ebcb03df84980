"""``bank-sandbox login``: as software on somebody's machine, with the bank's real pages."""

import contextlib
import json
import shlex
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from sandbox.client import Sandbox
from tests.process import COMMAND, PATIENCE_S, environment
from tests.process import run as run_process
from tests.support import AGGREGATOR, NATIVE, NOW, bearer
from tests.walk import TARO, Browser, consent


@pytest.fixture
def world(driven):
    made = Sandbox(driven.control_url).worlds.create(clock=f"frozen:{NOW}")
    yield made
    made.delete()


@contextlib.contextmanager
def started(driven, world, *words, **env):
    """Run a command that goes on while the test does something else."""
    env = environment(SANDBOX_CONTROL=driven.control_url, PYTHONUNBUFFERED="1", **env)
    process = subprocess.Popen(
        [COMMAND, *words, "--world", world.name],
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def address_of(process) -> str:
    """Return the address that the command asks to open."""
    assert process.stderr.readline().startswith("Log in and allow")
    return process.stderr.readline().strip()


def land(location: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(location, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def accounts(world, token: str) -> int:
    url = f"{world.bank().api_base}/accounts"
    return requests.get(url, headers=bearer(token), timeout=10).status_code


@pytest.mark.requirement("T-17", "O-1")
def test_a_person_logs_in_on_the_pages_and_the_tokens_are_printed(driven, world):
    with started(driven, world, "login", "--no-browser", "--json") as process:
        address = address_of(process)
        query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert (query["client_id"], query["code_challenge_method"]) == (NATIVE, "S256")
        location = consent(driven.data_url, address, TARO)
        assert location.startswith(query["redirect_uri"])
        origin = location.partition("/callback")[0]
        assert land(f"{origin}/favicon.ico") == (404, "")
        status, page = land(location)
        assert status == 200
        assert "これは試験用の環境です" in page
        out, said = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, said) == (0, "")
    tokens = json.loads(out)
    assert accounts(world, tokens["access_token"]) == 200
    (grant,) = world.grants.list()
    assert (grant.persona, grant.client_id) == ("taro", NATIVE)


def test_the_browser_is_opened_at_the_banks_page(driven, world, tmp_path):
    seen, script = tmp_path / "seen", tmp_path / "browser.py"
    script.write_text(f"import sys; open({str(seen)!r}, 'w').write(sys.argv[1])\n")
    browser = shlex.join([sys.executable, str(script)]) + " %s"
    with started(driven, world, "login", "--timeout", "1s", BROWSER=browser) as process:
        address = address_of(process)
        _, said = process.communicate(timeout=PATIENCE_S)
    assert seen.read_text() == address
    assert process.returncode == 1
    assert "nobody consented within 1 s" in said
    assert "login --headless" in said


def test_a_person_who_denies_ends_it_with_1(driven, world):
    with started(driven, world, "login", "--no-browser") as process, requests.Session() as http:
        browser = Browser(http=http, bank_url=driven.data_url)
        page = browser.sign_in(address_of(process), TARO)
        land(browser.press(page, "deny").headers["Location"])
        _, said = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 1
    assert "the bank answers access_denied" in said


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda answer: {**answer, "state": "other"}, "its state differs"),
        (lambda answer: {**answer, "iss": "https://other.example"}, "another issuer"),
        (lambda answer: {**answer, "code": "guessed"}, "/oauth/token refuses: 400"),
    ],
)
def test_an_answer_to_somebody_elses_request_is_refused(driven, world, change, complaint):
    with started(driven, world, "login", "--no-browser") as process:
        parts = urlsplit(consent(driven.data_url, address_of(process), TARO))
        answer = {name: values[0] for name, values in parse_qs(parts.query).items()}
        query = requests.models.RequestEncodingMixin._encode_params(change(answer))
        land(f"{parts.scheme}://{parts.netloc}{parts.path}?{query}")
        _, said = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 1
    assert complaint in said


@pytest.mark.parametrize(
    ("client", "persona"),
    [
        (NATIVE, "taro"),
        (AGGREGATOR, "hanako"),
        ("sandbox-accounting", "shoji"),
        ("sandbox-manual", "taro"),
    ],
)
def test_without_a_browser_every_kind_of_client_gets_its_tokens(driven, world, client, persona):
    words = ["--client", client, "--persona", persona, "--world", world.name]
    env = {"SANDBOX_CONTROL": driven.control_url}
    text = run_process("login", "--headless", *words, **env)
    assert (text.returncode, text.stderr) == (0, "")
    assert text.stdout.splitlines()[-1].startswith("curl -H 'Authorization: Bearer ")
    answer = run_process("login", "--headless", "--json", *words, **env)
    assert accounts(world, json.loads(answer.stdout)["access_token"]) == 200


def test_a_port_that_is_taken_is_named(driven, world):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        from sandbox.cli.loopback import Listener, LoginFailed

        listener = Listener(f"http://127.0.0.1:{port}/callback", any_port=False)
        with pytest.raises(LoginFailed, match=f"port {port}: .*in use"), listener:
            listener.wait(1)


def test_a_blocked_client_is_refused(driven, world):
    found = run_process(
        *("login", "--headless", "--client", "sandbox-blocked", "--world", world.name),
        SANDBOX_CONTROL=driven.control_url,
    )
    assert (found.returncode, found.stdout) == (1, "")
    assert "authorization-refused" in found.stderr


# The journal, beside the log-in that fills it


@pytest.fixture
def run(driven, world):
    def run(*words: str) -> str:
        found = run_process(*words, "--world", world.name, SANDBOX_CONTROL=driven.control_url)
        assert (found.returncode, found.stderr) == (0, ""), found
        return found.stdout

    return run


def test_the_journal_is_shown_filtered_saved_and_emptied(run, tmp_path, world):
    assert "No calls" in run("journal")
    run("login", "--headless")
    accounts(world, "no-token")
    lines = run("journal").splitlines()
    assert lines[0].split()[:4] == ["ID", "AT", "STATUS", "OPERATION"]
    assert [line.split()[2:4] for line in lines[1:]] == [
        ["200", "token"],
        ["401", "list_accounts"],
    ]
    token, refused = json.loads(run("journal", "--json"))
    assert (token["client_id"], refused["error_code"]) == (NATIVE, "invalid_token")
    assert "response_body" in token
    for words in (
        ["--status", "401"],
        ["--operation", "list_accounts"],
        ["--error-code", "invalid_token"],
        ["--reason", refused["reason"]],
        ["--after", str(token["id"])],
        ["--last", "1"],
    ):
        assert json.loads(run("journal", "--json", *words)) == [refused]
    for words in (
        ["--persona", "taro"],
        ["--client", NATIVE],
        ["--contractor", token["contractor_id"]],
        ["--grant", token["grant_id"], "--bank", "tomato"],
    ):
        assert json.loads(run("journal", "--json", *words, "--since", NOW)) == [token]
    for words in (["--until", NOW], ["--bank", "none"], ["--grant", "none"]):
        assert json.loads(run("journal", "--json", *words)) == []
    file = tmp_path / "calls.har"
    assert str(file) in run("journal", "--har", str(file), "--status", "401")
    assert len(json.loads(file.read_text())["log"]["entries"]) == 1
    assert "is empty" in run("journal", "--clear")
    assert json.loads(run("journal", "--json")) == []


@pytest.mark.parametrize("flags", [[], ["--json"]], ids=["lines", "json"])
def test_following_the_journal_prints_each_call_as_it_comes(driven, world, run, flags):
    for _ in range(2):
        accounts(world, "earlier")
    with started(driven, world, "journal", "--follow", "--last", "1", *flags) as process:
        first = process.stdout.readline()
        run("login", "--headless")
        second = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        rest, said = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, rest, said) == (0, "", "")
    if flags:
        statuses = json.loads(first)["status"], json.loads(second)["operation"]
        assert statuses == (401, "token")
    else:
        assert first.startswith(f"{NOW} 401 GET ")
        assert first.endswith(" invalid_token\n")
        assert second.startswith(f"{NOW} 200 POST ")
