"""Rows of field encryption: its switch, and the keys that were changed."""

import pytest

from sandbox.domain.corporate.encryption import FormerKey, Keyring
from sandbox.storage import corporate, encryption
from sandbox.storage.encryption import Encryption
from sandbox.storage.sqlite import SqliteDatabase
from tests.direct import FOODS, SHOJI
from tests.storage.test_firms import fill

FIRST, SECOND = b"1" * 32, b"2" * 32


@pytest.fixture
async def database(tmp_path):
    found = await SqliteDatabase.open(tmp_path / "world.db")
    await fill(found)
    yield found
    await found.close()


async def change(database, *, is_on=None, key=None, former=None, most=5):
    async with database.transaction() as db:
        if is_on is not None:
            await encryption.switch(db, SHOJI, is_on=is_on)
        if key is not None:
            await corporate.save_key(db, SHOJI, key)
        if former is not None:
            await encryption.keep_former(db, SHOJI, former, readable_until=7, most=most)


async def test_how_it_stands_for_a_contractor(database):
    off = Encryption(client_id="10000001", key=None, is_on=False)
    assert await encryption.find(database, SHOJI) == off
    assert await encryption.find(database, FOODS) is not None
    assert await encryption.find(database, "nobody") is None
    await change(database, is_on=True, key=FIRST)
    await change(database, is_on=True)  # twice is once
    on = Encryption(client_id="10000001", key=FIRST, is_on=True)
    assert await encryption.find(database, SHOJI) == on


async def test_there_is_a_keyring_only_where_it_is_on_and_there_is_a_key(database):
    assert await encryption.find_keyring(database, SHOJI) is None
    await change(database, is_on=True)
    assert await encryption.find_keyring(database, SHOJI) is None
    await change(database, key=FIRST)
    assert await encryption.find_keyring(database, SHOJI) == Keyring(present=FIRST)
    assert await encryption.find_keyring(database, FOODS) is None
    await change(database, is_on=False)
    assert await encryption.find_keyring(database, SHOJI) is None


@pytest.mark.parametrize("most", [1, 2, 3])
async def test_of_the_former_keys_the_newest_are_kept(database, most):
    await change(database, is_on=True, key=SECOND)
    keys = [bytes([number]) * 32 for number in range(4)]
    for key in keys:
        await change(database, former=key, most=most)
    ring = await encryption.find_keyring(database, SHOJI)
    kept = [FormerKey(key=key, readable_until=7) for key in reversed(keys[-most:])]
    assert list(ring.former) == kept
