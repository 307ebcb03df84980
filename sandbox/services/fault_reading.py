"""What the books show under a fault rule of stage ``read`` (F-37). The books themselves stay."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from sandbox.domain.account import Account, Line
from sandbox.domain.duration import parse_duration
from sandbox.domain.time import DAY, Instant, at, jst_date, midnight
from sandbox.services.accounts import Statement
from sandbox.services.world import World
from sandbox.storage import accounts

MOST_LINES = 1_000_000
Effect = Mapping[str, Any]


async def statement_as_read(world: World, found: Statement, effect: Effect) -> Statement:
    """Return a statement as the struck caller reads it."""
    lines = found.lines
    match effect["kind"]:
        case "stale_read":
            then = world.now() - parse_duration(effect["lag"])
            kept = [line for line in lines if line.booked_at <= then]
            account = await account_as_read(world, found.account, effect)
            at = found.at if effect.get("lie") else then
            return replace(found, account=account, lines=kept, at=at)
        case "late_rows":
            then = world.now() - parse_duration(effect["lag"])
            return replace(found, lines=[line for line in lines if line.booked_at <= then])
        case "missing_rows":
            return replace(found, lines=_each(lines, effect, lambda _: ()))
        case "duplicate_rows":
            return replace(found, lines=_each(lines, effect, lambda line: (line, line)))
        case "redated_rows":
            shift = effect["days"] * DAY
            return replace(found, lines=_each(lines, effect, lambda line: (_moved(line, shift),)))
    return found


async def account_as_read(world: World, account: Account, effect: Effect) -> Account:
    """Return an account with the balances of ``lag`` ago; by another effect, as it is."""
    if effect["kind"] != "stale_read":
        return account
    now = world.now()
    then = now - parse_duration(effect["lag"])
    day_then, day_now = _closed_day(world, then), _closed_day(world, now)
    month_then = midnight(day_then.replace(day=1))
    since = await accounts.list_lines(
        world.database, account.account, start=month_then, end=_far(now), limit=MOST_LINES
    )

    def moved_yen(start: Instant, end: Instant) -> int:
        return sum(line.amount_yen for line in since if start <= line.booked_at < end)

    month_now = midnight(day_now.replace(day=1))
    return replace(
        account,
        balance_yen=account.balance_yen - moved_yen(then + 1, _far(now)),
        previous_day_yen=account.previous_day_yen
        - moved_yen(midnight(day_then), midnight(day_now)),
        previous_month_yen=account.previous_month_yen - moved_yen(month_then, month_now),
    )


def _closed_day(world: World, moment: Instant) -> date:
    """Return the day whose closing run was the last one by ``moment``."""
    day = jst_date(moment)
    is_closed = moment >= at(day, world.policies["tomato"].closing_run_at)
    return day if is_closed else day - timedelta(days=1)


def base_of(world: World, effect: Effect | None) -> Instant:
    """Return the moment that a balance is of: an honest base date says how old the books are."""
    if effect is None or effect["kind"] != "stale_read" or effect.get("lie"):
        return world.now()
    return world.now() - parse_duration(effect["lag"])


def _far(now: Instant) -> Instant:
    return now + DAY


def _moved(line: Line, shift: int) -> Line:
    return line._replace(booked_at=line.booked_at + shift)


def _each(
    lines: list[Line], effect: Effect, change: Callable[[Line], tuple[Line, ...]]
) -> list[Line]:
    """Return ``lines`` with those that the effect names changed."""
    chosen = set(effect.get("rows", ())) or {line.seq for line in lines[-effect["last"] :]}
    return [new for line in lines for new in (change(line) if line.seq in chosen else (line,))]
