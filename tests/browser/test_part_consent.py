"""Part consent: what is not ticked is not granted (O-26)."""

import pytest

from tests.browser.support import count_grants
from tests.support import VERIFIER

pytestmark = pytest.mark.requirement("O-26")


async def tick(person, **ticks: bool) -> None:
    """Tick or untick boxes by the words of their labels: the whole row is the label's."""
    for words, is_ticked in ticks.items():
        if await person.page.get_by_label(words).is_checked() is not is_ticked:
            await person.page.locator("label").filter(has_text=words).click()


async def ticked(person) -> list[bool]:
    boxes = person.page.get_by_role("checkbox")
    return [await boxes.nth(n).is_checked() for n in range(await boxes.count())]


@pytest.mark.parametrize("context_options", [{}, {"java_script_enabled": False}])
async def test_only_what_was_left_ticked_opens_at_the_api(person):
    running = person.running
    await person.reach_consent("hanako")
    assert await ticked(person) == [True] * 4
    await tick(person, 入出金明細照会=False, みなと支店=False)
    answer = await person.allow()
    _, tokens, _ = await running.exchange(answer["code"], code_verifier=VERIFIER)
    token = tokens["access_token"]

    _, body, _ = await running.get("/accounts", token)
    (account,) = body["accounts"]
    assert (account["branch_name"], account["account_number"]) == ("中央支店", "2345678")
    status, _, _ = await running.get(f"/accounts/{account['account_id']}", token)
    assert status == 200
    path = f"/accounts/{account['account_id']}/transactions"
    status, body, _ = await running.get(path, token)
    assert (status, body["error_code"]) == (403, "function_not_available")


async def test_what_was_left_out_counts_as_not_found(person):
    running = person.running
    everything = await running.account_ids((await running.log_in("hanako"))["access_token"])
    await person.reach_consent("hanako")
    await tick(person, 中央支店=False)
    answer = await person.allow()
    _, tokens, _ = await running.exchange(answer["code"], code_verifier=VERIFIER)
    (kept,) = await running.account_ids(tokens["access_token"])
    (left_out,) = set(everything) - {kept}
    for path in (f"/accounts/{left_out}", f"/accounts/{left_out}/transactions"):
        status, body, _ = await running.get(path, tokens["access_token"])
        assert (status, body["error_code"]) == (404, "account_not_found")


async def test_no_function_at_all_is_an_error_that_keeps_the_choice_of_accounts(person):
    await person.reach_consent("hanako")
    await tick(person, 残高照会=False, 入出金明細照会=False, みなと支店=False)
    await person.press("allow")
    await person.page_says(400, "渡す情報を1つ以上選んでください")
    assert await ticked(person) == [False, False, True, False]
    assert await person.page.locator("[aria-invalid=true]").count() == 2
    assert (await count_grants(person.running), person.provider.calls) == (0, [])

    await tick(person, 残高照会=True)
    assert "code" in await person.allow()


async def test_no_account_at_all_is_an_error_that_keeps_the_choice_of_functions(person):
    await person.reach_consent("hanako")
    await tick(person, 入出金明細照会=False, 中央支店=False, みなと支店=False)
    await person.press("allow")
    await person.page_says(400, "対象の口座を1つ以上選んでください")
    assert await ticked(person) == [True, False, False, False]
    assert await count_grants(person.running) == 0
    assert (await person.deny())["error"] == "access_denied"


async def test_a_provider_of_one_function_is_offered_that_one_only(person):
    await person.begin("sandbox-accounting")
    await person.page.fill("#contractor_id", "0566000001")
    await person.page.fill("#user_id", "tanaka")
    await person.page.fill("#password", "shoji-pass-1")
    await person.press("sign_in")
    functions = person.page.get_by_role("group", name="渡す情報").get_by_role("checkbox")
    assert await functions.count() == 1
    assert await functions.get_attribute("value") == "balances"


async def test_a_box_that_was_never_offered_grants_nothing(person):
    running = person.running
    (foreign,) = await running.account_ids((await running.log_in("taro"))["access_token"])
    await person.reach_consent("hanako")
    await person.page.evaluate(
        "id => document.querySelectorAll('[name=account]').forEach(box => { box.value = id })",
        foreign,
    )
    await person.press("allow")
    await person.page_says(400, "対象の口座を1つ以上選んでください")
    assert person.provider.calls == []
