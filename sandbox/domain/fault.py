"""Fault rules (faults §1): which calls one strikes, how often, and until when.

Choosing is a pure function over the rules and their counts. The first rule in the list that
matches and whose turn it is strikes; the others are not counted by that call.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, TypeAlias

from sandbox.domain.calendar import BankCalendar
from sandbox.domain.fault_window import Window
from sandbox.domain.time import Instant, iso

Facts: TypeAlias = Mapping[str, str | int | None]

MATCH_KEYS = (
    "bank",
    "operation",
    "class",
    "function",
    "method",
    "path",
    "address",
    "client_id",
    "contractor_id",
    "user",
    "signed_in",
    "grant_id",
    "grant_type",
    "token",
    "scope",
    "account_id",
    "branch_code",
    "beneficiary_bank",
    "kind",
    "event",
    "day_type",
    "hour_phase",
)
# Of ``signed_in``: whether the call's user is at the bank's own pages just now (二重ログイン).
PAGES, NOWHERE = "pages", "nowhere"
OUTSIDE = "it is outside its window"
# Of the fact ``amount_yen``; both are within.
AMOUNT_KEYS = ("amount_from_yen", "amount_to_yen")


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultRule:
    """``seen``: calls that matched so far. ``struck``: those that were struck.

    ``stream`` names the rule's draws: they are its own, whatever rules there are beside it (R-7).
    """

    fault_id: str
    number: int  # rules are asked in this order
    match: Mapping[str, str | int]
    effect: Mapping[str, Any]
    stage: str  # as in domain/effect.py
    times: int | None  # strikes in all; None: no end
    skip: int  # matching calls that are let pass first
    every: int  # then one in so many
    probability: float
    ends_at: Instant | None  # machine time: a forgotten rule ends by itself
    stream: str = ""
    window: Window | None = None
    seen: int = 0
    struck: int = 0

    @property
    def kind(self) -> str:
        return str(self.effect["kind"])

    def mismatch(self, facts: Facts) -> str | None:
        """Return what of ``facts`` does not match, or None. A path may have wildcards."""
        for key, wanted in self.match.items():
            if not _holds(key, wanted, facts):
                found = facts.get("amount_yen" if key in AMOUNT_KEYS else key)
                return f"{key} is {found!r}, not {wanted!r}"
        return None

    def not_its_turn(self, dice: float) -> str | None:
        """Return why a matching call is let pass, or None where it is struck."""
        if self.is_spent:
            return f"it has struck {self.struck} of {self.times} times"
        if self.seen < self.skip:
            return f"it lets {self.skip - self.seen} more calls pass first"
        if (self.seen - self.skip) % self.every:
            return f"it strikes one call in {self.every}"
        if dice >= self.probability:
            return f"its probability is {self.probability}"
        return None

    @property
    def is_spent(self) -> bool:
        """Tell whether the rule has struck as often as it may: it is there, and does no more."""
        return self.times is not None and self.struck >= self.times

    def is_over(self, machine_now: Instant) -> bool:
        return self.ends_at is not None and machine_now >= self.ends_at

    def is_in_force(
        self, world_now: Instant, machine_now: Instant, calendar: BankCalendar | None = None
    ) -> bool:
        """Tell whether the rule's window holds this moment."""
        window = self.window
        if window is None:
            return True
        return window.holds(machine_now if window.is_machine else world_now, calendar)

    def opens_next(
        self, world_now: Instant, machine_now: Instant, calendar: BankCalendar | None
    ) -> str:
        """Return, for people, when the rule's window, which is closed, opens."""
        window = self.window
        assert window is not None  # it is closed
        at = window.next_after(machine_now if window.is_machine else world_now, calendar)
        if at is None:
            return "and nobody knows when again" if window.day_types else "and never again"
        return f"until {iso(at)}" + (", machine time" if window.is_machine else "")


def _holds(key: str, wanted: str | int, facts: Facts) -> bool:
    found = facts.get(key)
    match key:
        case "path":
            return found is not None and fnmatchcase(str(found), str(wanted))
        case "scope" | "beneficiary_bank":  # a call may have several
            return set(str(wanted).split()) <= set(str(found or "").split())
        case "amount_from_yen" | "amount_to_yen":
            yen, limit = facts.get("amount_yen"), int(wanted)
            if yen is None:
                return False
            return int(yen) >= limit if key == "amount_from_yen" else int(yen) <= limit
    return found == wanted


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one rule does with a call. ``why_not`` None: it strikes."""

    rule: FaultRule
    matches: bool
    why_not: str | None


def never_held(_rule: FaultRule) -> str | None:
    return None


def weigh(
    rules: Iterable[FaultRule],
    facts: Facts,
    dice: Callable[[FaultRule], float],
    machine_now: Instant,
    *,
    world_now: Instant = 0,
    calendar: BankCalendar | None = None,
    hold: Callable[[FaultRule], str | None] = never_held,
) -> list[Verdict]:
    """Return what each rule says of a call, in order; the first without ``why_not`` strikes.

    Args:
        dice: a rule's draw in [0, 1) for this call.
        hold: why a rule whose turn it is lets the call pass all the same: a quota that is not
            used up. Asked of one rule after the other, until one strikes.
    """
    verdicts: list[Verdict] = []
    is_taken = False
    for rule in rules:
        mismatch = rule.mismatch(facts)
        if rule.is_over(machine_now):
            verdicts.append(Verdict(rule, False, "it has ended"))
        elif mismatch is not None:
            verdicts.append(Verdict(rule, False, mismatch))
        elif not rule.is_in_force(world_now, machine_now, calendar):
            verdicts.append(Verdict(rule, False, OUTSIDE))
        elif is_taken:
            verdicts.append(Verdict(rule, False, "an earlier rule strikes"))
        else:
            why_not = rule.not_its_turn(dice(rule)) or hold(rule)
            is_taken = why_not is None
            verdicts.append(Verdict(rule, True, why_not))
    return verdicts
