"""The terms of use, article by article: who may use the service, and what opens and ends it."""

import pytest

from sandbox.domain.account import AccountState
from tests.browsing import browsing
from tests.support import (
    ACCOUNTING,
    AGGREGATOR,
    MANUAL,
    REDIRECT_URI,
    answer_of,
    basic,
    run_sandbox,
)


async def revoke(running, token, client_id=AGGREGATOR):
    async with running.http.post(
        f"{running.base}/oauth/revoke", data={"token": token}, headers=basic(client_id)
    ) as answer:
        assert answer.status == 200


async def verdict(running, token, path="/accounts", **headers):
    """Return (status, reason) of a data call."""
    status, _, said = await running.get(path, token, **headers)
    return status, said.get("X-Sandbox-Reason")


def shape(node):
    """Return the keys of a body at every depth, without its values."""
    if isinstance(node, dict):
        return {name: shape(value) for name, value in node.items()}
    return [shape(node[0])] if isinstance(node, list) else type(node).__name__


@pytest.mark.requirement("T-1")
async def test_individuals_and_corporates_get_answers_of_one_shape(running):
    shapes = []
    for persona in ("taro", "shoji"):
        token = (await running.log_in(persona))["access_token"]
        _, listed, _ = await running.get("/accounts", token)
        account_id = listed["accounts"][0]["account_id"]
        _, balance, _ = await running.get(f"/accounts/{account_id}", token)
        shapes.append([shape(listed), shape(balance)])
    assert shapes[0] == shapes[1]


@pytest.mark.requirement("T-2")
async def test_a_person_without_a_live_card_is_turned_away_at_sign_in(running):
    async with browsing(running) as browser:
        await browser.open()
        page = await browser.sign_in("lapsed")
        assert page.status == 403
        page = await browser.press("deny")
        assert answer_of(page.location)["error"] == "access_denied"


@pytest.mark.requirement("T-2")
async def test_losing_the_card_ends_what_it_opened(running):
    tokens = await running.log_in("taro")
    await running.staff.lose_credentials("persona-taro")
    assert await verdict(running, tokens["access_token"]) == (401, "card_lost")
    status, body, headers = await running.refresh(tokens["refresh_token"])
    assert (status, body["error"], headers["X-Sandbox-Reason"]) == (
        400,
        "invalid_grant",
        "card_lost",
    )


@pytest.mark.requirement("T-3")
async def test_a_corporate_is_served_only_while_its_contract_lives(running):
    tokens = await running.log_in("shoji")
    await running.staff.set_contract_state("persona-shoji", "ended")
    assert await verdict(running, tokens["access_token"]) == (401, "contract_ended")
    async with browsing(running) as browser:
        await browser.open()
        assert (await browser.sign_in("shoji")).status == 403


@pytest.mark.requirement("T-4")
async def test_no_update_is_offered_and_the_books_do_not_move(running):
    token = (await running.log_in("taro"))["access_token"]
    (account_id,) = await running.account_ids(token)
    _, before, _ = await running.get(f"/accounts/{account_id}", token)
    for path in ("/transfers", "/accounts", f"/accounts/{account_id}", "/transfers/apply"):
        for method in ("POST", "PUT", "DELETE"):
            async with running.http.request(
                method,
                f"{running.base}{path}",
                json={"amount": 1},
                headers={"Authorization": f"Bearer {token}"},
            ) as answer:
                assert answer.status in (404, 405)
    _, after, _ = await running.get(f"/accounts/{account_id}", token)
    assert after == before


@pytest.mark.requirement("T-5")
async def test_which_functions_work_depends_on_the_provider(running):
    token = (await running.log_in("taro"))["access_token"]
    (account_id,) = await running.account_ids(token)
    path = f"/accounts/{account_id}/transactions"
    assert (await running.get(path, token))[0] == 200
    await running.staff.set_client_functions(AGGREGATOR, ("balances",))
    status, body, _ = await running.get(path, token)
    assert (status, body["error_code"]) == (403, "function_not_available")


@pytest.mark.requirement("T-6")
async def test_nobody_gets_in_through_an_unregistered_provider(running):
    async with browsing(running) as browser:
        page = await browser.begin(client_id="somebody-else")
    assert (page.status, page.location) == (400, "")
    status, _, _ = await running.token(
        grant_type="authorization_code", code="x", redirect_uri=REDIRECT_URI, client="nobody"
    )
    assert status == 401


