"""Snapshots and resets: what comes back, and what stays."""

import asyncio
import io
import sqlite3

import pytest

from sandbox.domain.account import AccountState
from sandbox.storage.schema import SCHEMA_VERSION
from tests.api.test_worlds import ask, make, mint
from tests.support import NOW, run_sandbox

WORLD = "/default"


async def raw(running, method, path, **options):
    url = f"{running.sandbox.control_url}/api/v1/worlds/default/snapshots{path}"
    async with running.http.request(method, url, **options) as answer:
        return answer.status, await answer.read()


async def take(running, name="s1"):
    status, snapshot = await ask(running, "POST", f"{WORLD}/snapshots", {"name": name})
    assert status == 200, snapshot
    return snapshot


async def restore(running, name):
    return await ask(running, "POST", f"{WORLD}/snapshots/{name}/restore", {})


async def balances(running):
    _, body = await ask(running, "GET", f"{WORLD}/accounts?limit=1000")
    return body["accounts"]


async def test_a_snapshot_brings_back_data_tokens_and_clock_together(running):
    token = (await running.log_in("taro"))["access_token"]
    before = await balances(running)
    snapshot = await take(running)
    assert (snapshot["name"], snapshot["now"], snapshot["automatic"]) == ("s1", NOW, False)

    await running.advance("91d")
    later = (await running.log_in("hanako"))["access_token"]
    assert await balances(running) != before
    assert (await running.get("/accounts", token))[0] == 401

    assert await restore(running, "s1") == (200, {"mode": "frozen", "now": NOW})
    assert await balances(running) == before
    assert (await running.get("/accounts", token))[0] == 200
    assert (await running.get("/accounts", later))[0] == 401  # never issued, in this past


async def test_a_snapshot_that_is_taken_again_is_told_of_as_it_is_now(running):
    first = await take(running)
    await running.advance("1d")
    second = await take(running)
    assert (first["now"], second["now"]) == (NOW, "2026-11-17T10:00:00+09:00")
    _, body = await ask(running, "GET", f"{WORLD}/snapshots")
    told = [each["now"] for each in body["snapshots"] if each["name"] == "s1"]
    assert told == [second["now"]]
    await running.advance("1d")
    assert (await restore(running, "s1"))[1]["now"] == second["now"]


async def test_the_automatic_snapshot_undoes_all_of_an_advance(running):
    token = (await running.log_in("taro"))["access_token"]
    before = await balances(running)
    advance = await running.advance("91d")
    kinds = {event["kind"] for event in advance["events"]}
    assert {"posting", "closing_run", "grant_expired", "access_token_expired"} <= kinds
    instants = [event["at"] for event in advance["events"]]
    assert instants == sorted(instants)

    _, listed = await ask(running, "GET", f"{WORLD}/snapshots")
    (automatic,) = [each for each in listed["snapshots"] if each["automatic"]]
    await restore(running, automatic["name"])
    assert await balances(running) == before
    assert (await running.get("/accounts", token))[0] == 200


async def test_only_the_last_automatic_snapshots_are_kept(running):
    for _ in range(13):
        await running.advance("1m")
    _, listed = await ask(running, "GET", f"{WORLD}/snapshots")
    names = [each["name"] for each in listed["snapshots"]]
    assert names == [f"before-advance-{number:04d}" for number in range(4, 14)]


async def test_a_running_clock_goes_on_from_the_snapshots_moment(tmp_path, template):
    async with run_sandbox(tmp_path, template=template) as running:
        await ask(running, "PUT", f"{WORLD}/clock", {"mode": "scaled", "rate": 60})
        taken = await take(running)
        await running.advance("10d")
        _, clock = await restore(running, "s1")
        assert clock["mode"] == "scaled"
        assert clock["rate"] == 60
        assert taken["now"] <= clock["now"] < "2026-11-17"


async def test_the_downloaded_file_is_a_database_and_comes_back_by_upload(running):
    token = (await running.log_in("taro"))["access_token"]
    await take(running)
    status, content = await raw(running, "GET", "/s1")
    assert status == 200
    connection = sqlite3.connect(":memory:")
    connection.deserialize(content)
    assert connection.execute("SELECT COUNT(*) FROM access_grant").fetchone() == (1,)
    connection.close()

    headers = {"Content-Type": "application/vnd.sqlite3"}
    status, _ = await raw(running, "PUT", "/s2", data=io.BytesIO(content), headers=headers)
    assert status == 200
    await running.advance("91d")
    await restore(running, "s2")
    assert (await running.get("/accounts", token))[0] == 200


@pytest.mark.parametrize("content", [b"", b"no database", b"SQLite format 3\x00" + b"\0" * 4096])
async def test_a_file_that_is_no_world_is_refused(running, content):
    headers = {"Content-Type": "application/vnd.sqlite3"}
    status, body = await raw(running, "PUT", "/bad", data=io.BytesIO(content), headers=headers)
    assert status == 422, body
    assert (await ask(running, "GET", f"{WORLD}/snapshots"))[1] == {"snapshots": []}


