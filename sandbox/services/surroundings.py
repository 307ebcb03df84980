"""What worlds take from the process around them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.domain.persona import ReadyClient
from sandbox.domain.policy import BankPolicy
from sandbox.services.bank_facts import BankFacts
from sandbox.services.client_trust import ClientTrust
from sandbox.services.journal import Journal
from sandbox.services.population import load_clients
from sandbox.storage.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    directory: Path
    cache: Path | None
    policies: Mapping[str, BankPolicy]
    facts: Mapping[str, BankFacts]
    secret: Callable[[int], str]
    base_url: Callable[[], str]
    tls_base_url: Callable[[], str | None] = lambda: None
    client_trust: ClientTrust = field(default_factory=ClientTrust)
    most_worlds: int = 500
    most_open: int = 32
    idle_ms: int = 0  # 0: a world stays until somebody deletes it
    journal_rows: int = 10_000
    journal_body_bytes: int = 4096
    more_clients: Mapping[str, tuple[ReadyClient, ...]] = field(default_factory=dict)  # by bank

    def journal(self, database: Database, tag: str) -> Journal:
        """Return the journal of the world whose codes and tokens begin with ``tag``."""
        has_hex_tokens = {name for name, facts in self.facts.items() if facts.has_hex_tokens}
        return Journal(
            database,
            tag,
            most=self.journal_rows,
            body_bytes=self.journal_body_bytes,
            hex_banks=frozenset(has_hex_tokens),
        )

    @property
    def ready_clients(self) -> dict[str, tuple[ReadyClient, ...]]:
        """Return by bank the clients that every new world knows: fixtures and file."""
        more = self.more_clients
        return {bank: (*load_clients(bank), *more.get(bank, ())) for bank in self.policies}
