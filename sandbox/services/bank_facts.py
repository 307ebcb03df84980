"""What the services of a bank know of its profile, beside its policy."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class BankFacts:
    """``base``: path of the APIs below the issuer; ``subject``: contractor id → ``sub``."""

    scopes: frozenset[str]
    base: str
    subject: Callable[[str], str]
