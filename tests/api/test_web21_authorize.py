"""``web21``: the authorization request, sign-in with two factors, and the consent per service."""

import re
from dataclasses import dataclass

import pytest

from sandbox.domain.corporate.contract import Service
from tests.browsing import Browser, browsing
from tests.direct import DENKI, FOODS, KOGYO, LOGI, SHOJI, Direct
from tests.support import answer_of

MAKER = {
    "contractor_id": "0009000001",
    "user_id": "keiri01",
    "password": "shoji-maker-pass-1",
    "second_factor": "100001",
}
OUTSIDER = {
    "contractor_id": "0009000001",
    "user_id": "ippan01",
    "password": "shoji-outsider-pass-1",
    "second_factor": "100009",
}
CHECKER2 = {
    "contractor_id": "0009000001",
    "user_id": "buchou02",
    "password": "shoji-checker2-pass-1",
    "second_factor": "100102",
}
LOGI_MAKER = {
    "contractor_id": "0009000002",
    "user_id": "keiri01",
    "password": "logi-maker-pass-1",
    "second_factor": "200001",
}


@pytest.mark.requirement("W-7", "W-13", "W-26")
@pytest.mark.parametrize(
    ("contractor", "scope", "error"),
    [
        (SHOJI, "web21.upd web21.appr", "invalid_scope"),
        (SHOJI, "web21.ref web21.appr", "invalid_scope"),
        (SHOJI, "web21.all", "invalid_scope"),
        (SHOJI, "accounts", "invalid_scope"),
        (LOGI, "web21.appr", "invalid_scope"),
        (LOGI, "web21.appr openid", "invalid_scope"),
        (FOODS, "web21.ref", "unauthorized_client"),
    ],
)
async def test_a_scope_that_cannot_be_is_redirected(running, contractor, scope, error):
    answer = await Direct(running, contractor).redirected(scope=scope, nonce="n")
    assert (answer["error"], answer["state"]) == (error, "s")


@pytest.mark.requirement("W-25", "W-26")
async def test_an_accepted_application_opens_what_was_not_refused(running):
    foods = Direct(running, FOODS)
    assert (await foods.redirected())["error"] == "unauthorized_client"
    await foods.desk.accept(FOODS)
    tokens = await foods.log_in("foods_maker", "")
    assert tokens["scope"] == "web21.ref"


@pytest.mark.requirement("W-61")
async def test_a_terminated_contract_asks_for_nothing_more(running):
    direct = Direct(running)
    await direct.desk.terminate(SHOJI)
    assert (await direct.redirected())["error"] == "unauthorized_client"


@pytest.mark.requirement("W-40")
async def test_an_issued_client_without_a_web_server_is_shown_an_error(running):
    direct = Direct(running, DENKI)
    async with running.http.get(direct.address(), allow_redirects=False) as answer:
        assert answer.status == 400
        assert "unauthorized_client" in await answer.text()


@pytest.mark.requirement("W-40")
async def test_an_issued_client_without_a_password_is_sent_back(running):
    direct = Direct(running, DENKI)
    async with direct.bank.world.database.transaction() as db:
        await db.execute(
            "UPDATE client SET redirect_uris = $1 WHERE client_id = '10000004'",
            "http://localhost:8000/callback",
        )
    assert (await direct.redirected())["error"] == "unauthorized_client"


@pytest.mark.requirement("W-40", "W-42")
async def test_once_everything_is_registered_the_sign_in_is_asked_for(running, person):
    direct = Direct(running, DENKI)
    await direct.desk.register_client(
        DENKI,
        "keiri01",
        password="10000004-password",
        web_servers=["http://localhost:8000/callback"],
    )
    await person.browser.visit(direct.address())
    assert 'name="second_factor"' in (await person.browser.follow()).text
    tokens = await direct.log_in("denki_maker", "")
    assert tokens["scope"] == "web21.ref web21.upd"


@pytest.mark.requirement("W-5")
async def test_an_unregistered_web_server_gets_a_page_and_no_redirect(running):
    url = Direct(running).address(redirect_uri="https://elsewhere.example/callback")
    async with running.http.get(url, allow_redirects=False) as answer:
        assert answer.status == 400
        assert "Location" not in answer.headers


