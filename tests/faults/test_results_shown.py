"""Results that rules decide, as the contractor, the control door and the command line see them."""

import pytest

from sandbox.domain.effect_result import FAILURES, ITEM_REASONS
from sandbox.domain.transfer.window import Kind
from sandbox.services.transfers.approval import Submission
from tests.api.test_control_transfers import CHECKER, registered, settled
from tests.api.test_snapshots import restore, take
from tests.api.test_worlds import ask
from tests.direct import MAIN_ACCOUNT, SHOJI, Direct
from tests.faults.striking import Striker
from tests.transfers.world import item

EXPLAIN = "/default/faults/explain"


@pytest.fixture
async def bulk(running):
    """Return what reads a bulk transfer as the contractor's server does."""
    direct = Direct(running)

    async def read(reference: str) -> dict:
        token = (await direct.log_in("shoji_maker", "web21.ref web21.upd"))["access_token"]
        status, body, _ = await direct.get(f"/bulk_transfers/{reference}", token)
        assert status == 200, body
        return body

    return read


@pytest.mark.parametrize("reason", ITEM_REASONS)
async def test_each_reason_of_an_item_reaches_its_contractor(running, bulk, reason):
    striker = Striker(running)
    await striker.add("partial_bulk", reason=reason, items=["2"])
    reference = await settled(running, item(1), item(2))
    rows = (await bulk(reference))["fixed_request_data"]["transactions"]
    assert [row.get("unable_reason") for row in rows] == [None, reason.rpartition(".")[2]]


@pytest.mark.parametrize("reason", FAILURES)
async def test_each_reason_of_a_request_reaches_its_contractor(running, bulk, reason):
    striker = Striker(running)
    fault = await striker.add("reject_later", reason=reason, delay="0s")
    reference = await settled(running, item(1))
    assert (await bulk(reference))["reason"] == FAILURES[reason].value
    assert (await striker.show(fault))["struck"] == 1
    journal = [entry for entry in await striker.journal() if entry.get("fault") == fault]
    assert journal == [], "no call was struck"


async def test_the_events_of_time_name_the_rule(running):
    fault = await Striker(running).add("partial_bulk", reason=ITEM_REASONS[0], every_nth=1)
    reference = await registered(running, item(1))
    await approve(running, reference)
    events = (await running.advance("4d"))["events"]
    found = {each["kind"] for each in events if each.get("fault") == fault}
    assert found == {"transfer_settled", "transfer_unable"}


async def approve(running, reference):
    approval = running.sandbox.bank("web21").transfers.approval
    await approval.submit(CHECKER, Kind.BULK, reference, Submission())


async def test_explain_tells_results_and_calls_apart(running):
    striker = Striker(running)
    result = await striker.add(
        "reject_later", {"match": {"kind": "bulk"}}, reason="transfer.failed.over_limit"
    )
    call = await striker.add("status", status=503)
    _, told = await ask(running, "POST", EXPLAIN, {"request": {"kind": "bulk"}})
    assert told["strikes"] == result
    assert told["rules"][1]["why_not"] == "it strikes calls"
    _, told = await ask(running, "POST", EXPLAIN, {"request": {"operation": "token"}})
    assert told["strikes"] == call
    assert told["rules"][0]["why_not"] == "it decides about requests that fall due"
    _, told = await ask(running, "POST", EXPLAIN, {"request": {"kind": "payroll"}})
    assert told["strikes"] is None


async def first_item(bulk, reference) -> dict:
    return (await bulk(reference))["fixed_request_data"]["transactions"][0]


async def test_a_restored_snapshot_decides_the_same_again(running, bulk):
    striker = Striker(running)
    rule = {"probability": 0.5, "ttl": "0s"}
    await striker.add("reject_later", rule, reason=ITEM_REASONS[0])
    references = [await registered(running, item(number)) for number in range(1, 7)]
    for reference in references:
        await approve(running, reference)
    await take(running, "here")
    found = []
    for _ in range(2):
        await running.advance("4d")
        rows = [await first_item(bulk, each) for each in references]
        found.append([row.get("unable_reason") for row in rows])
        await restore(running, "here")
    assert found[0] == found[1]
    assert len(set(found[0])) == 2


@pytest.mark.parametrize("key", ["account_id", "contractor_id"])
async def test_account_and_contractor_are_those_of_the_control_door(running, key):
    named = {"account_id": MAIN_ACCOUNT, "contractor_id": SHOJI}
    striker = Striker(running)
    fault = await striker.add("reject_later", {"match": {key: named[key]}}, reason=ITEM_REASONS[0])
    await settled(running, item(1))
    assert (await striker.show(fault))["struck"] == 1
