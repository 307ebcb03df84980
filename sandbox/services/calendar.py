"""The bank's calendar from the national holidays of Japan, substitutes included.

How far it can be trusted: the two equinox days are fixed by the observatory each February for the
following year. Later ones here are calculated, and a law may move or add a holiday. That is why
the default horizon ends five years ahead.
"""

from collections.abc import Callable, Iterable
from datetime import date
from functools import cache, lru_cache
from importlib import import_module
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TypeAlias, cast

from sandbox.domain.calendar import BankCalendar
from sandbox.domain.errors import CalendarHorizon

YEARS_BACK, YEARS_AHEAD = 3, 5
# The law of 1948 stands at one end; at the other the formula of the equinox days does.
FIRST_KNOWN_YEAR, LAST_KNOWN_YEAR = 1949, 2099

HolidaysOfYears: TypeAlias = Callable[..., Iterable[date]]


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
        holidays=frozenset(_japan()(years=range(first_year, last_year + 1))),
        first=date(first_year, 1, 1),
        last=date(last_year, 12, 31),
    )


def calendar_around(day: date) -> BankCalendar:
    """Return the calendar of a world that starts on ``day``: three years back, five ahead."""
    return japanese_calendar(
        max(FIRST_KNOWN_YEAR, day.year - YEARS_BACK), min(LAST_KNOWN_YEAR, day.year + YEARS_AHEAD)
    )


@cache
def _japan() -> HolidaysOfYears:
    # Importing holidays.countries.japan imports its package, and that all 250 countries: 125 ms of
    # CPU. The one file by itself costs 30.
    try:
        return load_alone("holidays", "countries/japan.py", "Japan")
    except (ImportError, OSError, AttributeError):
        return cast(HolidaysOfYears, import_module("holidays.countries.japan").Japan)


def load_alone(package: str, file: str, name: str) -> HolidaysOfYears:
    """Run one file of an installed package without the packages between; return its ``name``.

    Raises ``ImportError``, ``OSError`` or ``AttributeError`` where the package is laid out
    in another way.
    """
    found = find_spec(package)
    if found is None or found.origin is None:
        raise ImportError(f"{package} is not installed as files")
    path = Path(found.origin).with_name(file.split("/")[0]).joinpath(*file.split("/")[1:])
    spec = spec_from_file_location(f"{package}_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} cannot be imported")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return cast(HolidaysOfYears, getattr(module, name))
