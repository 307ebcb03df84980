"""What HTTP clients repeat by themselves, and that the journal has each attempt (faults §2).

Each client calls on a new connection, and on one that is kept from a call before.
"""

import asyncio
import json

import aiohttp
import pytest
import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from tests.direct import Direct
from tests.faults.rows import ask_accounts
from tests.faults.seeing import by_aiohttp
from tests.ordering import NO_CHECKS, Orders, request_data
from tests.support import bearer

pytestmark = pytest.mark.asyncio(loop_scope="module")

REPEATABLE = ("GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE")
METHODS = (*REPEATABLE, "POST", "PATCH")
BREAKING = ("reset", "empty_close")
ERROR = "error"


# Each returns what its caller sees of so many calls in a row over one connection.


async def many_by_aiohttp(url: str, headers: dict, method: str, count: int) -> list[str]:
    seen = []
    async with aiohttp.ClientSession(headers=headers) as session:
        for _ in range(count):
            try:
                async with session.request(method, url) as answer:
                    await answer.read()
                    seen.append(str(answer.status))
            except aiohttp.ClientError:
                seen.append(ERROR)
    return seen


async def many_by_requests(url: str, headers: dict, method: str, count: int) -> list[str]:
    return await asyncio.to_thread(_requests, url, headers, method, count)


def _requests(url, headers, method, count, retries=0) -> list[str]:
    seen = []
    with requests.Session() as session:
        session.mount("http://", HTTPAdapter(max_retries=retries))
        for _ in range(count):
            try:
                answer = session.request(method, url, headers=headers, timeout=10)
                seen.append(str(answer.status_code))
            except requests.RequestException:
                seen.append(ERROR)
    return seen


async def many_by_curl(url: str, headers: dict, method: str, count: int) -> list[str]:
    words = ["-I"] if method == "HEAD" else ["-X", method]
    words += [word for pair in headers.items() for word in ("-H", ": ".join(pair))]
    return await curl(*words, *[url] * count, count=count)


