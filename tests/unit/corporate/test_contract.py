"""The contract's state table, and what an application must say."""

import itertools
from dataclasses import replace

import pytest

from sandbox.domain.corporate.contract import (
    FORM_MAX,
    PURPOSE_MAX,
    TRANSITIONS,
    Application,
    ApplicationIncomplete,
    ContractEvent,
    ContractStatus,
    Service,
    ServiceContract,
    after,
)
from sandbox.domain.errors import IllegalTransition

ALL = frozenset(Service)
GOOD = {"services": ("reference",), "purpose": "残高の確認", "form": "自社サーバー"}


def contract(status=ContractStatus.APPLIED, services=ALL, *, is_base_active=True):
    return ServiceContract(
        contractor_id="c1", status=status, services=services, is_base_active=is_base_active
    )


ACTS = {
    ContractEvent.APPLY: lambda it: replace(
        it, status=Application(**GOOD).status_after(it.status, is_base_active=True)
    ),
    ContractEvent.ACCEPT: lambda it: it.accept(),
    ContractEvent.REFUSE: lambda it: it.refuse(),
    ContractEvent.CHANGE: lambda it: it.change([Service.REFERENCE]),
    ContractEvent.TERMINATE: lambda it: it.terminate(),
}


@pytest.mark.requirement("W-25", "W-61")
@pytest.mark.parametrize(("status", "event"), [*itertools.product(ContractStatus, ContractEvent)])
def test_every_pair_is_as_the_table_says_or_illegal(status, event):
    act = ACTS[event]
    if (status, event) in TRANSITIONS:
        assert act(contract(status)).status is TRANSITIONS[status, event]
    else:
        with pytest.raises(IllegalTransition, match=str(event)):
            act(contract(status))


@pytest.mark.requirement("W-24", "W-25")
@pytest.mark.parametrize("event", ContractEvent)
def test_where_there_is_no_contract_one_can_only_apply(event):
    if event is ContractEvent.APPLY:
        assert after(None, event) is ContractStatus.APPLIED
    else:
        with pytest.raises(IllegalTransition, match="not applied for"):
            after(None, event)


@pytest.mark.requirement("W-1", "W-27")
@pytest.mark.parametrize("status", [None, ContractStatus.REFUSED, ContractStatus.TERMINATED])
def test_without_a_base_contract_nobody_applies(status):
    with pytest.raises(IllegalTransition, match="base contract"):
        Application(**GOOD).status_after(status, is_base_active=False)


@pytest.mark.requirement("W-26")
def test_the_bank_may_refuse_some_services_and_all_is_a_refusal():
    accepted = contract().accept(refused=[Service.APPROVAL])
    assert accepted.status is ContractStatus.ACTIVE
    assert accepted.services == {Service.REFERENCE, Service.UPDATE}
    assert contract().accept(refused=Service).status is ContractStatus.REFUSED


@pytest.mark.requirement("W-7", "W-29")
def test_other_services_are_chosen_by_a_change_and_none_is_no_change():
    active = contract(ContractStatus.ACTIVE)
    assert active.change([Service.REFERENCE]).services == {Service.REFERENCE}
    with pytest.raises(ApplicationIncomplete, match="terminate"):
        active.change([])


@pytest.mark.requirement("W-1", "W-27", "W-60")
@pytest.mark.parametrize("is_base_active", [True, False])
@pytest.mark.parametrize("status", ContractStatus)
def test_it_is_in_force_while_both_contracts_are(status, is_base_active):
    found = contract(status, is_base_active=is_base_active)
    expected = status is ContractStatus.ACTIVE and is_base_active
    assert found.is_in_force is expected
    assert found.offers(Service.UPDATE) is expected


@pytest.mark.requirement("W-7")
def test_a_service_that_was_not_chosen_is_not_offered():
    found = contract(ContractStatus.ACTIVE, frozenset({Service.REFERENCE}))
    assert found.offers(Service.REFERENCE)
    assert not found.offers(Service.APPROVAL)


@pytest.mark.requirement("W-24")
@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"services": ()}, "services"),
        ({"services": ("reference", "reference")}, "services"),
        ({"services": ("reference", "lending")}, "lending"),
        ({"purpose": ""}, "purpose"),
        ({"purpose": " 　"}, "purpose"),
        ({"purpose": "目" * (PURPOSE_MAX + 1)}, "purpose"),
        ({"plan": "gold"}, "plan"),
        ({"form": ""}, "form"),
        ({"form": "形" * (FORM_MAX + 1)}, "form"),
    ],
)
def test_an_application_that_leaves_something_out_is_refused(change, field):
    Application(**GOOD).check()
    with pytest.raises(ApplicationIncomplete, match=field):
        Application(**{**GOOD, **change}).check()


def test_the_longest_texts_are_taken():
    Application(**{**GOOD, "purpose": "目" * PURPOSE_MAX, "form": "形" * FORM_MAX}).check()
