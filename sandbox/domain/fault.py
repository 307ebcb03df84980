"""Fault rules (faults §1): which calls one strikes, how often, and until when.

Choosing is a pure function over the rules and their counts. The first rule in the list that
matches and whose turn it is strikes; the others are not counted by that call.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, TypeAlias

from sandbox.domain.time import Instant

Facts: TypeAlias = Mapping[str, str | None]

MATCH_KEYS = (
    "bank",
    "operation",
    "class",
    "method",
    "path",
    "client_id",
    "contractor_id",
    "user",
    "grant_id",
    "grant_type",
    "scope",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultRule:
    """``seen``: calls that matched so far. ``struck``: those that were struck."""

    fault_id: str
    number: int  # rules are asked in this order
    match: Mapping[str, str]
    effect: Mapping[str, Any]
    stage: str  # before, after_commit, reply
    times: int | None  # strikes in all; None: no end
    skip: int  # matching calls that are let pass first
    every: int  # then one in so many
    probability: float
    ends_at: Instant | None  # machine time: a forgotten rule ends by itself
    seen: int = 0
    struck: int = 0

    def mismatch(self, facts: Facts) -> str | None:
        """Return what of ``facts`` does not match, or None. A path may have wildcards."""
        for key, wanted in self.match.items():
            found = facts.get(key)
            if key == "path" and found is not None and fnmatchcase(found, wanted):
                continue
            if found != wanted:
                return f"{key} is {found!r}, not {wanted!r}"
        return None

    def not_its_turn(self, dice: float) -> str | None:
        """Return why a matching call is let pass, or None where it is struck."""
        if self.times is not None and self.struck >= self.times:
            return f"it has struck {self.struck} of {self.times} times"
        if self.seen < self.skip:
            return f"it lets {self.skip - self.seen} more calls pass first"
        if (self.seen - self.skip) % self.every:
            return f"it strikes one call in {self.every}"
        if dice >= self.probability:
            return f"its probability is {self.probability}"
        return None

    def is_over(self, machine_now: Instant) -> bool:
        return self.ends_at is not None and machine_now >= self.ends_at


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one rule does with a call. ``why_not`` None: it strikes."""

    rule: FaultRule
    matches: bool
    why_not: str | None


def weigh(
    rules: Iterable[FaultRule], facts: Facts, dice: Mapping[str, float], machine_now: Instant
) -> list[Verdict]:
    """Return what each rule says of a call, in order; the first without ``why_not`` strikes.

    ``dice``: a draw in [0, 1) for each rule by its id.
    """
    verdicts: list[Verdict] = []
    is_taken = False
    for rule in rules:
        mismatch = rule.mismatch(facts)
        if rule.is_over(machine_now):
            verdicts.append(Verdict(rule, False, "it has ended"))
        elif mismatch is not None:
            verdicts.append(Verdict(rule, False, mismatch))
        elif is_taken:
            verdicts.append(Verdict(rule, False, "an earlier rule strikes"))
        else:
            why_not = rule.not_its_turn(dice[rule.fault_id])
            is_taken = why_not is None
            verdicts.append(Verdict(rule, True, why_not))
    return verdicts
