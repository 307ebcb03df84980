"""How long an effect lets a caller wait. Its draws come in from outside."""

from itertools import pairwise
from typing import Protocol

from sandbox.domain.calendar import BankCalendar
from sandbox.domain.effect_rules import Effect
from sandbox.domain.fault_window import Window
from sandbox.domain.time import Instant

LONGEST_TAIL_MS = 60_000


class Draws(Protocol):
    """What ``random.Random`` has of what is needed here."""

    def random(self) -> float: ...

    def gauss(self, mu: float, sigma: float, /) -> float: ...


def delay_ms(
    effect: Effect,
    window: Window | None,
    draws: Draws,
    now: Instant,
    calendar: BankCalendar | None = None,
) -> int:
    """Return the wait of an effect that is nothing but one (F-1…F-4).

    ``now`` is read off the window's clock.
    """
    match effect["kind"]:
        case "fixed_delay":
            return int(effect["delay_ms"])
        case "uniform_delay":
            return round(_between(effect["lower_ms"], effect["upper_ms"], draws.random()))
        case "long_tail_delay":
            most: int = effect.get("max_ms", LONGEST_TAIL_MS)
            return min(round(_long_tail(effect, draws)), most)
    assert window is not None  # a ramp has one
    return round(_between(effect["from_ms"], effect["to_ms"], window.part_gone(now, calendar)))


def _between(low: float, high: float, part: float) -> float:
    return low + (high - low) * part


def _long_tail(effect: Effect, draws: Draws) -> float:
    if "median_ms" in effect:
        exponent = effect.get("sigma", 1.0) * draws.gauss(0, 1)
        return float(effect["median_ms"] * 2.718281828459045 ** min(exponent, 50.0))
    return _by_percentiles(effect["p50_ms"], effect["p95_ms"], effect["p99_ms"], draws.random())


def _by_percentiles(p50: float, p95: float, p99: float, part: float) -> float:
    """Return the value below which ``part`` of all are: straight lines between the percentiles."""
    points = ((0.0, p50 / 2), (0.5, p50), (0.95, p95), (0.99, p99), (1.0, p99 * 1.5))
    for (low, begin), (high, end) in pairwise(points):
        if part <= high:
            return _between(begin, end, (part - low) / (high - low))
    return p99 * 1.5