@pytest.mark.parametrize(
    ("contractor", "persona", "scope"),
    [
        (SHOJI, "shoji_maker", "web21.ref web21.upd"),
        (LOGI, "logi_maker", "web21.ref web21.upd"),
        (KOGYO, "kogyo_boss", "web21.ref web21.upd"),
    ],
)
async def test_without_a_scope_reference_and_update_are_asked_for(
    running, contractor, persona, scope
):
    assert (await Direct(running, contractor).log_in(persona, ""))["scope"] == scope


@pytest.mark.requirement("W-45")
async def test_a_user_gets_no_more_than_the_own_rights(running):
    tokens = await Direct(running).log_in("shoji_viewer", "web21.ref web21.upd")
    assert tokens["scope"] == "web21.ref"


@pytest.mark.requirement("W-36", "W-45")
@pytest.mark.parametrize(
    ("persona", "scope"),
    [
        ("shoji_outsider", "web21.ref"),  # no service right
        ("shoji_admin", "web21.ref"),
        ("shoji_security", "web21.ref"),
        ("shoji_maker", "web21.appr"),  # no approval right
        ("shoji_checker2", "web21.ref"),
    ],
)
async def test_without_the_right_nobody_allows_anything(running, persona, scope):
    answer = await Direct(running).authorize(persona, scope)
    assert (answer["status"], answer["error"]) == (403, "access_denied")
    assert answer["detail"] == "no_right"


@pytest.mark.requirement("W-30")
async def test_a_user_of_another_contractor_cannot_consent_to_this_client(running):
    answer = await Direct(running).authorize("logi_maker", "web21.ref")
    assert (answer["status"], answer["detail"]) == (403, "other_contract")


# The pages


@dataclass
class Person:
    """Somebody in front of the pages that a contractor's web server leads to."""

    direct: Direct
    browser: Browser

    async def sign_in(self, typed, **asked):
        await self.browser.visit(self.direct.address(**asked))
        await self.browser.follow()
        return await self.try_again(typed)

    async def try_again(self, typed):
        await self.browser.press("sign_in", *typed.items())
        return await self.browser.follow()

    async def allow(self, *ticked):
        return await self.browser.press("allow", *ticked, ticks=False)


@pytest.fixture
async def person(running):
    async with browsing(running) as browser:
        yield Person(Direct(running), browser)


@pytest.mark.requirement("W-43", "O-26")
async def test_the_consent_page_lists_contractor_user_services_accounts_and_end(person):
    page = await person.sign_in(MAKER, scope="web21.ref web21.upd")
    assert page.status == 200
    for shown in ("サンプル商事株式会社", "架空 太郎", "1000001", "1000003", "2027年2月14日"):
        assert shown in page.text, shown
    assert "1000004" not in page.text  # a time deposit
    assert page.form.boxes == [("function", "reference"), ("function", "update")]
    assert page.text.count("checked") == 2


async def test_the_pages_speak_of_services_and_not_of_information_to_hand_over(person):
    """A contractor's own web server may move money: that is no outside service that reads."""
    await person.browser.visit(person.direct.address(scope="web21.ref web21.upd"))
    sign_in = await person.browser.follow()
    assert "契約者Webサーバーとの連携を許可する前に" in sign_in.text
    consent = await person.try_again(MAKER)
    asked_again = await person.allow()
    for page in (consent, asked_again):
        assert "<h1>サーバー接続サービスの利用を許可しますか</h1>" in page.text
        assert "<legend>許可するサービス</legend>" in page.text
        assert "契約者Webサーバーに許可するサービスをお確かめください" in page.text
    assert "許可するサービスを1つ以上選んでください" in asked_again.text
    for page in (sign_in, consent, asked_again):
        assert "渡す" not in page.text
        assert "外部のサービス" not in page.text


@pytest.mark.requirement("W-43")
async def test_a_service_that_is_not_ticked_is_not_granted(person):
    await person.sign_in(MAKER, scope="web21.ref web21.upd")
    answer = await person.allow(("function", "reference"))
    assert answer.status == 303
    code = answer_of(answer.location)["code"]
    status, tokens = await person.direct.exchange(code)
    assert (status, tokens["scope"]) == (200, "web21.ref")