@pytest.mark.requirement("T-7")
async def test_providers_stand_side_by_side_without_the_banks_leave(running):
    first = await running.log_in("taro")
    second = await running.log_in("taro", client_id=MANUAL)
    await revoke(running, first["refresh_token"])
    assert await verdict(running, first["access_token"]) == (401, "revoked_by_provider")
    assert await verdict(running, second["access_token"]) == (200, None)


@pytest.mark.requirement("T-8")
async def test_a_closed_account_is_not_found(running):
    token = (await running.log_in("taro"))["access_token"]
    (account_id,) = await running.account_ids(token)
    await running.staff.set_account_state(account_id, AccountState.CLOSED)
    status, body, _ = await running.get(f"/accounts/{account_id}", token)
    assert (status, body["error_code"]) == (404, "account_not_found")


async def month_of(running, *, calls_a_day):
    """Live a month with that many calls a day; return all statement rows and balances after it."""
    for _ in range(30):
        if calls_a_day:
            token = (await running.log_in("shoji"))["access_token"]
            for account_id in await running.account_ids(token):
                for _ in range(calls_a_day):
                    await running.get(f"/accounts/{account_id}", token)
                    await running.get(f"/accounts/{account_id}/transactions", token)
        await running.advance("1d")
    token = (await running.log_in("shoji"))["access_token"]
    books = []
    for account_id in await running.account_ids(token):
        books.append(await running.get(f"/accounts/{account_id}", token))
        query = "date_from=2026-11-01"
        books.append(await running.get(f"/accounts/{account_id}/transactions?{query}", token))
    return [body for _, body, _ in books]


@pytest.mark.requirement("T-9", "T-39")
async def test_a_month_of_calls_costs_the_contractor_nothing(tmp_path, template):
    books = []
    for calls_a_day in (0, 3):
        directory = tmp_path / str(calls_a_day)
        directory.mkdir()
        async with run_sandbox(directory, template=template) as running:
            books.append(await month_of(running, calls_a_day=calls_a_day))
    quiet, busy = books
    assert busy == quiet
    days = {row["transaction_date"] for row in busy[1]["transactions"]}
    assert max(days) > "2026-12-01"


@pytest.mark.requirement("T-10")
async def test_no_code_exists_before_somebody_signed_in(running):
    async with browsing(running) as browser:
        await browser.open()
        page = await browser.press("allow")
        assert (page.status, page.location) == (400, "")
        page = await browser.visit(page.url)
        assert 'name="pin"' in page.text
    codes = await running.bank.world.database.fetch("SELECT * FROM authorization_code")
    assert codes == []
    status, body, _ = await running.exchange("guessed")
    assert (status, body["error"]) == (400, "invalid_grant")


@pytest.mark.requirement("T-11", "T-40")
async def test_what_one_provider_was_given_opens_nothing_for_another(running):
    tokens = await running.log_in("taro")
    call = await verdict(running, tokens["access_token"], X_Client_Id=MANUAL)
    assert call == (401, "foreign_token")
    status, body, _ = await running.refresh(tokens["refresh_token"], client=MANUAL)
    assert (status, body["error"]) == (400, "invalid_grant")
    # The attempts of the other did the owner no harm.
    assert await verdict(running, tokens["access_token"], X_Client_Id=AGGREGATOR) == (200, None)


@pytest.mark.requirement("T-12")
async def test_a_grant_ends_in_time_and_only_a_new_consent_helps(running):
    tokens = await running.log_in("taro")
    await running.advance("90d")
    status, body, headers = await running.refresh(tokens["refresh_token"])
    assert (status, body["error"]) == (400, "invalid_grant")
    assert headers["X-Sandbox-Reason"] == "grant_expired"
    again = await running.log_in("taro")
    assert await verdict(running, again["access_token"]) == (200, None)
    assert (await running.refresh(tokens["refresh_token"]))[0] == 400


@pytest.mark.requirement("T-13")
async def test_while_the_grant_lives_no_further_sign_in_is_asked(running):
    tokens = await running.log_in("taro")
    for _ in range(4):
        await running.advance("7d")
        status, tokens, _ = await running.refresh(tokens["refresh_token"])
        assert status == 200
        assert await verdict(running, tokens["access_token"]) == (200, None)


@pytest.mark.requirement("T-17")
async def test_a_provider_held_to_pkce_gets_nowhere_without_it(running):
    async with browsing(running) as browser:
        page = await browser.begin(client_id=ACCOUNTING)
        answer = answer_of(page.location)
        assert (page.status, answer["error"]) == (302, "invalid_request")
        assert "code_challenge" in answer["error_description"]
        page = await browser.begin(client_id=AGGREGATOR)
        assert "error" not in answer_of(page.location)
