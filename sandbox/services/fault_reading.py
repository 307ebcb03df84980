"""What the books show under a fault rule of stage ``read`` (F-37). The books themselves stay."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from sandbox.domain.account import Account, Line
from sandbox.domain.duration import parse_duration
from sandbox.domain.time import DAY, Instant
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
    """Return an account with the balance of ``lag`` ago; by another effect, as it is."""
    if effect["kind"] != "stale_read":
        return account
    then = world.now() - parse_duration(effect["lag"])
    since = await accounts.list_lines(
        world.database, account.account, start=then + 1, end=_far(world.now()), limit=MOST_LINES
    )
    moved_yen = sum(line.amount_yen for line in since)
    return replace(account, balance_yen=account.balance_yen - moved_yen)


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
