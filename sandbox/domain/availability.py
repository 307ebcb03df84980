"""When a bank's functions can be used: service hours, stops, and what has ended for good.

A stop (停止) is data: what it covers, from when to when, and what it says. Whether a call meets
an open bank is a pure function over the bank's rules.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sandbox.domain.api_class import ApiClass
from sandbox.domain.calendar import BankCalendar, Closure
from sandbox.domain.errors import BankError, CalendarHorizon, OutsideServiceHours
from sandbox.domain.hours import NEVER_OPENS, Hours, closed_until
from sandbox.domain.time import DAY, SECOND, Instant

_MOST_STEPS = 1_000
_SETS = ("classes", "operations", "functions")
_NAMES = ("client_id", "contractor_id", "account_id", "branch_code")


class StopKind(StrEnum):
    MAINTENANCE = "maintenance"  # 計画停止: its end is known, and may be overrun (T-35)
    OUTAGE = "outage"  # 予告のない停止: nobody is told when it ends (T-30)
    NARROW = "narrow"  # 連携の縮小: functions or fields are there no more (W-65)
    END = "end"  # 連携の終了 (T-37, W-65)


class ServiceStopped(BankError):
    """サービス停止中. ``is_page``: the bank answers with a page of HTML, as banks do."""

    def __init__(self, stop: "Stop", retry_after_s: int) -> None:
        super().__init__(f"the service is stopped: {stop.cause}")
        self.stop = stop
        self.retry_after_s = retry_after_s

    @property
    def is_page(self) -> bool:
        return self.stop.is_page


class LinkageEnded(BankError):
    """連携終了: this function, or all of them, will not come back."""

    def __init__(self, stop: "Stop") -> None:
        super().__init__("the linkage has ended")
        self.stop = stop


@dataclass(frozen=True, slots=True)
class Asked:
    """A call, as far as it is known yet. ``function``: balances, transactions (T-5)."""

    api_class: ApiClass
    operation: str = ""  # as the journal names it
    function: str | None = None
    client_id: str | None = None
    contractor_id: str | None = None
    account_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Which calls a stop covers: all of what is given must hold; nothing given: every call."""

    classes: frozenset[ApiClass] = frozenset()
    operations: frozenset[str] = frozenset()
    functions: frozenset[str] = frozenset()
    client_id: str | None = None
    contractor_id: str | None = None
    account_id: str | None = None
    branch_code: str | None = None

    @property
    def is_personal(self) -> bool:
        """True where only a call whose token is known can be covered."""
        named = (self.client_id, self.contractor_id, self.account_id, self.branch_code)
        return any(each is not None for each in named)

    @property
    def is_whole(self) -> bool:
        """True where no class, operation or function is left out."""
        return not (self.classes or self.operations or self.functions)

    @classmethod
    def of(cls, found: Mapping[str, Any]) -> "Scope":
        """Return the scope that ``fields`` wrote, or that somebody asks for in the same words."""
        return cls(
            classes=frozenset(map(ApiClass, found.get("classes", ()))),
            operations=frozenset(found.get("operations", ())),
            functions=frozenset(found.get("functions", ())),
            **{name: found.get(name) for name in _NAMES},
        )

    def fields(self) -> dict[str, Any]:
        """Return what this names, and nothing that it leaves open."""
        sets: dict[str, Any] = {name: sorted(getattr(self, name)) for name in _SETS}
        named = {name: getattr(self, name) for name in _NAMES}
        return {name: value for name, value in (sets | named).items() if value}

    def covers(self, asked: Asked) -> bool:
        return (
            (not self.classes or asked.api_class in self.classes)
            and (not self.operations or asked.operation in self.operations)
            and (not self.functions or asked.function in self.functions)
            and self.client_id in (None, asked.client_id)
            and self.contractor_id in (None, asked.contractor_id)
            and self.account_id in (None, asked.account_id)
            and self.branch_code in (None, branch_of(asked.account_id or ""))
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """``until_at`` None: until somebody takes it away. ``overrun_ms``: how much longer it takes.

    ``retry_after_s``: what callers are told where the end is not known. ``fields``: of a
    narrowing that takes fields out of the answers, and no function away. ``lapses``: the grants
    end with the linkage.
    """

    stop_id: str
    bank: str
    kind: StopKind
    scope: Scope
    from_at: Instant
    until_at: Instant | None = None
    overrun_ms: int = 0
    announced_at: Instant | None = None
    is_page: bool = False
    cause: str = "maintenance"
    retry_after_s: int = 300
    fields: frozenset[str] = frozenset()
    lapses: bool = False

    @property
    def is_final(self) -> bool:
        return self.kind in (StopKind.NARROW, StopKind.END)

    @property
    def is_whole_end(self) -> bool:
        """True where nothing of the bank's linkage is left, for anybody."""
        is_whole = self.scope.is_whole and not self.scope.is_personal
        return self.kind is StopKind.END and is_whole

    def is_over(self, instant: Instant) -> bool:
        return self.until_at is not None and instant >= self.until_at + self.overrun_ms

    def holds_at(self, instant: Instant) -> bool:
        return self.from_at <= instant and not self.is_over(instant)

    def told_end(self, now: Instant) -> Instant | None:
        """Return the end that the bank tells at ``now``; None: it tells none, or overran it."""
        is_told = self.kind is StopKind.MAINTENANCE and self.until_at is not None
        return self.until_at if is_told and now < (self.until_at or 0) else None

    def is_known(self, now: Instant) -> bool:
        """Tell whether callers can reckon with this stop: it holds, or is announced."""
        is_announced = self.announced_at is not None and self.announced_at <= now
        return self.holds_at(now) or (is_announced and not self.is_over(now))


@dataclass(frozen=True, slots=True, kw_only=True)
class HoursChange:
    """From ``effective_at`` on a class keeps these hours; before that, the ones before."""

    effective_at: Instant
    hours: Hours


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What may keep one bank closed. ``changes`` by class, oldest first."""

    default: Mapping[ApiClass, Hours]  # as the settings say
    changes: Mapping[ApiClass, tuple[HoursChange, ...]]
    stops: tuple[Stop, ...]

    @property
    def is_empty(self) -> bool:
        """True where the bank is always open: no call needs to ask then."""
        return not (any(self.default.values()) or self.changes or self.stops)

    def check(self, asked: Asked, now: Instant, calendar: BankCalendar) -> None:
        """Let a call pass, or refuse it.

        Raises:
            LinkageEnded: what it asks for has ended.
            ServiceStopped: a stop covers it.
            OutsideServiceHours: with the seconds to the next opening.
        """
        covering = [each for each in self.stops if not each.fields and each.scope.covers(asked)]
        held = [each for each in covering if each.holds_at(now)]
        for stop in held:
            if stop.is_final:
                raise LinkageEnded(stop)
        if held:
            raise ServiceStopped(held[0], self._wait_s(asked, now, calendar, covering))
        if self.closed_until(asked.api_class, now, calendar) is not None:
            wait_s = self._wait_s(asked, now, calendar, covering)
            raise OutsideServiceHours("outside service hours", wait_s)

    def check_personal(self, asked: Asked, now: Instant, calendar: BankCalendar) -> None:
        """Check again now that the caller is known, where some stop asks who it is."""
        if any(stop.scope.is_personal for stop in self.stops):
            self.check(asked, now, calendar)

    def closed_until(
        self, api_class: ApiClass, instant: Instant, calendar: BankCalendar
    ) -> Instant | None:
        """Return when the hours of a class may open next; None: they are open at ``instant``."""
        hours, following = self.default[api_class], NEVER_OPENS
        for change in self.changes.get(api_class, ()):
            if change.effective_at > instant:
                following = change.effective_at
                break
            hours = change.hours
        end = closed_until(hours, instant, lambda day: is_holiday(calendar, day))
        return None if end is None else min(end, following)

    def _wait_s(
        self, asked: Asked, now: Instant, calendar: BankCalendar, covering: list[Stop]
    ) -> int:
        """Return the seconds until the call may work, rounded up: as far as callers can know."""
        told = [(stop, stop.told_end(now)) for stop in covering if stop.is_known(now)]
        at = now
        for _ in range(_MOST_STEPS):
            held = [
                (stop, end)
                for stop, end in told
                if stop.from_at <= at and (end is None or at < end)
            ]
            closed = self.closed_until(asked.api_class, at, calendar)
            untold = [stop.retry_after_s for stop, end in held if end is None]
            if untold or closed == NEVER_OPENS:
                return _seconds(at - now) + max(untold, default=DAY // SECOND)
            ends = [end for _, end in held if end is not None]
            if not ends and closed is None:
                break
            at = max([*ends, closed or at])
        return _seconds(at - now)

    def without(self, asked: Asked, body: Any, now: Instant) -> Any:
        """Return an answer without the fields that were taken out of the linkage (W-65)."""
        names: set[str] = set()
        for stop in self.stops:
            if stop.fields and stop.holds_at(now) and stop.scope.covers(asked):
                names |= stop.fields
        return _stripped(body, names) if names else body


def branch_of(account_id: str) -> str:
    """Return the branch in an account's id: it begins the last sixteen digits of either bank's."""
    return account_id[-16:][:3]


def is_holiday(calendar: BankCalendar, day: Any) -> bool:
    """Tell whether the bank keeps its holiday hours; beyond the calendar nobody knows: no."""
    try:
        return calendar.closure(day) in (Closure.NATIONAL_HOLIDAY, Closure.YEAR_END)
    except CalendarHorizon:
        return False


def _seconds(duration_ms: int) -> int:
    return -(-duration_ms // SECOND)


def _stripped(body: Any, names: set[str]) -> Any:
    if isinstance(body, dict):
        return {key: _stripped(value, names) for key, value in body.items() if key not in names}
    if isinstance(body, list):
        return [_stripped(each, names) for each in body]
    return body
