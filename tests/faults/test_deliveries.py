"""F-30: events that a provider gets twice, late, in another order, not at all, or from a stranger.

Each is seen at a real receiver on a socket.
"""

import asyncio

import pytest

from tests.acting import sent
from tests.receiving import (
    SECRET,
    attempted,
    deliveries,
    listen,
    ping,
    receiving,
    recipe,
    settled,
)
from tests.support import AGGREGATOR, MANUAL

NOW_S = 1_794_790_800


@pytest.fixture
async def receiver(running):
    async with receiving() as found:
        await listen(running, found.url)
        yield found


async def strike(running, kind, *, match=None, times=1, **effect):
    rule = {"match": match or {}, "effect": {"kind": kind, **effect}, "times": times}
    status, answer = await sent(running, "POST", "/faults", **rule)
    assert status == 200, answer
    assert answer["stage"] == "delivery"
    return answer["id"]


async def struck(running, fault_id):
    _, rule = await sent(running, "GET", f"/faults/{fault_id}")
    return rule["seen"], rule["struck"]


def ids(receiver):
    return [each.event["id"] for each in receiver.got]


async def quiet(receiver, count):
    """Say that no more than so many come."""
    await asyncio.sleep(0.3)
    assert len(receiver.got) == count


def is_genuine(got, now_s=NOW_S):
    return recipe()(SECRET, got.signature, got.body, now_s=now_s)


async def test_an_event_that_comes_twice_has_one_id(running, receiver):
    fault = await strike(running, "duplicate_delivery", copies=2)
    twice, once = await ping(running), await ping(running)
    await receiver.until(4)
    assert ids(receiver) == [twice, twice, twice, once]
    assert len({each.delivery_id for each in receiver.got}) == 4
    assert all(map(is_genuine, receiver.got))
    await quiet(receiver, 4)
    assert await struck(running, fault) == (2, 1)
    shown = await settled(running, "delivered", 4)
    assert [each.get("fault", {}).get("id") for each in shown] == [fault] * 3 + [None]
    assert shown[0]["fault"]["kind"] == "duplicate_delivery"


async def test_an_event_comes_behind_later_ones(running, receiver):
    await strike(running, "reorder_delivery", behind=2)
    first, second, third, fourth = [await ping(running) for _ in range(4)]
    await receiver.until(4)
    assert ids(receiver) == [second, third, first, fourth]
    await quiet(receiver, 4)


async def test_an_event_that_nothing_follows_is_held_back_for_a_while_only(running, receiver):
    await strike(running, "reorder_delivery", wait="2m")
    alone = await ping(running)
    (found,) = await deliveries(running)
    assert (found["status"], found["next_at"]) == ("held", "2026-11-16T10:02:00+09:00")
    await running.advance("119s")
    await quiet(receiver, 0)
    await running.advance("1s")
    await receiver.until(1)
    assert ids(receiver) == [alone]
    await settled(running, "delivered")


async def test_another_clients_events_let_nothing_go(running, receiver):
    async with receiving() as other:
        await listen(running, other.url, MANUAL)
        await strike(running, "reorder_delivery")
        await ping(running)
        await ping(running, MANUAL)
        await other.until(1)
        await quiet(receiver, 0)


async def test_an_event_comes_late(running, receiver):
    await strike(running, "delay_delivery", delay="2h")
    late, prompt = await ping(running), await ping(running)
    await receiver.until(1)
    assert ids(receiver) == [prompt]
    await running.advance("119m")
    await quiet(receiver, 1)
    await running.advance("1m")
    await receiver.until(2)
    assert ids(receiver) == [prompt, late]
    assert receiver.got[1].event["occurred_at"] == "2026-11-16T10:00:00+09:00"


async def test_an_event_never_comes_but_can_be_asked_for(running, receiver):
    await strike(running, "drop_delivery")
    dropped, next_one = await ping(running), await ping(running)
    await receiver.until(1)
    await running.advance("30d")
    await quiet(receiver, 1)
    assert ids(receiver) == [next_one]
    found = (await deliveries(running))[0]
    assert (found["status"], found["attempts"]) == ("dropped", 0)
    status, again = await sent(running, "POST", f"/deliveries/{found['id']}/redeliver")
    assert (status, again["status"], "fault" in again) == (200, "waiting", False)
    await receiver.until(2)
    assert ids(receiver)[1] == dropped


async def test_a_wrong_signature_is_refused_and_the_next_attempt_is_right(running, receiver):
    """What a sound receiver does: 401, and so it comes again."""
    await strike(running, "bad_signature")
    receiver.answers = [401]
    event = await ping(running)
    assert (await attempted(running, 1))["status"] == "waiting"
    assert not is_genuine(receiver.got[0])
    await running.advance("5s")
    await receiver.until(2)
    assert is_genuine(receiver.got[1], NOW_S + 5)
    assert ids(receiver) == [event, event]
    await settled(running, "delivered")


