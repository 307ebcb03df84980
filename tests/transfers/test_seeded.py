"""A ready-made firm of the seeded world pays, and a reset takes it back."""

from datetime import date

import pytest

from sandbox.domain.corporate.contract import Service
from sandbox.domain.transfer.contract import Caller
from sandbox.domain.transfer.draft import Draft
from sandbox.domain.transfer.window import Kind
from sandbox.services.resets import ResetService
from sandbox.services.transfers.acting import bank_master
from sandbox.services.transfers.approval import Submission
from sandbox.services.transfers.desk import make_transfers
from sandbox.storage import accounts, corporate
from tests.transfers.world import BANK, BANK_CODE, item

TYPES = {"ordinary": "01", "current": "02"}


async def firm_of(world) -> str:
    """Return a contractor with an active contract of all three services."""
    for (contractor_id,) in await world.database.fetch(
        "SELECT contractor_id FROM service_contract WHERE status = 'active' ORDER BY 1"
    ):
        contract = await corporate.find_contract(world.database, contractor_id)
        if contract.is_in_force and contract.services == frozenset(Service):
            return contractor_id
    raise AssertionError("no firm of the fixtures has all services")


async def draft_of(world, contractor_id: str) -> Draft:
    """Return a draft that pays from the firm's first account."""
    account = (await accounts.list_of_contractor(world.database, contractor_id))[0]
    code, name = (await corporate.list_remitters(world.database, account.account))[0]
    return Draft(
        kind=Kind.BULK,
        remitter_code=code,
        remitter_name=name,
        effort_date="11-20",
        remitting_bank_code=BANK_CODE,
        remitting_branch_code=account.branch_code,
        remitting_account_type_code=TYPES[account.account_type],
        remitting_account_number=account.account_number,
        items=(item(1, 1_000), item(2, 2_000)),
    )


@pytest.mark.requirement("W-11", "W-12")
async def test_a_ready_made_firm_registers_approves_and_is_set_back(running):
    world = running.sandbox.world
    transfers = make_transfers(world, BANK, BANK_CODE)
    firm = await firm_of(world)
    maker, checker = (
        Caller(contractor_id=firm, user_code=code, powers=frozenset({power}))
        for code, power in (("Z901", Service.UPDATE), ("Z902", Service.APPROVAL))
    )
    outcome = await transfers.register.register(
        maker, await draft_of(world, firm), warning_check_type="1111100000"
    )
    assert (outcome.request.status, outcome.findings) == ("awaiting_approval", ())
    reference = outcome.request.reference
    await transfers.approval.submit(checker, Kind.BULK, reference, Submission())
    advanced = await running.advance("7d")
    kinds = [event["kind"] for event in advanced["events"] if event.get("subject") == reference]
    assert kinds == ["transfer_reserved", "transfer_settled"]
    await ResetService(world, running.sandbox.worlds).data()
    assert await world.database.fetch("SELECT * FROM transfer_request") == []
    assert await world.database.fetch("SELECT * FROM transfer_item") == []
    # The fee day is on the agenda again, once.
    rows = await world.database.fetch("SELECT subject FROM agenda WHERE kind = 'fee_day'")
    assert rows == [(BANK,)]


def test_the_master_knows_the_own_bank_and_the_invented_ones():
    master = bank_master()
    assert all(master.has_branch(code, "001") for code in (BANK_CODE, "9998", "9999"))
    assert not master.has_bank("9997")


async def test_a_worlds_first_fee_day_comes_after_its_start(running):
    world = running.sandbox.world
    rows = await world.database.fetch("SELECT due_at FROM agenda WHERE kind = 'fee_day'")
    assert [due_at > world.now() for (due_at,) in rows] == [True]
    advanced = await running.advance("30d")
    days = {e["at"][:10] for e in advanced["events"] if e["kind"] == "contract_fee_debited"}
    assert days == {str(date(2026, 12, 10))}
