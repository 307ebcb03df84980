"""What the server has acknowledged, and what therefore must be true of it later.

Time is the bank's, in seconds. A moment is known between two bounds: the latest that had been heard
of when the call was sent, and the ``Date`` of its answer. What lies between may be either way.
"""

from collections import Counter
from dataclasses import dataclass, field

MINUTE, DAY = 60.0, 86_400.0
ACCESS = 30 * MINUTE
# bank → lifetime of a refresh token, and whether a refresh begins it again (docs/configuration.md)
REFRESH = {"tomato": (30 * DAY, True), "web21": (90 * DAY, False)}
GRANT = 90 * DAY
MOST_COMPLAINTS = 20


@dataclass(frozen=True, slots=True)
class Span:
    """The moment of something: not before ``low``, not after ``high``."""

    low: float
    high: float

    def after(self, seconds: float) -> "Span":
        return Span(self.low + seconds, self.high + seconds)

    def or_sooner(self, other: "Span") -> "Span":
        return Span(min(self.low, other.low), min(self.high, other.high))

    def is_ahead(self, now: "Span") -> bool | None:
        """Whether it had not come yet at ``now``; None: it cannot be told."""
        if now.high < self.low:
            return True
        return False if now.low >= self.high else None


@dataclass(slots=True)
class Grant:
    """One consent and its tokens of the moment."""

    role: str
    bank: str
    client_id: str
    access: str
    refresh: str
    access_ends: Span
    refresh_ends: Span
    ends: Span
    is_ended: bool = False
    replaced: tuple[str, str] | None = None  # the tokens before these

    def alive(self, kind: str, now: Span) -> bool | None:
        """Whether its token of this kind works at ``now``; None: it cannot be told."""
        if self.is_ended:
            return False
        return (self.access_ends if kind == "access" else self.refresh_ends).is_ahead(now)

    def renew(self, access: str, refresh: str, at: Span) -> None:
        lifetime, slides = REFRESH[self.bank]
        self.replaced = self.access, self.refresh
        self.access, self.refresh = access, refresh
        self.access_ends = at.after(ACCESS).or_sooner(self.ends)
        if slides:
            self.refresh_ends = at.after(lifetime).or_sooner(self.ends)

    @classmethod
    def made(
        cls, role: str, bank: str, client_id: str, tokens: dict[str, str], at: Span
    ) -> "Grant":
        """``at``: from the consent to the answer with the tokens."""
        ends = at.after(GRANT)
        return cls(
            role=role,
            bank=bank,
            client_id=client_id,
            access=tokens["access_token"],
            refresh=tokens["refresh_token"],
            access_ends=at.after(ACCESS).or_sooner(ends),
            refresh_ends=at.after(REFRESH[bank][0]).or_sooner(ends),
            ends=ends,
        )


# What was done to a request → what it may be while that can still change by itself, and after.
STAGES = {
    "registered": ({"awaiting_approval"}, {"expired", "deleted"}),  # until the cut-off
    "approved": ({"accepted", "reserved"}, {"settled"}),  # until 08:00 of its day
    "withdrawn": ({"pulled_back"}, {"pulled_back", "deleted"}),
    "returned": ({"returned"}, {"returned", "deleted"}),
}


@dataclass(slots=True)
class Order:
    """One transfer request."""

    transaction_id: str
    total_yen: int
    item_count: int
    stage: str = "registered"

    def statuses(self, turns: Span, now: Span) -> set[str]:
        """``turns``: when the clock changes it (cut-off, settlement)."""
        before, after = STAGES[self.stage]
        is_ahead = turns.is_ahead(now)
        return before | after if is_ahead is None else before if is_ahead else after


@dataclass(slots=True)
class Record:
    """Everything acknowledged, and everything that went otherwise."""

    grants: list[Grant] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    deposits_yen: list[int] = field(default_factory=list)
    worlds: set[str] = field(default_factory=set)
    acts: Counter[str] = field(default_factory=Counter)
    complaints: list[str] = field(default_factory=list)
    complained: int = 0

    def complain(self, what: str) -> None:
        self.complained += 1
        if len(self.complaints) < MOST_COMPLAINTS:
            self.complaints.append(what[:500])
