"""The personas of ``web21`` as a world describes them, and what the control door does with them."""

import pytest

from tests.direct import SHOJI, Direct

STAGES = {
    "shoji_maker": "ready",
    "foods_maker": "applied",
    "denki_maker": "issued",
    "kigyou_admin": "no_security_administrator",
    "kensetsu_maker": "no_rights",
    "unyu_maker": "not_issued",
    "insatsu_admin": "refused",
    "shokai_maker": "base_suspended",
    "hyakka_admin": "no_contract",
}


async def personas(running):
    async with running.http.get(running.control) as answer:
        world = await answer.json()
    web21 = next(bank for bank in world["banks"] if bank["name"] == "web21")
    return {each["name"]: each for each in web21["personas"]}


async def test_a_world_tells_client_rights_and_stage_of_each_user(running):
    found = await personas(running)
    assert {name: found[name]["stage"]["name"] for name in STAGES} == STAGES
    maker = found["shoji_maker"]
    assert (maker["client_id"], maker["contractor_id"]) == ("10000001", SHOJI)
    assert maker["rights"] == ["reference", "update"]
    assert found["shoji_outsider"]["rights"] == []  # without the service right none counts
    assert "client_id" not in found["unyu_maker"]
    for each in found.values():
        assert each["stage"]["en"].endswith(".")
        assert not each["stage"]["ja"].isascii()


async def test_what_changes_is_told_at_once(running):
    direct = Direct(running)
    await direct.desk.set_rights(SHOJI, "security01", "keiri01", has_service_right=False, rights=[])
    await direct.desk.terminate(SHOJI)
    maker = (await personas(running))["shoji_maker"]
    assert (maker["rights"], maker["stage"]["name"]) == ([], "terminated")


@pytest.mark.requirement("W-12", "W-13", "W-43")
@pytest.mark.parametrize(
    ("persona", "scope"),
    [("shoji_maker", "web21.ref web21.upd"), ("shoji_checker", "web21.appr")],
)
async def test_consent_without_a_browser_works_at_once(running, persona, scope):
    direct = Direct(running)
    assert (await direct.log_in(persona, scope))["scope"] == scope


@pytest.mark.parametrize(
    ("persona", "client_id", "error"),
    [
        ("shokai_maker", "10000010", "unauthorized_client"),  # base contract suspended
        ("foods_maker", "10000003", "unauthorized_client"),  # only applied for
        ("denki_maker", "10000004", "unauthorized_client"),  # no web server yet
        ("kigyou_maker", "10000001", "access_denied"),  # another contractor's client
    ],
)
async def test_who_is_not_ready_is_refused_with_the_reason(running, persona, client_id, error):
    direct = Direct(running)
    direct.client_id = client_id
    answer = await direct.authorize(persona, "web21.ref")
    assert answer["status"] in (400, 403), answer
    assert answer["error"] == error
