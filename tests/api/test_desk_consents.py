"""The contractor's pages: access grants, the own ones and (for administrators) all (W-55)."""

import re

import pytest

from tests.desk import DESK, visiting
from tests.direct import LOGI, Direct
from tests.support import run_sandbox


async def both_grants(running):
    """Return the access tokens of two users of one contractor."""
    direct = Direct(running)
    maker = await direct.log_in("shoji_maker", "web21.ref web21.upd")
    checker = await direct.log_in("shoji_checker", "web21.ref")
    return direct, maker["access_token"], checker["access_token"]


def withdrawals(page):
    return [path.removeprefix(DESK) for path in page.actions if path.endswith("/withdraw")]


async def test_a_grant_is_shown_with_who_what_since_and_until_when(running):
    await both_grants(running)
    async with visiting(running, "shoji_maker") as visitor:
        text = (await visitor.open("/consents")).text
    for said in (
        "クライアントID 10000001",
        "架空 太郎（keiri01）",
        "照会（②）",
        "更新：振込依頼の登録（③）",
        "2026年11月16日 10:00",
        "2027年2月14日",
    ):
        assert said in text
    assert "見本 花子" not in text


@pytest.mark.requirement("W-44", "W-55", "W-57")
async def test_a_user_withdraws_the_own_grant_and_no_other(running):
    direct, mine, other = await both_grants(running)
    async with visiting(running, "shoji_maker") as visitor:
        page = await visitor.open("/consents")
        (path,) = withdrawals(page)
        page = await visitor.post(path)
        assert "アクセス許可を取り消しました" in page.text
        assert "有効なアクセス許可はありません" in page.text
        assert await direct.verdict(mine) == (401, "revoked_by_user")
        assert await direct.verdict(other) == (200, None)
        page = await visitor.send(path)
        assert page.status == 404  # there is nothing to withdraw twice


@pytest.mark.parametrize("persona", ["shoji_admin", "shoji_deputy", "shoji_security"])
async def test_administrators_see_and_withdraw_all_of_the_contractors(running, persona):
    direct, mine, other = await both_grants(running)
    async with visiting(running, persona) as visitor:
        page = await visitor.open("/consents")
        paths = withdrawals(page)
        assert len(paths) == 2
        for path in paths:
            await visitor.open("/consents")
            await visitor.post(path)
    assert await direct.verdict(mine) == (401, "revoked_by_user")
    assert await direct.verdict(other) == (401, "revoked_by_user")


async def test_a_colleagues_or_another_firms_grant_is_not_there(running):
    direct, mine, _ = await both_grants(running)
    logi = Direct(running, LOGI)
    theirs = (await logi.log_in("logi_maker"))["access_token"]
    rows = await running.sandbox.world.database.fetch("SELECT grant_id FROM access_grant")
    async with visiting(running, "shoji_viewer") as visitor:
        for (grant_id,) in rows:
            assert (await visitor.send(f"/consents/{grant_id}/withdraw")).status == 404
    async with visiting(running, "shoji_admin") as visitor:
        statuses = [(await visitor.send(f"/consents/{row[0]}/withdraw")).status for row in rows]
        assert sorted(statuses) == [303, 303, 404]
    assert await direct.verdict(mine) == (401, "revoked_by_user")
    assert await logi.verdict(theirs) == (200, None)


async def test_what_has_lapsed_by_itself_is_shown_no_more(running):
    await both_grants(running)
    for wait, shown in (("89d23h59m59s", 1), ("1s", 0)):
        await running.advance(wait)
        async with visiting(running, "shoji_maker") as visitor:
            page = await visitor.open("/consents")
            assert len(withdrawals(page)) == shown


@pytest.mark.requirement("W-56")
async def test_a_withdrawal_takes_effect_after_the_banks_lag(tmp_path, template):
    async with (
        run_sandbox(tmp_path, template=template, web21_revocation_lag="90s") as running,
        visiting(running, "shoji_maker") as visitor,
    ):
        direct, mine, _ = await both_grants(running)
        page = await visitor.open("/consents")
        await visitor.post(withdrawals(page)[0])
        await running.advance("89s")
        assert await direct.verdict(mine) == (200, None)
        await running.advance("1s")
        assert await direct.verdict(mine) == (401, "revoked_by_user")


async def test_a_grant_of_identity_alone_says_so(running):
    direct = Direct(running)
    await direct.log_in("shoji_maker", "openid", nonce="n-1")
    async with visiting(running, "shoji_maker") as visitor:
        text = (await visitor.open("/consents")).text
        assert re.search("サービス</dt>.*?利用者の情報のみ", text, re.DOTALL)
