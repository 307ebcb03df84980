"""Back, again, and in two tabs: what people do with pages, and what strangers plant there."""

import asyncio
from urllib.parse import urlencode

import pytest

from tests.browser.support import STATE, count_grants, personas
from tests.support import VERIFIER

OVER = "この手続きは続けられません"
WHAT_TO_DO = "連携先で結果を確かめてください"
NOT_OURS = "画面の確認ができませんでした"


async def holder_of(person, code: str) -> str:
    """Return the name on the accounts that a code opens."""
    _, tokens, _ = await person.running.exchange(code, code_verifier=VERIFIER)
    _, body, _ = await person.running.get("/accounts", tokens["access_token"])
    (name,) = {account["account_name"] for account in body["accounts"]}
    return name


@pytest.mark.requirement("O-25", "O-23")
async def test_the_cookie_is_kept_from_scripts_and_other_sites_and_changes_at_sign_in(person):
    await person.begin()
    before = await person.cookie()
    assert before["path"] == person.page.url.removeprefix(person.running.url)
    assert (before["httpOnly"], before["sameSite"]) == (True, "Lax")
    assert await person.page.evaluate("document.cookie") == ""

    await person.sign_in("taro")
    after = await person.cookie()
    assert after.pop("value") != before.pop("value")
    assert {**after, "expires": 0} == {**before, "expires": 0}


@pytest.mark.requirement("O-25")
async def test_a_cookie_planted_before_the_sign_in_is_worth_nothing_after_it(person):
    await person.begin()
    planted = await person.cookie()
    await person.sign_in("taro")
    await person.context.add_cookies([planted])
    await person.page.reload()
    await person.page_says(400, OVER, "この画面を閉じ")
    assert "架空 太郎" not in await person.text()


@pytest.mark.requirement("O-25")
async def test_another_browser_cannot_take_over_an_authorization(person, browser):
    await person.reach_consent("taro")
    stranger = await browser.new_context(locale="ja-JP")
    page = await stranger.new_page()
    answer = await page.goto(person.page.url)
    assert answer.status == 400
    assert OVER in await page.locator("h1").inner_text()
    await stranger.close()


@pytest.mark.requirement("O-25")
async def test_two_tabs_with_two_authorizations_do_not_mix(person):
    other = await person.another_tab()
    await person.begin(state="first")
    await other.begin(state="second")
    await person.sign_in("taro")
    await other.page.reload()
    assert await other.is_at("sign_in")  # the first tab's sign-in is not the second's
    await other.sign_in("hanako")

    first, second = await person.allow(), await other.allow()
    assert (first["state"], second["state"]) == ("first", "second")
    assert await holder_of(person, first["code"]) == "架空 太郎"
    assert await holder_of(person, second["code"]) == "見本 花子"


@pytest.mark.requirement("O-25", "O-23")
async def test_the_consent_of_one_tab_cannot_answer_the_authorization_of_another(person):
    other = await person.another_tab()
    await person.reach_consent("taro")
    await other.reach_consent("hanako")
    target = other.page.url.partition("?")[0]
    await person.page.evaluate("url => { document.querySelector('form').action = url }", target)
    await person.press("allow")
    await person.page_says(403, NOT_OURS, "手続きを始め直して")
    assert (await count_grants(person.running), person.provider.calls) == (0, [])

    answer = await other.allow()
    assert await holder_of(person, answer["code"]) == "見本 花子"


async def test_back_from_the_consent_stays_signed_in(person):
    await person.reach_consent("taro")
    await person.page.go_back()
    assert await person.is_at("consent")
    assert "code" in await person.allow()


@pytest.mark.parametrize("decision", ["allow", "deny"])
async def test_back_from_the_provider_says_that_it_is_over(person, decision):
    await person.reach_consent("taro")
    await person.press(decision)
    await person.landed()
    await person.page.go_back()
    await person.page_says(400, OVER, WHAT_TO_DO)


