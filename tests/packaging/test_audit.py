"""``make audit``: what it makes of an advisory service that answers, and of one that does not.

The real pip-audit asks a service on this machine that answers as OSV does.
"""

import json
import runpy
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.packaging.wheel import ROOT

AUDIT = ROOT / "scripts" / "audit"
SCRIPT = runpy.run_path(str(AUDIT))
HASH = "0" * 64
LOCK = f"""# A comment
alpha==1.0 \\
    --hash=sha256:{HASH}
beta-two==2.0 \\
    --hash=sha256:{HASH}
elsewhere==3.0 ; sys_platform == 'no-such' \\
    --hash=sha256:{HASH}
"""
ADVISORY = {
    "id": "OSV-1",
    "summary": "It leaks.",
    "affected": [
        {
            "package": {"name": "beta-two", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.1"}]}],
        }
    ],
}


@contextmanager
def service(known: dict[str, list[object]], status: int = 200) -> Iterator[tuple[str, list[str]]]:
    """Answer as OSV does with what is ``known``; give the address, and what is asked there."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            asked.append(f"{query['package']['name']} {query['version']}")
            found = known.get(query["package"]["name"])
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps({"vulns": found} if found else {}).encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/v1/query", asked
        server.shutdown()


@pytest.fixture
def audit(tmp_path):
    lock = tmp_path / "lock.txt"
    lock.write_text(LOCK)

    def run(url: str, *more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(AUDIT), str(lock), "--osv-url", url, *more]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    return run


def test_where_nothing_is_known_it_is_clean(audit):
    with service({}) as (url, asked):
        done = audit(url)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "audit: 2 packages, no known vulnerability\n"
    assert sorted(asked) == ["alpha 1.0", "beta-two 2.0"]


def test_what_is_known_is_told_with_the_version_that_mends_it(audit):
    with service({"beta-two": [ADVISORY]}) as (url, _):
        done = audit(url)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "audit: beta-two 2.0: OSV-1, mended in 2.1\n"


def test_a_service_that_nobody_reaches_is_no_verdict(audit):
    done = audit("http://127.0.0.1:1/v1/query")
    assert (done.returncode, done.stdout) == (3, "")
    first, reason = done.stderr.splitlines()
    assert first == "audit: could not reach the advisory service: nothing is known"
    assert "refused" in reason


def test_a_service_that_fails_is_no_verdict(audit):
    with service({}, status=503) as (url, _):
        done = audit(url)
    assert done.returncode == 3
    assert "could not reach the advisory service" in done.stderr


def test_a_package_that_was_not_looked_up_is_no_verdict():
    """pip-audit itself calls this a success."""
    report = {
        "dependencies": [
            {"name": "alpha", "version": "1.0", "vulns": []},
            {"name": "beta-two", "skip_reason": "Dependency not found"},
        ]
    }
    code, told = SCRIPT["verdict"](LOCK, json.dumps(report), "")
    assert (code, told) == (3, ["the advisory service did not tell of: beta-two"])
    del report["dependencies"][1]
    assert SCRIPT["verdict"](LOCK, json.dumps(report), "")[0] == 3


def test_what_is_known_counts_more_than_what_is_not():
    report = {
        "dependencies": [
            {"name": "alpha", "version": "1.0", "vulns": [{"id": "OSV-2", "fix_versions": []}]}
        ]
    }
    code, told = SCRIPT["verdict"](LOCK, json.dumps(report), "")
    assert code == 1
    assert told[0] == "alpha 1.0: OSV-2, mended in no version"


@pytest.mark.parametrize("name", ["serve.txt", "test.txt"])
def test_the_locks_of_the_project_are_read_whole(name):
    text = (ROOT / "locks" / name).read_text(encoding="utf-8")
    everywhere = [line for line in text.splitlines() if "==" in line and ";" not in line]
    assert len(SCRIPT["locked"](text)) == len(everywhere) > 30


@pytest.mark.parametrize("text", ["", "aiohttp>=3\n", "{}"])
def test_a_file_that_is_no_lock_is_refused(audit, tmp_path, text):
    (tmp_path / "lock.txt").write_text(text)
    done = audit("http://127.0.0.1:1/")
    assert done.returncode == 2
    assert "is no lock" in done.stderr
