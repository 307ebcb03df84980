"""A world (世界): one bank universe. Its database, its clock and its policies, opened together."""

import asyncio
from base64 import urlsafe_b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sandbox.clock import Clock
from sandbox.domain.calendar import BankCalendar
from sandbox.domain.persona import ReadyClient
from sandbox.domain.policy import BankPolicy
from sandbox.domain.time import Instant
from sandbox.services.availability import AvailabilityBook
from sandbox.services.client_index import ClientIndex
from sandbox.services.client_trust import ClientTrust
from sandbox.services.faults import FaultBook
from sandbox.services.journal import Journal
from sandbox.services.told import Told
from sandbox.storage.database import Database
from sandbox.storage.world import WorldRow

DEFAULT_WORLD = "default"
TAG_LENGTH = 8


@dataclass(slots=True)
class World:
    """What every service of one world shares.

    ``next_due_at`` caches when the agenda next has work, so that a call asks an integer and not
    the database whether something fell due.
    """

    name: str
    tag: str
    seed: int
    starts_at: Instant
    database: Database
    journal: Journal
    clock: Clock
    faults: FaultBook
    availability: AvailabilityBook
    calendar: BankCalendar
    policies: Mapping[str, BankPolicy]
    secret: Callable[[int], str]
    base_url: Callable[[], str]
    tls_base_url: Callable[[], str | None]  # None: TLS is off
    client_trust: ClientTrust
    client_index: ClientIndex
    ready_clients: Mapping[str, tuple[ReadyClient, ...]]  # by bank: every new world knows them
    personas: frozenset[str] | None = None  # those that live here; None: all of the bank's
    told: Told = field(default_factory=Told)
    next_due_at: Instant | None = None
    users: int = 0  # requests under way: a world in use is not closed
    used_at_s: float = 0.0  # monotonic
    agenda_lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    snapshot_lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    clock_lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    def __post_init__(self) -> None:
        self.faults.calendar = lambda: self.calendar

    def now(self) -> Instant:
        return self.clock.now()

    @property
    def prefix(self) -> str:
        """The path in front of every address of this world; empty for the default one."""
        return "" if self.name == DEFAULT_WORLD else f"/w/{self.name}"

    def issuer(self, bank: str) -> str:
        return f"{self.base_url()}{self.prefix}/{bank}"

    def new_id(self) -> str:
        """Return the id of something that people name on a command line: it begins with no dash."""
        return f"g{self.secret(12)}"

    def new_bytes(self, count: int) -> bytes:
        """Return random bytes, for keys and nonces."""
        text = self.secret(count)
        return urlsafe_b64decode(text + "=" * (-len(text) % 4))

    def new_secret(self, *, is_hex: bool = False) -> str:
        """Return a token: the world's tag, then 256 random bits (URL-safe, 51 characters).

        ``is_hex``: 128 random bits alone, as 32 hex digits, for a bank whose wire fixes that.
        """
        if is_hex:
            return self.new_bytes(16).hex()
        return self.tag + self.secret(32)


def row_of(world: World, agenda_done_at: Instant) -> WorldRow:
    state = world.clock.state
    return WorldRow(
        name=world.name,
        tag=world.tag,
        seed=world.seed,
        starts_at=world.starts_at,
        version=1,
        clock_mode=state.mode.value,
        clock_at=state.at,
        clock_anchor=state.anchor,
        clock_rate=state.rate,
        agenda_done_at=agenda_done_at,
        start_mode=state.mode.value,
        start_rate=state.rate,
        personas=None if world.personas is None else " ".join(sorted(world.personas)),
    )
