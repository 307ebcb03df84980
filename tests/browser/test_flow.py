"""The main story in a real browser: sign in, consent, and back to the provider with a code."""

import pytest

from tests.browser.support import STATE, count_grants
from tests.support import AGGREGATOR, BASE, NATIVE, VERIFIER, bearer

NO_SCRIPT = {"java_script_enabled": False}


async def issuer_of(running) -> str:
    address = f"{running.url}/.well-known/oauth-authorization-server/tomato"
    async with running.http.get(address) as answer:
        return (await answer.json())["issuer"]


@pytest.mark.requirement("T-10", "O-7", "O-8")
@pytest.mark.parametrize("persona", ["taro", "shoji"])
@pytest.mark.parametrize("context_options", [{}, NO_SCRIPT], ids=["scripts", "no scripts"])
async def test_a_consent_brings_the_browser_back_with_a_code_that_exchanges(person, persona):
    await person.reach_consent(persona)
    answer = await person.allow()

    code = answer.pop("code")
    assert answer == {"state": STATE, "iss": await issuer_of(person.running)}
    status, tokens, _ = await person.running.exchange(code, code_verifier=VERIFIER)
    assert status == 200
    status, body, _ = await person.running.get("/accounts", tokens["access_token"])
    assert (status, len(body["accounts"])) == (200, {"taro": 1, "shoji": 2}[persona])


@pytest.mark.requirement("O-1")
async def test_a_native_app_gets_its_code_on_whatever_port_it_listens(person):
    await person.reach_consent("taro", NATIVE)
    answer = await person.allow()
    assert person.page.url.startswith(f"{person.provider.native_uri}?")
    form = {
        "grant_type": "authorization_code",
        "client_id": NATIVE,
        "code": answer["code"],
        "redirect_uri": person.provider.native_uri,
        "code_verifier": VERIFIER,
    }
    token_endpoint = f"{person.running.base}/oauth/token"
    async with person.running.http.post(token_endpoint, data=form) as exchanged:
        assert exchanged.status == 200
        tokens = await exchanged.json()
    address = f"{person.running.base}/accounts"
    async with person.running.http.get(address, headers=bearer(tokens["access_token"])) as accounts:
        assert accounts.status == 200


@pytest.mark.requirement("O-7")
@pytest.mark.parametrize("page", ["sign_in", "consent"])
@pytest.mark.parametrize("context_options", [{}, NO_SCRIPT], ids=["scripts", "no scripts"])
async def test_a_refusal_brings_the_browser_back_with_access_denied(person, page):
    await person.begin()
    if page == "consent":
        await person.sign_in("taro")
    assert await person.is_at(page)
    answer = await person.deny()

    assert answer.pop("error_description").isascii()
    issuer = await issuer_of(person.running)
    assert answer == {"error": "access_denied", "state": STATE, "iss": issuer}
    assert await count_grants(person.running) == 0


@pytest.mark.requirement("T-10")
async def test_without_a_sign_in_nothing_can_be_allowed(person):
    await person.begin()
    await person.page.evaluate(
        "document.querySelector('button[value=sign_in]').value = 'allow';"
        "document.querySelector('form').noValidate = true"
    )
    await person.press("allow")
    await person.page_says(400, "リクエストを読み取れません", "次にしていただくこと")
    assert (await count_grants(person.running), person.provider.calls) == (0, [])


@pytest.mark.requirement("T-29", "O-26")
async def test_the_consent_page_names_the_provider_and_links_its_terms(person):
    await person.reach_consent("taro")
    provider = person.page.get_by_role("complementary", name="連携を求めているサービス")
    words = await provider.inner_text()
    for word in ("架空アグリゲーター", "架空財務局長（電代）第1号", "localhost:8000"):
        assert word in words
    terms = provider.get_by_role("link")
    assert await terms.get_attribute("href") == "https://aggregator.example/terms"
    assert await terms.get_attribute("target") == "_blank"


@pytest.mark.requirement("O-26", "T-12")
async def test_the_consent_page_says_who_what_and_until_when(person):
    await person.reach_consent("hanako")
    words = await person.text()
    # 90 days from the day on which the clock stands.
    for word in ("見本 花子 様", "残高照会", "入出金明細照会", "2027年2月14日まで"):
        assert word in words
    # Savings and time deposits are not offered.
    assert "2345678" in words
    assert "2345679" in words
    assert "2345680" not in words
    assert "2345681" not in words


@pytest.mark.requirement("T-34")
async def test_new_terms_show_on_the_page_from_their_day_on(person):
    running = person.running
    await running.staff.publish_terms("tomato", "9.9", "2026-11-17")
    await person.reach_consent("taro")
    assert "版：9.9" not in await person.text()
    await running.advance("14h")
    await person.reach_consent("taro")
    assert "版：9.9、2026年11月17日から適用" in await person.text()


@pytest.mark.requirement("T-23")
async def test_the_banks_pages_have_no_button_to_cancel_a_grant(person):
    await person.reach_consent("taro")
    await person.allow()
    await person.begin()
    seen = await person.page.locator("main button").all_inner_texts()
    await person.sign_in("taro")
    seen += await person.page.locator("main button").all_inner_texts()
    assert seen == ["次へ進む", "連携をやめる", "許可する", "許可しない"]
    assert "内容を変えるときは、架空アグリゲーター の画面で" in await person.text()


async def test_the_corporate_base_shows_the_same_pages(person):
    address = person.address(AGGREGATOR).replace(BASE, BASE.replace("parasol", "bizsol"))
    await person.page.goto(address)
    assert "/tomato/bizsol/" in person.page.url
    await person.sign_in("shoji")
    answer = await person.allow()
    status, _, _ = await person.running.exchange(answer["code"], code_verifier=VERIFIER)
    assert status == 200


async def test_the_keyboard_alone_is_enough(person):
    await person.begin()
    press, type_ = person.page.keyboard.press, person.page.keyboard.type
    await tab_to(person, "#branch_code")
    await type_("001")
    await press("Tab")
    await type_("1234567")
    await press("Tab")
    await type_("1234")
    await press("Enter")
    await person.page.wait_for_selector("button[value=allow]")

    await tab_to(person, "#function-2")
    await press("Space")
    await tab_to(person, "button[value=allow]")
    await press("Enter")
    answer = await person.landed()
    _, tokens, _ = await person.running.exchange(answer["code"], code_verifier=VERIFIER)
    (account_id,) = await person.running.account_ids(tokens["access_token"])
    path = f"/accounts/{account_id}/transactions"
    status, body, _ = await person.running.get(path, tokens["access_token"])
    assert (status, body["error_code"]) == (403, "function_not_available")


async def tab_to(person, selector: str) -> None:
    """Press Tab until ``selector`` has the focus; every stop on the way shows where it is."""
    for _ in range(30):
        await person.page.keyboard.press("Tab")
        stop = person.page.locator(":focus")
        if await stop.evaluate("(e, selector) => e.matches(selector)", selector):
            return
    raise AssertionError(f"no Tab leads to {selector}")
