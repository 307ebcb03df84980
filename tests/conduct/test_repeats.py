"""Repeating calls: what is careless, what is not, and where the one becomes the other."""

from dataclasses import replace
from email.utils import format_datetime

import pytest

from sandbox.domain.conduct.facts import Limits
from sandbox.domain.time import jst
from tests.conduct.building import FACTS, START, Story, found, ids

LOST = {"status": None}

# C-1: the same request after a refusal


def test_the_same_request_after_a_refusal_is_found():
    story = Story()
    for second in range(3):
        story.call(second, status=403, error_code="insufficient_scope")
    (finding,) = found("C-1", story)
    assert finding.calls == (1, 2, 3)
    assert "403 insufficient_scope" in finding.what.en
    assert "3回" in finding.what.ja


@pytest.mark.parametrize("status", [401, 408, 425, 429, 500, 503, 200])
def test_what_may_be_repeated_is_no_refusal(status):
    story = Story()
    story.call(0, status=status)
    story.call(1, status=status)
    assert found("C-1", story) == []


@pytest.mark.parametrize("status", [400, 403, 404, 409, 410, 415])
def test_every_other_4xx_is_final(status):
    story = Story()
    story.call(0, status=status)
    story.call(1)
    assert ids("C-1", story) == [(1, 2)]


@pytest.mark.parametrize(
    "other",
    [
        {"path": "/list_accounts?x=1"},
        {"method": "DELETE"},
        {"body": "b2"},
        {"client_id": "other"},
        {"token": "t2"},
        {"bank": "tomato"},
    ],
)
def test_another_request_is_no_repeat(other):
    story = Story()
    story.call(0, status=403, body="b1", token="t1")
    story.call(1, **{"status": 403, "body": "b1", "token": "t1", **other})
    assert found("C-1", story) == []


def test_a_nonce_for_dpop_has_to_be_asked_for_by_a_refusal():
    story = Story()
    story.token(0, "refresh_token", status=400, error_code="use_dpop_nonce")
    story.token(1, "refresh_token", status=400, error_code="use_dpop_nonce")
    assert found("C-1", story) == []


def test_a_request_in_flight_knows_of_no_refusal():
    story = Story()
    story.call(0, status=403, latency_us=2_000_000)
    story.call(1, status=403)
    assert found("C-1", story) == []


def test_what_was_changed_meanwhile_may_have_cleared_the_way():
    story = Story()
    story.call(0, "list_transfers", status=409)
    story.register(1)
    story.call(2, "list_transfers", status=409)
    assert found("C-1", story) == []


def test_people_may_type_a_wrong_password_twice():
    story = Story()
    story.call(0, "sign_in", status=400)
    story.call(1, "sign_in", status=400)
    assert found("C-1", story) == []


@pytest.mark.parametrize(("seconds", "count"), [(299, 1), (300, 0)])
def test_after_a_while_a_refused_request_may_be_asked_again(seconds, count):
    story = Story()
    story.call(0, status=404)
    story.call(seconds, status=404)
    assert len(found("C-1", story)) == count


# C-2 and C-4: after a lost answer


@pytest.mark.parametrize("lost", [LOST, {"status": 500}, {"status": 502}, {"status": 504}], ids=str)
def test_a_blind_repeat_after_a_lost_answer_is_found(lost):
    story = Story()
    story.register(0, **lost)
    story.register(1)
    assert ids("C-2", story) == [(1, 2)]
    assert found("C-4", story) == []


@pytest.mark.parametrize(
    ("effect", "count"),
    [
        ({"kind": "truncated_body", "stage": "reply"}, 1),
        ({"kind": "lost_answer", "stage": "after_commit"}, 1),
        ({"kind": "fixed_delay", "stage": "after_commit"}, 0),
        ({"kind": "reset", "stage": "before"}, 0),
    ],
)
def test_an_answer_that_cannot_be_read_is_lost_too(effect, count):
    story = Story()
    story.register(0, status=201, effect=effect)
    story.register(1, status=201)
    assert len(found("C-2", story)) == count


def test_a_bank_that_is_closed_has_done_nothing():
    story = Story()
    story.register(0, status=503)
    story.register(60)
    assert found("C-2", story) == []


def test_an_inquiry_first_makes_a_repeat_right():
    story = Story()
    story.register(0, **LOST)
    story.call(1, "list_transfers")
    story.register(2)
    assert found("C-2", story) == []


@pytest.mark.parametrize(
    "inquiry", [{"status": 503}, {"client_id": "other"}, {"bank": "tomato"}], ids=str
)
def test_an_inquiry_that_tells_nothing_is_none(inquiry):
    story = Story()
    story.register(0, **LOST)
    story.call(1, "list_transfers", **inquiry)
    story.register(2)
    assert ids("C-2", story) == [(1, 3)]


def test_the_same_key_makes_a_repeat_right():
    story = Story()
    for second in range(3):
        story.register(second, key="k1", **LOST)
    story.register(3, key="k1")
    assert found("C-2", story) == found("C-4", story) == []


def test_a_fresh_key_for_a_repeat_is_another_transfer():
    story = Story()
    story.register(0, key="k1", **LOST)
    story.register(1, key="k2")
    assert ids("C-4", story) == [(1, 2)]
    assert found("C-2", story) == []


