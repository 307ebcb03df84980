"""Effects on the line, as three clients see them: late, cut off, broken, or not there at all."""

import pytest

from tests.faults.rows import Row, ask_accounts, strikes
from tests.faults.seeing import CLIENTS, Seen

pytestmark = pytest.mark.asyncio(loop_scope="module")

HANGING = ("TimeoutError", "ReadTimeout", "exit 28")
BROKEN = ("ServerDisconnectedError", "ConnectionError", "exit 52")
RESET = ("ClientOSError", "ConnectionError", "exit 56")
CUT = ("ClientPayloadError", "ChunkedEncodingError", "exit 18")
AGAIN = (2, 1, 1)  # aiohttp repeats a GET by itself where the connection breaks (faults §2)
OFTEN = {"times": 9}
BEFORE, AFTER = "before", "after_commit"


def whole(seen: Seen, usual: Seen) -> bool:
    return (seen.status, seen.body, seen.json) == (200, usual.body, usual.json)


def nothing(seen: Seen, _usual: Seen) -> bool:
    return (seen.status, seen.body) == (None, b"")


def status_line_at_most(seen: Seen, _usual: Seen) -> bool:
    """curl alone shows the status line of a head that never ends."""
    return seen.status in (None, 200) and seen.body == b""


def cut(seen: Seen, usual: Seen) -> bool:
    is_head_full = int(seen.headers["content-length"]) == len(usual.body)
    return seen.status == 200 and is_head_full and is_part(seen, usual)


def is_part(seen: Seen, usual: Seen) -> bool:
    return len(seen.body) < len(usual.body) and usual.body.startswith(seen.body)


def half(seen: Seen, usual: Seen) -> bool:
    return cut(seen, usual) and len(seen.body) in (0, len(usual.body) // 2)


def a_good_chunk_at_most(seen: Seen, usual: Seen) -> bool:
    return seen.headers.get("transfer-encoding", "chunked") == "chunked" and is_part(seen, usual)


def chunked_no_more(seen: Seen, usual: Seen) -> bool:
    return whole(seen, usual) and "content-length" not in seen.headers


def gateway(seen: Seen, _usual: Seen) -> bool:
    return set(seen.json) == {"error_code", "error_message", "error_details"}


RAMP = {"window": {"from": "2026-11-16T09:00", "to": "2026-11-16T11:00"}}
TAIL = {"p50_ms": 10, "p95_ms": 20, "p99_ms": 30}
ROWS = [
    *(
        Row(kind="fixed_delay", effect={"delay_ms": ms}, stage=stage, outcome=seen, check=check)
        for stage in (BEFORE, AFTER)
        for ms, seen, check in ((20, "200", whole), (3000, HANGING, nothing))
    ),
    Row(kind="uniform_delay", effect={"lower_ms": 5, "upper_ms": 20}, check=whole),
    Row(
        kind="uniform_delay",
        effect={"lower_ms": 3000, "upper_ms": 4000},
        outcome=HANGING,
        check=nothing,
    ),
    Row(kind="long_tail_delay", effect=TAIL, check=whole),
    Row(kind="long_tail_delay", effect={"median_ms": 10, "sigma": 0.1}, check=whole),
    Row(kind="long_tail_delay", effect={"median_ms": 600_000, "max_ms": 20}, check=whole),
    Row(kind="long_tail_delay", effect={"median_ms": 3000, "sigma": 0}, outcome=HANGING),
    Row(kind="ramp_delay", effect={"from_ms": 0, "to_ms": 40}, beside=RAMP, check=whole),
    Row(kind="ramp_delay", effect={"from_ms": 0, "to_ms": 6000}, beside=RAMP, outcome=HANGING),
    Row(kind="bandwidth", effect={"kb_per_s": 10}, check=whole),
    Row(kind="dribble", effect={"total_ms": 100}, check=whole),
    Row(kind="dribble", effect={"total_ms": 20, "chunks": 1000}, check=whole),
    Row(kind="slow_headers", effect={"pause_ms": 50}, check=whole),
    Row(
        kind="slow_headers",
        effect={"pause_ms": 3000},
        outcome=HANGING,
        check=status_line_at_most,
        attempts=None,  # the bank has answered: whether that arrives, it cannot know
    ),
    *(
        Row(kind="never_answer", stage=stage, outcome=HANGING, check=nothing)
        for stage in (BEFORE, AFTER)
    ),
    *(
        Row(
            kind="wait_then_close",
            effect={"after_ms": 50},
            stage=stage,
            outcome=BROKEN,
            check=nothing,
            attempts=AGAIN,
        )
        for stage in (BEFORE, AFTER)
    ),
    Row(kind="slow_close", effect={"delay_ms": 50}, check=chunked_no_more),
    Row(
        kind="slow_close",
        effect={"delay_ms": 3000},
        # requests calls a time-out within the body a broken connection.
        outcome=("TimeoutError", "ConnectionError", "exit 28"),
        check=lambda seen, usual: seen.status == 200 and usual.body.startswith(seen.body),
        patience_s=1,
    ),
    Row(
        kind="refuse_connections",
        outcome=("ClientOSError", "ConnectionError", "exit 7|exit 56"),
        check=nothing,
        attempts=None,  # nothing was asked
    ),
    *(
        Row(
            kind=kind,
            stage=stage,
            beside=OFTEN,
            outcome=BROKEN if kind == "empty_close" else RESET,
            check=nothing,
            attempts=AGAIN,
        )
        for kind in ("empty_close", "reset")
        for stage in (BEFORE, AFTER)
    ),
    *(
        Row(
            kind=kind,
            effect={"until": "client_error"},
            outcome=BROKEN if kind == "empty_close" else RESET,
            check=nothing,
            attempts=AGAIN,
        )
        for kind in ("empty_close", "reset")
    ),
    Row(
        kind="reset",
        stage="reply",
        beside=OFTEN,
        outcome=("ClientPayloadError", "ChunkedEncodingError|ConnectionError", "exit 56"),
        check=half,
    ),
    Row(
        kind="random_bytes",
        effect={"bytes": 64},
        outcome=("ClientResponseError", "ConnectionError", "exit 1"),
        check=nothing,
    ),
    Row(
        kind="malformed_chunk",
        outcome=("ClientResponseError", "ChunkedEncodingError", "exit 56"),
        check=a_good_chunk_at_most,
    ),
    *(
        Row(kind="truncated_body", effect=effect, stage=stage, outcome=CUT, check=cut)
        for stage in ("reply", AFTER)
        for effect in ({}, {"bytes": 0}, {"bytes": 10**8}, {"fraction": 0.99})
    ),
    *(
        Row(kind="lost_answer", effect={"how": how}, outcome=seen, check=check, attempts=attempts)
        for how, seen, check, attempts in (
            ("empty_close", BROKEN, nothing, AGAIN),
            ("reset", RESET, nothing, AGAIN),
            ("never_answer", HANGING, nothing, (1, 1, 1)),
            ("truncated_body", CUT, cut, (1, 1, 1)),
            ("gateway_timeout", "504", gateway, (1, 1, 1)),
        )
    ),
    Row(
        kind="lost_answer",
        effect={"how": "wait_then_close", "after_ms": 50},
        outcome=BROKEN,
        check=nothing,
        attempts=AGAIN,
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
async def test_each_client_sees_what_the_row_says(shared, row):
    usual = await CLIENTS["aiohttp"](await ask_accounts(shared))
    assert usual.outcome == "200"
    await strikes(shared, row, ask_accounts, usual)
    assert await shared.statuses(1) == [200], "gone at once"
