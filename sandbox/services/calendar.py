"""The bank's calendar from the national holidays of Japan, substitutes included.

They are a file (fixtures/holidays/japan.json, written by scripts/holidays): the package that works
them out takes 45 ms of CPU to import, and of the same seed two worlds shall have the same holidays,
whichever version of a package is about.

How far it can be trusted: the two equinox days are fixed by the observatory each February for the
following year. Later ones here are calculated, and a law may move or add a holiday. That is why
the default horizon ends five years ahead.
"""

from datetime import date
from functools import cache, lru_cache

import orjson

from sandbox.domain.calendar import BankCalendar
from sandbox.domain.errors import CalendarHorizon
from sandbox.resources import data_root

YEARS_BACK, YEARS_AHEAD = 3, 5
# The law of 1948 stands at one end; at the other the formula of the equinox days does.
FIRST_KNOWN_YEAR, LAST_KNOWN_YEAR = 1949, 2099


@lru_cache(maxsize=32)
def japanese_calendar(first_year: int, last_year: int) -> BankCalendar:
    """Return the calendar of whole years, both included.

    Raises ``CalendarHorizon`` for years outside 1949 to 2099.
    """
    if not FIRST_KNOWN_YEAR <= first_year <= last_year <= LAST_KNOWN_YEAR:
        raise CalendarHorizon(
            f"no holidays are known for {first_year} to {last_year}, "
            f"only for {FIRST_KNOWN_YEAR} to {LAST_KNOWN_YEAR}"
        )
    return BankCalendar(
        holidays=frozenset(
            date.fromisoformat(f"{year}-{day}")
            for year in range(first_year, last_year + 1)
            for day in _holidays()[str(year)]
        ),
        first=date(first_year, 1, 1),
        last=date(last_year, 12, 31),
    )


def calendar_around(day: date) -> BankCalendar:
    """Return the calendar of a world that starts on ``day``: three years back, five ahead."""
    return japanese_calendar(
        max(FIRST_KNOWN_YEAR, day.year - YEARS_BACK), min(LAST_KNOWN_YEAR, day.year + YEARS_AHEAD)
    )


@cache
def _holidays() -> dict[str, list[str]]:
    """Return the holidays of each year as ``MM-DD``."""
    file = data_root().joinpath("fixtures", "holidays", "japan.json")
    years: dict[str, list[str]] = orjson.loads(file.read_bytes())["years"]
    return years
