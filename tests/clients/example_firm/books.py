"""What the firm's server keeps: links of its users, payments, balances, lines of statements."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

ACCEPTED = {"30", "31"}
PAID, UNABLE = "2", "3"
# 取引状態 of the bank as the firm's people read it; 40 is for the items to tell.
STATES = {
    "01": "saved",
    **dict.fromkeys(("10", "11", "12"), "waiting"),
    **dict.fromkeys(("20", "21", "22"), "taken_back"),
    **dict.fromkeys(ACCEPTED, "accepted"),
    "50": "failed",
    "60": "expired",
    "70": "deleted",
}


@dataclass
class Payment:
    """``id`` is the firm's own, ``key`` of one decision to pay. ``unable``: items not paid."""

    id: str
    items: list[dict[str, Any]]
    day: str
    user: str
    state: str = "new"
    key: str = ""
    transaction_id: str | None = None
    error: str | None = None
    unable: list[str] = field(default_factory=list)

    def learn(self, detail: dict[str, Any]) -> None:
        """Take in what the bank says of it."""
        self.transaction_id = detail["transaction_id"]
        status = detail["transaction_status"]
        if status != "40":
            self.state = STATES[status]
            return
        items = detail.get("fixed_request_data", {}).get("transactions", ())
        found = {
            each["item_id"]: UNABLE if "unable_reason" in each else each["item_status"]
            for each in items
        }
        self.unable = sorted(name for name, state in found.items() if state == UNABLE)
        if found and all(state == PAID for state in found.values()):
            self.state = "paid"
        else:
            self.state = "partly_paid" if PAID in found.values() else "unable"

    @property
    def is_shown_as_paid(self) -> bool:
        return self.state in ("paid", "partly_paid")

    def shown(self) -> dict[str, Any]:
        return asdict(self)


@dataclass
class Account:
    """``as_of``: the day the balance is of. ``is_current``: that was the bank's today."""

    balance_yen: int
    as_of: str
    is_current: bool
    since: str
    until: str
    lines: list[dict[str, Any]]

    def net_yen(self, day: str) -> int:
        """Return deposits less withdrawals of the period, by ``transaction_date`` or another."""
        return sum(signed(line) for line in self.lines if self.since <= line[day] <= self.until)

    def shown(self) -> dict[str, Any]:
        kept = {name: value for name, value in asdict(self).items() if name != "lines"}
        sides = (("debits", "withdrawal_amount"), ("credits", "deposit_amount"))
        found = {name: tally(line.get(side) for line in self.lines) for name, side in sides}
        return {**kept, **found}


def signed(line: dict[str, Any]) -> int:
    """Return a line's amount; only one of the two is there."""
    return int(line.get("deposit_amount", 0)) - int(line.get("withdrawal_amount", 0))


def tally(amounts: Iterable[int | None]) -> dict[str, int]:
    """Return how often each amount is there."""
    found: dict[str, int] = {}
    for amount in amounts:
        if amount is not None:
            found[str(amount)] = found.get(str(amount), 0) + 1
    return found


class Books:
    def __init__(self) -> None:
        self.links: dict[str, dict[str, Any]] = {}
        self.messages: dict[str, list[str]] = {}
        self.payments: dict[str, Payment] = {}
        self.accounts: dict[str, Account] = {}

    def forget_link(self, user: str) -> None:
        """Throw tokens away; the user is told, once."""
        if self.links.pop(user, None) is not None:
            self.tell(user, "the bank has ended the link: please consent again")

    def tell(self, user: str, text: str) -> None:
        self.messages.setdefault(user, []).append(text)
