"""What the services of a bank know of its profile, beside its policy."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sandbox.domain.corporate.contract import Service
from sandbox.domain.corporate.encryption import SealedFields


@dataclass(frozen=True, slots=True, kw_only=True)
class BankFacts:
    """``bank_code``: four digits; ``base``: path of the APIs below the issuer.

    ``subject``: contractor id → ``sub``.
    """

    bank_code: str
    scopes: frozenset[str]
    base: str
    subject: Callable[[str], str]
    # By scope, where contractors hold service contracts of their own; empty: through providers.
    services: Mapping[str, Service] = field(default_factory=dict)
    has_hex_tokens: bool = False  # 32 hex digits, which leave no room for a world's tag
    sealed: SealedFields = field(default_factory=SealedFields)  # where a client has encryption on
    population: int = 40  # generated contractors around the personas

    @property
    def has_contracts(self) -> bool:
        return bool(self.services)
