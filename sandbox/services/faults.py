"""The fault rules of one world: added and taken away by testers, counted by the calls they match.

The rules are held in memory, because every call asks them and one process owns the world; each
change and each count is written through. Quotas alone are of this process and its real time.
"""

import asyncio
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any

from sandbox.chance import Draw, draw
from sandbox.clock import machine_now, monotonic_s
from sandbox.domain.calendar import BankCalendar
from sandbox.domain.effect_quota import Quota, quota_of
from sandbox.domain.fault import OUTSIDE, Facts, FaultRule, Verdict, weigh
from sandbox.domain.fault_window import Window
from sandbox.domain.time import MINUTE, Instant
from sandbox.services.fault_board import FaultBoard
from sandbox.storage import faults
from sandbox.storage.database import Database, Reader, Transaction

DEFAULT_TTL_MS = 10 * MINUTE
MOST_RULES = 1_000
RESULT, DELIVERY = "result", "delivery"
_STRIKES = {
    RESULT: "it decides about requests that fall due",
    DELIVERY: "it strikes events on their way to a provider",
}
LOOK_S = 0.1  # how soon a call that hangs finds out that its caller has gone


class FaultRefused(Exception):
    """The rule cannot be added. The text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A rule as a tester asks for it. ``ttl_ms`` 0: until it is taken away.

    ``seed`` names its draws; None: they follow from what it is, and from how many such there are.
    """

    match: Mapping[str, str | int]
    effect: Mapping[str, Any]
    stage: str
    times: int | None
    skip: int = 0
    every: int = 1
    probability: float = 1.0
    seed: int | None = None
    window: Window | None = None
    ttl_ms: int = DEFAULT_TTL_MS

    def stream(self, rules: tuple[FaultRule, ...]) -> str:
        if self.seed is not None:
            return f"seed {self.seed}"
        parts = json.dumps([dict(self.match), dict(self.effect), self.stage], sort_keys=True)
        digest = hashlib.sha256(parts.encode()).hexdigest()[:16]
        twins = {rule.stream for rule in rules}
        number = 0
        while f"{digest} {number}" in twins:
            number += 1
        return f"{digest} {number}"


@dataclass(frozen=True, slots=True)
class Strike:
    """A rule and the call it strikes. ``wait_ms``: until a quota lets it pass, as far as known."""

    rule: FaultRule
    draws: Draw
    wait_ms: int = 0


