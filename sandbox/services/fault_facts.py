"""What a fault rule may match that is not in the call itself: the day, the hour, the branch."""

from sandbox.domain.fault import FaultRule
from sandbox.domain.fault_window import day_type_of
from sandbox.domain.time import HOUR, Instant, jst_date, midnight
from sandbox.services.world import World
from sandbox.storage import accounts

# 時間帯: the counters (窓口) are open from 9 to 15.
PHASES = ((6, "night"), (9, "early"), (15, "counter"), (21, "evening"), (24, "late"))


def day_type(world: World, now: Instant | None = None) -> str | None:
    """Return ``business_day``, or why the bank is closed that day; None: nobody knows yet."""
    return day_type_of(jst_date(world.now() if now is None else now), world.calendar)


def hour_phase(world: World, at: Instant | None = None) -> str:
    now = world.now() if at is None else at
    hour = (now - midnight(jst_date(now))) // HOUR
    return next(name for until, name in PHASES if hour < until)


async def branch_code(world: World, account_id: str) -> str | None:
    """Return the branch of an account, whoever asks: nobody is told."""
    found = await accounts.find_by_account_id(world.database, account_id)
    return None if found is None else found.branch_code


def wanted_of(rules: tuple[FaultRule, ...]) -> frozenset[str]:
    """Return the facts that any of ``rules`` asks for, by match or by quota."""
    keys = {key for rule in rules for key in rule.match}
    return frozenset(keys | {str(rule.effect.get("key", "client_id")) for rule in rules})
