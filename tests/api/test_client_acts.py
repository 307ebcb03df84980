"""Acts, incidents, hours, stops, notices and terms by both faces of the client."""

import pytest

from sandbox.client import ProblemError
from tests.api.driven import FACES, got
from tests.direct import SHOJI
from tests.support import AGGREGATOR, NOW

CLOCK = f"frozen:{NOW}"


@pytest.fixture(params=FACES, ids=["blocking", "asynchronous"])
def sandbox(request, driven):
    return request.param(driven.control_url)


@pytest.fixture
async def world(sandbox):
    made = await got(sandbox.worlds.create(clock=CLOCK))
    yield made
    await got(made.delete())


async def refused(call):
    with pytest.raises(ProblemError) as problem:
        await got(call())
    return problem.value.slug


async def test_an_act_says_what_it_did(world):
    await got(world.tokens.mint(AGGREGATOR, "taro"))
    done = await got(world.act("change_certificate", persona="taro"))
    assert (done.ended, done.suspended, done.moved) == (1, None, None)
    moved = (await got(world.act("merge_branch", branch_code="001", into="777"))).moved
    assert {"old_id", "new_id", "account_number"} == moved[0].keys()
    assert await refused(lambda: world.act("lose_card", persona="nobody")) == "unknown-subject"
    assert (await got(world.act("lose_card", "web21", persona="shoji_maker"))).ended == 0


async def test_an_incident_goes_its_way(world):
    await got(world.tokens.mint(AGGREGATOR, "taro"))
    (grant,) = await got(world.grants.list())
    incident = await got(world.incidents.report("misuse", grant_id=grant.grant_id))
    assert (incident.kind, incident.status, incident.grants) == (
        "misuse",
        "open",
        (grant.grant_id,),
    )
    (frozen,) = await got(world.grants.list())
    assert (frozen.is_live, frozen.suspended_as) == (False, "grant_frozen")
    found = incident.id
    told = await got(world.incidents.disclose(found, grant.contractor_id, ["氏名"]))
    assert told.entries[-1].contractor_id == grant.contractor_id
    (entry,) = await got(world.incidents.disclosures(contractor_id=grant.contractor_id))
    assert (entry.incident_id, entry.detail["what"]) == (found, ["氏名"])
    rotated = await got(world.incidents.rotate(found))
    assert rotated.client_secret
    assert rotated.client_secret not in repr(rotated)
    assert await refused(lambda: world.incidents.close(found)) == "illegal-status"
    assert (await got(world.incidents.answer(found, "済み"))).status == "reported"
    assert (await got(world.incidents.close(found))).status == "closed"
    assert (await got(world.incidents.get(found))).client_secret is None
    assert [each.id for each in await got(world.incidents.list())] == [found]


async def test_hours_and_stops(world):
    await got(world.calendar.set(bank="tomato", hours="closed"))
    found = await got(world.calendar.get())
    assert not found.banks[0]["hours"][0]["is_open"]
    changed = await got(world.calendar.set(bank="tomato", hours=None, holidays={NOW[:10]: True}))
    assert changed.holidays == {NOW[:10]: True}
    stop = await got(world.maintenance.add(kind="outage", functions=["balances"]))
    assert (stop.bank, stop.holds, stop.more["functions"]) == ("tomato", True, ["balances"])
    assert await got(world.maintenance.get(stop.id)) == stop
    assert [each.id for each in await got(world.maintenance.list())] == [stop.id]
    await got(world.maintenance.remove(stop.id))
    assert await got(world.maintenance.list()) == ()
    assert await refused(lambda: world.maintenance.get(stop.id)) == "unknown-stop"


async def test_notices_and_terms(world):
    notice = await got(world.notices.publish("題", "Title", bank="web21", at="tomorrow 09:00"))
    assert (notice.title["en"], notice.is_published) == ("Title", False)
    assert [each.id for each in await got(world.notices.list())] == [notice.id]
    await got(world.notices.remove(notice.id))
    assert await got(world.notices.list()) == ()
    made = await got(
        world.terms.publish("9", "2026-12-01", bank="web21", objection_until="2026-11-24")
    )
    assert (made.version, made.in_force) == ("9", None)
    await got(world.terms.object("9", SHOJI))
    stands = {each.contractor_id: each for each in await got(world.terms.objections("9"))}
    assert (stands[SHOJI].answer, stands[SHOJI].at.isoformat()) == ("objected", NOW)
    await got(world.terms.terminate("9", SHOJI))
    assert [each.version for each in await got(world.terms.list(bank="web21"))][-1] == "9"
    await got(world.tokens.mint(AGGREGATOR, "taro"))
    await got(world.terms.publish("9", NOW[:10], reconsent=True))
    (grant,) = await got(world.grants.list(persona="taro"))
    assert grant.suspended_as == "terms_pending"
    assert (await got(world.act("agree", persona="taro"))).resumed == 1
