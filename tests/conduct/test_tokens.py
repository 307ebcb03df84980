"""Tokens: refreshing them once a need, and letting go of what is dead."""

import pytest

from sandbox.domain.conduct.tokens import ENDED
from tests.conduct.building import START, Story, found, ids

REVOKED = {"status": 401, "reason": "revoked_by_bank", "token": "t1", "grant_id": "g1"}

# C-6


@pytest.mark.parametrize(("times", "count"), [(3, 0), (4, 1), (5, 1)])
def test_more_than_three_refreshes_in_ten_seconds_are_a_storm(times, count):
    story = Story()
    for number in range(times):
        story.refresh(number, refresh=f"r{number}", grant_id="g1")
    assert len(found("C-6", story)) == count


@pytest.mark.parametrize(("last", "count"), [(10, 1), (10.001, 0)])
def test_the_storm_is_over_after_ten_seconds(last, count):
    story = Story()
    for second in (0, 1, 2, last):
        story.refresh(second, grant_id="g1")
    assert len(found("C-6", story)) == count


def test_a_storm_of_many_is_one_finding():
    story = Story()
    for number in range(40):
        story.refresh(number / 10, grant_id="g1", status=400)
    (finding,) = found("C-6", story)
    assert finding.calls == tuple(range(1, 41))


def test_refreshes_of_several_grants_are_no_storm():
    story = Story()
    for number in range(8):
        story.refresh(number / 10, grant_id=f"g{number % 4}")
    assert found("C-6", story) == []


def test_a_storm_with_a_token_that_nobody_knows_is_one_too():
    story = Story()
    for number in range(4):
        story.refresh(number, refresh="made-up", status=400)
    assert len(found("C-6", story)) == 1


def test_days_that_were_passed_quickly_are_no_storm():
    story = Story()
    for number in range(5):
        story.refresh(number, grant_id="g1", at=START + number * 86_400_000)
    assert found("C-6", story) == []


def test_exchanging_codes_is_no_refresh():
    story = Story()
    for number in range(8):
        story.exchange(number / 10, code=f"c{number}", grant_id="g1")
    assert found("C-6", story) == []


# C-7


@pytest.mark.parametrize(("second", "count"), [(0.5, 1), (0.999, 1), (1, 0)])
def test_refreshes_with_one_token_race(second, count):
    story = Story()
    story.refresh(0, latency_us=1_000_000)
    story.refresh(second)
    assert len(found("C-7", story)) == count


def test_a_token_that_was_exchanged_is_not_used_again():
    story = Story()
    story.refresh(0, new_refresh="r2")
    story.refresh(60, status=400)
    (finding,) = found("C-7", story)
    assert finding.calls == (1, 2)
    assert "after it had been exchanged" in finding.what.en


@pytest.mark.parametrize(
    "first",
    [
        {"status": None, "new_refresh": "r2"},
        {"status": 503},
        {"status": 200, "new_refresh": "r2", "effect": {"kind": "truncated_body"}},
        {"status": 200, "new_refresh": "r1"},
        {"status": 200},
    ],
    ids=["lost", "failed", "harmed", "same", "none"],
)
def test_who_knows_no_newer_token_uses_the_old_one(first):
    story = Story()
    story.refresh(0, **first)
    story.refresh(60)
    assert found("C-7", story) == []


def test_one_after_the_other_in_a_chain_is_right():
    story = Story()
    for number in range(5):
        story.refresh(number * 60, refresh=f"r{number}", new_refresh=f"r{number + 1}")
    assert found("C-7", story) == []


# C-8


def test_a_token_is_not_used_after_its_revocation_was_told():
    story = Story()
    for second in range(3):
        story.call(second, **REVOKED)
    (finding,) = found("C-8", story)
    assert finding.calls == (1, 2, 3)
    assert "revoked_by_bank" in finding.what.en
    assert "2 times more" in finding.what.en


def test_one_refusal_is_how_a_client_finds_out():
    story = Story()
    story.call(0, token="t1")
    story.call(1, **REVOKED)
    story.call(2, token="t2")
    assert found("C-8", story) == []


def test_calls_in_flight_find_out_together():
    story = Story()
    story.call(0, **REVOKED, latency_us=2_000_000)
    story.call(1, **REVOKED)
    assert found("C-8", story) == []


LAPSED = ["access_expired", "foreign_token", "key_not_proven", "unknown", None]
MISTAKEN = ["no_token", "refresh_token_sent", "other_bank", "client_auth_method"]


@pytest.mark.parametrize("reason", [*LAPSED, *MISTAKEN])
def test_a_token_that_only_lapsed_was_not_revoked(reason):
    story = Story()
    for second in range(2):
        story.call(second, status=401, token="t1", reason=reason)
    assert found("C-8", story) == []


@pytest.mark.parametrize("reason", sorted(ENDED))
def test_every_end_of_a_grant_is_for_good(reason):
    story = Story()
    for second in range(2):
        story.call(second, status=401, token="t1", reason=reason)
    assert len(found("C-8", story)) == 1


def test_asking_for_the_revocation_itself_is_right():
    story = Story()
    story.call(0, **REVOKED)
    story.call(1, "revoke", token="t1")
    assert found("C-8", story) == []


# C-20


@pytest.mark.parametrize(("times", "count"), [(3, 0), (4, 1)])
def test_a_closed_account_is_not_asked_for_again_and_again(times, count):
    story = Story()
    for number in range(times):
        story.call(number * 3_600, status=404, error_code="account_not_found", path="/accounts/1?x")
    assert len(found("C-20", story)) == count


def test_several_accounts_may_each_be_gone():
    story = Story()
    for number in range(8):
        path = f"/accounts/{number % 4}"
        story.call(number, status=404, error_code="account_not_found", path=path)
    assert found("C-20", story) == []


@pytest.mark.parametrize(("times", "count"), [(3, 0), (4, 1)])
def test_an_ended_grant_is_let_go_of(times, count):
    story = Story()
    story.call(0, **REVOKED)
    for number in range(1, times):
        story.refresh(
            number * 60,
            status=400,
            error_code="invalid_grant",
            reason="revoked_by_bank",
            grant_id="g1",
        )
    assert ids("C-20", story) == ([tuple(range(1, times + 1))] if count else [])
