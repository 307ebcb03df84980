"""``serve --tls`` as a process: what it prints, keeps, refuses and imports."""

import json
import os
import re
import socket
import ssl
import subprocess
import sys
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from sandbox.client import Sandbox
from tests.api.test_cli import SPY, complaint
from tests.process import FREE_PORTS, printing, serving
from tests.support import AGGREGATOR, REDIRECT_URI, answer_of, basic

TLS = ("--tls", "--tls-port", "0")
PROMPT_SECONDS = 5
GUIDE = Path(__file__).parents[2] / "docs" / "tls.md"


def ca_of(server, directory):
    file = directory / "the-ca.pem"
    file.write_text(Sandbox(server.control_url).certificates.ca())
    return str(file)


def test_print_json_has_the_address_and_it_answers_as_the_plain_one_does(tmp_path):
    with serving(*TLS) as server:
        assert server.tls_url.startswith("https://127.0.0.1:")
        answers = [
            requests.get(f"{url}/tomato/openapi.json", verify=ca_of(server, tmp_path), timeout=10)
            for url in (server.data_url, server.tls_url)
        ]
        assert [answer.status_code for answer in answers] == [200, 200]
        assert answers[0].json() == answers[1].json()


def test_the_banner_has_the_address():
    with printing(*FREE_PORTS, *TLS, until="Ready") as server:
        (line,) = [line for line in server.said if "https://" in line]
    assert re.fullmatch(r"  over TLS      https://127\.0\.0\.1:\d+ +\(.*certs ca\)", line)


def test_a_restart_keeps_the_ca(tmp_path):
    with serving(*TLS, "--data", str(tmp_path)) as before:
        ca = ca_of(before, tmp_path)
    with serving(*TLS, "--data", str(tmp_path)) as after:
        assert requests.get(f"{after.tls_url}/healthz", verify=ca, timeout=10).ok
        assert Path(ca).read_text() == (tmp_path / "certificates" / "ca.pem").read_text()


def test_without_a_data_directory_nothing_is_left(tmp_path):
    with serving(*TLS, TMPDIR=str(tmp_path)):
        (made,) = tmp_path.glob("bank-sandbox-*/certificates/server.pem")
    assert not made.exists()
    assert list(tmp_path.glob("bank-sandbox-*")) == []


def test_uvloop_tells_a_refused_client_why(tmp_path):
    """The alert has to leave before the connection ends, which no event loop sees to by itself."""
    from tests.tls import client_context, foreign

    with serving("--tls", "--tls-port", "0") as server:
        pem = Sandbox(server.control_url).certificates.ca()
        context = client_context(pem, tmp_path, foreign("unknown"))
        with pytest.raises(OSError, match="ALERT_UNKNOWN_CA"):
            urllib.request.urlopen(server.tls_url, context=context, timeout=10)
        server.send(15)
        code, said = server.ended(PROMPT_SECONDS)
    assert code == 0
    assert "a TLS handshake was refused" in said


@pytest.mark.parametrize("hello", [b"", b"\x16\x03\x01\x02"], ids=["silent", "half a hello"])
def test_a_handshake_that_never_ends_does_not_keep_the_server(hello):
    with serving(*TLS) as server:
        url = urlsplit(server.tls_url)
        with socket.create_connection((url.hostname, url.port), timeout=10) as connection:
            connection.sendall(hello)
            assert requests.get(f"{server.data_url}/healthz", timeout=10).ok
            server.stop(within_s=PROMPT_SECONDS)


# Issuer