async def test_an_old_time_stamp_is_genuine_but_outside_the_window(running, receiver):
    await strike(running, "old_timestamp", age="1h")
    receiver.answers = [401]
    await ping(running)
    await attempted(running, 1)
    got = receiver.got[0]
    assert got.signature.startswith(f"t={NOW_S - 3600},")
    assert not is_genuine(got)
    assert is_genuine(got, NOW_S - 3600)
    await running.advance("5s")
    await receiver.until(2)
    assert is_genuine(receiver.got[1], NOW_S + 5)


async def test_an_earlier_event_comes_again_byte_for_byte(running, receiver):
    first = await ping(running)
    await receiver.until(1)
    await running.advance("4m")
    await strike(running, "replay_delivery")
    second = await ping(running)
    await receiver.until(3)
    assert ids(receiver) == [first, second, first]
    original, _, replayed = receiver.got
    assert (replayed.signature, replayed.body) == (original.signature, original.body)
    assert replayed.delivery_id != original.delivery_id
    await quiet(receiver, 3)


async def test_where_there_is_no_earlier_event_its_own_is_replayed(running, receiver):
    await strike(running, "replay_delivery")
    event = await ping(running)
    await receiver.until(2)
    assert ids(receiver) == [event, event]
    assert receiver.got[0].signature == receiver.got[1].signature


async def test_a_rule_matches_by_event_and_by_client(running, receiver):
    async with receiving() as other:
        await listen(running, other.url, MANUAL)
        match = {"event": "ping", "client_id": MANUAL, "bank": "tomato"}
        mine = await strike(running, "drop_delivery", match=match, times=9)
        never = await strike(running, "drop_delivery", match={"event": "key.rotated"}, times=9)
        await ping(running)
        await receiver.until(1)
        await ping(running, MANUAL)
        await quiet(other, 0)
        assert await struck(running, mine) == (1, 1)
        assert await struck(running, never) == (0, 0)


async def test_half_of_the_events_are_the_same_half_each_time(running, receiver):
    """Same seed, same events: same faults (the counts are the rule's own)."""
    runs = []
    for _ in range(2):
        body = {"effect": {"kind": "drop_delivery"}, "probability": 0.5, "seed": 7}
        _, rule = await sent(running, "POST", "/faults", **body)
        before = len(await deliveries(running))
        for _ in range(12):
            await ping(running)
        found = (await deliveries(running))[before:]
        runs.append([each["status"] == "dropped" for each in found])
        await sent(running, "DELETE", f"/faults/{rule['id']}")
    assert runs[0] == runs[1]
    assert 2 < sum(runs[0]) < 10


async def test_it_is_explained_which_rule_would_strike(running, receiver):
    dropping = await strike(running, "drop_delivery", match={"event": "grant.revoked"})
    status, call = await sent(running, "POST", "/faults", effect={"kind": "status", "status": 503})
    assert status == 200

    async def explained(**request):
        _, told = await sent(running, "POST", "/faults/explain", request=request)
        return told["strikes"], {each["id"]: each.get("why_not") for each in told["rules"]}

    told = await explained(bank="tomato", event="grant.revoked", client_id=AGGREGATOR)
    assert told == (dropping, {dropping: None, call["id"]: "it strikes calls"})
    strikes, why = await explained(bank="tomato", event="ping")
    assert (strikes, why[dropping]) == (None, "event is 'ping', not 'grant.revoked'")
    strikes, why = await explained(bank="tomato", operation="show_balance")
    assert strikes == call["id"]
    assert why[dropping] == "it strikes events on their way to a provider"


@pytest.mark.parametrize(
    ("effect", "field"),
    [
        ({"kind": "delay_delivery", "delay": "soon"}, "delay"),
        ({"kind": "old_timestamp", "age": "long"}, "age"),
        ({"kind": "reorder_delivery", "wait": "?"}, "wait"),
    ],
)
async def test_a_duration_that_is_none_is_refused(running, effect, field):
    status, answer = await sent(running, "POST", "/faults", effect=effect)
    assert status == 422
    assert f"effect: {field}:" in answer["detail"]


async def test_a_call_is_never_struck_by_a_rule_of_events(running, receiver):
    for kind in ("drop_delivery", "bad_signature", "replay_delivery"):
        await strike(running, kind, times=99)
    tokens = await running.log_in()
    assert (await running.get("/accounts", tokens["access_token"]))[0] == 200