async def test_a_world_with_a_trigger_of_its_own_is_refused(running, tmp_path):
    await take(running)
    _, content = await raw(running, "GET", "/s1")
    path = tmp_path / "hostile.sqlite"
    path.write_bytes(content)
    connection = sqlite3.connect(path)
    connection.execute("CREATE TRIGGER t AFTER INSERT ON token BEGIN DELETE FROM token; END")
    connection.commit()
    connection.close()
    headers = {"Content-Type": "application/vnd.sqlite3"}
    status, body = await raw(
        running, "PUT", "/bad", data=io.BytesIO(path.read_bytes()), headers=headers
    )
    assert status == 422, body


HEADERS = {"Content-Type": "application/vnd.sqlite3"}
ENDLESS = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x FROM c"


def changed(content: bytes, path, *statements: str) -> bytes:
    """Return a world's file as somebody else has changed it."""
    path.write_bytes(content)
    connection = sqlite3.connect(path, isolation_level=None)
    for statement in statements:
        connection.execute(statement)
    connection.close()
    return path.read_bytes()


async def test_a_file_that_would_compute_for_ever_is_refused_unread(running, tmp_path):
    """Were the view asked how many rows it has, nobody would ever be answered again."""
    made = [f"PRAGMA user_version = {SCHEMA_VERSION}", f"CREATE VIEW world AS {ENDLESS}"]
    content = changed(b"", tmp_path / "endless.sqlite", *made)
    status, body = await raw(running, "PUT", "/bad", data=io.BytesIO(content), headers=HEADERS)
    assert (status, b"no world of bank-sandbox" in body) == (422, True)


@pytest.mark.parametrize(
    "times",
    [
        "clock_at = 9e18",
        "clock_at = 9000000000000000000",
        "clock_at = -1",
        "clock_at = 'noon'",
        "clock_at = 7258118400000",
        "clock_anchor = 1.5",
        "starts_at = 9000000000000000000",
        "starts_at = 0",
        "starts_at = 250000000000000",
        "agenda_done_at = -5",
    ],
)
async def test_a_file_whose_clock_no_world_could_follow_is_refused(running, tmp_path, times):
    await take(running)
    _, content = await raw(running, "GET", "/s1")
    content = changed(content, tmp_path / "late.sqlite", f"UPDATE world SET {times}")
    status, body = await raw(running, "PUT", "/bad", data=io.BytesIO(content), headers=HEADERS)
    assert (status, str(tmp_path) in body.decode()) == (422, False), body
    assert [
        each["name"] for each in (await ask(running, "GET", f"{WORLD}/snapshots"))[1]["snapshots"]
    ] == ["s1"]
    assert (await restore(running, "s1"))[0] == 200


async def test_what_is_refused_names_no_file_of_the_server(running):
    status, body = await raw(running, "PUT", "/bad", data=io.BytesIO(b""), headers=HEADERS)
    assert status == 422
    assert str(running.sandbox.directory) not in body.decode()


async def test_of_two_uploads_of_one_name_each_is_whole(running):
    await take(running)
    _, content = await raw(running, "GET", "/s1")

    async def slowly(data: bytes):
        for start in range(0, len(data), 1 << 18):
            yield data[start : start + (1 << 18)]
            await asyncio.sleep(0)

    answers = await asyncio.gather(
        *(raw(running, "PUT", "/twice", data=slowly(content), headers=HEADERS) for _ in range(4)),
        raw(running, "PUT", "/twice", data=slowly(b"no world" * 100_000), headers=HEADERS),
    )
    assert sorted(status for status, _ in answers) == [200] * 4 + [422]
    assert (await restore(running, "twice"))[0] == 200
    folder = running.sandbox.directory / "snapshots" / "default"
    assert {path.name for path in folder.iterdir()} == {"s1.db", "twice.db"}


@pytest.mark.parametrize("name", ["..", ".hidden", "a b", "x" * 64, "ä", "before-advance-0001"])
async def test_a_bad_name_is_refused(running, name):
    status, _ = await ask(running, "POST", f"{WORLD}/snapshots", {"name": name})
    assert status == 422


async def test_an_unknown_snapshot_is_404_and_changes_nothing(running):
    before = await balances(running)
    assert (await restore(running, "nobody"))[0] == 404
    assert (await raw(running, "GET", "/nobody"))[0] == 404
    assert (await raw(running, "DELETE", "/nobody"))[0] == 200  # gone already
    assert await balances(running) == before


async def test_the_number_of_snapshots_is_limited(tmp_path, template):
    async with run_sandbox(tmp_path, template=template, most_snapshots="2") as running:
        await take(running, "a")
        await take(running, "b")
        await take(running, "b")  # replaces
        status, problem = await ask(running, "POST", f"{WORLD}/snapshots", {"name": "c"})
        assert status == 422
        assert "SANDBOX_MOST_SNAPSHOTS" in problem["detail"]
        await running.advance("1m")  # automatic ones do not count


