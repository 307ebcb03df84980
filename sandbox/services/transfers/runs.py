"""What the agenda calls when something of a transfer falls due, by kind."""

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import TypeAlias

from sandbox.services.transfers import planning
from sandbox.services.transfers.afterwards import run_recall, run_refund
from sandbox.services.transfers.charges import run_contract_fee, run_fee_day
from sandbox.services.transfers.settling import (
    Happened,
    run_acceptance,
    run_age_out,
    run_cut_off,
    run_payment,
    run_rejection,
    run_settlement,
)
from sandbox.services.world import World
from sandbox.storage.database import Transaction
from sandbox.storage.world import AgendaItem

Run: TypeAlias = Callable[[World, Transaction, AgendaItem], Awaitable[list[Happened]]]

RUNS: Mapping[str, Run] = MappingProxyType(
    {
        planning.CUT_OFF: run_cut_off,
        planning.ACCEPTANCE: run_acceptance,
        planning.SETTLEMENT: run_settlement,
        planning.REJECTION: run_rejection,
        planning.PAYMENT: run_payment,
        planning.REFUND: run_refund,
        planning.RECALL: run_recall,
        planning.AGE_OUT: run_age_out,
        planning.FEE_DAY: run_fee_day,
        planning.CONTRACT_FEE: run_contract_fee,
    }
)