class FaultBook:
    """``rules`` in the order in which they are asked; empty in most worlds, and that is cheap.

    ``calendar``: the world's, for windows that are open on days of some type; it may change.
    """

    def __init__(
        self,
        database: Database,
        seed: int,
        *,
        now: Callable[[], Instant] = machine_now,
        note: Callable[[bool], object] = bool,
    ) -> None:
        self._database = database
        self._seed = seed
        self._now = now
        self._note = note  # told whether there are any rules
        self.rules: tuple[FaultRule, ...] = ()
        self.calendar: Callable[[], BankCalendar | None] = lambda: None
        self._quotas: dict[str, Quota] = {}
        self._changed = asyncio.Event()

    @classmethod
    def of_world(
        cls, database: Database, seed: int, now: Callable[[], Instant], name: str, board: FaultBoard
    ) -> "FaultBook":
        """Return the book of the world ``name``, whose rules ``board`` is told of."""
        return cls(
            database, seed, now=now, note=lambda has_rules: board.note(name, has_rules=has_rules)
        )

    # The rules

    async def reload(self, db: Reader) -> None:
        """Read the rules anew: the world's file was opened, or another took its place."""
        self._set(tuple(await faults.list_all(db)))

    async def add(self, fault_id: str, wanted: Wanted) -> FaultRule:
        """Put a rule behind those that are there.

        Raises:
            FaultRefused: there are too many.
        """
        async with self._database.transaction() as db:
            await faults.delete_over(db, machine_now())
            # Those in memory: their counts may be ahead of the rows'.
            rules = tuple(self.list_live())
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
                stream=wanted.stream(rules),
                window=wanted.window,
                ends_at=machine_now() + wanted.ttl_ms if wanted.ttl_ms else None,
            )
            await faults.insert(db, rule)
        self._set((*self.list_live(), rule))
        return rule

    async def remove(self, fault_id: str) -> bool:
        """Take a rule away; False where there is none such (any more)."""
        self._set(tuple(rule for rule in self.rules if rule.fault_id != fault_id))
        async with self._database.transaction() as db:
            return await faults.delete(db, fault_id)

    async def clear(self) -> None:
        self._set(())
        async with self._database.transaction() as db:
            await faults.delete_all(db)

    def release(self) -> None:
        """Let every call go on that hangs: the world is being closed."""
        self.rules = ()
        self._wake()

    def list_live(self) -> list[FaultRule]:
        now = machine_now()
        return [rule for rule in self.rules if not rule.is_over(now)]

    def _set(self, rules: tuple[FaultRule, ...]) -> None:
        self.rules = rules
        here = {rule.fault_id for rule in rules}
        self._quotas = {key: quota for key, quota in self._quotas.items() if key in here}
        self._note(bool(rules))
        self._wake()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    # The calls

    def explain(self, facts: Facts) -> list[Verdict]:
        """Return what each rule would do with such a call, and count nothing.

        A call has no ``kind`` and no ``event``: those are a transfer request's that falls due, and
        of what a provider is told.
        """
        now_ms = _monotonic_ms()

        def hold(rule: FaultRule) -> str | None:
            quota = self._quota(rule)
            return _passes(quota is None or quota.wait_ms(_key(rule, facts), now_ms) > 0)

        family = RESULT if "kind" in facts else DELIVERY if "event" in facts else None
        asked = [r for r in self.rules if _family(r) == family and r.kind != "tls"]
        weighed = (self._timed(verdict) for verdict in self._weigh(asked, facts, hold))
        found = {v.rule.fault_id: v for v in weighed}
        return [found.get(r.fault_id) or Verdict(r, False, _aside(r)) for r in self.rules]

    async def strike(self, facts: Facts, kinds: frozenset[str]) -> Strike | None:
        """Return the rule with an effect of ``kinds`` that strikes this call, and count it."""
        if not self.rules:
            return None
        strike, counted = self.choose(facts, kinds)
        await self.save(counted)
        return strike

    def choose(self, facts: Facts, kinds: frozenset[str]) -> tuple[Strike | None, set[str]]:
        """Return the strike, and the ids of the rules whose counts are to be saved.

        The counts change in the same step of the loop that chooses, so that a rule of ``times`` n
        strikes n calls however many come at once (R-3).
        """
        waits: dict[str, int] = {}
        now_ms = _monotonic_ms()

        def hold(rule: FaultRule) -> str | None:
            quota = self._quota(rule)
            wait_ms = 0 if quota is None else quota.take(_key(rule, facts), now_ms)
            waits[rule.fault_id] = wait_ms
            return _passes(quota is None or wait_ms > 0)

        rules = [rule for rule in self.rules if rule.kind in kinds]
        verdicts = [each for each in self._weigh(rules, facts, hold) if each.matches]
        counted = {verdict.rule.fault_id: _counted(verdict) for verdict in verdicts}
        self.rules = tuple(counted.get(rule.fault_id, rule) for rule in self.rules)
        if len(live := self.list_live()) < len(self.rules):
            self._set(tuple(live))
        struck = next((verdict.rule for verdict in verdicts if verdict.why_not is None), None)
        if struck is None:
            return None, set(counted)
        draws = draw(self._seed, "effect", struck.stream, struck.seen)
        return Strike(struck, draws, waits[struck.fault_id]), set(counted)

    async def save(self, counted: set[str]) -> None:
        """Write the counts as they stand by now: another call may have counted meanwhile."""
        if counted:
            async with self._database.transaction(counts=False) as db:
                rules = [rule for rule in self.rules if rule.fault_id in counted]
                await faults.save_counts(db, rules)

    async def count(self, fault_id: str) -> None:
        """Count a strike that needed no choice: somebody came to a listener of the rule's own."""
        self.rules = tuple(
            replace(rule, seen=rule.seen + 1, struck=rule.struck + 1)
            if rule.fault_id == fault_id
            else rule
            for rule in self.rules
        )
        await self.save({fault_id})

    # What becomes of accepted requests

    async def strike_result(
        self, db: Transaction, rules: list[FaultRule], facts: Facts, at: Instant
    ) -> FaultRule | None:
        """Return which of ``rules`` decides about a request, and count it with its transaction."""
        calendar = self.calendar()
        verdicts = weigh(rules, facts, self._dice, machine_now(), world_now=at, calendar=calendar)
        counted = {v.rule.fault_id: _counted(v) for v in verdicts if v.matches}
        if counted:
            self.rules = tuple(counted.get(rule.fault_id, rule) for rule in self.rules)
            await faults.save_counts(db, list(counted.values()))
        strikes = (v.rule for v in verdicts if v.matches and v.why_not is None)
        return next(strikes, None)

    @contextmanager
    def tentative(self, stage: str = RESULT) -> Iterator[None]:
        """Take the counts of a stage back where the block fails: so does its transaction."""
        before = {rule.fault_id: rule for rule in self.rules if rule.stage == stage}
        try:
            yield
        except BaseException:  # cancellation too
            self.rules = tuple(before.get(rule.fault_id, rule) for rule in self.rules)
            raise

    def is_live(self, fault_id: str) -> bool:
        return any(rule.fault_id == fault_id for rule in self.list_live())

    async def hang(self, fault_id: str, wait_ms: int | None, is_there: Callable[[], bool]) -> bool:
        """Wait, for ever with None; return True where the time is over.

        False: the rule went first, or the caller did (``is_there``).
        """
        until_s = None if wait_ms is None else monotonic_s() + wait_ms / 1000
        while self.is_live(fault_id) and is_there():
            left_s = LOOK_S if until_s is None else until_s - monotonic_s()
            if left_s <= 0:
                return True
            with suppress(TimeoutError):
                async with asyncio.timeout(min(left_s, LOOK_S)):
                    await self._changed.wait()
        return False

    def _weigh(
        self, rules: list[FaultRule] | tuple[FaultRule, ...], facts: Facts, hold: Any
    ) -> list[Verdict]:
        now, calendar = self._now(), self.calendar()
        return weigh(
            rules, facts, self._dice, machine_now(), world_now=now, calendar=calendar, hold=hold
        )

    def _timed(self, verdict: Verdict) -> Verdict:
        """Return a verdict that says, of a closed window, when it opens."""
        if verdict.why_not != OUTSIDE:
            return verdict
        when = verdict.rule.opens_next(self._now(), machine_now(), self.calendar())
        return replace(verdict, why_not=f"{OUTSIDE} {when}")

    def _dice(self, rule: FaultRule) -> float:
        """Return the rule's draw of its next call: same seed and calls, same faults."""
        if rule.probability >= 1:
            return 0.0
        return draw(self._seed, "fault", rule.stream, rule.seen).random()

    def _quota(self, rule: FaultRule) -> Quota | None:
        if rule.fault_id not in self._quotas and (quota := quota_of(rule.effect)) is not None:
            self._quotas[rule.fault_id] = quota
        return self._quotas.get(rule.fault_id)


def _counted(verdict: Verdict) -> FaultRule:
    is_struck = verdict.why_not is None
    rule = verdict.rule
    return replace(rule, seen=rule.seen + 1, struck=rule.struck + is_struck)


def _family(rule: FaultRule) -> str | None:
    """Return the stage of what is no call; None: it strikes calls."""
    return rule.stage if rule.stage in _STRIKES else None


def _aside(rule: FaultRule) -> str:
    if rule.kind == "tls":
        return "it has a listener of its own"
    return _STRIKES.get(rule.stage, "it strikes calls")


def _passes(is_used_up: bool) -> str | None:
    return None if is_used_up else "its quota is not used up"


def _key(rule: FaultRule, facts: Facts) -> str:
    if "until" in rule.effect:
        return " ".join(str(facts.get(name)) for name in ("address", "method", "path"))
    name = rule.effect.get("key", "client_id")
    return "" if name == "everyone" else str(facts.get(name))


def _monotonic_ms() -> int:
    return int(monotonic_s() * 1000)