async def test_a_world_can_be_made_from_a_snapshot_of_another(running):
    await make(running, "source", seed=4)
    await mint(running, "source")
    await ask(running, "POST", "/source/snapshots", {"name": "s"})
    status, fork = await ask(running, "POST", "", {"name": "fork", "from_snapshot": "source/s"})
    assert (status, fork["name"], fork["seed"]) == (200, "fork", 4)
    _, grants = await ask(running, "GET", "/fork/grants")
    assert len(grants["grants"]) == 1
    assert (await ask(running, "POST", "", {"name": "x", "from_snapshot": "no/s"}))[0] == 404


async def test_a_snapshot_that_somebody_uploaded_from_another_world_becomes_this_world(running):
    await make(running, "source", seed=4)
    await mint(running, "source")
    await ask(running, "POST", "/source/snapshots", {"name": "s"})
    url = f"{running.sandbox.control_url}/api/v1/worlds/source/snapshots/s"
    async with running.http.get(url) as answer:
        content = await answer.read()
    headers = {"Content-Type": "application/vnd.sqlite3"}
    await raw(running, "PUT", "/s", data=io.BytesIO(content), headers=headers)
    assert (await restore(running, "s"))[0] == 200
    token = (await running.log_in("taro"))["access_token"]
    row = await running.sandbox.world.database.fetchrow("SELECT name, seed FROM world")
    assert row == ("default", 4)
    assert token.startswith(running.sandbox.world.tag)


async def test_a_restored_journal_gives_no_number_twice(running):
    await take(running)
    await running.log_in("taro")
    _, before = await ask(running, "GET", f"{WORLD}/journal")
    await restore(running, "s1")
    assert (await ask(running, "GET", f"{WORLD}/journal"))[1]["journal"] == []
    await running.log_in("taro")
    _, after = await ask(running, "GET", f"{WORLD}/journal")
    assert after["journal"][0]["id"] > before["journal"][-1]["id"]


def of_another_version(path):
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 1")
    connection.close()


def cut_off(path):
    path.write_bytes(path.read_bytes()[: 4096 * 10])


@pytest.mark.parametrize("damage", [of_another_version, cut_off])
async def test_a_snapshot_that_cannot_be_used_is_refused_and_changes_nothing(running, damage):
    token = (await running.log_in("taro"))["access_token"]
    await take(running)
    await running.advance("10m")
    damage(running.sandbox.directory / "snapshots" / "default" / "s1.db")
    before = await balances(running)
    status, problem = await restore(running, "s1")
    if status != 404:  # what is no world at all is no snapshot
        assert (status, problem["type"]) == (422, "urn:bank-sandbox:problem:snapshot-refused")
        assert "as it was" in problem["detail"]
    status, problem = await ask(running, "POST", "", {"name": "x", "from_snapshot": "s1"})
    assert status in (404, 422), problem
    assert await balances(running) == before
    assert (await running.get("/accounts", token))[0] == 200


# Resets


async def reset(running, what):
    status, body = await ask(running, "POST", f"{WORLD}/reset", {"what": what})
    assert status == 200, body
    return body


async def test_resetting_the_data_keeps_tokens_and_time(running):
    token = (await running.log_in("taro"))["access_token"]
    await running.advance("10m")
    now = (await ask(running, "GET", f"{WORLD}/clock"))[1]
    lived = await balances(running)
    (account_id,) = await running.account_ids(token)
    await running.staff.set_account_state(account_id, AccountState.CLOSED)

    await reset(running, "data")

    assert await balances(running) == lived  # the lives were lived again, up to now
    assert await running.account_ids(token) == [account_id]
    assert (await ask(running, "GET", f"{WORLD}/clock"))[1] == now


async def test_resetting_the_tokens_keeps_data_and_time(running):
    token = (await running.log_in("taro"))["access_token"]
    await running.advance("1d")
    before = await balances(running)
    now = (await ask(running, "GET", f"{WORLD}/clock"))[1]
    await reset(running, "tokens")
    assert (await running.get("/accounts", token))[0] == 401
    assert (await ask(running, "GET", f"{WORLD}/grants"))[1] == {"grants": []}
    assert await balances(running) == before
    assert (await ask(running, "GET", f"{WORLD}/clock"))[1] == now


async def test_resetting_the_clock_keeps_data_and_tokens(running):
    token = (await running.log_in("taro"))["access_token"]
    await running.advance("10m")
    before = await balances(running)
    body = await reset(running, "clock")
    assert body["clock"] == {"mode": "frozen", "now": NOW}
    assert await balances(running) == before
    assert (await running.get("/accounts", token))[0] == 200


async def test_resetting_all_is_the_world_as_it_was_made(running):
    before = await balances(running)
    token = (await running.log_in("taro"))["access_token"]
    await running.advance("91d")
    await ask(running, "PUT", f"{WORLD}/clock", {"mode": "scaled", "rate": 2})
    await reset(running, "all")
    assert await balances(running) == before
    assert (await running.get("/accounts", token))[0] == 401
    assert (await ask(running, "GET", f"{WORLD}/clock"))[1] == {"mode": "frozen", "now": NOW}


async def test_an_unknown_reset_is_refused(running):
    status, problem = await ask(running, "POST", f"{WORLD}/reset", {"what": "everything"})
    assert (status, problem["type"]) == (422, "urn:bank-sandbox:problem:invalid-request")
