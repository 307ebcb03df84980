"""``response_mode=form_post`` in a browser: the answer goes on by itself, or by a button."""

from pathlib import Path

import pytest

from tests.browser.support import Person
from tests.browser.test_axe import complaints

ODD = "\"'><script>window.harmed = 1</script>&amp;状態 😀"


async def posted(person: Person) -> dict[str, str]:
    """Return what the browser posted to the provider, which shows its own page now."""
    await person.page.wait_for_url("**/callback")
    return person.provider.calls[-1]


async def test_the_answer_is_posted_by_itself(person):
    await person.begin(response_mode="form_post", state=ODD)
    await person.sign_in()
    await person.page.click("button[value=allow]")
    answer = await posted(person)
    assert set(answer) == {"code", "state", "iss"}
    assert answer["state"] == ODD
    assert len(person.provider.calls) == 1
    assert not person.complaints, person.complaints  # of the policy, above all
    status, _, _ = await person.running.exchange(answer["code"], code_verifier="v" * 43)
    assert status == 200


async def test_an_error_is_posted_by_itself_where_no_page_was_shown(person):
    await person.begin(response_mode="form_post", scope="everything", state="s" * 16)
    answer = await posted(person)
    assert (answer["error"], answer["state"]) == ("invalid_scope", "s" * 16)


async def test_going_back_posts_nothing_again(person):
    await person.begin(response_mode="form_post")
    await person.sign_in()
    await person.page.click("button[value=deny], button[value=allow]")
    await posted(person)
    await person.page.go_back()
    await person.page.wait_for_load_state()
    assert len(person.provider.calls) == 1


class TestWithoutScripts:
    @pytest.fixture(params=["ja-JP", "en-US"])
    def context_options(self, request):
        return {"java_script_enabled": False, "locale": request.param}

    async def test_a_person_presses_the_button(self, person, tmp_path):
        await person.begin(response_mode="form_post", state=ODD)
        await person.press("deny")
        language = await person.page.locator("html").get_attribute("lang")
        expected = {"ja": "サービスに戻ります", "en": "Back to the service"}
        assert await person.heading() == expected[language]
        path = Path(tmp_path, f"form_post-{language}.png")
        await person.page.screenshot(path=path, full_page=True)
        async with person.page.expect_navigation():
            await person.page.click("button.primary")
        answer = await posted(person)
        assert (answer["error"], answer["state"]) == ("access_denied", ODD)


async def test_nothing_grave_is_found_on_the_page(person):
    # Its script is kept from it, so that it stays to be looked at.
    await person.page.route("**/assets/form_post.js*", lambda route: route.abort())
    await person.begin(response_mode="form_post")
    await person.press("deny")
    assert await complaints(person.page) == []
