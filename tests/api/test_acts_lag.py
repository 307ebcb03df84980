"""Acts that take effect later (``lag``): for people at once, for tokens after so long (W-56)."""

import pytest

from tests.acting import OTHER_CLIENT, Tomato, Web21, act, refused, sent
from tests.direct import SHOJI, Direct
from tests.support import run_sandbox

SIDES = {"tomato": Tomato, "web21": Web21}
OF_SOMEBODY = {
    "change_password": "password_changed",
    "change_certificate": "certificate_changed",
    "lose_card": "card_lost",
    "lapse_card": "card_lost",
}
WITHOUT = {
    "reissue_card": {"persona": "taro", "secret": "1357"},
    "report_death": {"persona": "taro"},
    "agree": {"persona": "taro"},
}
TODAY = "2026-11-16"


@pytest.fixture(params=SIDES)
def side(running, request):
    return SIDES[request.param](running)


async def lapses(running, side, token, reason):
    """Check that a token goes on for a second less than 90, and no longer."""
    await running.advance("89s999ms")
    assert await side.verdict(token) == (200, None)
    await running.advance("1ms")
    assert await side.verdict(token) == (401, reason)


@pytest.mark.parametrize(("name", "reason"), OF_SOMEBODY.items())
async def test_an_act_of_a_person_lets_the_tokens_go_on_for_the_lag(running, side, name, reason):
    tokens = await side.log_in()
    other = (await side.log_in("hanako" if side.bank == "tomato" else "shoji_viewer"))[
        "access_token"
    ]
    done = await act(running, side.bank, name, persona=side.persona, lag="90s")
    assert done == {"ended": 1}
    await lapses(running, side, tokens["access_token"], reason)
    assert (await side.refresh(tokens["refresh_token"]))[:2] == (400, "invalid_grant")
    assert await side.verdict(other) == (200, None)


async def test_a_shared_id_ends_the_older_families_after_the_lag(running):
    side = Tomato(running)
    older = (await side.log_in())["access_token"]
    newer = (await side.log_in(client_id=OTHER_CLIENT))["access_token"]
    body = {"persona": "taro", "client_id": OTHER_CLIENT, "lag": "90s"}
    assert await act(running, "tomato", "share_id", **body) == {"ended": 1}
    await lapses(running, side, older, "id_shared")
    assert await side.verdict(newer) == (200, None)


@pytest.mark.parametrize("name", ["lose_card", "lapse_card"])
async def test_nobody_signs_in_with_a_lost_card_during_the_lag(running, name):
    side = Tomato(running)
    tokens = await side.log_in()
    await act(running, "tomato", name, persona="taro", lag="90s")
    assert (await running.authorize("taro"))["status"] == 403
    status, _, _ = await side.refresh(tokens["refresh_token"])
    assert status == 200


async def test_a_grant_that_lapses_within_the_lag_lapses_as_it_would_have(running):
    side = Tomato(running)
    token = (await side.log_in())["access_token"]
    async with running.sandbox.world.database.transaction() as db:
        now = running.sandbox.world.now()
        await db.execute("UPDATE access_grant SET expires_at = $1", now + 30_000)
    await act(running, "tomato", "lose_card", persona="taro", lag="90s")
    await running.advance("29s")
    assert await side.verdict(token) == (200, None)
    await running.advance("1s")
    assert await side.verdict(token) == (401, "grant_expired")


async def test_a_second_loss_without_a_lag_ends_them_at_once(running, side):
    token = (await side.log_in())["access_token"]
    await act(running, side.bank, "change_password", persona=side.persona, lag="90s")
    await act(running, side.bank, "lose_card", persona=side.persona)
    assert await side.verdict(token) == (401, "card_lost")


async def test_a_card_issued_again_within_the_lag_takes_nothing_back(running):
    side = Tomato(running)
    token = (await side.log_in())["access_token"]
    await act(running, "tomato", "lose_card", persona="taro", lag="90s")
    await act(running, "tomato", "reissue_card", persona="taro", secret="1357")
    newer = (await side.log_in(client_id=OTHER_CLIENT))["access_token"]
    await lapses(running, side, token, "card_lost")
    assert await side.verdict(newer) == (200, None)


async def test_after_a_merger_the_tokens_go_on_and_show_the_new_ids(running):
    side = Tomato(running)
    token = (await side.log_in())["access_token"]
    body = {"branch_code": "001", "into": "777", "lag": "90s"}
    done = await act(running, "tomato", "merge_branch", **body)
    assert done["ended"] >= 1
    moved = {each["new_id"] for each in done["moved"]}
    assert set(await running.account_ids(token)) <= moved
    await lapses(running, side, token, "bank_merged")


async def test_consent_to_the_terms_is_asked_for_after_the_lag(running, side):
    token = (await side.log_in())["access_token"]
    terms = {"version": "99", "effective_on": TODAY}
    await sent(running, "POST", f"/bank/{side.bank}/terms", **terms)
    done = await act(running, side.bank, "require_consent", lag="90s")
    assert done == {"ended": 0, "suspended": 0}
    await running.advance("89s999ms")
    assert await side.verdict(token) == (200, None)
    (event,) = (await running.advance("1ms"))["events"]
    assert (event["kind"], event["grants"]) == ("terms_reconsent", 1)
    assert await side.verdict(token) == (401, "terms_pending")


async def test_terms_that_are_not_in_force_cannot_be_asked_for_later_either(running):
    async with running.sandbox.world.database.transaction() as db:
        await db.execute("DELETE FROM terms")
    answer = await refused(running, "tomato", "require_consent", lag="90s")
    assert answer[:2] == (409, "illegal-status")
    assert (await running.advance("91s"))["events"] == []


