"""The work is done and the answer is lost (F-35): at the token endpoint, and for a transfer."""

import asyncio

import aiohttp
import pytest

from sandbox.domain.effect import LOSSES
from tests.direct import Direct
from tests.ordering import Orders
from tests.support import AGGREGATOR, REDIRECT_URI, basic

SEEN = {
    "empty_close": "ServerDisconnectedError",
    "reset": "ClientOSError",
    "never_answer": "TimeoutError",
    "wait_then_close": "ServerDisconnectedError",
    "truncated_body": "ClientPayloadError",
    "gateway_timeout": "504",
}


async def post(url: str, **how) -> str:
    """Return the status of a POST, or the name of the error that the client meets."""
    timeout = aiohttp.ClientTimeout(total=0.6)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        try:
            async with session.post(url, **how) as answer:
                await answer.read()
                return str(answer.status)
        except (aiohttp.ClientError, TimeoutError) as error:
            return type(error).__name__


def test_every_way_to_lose_an_answer_is_tried():
    assert set(SEEN) == set(LOSSES)


@pytest.mark.parametrize("how", LOSSES)
async def test_a_code_is_spent_though_the_client_never_saw_its_tokens(striker, how):
    running = striker.running
    code = (await running.authorize(redirect_uri=REDIRECT_URI))["code"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT_URI}
    rule = {"match": {"operation": "token"}, "times": 1}
    fault = await striker.add("lost_answer", rule, how=how, after_ms=50)
    url = f"{running.base}/oauth/token"
    assert await post(url, data=form, headers=basic(AGGREGATOR)) == SEEN[how]
    if how == "never_answer":
        await striker.remove(fault)
    status, body, headers = await running.token(**form)
    assert (status, body["error"]) == (400, "invalid_grant")
    assert headers["X-Sandbox-Reason"] == "code_replayed"
    (entry,) = [each for each in await striker.journal() if each.get("fault") == fault]
    assert entry["operation"] == "token"
    assert entry["grant_id"]
    shown = {"truncated_body": 200, "gateway_timeout": 504}.get(how)
    assert entry.get("status") == shown


# A transfer


@pytest.fixture
async def orders(running) -> Orders:
    return await Orders.of(Direct(running), kind="transfer")


async def registered(orders) -> int:
    status, body, _ = await orders.direct.get(f"{orders.path}/list", orders.token)
    assert status == 200, body
    return body["count"]


LOST = ("empty_close", "reset", "truncated_body", "gateway_timeout")


async def register(orders, **more) -> str:
    try:
        return str((await orders.try_register(**more))[0])
    except (aiohttp.ClientError, TimeoutError) as error:
        return type(error).__name__


@pytest.mark.parametrize("how", LOST)
async def test_a_transfer_exists_though_its_answer_was_lost(striker, orders, how):
    rule = {"match": {"operation": "register_transfer"}, "times": 1}
    fault = await striker.add("lost_answer", rule, how=how)
    assert await register(orders) == SEEN[how]
    assert await registered(orders) == 1
    (entry,) = [each for each in await striker.journal() if each.get("fault") == fault]
    assert (entry["operation"], entry["bank"]) == ("register_transfer", "web21")
    assert (await striker.show(fault))["struck"] == 1


@pytest.mark.parametrize("kind", ["empty_close", "status", "never_answer"])
async def test_before_the_work_nothing_is_done(striker, orders, kind):
    effect = {"status": 503} if kind == "status" else {}
    rule = {"match": {"class": "update", "method": "POST"}, "times": 1}
    fault = await striker.add(kind, rule, **effect)
    if kind != "never_answer":
        assert await register(orders) in ("ServerDisconnectedError", "503")
        assert await registered(orders) == 0
        return
    call = asyncio.create_task(register(orders))
    await asyncio.sleep(0.2)
    assert await registered(orders) == 0
    await striker.remove(fault)
    assert await call == "200"
    assert await registered(orders) == 1


async def test_a_repeat_by_the_same_key_after_a_lost_answer_makes_no_second_transfer(
    striker, orders
):
    headers = {"Idempotency_Key": "one-order"}
    await striker.add("lost_answer", {"match": {"bank": "web21"}, "times": 1})
    assert await register(orders, headers=headers) == "ServerDisconnectedError"
    status, body, said = await orders.try_register(headers=headers)
    assert (status, said["Idempotency-Replayed"]) == (200, "true")
    assert body["transaction_id"]
    assert await registered(orders) == 1


async def test_a_refresh_whose_answer_is_lost_has_rotated_the_token(striker):
    running = striker.running
    tokens = await running.log_in("hanako")
    rule = {"match": {"grant_type": "refresh_token"}, "times": 1}
    await striker.add("lost_answer", rule, how="gateway_timeout")
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    status, body, _ = await running.token(**form)
    assert (status, body["error"]) == (504, "temporarily_unavailable")
    _, body, headers = await running.token(**form)
    assert headers["X-Sandbox-Reason"] == "refresh_reused"
