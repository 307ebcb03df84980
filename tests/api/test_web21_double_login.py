"""二重ログイン: a user at the bank's pages and the same user's token, where the bank minds."""

from sandbox.services.population import load_people
from tests.desk import visiting
from tests.direct import Direct
from tests.support import NOW, run_sandbox

CLOCK = {"mode": "frozen", "at": NOW}


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


async def test_in_one_world_alone_a_rule_refuses_a_user_the_same_way(running):
    """docs/desk.md: the setting is the server's, a fault rule is its world's."""
    url = f"{running.sandbox.control_url}/api/v1/worlds"
    async with running.http.post(url, json={"name": "other", "clock": CLOCK}) as answer:
        assert answer.status == 200
    here, there = Direct(running), Direct(running, prefix="/w/other")
    token = (await here.log_in("shoji_maker"))["access_token"]
    viewer = (await here.log_in("shoji_viewer"))["access_token"]
    elsewhere = (await there.log_in("shoji_maker"))["access_token"]
    (login,) = [p.login.login for p in load_people("web21") if p.key == "shoji_maker"]
    rule = {
        "effect": {"kind": "status", "status": 409, "code": "double_login"},
        "match": {"bank": "web21", "user": login},
    }
    async with running.http.post(f"{url}/default/faults", json=rule) as answer:
        fault = await answer.json()
        assert answer.status == 200, fault
    assert await here.verdict(token) == (409, "double_login")
    assert await here.verdict(viewer) == (200, None)
    assert await there.verdict(elsewhere) == (200, None)
    async with running.http.delete(f"{url}/default/faults/{fault['id']}") as answer:
        assert answer.status == 200
    assert await here.verdict(token) == (200, None)


RULE = {
    "effect": {"kind": "status", "status": 409, "code": "double_login"},
    "match": {"bank": "web21", "signed_in": "pages"},
}


async def test_in_one_world_alone_a_rule_refuses_whoever_is_signed_in(running):
    """docs/desk.md: as the setting does, for a bank that does not mind by itself."""
    url = f"{running.sandbox.control_url}/api/v1/worlds"
    async with running.http.post(url, json={"name": "other", "clock": CLOCK}) as answer:
        assert answer.status == 200
    here, there = Direct(running), Direct(running, prefix="/w/other")
    token = (await here.log_in("shoji_maker"))["access_token"]
    viewer = (await here.log_in("shoji_viewer"))["access_token"]
    async with running.http.post(f"{url}/default/faults", json=RULE) as answer:
        assert answer.status == 200, await answer.text()
    async with running.http.post(f"{url}/other/faults", json=RULE) as answer:
        assert answer.status == 200
    elsewhere = (await there.log_in("shoji_maker"))["access_token"]
    assert await here.verdict(token) == (200, None)
    async with visiting(running, "shoji_maker") as visitor:
        assert await here.verdict(token) == (409, "double_login")
        assert await here.verdict(viewer) == (200, None)
        assert await there.verdict(elsewhere) == (200, None)  # signed in at another world's bank
        await visitor.post("/sign-out")
        assert await here.verdict(token) == (200, None)
        assert await here.verdict("no-such-token") == (401, "unknown")


async def test_a_rule_for_those_who_are_signed_in_nowhere_lets_the_others_pass(running):
    direct = Direct(running)
    token = (await direct.log_in("shoji_maker"))["access_token"]
    match = {"signed_in": "nowhere"}
    url = f"{running.control}/faults"
    async with running.http.post(url, json={**RULE, "match": match}) as answer:
        assert answer.status == 200
    assert await direct.verdict(token) == (409, "double_login")
    async with visiting(running, "shoji_maker"):
        assert await direct.verdict(token) == (200, None)


async def test_a_session_that_ends_by_time_is_none_for_a_rule_either(running):
    direct = Direct(running)
    async with running.http.post(f"{running.control}/faults", json=RULE) as answer:
        assert answer.status == 200
    async with visiting(running, "shoji_maker"):
        lifetime_ms = running.sandbox.bank("web21").policy.desk_session_lifetime_ms
        await running.advance(f"{lifetime_ms - 1}ms")
        token = (await direct.log_in("shoji_maker"))["access_token"]
        assert await direct.verdict(token) == (409, "double_login")
        await running.advance("1ms")
        assert await direct.verdict(token) == (200, None)