@pytest.mark.parametrize(("name", "body"), WITHOUT.items())
async def test_an_act_that_ends_no_grant_says_that_it_takes_no_lag(running, name, body):
    answer = await refused(running, "tomato", name, **body, lag="90s")
    assert answer == (
        422,
        "invalid-request",
        f"lag: {name} ends no grant: it is in force at once",
    )


@pytest.mark.parametrize("lag", ["soon", "-1s", "1mo", "36526d"])
@pytest.mark.parametrize("name", [*OF_SOMEBODY, "share_id", "require_consent", "merge_branch"])
async def test_a_lag_that_is_no_length_of_time_changes_nothing(running, name, lag):
    fields = {
        "share_id": {"persona": "taro", "client_id": OTHER_CLIENT},
        "require_consent": {},
        "merge_branch": {"branch_code": "001", "into": "777"},
    }
    side = Tomato(running)
    token = (await side.log_in())["access_token"]
    before = await running.account_ids(token)
    body = fields.get(name, {"persona": "taro"})
    status, slug, detail = await refused(running, "tomato", name, **body, lag=lag)
    assert (status, slug) == (422, "invalid-request")
    assert detail.startswith("lag: ")
    assert await side.verdict(token) == (200, None)
    assert await running.account_ids(token) == before


# Beside the acts: contractors and contracts


async def test_all_cards_of_a_contractor_are_lost_with_a_lag(running):
    side = Tomato(running)
    token = (await side.log_in())["access_token"]
    path = "/bank/tomato/contractors/persona-taro"
    assert await sent(running, "POST", path, act="lose_credentials", lag="90s") == (200, {})
    await lapses(running, side, token, "card_lost")
    await act(running, "tomato", "reissue_card", persona="taro", secret="1357")
    assert await side.verdict(token) == (401, "card_lost")


@pytest.mark.requirement("W-55", "W-56")
async def test_a_withdrawn_consent_ends_once_the_bank_has_confirmed_it(running):
    maker = Direct(running)
    token = (await maker.log_in("shoji_maker"))["access_token"]
    _, found = await sent(running, "GET", "/grants?persona=shoji_maker")
    body = {"by": "keiri01", "grant_id": found["grants"][0]["grant_id"], "lag": "90s"}
    path = f"/bank/web21/contracts/{SHOJI}"
    assert await sent(running, "POST", path, act="withdraw_consent", **body) == (200, {})
    await lapses(running, maker, token, "revoked_by_user")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/bank/tomato/contractors/persona-taro", {"act": "end"}),
        ("/bank/tomato/contractors/persona-taro", {"act": "suspend"}),
        (f"/bank/web21/contracts/{SHOJI}", {"act": "terminate"}),
    ],
)
async def test_what_is_looked_at_on_every_call_takes_no_lag(running, path, body):
    status, answer = await sent(running, "POST", path, **body, lag="90s")
    assert (status, answer["type"].rpartition(":")[2]) == (422, "invalid-request")
    assert "from the next call on" in answer["detail"]
    assert await Tomato(running).verdict((await running.log_in("taro"))["access_token"]) == (
        200,
        None,
    )


# What happens meanwhile


async def test_a_restart_in_between_changes_nothing(tmp_path, template):
    async with run_sandbox(tmp_path, template=template) as running:
        side = Tomato(running)
        token = (await side.log_in())["access_token"]
        await act(running, "tomato", "lose_card", persona="taro", lag="90s")
        await running.advance("60s")
    async with run_sandbox(tmp_path) as running:
        side = Tomato(running)
        await running.advance("29s")
        assert await side.verdict(token) == (200, None)
        await running.advance("1s")
        assert await side.verdict(token) == (401, "card_lost")


@pytest.mark.parametrize("name", ["lose_card", "require_consent"])
async def test_a_snapshot_in_between_holds_what_is_still_to_come(running, name):
    side = Tomato(running)
    token = (await side.log_in())["access_token"]
    await sent(running, "POST", "/bank/tomato/terms", version="99", effective_on=TODAY)
    whom = {"persona": "taro"} if name == "lose_card" else {}
    await act(running, "tomato", name, **whom, lag="90s")
    await running.advance("60s")
    await sent(running, "POST", "/snapshots", name="between")
    reason = "card_lost" if name == "lose_card" else "terms_pending"
    await running.advance("30s")
    assert await side.verdict(token) == (401, reason)

    await sent(running, "POST", "/snapshots/between/restore")

    assert await side.verdict(token) == (200, None)
    await running.advance("29s999ms")
    assert await side.verdict(token) == (200, None)
    await running.advance("1ms")
    assert await side.verdict(token) == (401, reason)


@pytest.mark.parametrize("planned_by", ["the terms", "the act"])
async def test_a_reset_of_the_data_keeps_the_consent_that_is_still_to_be_asked_for(
    running, planned_by
):
    side = Tomato(running)
    token = (await side.log_in())["access_token"]
    asks_itself = planned_by == "the terms"
    day = "2026-11-17" if asks_itself else TODAY
    terms = {"version": "99", "effective_on": day, "reconsent": asks_itself}
    await sent(running, "POST", "/bank/tomato/terms", **terms)
    if not asks_itself:
        await act(running, "tomato", "require_consent", lag="14h")
    status, _ = await sent(running, "POST", "/reset", what="data")
    assert status == 200
    await running.advance("20m")  # the token lives for half an hour
    assert await side.verdict(token) == (200, None)
    found = await running.advance("13h40m")
    assert [each["grants"] for each in found["events"] if each["kind"] == "terms_reconsent"] == [1]
    assert await side.verdict(token) == (401, "terms_pending")
