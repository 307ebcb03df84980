"""Events on their way to providers: signed, taken once, tried again on the world's clock."""

import asyncio

import jsonschema
import pytest

from sandbox.clock import machine_now, scaled
from tests.acting import sent
from tests.receiving import (
    SECRET,
    attempted,
    deliveries,
    event_schema,
    events,
    listen,
    ping,
    receiving,
    recipe,
    settled,
    until,
)
from tests.support import ACCOUNTING, AGGREGATOR, MANUAL, NOW, run_sandbox

NOW_S = 1_794_790_800  # the same, since the epoch


@pytest.fixture
async def receiver():
    async with receiving() as found:
        yield found


async def test_an_event_comes_signed_and_is_delivered_once(running, receiver):
    await listen(running, receiver.url)
    event_id = await ping(running)
    (got,) = await receiver.until(1)
    assert got.headers["X-Sandbox-Event-Id"] == got.event["id"] == event_id
    assert got.headers["X-Sandbox-Event-Type"] == "ping"
    assert got.event["occurred_at"] == NOW
    assert (got.event["world"], got.event["bank"]) == ("default", "tomato")
    jsonschema.validate(got.event, event_schema())
    assert recipe()(SECRET, got.signature, got.body, now_s=NOW_S)
    (found,) = await settled(running, "delivered")
    assert (found["attempts"], found["answer"], found["event_id"]) == (1, 204, event_id)
    assert found["id"] == got.delivery_id
    await asyncio.sleep(0.3)
    assert len(receiver.got) == 1


async def test_the_recipe_of_the_guide_refuses_what_is_not_genuine(running, receiver):
    await listen(running, receiver.url)
    await ping(running)
    (got,) = await receiver.until(1)
    is_genuine = recipe()
    assert is_genuine(SECRET, got.signature, got.body, now_s=NOW_S + 300)
    assert not is_genuine(SECRET, got.signature, got.body, now_s=NOW_S + 301)
    assert not is_genuine(SECRET, got.signature, got.body, now_s=NOW_S - 301)
    assert not is_genuine(SECRET, got.signature, got.body + b" ", now_s=NOW_S)
    assert not is_genuine(SECRET + "x", got.signature, got.body, now_s=NOW_S)
    later = got.signature.replace(f"t={NOW_S}", f"t={NOW_S + 1}")
    assert not is_genuine(SECRET, later, got.body, now_s=NOW_S)
    for broken in ("", "t=,v1=", "v1=abc", f"t={NOW_S}", "t=x,v1=é"):
        assert not is_genuine(SECRET, broken, got.body, now_s=NOW_S)


async def test_who_does_not_listen_is_sent_nothing_but_the_list_shows_what_it_would_be(running):
    await running.log_in()
    _, found = await sent(running, "GET", "/grants")
    (grant,) = found["grants"]
    assert await events(running) == []
    await sent(running, "POST", f"/grants/{grant['grant_id']}/revoke", by="bank")
    (event,) = await events(running)
    assert (event["type"], event["client_id"], event["deliveries"]) == (
        "grant.revoked",
        AGGREGATOR,
        0,
    )
    assert await deliveries(running) == []


async def test_a_failure_is_tried_again_on_the_worlds_clock_until_it_is_given_up(running, receiver):
    await listen(running, receiver.url)
    receiver.answers = [500, 404, 302, 503, 400, 500, 200]
    await ping(running)
    found = await attempted(running, 1)
    assert (found["status"], found["answer"]) == ("waiting", 500)
    assert found["next_at"] == "2026-11-16T10:00:05+09:00"
    waits = ("5s", "30s", "2m", "10m", "1h")
    for number, wait in enumerate(waits, start=2):
        await running.advance(wait)
        found = await attempted(running, number)
    assert found["status"] == "given_up"
    assert [each.delivery_id for each in receiver.got] == [found["id"]] * 6
    assert len({each.body for each in receiver.got}) == 1
    await running.advance("31d")
    await asyncio.sleep(0.3)
    assert len(receiver.got) == 6


async def test_nothing_is_tried_again_before_its_time(running, receiver):
    await listen(running, receiver.url)
    receiver.answers = [500]
    await ping(running)
    await attempted(running, 1)
    await running.advance("4s")
    await asyncio.sleep(0.3)
    assert len(receiver.got) == 1
    await running.advance("1s")
    await receiver.until(2)
    (found,) = await settled(running, "delivered")
    _, shown = await sent(running, "GET", f"/deliveries/{found['id']}")
    assert [each["answer"] for each in shown["tries"]] == [500, 204]
    assert shown["body"] == receiver.got[1].event


