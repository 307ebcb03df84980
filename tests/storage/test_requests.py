"""Queries of authorization requests and log-ins, each asked at the edges of what it promises."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sandbox.domain.oauth.openid import SignedInAlready
from sandbox.storage import interactions, pushed, sessions
from sandbox.storage.sqlite import SqliteDatabase
from tests.seeding import write_world

AGGREGATOR = "sandbox-aggregator"
NOW = 1_800_000_000_000
HELD = SignedInAlready(credential_id=1, authenticated_at=NOW)


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("requests") / "world.db"
    write_world(path, population=0)
    return path


@pytest.fixture
async def database(seeded: Path, tmp_path: Path) -> AsyncIterator[SqliteDatabase]:
    shutil.copy(seeded, tmp_path / "world.db")
    database = await SqliteDatabase.open(tmp_path / "world.db")
    yield database
    await database.close()


@pytest.mark.requirement("O-25")
async def test_an_interaction_is_answered_once_and_forgotten_when_it_is_over(database):
    async with database.transaction() as db:
        await interactions.insert(
            db,
            interaction_id="i1",
            browser_hash=b"before",
            bank="tomato",
            client_id=AGGREGATOR,
            request="{}",
            expires_at=NOW,
        )
        await interactions.sign_in(db, "i1", held=HELD, browser_hash=b"after", request="{}")
        assert await interactions.end(db, "i1", NOW)
        assert not await interactions.end(db, "i1", NOW + 1)
        await interactions.forget_before(db, NOW)
    found = await interactions.find(database, "tomato", "i1")
    assert (found.browser_hash, found.credential_id, found.ended_at) == (b"after", 1, NOW)
    assert await interactions.find(database, "web21", "i1") is None
    async with database.transaction() as db:
        await interactions.forget_before(db, NOW + 1)
    assert await interactions.find(database, "tomato", "i1") is None


@pytest.mark.requirement("O-25")
async def test_an_interaction_that_a_log_in_serves_begins_signed_in(database):
    async with database.transaction() as db:
        await interactions.insert(
            db,
            interaction_id="i1",
            browser_hash=b"browser",
            bank="tomato",
            client_id=AGGREGATOR,
            request="{}",
            expires_at=NOW,
            held=HELD,
        )
        assert not await interactions.sign_in(
            db, "i1", held=HELD, browser_hash=b"other", request="{}"
        )
    found = await interactions.find(database, "tomato", "i1")
    assert (found.credential_id, found.authenticated_at) == (1, NOW)
    assert found.browser_hash == b"browser"


@pytest.mark.requirement("O-19")
async def test_a_pushed_request_is_used_once_and_forgotten_when_it_is_over(database):
    async with database.transaction() as db:
        await pushed.insert(
            db,
            b"uri",
            bank="tomato",
            client_id=AGGREGATOR,
            parameters="{}",
            expires_at=NOW,
        )
        assert not await pushed.use(db, b"other", NOW)
        assert await pushed.use(db, b"uri", NOW)
        assert not await pushed.use(db, b"uri", NOW + 1)
        await pushed.forget_before(db, NOW)
    found = await pushed.find(database, "tomato", b"uri")
    assert (found.client_id, found.used_at, found.expires_at) == (AGGREGATOR, NOW, NOW)
    assert await pushed.find(database, "web21", b"uri") is None
    async with database.transaction() as db:
        await pushed.forget_before(db, NOW + 1)
    assert await pushed.find(database, "tomato", b"uri") is None


@pytest.mark.requirement("O-25", "O-33")
async def test_a_log_in_is_kept_until_its_time_is_over(database):
    async with database.transaction() as db:
        await sessions.insert(db, b"one", "tomato", HELD, NOW + 10)
        await sessions.insert(db, b"two", "tomato", HELD, NOW + 20)
        await sessions.insert(db, b"three", "tomato", HELD, NOW + 30)
    assert await sessions.find(database, "tomato", b"one", NOW + 9) == HELD
    assert await sessions.find(database, "tomato", b"one", NOW + 10) is None
    assert await sessions.find(database, "web21", b"one", NOW) is None
    async with database.transaction() as db:
        await sessions.forget(db, b"three", NOW + 10)
    found = [
        await sessions.find(database, "tomato", key, NOW) for key in (b"one", b"two", b"three")
    ]
    assert found == [None, HELD, None]
    async with database.transaction() as db:
        await sessions.forget(db, None, NOW + 19)
    assert await sessions.find(database, "tomato", b"two", NOW) == HELD
