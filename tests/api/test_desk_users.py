"""The contractor's pages: security administrators (W-34), rights and limits (W-35, W-46, W-54)."""

import pytest

from sandbox.storage import corporate
from tests.desk import visiting
from tests.direct import MAIN_ACCOUNT, SHOJI, Direct


async def user_of(running, user_id):
    users = await corporate.list_users(running.sandbox.world.database, SHOJI)
    return next(user for _, user in users if user.user_id == user_id)


@pytest.mark.requirement("W-34")
@pytest.mark.parametrize("persona", ["shoji_admin", "shoji_deputy"])
async def test_an_administrator_names_a_security_administrator_and_takes_it_back(running, persona):
    async with visiting(running, persona) as visitor:
        await visitor.open("/users")
        page = await visitor.post("/users/keiri01/administrator", decision="name")
        assert "セキュリティ管理者に指定しました" in page.text
        assert (await user_of(running, "keiri01")).is_security_administrator
        page = await visitor.post("/users/keiri01/administrator", decision="take_back")
        assert "指定を取り消しました" in page.text
        assert not (await user_of(running, "keiri01")).is_security_administrator


@pytest.mark.requirement("W-34")
async def test_who_was_named_may_set_rights_from_the_next_click_on(running):
    async with (
        visiting(running, "shoji_admin") as admin,
        visiting(running, "shoji_outsider") as named,
    ):
        assert (await named.load("/users")).status == 403
        await admin.send("/users/ippan01/administrator", ("decision", "name"))
        assert (await named.load("/users/keiri01")).status == 200
        await admin.send("/users/ippan01/administrator", ("decision", "take_back"))
        assert (await named.load("/users/keiri01")).status == 403


@pytest.mark.parametrize("user_id", ["admin01", "admin02", "nobody", "keiri01%2F..", "%00"])
async def test_admin_ids_and_strangers_can_be_given_nothing(running, user_id):
    async with visiting(running, "shoji_admin") as visitor:
        page = await visitor.send(f"/users/{user_id}/administrator", ("decision", "name"))
        assert page.status == 404
    async with visiting(running, "shoji_security") as visitor:
        page = await visitor.send(f"/users/{user_id}", ("service_right", "1"), ("right", "update"))
        assert page.status == 404


@pytest.mark.requirement("W-35", "W-46")
async def test_rights_and_limits_are_set_and_count_at_once(running):
    direct = Direct(running)
    token = (await direct.log_in("shoji_maker"))["access_token"]
    async with visiting(running, "shoji_security") as visitor:
        await visitor.open("/users/keiri01")
        page = await visitor.post(
            "/users/keiri01", ("right", "update"), right="approval", per_item="１，０００円"
        )
        assert "利用権限を保存しました" in page.text
    user = await user_of(running, "keiri01")
    assert (user.rights, user.has_service_right) == ({"update", "approval"}, True)
    assert (user.limit_per_transaction_yen, user.limit_per_item_yen) == (None, 1000)
    assert await direct.verdict(token) == (403, "right_removed")


async def test_the_page_shows_what_holds_and_saving_it_changes_nothing(running):
    before = await user_of(running, "buchou01")
    async with visiting(running, "shoji_security") as visitor:
        page = await visitor.open("/users/buchou01")
        assert 'value="50000000"' in page.text
        await visitor.post("/users/buchou01")
    assert await user_of(running, "buchou01") == before


@pytest.mark.parametrize(
    ("typed", "limit"),
    [("", None), ("0", 0), ("1", 1), ("999999999999", 999_999_999_999), (" 5,000 ", 5000)],
)
async def test_a_limit_is_an_amount_or_none(running, typed, limit):
    async with visiting(running, "shoji_security") as visitor:
        await visitor.open("/users/buchou01")
        page = await visitor.post("/users/buchou01", per_transaction=typed)
        assert page.status == 200
    assert (await user_of(running, "buchou01")).limit_per_transaction_yen == limit