async def test_an_address_that_is_gone_is_told_nothing_more_until_it_is_registered_again(
    running, receiver
):
    await listen(running, receiver.url)
    receiver.answers = [410]
    await ping(running)
    (found,) = await settled(running, "stopped")
    assert (found["attempts"], found["answer"]) == (1, 410)
    _, shown = await sent(running, "GET", f"/clients/{AGGREGATOR}/notifications")
    assert (shown["is_stopped"], shown["stopped_at"]) == (True, NOW)
    await ping(running)
    await running.advance("2h")
    await asyncio.sleep(0.3)
    assert len(receiver.got) == 1
    status, refusal = await sent(running, "POST", f"/deliveries/{found['id']}/redeliver")
    assert (status, refusal["type"].rpartition(":")[2]) == (409, "refused")
    await listen(running, receiver.url)
    status, _ = await sent(running, "POST", f"/deliveries/{found['id']}/redeliver")
    assert status == 200
    await receiver.until(2)
    await settled(running, "delivered")


async def test_nobody_answers_and_the_doors_go_on(running):
    """A port that nobody listens at: the attempt fails, and is shown as such."""
    await listen(running, "http://127.0.0.1:9/")
    await ping(running)
    found = await attempted(running, 1)
    assert "answer" not in found
    _, shown = await sent(running, "GET", f"/deliveries/{found['id']}")
    assert shown["tries"][0]["problem"] == "ClientConnectorError"


async def test_a_slow_receiver_holds_up_neither_door_nor_other_receivers(running, receiver):
    receiver.is_open.clear()
    async with receiving() as quick:
        await listen(running, receiver.url)
        await listen(running, quick.url, MANUAL)
        for _ in range(3):
            await ping(running)
        await until(lambda: receiver.at_once > 0)
        await ping(running, MANUAL)
        await quick.until(1)
        assert (await running.get("/accounts", "nothing"))[0] == 401
        assert (receiver.got, receiver.at_once) == ([], 1)
    receiver.is_open.set()
    await receiver.until(3)
    assert receiver.most_at_once == 1


async def test_no_more_than_so_many_are_under_way_at_once(running, receiver):
    receiver.is_open.clear()
    for number in range(12):
        body = {"client_id": f"c{number}", "redirect_uris": ["https://app.example/cb"]}
        body |= {"bank": "tomato", "notification_url": receiver.url}
        assert (await sent(running, "POST", "/clients", **body))[0] == 200
        await ping(running, f"c{number}")
    await until(lambda: receiver.at_once == 8, lambda: f"{receiver.at_once} at once")
    await asyncio.sleep(0.3)
    assert receiver.at_once == 8
    receiver.is_open.set()
    await receiver.until(12)
    assert receiver.most_at_once == 8


async def test_what_was_not_taken_is_sent_after_a_restart(tmp_path, template, receiver):
    async with run_sandbox(tmp_path, template=template) as running:
        await running.log_in()
        await listen(running, "http://127.0.0.1:9/")
        await ping(running)
        await attempted(running, 1)
        status, told = await sent(running, "POST", "/bank/tomato/revoke", client_id=AGGREGATOR)
        assert (status, told) == (200, {"ended": 1})
    async with run_sandbox(tmp_path) as running:
        await listen(running, receiver.url)
        await running.advance("5s")
        await receiver.until(2)
        assert sorted(receiver.types) == ["grant.revoked", "ping"]


async def test_a_server_that_ends_waits_for_no_receiver(tmp_path, template, receiver):
    """The attempt is broken off, counts for nothing, and is made again by the next start."""
    receiver.is_open.clear()
    async with run_sandbox(tmp_path, template=template) as running:
        await listen(running, receiver.url)
        await ping(running)
        await until(lambda: receiver.at_once > 0)
    assert receiver.got == []
    receiver.is_open.set()
    async with run_sandbox(tmp_path) as running:
        (found,) = await settled(running, "delivered")
        assert found["attempts"] == 1
        assert {each.delivery_id for each in receiver.got} == {found["id"]}


