"""The contractor's pages: sign-in, the second identity check, log-out, and the session's end."""

import pytest

from sandbox.domain.secrets import token_hash
from tests.desk import DESK, FORM, logins, visiting
from tests.direct import SHOJI
from tests.journals import entries
from tests.support import run_sandbox

ROWS = "SELECT session_hash FROM desk_session"


async def hashes(running):
    return {row[0] for row in await running.sandbox.world.database.fetch(ROWS)}


def cookie_of(visitor):
    (found,) = [each for each in visitor.http.cookie_jar if each.key == "desk_session"]
    return found


async def opens(running, cookie):
    """Tell whether a cookie opens the start page."""
    async with running.http.get(
        f"{running.url}{DESK}", headers={"Cookie": f"desk_session={cookie}"}, allow_redirects=False
    ) as answer:
        return answer.status == 200


async def test_nobody_is_let_in_without_signing_in(running):
    async with visiting(running) as visitor:
        for path in ("", "/contract", "/users", "/client", "/consents", "/requests/1"):
            page = await visitor.load(path)
            assert (page.status, page.location) == (303, f"{DESK}/sign-in")


async def test_sign_in_leads_to_what_the_user_can_do_next(running):
    async with visiting(running) as visitor:
        page = await visitor.sign_in("kigyou_admin")
        assert (page.status, page.path) == (200, DESK)
        assert "セキュリティ管理者を1名以上指定してください" in page.text
        page = await visitor.open("/sign-in")
        assert page.path == DESK  # signed in already


@pytest.mark.parametrize("field", ["contractor_id", "user_id", "password", "second_factor"])
async def test_every_field_is_needed_and_has_to_be_right(running, field):
    async with visiting(running) as visitor:
        page = await visitor.sign_in("shoji_maker", **{field: ""})
        assert (page.status, "入力されていない項目" in page.text) == (400, True)
        page = await visitor.sign_in("shoji_maker", **{field: "999999"})
        assert (page.status, "あと4回" in page.text) == (403, True)
        assert not await hashes(running)


async def test_full_width_digits_count_as_plain_ones(running):
    async with visiting(running) as visitor:
        page = await visitor.sign_in("shoji_maker", contractor_id="０００９０００００１")
        assert page.status == 200


async def test_what_was_typed_is_kept_but_no_secret(running):
    async with visiting(running) as visitor:
        page = await visitor.sign_in("shoji_maker", password="my-wrong-secret")
        assert 'value="keiri01"' in page.text
        assert "my-wrong-secret" not in page.text
        assert "100001" not in page.text


async def test_five_failures_lock_also_who_is_right_then(running):
    async with visiting(running) as visitor:
        for _ in range(4):
            page = await visitor.sign_in("shoji_maker", password="wrong")
        assert "あと1回" in page.text
        page = await visitor.sign_in("shoji_maker", password="wrong")
        assert (page.status, "11:00 以降" in page.text) == (403, True)
        page = await visitor.sign_in("shoji_maker")
        assert (page.status, "11:00 以降" in page.text) == (403, True)
        await running.advance("59m59s")
        assert (await visitor.sign_in("shoji_maker")).status == 403
        await running.advance("1s")
        assert (await visitor.sign_in("shoji_maker")).status == 200


async def test_failures_here_and_at_the_consent_page_count_together(running):
    async with visiting(running) as visitor:
        await visitor.sign_in("shoji_maker", second_factor="000000")
    counted = "SELECT failures FROM login_failure WHERE login = 'user:0009000001:keiri01'"
    assert await running.sandbox.world.database.fetchrow(counted) == (1,)


async def test_nobody_signs_in_under_a_suspended_or_ended_contract(running):
    async with visiting(running) as visitor:
        page = await visitor.sign_in("shokai_maker")
        assert (page.status, "現在ご利用になれません" in page.text) == (403, True)


async def test_the_contract_ended_meanwhile_ends_the_log_in(running):
    async with visiting(running, "shoji_maker") as visitor:
        await running.sandbox.bank("web21").corporate.suspend_base(SHOJI)
        page = await visitor.load("")
        assert (page.status, page.location) == (303, f"{DESK}/sign-in?note=session_ended")


async def test_the_cookie_is_the_pages_own_and_kept_as_a_hash(running):
    async with visiting(running, "shoji_maker") as visitor:
        cookie = cookie_of(visitor)
        assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == (DESK, True, "Lax")
        assert await hashes(running) == {token_hash(cookie.value)}


async def test_sign_in_and_identity_check_each_renew_the_cookie(running):
    async with visiting(running) as visitor:
        await visitor.open("/sign-in")
        before = cookie_of(visitor).value
        await visitor.sign_in("shoji_maker")
        signed_in = cookie_of(visitor).value
        await visitor.identify("shoji_maker")
        identified = cookie_of(visitor).value
        assert len({before, signed_in, identified}) == 3
        assert [await opens(running, each) for each in (before, signed_in, identified)] == [
            False,
            False,
            True,
        ]


async def test_a_log_in_ends_by_the_worlds_clock(running):
    async with visiting(running, "shoji_maker") as visitor:
        await running.advance("29m59s")
        assert (await visitor.load("")).status == 200
        await running.advance("1s")
        page = await visitor.open("")
        assert "有効時間が過ぎたか" in page.text
        assert (await visitor.sign_in("shoji_maker")).status == 200
        assert len(await hashes(running)) == 1  # the old one is swept


@pytest.mark.requirement("W-37")
async def test_the_second_check_counts_for_ten_minutes_and_prolongs_nothing(running):
    async with visiting(running, "shoji_maker") as visitor:
        page = await visitor.open("/client")
        assert page.path == f"{DESK}/identity"
        await running.advance("20m")
        page = await visitor.identify("shoji_maker")
        assert page.path.startswith(f"{DESK}/client")
        await running.advance("9m59s")
        assert (await visitor.load("/client")).status == 200
        await running.advance("1s")
        assert (await visitor.load("/client")).location == f"{DESK}/sign-in?note=session_ended"


