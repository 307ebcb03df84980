"""Contracts through the control door: onboarding from nothing, revoking, reading what there is."""

import pytest

from tests.direct import (
    DENKI,
    FOODS,
    HYAKKA,
    INSATSU,
    KENSETSU,
    KIGYOU,
    LOGI,
    SHOJI,
    SHOKAI,
    UNYU,
    Direct,
)

APPLICATION = {"services": ["reference"], "purpose": "残高照会", "form": "自社サーバー"}
WEB_SERVER = "http://localhost:8000/callback"
STAGES = {
    SHOJI: "ready",
    FOODS: "applied",
    DENKI: "issued",
    KIGYOU: "no_security_administrator",
    KENSETSU: "no_rights",
    UNYU: "not_issued",
    INSATSU: "refused",
    SHOKAI: "base_suspended",
    HYAKKA: "no_contract",
}


async def sent(running, method, path, **body):
    async with running.http.request(
        method, f"{running.control}{path}", json=body or None
    ) as answer:
        return answer.status, await answer.json()


async def act(running, contractor_id, act, **body):
    return await sent(running, "POST", f"/bank/web21/contracts/{contractor_id}", act=act, **body)


async def done(running, contractor_id, name, **body):
    status, answer = await act(running, contractor_id, name, **body)
    assert status == 200, answer
    return answer


async def shown(running, contractor_id):
    status, contract = await sent(running, "GET", f"/contracts/{contractor_id}")
    assert status == 200, contract
    return contract


def slug_of(answer):
    return answer[0], answer[1]["type"].rpartition(":")[2]


# Reading


async def test_there_is_a_firm_at_every_stage(running):
    status, found = await sent(running, "GET", "/contracts?bank=web21")
    assert status == 200
    stages = {each["contractor_id"]: each["stage"]["name"] for each in found["contracts"]}
    assert STAGES.items() <= stages.items()
    ids = [each["contractor_id"] for each in found["contracts"]]
    assert ids == sorted(ids)


async def test_a_list_is_filtered_and_paged(running):
    async def ids(query):
        status, found = await sent(running, "GET", f"/contracts?{query}")
        assert status == 200, found
        return [each["contractor_id"] for each in found["contracts"]], found.get("next")

    assert await ids("status=refused") == ([INSATSU], None)
    assert await ids("status=none") == ([HYAKKA], None)
    assert await ids("bank=tomato") == ([], None)
    everyone, _ = await ids("")
    first, following = await ids("limit=4")
    rest, _ = await ids(f"after={following}")
    assert first + rest == everyone
    assert slug_of(await sent(running, "GET", "/contracts?status=gone")) == (
        422,
        "invalid-request",
    )


async def test_a_contract_is_shown_with_users_children_and_without_its_key(running):
    parent = await shown(running, SHOJI)
    assert (parent["children"], parent["parents"]) == ([LOGI], [])
    assert (await shown(running, LOGI))["parents"] == [SHOJI]
    assert parent["approval"] == {
        "pattern": "single_approval",
        "double_from_yen": 10_000_000,
        "requester_may_approve": False,
    }
    checker = next(user for user in parent["users"] if user["user_code"] == "Z101")
    assert (checker["rights"], checker["limit_per_item_yen"]) == (
        ["reference", "approval"],
        10_000_000,
    )
    assert checker["persona"] == "shoji_checker"
    await done(running, UNYU, "issue_client", by="keiri01")
    assert "key" not in str(await shown(running, UNYU))
    assert "approval" not in await shown(running, HYAKKA)
    for nobody in ("nobody", "persona-shoji"):
        assert slug_of(await sent(running, "GET", f"/contracts/{nobody}")) == (
            404,
            "unknown-subject",
        )


# Applying


@pytest.mark.requirement("W-24", "W-25", "W-34", "W-35", "W-38", "W-40")
async def test_a_firm_goes_all_the_way_from_no_contract_to_a_token(running):
    async def stage():
        return (await shown(running, HYAKKA))["stage"]["name"]

    await done(running, HYAKKA, "apply", **APPLICATION, plan="light")
    assert await stage() == "applied"
    await done(running, HYAKKA, "accept")
    assert await stage() == "no_security_administrator"
    # Only an admin id may name one; here a plain user becomes it.
    naming = {"by": "admin01", "user_id": "keiri01"}
    await done(running, HYAKKA, "name_security_administrator", **naming)
    assert await stage() == "no_rights"
    rights = {"by": "keiri01", "user_id": "keiri01", "rights": ["reference"]}
    await done(running, HYAKKA, "set_rights", **rights, has_service_right=True)
    assert await stage() == "not_issued"
    client_id = (await done(running, HYAKKA, "issue_client", by="keiri01"))["client_id"]
    assert await stage() == "issued"
    data = {"by": "keiri01", "password": f"{client_id}-password", "web_servers": [WEB_SERVER]}
    await done(running, HYAKKA, "register_client", **data)
    assert await stage() == "ready"
    contract = await shown(running, HYAKKA)
    assert (contract["client_id"], contract["plan"]) == (client_id, "light")
    # The time deposit pays no fees (W-23): the ordinary account was taken.
    assert contract["fee_account"] == "0010110010010"
    status, world = await sent(running, "GET", "")
    web21 = next(bank for bank in world["banks"] if bank["name"] == "web21")
    persona = next(each for each in web21["personas"] if each["name"] == "hyakka_maker")
    assert status == 200
    assert (persona["client_id"], persona["rights"]) == (client_id, ["reference"])
    assert persona["stage"]["name"] == "ready"
    wish = {"bank": "web21", "client_id": client_id, "persona": "hyakka_maker"}
    status, pair = await sent(running, "POST", "/tokens", **wish, scope="web21.ref")
    assert (status, pair["scope"]) == (200, "web21.ref")


