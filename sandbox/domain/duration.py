"""Lengths of time as people write them: ``91d``, ``2h30m``, ``500ms``, ``P91D``, ``PT30M``.

Months and years are not among them, because they have no fixed length: whoever means the same
day of another month names the day (see ``sandbox.domain.moment``).
"""

import re

from sandbox.domain.time import DAY, HOUR, MINUTE, SECOND

WEEK = 7 * DAY
LONGEST = 36_525 * DAY  # 100 years
# Largest first: the order in which a length is written, and must be read.
UNITS_MS: dict[str, int] = {
    "w": WEEK,
    "d": DAY,
    "h": HOUR,
    "m": MINUTE,
    "s": SECOND,
    "ms": 1,
}
FORMS = "such as 91d, 2h30m, 45s, 500ms, 1w, P91D or PT30M"
_SHORT = re.compile("".join(rf"(?:(?P<{unit}>[0-9]{{1,15}}){unit}(?![a-z]))?" for unit in UNITS_MS))
_ISO = re.compile(
    r"P(?:(?P<w>[0-9]{1,15})W)?(?:(?P<d>[0-9]{1,15})D)?"
    r"(?:T(?:(?P<h>[0-9]{1,15})H)?(?:(?P<m>[0-9]{1,15})M)?"
    r"(?:(?P<s>[0-9]{1,15})(?:\.(?P<ms>[0-9]{1,3}))?S)?)?"
)
_CALENDAR_UNITS = re.compile(r"P[^T]*[YM].*")


def parse_duration(text: str) -> int:
    """Return the milliseconds that ``text`` says, from 0 to 100 years.

    The units of the short form come largest first and each at most once, in whole numbers; ISO
    8601 may have decimals in its seconds. Raises ``ValueError`` with a message for people.
    """
    given = text.strip()
    if given.startswith("-"):
        raise ValueError(f"{given!r} is negative: a length of time cannot be")
    if _CALENDAR_UNITS.fullmatch(given):
        raise ValueError(f"{given!r} has months or years, whose length varies: write days")
    parts = _parts(given)
    if not parts:
        raise ValueError(f"{given!r} is no length of time: write one {FORMS}")
    total_ms = sum(int(number) * UNITS_MS[unit] for unit, number in parts.items())
    if total_ms > LONGEST:
        raise ValueError(f"{given!r} is longer than 100 years")
    return total_ms


def _parts(given: str) -> dict[str, str]:
    if not given.isascii() or given.endswith("T"):
        return {}
    match = _ISO.fullmatch(given)
    if match is None:
        match = _SHORT.fullmatch(given)
    found = {unit: number for unit, number in match.groupdict().items() if number} if match else {}
    if given.startswith("P") and "ms" in found:
        found["ms"] = found["ms"].ljust(3, "0")  # .5 S is 500 ms
    return found
