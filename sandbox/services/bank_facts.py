"""What the services of a bank know of its profile, beside its policy."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sandbox.domain.corporate.contract import Service


@dataclass(frozen=True, slots=True, kw_only=True)
class BankFacts:
    """``base``: path of the APIs below the issuer; ``subject``: contractor id → ``sub``."""

    scopes: frozenset[str]
    base: str
    subject: Callable[[str], str]
    # By scope, where contractors hold service contracts of their own; empty: through providers.
    services: Mapping[str, Service] = field(default_factory=dict)
    has_hex_tokens: bool = False  # 32 hex digits, which leave no room for a world's tag
    population: int = 40  # generated contractors around the personas

    @property
    def has_contracts(self) -> bool:
        return bool(self.services)
