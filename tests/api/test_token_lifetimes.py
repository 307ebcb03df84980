"""Three clocks: the access token's, the refresh token's, the grant's; and what ends a grant."""

import pytest

from sandbox.domain.errors import Reason
from tests.api.test_terms_requirements import verdict
from tests.support import AGGREGATOR, MANUAL, run_sandbox


async def renewal(running, tokens, **more):
    """Return (status, reason) of a refresh."""
    status, _, headers = await running.refresh(tokens["refresh_token"], **more)
    return status, headers.get("X-Sandbox-Reason")


@pytest.mark.requirement("O-33")
async def test_the_access_token_ends_by_itself_and_a_refresh_helps(running):
    tokens = await running.log_in("taro")
    await running.advance("29m59s")
    assert await verdict(running, tokens["access_token"]) == (200, None)
    await running.advance("1s")
    assert await verdict(running, tokens["access_token"]) == (401, "access_expired")
    _, tokens, _ = await running.refresh(tokens["refresh_token"])
    assert await verdict(running, tokens["access_token"]) == (200, None)


@pytest.mark.requirement("O-33")
@pytest.mark.parametrize(
    ("by", "expected"), [("719h59m59s", (200, None)), ("720h", (400, "refresh_expired"))]
)
async def test_the_refresh_token_ends_by_itself(running, by, expected):
    tokens = await running.log_in("taro")
    await running.advance(by)
    assert await renewal(running, tokens) == expected


@pytest.mark.requirement("O-33", "T-12")
async def test_the_three_clocks_end_apart_each_with_its_reason(tmp_path, template):
    async with run_sandbox(
        tmp_path,
        template=template,
        tomato_access_token_lifetime="10m",
        tomato_refresh_token_lifetime="1h",
        tomato_grant_lifetime="3h",
    ) as running:
        idle = await running.log_in("taro")
        assert (idle["expires_in"], idle["refresh_token_expires_in"]) == (600, 3_600)
        busy = await running.log_in("hanako")
        await running.advance("10m")
        assert await verdict(running, idle["access_token"]) == (401, "access_expired")
        _, busy, _ = await running.refresh(busy["refresh_token"])
        for _ in range(3):
            await running.advance("50m")
            _, busy, _ = await running.refresh(busy["refresh_token"])
        assert await renewal(running, idle) == (400, "refresh_expired")
        # 2 h 40 min after consent: nothing promises more than the grant's 20 minutes.
        assert (busy["expires_in"], busy["refresh_token_expires_in"]) == (600, 1_200)
        await running.advance("11m")
        _, busy, _ = await running.refresh(busy["refresh_token"])
        assert (busy["expires_in"], busy["refresh_token_expires_in"]) == (540, 540)
        await running.advance("8m59s")
        assert await verdict(running, busy["access_token"]) == (200, None)
        await running.advance("1s")
        assert await verdict(running, busy["access_token"]) == (401, "grant_expired")
        assert await renewal(running, busy) == (400, "grant_expired")
        assert await verdict(running, idle["access_token"]) == (401, "grant_expired")


@pytest.mark.requirement("T-12")
async def test_refreshing_does_not_prolong_the_grant(tmp_path, template):
    async with run_sandbox(tmp_path, template=template, tomato_grant_lifetime="2h") as running:
        tokens = await running.log_in("taro")
        for _ in range(3):
            await running.advance("30m")
            _, tokens, _ = await running.refresh(tokens["refresh_token"])
        await running.advance("30m")
        assert await renewal(running, tokens) == (400, "grant_expired")
        again = await running.log_in("taro")
        assert await renewal(running, again) == (200, None)


