"""The same seed and clock make the same bank, row for row, in whatever process."""

import asyncio
from pathlib import Path

import pytest
import requests

from sandbox.services.export import digest
from sandbox.storage.sqlite import SqliteDatabase
from tests.process import serving
from tests.support import AGGREGATOR, REDIRECT_URI, basic, bearer

CLOCK = "frozen:2026-11-20T08:30:00+09:00"


def run_world(directory: Path, seed: str, steps: tuple[str, ...]) -> str:
    """Run a server through its own ``steps`` of time; return the digest of what it leaves.

    Its cache is its own too: a world copied from another server's would prove nothing.
    """
    with serving(*flags_of(directory, seed), **cache_of(directory), clock=CLOCK) as server:
        for step in steps:
            answer = requests.post(f"{server.control}/clock/advance", json={"by": step}, timeout=60)
            assert answer.status_code == 200, answer.text
    return asyncio.run(digest_of(directory / "default.db"))


def flags_of(directory, seed):
    return ("--data", str(directory), "--seed", seed)


def cache_of(directory):
    return {"SANDBOX_CACHE": str(directory / "cache")}


def shown_ids(directory, seed):
    """Serve a world once more; return the account ids that two personas' providers see."""
    with serving(*flags_of(directory, seed), **cache_of(directory), clock=CLOCK) as server:
        return [one for persona in ("taro", "hanako") for one in account_ids(server, persona)]


def account_ids(server, persona):
    wish = {"bank": "tomato", "client_id": AGGREGATOR, "persona": persona, "scope": "accounts"}
    code = requests.post(f"{server.control}/authorize", json=wish, timeout=10).json()["code"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT_URI}
    url, headers = f"{server.base}/oauth/token", basic(AGGREGATOR)
    token = requests.post(url, data=form, headers=headers, timeout=10).json()["access_token"]
    listed = requests.get(f"{server.base}/accounts", headers=bearer(token), timeout=10).json()
    return [account["account_id"] for account in listed["accounts"]]


async def digest_of(path: Path) -> str:
    database = await SqliteDatabase.open(path)
    try:
        return await digest(database)
    finally:
        await database.close()


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    directory = tmp_path_factory.mktemp("first")
    return directory, run_world(directory, "5", ("40d",))


def test_another_server_of_the_same_seed_has_the_same_rows_in_however_many_steps(first, tmp_path):
    # 40 days in all, over a midnight by minutes and over a month's end by weeks.
    assert run_world(tmp_path, "5", ("1h", "14h29m", "2m", "8h29m", "9d", "30d")) == first[1]


def test_another_seed_makes_other_rows_around_the_same_personas(first, tmp_path):
    assert run_world(tmp_path, "6", ("40d",)) != first[1]
    shown = shown_ids(first[0], "5")
    assert len(shown) == 3
    assert shown_ids(tmp_path, "6") == shown
