"""What the token endpoint remembers from one call to the next, and what a commit makes it forget.

New tokens do not count as a change of the world (see ``TokenService``), so that reads stay
remembered. What a refresh, a replay or the bank ends is ended at once all the same.
"""

import pytest

from sandbox.domain.secrets import secret_hash
from sandbox.storage import clients
from tests.receiving import events
from tests.support import AGGREGATOR, MANUAL, secret_of


@pytest.fixture
def database(running):
    return running.sandbox.world.database


async def code_of(running, persona="taro", **changes):
    return (await running.authorize(persona, **changes))["code"]


async def test_new_tokens_empty_no_memory_of_reads(running, database):
    taro = await running.log_in("taro")
    code = await code_of(running, "hanako")
    await running.get("/accounts", taro["access_token"])
    commits = database.commits
    status, hanako, _ = await running.exchange(code)
    assert status == 200
    status, _, _ = await running.refresh(hanako["refresh_token"])
    assert status == 200
    assert database.commits == commits


@pytest.mark.requirement("O-12")
async def test_the_token_that_a_refresh_ends_is_forgotten_and_no_other(running, database):
    taro, hanako = await running.log_in("taro"), await running.log_in("hanako")
    for each in (taro, hanako):
        assert (await running.get("/accounts", each["access_token"]))[0] == 200
    commits = database.commits
    status, anew, _ = await running.refresh(taro["refresh_token"])
    assert (status, database.commits) == (200, commits)
    assert (await running.get("/accounts", taro["access_token"]))[0] == 401
    for each in (anew, hanako):
        assert (await running.get("/accounts", each["access_token"]))[0] == 200


@pytest.mark.requirement("O-5")
async def test_a_replay_is_a_change_and_told_of(running, database):
    code = await code_of(running)
    _, tokens, _ = await running.exchange(code)
    assert (await running.get("/accounts", tokens["access_token"]))[0] == 200
    commits = database.commits
    assert (await running.exchange(code))[0] == 400
    assert database.commits == commits + 1
    status, _, headers = await running.get("/accounts", tokens["access_token"])
    assert (status, headers["X-Sandbox-Reason"]) == (401, "code_replayed")
    # In the very transaction: nobody has had the time to gather it later.
    assert [each["data"]["reason"] for each in await events(running)] == ["code_replayed"]


@pytest.mark.requirement("O-12")
async def test_a_reused_refresh_token_is_a_change_and_told_of(running, database):
    old = await running.log_in()
    _, new, _ = await running.refresh(old["refresh_token"])
    assert (await running.get("/accounts", new["access_token"]))[0] == 200
    commits = database.commits
    assert (await running.refresh(old["refresh_token"]))[0] == 400
    assert database.commits == commits + 1
    assert (await running.get("/accounts", new["access_token"]))[0] == 401
    assert [each["data"]["reason"] for each in await events(running)] == ["refresh_reused"]


async def test_a_code_that_is_refused_changes_nothing(running, database):
    code = await code_of(running)
    commits = database.commits
    for changes in ({"client": MANUAL}, {"redirect_uri": "http://127.0.0.1:8000/callback"}):
        assert (await running.exchange(code, **changes))[0] == 400
    assert database.commits == commits
    assert (await running.exchange(code))[0] == 200


# Clients


async def reads_of_clients(running, act, monkeypatch):
    """Return what ``act`` comes to, and how often clients were read for it."""
    asked, find = [], clients.find

    async def counted(db, bank, client_id):
        asked.append(client_id)
        return await find(db, bank, client_id)

    with monkeypatch.context() as patch:
        patch.setattr(clients, "find", counted)
        return await act, len(asked)


async def test_a_client_is_read_once_for_many_tokens(running, monkeypatch):
    tokens, read = await running.log_in(), []
    for _ in range(3):
        act = running.refresh(tokens["refresh_token"])
        (_, tokens, _), times = await reads_of_clients(running, act, monkeypatch)
        read.append(times)
    assert read == [0, 0, 0]  # the exchange has read it


@pytest.mark.parametrize("status", ["blocked", "ended", "issued"])
async def test_a_client_that_is_no_longer_active_is_refused_at_once(running, database, status):
    tokens = await running.log_in()
    async with database.transaction() as db:
        await clients.set_status(db, AGGREGATOR, status)
    code, body, _ = await running.refresh(tokens["refresh_token"])
    assert (code, body["error"]) == (401, "invalid_client")


async def test_a_changed_secret_counts_at_once(running, database):
    tokens = await running.log_in()
    async with database.transaction() as db:
        await db.execute(
            "UPDATE client SET secret_hash = $2 WHERE client_id = $1",
            AGGREGATOR,
            secret_hash(AGGREGATOR, "another"),
        )
    assert (await running.refresh(tokens["refresh_token"]))[0] == 401
    async with database.transaction() as db:
        await db.execute(
            "UPDATE client SET secret_hash = $2 WHERE client_id = $1",
            AGGREGATOR,
            secret_hash(AGGREGATOR, secret_of(AGGREGATOR)),
        )
    assert (await running.refresh(tokens["refresh_token"]))[0] == 200


async def test_a_client_restored_away_is_known_no_more(running):
    async def post(path, body):
        async with running.http.post(f"{running.control}{path}", json=body) as answer:
            assert answer.status < 300, await answer.text()
            return await answer.json()

    tokens = await running.log_in()
    await post("/snapshots", {"name": "before"})
    async with running.sandbox.world.database.transaction() as db:
        await clients.set_status(db, AGGREGATOR, "blocked")
    assert (await running.refresh(tokens["refresh_token"]))[0] == 401
    await post("/snapshots/before/restore", {})
    assert (await running.refresh(tokens["refresh_token"]))[0] == 200


async def test_names_that_nobody_has_fill_no_memory(running, monkeypatch):
    read = []
    for _ in range(3):
        act = running.refresh("x", client="nobody")
        (status, _, _), times = await reads_of_clients(running, act, monkeypatch)
        assert status == 401
        read.append(times)
    assert read == [1, 1, 1]