@pytest.mark.parametrize("typed", ["-1", "1.5", "1000000000000", "many", "１e3"])
async def test_what_is_no_amount_is_refused_and_shown_again(running, typed):
    before = await user_of(running, "buchou01")
    async with visiting(running, "shoji_security") as visitor:
        await visitor.open("/users/buchou01")
        page = await visitor.post("/users/buchou01", per_item=typed)
        assert (page.status, "限度額は0以上の整数" in page.text) == (400, True)
        assert f'value="{typed}"' in page.text
    assert await user_of(running, "buchou01") == before


async def test_the_service_right_comes_with_a_right(running):
    async with visiting(running, "shoji_security") as visitor:
        page = await visitor.send("/users/ippan01", ("service_right", "1"))
        assert (page.status, "各権限を1つ以上" in page.text) == (400, True)
        page = await visitor.send("/users/ippan01", ("service_right", "1"), ("right", "everything"))
        assert page.status == 400
    assert not (await user_of(running, "ippan01")).has_service_right


@pytest.mark.requirement("W-54")
async def test_taking_the_service_right_asks_twice_and_lapses_for_good(running):
    direct = Direct(running)
    token = (await direct.log_in("shoji_maker"))["access_token"]
    async with visiting(running, "shoji_security") as visitor:
        await visitor.open("/users/keiri01")
        assert "現在1件" in visitor.page.text
        fields = visitor.page.fields("/users/keiri01")
        kept = [pair for pair in fields if pair[0] not in ("service_right", "csrf")]
        page = await visitor.send("/users/keiri01", *kept)
        assert (page.status, "まだ保存していません" in page.text) == (409, True)
        assert await direct.verdict(token) == (200, None)

        page = await visitor.send("/users/keiri01", *kept, ("confirmed", "1"))
        assert page.location.endswith("/users?note=rights_removed")
        assert await direct.verdict(token) == (401, "right_removed_by_admin")

        await visitor.send("/users/keiri01", *kept, ("service_right", "1"))
        assert (await user_of(running, "keiri01")).is_service_user
    assert await direct.verdict(token) == (401, "right_removed_by_admin")


async def test_the_sheet_of_another_firms_user_is_not_there(running):
    async with visiting(running, "kensetsu_security") as visitor:
        assert (await visitor.load("/users/keiri01")).status == 200  # the own one of that id
        assert (await visitor.load("/users/buchou01")).status == 404


@pytest.mark.requirement("W-35")
async def test_a_user_can_be_limited_to_some_accounts(running):
    direct = Direct(running)
    token = (await direct.log_in("shoji_maker"))["access_token"]
    async with visiting(running, "shoji_security") as visitor:
        await visitor.open("/users/keiri01")
        page = await visitor.post("/users/keiri01", ("limited", "1"))
        assert (page.status, "1つ以上選んで" in page.text) == (400, True)
        await visitor.open("/users/keiri01")
        await visitor.post("/users/keiri01", ("limited", "1"), ("account", MAIN_ACCOUNT))
        assert (await user_of(running, "keiri01")).accounts == {MAIN_ACCOUNT}
        _, body, _ = await direct.get("/accounts", token)
        assert [each["account_id"] for each in body["accounts"]] == [MAIN_ACCOUNT]
        page = await visitor.open("/users/keiri01")
        assert f'value="{MAIN_ACCOUNT}" checked' in page.text
        await visitor.post("/users/keiri01", limited="")
    assert (await user_of(running, "keiri01")).accounts is None
    assert (await direct.get("/accounts", token))[1]["count"] > 1


@pytest.mark.parametrize("account", ["0010112345670", "0030110001010x", "%F0"])
async def test_nobody_is_given_an_account_of_others(running, account):
    async with visiting(running, "shoji_security") as visitor:
        fields = [("right", "reference"), ("service_right", "1"), ("limited", "1")]
        page = await visitor.send("/users/keiri01", *fields, ("account", account))
        assert page.status == 404
    assert (await user_of(running, "keiri01")).accounts is None
