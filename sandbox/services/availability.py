"""What may keep the banks of one world closed, held in memory: every call asks it.

One process owns the world, so whoever changes the rows reads them in again at once. A bank that
is always open has no rules here, and costs a call one look into a dictionary.
"""

from collections.abc import Mapping
from functools import lru_cache

from sandbox.domain.api_class import ApiClass
from sandbox.domain.availability import HoursChange, Rules, Stop
from sandbox.domain.hours import Hours, parse_hours, parse_schedule
from sandbox.domain.policy import BankPolicy
from sandbox.domain.time import Instant
from sandbox.storage import calendar
from sandbox.storage.database import Reader


@lru_cache(maxsize=32)
def default_schedule(text: str) -> Mapping[ApiClass, Hours]:
    """Return the hours of a bank's setting; every world of the process has the same."""
    return parse_schedule(text)


class AvailabilityBook:
    """``rules`` by bank: of those banks that may be closed. ``stops``: also those that are over."""

    def __init__(self, policies: Mapping[str, BankPolicy]) -> None:
        self._defaults = {name: default_schedule(each.hours) for name, each in policies.items()}
        self.rules: dict[str, Rules] = {}
        self.stops: tuple[Stop, ...] = ()
        self._fill({})

    async def reload(self, db: Reader) -> None:
        """Read the rows anew: they changed, or the world's file was opened or exchanged."""
        changes: dict[str, dict[ApiClass, tuple[HoursChange, ...]]] = {}
        for bank, api_class, effective_at, written in await calendar.list_hours(db):
            if bank not in self._defaults:
                continue
            default = self._defaults[bank][api_class]
            hours = default if written is None else parse_hours(written)
            change = HoursChange(effective_at=effective_at, hours=hours)
            of_bank = changes.setdefault(bank, {})
            of_bank[api_class] = (*of_bank.get(api_class, ()), change)
        self.stops = tuple(await calendar.list_stops(db))
        self._fill(changes)

    def _fill(self, changes: Mapping[str, Mapping[ApiClass, tuple[HoursChange, ...]]]) -> None:
        found = {
            bank: Rules(
                default=default,
                changes=changes.get(bank, {}),
                stops=tuple(stop for stop in self.stops if stop.bank == bank),
            )
            for bank, default in self._defaults.items()
        }
        self.rules = {bank: rules for bank, rules in found.items() if not rules.is_empty}

    def rules_of(self, bank: str) -> Rules:
        """Return a bank's rules, also where it is always open."""
        empty = Rules(default=self._defaults[bank], changes={}, stops=())
        return self.rules.get(bank, empty)

    def find(self, stop_id: str) -> Stop | None:
        return next((stop for stop in self.stops if stop.stop_id == stop_id), None)

    def ended_at(self, bank: str, now: Instant) -> Instant | None:
        """Return since when all linkage with a bank has ended; None while it goes on (T-38)."""
        ends = [
            stop.from_at
            for stop in self.stops
            if stop.bank == bank and stop.is_whole_end and stop.holds_at(now)
        ]
        return min(ends, default=None)
