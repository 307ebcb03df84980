"""What only a scenario knows: without its word nothing is said, with it the books decide."""

from dataclasses import replace

import pytest

from sandbox.domain.conduct.facts import BookLine, Declared, Filed, Total
from sandbox.domain.conduct.verdict import Verdict, judge
from tests.conduct.building import FACTS, START, Story, found

IDS = ("000000000000001", "000000000000002")


def filed(count, *, paid=0):
    return tuple(
        Filed(transaction_id=IDS[n], registered_at=START, is_paid=n < paid) for n in range(count)
    )


def facts_of(declared, **more):
    return replace(FACTS, declared=declared, **more)


# C-3


@pytest.mark.parametrize(("wanted", "there", "count"), [(1, 1, 0), (1, 2, 1), (2, 2, 0), (0, 1, 1)])
def test_more_transfers_than_were_wanted_are_found(wanted, there, count):
    facts = facts_of(Declared(transfers=wanted), filed=filed(there))
    assert len(found("C-3", Story(), facts)) == count


def test_the_calls_that_made_them_are_named():
    story = Story()
    story.register(0, status=None)
    story.register(1, status=201, response_body=f'{{"transaction_id":"{IDS[1]}"}}')
    story.register(2, status=400)
    (finding,) = found("C-3", story, facts_of(Declared(transfers=1), filed=filed(2)))
    assert finding.calls == (1, 2)


# C-18


@pytest.mark.parametrize(("paid", "count"), [(0, 2), (1, 1), (2, 0)])
def test_what_is_shown_as_paid_is_paid(paid, count):
    facts = facts_of(Declared(shown_as_paid=frozenset(IDS)), filed=filed(2, paid=paid))
    assert len(found("C-18", Story(), facts)) == count


def test_what_the_bank_has_never_seen_is_not_paid():
    facts = facts_of(Declared(shown_as_paid=frozenset({"999"})), filed=filed(2, paid=2))
    assert "999" in found("C-18", Story(), facts)[0].what.en


# C-23

LINES = (
    BookLine("2026-11-01", "2026-11-01", 1_000),
    BookLine("2026-11-02", "2026-10-31", -300),
    BookLine("2026-11-30", "2026-12-01", 50),
    BookLine("2026-12-01", "2026-12-01", 7),
)


def november(net_yen):
    total = Total(account_id="1", date_from="2026-11-01", date_to="2026-11-30", net_yen=net_yen)
    return facts_of(Declared(totals=(total,)), lines={"1": LINES})


def test_the_right_total_is_right():
    assert found("C-23", Story(), november(750)) == []


@pytest.mark.parametrize(
    ("net_yen", "why"),
    [(1_000, "value date"), (1_350, "sign"), (-750, "sign"), (749, "the books say ¥750.")],
)
def test_a_wrong_total_is_explained(net_yen, why):
    (finding,) = found("C-23", Story(), november(net_yen))
    assert why in finding.what.en


def test_an_account_that_is_not_there_has_a_total_of_nothing():
    facts = replace(november(1), lines={})
    assert len(found("C-23", Story(), facts)) == 1
    assert found("C-23", Story(), replace(november(0), lines={})) == []


# Without a word of the scenario

NEEDY = {"C-3", "C-18", "C-23", "C-24"}


def verdicts(story, facts=FACTS):
    return {each.check.id: each.verdict for each in judge(story.calls, facts).checked}


def test_what_nobody_declared_is_not_asked():
    said = verdicts(Story(), replace(FACTS, filed=filed(2)))
    assert {key for key, verdict in said.items() if verdict is Verdict.NOT_ASKED} == NEEDY


@pytest.mark.parametrize(
    ("check", "declared"),
    [
        ("C-3", Declared(transfers=0)),
        ("C-18", Declared(shown_as_paid=frozenset({"1"}))),
        ("C-23", Declared(totals=(Total(account_id="1", date_from="", date_to="", net_yen=0),))),
    ],
)
def test_what_was_declared_is_asked_alone(check, declared):
    said = verdicts(Story(), facts_of(declared))
    assert {key for key in NEEDY if said[key] is not Verdict.NOT_ASKED} == {check}


def test_a_drill_s_listener_asks_for_itself():
    story = Story()
    story.call(0, tls_drill="expired")
    assert verdicts(story)["C-24"] is Verdict.FOUND
