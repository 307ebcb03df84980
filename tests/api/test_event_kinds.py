"""What each kind of event says, and whom it is told (T-36, R-9): walked over the control door."""

import hashlib

import jsonschema
import pytest

from tests.acting import sent
from tests.direct import SHOJI, Direct
from tests.opening import stop, take_away
from tests.ordering import APPROVAL, Orders, item
from tests.receiving import event_schema, events, listen, receiving
from tests.support import AGGREGATOR, MANUAL, basic, run_sandbox

NOW = "2026-11-16T10:00:00+09:00"
TITLE = {"ja": "年末年始の取扱い", "en": "Hours over the New Year"}


async def told(running, *, world="default"):
    """Return what there is in the list, each found sound by the published schema."""
    found = await events(running)
    for each in found:
        beside = {"number", "client_id", "deliveries"}
        envelope = {name: value for name, value in each.items() if name not in beside}
        jsonschema.validate(envelope, event_schema())
        assert each["world"] == world
    return found


async def kinds(running):
    return [each["type"] for each in await told(running)]


async def live_grant(running):
    _, found = await sent(running, "GET", "/grants")
    return next(each for each in found["grants"] if each["is_live"])


async def test_a_revoked_grant_says_why_and_which_tokens_are_dead(running):
    tokens = await running.log_in()
    grant = await live_grant(running)
    body = {"client_id": AGGREGATOR, "reason": "bank_reasons"}
    assert (await sent(running, "POST", "/bank/tomato/revoke", **body))[0] == 200
    (event,) = await told(running)
    assert (event["type"], event["client_id"]) == ("grant.revoked", AGGREGATOR)
    assert event["occurred_at"] == NOW
    data = event["data"]
    assert (data["grant_id"], data["reason"]) == (grant["grant_id"], "bank_reasons")
    for kind in ("access_token", "refresh_token"):
        digest = hashlib.sha256(tokens[kind].encode()).hexdigest()
        assert digest[:24] in data["token_ids"]
    assert tokens["access_token"] not in str(event)


async def test_each_way_that_a_grant_ends_is_told_once(running):
    """By the provider itself, by a code used twice, by a blocked client: no way is forgotten."""
    tokens = await running.log_in()
    url = f"{running.base}/oauth/revoke"
    form = {"token": tokens["refresh_token"]}
    async with running.http.post(url, data=form, headers=basic(AGGREGATOR)) as answer:
        assert answer.status == 200
    consent = await running.authorize("hanako")
    assert (await running.exchange(consent["code"]))[0] == 200
    assert (await running.exchange(consent["code"]))[0] == 400
    await running.log_in(client_id=MANUAL)
    assert (await sent(running, "DELETE", f"/clients/{MANUAL}"))[0] == 200
    reasons = [each["data"]["reason"] for each in await told(running)]
    assert reasons == ["revoked_by_provider", "code_replayed", "revoked_by_bank"]


async def test_a_newer_consent_supersedes(running):
    await running.log_in()
    older = await live_grant(running)
    await running.advance("1m")
    await running.log_in()
    (event,) = await told(running)
    assert (event["type"], event["data"]["reason"]) == ("grant.superseded", "superseded")
    assert event["data"]["grant_id"] == older["grant_id"]
    assert event["occurred_at"] == "2026-11-16T10:01:00+09:00"


async def test_a_grant_lapses_at_its_time_and_not_when_somebody_looks(tmp_path, template):
    lifetime = {"tomato_grant_lifetime": "2d"}
    async with run_sandbox(tmp_path, template=template, **lifetime) as running:
        await running.log_in()
        grant = await live_grant(running)
        await running.advance("5d")
        (event,) = await told(running)
        assert (event["type"], event["data"]["reason"]) == ("grant.lapsed", "grant_expired")
        assert event["occurred_at"] == grant["expires_at"] == "2026-11-18T10:00:00+09:00"


async def test_a_revocation_with_a_lag_is_told_when_it_takes_effect(running):
    await running.log_in()
    body = {"client_id": AGGREGATOR, "lag": "90s"}
    assert (await sent(running, "POST", "/bank/tomato/revoke", **body))[0] == 200
    await running.advance("89s")
    assert await told(running) == []
    await running.advance("1s")
    assert await kinds(running) == ["grant.revoked"]


