"""Side by side: what is started is what is measured, and what is said is what was found."""

import json
import os
import re
import sys

import pytest

from tests.bench.peers import __main__ as peers
from tests.bench.peers import install as installing
from tests.bench.peers import loads
from tests.bench.peers.install import Installed, install, versions
from tests.bench.peers.running import Started, answers, free_port, started

SERVE = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1"]
PORT = 12_345


def test_every_peer_is_pinned():
    assert set(versions()) == {peer.name for peer in peers.PEERS}
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in versions().values())


@pytest.mark.parametrize("peer", peers.PEERS, ids=lambda peer: peer.name)
def test_a_peer_is_started_itself(peer, tmp_path):
    command = Installed(tmp_path).command(peer.name, PORT, "more")
    assert str(PORT) in command
    if peer.name != "moto":
        with open(command[0], "rb") as program:
            assert program.read(4) == b"\x7fELF", "a launcher uses no CPU"
    assert str(tmp_path) in "".join(command)


@pytest.fixture
def steps(monkeypatch):
    """The steps of an installation, none of which is run."""
    taken = []
    monkeypatch.setattr(installing, "run", lambda command, folder: taken.append(command))
    return taken


def test_peers_are_fetched_once_and_outside_the_project(steps, tmp_path):
    folder = tmp_path / "peers"
    assert install(folder) == install(folder) == Installed(folder)
    assert [command[1] for command in steps] == ["install", "-m", "install"]
    assert steps[2][-1] == installing.MOTO
    assert (folder / "node" / "oidc.mjs").exists()
    root = os.path.abspath(installing.SCRIPTS.parents[3])
    assert not str(installing.default_folder()).startswith(root)


@pytest.mark.parametrize("spoilt", ["", "{}", '{"moto": "1.0.0"}'])
def test_another_version_is_fetched_anew(steps, tmp_path, spoilt):
    install(tmp_path / "peers")
    (tmp_path / "peers" / "installed.json").write_text(spoilt, encoding="utf-8")
    install(tmp_path / "peers")
    assert len(steps) == 6
    kept = json.loads((tmp_path / "peers" / "installed.json").read_text(encoding="utf-8"))
    assert kept == versions()


def test_a_step_that_fails_is_told_with_what_it_said(tmp_path):
    with pytest.raises(RuntimeError, match="no such thing"):
        installing.run([sys.executable, "-c", "import sys; sys.exit('no such thing')"], tmp_path)


def test_a_start_is_measured_until_the_first_answer(tmp_path):
    port = free_port()
    with started([*SERVE, str(port)], port, "/nothing", tmp_path) as found:
        assert answers(f"{found.url}/")
        assert 10 <= found.cpu_ms <= found.wall_ms + 20
        assert found.memory_mb > 5
    assert not answers(f"http://127.0.0.1:{port}/")


def test_what_does_not_start_says_why(tmp_path):
    port, command = free_port(), [sys.executable, "-c", "raise SystemExit('no licence')"]
    with pytest.raises(RuntimeError, match="no licence"), started(command, port, "/", tmp_path):
        raise AssertionError("it started")


def test_what_does_not_end_by_itself_is_ended(tmp_path, monkeypatch):
    monkeypatch.setattr("tests.bench.peers.running.STOP_S", 0.2)
    port = free_port()
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)"
    serve = f"{deaf}; import http.server as h; h.test(h.SimpleHTTPRequestHandler, port={port})"
    with started([sys.executable, "-c", serve], port, "/", tmp_path):
        assert answers(f"http://127.0.0.1:{port}/")
    assert not answers(f"http://127.0.0.1:{port}/")


def test_the_own_start_is_that_of_the_command(tmp_path, monkeypatch):
    monkeypatch.setattr(peers.parts, "with_byte_code", lambda _directory: {})  # takes its time
    with peers.own_start(tmp_path) as found:
        assert answers(f"{found.url}/readyz")
        assert found.memory_mb > 20


def test_ratios_are_of_what_was_measured_together():
    what, own, peer, ratios, _ = peers.compared("x", [1.0, 2.0, 4.0], [10.0, 10.0, 10.0], "ms")
    assert (what, own, peer) == ("x", 2.0, 10.0)
    assert ratios == [2.5, 5.0, 10.0]


def test_a_line_shows_both_and_the_ratio():
    line = peers.compared("start", [100.0, 200.0, 400.0], [1_000.0, 1_000.0, 1_000.0], "ms")
    assert peers.shown(line) == "| start | 200 ms | 1,000 ms | **5.00** | 2.50 – 10.0 |"


def test_the_bank_and_a_peer_get_the_same_question(few, served, tmp_path):
    other = Started(os.getpid(), "http://127.0.0.1:1", 0, 0)
    own, theirs = loads.prism(served, other)
    assert own.url.removeprefix(served.base) == theirs.url.removeprefix(other.url)
    assert own.headers == theirs.headers
    loads.keep_document(served, tmp_path)
    document = json.loads((tmp_path / loads.DOCUMENT).read_text(encoding="utf-8"))
    assert "/accounts/{account_id}" in document["paths"]


def test_a_peer_that_is_not_called_is_only_started(tmp_path):
    moto = peers.PEERS[-1]
    assert moto.load is None
    assert peers.called(moto, Installed(tmp_path), None, tmp_path, peers.Options(1, 1)) == []
