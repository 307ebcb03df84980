"""What clients that others wrote make of each effect, on a real socket (docs/faults.md)."""

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "faults.md"
BROKEN = ("ServerDisconnectedError", "ConnectionError", "exit 52")
SILENT = ("TimeoutError", "ReadTimeout", "exit 28")
CUT = ("ClientPayloadError", "ChunkedEncodingError", "exit 18")
FINE = ("200", "200", "200")
OFTEN = {"times": 9}
AFTER = {"stage": "after_commit"}
DAY = {"window": {"daily": {"from": "00:00", "to": "23:59"}}}


def every(status):
    return (status, status, status)


# Kind, parameters, what stands beside the effect; then what aiohttp, requests and curl see.
SEEN = [
    ("fixed_delay", {"delay_ms": 20}, {}, FINE),
    ("fixed_delay", {"delay_ms": 20}, AFTER, FINE),
    ("fixed_delay", {"delay_ms": 3000}, {}, SILENT),
    ("uniform_delay", {"lower_ms": 10, "upper_ms": 20}, {}, FINE),
    ("long_tail_delay", {"p50_ms": 10, "p95_ms": 20, "p99_ms": 30}, {}, FINE),
    ("bandwidth", {"kb_per_s": 10}, {}, FINE),
    ("dribble", {"total_ms": 100}, {}, FINE),
    ("slow_headers", {"pause_ms": 50}, {}, FINE),
    ("slow_headers", {"pause_ms": 3000}, {}, SILENT),
    ("never_answer", {}, {}, SILENT),
    ("never_answer", {}, AFTER, SILENT),
    ("wait_then_close", {"after_ms": 50}, {}, BROKEN),
    ("wait_then_close", {"after_ms": 50}, AFTER, BROKEN),
    ("slow_close", {"delay_ms": 50}, {}, FINE),
    # requests calls a time-out within the body a broken connection.
    ("slow_close", {"delay_ms": 3000}, {}, ("TimeoutError", "ConnectionError", "exit 28")),
    ("refuse_connections", {}, {}, ("ClientOSError", "ConnectionError", "exit 7|exit 56")),
    ("empty_close", {}, OFTEN, BROKEN),
    ("empty_close", {}, {**OFTEN, **AFTER}, BROKEN),
    ("reset", {}, OFTEN, ("ClientOSError", "ConnectionError", "exit 56")),
    ("reset", {}, {**OFTEN, **AFTER}, ("ClientOSError", "ConnectionError", "exit 56")),
    (
        "reset",
        {},
        {**OFTEN, "stage": "reply"},
        ("ClientPayloadError", "ChunkedEncodingError|ConnectionError", "exit 56"),
    ),
    ("random_bytes", {}, {}, ("ClientResponseError", "ConnectionError", "exit 1")),
    ("malformed_chunk", {}, {}, ("ClientResponseError", "ChunkedEncodingError", "exit 56")),
    ("truncated_body", {}, {}, CUT),
    ("truncated_body", {"bytes": 0}, {}, CUT),
    ("truncated_body", {"bytes": 10**8}, {}, CUT),
    ("maintenance_page", {}, {}, every("503")),
    ("maintenance_page", {"status": 200}, {}, FINE),
    ("status", {"status": 502}, {}, every("502")),
    ("status", {"status": 503}, AFTER, every("503")),
    ("status_mix", {"choices": [{"weight": 1, "status": 500}]}, {}, every("500")),
    ("outage", {}, DAY, every("503")),
    ("rate_limit", {"limit": 0}, {}, every("429")),
    ("punish_early_retry", {"retry_after_s": 5}, {}, every("429")),
    ("redirect", {}, {}, ("TooManyRedirects", "TooManyRedirects", "exit 47")),
    ("redirect", {"hops": 2}, {}, FINE),
    (
        "redirect",
        {"location": "http://127.0.0.1:9/"},
        {},
        ("ClientConnectorError", "ConnectionError", "exit 7"),
    ),
    (
        "bad_compression",
        {"how": "corrupt"},
        {},
        ("ClientPayloadError", "ContentDecodingError", "exit 61"),
    ),
    (
        "bad_compression",
        {"how": "not_compressed"},
        {},
        ("ClientPayloadError", "ContentDecodingError", "exit 61"),
    ),
    ("bad_compression", {"how": "cut_off"}, {}, FINE),  # none of the three finds out
    ("bad_compression", {"how": "swollen"}, {}, FINE),
    ("lost_answer", {}, {}, BROKEN),
    ("lost_answer", {"how": "gateway_timeout"}, {}, every("504")),
    ("lost_answer", {"how": "truncated_body"}, {}, CUT),
    ("lost_answer", {"how": "never_answer"}, {}, SILENT),
]


def name_of(case):
    kind, effect, rule, _ = case
    return " ".join([kind, *map(str, effect.values()), str(rule.get("stage", ""))]).strip()[:60]


@pytest.mark.parametrize("case", SEEN, ids=name_of)
async def test_each_client_sees_what_the_page_says(striker, case):
    kind, effect, rule, expected = case
    seen = []
    for look in (striker.seen_by_aiohttp, striker.seen_by_requests, striker.seen_by_curl):
        fault = await striker.add(kind, rule, **effect)
        seen.append(await look())
        assert (await striker.show(fault))["struck"] >= 1
        await striker.remove(fault)
    for found, wanted in zip(seen, expected, strict=True):
        assert re.fullmatch(wanted, found), (kind, seen)
    assert await striker.statuses(1) == [200], "gone at once"


# Silent repetition (faults §2): aiohttp sends a GET, PUT or DELETE once more by itself.

REPEATED = [
    ("reset", "GET", 1, "200", 2),
    ("reset", "GET", 2, "ClientOSError", 2),
    ("empty_close", "GET", 1, "200", 2),
    ("empty_close", "GET", 2, "ServerDisconnectedError", 2),
    ("empty_close", "POST", 1, "ServerDisconnectedError", 1),
    ("reset", "POST", 1, "ClientOSError", 1),
    ("truncated_body", "GET", 1, "ClientPayloadError", 1),
]


@pytest.mark.parametrize(("kind", "method", "times", "seen", "attempts"), REPEATED)
async def test_the_journal_shows_every_attempt_of_a_silent_repetition(
    striker, kind, method, times, seen, attempts
):
    fault = await striker.add(kind, {"times": times})
    before = len(await striker.journal())
    assert await striker.seen_by_aiohttp(method) == seen
    entries = (await striker.journal())[before:]
    assert len(entries) == attempts
    struck = [entry for entry in entries if entry.get("fault") == fault]
    assert len(struck) == min(times, attempts)
    silent = kind != "truncated_body"
    assert all(("status" not in entry) is silent for entry in struck)


async def test_a_broken_connection_strikes_twice_by_default_so_that_one_error_is_seen(striker):
    for kind in ("reset", "empty_close"):
        fault = await striker.add(kind)
        assert (await striker.show(fault))["times"] == 2
        assert await striker.seen_by_aiohttp() != "200"
        assert await striker.seen_by_aiohttp() == "200"
        post = await striker.add(kind, {"match": {"method": "POST"}})
        assert "times" not in await striker.show(post)
        await striker.clear()


def test_the_page_names_what_each_client_sees():
    page = PAGE.read_text(encoding="utf-8")
    for kind, _, _, expected in SEEN:
        assert f"`{kind}`" in page, kind
        for word in expected:
            assert word.partition("|")[0] in page, (kind, word)