@pytest.mark.requirement("W-43")
@pytest.mark.parametrize("ticked", [[], [("function", "approval")], [("function", "x")]])
async def test_a_consent_to_no_service_is_asked_again(person, ticked):
    await person.sign_in(MAKER, scope="web21.ref web21.upd")
    answer = await person.allow(*ticked)
    assert answer.status == 400
    assert 'role="alert"' in answer.text


@pytest.mark.requirement("W-36", "W-45")
@pytest.mark.parametrize(
    ("typed", "scope"),
    [(OUTSIDER, "web21.ref"), (MAKER, "web21.appr"), (CHECKER2, "web21.ref")],
)
async def test_the_page_says_that_the_right_is_missing_and_leads_back(person, typed, scope):
    page = await person.sign_in(typed, scope=scope)
    assert page.status == 403
    assert "権限がありません" in page.text
    answer = await person.browser.press("deny")
    assert answer_of(answer.location)["error"] == "access_denied"


@pytest.mark.requirement("W-30")
async def test_the_page_turns_a_user_of_another_contract_away(person):
    page = await person.sign_in(LOGI_MAKER, scope="web21.ref")
    assert page.status == 403
    assert "別の契約者" in page.text


@pytest.mark.parametrize(
    "changes",
    [
        {"second_factor": "000000"},
        {"second_factor": "100009"},  # another user's
        {"password": "shoji-maker-pass-2"},
        {"user_id": "keiri02"},
        {"contractor_id": "0009000002"},
    ],
)
@pytest.mark.requirement("W-42", "O-24")
async def test_every_part_of_the_sign_in_counts_and_none_is_told_apart(person, changes):
    page = await person.sign_in(MAKER | changes)
    assert page.status == 403
    assert re.search("あと4回", page.text), page.text[-2000:]


@pytest.mark.requirement("O-24")
async def test_five_wrong_codes_lock_the_user(person):
    page = await person.sign_in(MAKER | {"second_factor": "000000"})
    for _ in range(4):
        page = await person.try_again(MAKER | {"second_factor": "000000"})
    assert "ご利用を一時的に止めています" in page.text


async def test_a_form_without_the_second_factor_is_incomplete(person):
    page = await person.sign_in(MAKER | {"second_factor": ""})
    assert page.status == 400


async def test_full_width_digits_of_the_second_factor_count(person):
    page = await person.sign_in(MAKER | {"second_factor": "１００００１"})
    assert page.status == 200


@pytest.mark.requirement("W-46")
async def test_rights_that_change_while_the_page_is_open_count_when_it_is_sent(person):
    await person.sign_in(MAKER, scope="web21.ref web21.upd")
    await person.direct.desk.set_rights(
        SHOJI, "security01", "keiri01", has_service_right=True, rights=[Service.REFERENCE]
    )
    boxes = [("function", "reference"), ("function", "update")]
    answer = await person.allow(*boxes)
    _, tokens = await person.direct.exchange(answer_of(answer.location)["code"])
    assert tokens["scope"] == "web21.ref"


@pytest.mark.requirement("W-54")
async def test_a_service_right_that_goes_while_the_page_is_open_closes_it(person):
    await person.sign_in(MAKER, scope="web21.ref")
    await person.direct.desk.set_rights(
        SHOJI, "security01", "keiri01", has_service_right=False, rights=[]
    )
    answer = await person.allow(("function", "reference"))
    assert answer.status == 403
    assert "権限がありません" in answer.text


@pytest.mark.parametrize(
    ("outcome", "scope"),
    [("allow_all", "web21.ref web21.upd"), ("allow_part", "web21.ref")],
)
async def test_the_testers_bar_signs_a_user_in_and_allows(person, outcome, scope):
    await person.browser.visit(person.direct.address(scope="web21.ref web21.upd"))
    page = await person.browser.follow()
    assert "sign_in:shoji_checker" in page.text
    assert "sign_in:logi_maker" not in page.text  # another contractor's
    answer = await person.browser.test(outcome, ("persona", "shoji_maker"))
    _, tokens = await person.direct.exchange(answer_of(answer.location)["code"])
    assert tokens["scope"] == scope
