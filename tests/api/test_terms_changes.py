"""The terms of use, continued: blocking, cancelling, the state of data, changed terms."""

import pytest

from sandbox.services.population import load_clients
from tests.api.test_terms_requirements import revoke, verdict
from tests.browsing import browsing
from tests.support import AGGREGATOR, MANUAL


@pytest.mark.requirement("T-22")
async def test_blocking_one_provider_stops_all_of_it_and_nobody_else(running):
    mine = await running.log_in("taro")
    also_mine = await running.log_in("hanako")
    other = await running.log_in("taro", client_id=MANUAL)
    await running.staff.set_client_status(AGGREGATOR, "blocked")
    for tokens in (mine, also_mine):
        assert await verdict(running, tokens["access_token"]) == (401, "client_blocked")
        status, body, _ = await running.refresh(tokens["refresh_token"])
        assert (status, body["error"]) == (401, "invalid_client")
    async with browsing(running) as browser:
        assert (await browser.begin()).status == 400
    assert await verdict(running, other["access_token"]) == (200, None)
    await running.staff.set_client_status(AGGREGATOR, "active")
    assert await verdict(running, mine["access_token"]) == (200, None)


@pytest.mark.requirement("T-22")
async def test_a_block_strikes_an_authorization_under_way(running):
    async with browsing(running) as browser:
        await browser.open()
        await browser.sign_in("taro")
        await running.staff.set_client_status(AGGREGATOR, "blocked")
        page = await browser.press("allow")
        assert (page.status, page.location) == (400, "")


@pytest.mark.requirement("T-23")
async def test_cancelling_is_done_by_the_provider_and_takes_effect_at_once(running):
    tokens = await running.log_in("taro")
    await revoke(running, tokens["refresh_token"])
    assert await verdict(running, tokens["access_token"]) == (401, "revoked_by_provider")
    status, body, _ = await running.refresh(tokens["refresh_token"])
    assert (status, body["error"]) == (400, "invalid_grant")
    again = await running.log_in("taro")
    assert await verdict(running, again["access_token"]) == (200, None)


@pytest.mark.requirement("T-23")
async def test_a_change_of_what_is_shared_is_a_new_consent(running):
    everything = await running.log_in("hanako")
    one, other = await running.account_ids(everything["access_token"])
    changed = await running.log_in("hanako", accounts=[other])
    assert await running.account_ids(changed["access_token"]) == [other]
    assert await verdict(running, everything["access_token"]) == (401, "superseded")
    assert one != other


@pytest.mark.requirement("T-24")
async def test_a_cancelled_grant_stays_dead_and_its_gap_is_not_filled(running):
    tokens = await running.log_in("taro")
    (account_id,) = await running.account_ids(tokens["access_token"])
    path = f"/accounts/{account_id}/transactions?date_to="
    _, early, _ = await running.get(f"{path}2026-11-16", tokens["access_token"])
    await revoke(running, tokens["access_token"])
    await running.advance("60d")
    again = (await running.log_in("taro"))["access_token"]
    _, late, _ = await running.get(f"{path}2026-11-16", again)
    oldest = late["date_from"]
    assert oldest > early["date_from"]
    kept = [row for row in early["transactions"] if row["transaction_date"] >= oldest]
    # The rest of the 16th came after the first inquiry.
    assert late["transactions"][: len(kept)] == kept
    assert len(kept) < early["count"]
    assert await verdict(running, tokens["access_token"]) == (401, "revoked_by_provider")


@pytest.mark.requirement("T-25")
async def test_every_answer_says_as_of_when_it_is(running):
    token = (await running.log_in("taro"))["access_token"]
    (account_id,) = await running.account_ids(token)
    for by, day, clock_time in (
        ("0s", "2026-11-16", "10:00:00+09:00"),
        ("29m59s", "2026-11-16", "10:29:59+09:00"),
    ):
        await running.advance(by)
        for path in ("", f"/{account_id}", f"/{account_id}/transactions"):
            _, body, _ = await running.get(f"/accounts{path}", token)
            assert (body["base_date"], body["base_time"]) == (day, clock_time)


@pytest.mark.requirement("T-29")
async def test_the_consent_page_names_the_provider_and_links_its_terms(running):
    (client,) = [c for c in load_clients("tomato") if c.client_id == AGGREGATOR]
    async with browsing(running) as browser:
        for page in (await browser.open(), await browser.sign_in("taro")):
            assert client.provider_name in page.text
            assert client.registration_no in page.text
            assert f'href="{client.terms_url}"' in page.text


async def consent_page(running):
    async with browsing(running) as browser:
        await browser.open()
        return (await browser.sign_in("taro")).text


@pytest.mark.requirement("T-34")
async def test_new_terms_hold_from_midnight_of_their_day(running):
    await running.staff.publish_terms("tomato", "第二版", "2026-11-17")
    await running.advance("13h59m59s")
    assert "第二版" not in await consent_page(running)
    await running.advance("1s")
    page = await consent_page(running)
    assert "第二版" in page
    assert "2026年11月17日" in page
    await running.log_in("taro")
    grants = await running.bank.world.database.fetch("SELECT terms_version FROM access_grant")
    assert grants == [("第二版",)]
