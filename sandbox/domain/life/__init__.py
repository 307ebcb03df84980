"""Generated life: what happens on an account, day by day, drawn from the world's seed.

A day's movements depend on the seed, the account's story, the date, the calendar and the balance
the day starts with, and on nothing else. So the history that a world is seeded with and the days
that it lives afterwards come from the same place, and generating them in another order, or for
fewer accounts, changes none of them.
"""

from sandbox.domain.life.busy import BUSY_LINES, busy_days
from sandbox.domain.life.movement import Movement
from sandbox.domain.life.plan import movements_between, movements_on
from sandbox.domain.life.story import Life, LifeKind, Story, parse_story

__all__ = [
    "BUSY_LINES",
    "Life",
    "LifeKind",
    "Movement",
    "Story",
    "busy_days",
    "movements_between",
    "movements_on",
    "parse_story",
]
