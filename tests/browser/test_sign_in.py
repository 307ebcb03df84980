"""The identity check as a person meets it: wrong PINs, the lock, and those who do not qualify."""

import pytest

from sandbox.domain.account import AccountState
from tests.browser.support import account_ids_of, contractor_of, count_grants

LOCKED = "ご利用を一時的に止めています"
WRONG = "店番・口座番号・暗証番号のいずれかが正しくありません"
NOT_QUALIFIED = {
    "card": "キャッシュカードが有効ではありません",
    "contract": "ご契約が終了しています",
    "accounts": "連携できる口座がありません",
}


async def fail_to_sign_in(person, times: int = 5, **changes: str) -> list[tuple[int, str, str]]:
    """Try a wrong PIN so often; return (status, page, alert) each time."""
    seen = []
    await person.begin()
    for _ in range(times):
        await person.sign_in("taro", **{"pin": "9999", **changes})
        alert = await person.page.get_by_role("alert").inner_text()
        seen.append((person.statuses[-1], await person.text(), alert))
    return seen


@pytest.mark.requirement("O-24")
async def test_five_wrong_pins_lock_and_the_page_says_until_when(person):
    seen = await fail_to_sign_in(person)
    for left, (status, _, alert) in zip((4, 3, 2, 1), seen[:4], strict=True):
        warning = f"あと{left}回誤ると、しばらくご利用になれなくなります"
        assert (status, alert) == (403, f"{WRONG}。{warning}。")
    await person.page_says(403, LOCKED, "2026年11月16日 11:00", "連携先でもう一度手続きを始めて")
    assert not await person.is_at("sign_in")


@pytest.mark.requirement("O-24")
async def test_while_locked_the_right_pin_is_refused_too_and_afterwards_it_works(person):
    await fail_to_sign_in(person)
    await person.begin()
    await person.sign_in("taro")
    await person.page_says(403, LOCKED, "2026年11月16日 11:00")

    await person.running.advance("59m")
    await person.begin()
    await person.sign_in("taro")
    await person.page_says(403, LOCKED, "2026年11月16日 11:00")

    await person.running.advance("1m")
    await person.begin()
    await person.sign_in("taro")
    assert await person.is_at("consent")


@pytest.mark.requirement("O-24")
async def test_an_unknown_account_is_refused_counted_and_locked_like_a_known_one(person):
    known = await fail_to_sign_in(person)
    unknown = await fail_to_sign_in(person, account_number="7654321")
    assert unknown == known
    await person.begin()
    await person.sign_in("taro", account_number="7654321")
    await person.page_says(403, LOCKED, "2026年11月16日 11:00")


async def test_a_right_pin_forgets_the_wrong_ones_before_it(person):
    await fail_to_sign_in(person, times=4)
    await person.sign_in("taro")
    assert await person.is_at("consent")
    seen = await fail_to_sign_in(person, times=1)
    assert "あと4回誤ると" in seen[0][2]


async def test_a_corporate_user_locks_in_words_of_its_own(person):
    await person.begin()
    for left in (4, 3, 2, 1):
        await person.sign_in("shoji", password="wrong")
        words = "契約者ID・利用者ID・パスワードのいずれかが正しくありません"
        await person.page_says(403, words, f"あと{left}回誤ると")
    await person.sign_in("shoji", password="wrong")
    await person.page_says(403, LOCKED)


async def test_a_wrong_pin_keeps_what_was_typed_but_never_the_pin(person):
    await fail_to_sign_in(person, times=1)
    values = {
        name: await person.page.input_value(f"#{name}")
        for name in ("branch_code", "account_number", "pin")
    }
    assert values == {"branch_code": "001", "account_number": "1234567", "pin": ""}
    assert "9999" not in await person.page.content()


async def test_full_width_digits_are_digits(person):
    await person.begin()
    await person.sign_in("taro", branch_code="００１", account_number="１２３４５６７")
    assert await person.is_at("consent")
    await person.begin()
    await person.sign_in("taro", pin="１２３４")
    assert await person.is_at("consent")


async def test_an_empty_field_is_pointed_out_by_the_browser_and_by_the_bank(person):
    await person.begin()
    await person.type_in("taro", pin="")
    address = person.page.url
    await person.page.click("button[value=sign_in]")
    assert await person.page.locator("#pin:invalid").count() == 1
    assert (person.page.url, person.statuses) == (address, [302, 200])

    await person.page.evaluate("document.querySelector('form').noValidate = true")
    await person.press("sign_in")
    await person.page_says(400, "入力されていない項目か、桁数の合わない項目があります")
    assert await person.page.input_value("#account_number") == "1234567"


@pytest.mark.requirement("T-2")
async def test_a_lapsed_card_is_refused_and_leads_back_with_access_denied(person):
    await refused(person, "lapsed", NOT_QUALIFIED["card"])


@pytest.mark.requirement("T-2")
async def test_a_lost_card_ends_eligibility(person):
    running = person.running
    await running.staff.lose_credentials(await contractor_of(running, "taro"))
    await refused(person, "taro", NOT_QUALIFIED["card"])


@pytest.mark.requirement("T-3")
async def test_an_ended_contract_is_refused_until_it_is_taken_up_again(person):
    running = person.running
    contractor_id = await contractor_of(running, "shoji")
    await running.staff.set_contract_state(contractor_id, "ended")
    await refused(person, "shoji", NOT_QUALIFIED["contract"])
    await running.staff.set_contract_state(contractor_id, "active")
    await person.reach_consent("shoji")


async def test_nobody_without_an_account_to_offer_comes_to_the_consent(person):
    running = person.running
    for account_id in (await account_ids_of(running, "hanako"))[:2]:
        await running.staff.set_account_state(account_id, AccountState.CLOSED)
    await refused(person, "hanako", NOT_QUALIFIED["accounts"])


async def test_a_frozen_account_may_still_be_consented_to(person):
    await person.reach_consent("frozen")


@pytest.mark.requirement("T-2", "T-3", "O-24")
@pytest.mark.parametrize("persona", ["lapsed", "shoji"])
async def test_who_does_not_know_the_secret_does_not_learn_that_it_would_not_help(person, persona):
    running = person.running
    await running.staff.set_contract_state(await contractor_of(running, "shoji"), "ended")
    await person.begin()
    await person.sign_in(persona, pin="0000", password="wrong")
    await person.page_says(403, "あと4回誤ると")


async def test_who_takes_too_long_is_told_to_begin_again(person):
    await person.begin()
    await person.running.advance("10m")
    await person.sign_in("taro")
    await person.page_says(400, "手続きの時間が過ぎました", "もう一度始めてください")
    assert person.provider.calls == []


async def refused(person, persona: str, why: str) -> None:
    """Hold the bank to refusing ``persona``, with a button that tells the provider."""
    await person.begin()
    await person.sign_in(persona)
    await person.page_says(403, why, "次にしていただくこと", "口座の情報は連携先に渡していません")
    assert not await person.is_at("consent")
    answer = await person.deny()
    assert answer["error"] == "access_denied"
    assert {"state", "iss"} < answer.keys()
    assert await count_grants(person.running) == 0
