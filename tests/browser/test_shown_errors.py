"""Errors that are shown, not redirected: nothing proves where else they could safely go (O-2)."""

import pytest

from tests.support import NATIVE

ELSEWHERE = "https://elsewhere.example/callback"
SHOWN = {
    "unknown client": ({"client_id": "nobody"}, "連携先を確認できません", "開発者の方は client_id"),
    "blocked client": (
        {"client_id": "sandbox-blocked"},
        "この連携先は停止中です",
        "連携先からの案内をお待ちください",
    ),
    "other redirect uri": (
        {"redirect_uri": ELSEWHERE},
        "戻り先を確認できません",
        "redirect_uri が登録値と1文字も違わないこと",
    ),
    "redirect uri with a slash more": (
        {"redirect_uri": "http://localhost:8000/callback/"},
        "戻り先を確認できません",
        "ご利用のサービスに問い合わせてください",
    ),
    "no client": ({"client_id": ""}, "連携先を確認できません", "始め直してください"),
}


async def shown(person, address: str, *words: str) -> None:
    """Hold ``address`` to a page of status 400 that goes nowhere and says what to do."""
    answer = await person.page.goto(address)
    assert (answer.status, person.page.url) == (400, address)
    assert "location" not in answer.headers
    assert person.statuses == [400]
    await person.page_says(400, "次にしていただくこと", *words)
    assert await person.page.get_by_role("alert").count() == 1
    # Both languages at once: nobody knows yet who reads.
    assert await person.page.locator("section[lang=en]").inner_text()
    assert person.provider.calls == []
    assert not any(url.startswith(ELSEWHERE) for url in person.asked_for)


@pytest.mark.requirement("O-2", "O-3", "T-6")
@pytest.mark.parametrize("case", SHOWN)
async def test_an_unproven_request_is_answered_by_a_page(person, case):
    changes, title, what_to_do = SHOWN[case]
    await shown(person, person.address(**changes), title, what_to_do)


@pytest.mark.requirement("O-2", "O-27")
@pytest.mark.parametrize("name", ["state", "client_id", "redirect_uri", "scope"])
async def test_a_parameter_given_twice_is_answered_by_a_page(person, name):
    address = f"{person.address()}&{name}=again"
    await shown(person, address, "リクエストに重複があります", "各パラメーターを1回だけ")
    facts = await person.page.locator("dl.facts").inner_text()
    assert facts.split() == ["該当する項目", name]


@pytest.mark.requirement("O-3")
@pytest.mark.parametrize(
    "hostile", ["//elsewhere.example/", "javascript:alert(1)", "http://127.0.0.1@elsewhere.example"]
)
async def test_a_native_redirect_uri_of_another_host_is_answered_by_a_page(person, hostile):
    await shown(person, person.address(NATIVE, redirect_uri=hostile), "戻り先を確認できません")


@pytest.mark.requirement("O-2", "O-7")
@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "everything"}, "invalid_scope"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
    ],
)
async def test_once_client_and_redirect_uri_are_proven_errors_go_back(person, changes, error):
    await person.begin(**changes)
    answer = await person.landed()
    assert (answer["error"], answer["state"]) == (error, "st-1 +&=/?#%ü架空")
    assert "iss" in answer
    assert person.statuses == [302, 200]


async def test_what_the_address_carries_is_shown_as_text(person):
    hostile = "<img src=x onerror=alert(1)>"
    await shown(person, person.address(client_id=hostile), hostile)
    assert await person.page.locator("img").count() == 0
