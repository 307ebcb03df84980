"""The hand of fault rules in what becomes of accepted requests (stage ``result``, F-36, F-38).

The books move by the bank's own rules alone: a fault says that a request fails, that an item
cannot be paid or that the money is late, and everything else follows as it always does.
"""

from collections.abc import Callable
from dataclasses import dataclass

from sandbox.domain import effect_result
from sandbox.domain.effect_result import DELAYED, RECALL_REFUSED, Effect
from sandbox.domain.fault import Facts, FaultRule
from sandbox.domain.time import Instant
from sandbox.domain.transfer.finding import Code
from sandbox.domain.transfer.request import TransferRequest
from sandbox.services.fault_facts import day_type, hour_phase
from sandbox.services.world import World
from sandbox.storage import accounts, transfer_results
from sandbox.storage.database import Reader, Transaction


@dataclass(frozen=True, slots=True)
class Decided:
    """What a rule has decided about a request."""

    fault_id: str
    effect: Effect

    @property
    def failure(self) -> Code | None:
        return effect_result.failure(self.effect)

    @property
    def item_reason(self) -> str | None:
        return effect_result.item_reason(self.effect)

    @property
    def delay_ms(self) -> int | None:
        return effect_result.delay_of(self.effect)

    @property
    def late_ms(self) -> int:
        """Return how much later than its debit a request is paid."""
        return (self.delay_ms or 0) if self.effect["reason"] == DELAYED else 0


async def find(db: Reader, request: TransferRequest) -> Decided | None:
    found = await transfer_results.find(db, request)
    return None if found is None else Decided(*found)


async def decide(
    world: World, db: Transaction, request: TransferRequest, at: Instant
) -> Decided | None:
    """Return what a rule makes of a request that falls due; asked again, it says the same."""
    if (known := await find(db, request)) is not None:
        return known
    rules = _rules(world, lambda rule: rule.effect["reason"] != RECALL_REFUSED)
    if not rules:
        return None
    facts = await _facts(world, db, request, at)
    idle = {
        rule.fault_id
        for rule in rules
        if not await transfer_results.list_picked(db, request.request, rule.effect)
    }
    asked = [rule for rule in rules if rule.fault_id not in idle]
    rule = await world.faults.strike_result(db, asked, facts, at)
    if rule is None:
        return None
    await transfer_results.save(db, request, rule.fault_id, rule.effect)
    return Decided(rule.fault_id, rule.effect)


async def forget(db: Transaction, request: TransferRequest) -> None:
    """The request has failed: sent again, it is decided about anew."""
    await transfer_results.delete(db, request.request)


async def list_unable(
    db: Reader, request: TransferRequest, decided: Decided | None, *, first: int, end: int
) -> dict[int, str]:
    """Return why the items at [first, end) cannot be paid, by their position."""
    if decided is None or decided.item_reason is None:
        return {}
    picked = await transfer_results.list_picked(
        db, request.request, decided.effect, first=first, end=end
    )
    return dict.fromkeys(picked, decided.item_reason)


async def refuses_recall(
    world: World, db: Transaction, request: TransferRequest, position: int, at: Instant
) -> bool:
    """Tell whether a rule makes the beneficiary refuse this recall (組戻不承諾)."""
    asked = _rules(world, lambda rule: rule.effect["reason"] == RECALL_REFUSED)
    if not asked:
        return False
    bank_code, yen = await transfer_results.find_item(db, request.request, position)
    facts = await _facts(world, db, request, at)
    facts = {**facts, "beneficiary_bank": bank_code, "amount_yen": yen}
    picking = []
    for rule in asked:
        if position in await transfer_results.list_picked(db, request.request, rule.effect):
            picking.append(rule)
    return await world.faults.strike_result(db, picking, facts, at) is not None


def _rules(world: World, is_asked: Callable[[FaultRule], bool]) -> list[FaultRule]:
    return [rule for rule in world.faults.rules if rule.stage == "result" and is_asked(rule)]


async def _facts(world: World, db: Reader, request: TransferRequest, at: Instant) -> Facts:
    account = await accounts.find(db, request.account)
    assert account is not None  # a request refers to one
    return {
        "bank": request.bank,
        "contractor_id": request.contractor_id,
        "kind": request.kind.value,
        "account_id": account.account_id,
        "branch_code": account.branch_code,
        "amount_yen": request.total_yen,
        "beneficiary_bank": " ".join(await transfer_results.list_banks(db, request.request)),
        "day_type": day_type(world, at),
        "hour_phase": hour_phase(world, at),
    }
