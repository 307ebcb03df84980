"""Answers that are kept for a second click: how long, how many, and for whom."""

from http.cookies import SimpleCookie

import pytest

from sandbox.web.oauth.answered import MOST, Answered, Given, answer_key
from sandbox.web.oauth.redirects import KEEP_S


class Seconds:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Seconds:
    return Seconds()


@pytest.fixture
def answered(clock: Seconds) -> Answered:
    return Answered(clock)


def given(location: str) -> Given:
    return Given(location=location, cookies=SimpleCookie())


def test_an_answer_is_kept_for_its_time_and_no_longer(answered: Answered, clock: Seconds) -> None:
    answered.keep(b"first", given("/1"))
    clock.now = KEEP_S - 0.5
    answered.keep(b"second", given("/2"))
    assert answered.find(b"first") == given("/1")
    clock.now = KEEP_S
    assert answered.find(b"first") is None
    assert answered.find(b"second") == given("/2")


def test_no_more_than_the_most_are_kept(answered: Answered) -> None:
    for number in range(MOST + 1):
        answered.keep(b"%d" % number, given(f"/{number}"))
    assert answered.find(b"0") is None
    assert answered.find(b"1") == given("/1")
    assert answered.find(b"%d" % MOST) == given(f"/{MOST}")


def test_a_key_tells_every_part_from_every_other() -> None:
    parts = ("world", "interaction", "cookie", b"body")
    changed = [
        ("other", "interaction", "cookie", b"body"),
        ("world", "other", "cookie", b"body"),
        ("world", "interaction", "other", b"body"),
        ("world", "interaction", "cookie", b"other"),
        ("worldi", "nteraction", "cookie", b"body"),
    ]
    keys = {answer_key(*parts), *(answer_key(*each) for each in changed)}
    assert len(keys) == len(changed) + 1


def test_buttons_of_one_interaction_take_turns(answered: Answered) -> None:
    lock = answered.turn("one")
    assert answered.turn("one") is lock
    assert answered.turn("two") is not lock
