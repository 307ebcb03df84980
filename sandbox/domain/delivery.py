"""Deliveries of events: one event on its way to one provider, attempted until it is taken."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sandbox.domain.errors import IllegalTransition
from sandbox.domain.time import HOUR, MINUTE, SECOND, Instant

# World time between the attempts: after the last of them it is given up.
RETRY_MS = (5 * SECOND, 30 * SECOND, 2 * MINUTE, 10 * MINUTE, HOUR)


class Status(StrEnum):
    """Where a delivery stands."""

    WAITING = "waiting"  # for its first attempt, or its next one
    HELD = "held"  # by a fault, until a later one has gone first
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"
    STOPPED = "stopped"  # 410 Gone, or nobody listens any more
    DROPPED = "dropped"  # by a fault


class Step(StrEnum):
    """What can happen to a delivery."""

    TAKE = "take"  # the receiver answered 2xx
    FAIL = "fail"
    EXHAUST = "exhaust"  # the last attempt failed
    STOP = "stop"
    RELEASE = "release"
    REDELIVER = "redeliver"


TRANSITIONS: Mapping[Status, Mapping[Step, Status]] = {
    Status.WAITING: {
        Step.TAKE: Status.DELIVERED,
        Step.FAIL: Status.WAITING,
        Step.EXHAUST: Status.GIVEN_UP,
        Step.STOP: Status.STOPPED,
    },
    Status.HELD: {Step.RELEASE: Status.WAITING, Step.STOP: Status.STOPPED},
    Status.DELIVERED: {Step.REDELIVER: Status.WAITING},
    Status.GIVEN_UP: {Step.REDELIVER: Status.WAITING},
    Status.STOPPED: {Step.REDELIVER: Status.WAITING},
    Status.DROPPED: {Step.REDELIVER: Status.WAITING},
}


def status_after(status: Status, step: Step) -> Status:
    """Return where a delivery stands after ``step``. Raises ``IllegalTransition``."""
    following = TRANSITIONS[status].get(step)
    if following is None:
        raise IllegalTransition(f"{step.value} is not allowed when {status.value}")
    return following


def step_of(answer: int | None, failures: int) -> Step:
    """Return what an attempt means: ``answer`` is its HTTP status, None where there was none.

    ``failures``: those before it since it was (re)delivered. A redirect is a failure: none is
    followed.
    """
    if answer is not None and 200 <= answer < 300:
        return Step.TAKE
    if answer == 410:
        return Step.STOP
    return Step.FAIL if failures < len(RETRY_MS) else Step.EXHAUST


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a client is told. ``stopped_at``: when its receiver said 410 Gone."""

    client_id: str
    url: str
    secret: str
    stopped_at: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """``fault``: ``{"id", "effect"}`` of the rule that struck it; with ``again`` beside them, the
    id of the earlier delivery that is replayed.
    """

    delivery_id: str
    event: int
    client_id: str
    position: int
    status: Status
    next_at: Instant
    failures: int = 0
    behind: int = 0
    fault: Mapping[str, Any] | None = None
    number: int = 0
    event_id: str = ""
    type: str = ""
    occurred_at: Instant = 0
    attempts: int = 0
    answer: int | None = None  # HTTP status of the last attempt


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """``answer``: HTTP status, or None with the ``problem`` that there was."""

    number: int
    at: Instant
    answer: int | None
    problem: str | None
    took_ms: int
    signature: str
