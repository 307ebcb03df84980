"""The example provider's own suite, run as its own project, and the world that a failure leaves."""

import json
import re
from pathlib import Path

import pytest
import requests

from sandbox.client import Sandbox
from tests.clients.pytest_runs import SUITE, run_pytest
from tests.process import serving
from tests.support import bearer

# The server of each worker has a file of its own; one worker of this run is enough for them.
pytestmark = pytest.mark.xdist_group("example_app")


def test_the_suite_passes_on_four_workers_at_once(tmp_path):
    code, output = run_pytest("-n", "4", f"--basetemp={tmp_path / 'temp'}", directory=SUITE)
    assert code == 0, output
    passed = re.search(r"(\d+) passed in", output)
    assert passed is not None, output
    tests = sum(file.read_text().count("async def test_") for file in SUITE.glob("suite_*.py"))
    assert int(passed[1]) >= tests > 10


@pytest.fixture(scope="module")
def failure(tmp_path_factory):
    """What the test that fails on purpose printed, and the folder that it left."""
    reports = tmp_path_factory.mktemp("reports")
    code, output = run_pytest(
        "failing_on_purpose.py", f"--bank-sandbox-report={reports}", directory=SUITE
    )
    assert code == 1, output
    (folder,) = reports.iterdir()
    return output, folder


def test_a_failed_test_tells_of_its_world(failure):
    output, folder = failure
    assert "bank sandbox" in output
    assert "clock frozen, now 2026-12-04T10:00:00+09:00" in output
    assert re.search(r"10:00:00 401 GET /w/\S+/accounts invalid_token access_expired\n", output)
    assert f"bank-sandbox serve --world-file {folder / 'world.db'}" in output


def test_it_leaves_its_calls_and_its_clock(failure):
    _, folder = failure
    assert {file.name for file in folder.iterdir()} == {"world.db", "journal.json", "clock.json"}
    clock = json.loads((folder / "clock.json").read_text())
    assert clock == {"mode": "frozen", "now": "2026-12-04T10:00:00+09:00"}
    calls = json.loads((folder / "journal.json").read_text())
    assert [call["operation"] for call in calls][:2] == ["token", "list_accounts"]


def test_the_world_that_it_left_opens_again(failure):
    _, folder = failure
    with serving("--world-file", str(folder / "world.db"), clock=None) as server:
        world = Sandbox(server.control_url).world()
        check_world(world)
        token = world.tokens.mint("sandbox-aggregator", "taro").access_token
        answer = requests.get(f"{server.base}/accounts", headers=bearer(token), timeout=10)
        assert answer.json()["accounts"][0]["account_name"] == "架空 太郎"


def check_world(world):
    """It is the failed test's: its time, its consent, its balance, its calls."""
    clock = world.clock.get()
    assert (clock.mode, clock.now.isoformat()) == ("frozen", "2026-12-04T10:00:00+09:00")
    (grant,) = world.grants.list()
    assert (grant.persona, grant.is_live) == ("taro", True)
    assert [call.operation for call in world.journal.list()][:2] == ["token", "list_accounts"]
    (account,) = world.accounts.list(persona="taro")
    assert account.balance_yen != 1_000_000


def test_the_example_is_as_small_as_it_says():
    app = Path(__file__).parent / "example_app"
    texts = {file.stem: file.read_text(encoding="utf-8") for file in app.glob("*.py")}
    assert set(texts) == {"__init__", "__main__", "app", "bank_api", "careless", "store"}
    kept = [texts[name] for name in ("app", "bank_api", "store")]
    lines = [line for text in kept for line in text.splitlines() if line.strip()]
    assert 300 < len(lines) < 500
    assert not any("import sandbox" in text or "from sandbox" in text for text in texts.values())