@pytest.mark.requirement("W-24")
@pytest.mark.parametrize("field", APPLICATION)
async def test_an_application_without_one_of_its_fields_is_refused(running, field):
    less = {name: value for name, value in APPLICATION.items() if name != field}
    assert slug_of(await act(running, HYAKKA, "apply", **less)) == (422, "invalid-request")
    empty = {**APPLICATION, field: [] if field == "services" else " "}
    assert slug_of(await act(running, HYAKKA, "apply", **empty)) == (422, "invalid-request")
    assert (await shown(running, HYAKKA))["status"] == "none"


@pytest.mark.requirement("W-1", "W-20", "W-23", "W-24", "W-27")
@pytest.mark.parametrize(
    ("contractor", "change", "expected"),
    [
        (SHOJI, {}, (409, "illegal-status")),
        (FOODS, {}, (409, "illegal-status")),
        (SHOKAI, {}, (409, "illegal-status")),
        ("nobody", {}, (404, "unknown-subject")),
        ("persona-shoji", {}, (404, "unknown-subject")),
        (HYAKKA, {"fee_account": "0010510010020"}, (422, "invalid-request")),
        (HYAKKA, {"fee_account": "0010110000010"}, (404, "unknown-subject")),
        (HYAKKA, {"services": ["all"]}, (422, "invalid-request")),
    ],
)
async def test_who_cannot_apply_is_told_so(running, contractor, change, expected):
    assert slug_of(await act(running, contractor, "apply", **APPLICATION | change)) == expected


@pytest.mark.requirement("W-26", "W-61")
async def test_whoever_was_refused_or_has_left_may_apply_again(running):
    await done(running, INSATSU, "apply", **APPLICATION)
    await done(running, INSATSU, "refuse")
    assert (await shown(running, INSATSU))["status"] == "refused"
    direct = Direct(running)
    tokens = await direct.log_in("shoji_maker")
    await done(running, SHOJI, "terminate")
    await done(running, SHOJI, "apply", **APPLICATION)
    await done(running, SHOJI, "accept")
    contract = await shown(running, SHOJI)
    assert (contract["stage"]["name"], contract["client_id"]) == ("ready", "10000001")
    # What was granted under the contract that ended stays dead.
    assert await direct.verdict(tokens["access_token"]) == (401, "contract_ended")
    again = await direct.log_in("shoji_maker")
    assert await direct.verdict(again["access_token"]) == (200, None)


@pytest.mark.requirement("W-1", "W-27")
async def test_nobody_applies_while_the_base_contract_is_suspended(running):
    await done(running, INSATSU, "suspend")
    answer = await act(running, INSATSU, "apply", **APPLICATION)
    assert slug_of(answer) == (409, "illegal-status")
    await done(running, INSATSU, "resume")
    await done(running, INSATSU, "apply", **APPLICATION)


@pytest.mark.requirement("W-26")
async def test_a_refused_service_is_asked_for_in_vain(running):
    await done(running, INSATSU, "apply", **APPLICATION | {"services": ["reference", "approval"]})
    await done(running, INSATSU, "accept", refused=["approval"])
    assert (await shown(running, INSATSU))["services"] == ["reference"]


@pytest.mark.requirement("W-15")
async def test_a_blocked_environment_refuses_every_call_until_it_is_lifted(running):
    direct = Direct(running)
    token = (await direct.log_in("shoji_maker", "web21.ref web21.upd"))["access_token"]
    await done(running, SHOJI, "set_environment", is_supported=False)
    for path in ("/accounts", "/corporations", "/users"):
        assert await direct.verdict(token, path) == (403, "environment_not_supported")
    assert (await shown(running, SHOJI))["is_environment_supported"] is False
    other = Direct(running, LOGI)
    assert await other.verdict((await other.log_in("logi_maker"))["access_token"]) == (200, None)
    await done(running, SHOJI, "set_environment", is_supported=True)
    assert await direct.verdict(token) == (200, None)
    assert slug_of(await act(running, HYAKKA, "set_environment", is_supported=False)) == (
        404,
        "unknown-subject",
    )


