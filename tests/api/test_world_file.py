"""``serve --world-file``: a downloaded snapshot opens again as the default world."""

import sqlite3
from datetime import datetime

import pytest
import requests

from sandbox.client import Sandbox
from sandbox.settings import SettingInvalid
from tests.process import FREE_PORTS, run, serving
from tests.support import AGGREGATOR, NOW, bearer, run_sandbox

LATER = "2026-11-19T10:00:00+09:00"


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A world's file, with a consent and three days of life, and the tokens that were issued."""
    file = tmp_path_factory.mktemp("kept") / "a world.db"
    with serving() as server:
        world = Sandbox(server.control_url).worlds.create("elsewhere", clock=f"frozen:{NOW}")
        world.clock.advance("3d")
        tokens = world.tokens.mint(AGGREGATOR, "taro")
        world.snapshots.take("kept")
        file.write_bytes(world.snapshots.download("kept"))
    return file, tokens


def test_its_data_time_and_tokens_are_those_of_the_file(kept):
    file, tokens = kept
    before = file.read_bytes()
    with serving("--world-file", str(file), clock=None) as server:
        world = Sandbox(server.control_url).world()
        clock = world.clock.get()
        assert (clock.mode, clock.now.isoformat()) == ("frozen", LATER)
        assert world.describe().name == "default"
        (grant,) = world.grants.list()
        assert (grant.persona, grant.is_live) == ("taro", True)
        # A token carries the tag of the world that issued it, which is not here: the default's.
        answer = requests.get(
            f"{server.base}/accounts", headers=bearer(tokens.access_token), timeout=10
        )
        assert answer.status_code == 200
    assert file.read_bytes() == before


def test_one_goes_back_to_the_file_as_often_as_one_likes(kept):
    with serving("--world-file", str(kept[0]), clock=None) as server:
        world = Sandbox(server.control_url).world()
        for _ in range(2):
            world.clock.advance("1d")
            world.reset("tokens")
            assert world.snapshots.restore("as-given").now.isoformat() == LATER
            assert len(world.grants.list()) == 1


DAY_MS = 24 * 3600 * 1000
CLOCKS = [
    ({"mode": "real"}, "offset"),
    ({"mode": "offset", "at": "1d"}, "offset"),
    ({"mode": "scaled", "rate": 600}, "scaled"),
]


async def ask(running, method, path, body=None):
    async with running.http.request(method, f"{running.control}{path}", json=body) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.json()


async def clock_of(directory, **settings):
    """Start a sandbox, ask it for its clock, stop it."""
    directory.mkdir(exist_ok=True)
    async with run_sandbox(directory, **settings) as running:
        return await ask(running, "GET", "/clock")


def age(file, by_ms, columns):
    """Make a file look as if it had been written earlier."""
    with sqlite3.connect(file) as connection:
        connection.execute(f"UPDATE world SET {', '.join(f'{c} = {c} - {by_ms}' for c in columns)}")
    connection.close()


def seconds_between(before, after):
    times = (datetime.fromisoformat(shown["now"]) for shown in (after, before))
    return (next(times) - next(times)).total_seconds()


@pytest.mark.parametrize(("clock", "mode"), CLOCKS)
async def test_a_running_clock_goes_on_from_where_it_stood(tmp_path, template, clock, mode):
    (tmp_path / "first").mkdir()
    async with run_sandbox(tmp_path / "first", template=template) as running:
        await ask(running, "PUT", "/clock", clock)
        taken = await ask(running, "POST", "/snapshots", {"name": "kept"})
    file = tmp_path / "first" / "snapshots" / "default" / "kept.db"
    age(file, 30 * DAY_MS, ["clock_anchor"])
    shown = await clock_of(tmp_path / "second", world_file=str(file))
    assert shown["mode"] == mode
    assert 0 <= seconds_between(taken, shown) < 24 * 3600


async def test_the_file_of_a_data_directory_keeps_its_clock(tmp_path):
    before = await clock_of(tmp_path / "first", clock="offset:1d")
    file = tmp_path / "first" / "default.db"
    age(file, 2 * DAY_MS, ["clock_at", "clock_anchor"])  # it has been running for two days
    after = await clock_of(tmp_path / "second", world_file=str(file))
    assert after["mode"] == "offset"
    assert 0 <= seconds_between(before, after) < 3600


async def test_a_world_that_is_there_already_stays(tmp_path, template, kept, caplog):
    async with run_sandbox(tmp_path, template=template, world_file=str(kept[0])) as running:
        assert (await running.get("/accounts"))[0] == 401
        async with running.http.get(f"{running.control}/clock") as answer:
            assert (await answer.json())["now"] == NOW
    assert "the world file is not used" in caplog.text


def bad_files(folder):
    texts = {"empty.db": b"", "text.db": b"no database at all", "half.db": None}
    for name, content in texts.items():
        (folder / name).write_bytes(content or b"")
    with sqlite3.connect(folder / "other.db") as connection:
        connection.execute("CREATE TABLE other (x)")
    connection.close()
    (folder / "folder.db").mkdir()


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("none.db", "there is no such file"),
        ("folder.db", "there is no such file"),
        ("empty.db", "it holds schema version 0"),
        ("text.db", "the file is no world of bank-sandbox"),
        ("other.db", "it holds schema version 0"),
        ("half.db", "the file"),
    ],
)
async def test_a_file_that_is_no_world_is_refused(tmp_path, kept, name, reason):
    bad_files(tmp_path)
    content = kept[0].read_bytes()
    (tmp_path / "half.db").write_bytes(content[: len(content) // 2])
    data = tmp_path / "data"
    data.mkdir()
    with pytest.raises(SettingInvalid, match=rf"world file .*{name} cannot be opened: {reason}"):
        async with run_sandbox(data, world_file=str(tmp_path / name)):
            raise AssertionError("it opened")
    assert not (data / "default.db").exists()
    assert list((data / "snapshots" / "default").glob("*")) == []


def test_the_command_ends_with_2_and_one_line(tmp_path):
    found = run("serve", *FREE_PORTS, "--world-file", str(tmp_path / "none.db"))
    assert (found.returncode, found.stdout) == (2, "")
    assert found.stderr.startswith("bank-sandbox: the world file ")
    assert found.stderr.count("\n") == 1
