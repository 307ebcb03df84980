"""``web21``: what a live token opens now: contract, rights, identity of the call."""

import pytest

from sandbox.domain.corporate.client_data import ClientDataRefused
from sandbox.domain.corporate.contract import Service
from sandbox.domain.corporate.user import ActRefused
from sandbox.domain.errors import IllegalTransition
from sandbox.services.staff import UnknownSubject
from tests.direct import DENKI, LOGI, SHOJI, Direct

REFERENCE, UPDATE, APPROVAL = Service
MAKER, SECURITY = "keiri01", "security01"
OTHER = "0000000000000000AG0000000001A002"


async def give(direct, *rights, user=MAKER, has_service_right=True):
    await direct.desk.set_rights(
        SHOJI, SECURITY, user, has_service_right=has_service_right, rights=rights
    )


@pytest.mark.requirement("W-3", "W-30")
@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({}, 200, None),
        ({"client_id": None}, 400, "invalid_parameter"),
        ({"contractor_id": None}, 400, "invalid_parameter"),
        ({"client_id": ""}, 400, "invalid_parameter"),
        ({"client_id": "1000001"}, 400, "invalid_parameter"),
        ({"contractor_id": SHOJI[:-1]}, 400, "invalid_parameter"),
        ({"client_id": "10000002"}, 403, "contractor_mismatch"),
        ({"client_id": "99999999"}, 403, "contractor_mismatch"),
        ({"contractor_id": OTHER}, 403, "contractor_mismatch"),
        ({"contractor_id": SHOJI.lower()}, 403, "contractor_mismatch"),
        ({"more": "1"}, 200, None),
    ],
)
@pytest.mark.parametrize("path", ["/accounts", "/corporations", "/users"])
async def test_every_call_repeats_client_and_contractor(running, path, changes, status, code):
    direct = Direct(running)
    token = (await direct.log_in("shoji_maker"))["access_token"]
    found, body, _ = await direct.get(path, token, **changes)
    assert (found, body.get("error_code")) == (status, code)


@pytest.mark.requirement("W-4", "W-10", "W-11", "W-14")
@pytest.mark.parametrize(
    ("persona", "scope", "path", "status"),
    [
        ("shoji_maker", "web21.ref", "/accounts", 200),
        ("shoji_maker", "web21.ref", "/corporations", 200),
        ("shoji_maker", "web21.upd", "/corporations", 200),
        ("shoji_maker", "web21.upd", "/users", 200),
        ("shoji_maker", "web21.upd", "/accounts", 403),
        ("shoji_checker", "web21.appr", "/accounts", 403),
        ("shoji_checker", "web21.appr", "/corporations", 403),
        ("shoji_checker", "web21.appr", "/users", 403),
    ],
)
async def test_a_token_opens_the_apis_of_its_own_class(running, persona, scope, path, status):
    direct = Direct(running)
    token = (await direct.log_in(persona, scope))["access_token"]
    found, body, headers = await direct.get(path, token)
    assert (found, body.get("error_code")) == (
        status,
        None if status == 200 else "insufficient_scope",
    )
    assert (status == 200) == ("WWW-Authenticate" not in headers)


@pytest.mark.requirement("W-35", "W-46")
async def test_rights_are_evaluated_at_every_call_both_ways(running):
    direct = Direct(running)
    token = (await direct.log_in("shoji_maker"))["access_token"]
    await give(direct, UPDATE)
    assert await direct.verdict(token) == (403, "right_removed")
    await give(direct, REFERENCE)
    assert await direct.verdict(token) == (200, None)


@pytest.mark.requirement("W-46")
async def test_a_right_that_grows_gives_an_old_token_nothing_more(running):
    direct = Direct(running)
    token = (await direct.log_in("shoji_viewer"))["access_token"]
    await give(direct, *Service, user="etsuran01")
    assert (await direct.refresh(token))[0] == 400
    tokens = await direct.log_in("shoji_viewer")
    status, body = await direct.refresh(tokens["refresh_token"], scope="web21.ref web21.upd")
    assert (status, body["error"]) == (400, "invalid_scope")


