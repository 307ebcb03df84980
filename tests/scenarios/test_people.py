"""People at the banks' pages, as a scenario sends them there."""

import aiohttp
import pytest

from sandbox.client import AsyncSandbox
from sandbox.scenarios.back import changed
from sandbox.scenarios.browser import BankShows, Person, Wish, go_through
from tests.browsing import request_query
from tests.direct import Direct
from tests.support import BASE, REDIRECT_URI


async def person_of(running, bank: str, name: str) -> Person:
    async with AsyncSandbox(running.sandbox.control_url) as sandbox:
        found = (await sandbox.world().describe()).bank(bank).persona(name)
    return Person(found.login, found.kind)


async def gone_through(running, name: str, wish: Wish, bank: str = "tomato") -> dict[str, str]:
    """Return what the bank sends a person of this wish back with."""
    address = f"{running.url}{BASE}/oauth/auth?{request_query()}"
    if bank == "web21":
        address = Direct(running).address(scope="web21.ref")
    async with await person_of(running, bank, name) as person:
        back = await go_through(person, address, wish)
    assert back is not None
    assert back.posted is None
    assert back.address.startswith(REDIRECT_URI)
    return back.values


async def consents(running, bank: str = "tomato") -> list[dict]:
    async with running.http.get(f"{running.control}/grants") as answer:
        return [each for each in (await answer.json())["grants"] if each["bank"] == bank]


@pytest.mark.parametrize("name", ["taro", "hanako", "shoji"])
async def test_a_person_signs_in_by_card_or_by_user_id_and_allows(running, name):
    told = await gone_through(running, name, Wish())
    assert set(told) == {"code", "state", "iss"}
    (consent,) = await consents(running)
    assert (consent["persona"], len(consent["functions"])) == (name, 2)


async def test_a_user_of_web21_consents_too(running):
    assert "code" in await gone_through(running, "shoji_maker", Wish(), "web21")
    (consent,) = await consents(running, "web21")
    assert consent["persona"] == "shoji_maker"


async def test_only_the_functions_that_are_named_are_ticked(running):
    await gone_through(running, "taro", Wish(functions=["balances"]))
    assert [each["functions"] for each in await consents(running)] == [["balances"]]


async def test_without_any_function_the_page_says_so(running):
    with pytest.raises(BankShows, match="the bank does not send the browser back"):
        await gone_through(running, "taro", Wish(functions=[]))
    assert await consents(running) == []


async def test_who_denies_is_sent_back_with_that(running):
    told = await gone_through(running, "taro", Wish(decision="deny"))
    assert (told["error"], "code" in told) == ("access_denied", False)


async def test_who_leaves_is_not_sent_back(running):
    async with await person_of(running, "tomato", "taro") as person:
        address = f"{running.url}{BASE}/oauth/auth?{request_query()}"
        assert await go_through(person, address, Wish(decision="leave")) is None
    assert await consents(running) == []


@pytest.mark.parametrize(("tries", "gets_in"), [(0, True), (4, True), (5, False), (6, False)])
async def test_wrong_pins_lock_at_the_fifth(running, tries, gets_in):
    wish = Wish(wrong_tries=tries)
    if gets_in:
        assert "code" in await gone_through(running, "taro", wish)
        return
    with pytest.raises(BankShows, match="ご利用を一時的に止めています"):
        await gone_through(running, "taro", wish)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"client_id": "nobody"}, "wants no log-in: 400"),
        ({"redirect_uri": "https://thief.example/"}, "wants no log-in: 400"),
    ],
)
async def test_an_error_page_leads_nowhere_and_is_quoted(running, change, said):
    async with await person_of(running, "tomato", "taro") as person:
        address = changed(f"{running.url}{BASE}/oauth/auth?{request_query()}", change)
        with pytest.raises(BankShows, match=said):
            await go_through(person, address, Wish())


async def test_a_refusal_that_is_sent_back_at_once_needs_no_person(running):
    async with await person_of(running, "tomato", "taro") as person:
        address = f"{running.url}{BASE}/oauth/auth?{request_query(scope='more')}"
        back = await go_through(person, address, Wish())
    assert back is not None
    assert back.values["error"] == "invalid_scope"


@pytest.mark.parametrize("decision", ["allow", "deny"])
async def test_a_form_that_posts_itself_is_a_way_back(running, decision):
    query = request_query(response_mode="form_post", state="状態 & +")
    async with await person_of(running, "tomato", "taro") as person:
        address = f"{running.url}{BASE}/oauth/auth?{query}"
        back = await go_through(person, address, Wish(decision=decision))
    assert back is not None
    assert back.address == REDIRECT_URI  # nothing stands in the address
    answer = "code" if decision == "allow" else "error"
    assert set(back.values) >= {answer, "state", "iss"}
    assert back.values["state"] == "状態 & +"


async def test_a_refusal_may_be_posted_at_once(running):
    async with await person_of(running, "tomato", "taro") as person:
        query = request_query(scope="more", response_mode="form_post")
        back = await go_through(person, f"{running.url}{BASE}/oauth/auth?{query}", Wish())
    assert back is not None
    assert (back.posted is not None, back.values["error"]) == (True, "invalid_scope")


async def test_a_user_of_web21_may_be_sent_back_by_a_form(running):
    async with await person_of(running, "web21", "shoji_maker") as person:
        address = Direct(running).address(scope="web21.ref", response_mode="form_post")
        back = await go_through(person, address, Wish())
    assert back is not None
    assert back.posted is not None
    assert "code" in back.values


async def test_a_bank_that_is_not_there_is_no_page(running):
    async with await person_of(running, "tomato", "taro") as person:
        with pytest.raises(aiohttp.ClientError):
            await go_through(person, "http://127.0.0.1:9/oauth/auth", Wish())


@pytest.mark.parametrize(
    ("change", "query"),
    [
        ({}, "a=1&b=&b=2"),
        ({"a": "x y"}, "b=&b=2&a=x+y"),
        ({"b": None}, "a=1"),
        ({"c": "3", "a": None}, "b=&b=2&c=3"),
    ],
)
def test_an_address_is_changed_by_name(change, query):
    assert changed("http://h:1/p?a=1&b=&b=2", change) == f"http://h:1/p?{query}"
