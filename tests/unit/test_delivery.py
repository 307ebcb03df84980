"""The life of a delivery, as a table: every status × every step; and what each answer means."""

import pytest

from sandbox.domain.delivery import RETRY_MS, TRANSITIONS, Status, Step, status_after, step_of
from sandbox.domain.effect_delivery import (
    DELIVERY_EFFECTS,
    copies_of,
    place_of,
    problem_of,
    stamp_of,
)
from sandbox.domain.errors import IllegalTransition

ALLOWED = {
    (Status.WAITING, Step.TAKE): Status.DELIVERED,
    (Status.WAITING, Step.FAIL): Status.WAITING,
    (Status.WAITING, Step.EXHAUST): Status.GIVEN_UP,
    (Status.WAITING, Step.STOP): Status.STOPPED,
    (Status.HELD, Step.RELEASE): Status.WAITING,
    (Status.HELD, Step.STOP): Status.STOPPED,
    (Status.DELIVERED, Step.REDELIVER): Status.WAITING,
    (Status.GIVEN_UP, Step.REDELIVER): Status.WAITING,
    (Status.STOPPED, Step.REDELIVER): Status.WAITING,
    (Status.DROPPED, Step.REDELIVER): Status.WAITING,
}


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("step", Step)
def test_every_step_from_every_status(status, step):
    if (status, step) in ALLOWED:
        assert status_after(status, step) is ALLOWED[status, step]
    else:
        with pytest.raises(IllegalTransition, match=f"{step.value} is not allowed when {status}"):
            status_after(status, step)


def test_no_status_is_left_out():
    assert set(TRANSITIONS) == set(Status)


def test_the_waits_grow_and_end_after_six_attempts():
    assert [wait // 1000 for wait in RETRY_MS] == [5, 30, 120, 600, 3600]


@pytest.mark.parametrize("answer", [200, 201, 204, 299])
def test_only_two_hundreds_take_it(answer):
    assert step_of(answer, 0) is step_of(answer, 5) is Step.TAKE


@pytest.mark.parametrize("answer", [None, 100, 199, 300, 301, 307, 400, 401, 404, 429, 500, 503])
def test_anything_else_fails_a_redirect_too_and_the_sixth_time_for_good(answer):
    steps = [step_of(answer, failures) for failures in range(7)]
    assert steps == [Step.FAIL] * 5 + [Step.EXHAUST] * 2


def test_gone_is_gone_whenever_it_is_said():
    assert {step_of(410, failures) for failures in range(7)} == {Step.STOP}


# How a fault places a delivery


def effect(kind, **more):
    return {"kind": kind, **more}


def test_every_effect_has_a_place_of_its_own():
    places = {
        "duplicate_delivery": (Status.WAITING, 1_000, 0),
        "reorder_delivery": (Status.HELD, 601_000, 1),
        "delay_delivery": (Status.WAITING, 601_000, 0),
        "drop_delivery": (Status.DROPPED, 1_000, 0),
        "bad_signature": (Status.WAITING, 1_000, 0),
        "replay_delivery": (Status.WAITING, 1_000, 0),
        "old_timestamp": (Status.WAITING, 1_000, 0),
    }
    assert set(places) == set(DELIVERY_EFFECTS)
    for kind, place in places.items():
        assert place_of(effect(kind), 1_000) == place, kind


def test_parameters_are_heeded():
    assert place_of(effect("reorder_delivery", behind=3, wait="1h"), 0) == (
        Status.HELD,
        3_600_000,
        3,
    )
    assert place_of(effect("delay_delivery", delay="30s"), 0)[1] == 30_000
    assert stamp_of(effect("old_timestamp", age="10m"), 1_000) == 400
    assert stamp_of(effect("old_timestamp"), 4_000) == 400
    assert stamp_of(effect("bad_signature"), 1_000) == 1_000


def test_only_a_duplicate_is_queued_more_than_once():
    assert copies_of(effect("duplicate_delivery")) == 2
    assert copies_of(effect("duplicate_delivery", copies=4)) == 5
    for kind in set(DELIVERY_EFFECTS) - {"duplicate_delivery"}:
        assert copies_of(effect(kind)) == 1, kind


@pytest.mark.parametrize("kind", DELIVERY_EFFECTS)
def test_what_is_left_out_can_be_read(kind):
    assert problem_of(effect(kind)) is None


@pytest.mark.parametrize(
    ("kind", "name"),
    [("delay_delivery", "delay"), ("old_timestamp", "age"), ("reorder_delivery", "wait")],
)
def test_a_duration_that_is_none_is_named(kind, name):
    assert str(problem_of(effect(kind, **{name: "soon"}))).startswith(f"{name}: ")
    assert problem_of(effect(kind, **{name: "2h"})) is None
