"""Whether a world's file from elsewhere may be taken in: sound, and its clock able to go on."""

from pathlib import Path

from sandbox.domain.errors import BankError
from sandbox.domain.oauth.grant import NEVER
from sandbox.domain.time import Instant, jst_date
from sandbox.services.calendar import calendar_around
from sandbox.storage.database import SchemaMismatch
from sandbox.storage.files import check_file, read_times


def check_world(path: Path) -> None:
    """Raise ``SchemaMismatch`` unless ``path`` is a sound, closed world whose clock can go on.

    A world that stands where its calendar ends, or whose times are no instants, would refuse all
    calls from then on, even the one that restores another snapshot.
    """
    check_file(path)
    times = read_times(path)
    if not all(isinstance(each, int) and 0 <= each < NEVER for each in times):
        raise SchemaMismatch("the times of the file are no instants")
    starts_at, clock_at = times[:2]
    if not _knows(starts_at, clock_at):
        raise SchemaMismatch("the clock of the file stands outside the calendar of its world")


def _knows(starts_at: Instant, at: Instant) -> bool:
    try:
        calendar = calendar_around(jst_date(starts_at))
    except (ValueError, BankError):  # it starts where nobody knows the holidays
        return False
    return calendar.first <= jst_date(at) <= calendar.last
