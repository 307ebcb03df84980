"""The tester's bar in a browser: reached by keyboard, closed until asked for, and at work."""

import pytest

from tests.browser.desks import go
from tests.browser.support import count_grants
from tests.desk import logins

BAR = ".tester summary"


async def test_the_keyboard_opens_the_bar_and_signs_somebody_in(person):
    await person.begin()
    page = person.page
    first = page.locator(".tester button").first
    assert not await first.is_visible()
    await page.locator(BAR).focus()
    await page.keyboard.press("Enter")
    assert await first.is_visible()
    await page.keyboard.press("Tab")
    async with page.expect_navigation():
        await page.keyboard.press("Enter")
    assert await person.is_at("consent")
    assert "架空 太郎" in await person.text()


async def test_the_bar_is_named_as_the_sandboxes_own(person):
    await person.begin()
    bar = person.page.get_by_role("complementary", name="サンドボックスの試験用バー")
    assert await bar.count() == 1
    assert "銀行の画面の一部ではありません" in await bar.locator("form").text_content()
    in_english = bar.locator("summary [lang=en]")
    assert await in_english.inner_text() == "Sandbox tester’s bar"


@pytest.mark.parametrize(("outcome", "key"), [("allow_all", "code"), ("server_error", "error")])
async def test_one_click_ends_at_the_provider(person, outcome, key):
    await person.begin()
    await person.page.click(BAR)
    await person.page.select_option("#tester-persona", "hanako")
    await person.press(outcome)
    assert key in await person.landed()
    assert await count_grants(person.running) == (key == "code")


async def test_enter_in_a_field_presses_the_banks_own_button(person):
    await person.begin()
    await person.type_in("taro")
    async with person.page.expect_navigation():
        await person.page.press("#pin", "Enter")
    assert await person.is_at("consent")
    assert "架空 太郎" in await person.text()


async def test_on_the_contractors_pages_the_keyboard_signs_a_user_in_and_proves_who_it_is(person):
    await go(person, "/sign-in")
    page = person.page
    button = page.locator('.tester button[value="sign_in:shoji_maker"]')
    assert not await button.is_visible()
    await page.locator(BAR).focus()
    await page.keyboard.press("Enter")
    await button.focus()
    async with page.expect_navigation():
        await page.keyboard.press("Enter")
    assert await page.locator(".desk-who").count() == 1
    assert await page.locator(".tester").count() == 0
    await go(person, "/client")
    await page.click(BAR)
    async with page.expect_navigation():
        await page.click('.tester button[value="identify"]')
    assert page.url.partition("?")[0].endswith("/desk/client")


async def test_enter_in_a_field_of_the_contractors_page_presses_the_banks_own_button(person):
    await go(person, "/sign-in")
    for name, value in logins()["shoji_viewer"].items():
        await person.page.fill(f"#{name}", value)
    async with person.page.expect_navigation():
        await person.page.press("#password", "Enter")
    assert await person.page.locator(".desk-who").count() == 1
