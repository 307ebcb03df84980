"""忙しい口座: a hundred thousand lines, written when somebody first asks for them.

Every day ends with a sweep that takes out what came in. So the account's balances are the same
before and after its history has been written, and the lines kept free for it are all it needs.
"""

from collections.abc import Iterator
from datetime import date, timedelta

from sandbox.chance import draw
from sandbox.domain.life.dates import Day
from sandbox.domain.life.month import between, clock_time
from sandbox.domain.life.movement import Movement, single
from sandbox.domain.time import HOUR, midnight

BUSY_LINES = 100_000  # the opening line included
BUSY_GL_CODE = "on_demand"
_RUSH_DAY = 25
_SWEEP_AT = 23 * HOUR


def busy_days(seed: int, key: str, first: date, last: date) -> Iterator[list[Movement]]:
    """Yield each day's movements from ``first`` to ``last``, ``BUSY_LINES`` less one together."""
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    shares = [2 if day.day == _RUSH_DAY else 1 for day in days]
    left, shares_left = BUSY_LINES - 1, sum(shares)
    for day, share in zip(days, shares, strict=True):
        count = left * share // shares_left
        left, shares_left = left - count, shares_left - share
        yield _day(seed, key, day, count)


def _day(seed: int, key: str, on: date, count: int) -> list[Movement]:
    dice, day = draw(seed, "busy", key, on), Day(on, midnight(on))
    times = sorted(clock_time(dice, 7, 23) for _ in range(count - 1))
    amounts = [between(dice, 100, 5_000, 10) for _ in times]
    receipts = [
        single(day, time_ms, amount, "入金", f"ｹﾂｻｲ {turn:04d}", BUSY_GL_CODE)[0]
        for turn, (time_ms, amount) in enumerate(zip(times, amounts, strict=True), start=1)
    ]
    sweep = single(day, _SWEEP_AT, -sum(amounts), "振替", "ｼﾕｳｹﾝ", BUSY_GL_CODE)
    return [*receipts, *sweep]
