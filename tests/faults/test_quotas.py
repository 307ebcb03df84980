"""Rate limits and quotas by rule (F-26, F-27): counters, and what a caller is told."""

import asyncio
from email.utils import parsedate_to_datetime

import pytest

from sandbox.domain.effect_quota import (
    MOST_KEYS,
    QUIET_MS,
    Fixed,
    OneError,
    Patience,
    Rolling,
    quota_of,
)
from tests.faults.striking import Striker

WINDOW = 1_000


# The counters


def taken(quota, *at: int, key="k") -> list[int]:
    return [quota.take(key, now_ms) for now_ms in at]


def test_a_fixed_window_opens_with_its_first_call_and_forgets_all_at_once():
    quota = Fixed(2, WINDOW)
    assert taken(quota, 100, 900, 901, 1_099, 1_100, 1_100, 1_101) == [0, 0, 199, 1, 0, 0, 999]


def test_a_rolling_window_lets_one_in_as_one_goes_out():
    quota = Rolling(2, WINDOW)
    assert taken(quota, 100, 900, 901, 1_099, 1_100, 1_101) == [0, 0, 199, 1, 0, 799]
    assert taken(quota, 1_899, 1_900) == [1, 0]


@pytest.mark.parametrize("kind", [Fixed, Rolling])
def test_a_limit_of_none_lets_nothing_pass_and_keys_count_apart(kind):
    assert taken(kind(0, WINDOW), 5, 6)[0] == WINDOW
    quota = kind(1, WINDOW)
    assert taken(quota, 0, 0) == [0, WINDOW]
    assert taken(quota, 0, key="another") == [0]


@pytest.mark.parametrize("kind", [Fixed, Rolling])
def test_asking_counts_nothing(kind):
    quota = kind(1, WINDOW)
    assert [quota.wait_ms("k", 0) for _ in range(3)] == [0, 0, 0]
    assert taken(quota, 0, 0) == [0, WINDOW]


def test_patience_refuses_once_doubles_for_the_early_and_then_lets_pass_for_good():
    quota = Patience(1_000, 3_000)
    assert quota.wait_ms("k", 0) == 1_000
    assert taken(quota, 0, 999, 2_998, 5_997, 8_997, 8_998) == [1_000, 2_000, 3_000, 3_000, 0, 0]


def test_the_number_of_keys_is_bounded():
    for quota in (Fixed(1, WINDOW), Rolling(1, WINDOW), Patience(1, 1)):
        for number in range(MOST_KEYS + 5):
            quota.take(str(number), 0)
        assert quota.take(str(MOST_KEYS + 4), 0) > 0
        assert quota.wait_ms("0", 0) in (0, 1), "the oldest was forgotten"


def test_only_these_effects_have_a_quota():
    assert isinstance(quota_of({"kind": "rate_limit", "limit": 1, "mode": "rolling"}), Rolling)
    assert isinstance(quota_of({"kind": "rate_limit", "limit": 1}), Fixed)
    assert isinstance(quota_of({"kind": "punish_early_retry", "retry_after_s": 1}), Patience)
    assert quota_of({"kind": "status"}) is None


# On the socket


@pytest.mark.parametrize("mode", ["fixed", "rolling"])
async def test_so_many_calls_pass_and_the_rest_waits_for_real_seconds(striker, mode):
    fault = await striker.add("rate_limit", limit=3, window_ms=600, mode=mode)
    assert await striker.statuses(5) == [200, 200, 200, 429, 429]
    _, body, headers = await striker.call()
    assert (body["error_code"], headers["Retry-After"]) == ("too_many_requests", "1")
    await asyncio.sleep(0.65)
    assert await striker.statuses(4) == [200, 200, 200, 429]
    shown = await striker.show(fault)
    assert (shown["seen"], shown["struck"]) == (10, 4)


async def test_retry_after_comes_in_both_forms_or_not_at_all(striker):
    for form in ("seconds", "date", "none"):
        fault = await striker.add("rate_limit", limit=0, window_ms=90_000, retry_after=form)
        _, _, headers = await striker.call()
        await striker.remove(fault)
        told = headers.get("Retry-After")
        if form == "date":
            dates = [parsedate_to_datetime(text) for text in (told, headers["Date"])]
            assert (dates[0] - dates[1]).total_seconds() == 90
        else:
            assert told == {"seconds": "90", "none": None}[form]


