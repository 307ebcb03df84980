"""Terms that users have to agree to anew: until then their grants are suspended (faults §3)."""

import pytest

from tests.acting import OTHER_CLIENT, Tomato, Web21, act, refused, sent
from tests.support import run_sandbox

SIDES = {"tomato": Tomato, "web21": Web21}
TODAY, TOMORROW = "2026-11-16", "2026-11-17"


@pytest.fixture(params=SIDES)
def side(running, request):
    return SIDES[request.param](running)


async def publish(running, bank, version="99", effective_on=TOMORROW, **more):
    body = {"version": version, "effective_on": effective_on, **more}
    status, answer = await sent(running, "POST", f"/bank/{bank}/terms", **body)
    assert status == 200, answer


async def test_grants_are_suspended_from_the_day_until_somebody_agrees(running, side):
    tokens = await side.log_in()
    await publish(running, side.bank, reconsent=True)
    await running.advance("13h59m")
    status, _, _ = await side.refresh(tokens["refresh_token"])
    assert status == 200  # 23:59
    tokens = await side.log_in()
    found = await running.advance("1m")
    assert {"kind": "terms_reconsent", "subject": side.bank}.items() <= next(
        event for event in found["events"] if event["kind"] == "terms_reconsent"
    ).items()
    assert await side.verdict(tokens["access_token"]) == (401, "terms_pending")
    assert (await side.refresh(tokens["refresh_token"]))[:2] == (400, "invalid_grant")

    resumed = await act(running, side.bank, "agree", persona=side.persona)

    assert resumed["resumed"] >= 1
    assert await side.verdict(tokens["access_token"]) == (200, None)
    assert (await side.refresh(tokens["refresh_token"]))[0] == 200


async def test_terms_that_ask_for_no_consent_suspend_nothing(running, side):
    token = (await side.log_in())["access_token"]
    await publish(running, side.bank)
    await running.advance("14h")
    side_verdict = await side.verdict((await side.log_in())["access_token"])
    assert side_verdict == (200, None)
    assert (await side.verdict(token))[1] in (None, "access_expired", "superseded")


async def test_who_consents_anew_on_the_page_has_agreed_for_every_provider(running):
    side = Tomato(running)
    older = (await side.log_in(client_id=OTHER_CLIENT))["access_token"]
    stranger = (await side.log_in("hanako"))["access_token"]
    await publish(running, "tomato", effective_on=TODAY, reconsent=True)
    assert await side.verdict(older) == (401, "terms_pending")
    _, found = await sent(running, "GET", "/grants?persona=taro")
    assert [(each["is_live"], each["suspended_as"]) for each in found["grants"]] == [
        (False, "terms_pending")
    ]

    await side.log_in()

    assert await side.verdict(older) == (200, None)
    assert await side.verdict(stranger) == (401, "terms_pending")


async def test_the_act_suspends_what_older_terms_were_agreed_to(running, side):
    token = (await side.log_in())["access_token"]
    assert await act(running, side.bank, "require_consent") == {"ended": 0, "suspended": 0}
    await publish(running, side.bank, effective_on=TODAY)
    newer = "hanako" if side.bank == "tomato" else "shoji_viewer"
    agreed = (await side.log_in(newer))["access_token"]
    assert await act(running, side.bank, "require_consent") == {"ended": 0, "suspended": 1}
    assert await side.verdict(token) == (401, "terms_pending")
    assert await side.verdict(agreed) == (200, None)


async def test_an_end_tells_its_own_reason_though_consent_is_outstanding(running, side):
    token = (await side.log_in())["access_token"]
    await publish(running, side.bank, effective_on=TODAY, reconsent=True)
    await act(running, side.bank, "change_password", persona=side.persona)
    assert await side.verdict(token) == (401, "password_changed")


async def test_the_act_names_nobody(running):
    answer = await refused(running, "tomato", "require_consent", persona="taro")
    assert answer[:2] == (422, "invalid-request")


async def test_a_restart_keeps_the_suspension_and_a_snapshot_takes_it_back(tmp_path, template):
    async with run_sandbox(tmp_path, template=template) as running:
        side = Tomato(running)
        token = (await side.log_in())["access_token"]
        await sent(running, "POST", "/snapshots", name="before")
        await publish(running, "tomato", reconsent=True)
        await running.advance("14h")
    async with run_sandbox(tmp_path) as running:
        side = Tomato(running)
        assert await side.verdict(token) == (401, "terms_pending")
        await sent(running, "POST", "/snapshots/before/restore")
        assert await side.verdict(token) == (200, None)
