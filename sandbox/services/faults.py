"""The fault rules of one world: added and taken away by testers, counted by the calls they match.

The rules are held in memory, because every call asks them and one process owns the world; each
change and each count is written through.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sandbox.chance import draw
from sandbox.clock import machine_now
from sandbox.domain.fault import Facts, FaultRule, Verdict, weigh
from sandbox.domain.time import MINUTE
from sandbox.storage import faults
from sandbox.storage.database import Database, Reader

DEFAULT_TTL_MS = 10 * MINUTE
MOST_RULES = 1_000


class FaultRefused(Exception):
    """The rule cannot be added. The text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A rule as a tester asks for it. ``ttl_ms`` 0: until it is taken away."""

    match: Mapping[str, str]
    effect: Mapping[str, Any]
    stage: str
    times: int | None
    skip: int = 0
    every: int = 1
    probability: float = 1.0
    ttl_ms: int = DEFAULT_TTL_MS


class FaultBook:
    """``rules`` in the order in which they are asked; empty in most worlds, and that is cheap."""

    def __init__(self, database: Database, seed: int) -> None:
        self._database = database
        self._seed = seed
        self.rules: tuple[FaultRule, ...] = ()

    async def reload(self, db: Reader) -> None:
        """Read the rules anew: the world's file was opened, or another took its place."""
        self.rules = tuple(await faults.list_all(db))

    async def add(self, fault_id: str, wanted: Wanted) -> FaultRule:
        """Put a rule behind those that are there.

        Raises:
            FaultRefused: there are too many.
        """
        async with self._database.transaction() as db:
            await faults.delete_over(db, machine_now())
            rules = await faults.list_all(db)
            if len(rules) >= MOST_RULES:
                raise FaultRefused(f"there are {MOST_RULES} rules already: delete some")
            rule = FaultRule(
                fault_id=fault_id,
                number=max((rule.number for rule in rules), default=0) + 1,
                match=wanted.match,
                effect=wanted.effect,
                stage=wanted.stage,
                times=wanted.times,
                skip=wanted.skip,
                every=wanted.every,
                probability=wanted.probability,
                ends_at=machine_now() + wanted.ttl_ms if wanted.ttl_ms else None,
            )
            await faults.insert(db, rule)
        self.rules = (*rules, rule)
        return rule

    async def remove(self, fault_id: str) -> bool:
        """Take a rule away; False where there is none such (any more)."""
        async with self._database.transaction() as db:
            was_there = await faults.delete(db, fault_id)
        self.rules = tuple(rule for rule in self.rules if rule.fault_id != fault_id)
        return was_there

    async def clear(self) -> None:
        async with self._database.transaction() as db:
            await faults.delete_all(db)
        self.rules = ()

    def list_live(self) -> list[FaultRule]:
        now = machine_now()
        return [rule for rule in self.rules if not rule.is_over(now)]

    def explain(self, facts: Facts) -> list[Verdict]:
        """Return what each rule would do with such a call, and count nothing."""
        return weigh(self.rules, facts, self._dice(), machine_now())

    async def strike(self, facts: Facts, kinds: frozenset[str]) -> FaultRule | None:
        """Return the rule with an effect of ``kinds`` that strikes this call, and count it.

        The counts change in the same step of the loop that chooses, so that a rule of ``times`` n
        strikes n calls however many come at once (R-3).
        """
        if not self.rules:
            return None
        rules = [rule for rule in self.rules if rule.effect["kind"] in kinds]
        verdicts = weigh(rules, facts, self._dice(), machine_now())
        verdicts = [verdict for verdict in verdicts if verdict.matches]
        if not verdicts:
            return None
        counted = {v.rule.fault_id: _counted(v) for v in verdicts}
        self.rules = tuple(counted.get(rule.fault_id, rule) for rule in self.rules)
        async with self._database.transaction() as db:
            # As they stand by now: another call may have counted while this one waited.
            await faults.save_counts(db, [r for r in self.rules if r.fault_id in counted])
        return next((v.rule for v in verdicts if v.why_not is None), None)

    def _dice(self) -> dict[str, float]:
        """Return the draws of the next call: the same seed and the same calls, the same faults."""
        return {
            rule.fault_id: draw(self._seed, "fault", rule.number, rule.seen).random()
            for rule in self.rules
            if rule.probability < 1
        } | {rule.fault_id: 0.0 for rule in self.rules if rule.probability >= 1}


def _counted(verdict: Verdict) -> FaultRule:
    is_struck = verdict.why_not is None
    rule = verdict.rule
    return replace(rule, seen=rule.seen + 1, struck=rule.struck + is_struck)
