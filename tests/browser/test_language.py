"""Japanese and English: the switch keeps the page, and the choice outlives it."""

import pytest


async def language(person) -> str:
    """Return the page's language, the same in its markup and in what it says."""
    marked = await person.page.locator("html").get_attribute("lang")
    line = await person.page.locator(".test-line strong").inner_text()
    assert ("試験用の環境です" in line) == (marked == "ja")
    return marked


async def test_the_choice_of_english_survives_to_the_consent_and_back_again(person):
    await person.begin()
    assert await language(person) == "ja"
    await person.page.get_by_role("link", name="English").click()
    assert (await language(person), await person.is_at("sign_in")) == ("en", True)
    await person.sign_in("taro")
    assert (await language(person), await person.is_at("consent")) == ("en", True)
    await person.page.get_by_role("link", name="日本語").click()
    assert (await language(person), await person.is_at("consent")) == ("ja", True)
    assert "code" in await person.allow()
    await person.begin()
    assert await language(person) == "ja"


async def test_the_switch_keeps_the_kind_of_contractor(person):
    await person.begin()
    await person.page.get_by_role("link", name="法人のお客さま").click()
    await person.page.get_by_role("link", name="English").click()
    assert await language(person) == "en"
    assert await person.page.locator("#contractor_id").count() == 1
    await person.page.get_by_role("link", name="日本語").click()
    assert await person.page.locator("#contractor_id").count() == 1


async def test_the_switch_stays_in_the_same_authorization(person):
    await person.begin()
    before = person.page.url.partition("?")[0]
    await person.page.get_by_role("link", name="English").click()
    await person.page.get_by_role("link", name="Corporate").click()
    assert person.page.url.partition("?")[0] == before
    assert await language(person) == "en"


async def test_errors_and_refusals_speak_the_chosen_language(person):
    await person.begin()
    await person.page.get_by_role("link", name="English").click()
    await person.sign_in("taro", pin="0000")
    assert await language(person) == "en"
    assert "for a while: 4" in await person.page.get_by_role("alert").inner_text()
    await person.sign_in("lapsed")
    assert await language(person) == "en"
    await person.page_says(403, "cash card")
    await person.begin("nobody")
    assert await language(person) == "en"


@pytest.mark.parametrize("context_options", [{"locale": "en-GB"}])
async def test_a_browser_that_prefers_english_gets_english(person):
    await person.begin()
    assert await language(person) == "en"
    await person.page.get_by_role("link", name="日本語").click()
    assert await language(person) == "ja"


@pytest.mark.parametrize("context_options", [{"locale": "fr-FR"}])
async def test_any_other_browser_gets_japanese(person):
    await person.begin()
    assert await language(person) == "ja"
