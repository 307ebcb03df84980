"""Dates of the Japanese calendar (和暦), as the 200-byte files write them: YYMMDD.

YY is the year of the era. The era itself is not written, so reading needs to know which day the
date cannot be later than.
"""

from datetime import date

# 令和, 平成, 昭和
ERA_STARTS = (date(2019, 5, 1), date(1989, 1, 8), date(1926, 12, 25))
_LAST_YEAR = 99


def era_yymmdd(day: date) -> str:
    """Return ``day`` as six digits.

    Raises:
        ValueError: before 昭和, or later than the 99th year of the last era.
    """
    for start in ERA_STARTS:
        if day >= start:
            year = day.year - start.year + 1
            if year > _LAST_YEAR:
                break
            return f"{year:02}{day:%m%d}"
    raise ValueError(f"{day} has no two-digit year of an era")


def day_of_era(yymmdd: str, *, latest: date) -> date | None:
    """Return the last day not after ``latest`` that is written so; None if there is none."""
    year, month, day = int(yymmdd[:2]), int(yymmdd[2:4]), int(yymmdd[4:])
    for start in ERA_STARTS:
        try:
            found = date(start.year + year - 1, month, day)
        except ValueError:
            continue
        if found <= latest and era_of(found) == start and year > 0:
            return found
    return None


def era_of(day: date) -> date | None:
    """Return the first day of the era that ``day`` is in."""
    return next((start for start in ERA_STARTS if day >= start), None)