def test_a_public_https_address_makes_every_address_https(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port = str(reserved.getsockname()[1])
    base = f"https://localhost:{port}"
    with serving("--tls", "--tls-port", port, "--base-url", base) as server:
        world = requests.get(server.control, timeout=10).json()
        assert (world["base_url"], world["tls_base_url"]) == (base, base)
        bank = world["banks"][0]
        ca = ca_of(server, tmp_path)
        wish = {"bank": "tomato", "client_id": AGGREGATOR, "persona": "taro", "scope": "accounts"}
        consent = requests.post(f"{server.control}/authorize", json=wish, timeout=10).json()
        answer = answer_of(consent["redirect_to"])
        assert answer["iss"] == bank["issuer"] == f"{base}/tomato"
        form = {"grant_type": "authorization_code", "code": answer["code"]}
        token = requests.post(
            bank["token_endpoint"],
            data=form | {"redirect_uri": REDIRECT_URI},
            headers=basic(AGGREGATOR),
            verify=ca,
            timeout=10,
        )
        assert token.status_code == 200
        page = requests.get(
            bank["authorization_endpoint"],
            params={
                "response_type": "code",
                "client_id": AGGREGATOR,
                "state": "s",
                "redirect_uri": REDIRECT_URI,
                "scope": "accounts",
            },
            verify=ca,
            timeout=10,
        )
        assert page.status_code == 200
        assert page.url.startswith(f"{base}/")
        assert all("Secure" in cookie for cookie in cookies_of(page))


def cookies_of(page):
    found = [answer.headers.get("Set-Cookie") for answer in (*page.history, page)]
    assert any(found)
    return filter(None, found)


@pytest.mark.parametrize("base", ["http://bank.example:8080", "https://bank.example"])
def test_the_host_of_the_public_address_is_the_servers_too(tmp_path, base):
    with serving(*TLS, "--base-url", base) as server:
        world = requests.get(server.control, timeout=10).json()
        is_https = base.startswith("https:")
        assert world["tls_base_url"] == (base if is_https else server.tls_url)
        context = ssl.create_default_context(cafile=ca_of(server, tmp_path))
        url = urlsplit(server.tls_url)
        with (
            socket.create_connection((url.hostname, url.port), timeout=10) as plain,
            context.wrap_socket(plain, server_hostname="bank.example") as connection,
        ):
            assert connection.version() == "TLSv1.3"


# Complaints


def test_a_file_of_cas_is_for_tls_alone(tmp_path):
    said = complaint("serve", *FREE_PORTS, "--tls-client-ca", str(tmp_path))
    assert "SANDBOX_TLS_CLIENT_CA" in said
    assert "--tls" in said


@pytest.mark.parametrize("name", ["missing.pem", "."])
def test_a_file_of_cas_that_cannot_be_read_is_named(tmp_path, name):
    file = str(tmp_path / name)
    said = complaint("serve", *FREE_PORTS, *TLS, "--tls-client-ca", file)
    assert f"{file} cannot be used as --tls-client-ca" in said


def test_a_host_that_no_certificate_can_name_is_named():
    said = complaint("serve", *FREE_PORTS, *TLS, "--base-url", "https://a..b")
    assert "no certificate can name the host 'a..b'" in said


def test_a_tls_port_in_use_is_named():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        said = complaint("serve", *FREE_PORTS, "--tls", "--tls-port", port)
    assert f"127.0.0.1:{port}" in said
    assert "--tls-port" in said


# Start-up


@pytest.mark.parametrize("flags", [TLS, ()], ids=["on", "off"])
def test_cryptography_is_imported_with_tls_alone(tmp_path, template, flags):
    spy = tmp_path / "spy"
    spy.mkdir()
    (spy / "sitecustomize.py").write_text(SPY)
    with serving(*flags, PYTHONPATH=str(spy), SPY_FILE=str(spy / "modules")) as server:
        requests.get(f"{server.data_url}/tomato/openapi.json", timeout=10)
        server.stop()
    modules = set((spy / "modules").read_text().split())
    assert ("cryptography" in modules) == bool(flags)
    assert "typer" not in modules


# The guide


def test_the_guides_calls_go_as_it_says(tmp_path):
    (script,) = re.findall(r"```sh\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    with serving(*TLS) as server:
        port = server.tls_url.rpartition(":")[2]
        assert script.count("localhost:8443") == 2
        said = subprocess.run(
            ["bash", "-eu", "-o", "pipefail", "-c", script.replace("8443", port)],
            cwd=tmp_path,
            env={**os.environ, "PATH": path, "SANDBOX_CONTROL": server.control_url},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        ).stdout
    assert "my-app/cert.pem, my-app/key.pem, my-app/ca.pem" in said
    assert f'"issuer":"{server.issuer}"' in said
    assert said.endswith('{"status":"ok"}')
    assert json.loads(said[said.rindex("{") :]) == {"status": "ok"}


def test_the_flags_in_the_guide_exist():
    from typer.main import get_command

    from sandbox.cli.commands import app

    serve = get_command(app).commands["serve"]
    certs = get_command(app).commands["certs"].commands.values()
    options = {name for command in (serve, *certs) for each in command.params for name in each.opts}
    curls = {"--cacert", "--cert", "--key"}
    found = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", GUIDE.read_text("utf-8")))
    assert found <= options | curls
