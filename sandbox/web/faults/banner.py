"""The banner of live fault rules (R-2): whoever looks at a page knows that calls are being struck.

The pages run no script, so that it says how long each rule goes on at the moment of the page.
"""

from dataclasses import dataclass

from sandbox.clock import machine_now
from sandbox.domain.fault import FaultRule
from sandbox.domain.time import SECOND, Instant
from sandbox.services.world import World
from sandbox.web.profile import Profile

MOST_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One rule. ``left``: minutes and seconds until it ends by itself; None: it stays."""

    kind: str
    left: str | None
    struck: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Banner:
    """``lines``: the first few of ``count`` rules."""

    count: int
    lines: tuple[Line, ...]

    @property
    def others(self) -> int:
        return self.count - len(self.lines)


def banner_of(world: World | None, profile: Profile) -> Banner | None:
    """Return what a page of ``profile`` says of the world's rules; None: nothing.

    Nothing is said where the bank is to look like a real one (``strict_realism``).
    """
    if world is None or profile.policy.strict_realism or not world.faults.rules:
        return None
    rules = [rule for rule in world.faults.list_live() if not rule.is_spent]
    now = machine_now()
    lines = tuple(_line(rule, now) for rule in rules[:MOST_SHOWN])
    return Banner(count=len(rules), lines=lines) if rules else None


def _line(rule: FaultRule, now: Instant) -> Line:
    left = None if rule.ends_at is None else _spoken(rule.ends_at - now)
    return Line(kind=rule.kind, left=left, struck=rule.struck)


def _spoken(left_ms: int) -> str:
    """Return a time as 9:05, or as 1:00:00."""
    minutes, seconds = divmod(-(-left_ms // SECOND), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