@pytest.mark.requirement("T-36")
async def test_a_notice_comes_by_each_channel_at_its_own_time_or_never(running):
    async def page():
        url, headers = f"{running.url}/tomato/notices?lang=en", {"Accept": "text/html"}
        async with running.http.get(url, headers=headers) as answer:
            return TITLE["en"] in await answer.text()

    async def api():
        async with running.http.get(f"{running.url}/tomato/notices") as answer:
            return [each["published_at"] for each in (await answer.json())["notices"]]

    async def mail():
        _, found = await sent(running, "GET", "/mailbox?bank=tomato")
        return [each["at"] for each in found["mail"]]

    channels = {"page": True, "api": "2026-11-17T10:00", "mailbox": False, "webhook": "2026-11-18"}
    body = {"bank": "tomato", "title": TITLE, "at": "2026-11-16T12:00", "channels": channels}
    status, shown = await sent(running, "POST", "/notices", **body)
    assert status == 200, shown
    late, later = "2026-11-17T10:00:00+09:00", "2026-11-18T09:00:00+09:00"
    assert shown["channels"] == {"api": late, "mailbox": None, "webhook": later}
    assert (await page(), await api(), await mail(), await told(running)) == (False, [], [], [])
    await running.advance("2h")
    assert (await page(), await api(), await told(running)) == (True, [], [])
    await running.advance("22h")
    assert await api() == [late]
    assert await told(running) == []
    await running.advance("23h")
    (event,) = await told(running)
    assert (event["type"], event["occurred_at"]) == ("notice.published", later)
    assert "client_id" not in event
    assert event["data"]["title"] == TITLE
    assert await mail() == []
    _, listed = await sent(running, "GET", "/notices")
    assert listed["notices"][0]["channels"] == shown["channels"]


@pytest.mark.requirement("T-36")
async def test_a_notice_may_be_told_to_no_program_at_all(running):
    body = {"bank": "tomato", "title": TITLE, "channels": {"webhook": False, "api": False}}
    assert (await sent(running, "POST", "/notices", **body))[0] == 200
    assert await told(running) == []
    _, found = await sent(running, "GET", "/mailbox")
    assert [(each["bank"], each["at"], each["title"]) for each in found["mail"]] == [
        ("tomato", NOW, TITLE)
    ]


async def test_a_notice_without_channels_comes_by_all_of_them_at_once(running):
    body = {"bank": "web21", "title": TITLE, "at": "2026-11-16T12:00"}
    assert (await sent(running, "POST", "/notices", **body))[0] == 200
    assert await told(running) == []
    await running.advance("2h")
    assert await kinds(running) == ["notice.published"]
    _, shown = await sent(running, "GET", "/mailbox?bank=tomato")
    assert shown["mail"] == []
    _, shown = await sent(running, "GET", "/mailbox?bank=web21")
    assert len(shown["mail"]) == 1


async def test_a_notice_that_is_taken_down_in_time_is_never_told(running):
    body = {"bank": "tomato", "title": TITLE, "at": "2026-11-16T12:00"}
    _, notice = await sent(running, "POST", "/notices", **body)
    assert (await sent(running, "DELETE", f"/notices/{notice['id']}"))[0] == 200
    await running.advance("3h")
    assert await told(running) == []


async def test_a_channel_at_a_moment_that_is_none_or_over_is_refused(running):
    for when in ("whenever", "2026-11-16T09:00"):
        body = {"bank": "tomato", "title": TITLE, "channels": {"api": when}}
        status, answer = await sent(running, "POST", "/notices", **body)
        assert (status, answer["detail"].partition(":")[0]) == (422, "channels.api")


async def test_maintenance_begins_overruns_and_ends(running):
    await stop(running, from_="2026-11-16T12:00", for_="1h", overrun="30m", announce={})
    await running.advance("5h")
    found = [each for each in await told(running) if each["type"] != "notice.published"]
    assert [(each["type"], each["occurred_at"][11:16]) for each in found] == [
        ("maintenance.begun", "12:00"),
        ("maintenance.overrun", "13:00"),
        ("maintenance.ended", "13:30"),
    ]
    for each in found:
        assert each["data"]["until"] == "2026-11-16T13:00:00+09:00"  # never how long it overruns
        assert "client_id" not in each


async def test_maintenance_that_is_taken_away_has_ended(running):
    made = await stop(running, from_="2026-11-16T10:00", for_="1h", announce={})
    await running.advance("10m")
    await take_away(running, made)
    await running.advance("2h")
    found = [each for each in await told(running) if each["type"].startswith("maintenance")]
    assert [(each["type"], each["occurred_at"][11:16]) for each in found] == [
        ("maintenance.begun", "10:00"),
        ("maintenance.ended", "10:10"),
    ]


async def test_what_is_taken_away_before_or_after_its_time_ends_nothing(running):
    early = await stop(running, from_="2026-11-16T12:00", for_="1h", announce={})
    await take_away(running, early)
    await told(running)
    over = await stop(running, from_="2026-11-16T10:00", for_="1m", announce={})
    await running.advance("5h")
    await take_away(running, over)
    found = [each for each in await kinds(running) if each.startswith("maintenance")]
    assert found == ["maintenance.begun", "maintenance.ended"]


@pytest.mark.requirement("T-30")
async def test_of_an_outage_and_of_maintenance_that_is_not_announced_nobody_is_told(running):
    await stop(running, kind="outage", for_="1h")
    await stop(running, from_="2026-11-16T12:00", for_="1h")
    await running.advance("5h")
    assert await told(running) == []