@pytest.mark.requirement("W-20", "W-23")
async def test_only_an_own_account_of_the_right_type_pays_the_fees(running):
    await done(running, SHOJI, "set_fee_account", fee_account="0010210000020")
    assert (await shown(running, SHOJI))["fee_account"] == "0010210000020"
    time_deposit, others = "0010510000040", "0030110001010"
    for account, expected in ((time_deposit, 422), (others, 404), ("x", 404)):
        status, _ = await act(running, SHOJI, "set_fee_account", fee_account=account)
        assert status == expected
    assert (await shown(running, SHOJI))["fee_account"] == "0010210000020"


@pytest.mark.requirement("W-21", "W-33")
async def test_a_child_is_linked_and_seen_with_the_next_call(running):
    direct = Direct(running)
    token = (await direct.log_in("shoji_maker"))["access_token"]
    count = (await direct.get("/accounts", token))[1]["count"]
    await done(running, SHOJI, "link", child=UNYU)
    assert (await direct.get("/accounts", token))[1]["count"] == count + 1
    assert (await shown(running, SHOJI))["children"] == [LOGI, UNYU]
    await done(running, SHOJI, "unlink", child=UNYU)
    assert (await direct.get("/accounts", token))[1]["count"] == count
    await done(running, SHOJI, "link", child=UNYU)


@pytest.mark.parametrize(
    ("parent", "child", "expected"),
    [
        (SHOJI, SHOJI, (409, "illegal-status")),
        (SHOJI, LOGI, (409, "illegal-status")),  # is its child already
        (DENKI, LOGI, (409, "illegal-status")),  # has a parent
        (LOGI, DENKI, (409, "illegal-status")),  # the parent is a child
        (DENKI, SHOJI, (409, "illegal-status")),  # the child is a parent
        (SHOJI, "nobody", (404, "unknown-subject")),
        (HYAKKA, DENKI, (404, "unknown-subject")),  # has no contract
    ],
)
async def test_links_go_one_step_and_never_in_a_ring(running, parent, child, expected):
    assert slug_of(await act(running, parent, "link", child=child)) == expected


@pytest.mark.requirement("W-34")
async def test_a_security_administrator_is_taken_back_by_an_admin_id_alone(running):
    taking = {"user_id": "security01"}
    for by in ("security01", "keiri01"):
        answer = await act(running, SHOJI, "take_security_administrator", by=by, **taking)
        assert slug_of(answer) == (403, "act-refused")
    await done(running, SHOJI, "take_security_administrator", by="admin02", **taking)
    giving = {"by": "security01", "user_id": "ippan01", "rights": [], "has_service_right": True}
    assert slug_of(await act(running, SHOJI, "set_rights", **giving)) == (403, "act-refused")


@pytest.mark.requirement("W-35")
async def test_accounts_are_set_with_the_rights_and_else_stay(running):
    direct = Direct(running)
    token = (await direct.log_in("shoji_maker"))["access_token"]
    giving = {"by": "security01", "user_id": "keiri01", "rights": ["reference"]}
    giving["has_service_right"] = True

    async def seen():
        listed = (await direct.get("/accounts", token))[1]["accounts"]
        return [each["account_id"] for each in listed]

    everything = await seen()
    own, childs = everything[0], everything[-1]
    await done(running, SHOJI, "set_rights", **giving, accounts=[own, childs])
    assert await seen() == [own, childs]
    await done(running, SHOJI, "set_rights", **giving)
    assert await seen() == [own, childs]
    another_firms = "0020110004010"
    for wrong in ([another_firms], [own, "x"]):
        answer = await act(running, SHOJI, "set_rights", **giving, accounts=wrong)
        assert slug_of(answer) == (404, "unknown-subject")
    assert await seen() == [own, childs]
    await done(running, SHOJI, "set_rights", **giving, accounts=[])
    assert await seen() == []
    await done(running, SHOJI, "set_rights", **giving, accounts=None)
    assert await seen() == everything


async def test_limits_are_set_with_the_rights_and_else_stay(running):
    giving = {"by": "security01", "user_id": "buchou01", "rights": ["approval"]}
    giving["has_service_right"] = True

    async def limits():
        users = (await shown(running, SHOJI))["users"]
        user = next(user for user in users if user["user_id"] == "buchou01")
        return user.get("limit_per_transaction_yen"), user.get("limit_per_item_yen")

    await done(running, SHOJI, "set_rights", **giving)
    assert await limits() == (50_000_000, 10_000_000)
    await done(running, SHOJI, "set_rights", **giving, limit_per_item_yen=0)
    assert await limits() == (None, 0)
    await done(running, SHOJI, "set_rights", **giving, limit_per_transaction_yen=None)
    assert await limits() == (None, None)
