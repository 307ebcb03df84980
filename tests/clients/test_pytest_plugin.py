"""The plugin in other people's test runs: what it costs, its options, its marker, its failures."""

import subprocess
import sys

import pytest

from sandbox.client import Sandbox
from tests.clients.pytest_runs import run_pytest


def written(directory, text):
    """Write a project of one test file."""
    (directory / "test_it.py").write_text(text, encoding="utf-8")
    (directory / "pytest.ini").write_text("[pytest]\naddopts = --strict-markers\n")
    return directory


def test_importing_the_plugin_imports_nothing_else():
    code = (
        "import sys, pytest; known = set(sys.modules); import sandbox.pytest_plugin;"
        "print(sorted(set(sys.modules) - known))"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert found.stdout.strip() == "['sandbox', 'sandbox.pytest_plugin']"


def test_a_run_that_does_not_use_it_does_not_load_it(tmp_path):
    project = written(
        tmp_path,
        "import sys\n"
        "def test_modules():\n"
        "    ours = [name for name in sys.modules if name.startswith('sandbox')]\n"
        "    assert ours == ['sandbox', 'sandbox.pytest_plugin']\n"
        "    assert not {'aiohttp', 'typer', 'http.client'} & set(sys.modules)\n",
    )
    plugins = ("aiohttp", "anyio", "schemathesis", "hypothesispytest", "asyncio", "xdist")
    without = [word for name in plugins for word in ("-p", f"no:{name}")]
    code, output = run_pytest("-q", *without, directory=project)
    assert code == 0, output


def test_help_and_markers_name_what_it_adds(tmp_path):
    _, output = run_pytest("--help", directory=written(tmp_path, ""))
    for option in ("--bank-sandbox-url=URL", "--bank-sandbox-report=DIR"):
        assert option in output
    _, output = run_pytest("--markers", directory=tmp_path)
    assert "@pytest.mark.bank_world(seed=1, clock=" in output


SHARING = """
import pytest

@pytest.mark.parametrize("number", range(6))
def test_world(bank, bank_sandbox, number):
    assert bank_sandbox.url == {url!r}
    assert bank.grants.list() == []
    tokens = bank.tokens("hanako")
    assert tokens.scope == "accounts"
    assert bank.authorize("shoji", "sandbox-accounting", code_challenge="c" * 43).code
    assert bank.world.name in bank.issuer
    assert bank.client("sandbox-native").client_secret is None
"""


def test_workers_share_a_running_server_without_meeting(tmp_path, server):
    project = written(tmp_path, SHARING.format(url=server.control_url))
    code, output = run_pytest(
        "-n", "3", f"--bank-sandbox-url={server.control_url}", directory=project
    )
    assert code == 0, output
    assert [each.name for each in Sandbox(server.control_url).worlds.list()] == ["default"]


MARKED = """
import pytest

@pytest.mark.bank_world(seed=5, clock="scaled:60", bank="tomato")
def test_chosen(bank):
    world = bank.world.describe()
    assert (world.seed, world.clock.mode, world.clock.rate) == (5, "scaled", 60)

@pytest.mark.bank_world(sead=5)
def test_typing_error(bank):
    assert bank

@pytest.mark.bank_world(bank="nobank")
def test_no_such_bank(bank):
    assert bank

def test_unmarked(bank, bank_sandbox):
    assert bank.clock.get().now.isoformat() == "2026-12-01T10:00:00+09:00"
    # Neither of the tests whose world could not be given has left one.
    assert len(bank_sandbox.worlds.list()) == 2
"""


def test_the_marker_is_obeyed_or_refused(tmp_path, server):
    url = f"--bank-sandbox-url={server.control_url}"
    code, output = run_pytest("-q", url, directory=written(tmp_path, MARKED))
    assert code == 1
    assert "2 passed, 2 errors" in output
    assert "['bank', 'clock', 'seed'], not ['sead']" in output
    assert "there is no bank 'nobank', but tomato" in output


FAILING = """
def test_fails(bank):
    bank.tokens()
    assert False

def test_passes(bank):
    assert bank
"""


def test_without_a_report_directory_pytests_own_takes_the_world(tmp_path, server):
    project, temp = written(tmp_path, FAILING), tmp_path / "temp"
    url = f"--bank-sandbox-url={server.control_url}"
    code, output = run_pytest(url, f"--basetemp={temp}", directory=project)
    assert code == 1
    folder = temp / "bank-sandbox-report" / "test_it.py-test_fails"
    assert f"--world-file {folder}/world.db" in output
    assert (folder / "world.db").stat().st_size > 100_000
    assert [each.name for each in folder.parent.iterdir()] == [folder.name]


def test_a_report_directory_is_found_from_where_pytest_was_called(tmp_path, server):
    project = written(tmp_path, FAILING)
    url = f"--bank-sandbox-url={server.control_url}"
    run_pytest(url, "--bank-sandbox-report=out/worlds", directory=project)
    assert (tmp_path / "out" / "worlds" / "test_it.py-test_fails" / "clock.json").exists()


def test_a_failure_whose_world_is_gone_is_still_that_failure(tmp_path, server):
    project = written(
        tmp_path,
        "def test_it(bank):\n    bank.world.delete()\n    assert 'the real reason' == ''\n",
    )
    code, output = run_pytest(f"--bank-sandbox-url={server.control_url}", directory=project)
    assert code == 1
    assert "the real reason" in output
    assert "The test's world could not be kept: there is no world" in output
    assert "1 failed" in output


OWN_BANK = """
import pytest

@pytest.mark.parametrize("bank", ["tomato"])
def test_fails(bank):
    assert bank == "another"
"""


def test_a_failure_with_a_bank_of_ones_own_is_still_that_failure(tmp_path):
    code, output = run_pytest(directory=written(tmp_path, OWN_BANK))
    assert code == 1
    assert "assert 'tomato' == 'another'" in output
    assert "INTERNALERROR" not in output


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "nonsense"])
def test_a_server_that_is_not_there_is_said_to_be_so(tmp_path, url):
    project = written(tmp_path, "def test_it(bank):\n    assert bank\n")
    code, output = run_pytest(f"--bank-sandbox-url={url}", directory=project)
    assert code == 1
    assert f"{url} does not answer" in output or "no address of a control door" in output


def test_a_server_that_does_not_start_tells_why(tmp_path):
    project = written(
        tmp_path,
        "import os\nos.environ['SANDBOX_SEED'] = 'one'\n"
        "def test_it(bank_sandbox):\n    assert bank_sandbox\n",
    )
    code, output = run_pytest(directory=project)
    assert code == 1
    assert "bank-sandbox did not start: bank-sandbox: SANDBOX_SEED='one'" in output


def test_a_server_of_its_own_leaves_the_ready_file_to_the_one_that_wrote_it(tmp_path):
    ready = tmp_path / "ready.json"
    ready.write_text("another server's")
    project = written(
        tmp_path,
        "import os\nos.environ['SANDBOX_READY_FILE'] = 'ready.json'\n"
        "def test_it(bank):\n    assert bank.name == 'tomato'\n",
    )
    code, output = run_pytest("-q", directory=project)
    assert code == 0, output
    assert ready.read_text() == "another server's"


async def test_the_awaitable_world_is_the_same(bank):
    consent = await bank.aio.authorize("sandbox-aggregator", "taro")
    assert consent.code
    assert await bank.aio.grants.list() == bank.grants.list()
    assert repr(bank) == f"<bank tomato of world {bank.aio.name}>"
    bank.snapshot("mine")
    await bank.aio.clock.advance("1d")
    assert bank.restore("mine") == await bank.aio.clock.get()