async def test_a_stop_of_one_client_is_told_to_that_client(running):
    await stop(running, for_="1h", client_id=MANUAL, announce={})
    found = {each["type"]: each.get("client_id") for each in await told(running)}
    assert found["maintenance.begun"] == MANUAL


async def test_an_incident_is_told_to_its_provider_step_by_step(running):
    await running.log_in()
    grant = await live_grant(running)
    body = {"kind": "leak", "grant_id": grant["grant_id"]}
    _, incident = await sent(running, "POST", "/bank/tomato/incidents", **body)
    path = f"/bank/tomato/incidents/{incident['id']}"
    assert (await sent(running, "POST", path, act="report", text="done"))[0] in (200, 422)
    found = [each for each in await told(running) if each["type"].startswith("incident")]
    assert found[0]["type"] == "incident.opened"
    assert found[0]["client_id"] == AGGREGATOR
    assert found[0]["data"]["incident_id"] == incident["id"]
    assert found[0]["data"]["entry"]["kind"] == "notified"
    await running.advance("30d")
    later = [each for each in await told(running) if each["type"] == "incident.updated"]
    assert later
    assert later[-1]["data"]["entry"]["kind"] in ("overdue", "reported")


async def test_a_rotated_key_is_told_and_a_first_one_is_not(running):
    status, _ = await sent(running, "POST", "/keys/rotate", bank="tomato", alg="ES256")
    assert status == 200
    assert await told(running) == []
    await running.advance("1m")
    _, keys = await sent(running, "POST", "/keys/rotate", bank="tomato", alg="ES256")
    signing = next(each["kid"] for each in keys["keys"] if each["is_signing"])
    (event,) = await told(running)
    assert (event["type"], event["data"]) == ("key.rotated", {"kid": signing, "alg": "ES256"})


async def test_a_request_that_is_settled_is_told_to_the_contractors_own_server(running):
    direct = Direct(running)
    maker = await Orders.of(direct)
    checker = await Orders.of(direct, "shoji_checker", APPROVAL)
    reference = (await maker.register(item(1)))["transaction_id"]
    assert (await checker.act(reference, "submissions"))[0] == 200
    await running.advance("9d")
    (event,) = [each for each in await told(running) if each["type"] == "transfer.settled"]
    assert (event["bank"], event["client_id"]) == ("web21", direct.client_id)
    assert event["data"] == {
        "reference": reference,
        "contractor_id": SHOJI,
        "kind": "bulk",
        "status": "settled",
        "designated_on": "2026-11-24",
        "item_count": 1,
        "total_yen": 10_001,
    }


async def test_a_request_that_nobody_approves_in_time_is_rejected(running):
    maker = await Orders.of(Direct(running))
    reference = (await maker.register(item(1)))["transaction_id"]
    await running.advance("9d")
    (event,) = [each for each in await told(running) if each["type"].startswith("transfer")]
    assert event["type"] == "transfer.rejected"
    assert (event["data"]["reference"], event["data"]["status"]) == (reference, "expired")


async def test_a_new_world_and_one_set_back_have_nothing_to_tell(running):
    await running.log_in()
    await sent(running, "POST", "/bank/tomato/revoke", client_id=AGGREGATOR)
    assert await kinds(running) == ["grant.revoked"]
    assert (await sent(running, "POST", "/reset", what="all"))[0] == 200
    assert await told(running) == []
    await running.advance("1d")
    assert await told(running) == []


async def test_tokens_set_back_are_gone_without_a_word(tmp_path, template):
    lifetime = {"tomato_grant_lifetime": "2d"}
    async with run_sandbox(tmp_path, template=template, **lifetime) as running:
        await running.log_in()
        assert (await sent(running, "POST", "/reset", what="tokens"))[0] == 200
        await running.advance("3d")
        assert await told(running) == []


async def test_a_copy_of_a_world_tells_nobody_and_says_so(tmp_path, template):
    """R-18: who listens to one world must not hear of another one's life."""
    async with run_sandbox(tmp_path, template=template) as running, receiving() as receiver:
        await listen(running, receiver.url)
        assert (await sent(running, "POST", "/snapshots", name="before"))[0] == 200
        worlds = f"{running.sandbox.control_url}/api/v1/worlds"
        body = {"name": "copy", "from_snapshot": "before"}
        async with running.http.post(worlds, json=body) as answer:
            assert answer.status == 200, await answer.text()
        async with running.http.get(f"{worlds}/copy/clients/{AGGREGATOR}/notifications") as answer:
            assert (await answer.json())["is_stopped"] is True
        async with running.http.post(
            f"{worlds}/copy/events", json={"client_id": AGGREGATOR}
        ) as answer:
            assert answer.status == 200
        assert (await sent(running, "POST", "/snapshots/before/restore"))[0] == 200
        await sent(running, "POST", "/events", client_id=AGGREGATOR)
        (got,) = await receiver.until(1)
        assert got.event["world"] == "default"