async def test_the_second_check_lapses_before_the_log_in_does(running):
    async with visiting(running, "shoji_maker") as visitor:
        await visitor.identify("shoji_maker")
        await running.advance("10m")
        assert (await visitor.load("/client")).location == f"{DESK}/identity"


@pytest.mark.parametrize("field", ["password", "second_factor"])
async def test_the_second_check_needs_both_secrets(running, field):
    async with visiting(running, "shoji_maker") as visitor:
        secrets = {name: logins()["shoji_maker"][name] for name in ("password", "second_factor")}
        await visitor.open("/identity")
        page = await visitor.post("/identity", **{**secrets, field: "000000"})
        assert (page.status, "あと4回" in page.text) == (403, True)
        page = await visitor.post("/identity", **{**secrets, field: ""})
        assert page.status == 400
        assert (await visitor.load("/client")).location == f"{DESK}/identity"


async def test_log_out_ends_the_log_in_for_whoever_has_the_cookie(running):
    async with visiting(running, "shoji_maker") as visitor:
        cookie = cookie_of(visitor).value
        await visitor.load("")
        page = await visitor.post("/sign-out")
        assert "ログアウトしました" in page.text
        assert not await opens(running, cookie)
        assert not await hashes(running)


@pytest.mark.parametrize("sent", ["", "csrf=wrong", "csrf=" + "0" * 64])
@pytest.mark.parametrize("path", ["/sign-in", "/sign-out", "/users/keiri01/administrator"])
async def test_nothing_happens_without_the_pages_own_token(running, path, sent):
    async with visiting(running, "shoji_admin") as visitor:
        page = await visitor.load(path, method="POST", data=sent, headers=FORM)
        assert (page.status, "画面の確認ができませんでした" in page.text) == (403, True)
        assert (await visitor.load("")).status == 200


async def test_a_token_of_another_browser_is_no_good(running):
    async with visiting(running, "shoji_admin") as one, visiting(running, "shoji_admin") as other:
        token = dict((await other.load("")).fields("/sign-out"))["csrf"]
        page = await one.load("/sign-out", method="POST", data=f"csrf={token}", headers=FORM)
        assert page.status == 403


async def test_a_field_given_twice_is_refused(running):
    async with visiting(running) as visitor:
        await visitor.open("/sign-in")
        twice = [("user_id", "keiri01"), ("user_id", "keiri02")]
        page = await visitor.open(
            "/sign-in", method="POST", **visitor._form("/sign-in", tuple(twice), {})
        )
        assert (page.status, "読み取れません" in page.text) == (400, True)


async def test_each_world_has_its_own_log_ins(running):
    body = {"name": "other"}
    url = f"{running.sandbox.control_url}/api/v1/worlds"
    async with running.http.post(url, json=body) as answer:
        assert answer.status == 200
    async with visiting(running, "shoji_maker", prefix="/w/other") as visitor:
        assert visitor.page.path == f"/w/other{DESK}"
        assert f'href="/w/other{DESK}/contract"' in visitor.page.text
        assert cookie_of(visitor)["path"] == f"/w/other{DESK}"
        assert not await opens(running, cookie_of(visitor).value)
    async with visiting(running) as visitor:
        visitor.http.headers["X-Sandbox-World"] = "other"
        page = await visitor.load("")
        assert page.location == f"/w/other{DESK}/sign-in"


async def test_no_secret_comes_to_the_journal(running):
    async with visiting(running, "shoji_maker") as visitor:
        await visitor.identify("shoji_maker")
        cookie = cookie_of(visitor).value
        await visitor.load("")
        token = dict(visitor.page.fields("/sign-out"))["csrf"]
    found = str(await entries(running))
    assert "desk_sign_in" in found
    assert "desk_identify" in found
    for secret in (cookie, token, "shoji-maker-pass-1", "second_factor=100001"):
        assert secret not in found


async def test_the_pages_travel_like_every_page_of_the_bank(running):
    async with visiting(running, "shoji_maker") as visitor:
        for path in ("", "/nowhere", "/users"):
            headers = (await visitor.load(path)).headers
            assert headers["Cache-Control"] == "no-store"
            assert headers["X-Frame-Options"] == "DENY"
            assert "script-src 'none'" in headers["Content-Security-Policy"]
            assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
            assert headers["Date"] == "Mon, 16 Nov 2026 01:00:00 GMT"
        assert (await visitor.load("/nowhere")).status == 404
        assert (await visitor.load("/nowhere", method="DELETE")).status == 404


async def test_the_language_is_kept_once_chosen(running):
    async with visiting(running) as visitor:
        page = await visitor.open("/sign-in?lang=en")
        assert page.heading == "Sign in to the contractor’s pages"
        page = await visitor.post("/sign-in", **logins()["shoji_maker"])
        assert page.heading == "Home"
        assert f'href="{DESK}?lang=ja"' in page.text


async def test_a_closed_bank_says_so_and_when_it_opens(tmp_path, template):
    async with (
        run_sandbox(tmp_path, template=template, web21_hours="regional") as running,
        visiting(running, "shoji_maker") as visitor,
    ):
        await running.advance("14h")  # midnight
        page = await visitor.load("")
        assert (page.status, "取扱時間外" in page.text) == (503, True)
        assert page.headers["Retry-After"] == "300"


async def test_only_a_bank_with_contracts_has_these_pages(running):
    async with running.http.get(f"{running.base}/desk") as answer:
        assert answer.status == 404
