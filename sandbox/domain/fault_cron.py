"""Cron expressions of fault windows: minute, hour, day, month, weekday, read in Tokyo.

What ``cronsim`` takes is taken: names (``fri``), ``*/5``, ``L`` (the month's last day), ``LW``,
``5L``, ``mon#2``. Where day and weekday are both given, either of them will do, as in every cron.
"""

from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from sandbox.domain.duration import parse_duration
from sandbox.domain.time import DAY, JST, MINUTE, Instant, instant_of, jst

if TYPE_CHECKING:
    from cronsim import CronSim

FIELDS = 5
LONGEST_MS = 31 * DAY
FORMS = "five fields, minute hour day month weekday, such as 0 22 * * fri"
_SOME_MOMENT: Instant = 946_652_400_000  # 2000-01-01 00:00
_MINUTE = timedelta(minutes=1)


def parse_cron(given: str) -> str:
    """Return a sound expression, which begins now and then. Raises ``ValueError`` for people."""
    from cronsim import CronSimError

    if not given.isascii() or len(given.split()) != FIELDS:
        raise ValueError(f"cron: {given!r} is no cron expression: write {FORMS}")
    text = " ".join(given.split())
    try:
        found = first_after(text, _SOME_MOMENT)
    except CronSimError as error:
        what = str(error).removeprefix("Bad ")
        raise ValueError(f"cron: {given!r}: there is no such {what}: write {FORMS}") from error
    if found is None:
        raise ValueError(f"cron: {given!r} names a day that never comes")
    return text


def parse_length(given: str) -> int:
    """Return how long such a window is open. Raises ``ValueError`` for people."""
    try:
        found = parse_duration(given)
    except ValueError as error:
        raise ValueError(f"duration: {error}") from error
    if not 0 < found <= LONGEST_MS:
        raise ValueError(f"duration: {given!r} is not above 0 and up to 31d")
    return found


def first_after(text: str, instant: Instant) -> Instant | None:
    """Return when ``text`` next begins, later than ``instant``; None: not within fifty years."""
    return _next(text, instant // MINUTE)


def last_until(text: str, instant: Instant) -> Instant | None:
    """Return when ``text`` last began, at ``instant`` at the latest; None: not in fifty years."""
    return _previous(text, instant // MINUTE)


# Asked by every call that a rule matches, and the same for a minute.


@lru_cache(maxsize=1024)
def _next(text: str, minute: int) -> Instant | None:
    return _step(_simulated(text, _naive(minute)))


@lru_cache(maxsize=1024)
def _previous(text: str, minute: int) -> Instant | None:
    return _step(_simulated(text, _naive(minute) + _MINUTE, is_back=True))


def _simulated(text: str, start: datetime, *, is_back: bool = False) -> "CronSim":
    from cronsim import CronSim

    return CronSim(text, start, reverse=is_back)


def _step(steps: "CronSim") -> Instant | None:
    found = next(steps, None)
    return None if found is None else instant_of(found.replace(tzinfo=JST))


def _naive(minute: int) -> datetime:
    return jst(minute * MINUTE).replace(tzinfo=None)