async def test_a_consent_sent_from_two_tabs_is_given_once(person):
    other = await person.another_tab()
    await person.reach_consent("taro")
    await other.page.goto(person.page.url)
    answer = await person.allow()
    assert await other.allow() == answer
    assert await count_grants(person.running) == 1
    assert await holder_of(person, answer["code"]) == "架空 太郎"


async def test_another_answer_from_a_second_tab_comes_too_late(person):
    other = await person.another_tab()
    await person.reach_consent("taro")
    await other.page.goto(person.page.url)
    await person.allow()
    await other.press("deny")
    await other.page_says(400, OVER, WHAT_TO_DO)
    assert await count_grants(person.running) == 1


@pytest.mark.parametrize("rival", ["allow", "deny"])
async def test_answers_that_race_each_other_count_once(person, rival):
    await person.reach_consent("taro")
    decisions = ["allow", *[rival] * 7]
    answers = await racing(person, [{"decision": decision} for decision in decisions])
    first = decisions[next(n for n, (status, _) in enumerate(answers) if status == 303)]
    for decision, (status, text) in zip(decisions, answers, strict=True):
        # It may have been allowed, so no page may say that nothing was shared.
        assert status == 303 if decision == first else (status == 400 and OVER in text)
    assert await count_grants(person.running) == (first == "allow")


@pytest.mark.requirement("O-25")
async def test_sign_ins_that_race_each_other_bind_one_person(person):
    await person.begin()
    logins = [personas()[name]["login"] for name in ("taro", "hanako")]
    answers = await racing(person, [{**login, "decision": "sign_in"} for login in logins])
    assert sorted(status for status, _ in answers) == [303, 400]


async def racing(person, forms: list[dict[str, str]]) -> list[tuple[int, str]]:
    """Post the page's form with each of ``forms`` typed in; return (status, text) of each.

    Every body pauses until the bank has read all the heads, and so has found the interaction.
    """
    entries = await person.page.evaluate(
        "[...new FormData(document.querySelector('form')).entries()]"
    )
    headers = {
        "Cookie": f"interaction={(await person.cookie())['value']}",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    go = asyncio.Event()

    async def body(form: dict[str, str]):
        typed = [(name, value) for name, value in entries if name not in form]
        yield urlencode(typed).encode()  # the head travels with the first piece
        await go.wait()
        yield f"&{urlencode(form)}".encode()

    async def post(form: dict[str, str]) -> tuple[int, str]:
        async with person.running.http.post(
            person.page.url, data=body(form), headers=headers, allow_redirects=False
        ) as answer:
            return answer.status, await answer.text()

    async with asyncio.TaskGroup() as group:
        posts = [group.create_task(post(form)) for form in forms]
        await asyncio.sleep(0.3)
        go.set()
    return [post.result() for post in posts]


@pytest.mark.parametrize("decision", ["allow", "deny"])
async def test_a_double_click_ends_at_the_provider(person, decision):
    await person.reach_consent("taro")
    await person.page.dblclick(f"button[value={decision}]")
    answer = await person.landed()
    assert ("code" in answer) is (decision == "allow")
    assert all(call == answer for call in person.provider.calls)
    assert await count_grants(person.running) == (decision == "allow")
    assert set(person.statuses) <= {200, 302, 303}


async def test_a_double_click_on_continue_ends_at_the_consent(person):
    await person.begin()
    await person.type_in("taro")
    await person.page.dblclick("button[value=sign_in]")
    await person.page.wait_for_selector("button[value=allow]")
    assert set(person.statuses) <= {200, 302, 303}
    assert "code" in await person.allow()


async def test_a_sign_in_page_left_open_cannot_sign_somebody_else_in(person):
    stale = await person.another_tab()
    await person.begin()
    await stale.page.goto(person.page.url)
    await person.sign_in("taro")
    await stale.sign_in("hanako")
    await stale.page_says(403, NOT_OURS, "手続きを始め直して")
    answer = await person.allow()
    assert await holder_of(person, answer["code"]) == "架空 太郎"


async def test_a_bookmark_of_the_authorization_works_again(person):
    await person.reach_consent("taro")
    await person.allow()
    await person.begin()
    await person.sign_in("taro")
    assert (await person.allow())["state"] == STATE
