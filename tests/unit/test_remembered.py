"""What is kept while nothing is written: all of it until a commit, and no more than so much."""

from types import SimpleNamespace

import pytest

from sandbox.services.remembered import Remembered


@pytest.fixture
def database():
    return SimpleNamespace(commits=0)


@pytest.fixture
def remembered(database):
    """Two values at most; asked once, so that it has seen the commits so far."""
    found = Remembered(database, 2)
    assert found.find("a") is None
    return found


def test_what_was_kept_is_found_until_something_is_committed(database, remembered):
    assert remembered.keep("a", 1) == 1
    assert remembered.find("a") == 1
    database.commits += 1
    assert remembered.find("a") is None
    assert remembered.find("a") is None


def test_one_value_can_be_forgotten_alone(remembered):
    remembered.keep("a", 1)
    remembered.keep("b", 2)
    remembered.forget("a")
    remembered.forget("never kept")
    assert (remembered.find("a"), remembered.find("b")) == (None, 2)


def test_no_more_is_kept_than_there_is_room_for(remembered):
    for name, value in (("a", 1), ("b", 2), ("c", 3)):
        remembered.keep(name, value)
    assert [remembered.find(name) for name in "abc"] == [None, None, 3]