async def test_a_refused_call_says_503_with_a_code_where_asked_to(striker):
    await striker.add("rate_limit", limit=0, status=503, code="BUSY")
    status, body, _ = await striker.call()
    assert (status, body["error_code"]) == (503, "BUSY")


@pytest.mark.parametrize(
    ("key", "counted_together"),
    [
        ("client_id", True),
        ("address", True),
        ("everyone", True),
        ("user", False),
        ("grant_id", False),
        ("account_id", False),
    ],
)
async def test_calls_are_counted_by_key(striker, key, counted_together):
    hanako = Striker(striker.running)
    hanako.token = (await striker.running.log_in("hanako"))["access_token"]
    hanako.account_id = (await striker.running.account_ids(hanako.token))[0]
    await striker.add("rate_limit", {"match": {"operation": "show_balance"}}, limit=1, key=key)
    found = [(await each.call(f"/accounts/{each.account_id}"))[0] for each in (striker, hanako)]
    assert found == [200, 429 if counted_together else 200]
    assert (await striker.call(f"/accounts/{striker.account_id}"))[0] == 429


async def test_who_comes_back_early_waits_twice_as_long(striker):
    await striker.add("punish_early_retry", retry_after_s=1, max_s=3)
    waits = [(await striker.call())[2]["Retry-After"] for _ in range(4)]
    assert waits == ["1", "2", "3", "3"]


async def test_who_waits_gets_through_for_good(striker):
    await striker.add("punish_early_retry", retry_after_s=1)
    assert await striker.statuses(1) == [429]
    await asyncio.sleep(1.05)
    assert await striker.statuses(3) == [200, 200, 200]


async def test_a_quota_is_exact_however_many_come_at_once(striker):
    fault = await striker.add("rate_limit", limit=37, window_ms=60_000)
    found = [status for status, _, _ in await asyncio.gather(*(striker.call() for _ in range(80)))]
    assert (found.count(200), found.count(429)) == (37, 43)
    assert (await striker.show(fault))["struck"] == 43


# Until the caller has seen an error (F-12, F-13)


def test_one_error_is_a_call_and_its_silent_repeats():
    quota = OneError()
    assert quota.wait_ms("a", 0) == QUIET_MS
    assert all(taken(quota, 0, QUIET_MS - 1, 2 * QUIET_MS - 2, key="a"))
    assert taken(quota, 10, key="b") == [0], "another call is not its repeat"
    last = 2 * QUIET_MS - 2
    assert taken(quota, last + QUIET_MS, last + QUIET_MS + 1, key="a") == [0, 0]


def test_one_error_is_over_for_good():
    quota = OneError()
    assert taken(quota, 0, QUIET_MS, QUIET_MS + 1)[1:] == [0, 0]


@pytest.mark.parametrize("kind", ["reset", "empty_close"])
@pytest.mark.parametrize(("method", "calls"), [("GET", 2), ("POST", 1)])
async def test_the_caller_sees_one_error_however_its_client_repeats(striker, kind, method, calls):
    fault = await striker.add(kind, until="client_error")
    seen = {"reset": "ClientOSError", "empty_close": "ServerDisconnectedError"}
    assert await striker.seen_by_aiohttp(method) == seen[kind]
    assert (await striker.show(fault))["struck"] == calls
    await asyncio.sleep(QUIET_MS / 1000 + 0.05)
    assert await striker.seen_by_aiohttp(method) == ("200" if method == "GET" else "405")
    shown = await striker.show(fault)
    assert (shown["struck"], "times" in shown) == (calls, False)


async def test_a_client_that_repeats_nothing_is_struck_once(striker):
    fault = await striker.add("reset", until="client_error")
    assert await striker.seen_by_curl() == "exit 56"
    await asyncio.sleep(QUIET_MS / 1000 + 0.05)
    assert await striker.seen_by_curl() == "200"
    assert (await striker.show(fault))["struck"] == 1
