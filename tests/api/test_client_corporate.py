"""Contracts, transfers, fees and accounts by both faces of the client."""

from datetime import date

import pytest

from sandbox.client import ProblemError, Sandbox
from tests.api.driven import FACES, got
from tests.direct import HYAKKA, LOGI, MAIN_ACCOUNT, SHOJI, UNYU
from tests.filed import Filing, item
from tests.support import NOW

CLOCK = f"frozen:{NOW}"


@pytest.fixture(params=FACES, ids=["blocking", "asynchronous"])
def sandbox(request, driven):
    return request.param(driven.control_url)


@pytest.fixture
async def world(sandbox):
    made = await got(sandbox.worlds.create(clock=CLOCK))
    yield made
    await got(made.delete())


@pytest.fixture
def filing(world, driven):
    return Filing(Sandbox(driven.control_url).world(world.name), driven.data_url)


async def refused(call):
    with pytest.raises(ProblemError) as problem:
        await got(call())
    return problem.value.slug


async def test_contracts_are_listed_and_shown(world):
    listed = await got(world.contracts.list(bank="web21"))
    stages = {each.contractor_id: each.stage.name for each in listed}
    assert (stages[SHOJI], stages[HYAKKA]) == ("ready", "no_contract")
    (only,) = await got(world.contracts.list(status="none"))
    assert (only.contractor_id, only.client_id) == (HYAKKA, None)
    contract = await got(world.contracts.get(SHOJI))
    assert (contract.services, contract.is_environment_supported) == (
        ("reference", "update", "approval"),
        True,
    )
    assert contract.more["children"] == [LOGI]
    assert contract.stage.en.startswith("Ready")
    assert await refused(lambda: world.contracts.get("nobody")) == "unknown-subject"


async def test_acts_on_a_contract_are_done_and_refused(world):
    issued = await got(world.contracts.act(UNYU, "issue_client", by="keiri01"))
    assert issued.client_id is not None
    assert issued.encryption_key is not None
    assert issued.encryption_key not in repr(issued)
    giving = {"by": "security01", "user_id": "keiri01", "has_service_right": True}
    done = await got(
        world.contracts.act(
            UNYU, "set_rights", **giving, rights=["reference"], limit_per_item_yen=None
        )
    )
    assert done.client_id is None
    assert await refused(lambda: world.contracts.act(UNYU, "accept")) == "illegal-status"
    applying = {"services": ["reference"], "purpose": "残高", "form": "直結"}
    await got(world.contracts.act(HYAKKA, "apply", **applying))
    assert (await got(world.contracts.get(HYAKKA))).status == "applied"


async def test_transfers_are_listed_and_shown_with_all_their_items(world, filing):
    reference = filing.register(*(item(number) for number in range(1, 1_003)))
    (listed,) = await got(world.transfers.list(kind="bulk", contractor_id=SHOJI))
    assert (listed.reference, listed.item_count) == (reference, 1_002)
    assert await got(world.transfers.list(status="settled")) == []
    detail = await got(world.transfers.get(reference))
    assert detail.transfer == listed
    assert [act.event for act in detail.acts] == ["register"]
    assert (len(detail.items), detail.next) == (1_000, "1000")
    items = await got(world.transfers.items(reference))
    assert [each.item_id for each in items] == [str(number) for number in range(1, 1_003)]
    assert await refused(lambda: world.transfers.get("x")) == "unknown-transfer"


async def test_staff_act_on_items(world, filing):
    await got(world.transfers.script("9999", "001", "0000004", unable_reason="name_differs"))
    (script,) = await got(world.transfers.scripts())
    assert (script.account_number, script.unable_reason) == ("0000004", "name_differs")
    reference = filing.settled(*(item(number) for number in range(1, 5)))
    await got(world.transfers.ask_recall(reference, "1", "keiri01"))
    await got(world.transfers.ask_recall(reference, "2", "keiri01"))
    await got(world.transfers.answer_recall(reference, "1", agreed=True))
    await got(world.transfers.answer_recall(reference, "2", agreed=False))
    await got(world.transfers.report_unable(reference, "3"))
    await got(world.clock.advance("4d"))
    items = await got(world.transfers.items(reference))
    assert [(each.status, each.reason) for each in items] == [
        ("recalled", None),
        ("recall_failed", None),
        ("refunded", "account_closed"),
        ("refunded", "name_differs"),
    ]


async def test_a_request_that_can_be_sent_again_is_deleted(world, filing):
    reference = filing.register()
    assert await refused(lambda: world.transfers.delete(reference, "keiri01")) == "illegal-status"
    filing.pull_back(reference)
    await got(world.transfers.delete(reference, "keiri01"))
    assert (await got(world.transfers.get(reference))).transfer.status == "deleted"


async def test_fees_are_shown_and_changed(world):
    before = await got(world.transfers.fees())
    band = {"from_yen": 1, "own_bank_yen": 0, "other_bank_yen": 440}
    day = date(2026, 12, 1)
    changed = await got(world.transfers.set_fees(day, bands=[band], contract_yen=3_000))
    assert changed.tax_rates == before.tax_rates
    assert changed.schedules[-1] == {
        "effective_on": "2026-12-01",
        "contract_yen": 3_000,
        "bands": [band],
    }
    taxed = await got(world.transfers.set_fees("2026-12-01", tax_percent=12))
    assert taxed.tax_rates[-1] == {"effective_on": "2026-12-01", "percent": 12}
    assert await refused(lambda: world.transfers.set_fees(day)) == "invalid-request"


async def test_an_account_is_booked_on_and_shut(world):
    (before,) = [a for a in await got(world.accounts.list()) if a.account_id == MAIN_ACCOUNT]
    booked = await got(world.accounts.post(MAIN_ACCOUNT, -500, "ﾃｽﾄ", bank="web21"))
    assert booked.balance_yen == before.balance_yen - 500
    await got(world.accounts.set_state(MAIN_ACCOUNT, "freeze", bank="web21"))
    (after,) = [a for a in await got(world.accounts.list()) if a.account_id == MAIN_ACCOUNT]
    assert (after.state, after.lines) == ("frozen", before.lines + 1)


async def test_the_bank_revokes_as_much_as_it_names(world):
    for persona in ("taro", "hanako"):
        await got(world.tokens.mint("sandbox-aggregator", persona))
    assert (await got(world.revoke(contractor_id="persona-taro"))).ended == 1
    assert (await got(world.revoke(everybody=True, reason="superseded"))).ended == 1
    reasons = {each.persona: each.end_reason for each in await got(world.grants.list())}
    assert reasons == {"taro": "revoked_by_bank", "hanako": "superseded"}
    assert await refused(world.revoke) == "invalid-request"


async def test_a_contractor_is_suspended(world):
    assert (
        await refused(lambda: world.act_on_contractor("persona-taro", "end", lag="1s"))
        == "invalid-request"
    )
    await got(world.act_on_contractor("persona-hanako", "lose_credentials", lag="90s"))
    await got(world.act_on_contractor("persona-taro", "suspend"))
    assert await refused(lambda: world.tokens.mint("sandbox-aggregator", "taro")) == (
        "sign-in-refused"
    )
    assert await refused(lambda: world.act_on_contractor("nobody", "end")) == "unknown-subject"
