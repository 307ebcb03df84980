"""Trouble with events on their way to a provider (F-30): carried out where one is queued or sent.

A strike is a delivery, not an attempt: what it harms is decided when the event is queued.
"""

from collections.abc import Mapping
from typing import Any

from sandbox.domain.delivery import Status
from sandbox.domain.duration import parse_duration
from sandbox.domain.effect_shape import EffectKind, text, whole
from sandbox.domain.time import Instant

DELIVERY = "delivery"
_STAGE = (DELIVERY,)
DEFAULT_DELAY, DEFAULT_AGE, DEFAULT_WAIT = "10m", "1h", "10m"

DELIVERY_EFFECTS: Mapping[str, EffectKind] = {
    "duplicate_delivery": EffectKind(
        number="F-30",
        title="The same event more than once",
        stages=_STAGE,
        fields={"copies": whole(1, 100, "How many beside the first; default 1")},
    ),
    "reorder_delivery": EffectKind(
        number="F-30",
        title="An event behind later ones",
        stages=_STAGE,
        fields={
            "behind": whole(1, 100, "How many of the client's later events go first; default 1"),
            "wait": text(32, "Goes anyway after so long (world time); default 10m"),
        },
    ),
    "delay_delivery": EffectKind(
        number="F-30",
        title="An event that comes late",
        stages=_STAGE,
        fields={"delay": text(32, "How late (world time): 30s, 2h; default 10m")},
    ),
    "drop_delivery": EffectKind(number="F-30", title="An event that never comes", stages=_STAGE),
    "bad_signature": EffectKind(
        number="F-30",
        title="A first attempt with a wrong signature; those that follow are right",
        stages=_STAGE,
    ),
    "replay_delivery": EffectKind(
        number="F-30",
        title="After the event, an earlier one again as it was sent, byte for byte",
        stages=_STAGE,
    ),
    "old_timestamp": EffectKind(
        number="F-30",
        title="A first attempt that was signed long ago; those that follow are of now",
        stages=_STAGE,
        fields={"age": text(32, "How long ago: 10m, 1h; default 1h")},
    ),
}
_DURATIONS = {"delay_delivery": "delay", "old_timestamp": "age", "reorder_delivery": "wait"}


def problem_of(effect: Mapping[str, Any]) -> str | None:
    """Return why a duration cannot be read, or None."""
    name = _DURATIONS.get(effect["kind"])
    try:
        parse_duration(effect.get(name, "1s") if name else "1s")
    except ValueError as error:
        return f"{name}: {error}"
    return None


def copies_of(effect: Mapping[str, Any]) -> int:
    """Return how often an event is queued in all."""
    return 1 + int(effect.get("copies", 1)) if effect["kind"] == "duplicate_delivery" else 1


def place_of(effect: Mapping[str, Any], now: Instant) -> tuple[Status, Instant, int]:
    """Return how a struck event is queued: (status, when it is due, how many go before it)."""
    match effect["kind"]:
        case "drop_delivery":
            return Status.DROPPED, now, 0
        case "delay_delivery":
            return Status.WAITING, now + parse_duration(effect.get("delay", DEFAULT_DELAY)), 0
        case "reorder_delivery":
            until = now + parse_duration(effect.get("wait", DEFAULT_WAIT))
            return Status.HELD, until, int(effect.get("behind", 1))
    return Status.WAITING, now, 0


def stamp_of(effect: Mapping[str, Any], now_s: int) -> int:
    """Return the time stamp of a struck first attempt, in seconds."""
    if effect["kind"] != "old_timestamp":
        return now_s
    return now_s - parse_duration(effect.get("age", DEFAULT_AGE)) // 1000
