"""A posting (仕訳): legs on customers' accounts and on the bank's own books that sum to zero."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One line on a customer's account."""

    account: int
    amount_yen: int  # signed: deposits > 0
    content: str  # 取引内容, at most 20 characters
    abstract: str  # 摘要, half-width kana but for 振込資金返却, at most 48
    value_on: date  # 起算日
    customer_number: str | None = None
    status: int = 0  # a domain.account.LineStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    kind: str
    legs: tuple[Leg, ...]
    contra: tuple[tuple[str, int], ...] = ()  # (general ledger code, signed yen)

    def __post_init__(self) -> None:
        total = sum(leg.amount_yen for leg in self.legs) + sum(yen for _, yen in self.contra)
        if total != 0:
            raise ValueError(f"posting {self.kind} is off by {total} yen")
        if not self.legs:
            raise ValueError(f"posting {self.kind} touches no account")


def one_sided(kind: str, leg: Leg, gl_code: str) -> Posting:
    """Return the posting of one customer's line against one of the bank's own accounts."""
    return Posting(kind=kind, legs=(leg,), contra=((gl_code, -leg.amount_yen),))
