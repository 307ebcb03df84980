"""What the schema of an effect cannot say: its stages, its usual count, parameters at odds."""

from collections.abc import Mapping
from typing import Any, TypeAlias

from sandbox.domain import effect_delivery, effect_result
from sandbox.domain.duration import parse_duration
from sandbox.domain.effect import DELIVERY_KINDS, EFFECTS, OAUTH_KINDS, RESULT_KINDS
from sandbox.domain.fault_window import Window
from sandbox.domain.oauth import mischief

Effect: TypeAlias = Mapping[str, Any]


def stages_of(effect: Effect) -> tuple[str, ...]:
    """Return the stages at which ``effect`` can strike, its usual one first."""
    kind = effect["kind"]
    return mischief.stages_of(effect) if kind in OAUTH_KINDS else EFFECTS[kind].stages


def default_times(effect: Effect, method: str | None) -> int | None:
    """Return how often a rule strikes that does not say it; None: without an end.

    HTTP clients repeat a GET, PUT or DELETE once by themselves where the connection breaks before
    the answer (faults §2): two strikes are one error that the caller sees.
    """
    is_repeated = method not in ("POST", "PATCH") and "until" not in effect
    if effect["kind"] in ("empty_close", "reset") and is_repeated:
        return 2
    hops: int | None = effect.get("hops")
    return hops


def problem_of(effect: Effect, window: Window | None) -> str | None:
    """Return what parameters that are sound each by itself make impossible together, or None."""
    has_stretches = window is not None and window.has_stretches
    percentiles = [effect.get(name) for name in ("p50_ms", "p95_ms", "p99_ms")]
    match effect["kind"]:
        case "uniform_delay" if effect["lower_ms"] > effect["upper_ms"]:
            return "lower_ms must not be above upper_ms"
        case "long_tail_delay" if ("median_ms" in effect) == any(percentiles):
            return "give either median_ms or p50_ms, p95_ms and p99_ms"
        case "long_tail_delay" if any(percentiles) and not _are_rising(percentiles):
            return "p50_ms, p95_ms and p99_ms go together, each at least as long as the one before"
        case "ramp_delay" if not has_stretches:
            return "a ramp needs a window with from and to, daily hours or cron"
        case "outage" if window is None:
            return "an outage needs a window"
        case "missing_rows" | "redated_rows" | "duplicate_rows" if ("rows" in effect) == (
            "last" in effect
        ):
            return "give either rows or last"
        case "redirect" if "hops" in effect and "location" in effect:
            return "give either hops or location"
        case kind if kind in RESULT_KINDS:
            return effect_result.problem_of(effect)
        case kind if kind in DELIVERY_KINDS:
            return effect_delivery.problem_of(effect)
    return _lag_problem(effect)


def rule_problem(rule: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return the field and what is wrong with it in a rule that keeps to its schema, or None."""
    effect, stages = rule["effect"], stages_of(rule["effect"])
    if rule.get("stage", stages[0]) not in stages:
        return "stage", f"this effect strikes {' or '.join(stages)}"
    field = "ttl"
    try:
        parse_duration(rule.get("ttl", "0s"))
        field = "window"
        window = Window.of(rule["window"]) if "window" in rule else None
    except ValueError as error:
        return field, str(error)
    problem = problem_of(effect, window)
    return None if problem is None else ("effect", problem)


def _are_rising(values: list[int | None]) -> bool:
    return None not in values and values == sorted(values, key=lambda value: value or 0)


def _lag_problem(effect: Effect) -> str | None:
    try:
        parse_duration(effect.get("lag", "0s"))
    except ValueError as error:
        return f"lag: {error}"
    return None
