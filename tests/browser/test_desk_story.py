"""From the first stage to a token that works, in a browser: each step by whoever it belongs to."""

import re

import pytest

from tests.browser.desks import go, identify, press, sign_in
from tests.browser.support import TEST_LINE
from tests.desk import DESK, Orders, logins
from tests.direct import BASE, Direct
from tests.support import REDIRECT_URI, answer_of, basic, bearer

KIGYOU = "0000000000000000AG0000000001A006"
PASSWORD = "Kigyou-server-1"


async def next_thing(person):
    await go(person, "")
    return await person.page.locator("section").first.inner_text()


async def name_security_administrator(person):
    await sign_in(person, "kigyou_admin")
    assert "セキュリティ管理者を1名以上指定" in await next_thing(person)
    await press(person, ".desk-button")
    await press(person, "form[action$='/users/security01/administrator'] button")
    assert "セキュリティ管理者に指定しました" in await person.text()


async def give_rights(person):
    await sign_in(person, "kigyou_security")
    assert "サービス利用権限と各権限を付けて" in await next_thing(person)
    await press(person, ".desk-button")
    await press(person, "a[href$='/users/keiri01']")
    for box in ("service-right", "right-reference", "right-update"):
        await person.page.click(f"label[for={box}]")
    await press(person, "button.primary")
    assert "利用権限を保存しました" in await person.text()


async def have_client_issued(person):
    """Return (client id, key) as the page shows them, once."""
    await sign_in(person, "kigyou_maker")
    assert "クライアントIDと暗号化キーの発行を受けて" in await next_thing(person)
    await press(person, ".desk-button")
    assert await person.heading() == "もう一度、ご本人の確認"
    await identify(person, "kigyou_maker")
    await press(person, "button.primary")
    shown = [await person.page.input_value(f"#{name}") for name in ("client-id", "encryption-key")]
    assert re.fullmatch(r"\d{8}", shown[0])
    await press(person, ".desk-button")
    assert shown[1] not in await person.page.content()
    return shown


async def register(person):
    await person.page.fill("#client_password", PASSWORD)
    await person.page.fill("#client_password_again", PASSWORD)
    await person.page.fill("#web-server-1", REDIRECT_URI)
    await press(person, "form[action*='/register'] button")
    assert "パスワードとWebサーバーを登録しました" in await person.text()
    assert "契約者Webサーバーから連携を始め" in await next_thing(person)


async def consent(person, client_id):
    """Go through the ordinary OAuth pages; the log-in of the desk does not count there (W-42)."""
    query = f"response_type=code&client_id={client_id}&redirect_uri={REDIRECT_URI}&state=s-1"
    await person.page.goto(f"{person.running.url}{BASE}/oauth/auth?{query}&scope=web21.ref")
    assert await person.is_at("sign_in")
    for name, value in logins()["kigyou_maker"].items():
        await person.page.fill(f"#{name}", value)
    await person.press("sign_in")
    assert await person.is_at("consent")
    await person.press("allow")
    await person.page.wait_for_url("**/callback?**")
    return answer_of(person.page.url)["code"]


@pytest.mark.requirement("W-34", "W-35", "W-37", "W-38", "W-40", "W-42", "W-43")
async def test_a_new_contractor_comes_from_the_first_stage_to_a_token_that_works(person):
    await name_security_administrator(person)
    await give_rights(person)
    client_id, _ = await have_client_issued(person)
    await register(person)
    code = await consent(person, client_id)

    http, base = person.running.http, f"{person.running.url}{BASE}"
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT_URI}
    headers = basic(client_id, PASSWORD)
    async with http.post(f"{base}/oauth/token", data=form, headers=headers) as answer:
        tokens = await answer.json()
        assert (answer.status, tokens["scope"]) == (200, "web21.ref")
    who = {"client_id": client_id, "contractor_id": tokens["contractor_id"]}
    assert who["contractor_id"] == KIGYOU
    calling = bearer(tokens["access_token"])
    async with http.get(f"{base}/accounts", params=who, headers=calling) as answer:
        assert (answer.status, (await answer.json())["count"]) == (200, 1)

    await sign_in(person, "kigyou_maker")
    assert "利用開始の手続きはすべて済んでいます" in await next_thing(person)
    assert person.complaints == []


async def test_a_withdrawal_in_the_browser_ends_the_token(person):
    direct = Direct(person.running)
    token = (await direct.log_in("shoji_maker"))["access_token"]
    await sign_in(person, "shoji_maker")
    await go(person, "/consents")
    await person.page.locator("summary").click()
    await press(person, "details button")
    assert "アクセス許可を取り消しました" in await person.text()
    assert await direct.verdict(token) == (401, "revoked_by_user")


async def test_an_approver_approves_and_reloading_does_it_no_second_time(person):
    orders = Orders(person.running)
    reference = await orders.register()
    await sign_in(person, "shoji_checker")
    await go(person, "/requests")
    await press(person, f"a[href='{DESK}/requests/{reference}']")
    await person.page.fill("#comment", "確認済み")
    await press(person, "button[value=approve]")
    await person.page.reload()
    assert "受付済み" in await person.text()
    assert await orders.status(reference) == "accepted"
    assert TEST_LINE in await person.page.locator("body").inner_text()
    await person.page.go_back()
    assert await person.page.locator("h1").count() == 1


async def test_another_site_cannot_press_a_button(person):
    reference = await Orders(person.running).register()
    await sign_in(person, "shoji_checker")
    address = f"{person.running.url}{DESK}/requests/{reference}"
    person.provider.pages["/evil"] = (
        f"<!DOCTYPE html><title>x</title><form method=post action='{address}'>"
        "<button name=decision value=approve>x</button></form>"
    )
    await person.page.goto(person.provider.site("/evil"))
    await press(person, "button")
    assert "画面の確認ができませんでした" in await person.text()
    assert await Orders(person.running).status(reference) == "awaiting_approval"


async def test_the_keyboard_alone_is_enough(person):
    await go(person, "/sign-in")
    await person.page.focus("#contractor_id")
    for value in logins()["shoji_maker"].values():
        await person.page.keyboard.type(value)
        await person.page.keyboard.press("Tab")
    async with person.page.expect_navigation():
        await person.page.keyboard.press("Enter")
    assert await person.heading() == "ホーム"
