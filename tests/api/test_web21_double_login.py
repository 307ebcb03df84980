"""二重ログイン: a user at the bank's pages and the same user's token, where the bank minds."""

from tests.desk import visiting
from tests.direct import Direct
from tests.support import run_sandbox


async def test_a_bank_that_minds_refuses_the_user_who_is_signed_in(tmp_path, template):
    async with run_sandbox(tmp_path, template=template, web21_double_login="1") as running:
        direct = Direct(running)
        token = (await direct.log_in("shoji_maker"))["access_token"]
        viewer = (await direct.log_in("shoji_viewer"))["access_token"]
        assert await direct.verdict(token) == (200, None)
        async with visiting(running, "shoji_maker") as visitor:
            assert await direct.verdict(token) == (409, "double_login")
            assert await direct.verdict(viewer) == (200, None)
            await visitor.post("/sign-out")
            assert await direct.verdict(token) == (200, None)


async def test_a_log_in_that_is_over_is_none(tmp_path, template):
    async with run_sandbox(tmp_path, template=template, web21_double_login="1") as running:
        direct = Direct(running)
        async with visiting(running, "shoji_maker"):
            lifetime_ms = running.sandbox.bank("web21").policy.desk_session_lifetime_ms
            await running.advance(f"{lifetime_ms - 1}ms")
            token = (await direct.log_in("shoji_maker"))["access_token"]
            assert await direct.verdict(token) == (409, "double_login")
            await running.advance("1ms")
            assert await direct.verdict(token) == (200, None)


async def test_by_itself_no_bank_minds(running):
    direct = Direct(running)
    token = (await direct.log_in("shoji_maker"))["access_token"]
    async with visiting(running, "shoji_maker"):
        assert await direct.verdict(token) == (200, None)
