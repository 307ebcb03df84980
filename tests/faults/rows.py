"""Rows of the table of effects: what is struck, how, and what each of three clients makes of it."""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tests.faults.seeing import CLIENTS, READ, Ask, Seen
from tests.faults.striking import Striker
from tests.support import bearer

Each = str | tuple[str, str, str]  # of aiohttp, requests, curl; one text: of all of them
Check = Callable[[Seen, Seen], object]  # what came, and what comes without a rule
Asker = Callable[[Striker], Awaitable[Ask]]


@dataclass(frozen=True, kw_only=True)
class Row:
    """``outcome``: the status, or the client's own error. ``reading``: how it takes the body.

    ``attempts``: how often the client calls by itself, as the journal has it; None: the journal
    names no rule.
    """

    kind: str
    effect: Mapping[str, Any] = field(default_factory=dict)
    stage: str | None = None
    beside: Mapping[str, Any] = field(default_factory=dict)
    outcome: Each = "200"
    reading: Each | None = READ  # None: no matter
    attempts: tuple[int, int, int] | None = (1, 1, 1)
    check: Check | None = None
    variant: str = ""
    patience_s: float | None = None  # of the clients; None: short where nothing will come

    @property
    def name(self) -> str:
        words = [self.kind, self.stage, self.variant, *map(str, self.effect.values())]
        return re.sub(r"[^\w./-]+", "_", " ".join(filter(None, words)))[:70].strip("_")


def of_each(given: Each) -> tuple[str, str, str]:
    return (given, given, given) if isinstance(given, str) else given


async def ask_accounts(striker: Striker) -> Ask:
    return Ask(url=striker.url, headers=bearer(striker.token))


async def strikes(striker: Striker, row: Row, ask: Asker, usual: Seen) -> None:
    """Let each client call under the rule, and hold what it sees against the row."""
    outcomes, readings = of_each(row.outcome), of_each(row.reading or "")
    for number, (client, call) in enumerate(CLIENTS.items()):
        wanted = replace(await ask(striker), patience_s=patience_of(row))
        fault = await striker.add(row.kind, {**beside(row), **row.beside}, **row.effect)
        seen = await call(wanted)
        assert (await striker.show(fault))["struck"] >= 1, client
        await striker.remove(fault)
        said = (client, seen.outcome, seen.reading, seen.status, seen.body[:200])
        assert re.fullmatch(outcomes[number], seen.outcome), said
        if row.reading is not None and seen.error is None:
            assert seen.reading == readings[number], said
        if row.check is not None:
            assert row.check(seen, usual) is not False, said
        if row.attempts is not None:
            await is_in_journal(striker, fault, row, row.attempts[number], seen)


def patience_of(row: Row) -> float:
    if row.patience_s is not None:
        return row.patience_s
    return 0.4 if "exit 28" in row.outcome else 10


def beside(row: Row) -> dict[str, Any]:
    return {} if row.stage is None else {"stage": row.stage}


async def is_in_journal(striker: Striker, fault: str, row: Row, attempts: int, seen: Seen) -> None:
    """Every attempt is there, without a status where the client got none."""
    entries = [each for each in await striker.journal(last="12") if each.get("fault") == fault]
    assert len(entries) == attempts, (entries, seen.outcome)
    if seen.status is not None and row.kind != "redirect":  # that leads to another answer
        assert seen.headers["x-sandbox-fault"] == fault
        assert entries[-1].get("status") == seen.status