async def test_of_two_services_one_that_still_works_is_enough(running):
    direct = Direct(running)
    token = (await direct.log_in("shoji_maker", "web21.ref web21.upd"))["access_token"]
    await give(direct, UPDATE)
    assert await direct.verdict(token, "/corporations") == (200, None)
    assert await direct.verdict(token, "/accounts") == (403, "right_removed")


async def test_a_reset_of_the_data_gives_contracts_and_rights_back(running):
    direct = Direct(running)
    token = (await direct.log_in("shoji_maker"))["access_token"]
    await give(direct, UPDATE)
    await direct.desk.unlink(SHOJI, LOGI)
    await direct.desk.change_services(SHOJI, [UPDATE])
    async with running.http.post(f"{running.control}/reset", json={"what": "data"}) as answer:
        assert answer.status == 200, await answer.text()
    status, body, _ = await direct.get("/accounts", token)
    assert (status, body["count"]) == (200, 4)


@pytest.mark.requirement("W-54")
async def test_the_service_right_taken_away_lapses_the_users_grants_for_good(running):
    direct = Direct(running)
    tokens, other = await direct.log_in("shoji_maker"), await direct.log_in("shoji_viewer")
    await give(direct, has_service_right=False)
    assert await direct.verdict(tokens["access_token"]) == (401, "right_removed_by_admin")
    assert (await direct.refresh(tokens["refresh_token"]))[1]["error"] == "invalid_grant"
    await give(direct, REFERENCE)
    assert await direct.verdict(tokens["access_token"]) == (401, "right_removed_by_admin")
    assert await direct.verdict(other["access_token"]) == (200, None)
    again = await direct.log_in("shoji_maker")
    assert await direct.verdict(again["access_token"]) == (200, None)


@pytest.mark.requirement("W-29")
async def test_a_service_that_left_the_contract_is_refused(running):
    direct = Direct(running)
    tokens = await direct.log_in("shoji_maker")
    await direct.desk.change_services(SHOJI, [UPDATE])
    assert await direct.verdict(tokens["access_token"]) == (403, "service_not_contracted")
    await direct.desk.change_services(SHOJI, [REFERENCE])
    assert await direct.verdict(tokens["access_token"]) == (200, None)


@pytest.mark.requirement("W-1", "W-27")
async def test_a_suspended_base_contract_stops_every_call_and_nothing_lapses(running):
    direct = Direct(running)
    token = (await direct.log_in("shoji_maker"))["access_token"]
    await direct.desk.suspend_base(SHOJI)
    assert await direct.verdict(token) == (401, "contract_ended")
    assert (await direct.redirected())["error"] == "unauthorized_client"
    await direct.desk.suspend_base(SHOJI, is_over=True)
    assert await direct.verdict(token) == (200, None)


@pytest.mark.requirement("W-60")
async def test_the_end_of_the_base_contract_ends_grants_and_client(running):
    direct = Direct(running)
    tokens = await direct.log_in("shoji_maker")
    await direct.desk.end_base(SHOJI)
    assert await direct.verdict(tokens["access_token"]) == (401, "contract_ended")
    status, body = await direct.refresh(tokens["refresh_token"])
    assert (status, body["error"]) == (401, "invalid_client")


@pytest.mark.requirement("W-61")
async def test_the_service_contract_can_end_alone(running):
    direct = Direct(running)
    tokens = await direct.log_in("shoji_maker")
    await direct.desk.terminate(SHOJI)
    assert await direct.verdict(tokens["access_token"]) == (401, "contract_ended")
    status, body = await direct.refresh(tokens["refresh_token"])
    assert (status, body["error"]) == (400, "invalid_grant")
    world = direct.bank.world
    row = await world.database.fetchrow(
        "SELECT contract_state FROM contractor WHERE contractor_id = $1", SHOJI
    )
    assert row[0] == "active"


