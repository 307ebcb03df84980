"""Choosing the fault rule that strikes: matching, counting, order, chance, end."""

from dataclasses import replace

import pytest

from sandbox.domain.fault import MATCH_KEYS, FaultRule, weigh
from sandbox.services.faults import _counted

CALL = {key: f"this {key}" for key in MATCH_KEYS}
NOW = 1_000


def rule(number=1, **changes) -> FaultRule:
    base = FaultRule(
        fault_id=f"f{number}",
        number=number,
        match={},
        effect={"kind": "token_endpoint", "answer": "server_error"},
        stage="before",
        times=None,
        skip=0,
        every=1,
        probability=1.0,
        ends_at=None,
    )
    return replace(base, **changes)


def strikes(*rules, facts=CALL, dice=0.0, now=NOW) -> list[str]:
    verdicts = weigh(rules, facts, lambda _: dice, now)
    return [verdict.rule.fault_id for verdict in verdicts if verdict.why_not is None]


def over_calls(one: FaultRule, count: int) -> list[bool]:
    """Return which of so many equal calls a rule strikes, counting as the service does."""
    struck = []
    for _ in range(count):
        (verdict,) = weigh([one], CALL, lambda _: 0.0, NOW)
        struck.append(verdict.why_not is None)
        one = _counted(verdict)
    return struck


@pytest.mark.parametrize("key", MATCH_KEYS)
def test_every_key_of_a_match_must_hold(key):
    assert strikes(rule(match={key: f"this {key}"})) == ["f1"]
    assert strikes(rule(match={key: "another"})) == []
    assert strikes(rule(match={key: f"this {key}"}), facts={}) == []
    other = next(each for each in MATCH_KEYS if each != key)
    assert strikes(rule(match={key: f"this {key}", other: "another"})) == []


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("/tomato/*", "/tomato/x/oauth/token", True),
        ("*/oauth/token", "/tomato/x/oauth/token", True),
        ("/tomato", "/tomato/x", False),
        ("/Tomato/*", "/tomato/x", False),
    ],
)
def test_a_path_may_have_wildcards(pattern, path, expected):
    assert bool(strikes(rule(match={"path": pattern}), facts={"path": path})) is expected


def test_an_empty_match_is_every_call():
    assert strikes(rule(), facts={}) == ["f1"]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"times": 1}, "x.........."),
        ({"times": 3}, "xxx........"),
        ({"skip": 2}, "..xxxxxxxxx"),
        ({"skip": 2, "times": 2}, "..xx......."),
        ({"every": 3}, "x..x..x..x."),
        ({"skip": 1, "every": 4, "times": 2}, ".x...x....."),
    ],
)
def test_counts_say_which_calls_are_struck(changes, expected):
    struck = over_calls(rule(**changes), len(expected))
    assert "".join("x" if one else "." for one in struck) == expected


@pytest.mark.parametrize(("dice", "expected"), [(0.0, True), (0.299, True), (0.3, False)])
def test_a_probability_is_a_part_of_the_matching_calls(dice, expected):
    assert bool(strikes(rule(probability=0.3), dice=dice)) is expected


@pytest.mark.parametrize(("ends_at", "expected"), [(None, True), (1_001, True), (1_000, False)])
def test_a_rule_ends_by_itself(ends_at, expected):
    assert bool(strikes(rule(ends_at=ends_at))) is expected


@pytest.mark.parametrize(
    ("times", "struck", "expected"), [(None, 9, False), (2, 1, False), (2, 2, True), (1, 1, True)]
)
def test_a_rule_is_spent_once_it_has_struck_as_often_as_it_may(times, struck, expected):
    found = rule(times=times, struck=struck)
    assert found.is_spent is expected
    assert bool(strikes(found)) is not expected


def test_the_first_rule_whose_turn_it_is_strikes_and_later_ones_do_not_count():
    rules = [rule(1, times=1, struck=1, seen=1), rule(2), rule(3)]
    verdicts = weigh(rules, CALL, lambda _: 0.0, NOW)
    assert [verdict.why_not for verdict in verdicts] == [
        "it has struck 1 of 1 times",
        None,
        "an earlier rule strikes",
    ]
    assert [verdict.matches for verdict in verdicts] == [True, True, False]


def test_a_verdict_says_what_does_not_match():
    (verdict,) = weigh([rule(match={"bank": "web21"})], CALL, lambda _: 0.0, NOW)
    assert verdict.why_not == "bank is 'this bank', not 'web21'"
