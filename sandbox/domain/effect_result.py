"""What fault rules of stage ``result`` make of a request that the bank has accepted (F-36, F-38).

A request is asked about once, when it is settled; what was decided then stays decided.
"""

from collections.abc import Mapping
from typing import Any, TypeAlias

from sandbox.domain.duration import parse_duration
from sandbox.domain.effect_shape import EffectKind, group, one_of, text, whole
from sandbox.domain.transfer.finding import Code

Effect: TypeAlias = Mapping[str, Any]

DELAYED = "transfer.delayed"
RECALL_REFUSED = "transfer.recall.refused"
FAILURES: Mapping[str, Code] = {
    "transfer.failed.insufficient_funds": Code.INSUFFICIENT_FUNDS,
    "transfer.failed.over_limit": Code.LIMIT_PER_TRANSACTION,
    "transfer.failed.account_closed": Code.ACCOUNT_CLOSED,
    "transfer.failed.account_restricted": Code.ACCOUNT_RESTRICTED,
}
# 不能 and 資金返却: the bank finds that it cannot pay, or another bank sends the money back.
_UNPAID = (
    "no_such_bank",
    "no_such_branch",
    "no_such_account",
    "name_mismatch",
    "account_closed",
    "account_frozen",
    "beneficiary_refuses",
)
ITEM_REASONS = tuple(
    f"transfer.{what}.{reason}" for what in ("refund", "unable") for reason in _UNPAID
)
REASONS = (*FAILURES, *ITEM_REASONS, DELAYED, RECALL_REFUSED)
SELECTORS = ("items", "every_nth", "beneficiary")

_DELAY = text(32, "How much later than the bank's own time: 2h, 3d")
_DIGITS = "^[0-9]{%d}$"
_BENEFICIARY = {
    name: {"type": "string", "pattern": _DIGITS % length, "description": about}
    for name, length, about in (
        ("bank_code", 4, "Bank"),
        ("branch_code", 3, "Branch; default: any"),
        ("account_number", 7, "Account; default: any"),
    )
}
RESULT_EFFECTS: Mapping[str, EffectKind] = {
    "reject_later": EffectKind(
        number="F-36",
        title="Accept, reject later",
        stages=("result",),
        fields={"reason": one_of(REASONS, "What becomes of the request"), "delay": _DELAY},
        required=("reason",),
    ),
    "partial_bulk": EffectKind(
        number="F-38",
        title="Some items of a request cannot be paid",
        stages=("result",),
        fields={
            "reason": one_of(ITEM_REASONS, "Why they cannot be paid"),
            "items": {
                "type": "array",
                "items": text(20, "An item's id, as it was sent"),
                "minItems": 1,
                "maxItems": 1000,
                "description": "Which items",
            },
            "every_nth": whole(1, 20_000, "Instead: one in so many, by their order"),
            "beneficiary": {
                **group(_BENEFICIARY, ("bank_code",)),
                "description": "Instead: those to a bank, a branch or an account",
            },
            "delay": _DELAY,
        },
        required=("reason",),
    ),
}


def failure(effect: Effect) -> Code | None:
    """Return why the whole request fails, or None where it is settled."""
    return FAILURES.get(effect["reason"])


def item_reason(effect: Effect) -> str | None:
    """Return why its items cannot be paid, as the bank's answers say it; None: they can."""
    reason: str = effect["reason"]
    return reason.rpartition(".")[2] if reason in ITEM_REASONS else None


def delay_of(effect: Effect) -> int | None:
    """Return the delay in milliseconds; None: the bank's own time."""
    delay = effect.get("delay")
    return None if delay is None else parse_duration(delay)


def problem_of(effect: Effect) -> str | None:
    """Return what parameters make impossible together, or None."""
    reason = effect["reason"]
    if effect["kind"] == "partial_bulk" and len([n for n in SELECTORS if n in effect]) != 1:
        return "give one of items, every_nth and beneficiary"
    if reason == DELAYED and "delay" not in effect:
        return f"{DELAYED} needs a delay"
    if reason == RECALL_REFUSED and "delay" in effect:
        return f"{RECALL_REFUSED} takes no delay: recalls are answered at the bank's own time"
    try:
        delay_of(effect)
    except ValueError as error:
        return f"delay: {error}"
    return None