@pytest.mark.requirement("W-34")
@pytest.mark.parametrize(
    ("by", "may"), [("admin01", True), ("admin02", True), (MAKER, False), (SECURITY, False)]
)
async def test_the_admin_ids_alone_name_the_security_administrator(running, by, may):
    direct = Direct(running)
    naming = direct.desk.name_security_administrator(SHOJI, by, "buchou01")
    if not may:
        with pytest.raises(ActRefused):
            await naming
        return
    await naming
    await direct.desk.set_rights(
        SHOJI, "buchou01", "ippan01", has_service_right=True, rights=[REFERENCE]
    )
    assert (await direct.log_in("shoji_outsider"))["scope"] == "web21.ref"


@pytest.mark.requirement("W-35")
@pytest.mark.parametrize("by", ["admin01", MAKER, "buchou01"])
async def test_nobody_but_the_security_administrator_sets_rights(running, by):
    with pytest.raises(ActRefused):
        await Direct(running).desk.set_rights(
            SHOJI, by, "ippan01", has_service_right=True, rights=[REFERENCE]
        )


@pytest.mark.requirement("W-37", "W-38", "W-39")
async def test_client_id_and_key_are_issued_once_and_to_a_service_user(running):
    direct = Direct(running, DENKI)
    world = direct.bank.world
    with pytest.raises(IllegalTransition):
        await direct.desk.issue_client(DENKI, MAKER)
    async with world.database.transaction() as db:
        await db.execute(
            "UPDATE service_contract SET client_id = NULL WHERE contractor_id = $1", DENKI
        )
    issued = await direct.desk.issue_client(DENKI, MAKER)
    assert (len(issued.client_id), issued.client_id.isdecimal()) == (8, True)
    assert len(issued.encryption_key) == 32
    with pytest.raises(IllegalTransition):
        await direct.desk.issue_client(DENKI, MAKER)
    with pytest.raises(ActRefused):
        await direct.desk.issue_client(SHOJI, "ippan01")
    with pytest.raises(UnknownSubject):
        await direct.desk.issue_client(SHOJI, "nobody")


@pytest.mark.requirement("W-2", "W-5", "W-40")
@pytest.mark.parametrize(
    ("password", "web_servers"),
    [
        ("short1", ["https://denki.example/cb"]),
        ("no-digits-here", ["https://denki.example/cb"]),
        ("password-1", []),
        ("password-1", ["http://denki.example/cb"]),
    ],
)
async def test_what_will_not_do_is_not_registered(running, password, web_servers):
    direct = Direct(running, DENKI)
    with pytest.raises(ClientDataRefused):
        await direct.desk.register_client(DENKI, MAKER, password=password, web_servers=web_servers)
    assert direct.client_id == "10000004"
    async with running.http.get(direct.address(), allow_redirects=False) as answer:
        assert answer.status == 400


@pytest.mark.requirement("W-33")
async def test_a_child_that_is_unlinked_is_gone_at_once(running):
    direct = Direct(running)
    token = (await direct.log_in("shoji_maker"))["access_token"]
    _, body, _ = await direct.get("/accounts", token)
    names = [account["contact_name"] for account in body["accounts"]]
    assert names == ["サンプル商事株式会社"] * 3 + ["サンプル物流株式会社"]
    theirs = body["accounts"][-1]["account_id"]
    assert await direct.verdict(token, f"/accounts/{theirs}") == (200, None)
    await direct.desk.unlink(SHOJI, LOGI)
    _, body, _ = await direct.get("/accounts", token)
    assert body["count"] == 3
    assert await direct.verdict(token, f"/accounts/{theirs}") == (404, "account_not_found")
    with pytest.raises(UnknownSubject):
        await direct.desk.unlink(SHOJI, LOGI)


@pytest.mark.requirement("W-33")
async def test_a_child_sees_nothing_of_its_parent(running):
    direct = Direct(running, LOGI)
    token = (await direct.log_in("logi_maker"))["access_token"]
    _, body, _ = await direct.get("/accounts", token)
    assert [account["contact_name"] for account in body["accounts"]] == ["サンプル物流株式会社"]
    assert await direct.verdict(token, "/accounts/0010110000010") == (404, "account_not_found")