@pytest.mark.parametrize(("first", "second"), [(None, "k1"), ("k1", None), (None, None)])
def test_a_key_that_comes_late_or_is_forgotten_helps_nothing(first, second):
    story = Story()
    story.register(0, **LOST, **({"key": first} if first else {}))
    story.register(1, **({"key": second} if second else {}))
    assert ids("C-2", story) == [(1, 2)]
    assert found("C-4", story) == []


@pytest.mark.parametrize(
    "again", [{"body": "b2"}, {"path": "/other"}, {"client_id": "other"}], ids=str
)
def test_another_order_is_no_repeat(again):
    story = Story()
    story.register(0, **LOST)
    story.register(1, **again)
    assert found("C-2", story) == []


def test_the_same_order_twice_may_be_meant_so_while_no_answer_is_lost():
    story = Story()
    story.register(0, status=201)
    story.register(1, status=201)
    assert found("C-2", story) == found("C-4", story) == []


def test_reading_may_be_repeated_blindly():
    story = Story()
    story.call(0, **LOST)
    story.call(1)
    assert found("C-2", story) == []


@pytest.mark.parametrize(("seconds", "count"), [(86_399, 0), (86_400, 1)])
def test_a_key_is_over_with_its_lifetime(seconds, count):
    story = Story()
    story.register(0, key="k1")
    story.register(seconds, key="k1")
    assert len(found("C-4", story)) == count


def test_a_key_stands_for_one_request():
    story = Story()
    story.register(0, key="k1", body="b1")
    story.register(1, key="k1", body="b2", status=409, error_code="idempotency_conflict")
    assert ids("C-4", story) == [(1, 2)]


def test_keys_of_two_clients_have_nothing_in_common():
    story = Story()
    story.register(0, key="k1")
    story.register(90_000, key="k1", client_id="other")
    assert found("C-4", story) == []


# C-5: Retry-After


@pytest.mark.parametrize(("seconds", "count"), [(0.5, 1), (9.8, 1), (9.95, 0), (10.1, 0)])
def test_retry_after_in_seconds_is_waited_for(seconds, count):
    story = Story()
    story.call(0, status=503, retry_after="10")
    story.call(seconds)
    assert len(found("C-5", story)) == count


@pytest.mark.parametrize(("seconds", "count"), [(1, 1), (59, 1), (60, 0)])
def test_retry_after_as_a_date_is_waited_for(seconds, count):
    story = Story()
    until = format_datetime(jst(START + 60_000).astimezone(), usegmt=False)
    story.call(0, status=429, retry_after=until)
    story.call(seconds)
    assert len(found("C-5", story)) == count


@pytest.mark.parametrize("text", ["soon", "", "-5", "1.5", "Thu, 99 Foo 2026 00:00:00 GMT"])
def test_nobody_can_wait_for_what_is_no_time(text):
    story = Story()
    story.call(0, status=503, retry_after=text)
    story.call(0.5)
    assert found("C-5", story) == []


@pytest.mark.parametrize(
    "other", [{"client_id": "other"}, {"bank": "tomato"}, {"method": "POST"}], ids=str
)
def test_retry_after_is_for_one_client_and_one_operation(other):
    story = Story()
    story.call(0, status=503, retry_after="10")
    story.call(1, "list_transactions")
    story.call(2, **other)
    assert found("C-5", story) == []


def test_a_call_in_flight_has_heard_of_no_retry_after():
    story = Story()
    story.call(0, status=503, retry_after="10", latency_us=2_000_000)
    story.call(1)
    assert found("C-5", story) == []


def test_a_closed_bank_s_caller_is_known_by_the_token():
    story = Story()
    story.exchange(0, new_token="t1")
    story.call(1, status=503, retry_after="10", client_id=None, token="t1")
    story.call(2, token="t1")
    assert ids("C-5", story) == [(2, 3)]
    stranger = Story()
    stranger.call(1, status=503, retry_after="10", client_id=None, token="t2")
    stranger.call(2, token="t1")
    assert found("C-5", stranger) == []


def test_a_world_whose_time_was_moved_on_has_waited():
    story = Story()
    story.call(0, status=503, retry_after="3600")
    story.call(1, at=START + 3_600_000)
    assert found("C-5", story) == []


def test_a_frozen_world_waits_by_the_machine_s_time():
    story = Story()
    story.call(0, status=503, retry_after="2", at=START)
    story.call(1, at=START)
    assert len(found("C-5", story)) == 1
    patient = Story()
    patient.call(0, status=503, retry_after="2", at=START)
    patient.call(3, at=START)
    assert found("C-5", patient) == []


def test_every_early_call_is_in_one_finding():
    story = Story()
    story.call(0, status=429, retry_after="10")
    for second in (1, 2, 3):
        story.call(second, status=200)
    (finding,) = found("C-5", story)
    assert finding.calls == (1, 2, 3, 4)
    assert "calls: 3" in finding.what.en


def test_limits_can_be_others():
    story = Story()
    story.call(0, status=404)
    story.call(5, status=404)
    assert found("C-1", story, replace(FACTS, limits=Limits(repeat_ms=4_000))) == []