async def curl(*words: str, count: int) -> list[str]:
    tail = ["-w", "%{stderr}%{http_code} %{exitcode}\n"]
    process = await asyncio.create_subprocess_exec(
        *("curl", "-s", "--max-time", "10", *tail, *words),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await process.communicate()
    lines = [line.split() for line in said.decode().splitlines()]
    assert len(lines) == count, said
    return [status if code == "0" else ERROR for status, code in lines]


CLIENTS = {"aiohttp": many_by_aiohttp, "requests": many_by_requests, "curl": many_by_curl}
# What each sends once more, without a word to its caller.
REPEATED = {
    ("aiohttp", "new"): REPEATABLE,
    ("aiohttp", "kept"): REPEATABLE,
    ("requests", "new"): (),
    ("requests", "kept"): (),
    ("curl", "new"): (),
    ("curl", "kept"): METHODS,
}


@pytest.mark.parametrize(("client", "connection"), REPEATED, ids=str)
async def test_the_journal_shows_every_attempt_of_a_silent_repetition(shared, client, connection):
    before = 1 if connection == "kept" else 0  # calls that are let pass, so that it is kept
    headers = bearer(shared.token)
    for method in METHODS:
        attempts = 2 if method in REPEATED[client, connection] else 1
        for kind in BREAKING:
            for times in (1, 2):
                fault = await shared.add(kind, {"skip": before, "times": times})
                seen = await CLIENTS[client](shared.url, headers, method, before + 1)
                struck = min(times, attempts)
                said = (client, connection, method, kind, times, seen)
                assert (seen[-1] == ERROR) is (struck == attempts), said
                assert ERROR not in seen[:-1], said
                entries = [e for e in await shared.journal(last="9") if e.get("fault") == fault]
                assert (len(entries), {e["method"] for e in entries}) == (struck, {method}), said
                assert all("status" not in entry for entry in entries), "nobody got an answer"
                assert (await shared.show(fault))["seen"] == before + attempts, said
                await shared.remove(fault)


async def test_a_body_that_breaks_off_is_repeated_by_nobody(shared):
    for client, call in CLIENTS.items():
        for method in ("GET", "POST"):
            fault = await shared.add("truncated_body", {"skip": 1})
            assert (await call(shared.url, bearer(shared.token), method, 2))[-1] == ERROR
            assert (await shared.show(fault))["seen"] == 2, (client, method)
            await shared.remove(fault)


@pytest.mark.parametrize(("method", "attempts"), [("GET", 3), ("POST", 1)])
async def test_whoever_is_told_to_repeat_does_and_the_journal_has_it(shared, method, attempts):
    fault = await shared.add("empty_close", {"times": 9})
    retries = Retry(total=2, backoff_factor=0)
    headers = bearer(shared.token)
    seen = await asyncio.to_thread(_requests, shared.url, headers, method, 1, retries)
    assert seen == [ERROR]
    entries = [each for each in await shared.journal(last="9") if each.get("fault") == fault]
    assert len(entries) == attempts
    await shared.remove(fault)


@pytest.mark.parametrize("has_key", [False, True])
async def test_curl_sends_a_transfer_twice_by_itself_where_a_kept_connection_breaks(
    shared, has_key
):
    """It has two 200 for its two requests; the bank has three of them, without a key for each."""
    orders = await Orders.of(Direct(shared.running), kind="transfer")
    direct, before = orders.direct, await count_of(orders)
    named = {"client_id": direct.client_id, "contractor_id": direct.contractor_id}
    data = request_data(kind="transfer")
    body = {**named, "warning_check_type": NO_CHECKS, "fixed_request_data": data}

    def request(key: str) -> list[str]:
        headers = {**bearer(orders.token), "Content-Type": "application/json"}
        headers |= {"Idempotency-Key": key} if has_key else {}
        words = [word for pair in headers.items() for word in ("-H", ": ".join(pair))]
        return [*words, "--data-binary", json.dumps(body), f"{direct.base}{orders.path}"]

    match = {"operation": "register_transfer"}
    fault = await shared.add("lost_answer", {"match": match, "skip": 1, "times": 1})
    # %{{stderr}} and its like are said anew for each part of the command.
    tail = ["-w", "%{stderr}%{http_code} %{exitcode}\n", "-s"]
    seen = await curl(*request("one"), "--next", *tail, *request("two"), count=2)
    assert seen == ["200", "200"]
    entries = [each for each in await shared.journal(last="20") if "operation" in each]
    calls = [each for each in entries if each["operation"] == match["operation"]][-3:]
    assert [each.get("fault") for each in calls] == [None, fault, None]
    assert [each.get("status") for each in calls] == [200, None, 200]
    assert await count_of(orders) - before == (2 if has_key else 3)
    await shared.remove(fault)


async def count_of(orders: Orders) -> int:
    status, body, _ = await orders.direct.get(f"{orders.path}/list", orders.token)
    assert status == 200, body
    return body["count"]


@pytest.mark.parametrize(("client", "connection"), REPEATED, ids=str)
async def test_until_the_client_has_seen_an_error_it_has_one_whatever_it_repeats(
    shared, client, connection
):
    before = 1 if connection == "kept" else 0
    for method in ("GET", "POST"):
        rule = {"skip": before, "match": {"method": method}}
        fault = await shared.add("empty_close", rule, until="client_error")
        seen = await CLIENTS[client](shared.url, bearer(shared.token), method, before + 1)
        assert seen[before:] == [ERROR], (method, seen)
        attempts = 2 if method in REPEATED[client, connection] else 1
        assert (await shared.show(fault))["struck"] == attempts, method
        await shared.remove(fault)


async def test_a_broken_connection_strikes_twice_by_default_so_that_one_error_is_seen(shared):
    for kind in BREAKING:
        fault = await shared.add(kind)
        assert (await shared.show(fault))["times"] == 2
        assert (await by_aiohttp(await ask_accounts(shared))).error
        assert (await by_aiohttp(await ask_accounts(shared))).status == 200
        post = await shared.add(kind, {"match": {"method": "POST"}})
        assert "times" not in await shared.show(post)
        await shared.clear()