async def test_a_running_clock_needs_no_caller(running, receiver):
    """Nobody calls any more when the revocation takes effect, and yet its client hears of it."""
    await running.log_in()
    await listen(running, receiver.url)
    body = {"client_id": AGGREGATOR, "lag": "20s"}
    assert (await sent(running, "POST", "/bank/tomato/revoke", **body))[0] == 200
    await asyncio.sleep(0.3)
    assert receiver.got == []
    world = running.sandbox.world
    world.clock.set(scaled(world.now(), 60, machine_now()))
    await receiver.until(1)
    assert receiver.types == ["grant.revoked"]
    assert receiver.got[0].event["occurred_at"] == "2026-11-16T10:00:20+09:00"


async def test_a_running_clock_works_off_its_agenda_where_somebody_listens(running, receiver):
    """A deadline passes while nobody calls: what follows from it is done, and told."""
    await running.log_in()
    await listen(running, receiver.url)
    body = {"kind": "leak", "client_id": AGGREGATOR, "deadline": "1h"}
    assert (await sent(running, "POST", "/bank/tomato/incidents", **body))[0] == 200
    await receiver.until(2)
    world = running.sandbox.world
    world.clock.set(scaled(world.now(), 36_000, machine_now()))
    await receiver.until(4)
    assert sorted(receiver.types) == [
        "grant.revoked",
        "incident.opened",
        "incident.updated",
        "notice.published",
    ]


async def test_events_of_one_client_are_not_told_to_another(running, receiver):
    async with receiving() as other:
        await listen(running, receiver.url)
        await listen(running, other.url, ACCOUNTING)
        theirs, mine = await ping(running, ACCOUNTING), await ping(running)
        found = await settled(running, "delivered", 2)
        assert [(each["client_id"], each["event_id"]) for each in found] == [
            (ACCOUNTING, theirs),
            (AGGREGATOR, mine),
        ]
        assert [each.event["id"] for each in other.got] == [theirs]
        assert [each.event["id"] for each in receiver.got] == [mine]


async def test_the_lists_go_by_key_and_by_filters(running, receiver):
    await listen(running, receiver.url)
    ids = [await ping(running) for _ in range(3)]
    await settled(running, "delivered", 3)
    _, first = await sent(running, "GET", "/events?limit=2")
    assert [each["id"] for each in first["events"]] == ids[:2]
    _, rest = await sent(running, "GET", f"/events?limit=2&after={first['next']}")
    assert [each["id"] for each in rest["events"]] == ids[2:]
    assert "next" not in rest
    assert len(await events(running, f"?client_id={AGGREGATOR}&type=ping")) == 3
    assert await events(running, f"?client_id={ACCOUNTING}") == []
    assert await events(running, "?type=key.rotated") == []
    _, page = await sent(running, "GET", "/deliveries?limit=1&after=1")
    assert [each["number"] for each in page["deliveries"]] == [2]
    (one,) = await deliveries(running, f"?event_id={ids[1]}&status=delivered")
    assert one["event_id"] == ids[1]
    assert await deliveries(running, "?status=given_up") == []
    assert await deliveries(running, f"?client_id={ACCOUNTING}") == []


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "slug"),
    [
        ("GET", "/deliveries/nothing", None, 404, "unknown-delivery"),
        ("POST", "/deliveries/nothing/redeliver", {}, 404, "unknown-delivery"),
        ("GET", f"/clients/{AGGREGATOR}/notifications", None, 404, "no-notifications"),
        ("GET", "/clients/nobody/notifications", None, 404, "unknown-client"),
        (
            "PUT",
            "/clients/nobody/notifications",
            {"url": "https://a"},
            404,
            "unknown-client",
        ),
        ("POST", "/events", {"client_id": "nobody"}, 404, "unknown-client"),
        ("POST", "/events", {"client_id": AGGREGATOR}, 404, "no-notifications"),
        ("GET", "/events?type=nonsense", None, 422, "invalid-request"),
        ("GET", "/events?after=x", None, 422, "invalid-request"),
        ("GET", "/deliveries?status=lost", None, 422, "invalid-request"),
        ("GET", "/deliveries?after=99999999999999999", None, 422, "invalid-request"),
    ],
)
async def test_what_cannot_be_is_refused_in_the_usual_shape(
    running, method, path, body, status, slug
):
    found, answer = await sent(running, method, path, **(body or {}))
    assert (found, answer["type"].rpartition(":")[2]) == (status, slug)


async def test_a_delivery_under_way_is_not_sent_once_more(running, receiver):
    await listen(running, receiver.url)
    receiver.answers = [500]
    await ping(running)
    found = await attempted(running, 1)
    status, answer = await sent(running, "POST", f"/deliveries/{found['id']}/redeliver")
    assert (status, answer["detail"]) == (409, "redeliver is not allowed when waiting")