@pytest.mark.requirement("T-12")
async def test_a_grant_without_a_lifetime_does_not_end_by_itself(tmp_path, template):
    async with run_sandbox(
        tmp_path,
        template=template,
        tomato_grant_lifetime="0s",
        tomato_refresh_token_lifetime="400d",
    ) as running:
        tokens = await running.log_in("taro")
        assert tokens["refresh_token_expires_in"] == 400 * 86_400
        await running.advance("91d")
        status, tokens, _ = await running.refresh(tokens["refresh_token"])
        assert status == 200
        assert await verdict(running, tokens["access_token"]) == (200, None)


@pytest.mark.requirement("O-33")
async def test_a_standing_clock_lets_nothing_lapse(running):
    tokens = await running.log_in("taro")
    for _ in range(3):
        assert await verdict(running, tokens["access_token"]) == (200, None)
    async with running.http.get(f"{running.control}/clock") as answer:
        assert (await answer.json())["mode"] == "frozen"


async def consents(running):
    """Consent four times; return what each grant's token opens in the end, in that order."""
    who = [("taro", AGGREGATOR), ("taro", AGGREGATOR), ("taro", MANUAL), ("hanako", AGGREGATOR)]
    tokens = [await running.log_in(persona, client_id=client_id) for persona, client_id in who]
    return [await verdict(running, each["access_token"]) for each in tokens]


LIVE, OVER = (200, None), (401, "superseded")


@pytest.mark.parametrize(
    ("per_provider", "per_contractor", "expected"),
    [
        ("1", "0", [OVER, LIVE, LIVE, LIVE]),
        ("0", "0", [LIVE, LIVE, LIVE, LIVE]),
        ("1", "1", [OVER, OVER, LIVE, LIVE]),
        ("0", "1", [OVER, OVER, LIVE, LIVE]),
    ],
)
async def test_which_grants_a_new_consent_ends_is_the_banks_rule(
    tmp_path, template, per_provider, per_contractor, expected
):
    async with run_sandbox(
        tmp_path,
        template=template,
        tomato_one_grant_per_provider=per_provider,
        tomato_one_grant_per_contractor=per_contractor,
    ) as running:
        assert await consents(running) == expected


async def test_a_superseded_refresh_token_says_so(running):
    first = await running.log_in("taro")
    await running.log_in("taro")
    assert await renewal(running, first) == (400, "superseded")


async def test_a_consent_that_was_not_finished_supersedes_nothing(running):
    tokens = await running.log_in("taro")
    refused = await running.authorize("taro", accounts=[])
    assert refused["status"] == 422
    assert await verdict(running, tokens["access_token"]) == (200, None)


async def grant_of(running):
    rows = await running.bank.world.database.fetch("SELECT grant_id FROM access_grant")
    return rows[-1][0]


@pytest.mark.parametrize(
    "reason",
    [
        Reason.REVOKED_BY_BANK,
        Reason.REVOKED_BY_USER,
        Reason.PASSWORD_CHANGED,
        Reason.CARD_LOST,
    ],
)
async def test_a_grant_that_the_bank_ends_says_why_at_both_doors(running, reason):
    tokens = await running.log_in("taro")
    await running.staff.revoke_grant(await grant_of(running), reason)
    assert await verdict(running, tokens["access_token"]) == (401, reason.value)
    assert await renewal(running, tokens) == (400, reason.value)


async def test_the_first_cause_of_an_end_is_the_one_that_is_told(running):
    tokens = await running.log_in("taro")
    await running.staff.revoke_grant(await grant_of(running))
    await running.staff.set_client_status(AGGREGATOR, "blocked")
    assert await verdict(running, tokens["access_token"]) == (401, "revoked_by_bank")


@pytest.mark.requirement("O-33")
async def test_lifetimes_go_on_over_a_restart(tmp_path):
    async with run_sandbox(tmp_path) as running:
        tokens = await running.log_in("taro")
        await running.advance("29m")
    async with run_sandbox(tmp_path) as running:
        assert await verdict(running, tokens["access_token"]) == (200, None)
        await running.advance("1m")
        assert await verdict(running, tokens["access_token"]) == (401, "access_expired")
        assert await renewal(running, tokens) == (200, None)
