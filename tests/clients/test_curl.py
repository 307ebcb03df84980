"""curl: the line that the server prints, and the README's first call, run as they stand."""

import json
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from sandbox.cli.banner import first_call
from tests.process import serving
from tests.support import AGGREGATOR, REDIRECT_URI, secret_of

README = Path(__file__).parents[2] / "README.md"


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout


def test_the_printed_first_call_leads_to_an_account(server):
    consented = json.loads(run(*shlex.split(first_call(server.control_url, "tomato"))))
    assert consented["redirect_to"].startswith(REDIRECT_URI)
    form = {
        "grant_type": "authorization_code",
        "code": consented["code"],
        "redirect_uri": REDIRECT_URI,
    }
    fields = [part for pair in form.items() for part in ("--data-urlencode", "=".join(pair))]
    credentials = f"{AGGREGATOR}:{secret_of(AGGREGATOR)}"
    token = json.loads(run("curl", "-s", f"{server.base}/oauth/token", "-u", credentials, *fields))
    bearer = f"Authorization: Bearer {token['access_token']}"
    listed = json.loads(run("curl", "-s", f"{server.base}/accounts", "-H", bearer))
    assert [account["account_number"] for account in listed["accounts"]] == ["1234567"]


@pytest.mark.requirement("T-12")
def test_the_first_call_of_the_readme_ends_with_a_lapsed_grant():
    script = re.search(r"## First call\n.*?```sh\n(.*?)```", README.read_text("utf-8"), re.S)[1]
    with serving() as server:
        for printed, ours in (
            ("http://127.0.0.1:8081", server.control_url),
            ("http://127.0.0.1:8080", server.data_url),
        ):
            assert printed in script
            script = script.replace(printed, ours)
        said = run("sh", "-e", "-c", script)
    assert '"account_number":"1234567"' in said
    assert '"transactions":[{' in said
    assert said.count("HTTP/1.1 401") == 1
    assert "X-Sandbox-Reason: grant_expired" in said
