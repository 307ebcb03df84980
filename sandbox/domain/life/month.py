"""One account's month: its dates and its draws. Everything that recurs, recurs by month.

A habit draws from a generator of its own for each month, so a new habit, or one more draw in an
old one, moves nothing outside that habit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import blake2b

from sandbox.chance import Draw, draw
from sandbox.domain.life.dates import Dates, Day
from sandbox.domain.life.story import Life
from sandbox.domain.time import HOUR, SECOND


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    seed: int
    life: Life
    dates: Dates

    def dice(self, habit: str) -> Draw:
        """Return the generator of ``habit`` in this month."""
        first = self.dates.first
        return draw(self.seed, "life", self.life.key, habit, first.year, first.month)

    def lasting(self, habit: str) -> tuple[float, float]:
        """Draw two numbers in [0, 1) that stay the same through the account's life."""
        return two_numbers(self.seed, self.life.key, habit)

    def passing(self, habit: str, period: date | None = None) -> tuple[float, float]:
        """Draw two numbers in [0, 1) for the month of ``period`` (default: this one)."""
        period = period or self.dates.first
        return two_numbers(self.seed, self.life.key, f"{habit} {period.year}-{period.month}")


def two_numbers(seed: int, key: str, what: str) -> tuple[float, float]:
    """Draw two numbers in [0, 1). A fifth of the price of a generator, which could give more."""
    digest = blake2b(f"{seed}\x1flife\x1f{key}\x1f{what}".encode(), digest_size=12).digest()
    number = int.from_bytes(digest, "big")
    return (number >> 48) / 2**48, (number & 0xFFFF_FFFF_FFFF) / 2**48


def any_day(dice: Draw, days: Sequence[Day]) -> Day:
    return days[int(dice.random() * len(days))]


def time_of(moment: float, from_hour: int, to_hour: int) -> int:
    """Return the time of day that ``moment`` in [0, 1) falls on, as ``clock_time`` does."""
    return from_hour * HOUR + int(moment * (to_hour - from_hour) * 3600) * SECOND


def clock_time(dice: Draw, from_hour: int, to_hour: int) -> int:
    """Draw a time of day, in milliseconds after midnight, to the second."""
    return from_hour * HOUR + int(dice.random() * (to_hour - from_hour) * 3600) * SECOND


def between(dice: Draw, low: int, high: int, step: int = 1) -> int:
    """Draw from ``low`` to ``high``, both included, in steps."""
    return low + int(dice.random() * ((high - low) // step + 1)) * step


def permille(dice: Draw, whole_yen: int, low: int, high: int) -> int:
    """Draw an amount between ``low`` and ``high`` thousandths of ``whole_yen``."""
    return share_of(whole_yen, dice.random(), low, high)


def share_of(whole_yen: int, size: float, low: int, high: int) -> int:
    """Return ``low`` to ``high`` thousandths of ``whole_yen``, as ``size`` in [0, 1) says."""
    return int(whole_yen * (low + size * (high - low))) // 1000


def pick(dice: Draw, pool: Sequence[str]) -> str:
    return pool[int(dice.random() * len(pool))]
