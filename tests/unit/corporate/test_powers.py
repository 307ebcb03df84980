"""What a grant opens now: every combination of contract, rights and what was granted."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations, product

import pytest

from sandbox.domain.corporate.contract import ContractStatus, Service
from sandbox.domain.corporate.plan import Plan
from sandbox.domain.corporate.powers import (
    EnvironmentNotSupported,
    Powers,
    RightRemoved,
    ServiceNotContracted,
)

SETS = [frozenset(c) for n in range(len(Service) + 1) for c in combinations(Service, n)]


def powers(
    contracted: frozenset[Service],
    rights: frozenset[Service],
    status: ContractStatus = ContractStatus.ACTIVE,
) -> Powers:
    return Powers(contract_status=status, contracted=contracted, rights=rights, plan=Plan.EXPERT)


def cases() -> Iterator[tuple[frozenset[Service], frozenset[Service], frozenset[Service]]]:
    yield from product(SETS, SETS, SETS)


@pytest.mark.requirement("W-29", "W-45", "W-46")
def test_all_three_must_agree() -> None:
    for contracted, rights, granted in cases():
        found = powers(contracted, rights)
        if granted & contracted & rights:
            found.check(granted)
        elif granted & contracted:
            with pytest.raises(RightRemoved):
                found.check(granted)
        else:
            with pytest.raises(ServiceNotContracted):
                found.check(granted)


@pytest.mark.requirement("W-15")
def test_an_environment_that_is_blocked_comes_before_all_else() -> None:
    for contracted, rights, granted in cases():
        found = replace(powers(contracted, rights), is_environment_blocked=True)
        with pytest.raises(EnvironmentNotSupported):
            found.check(granted)


@pytest.mark.requirement("W-25", "W-61")
@pytest.mark.parametrize("status", ContractStatus)
def test_only_an_active_contract_is_active(status: ContractStatus) -> None:
    everything = frozenset(Service)
    assert powers(everything, everything, status).is_contract_active == (status == "active")
