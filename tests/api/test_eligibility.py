"""Eligibility is looked at again at the consent itself: much can end between two pages."""

import pytest

from sandbox.domain.account import AccountState
from tests.browsing import browsing
from tests.support import answer_of


async def lose_the_card(running):
    await running.staff.lose_credentials("persona-taro")


async def end_the_contract(running):
    await running.staff.set_contract_state("persona-taro", "ended")


async def close_the_account(running):
    account_id = "00000000000000000010112345670001"
    await running.staff.set_account_state(account_id, AccountState.CLOSED)


@pytest.mark.requirement("T-2", "T-3", "T-8")
@pytest.mark.parametrize("end", [lose_the_card, end_the_contract, close_the_account])
async def test_what_ends_after_the_sign_in_is_refused_at_the_consent(running, end):
    async with browsing(running) as browser:
        await browser.open()
        consent = await browser.sign_in("taro")
        assert consent.status == 200
        await end(running)

        page = await browser.press("allow")
        assert (page.status, page.location) == (403, "")
        page = await browser.visit(consent.url)
        assert page.status == 403
        page = await browser.press("deny")
        assert answer_of(page.location)["error"] == "access_denied"
    grants = await running.bank.world.database.fetchrow("SELECT COUNT(*) FROM access_grant")
    assert grants == (0,)


async def test_ordinary_accounts_come_before_current_ones(running):
    tokens = await running.log_in("shoji")
    _, body, _ = await running.get("/accounts", tokens["access_token"])
    assert [account["account_type_code"] for account in body["accounts"]] == ["01", "02"]
