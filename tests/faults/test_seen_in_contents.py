"""Effects on what an answer says, as three clients read it: statuses, pages, fields, bytes."""

import json
from functools import partial

import pytest

from tests.faults.rows import Row, ask_accounts, strikes
from tests.faults.seeing import CLIENTS, READ, Seen

pytestmark = pytest.mark.asyncio(loop_scope="module")

BANKS_SHAPE = {"error_code", "error_message", "error_details"}
NO_JSON = ("ContentTypeError", "JSONDecodeError", "JSONDecodeError")
TEN_TO_ELEVEN = {"window": {"daily": {"from": "09:00", "to": "11:00"}}}
BY_CRON = {"window": {"cron": "0 9 * * mon", "duration": "2h"}}
FIRST = "/accounts/0/account_name"


def refused(seen: Seen, _usual: Seen, *, code: str, retry_after: str | None = None) -> bool:
    is_shaped = set(seen.json) == BANKS_SHAPE and seen.json["error_code"] == code
    return is_shaped and seen.headers.get("retry-after") == retry_after


def page(seen: Seen, _usual: Seen) -> bool:
    is_html = seen.headers["content-type"] == "text/html; charset=UTF-8"
    return is_html and "ただいまメンテナンス中です".encode() in seen.body


def leads(seen: Seen, usual: Seen, *, to: str | None = None) -> bool:
    """Where the client stops at the redirect, or what it finds in the end."""
    return seen.body == usual.body if to is None else seen.headers["location"] == to


def first(body) -> dict:
    return body["accounts"][0]


def drifted(seen: Seen, usual: Seen, *, name: str = "account_name", value=None, new=None) -> bool:
    """One field is as the rule says, and nothing else is changed. ``value`` ...: it is gone."""
    was, now = first(usual.json), dict(first(seen.json))
    expected = {key: each for key, each in was.items() if key != name}
    if value is not ...:
        expected[name] = value(was[name]) if callable(value) else value
    if new is not None:
        expected[new] = was[name]
    others = {key: each for key, each in seen.json.items() if key != "accounts"}
    same = all(usual.json[key] == each for key, each in others.items())
    return now == expected and same and len(seen.json["accounts"]) == len(usual.json["accounts"])


def other_bytes(seen: Seen, usual: Seen, *, encoding: str) -> bool:
    is_labelled = seen.headers["content-type"] == "application/json; charset=utf-8"
    # requests puts marks where it cannot decode, and says nothing.
    is_garbled = seen.reading != READ or "\ufffd" in first(seen.json)["account_name"]
    return is_labelled and is_garbled and json.loads(seen.body.decode(encoding)) == usual.json


def swollen(seen: Seen, usual: Seen, *, size: int) -> bool:
    return len(seen.body) == size and seen.body.rstrip(b" ") == usual.body


def cut_short(seen: Seen, usual: Seen) -> bool:
    return len(seen.body) < len(usual.body) and usual.body.startswith(seen.body)


def dated(seen: Seen, _usual: Seen, *, date: str, time: str) -> bool:
    return (seen.headers["date"], seen.json["base_time"]) == (date, time)


def drift(op: str, check=drifted, reading=READ, **change) -> Row:
    more = {name: change.pop(name) for name in ("to",) if name in change}
    effect = {"changes": [{"pointer": FIRST, "op": op, **more}]}
    return Row(
        kind="schema_drift",
        effect=effect,
        variant=f"{op} {more.get('to', '')}",
        reading=reading,
        check=partial(check, **change),
    )


RIGHT, LATE = "Mon, 16 Nov 2026 01:00:00 GMT", "Mon, 16 Nov 2026 01:05:00 GMT"
BUSY, MANY = partial(refused, code="service_unavailable"), "too_many_requests"
EVERYONE = {"key": "everyone"}
LIMITED = {"window_ms": 60_000, **EVERYONE}
ROWS = [
    Row(
        kind="status",
        effect={"status": 502, "retry_after_s": 30},
        outcome="502",
        check=partial(refused, code="internal_error", retry_after="30"),
    ),
    Row(kind="status", effect={"status": 503}, stage="after_commit", outcome="503", check=BUSY),
    Row(
        kind="status",
        effect={"status": 418, "body": {"a": 1}},
        outcome="418",
        check=lambda seen, _: seen.json == {"a": 1},
    ),
    Row(
        kind="status",
        effect={"status": 500, "code": "E-77", "message": "障害です"},
        outcome="500",
        check=lambda seen, usual: (
            refused(seen, usual, code="E-77") and seen.json["error_message"] == "障害です"
        ),
    ),
    Row(
        kind="status_mix",
        effect={"choices": [{"weight": 1, "status": 500, "code": "E-1", "message": "x"}]},
        outcome="500",
        check=partial(refused, code="E-1"),
    ),
    Row(
        kind="status_mix",
        effect={"choices": [{"weight": 1, "status": 429, "body": {"a": [1]}, "retry_after_s": 7}]},
        outcome="429",
        check=lambda seen, _: (seen.json, seen.headers["retry-after"]) == ({"a": [1]}, "7"),
    ),
    Row(
        kind="outage",
        beside=TEN_TO_ELEVEN,
        outcome="503",
        check=partial(refused, code="service_unavailable", retry_after="3600"),
    ),
    Row(
        kind="outage",
        effect={"status": 500, "code": "E-9"},
        beside={"window": {"from": "2026-11-16T09:00"}},
        variant="without an end",
        outcome="500",
        check=partial(refused, code="E-9"),
    ),
    Row(
        kind="outage",
        beside=BY_CRON,
        variant="cron",
        outcome="503",
        check=partial(refused, code="service_unavailable", retry_after="3600"),
    ),
    *(
        Row(
            kind="rate_limit",
            effect={"limit": 0, "mode": mode, "retry_after": form, "status": 429, **LIMITED},
            outcome="429",
            check=partial(refused, code=MANY, retry_after=said),
        )
        for mode in ("fixed", "rolling")
        for form, said in (
            ("seconds", "60"),
            ("date", "Mon, 16 Nov 2026 01:01:00 GMT"),
            ("none", None),
        )
    ),
    Row(
        kind="rate_limit",
        effect={"limit": 0, "status": 503, "code": "E-2", **LIMITED},
        outcome="503",
        check=partial(refused, code="E-2", retry_after="60"),
    ),
    *(
        Row(
            kind="punish_early_retry",
            effect={"retry_after_s": 5, "max_s": 9, "retry_after": form, **more, **EVERYONE},
            outcome=str(more["status"]),
            check=partial(refused, code=more.get("code", MANY), retry_after=said),
        )
        for more in ({"status": 429}, {"status": 503, "code": "E-3"})
        for form, said in (("seconds", "5"), ("date", "Mon, 16 Nov 2026 01:00:05 GMT"))
    ),
    Row(kind="maintenance_page", outcome="503", reading=NO_JSON, check=page),
    Row(
        kind="maintenance_page",
        effect={"status": 503, "template": "<p>x", "content_type": "text/html; charset=UTF-8"},
        outcome="503",
        reading=NO_JSON,
        check=lambda seen, _: seen.body == b"<p>x",
    ),
    Row(kind="maintenance_page", effect={"status": 200}, reading=NO_JSON, check=page),
    Row(
        kind="maintenance_page",
        effect={"template": "{}", "content_type": "application/json", "status": 200},
        check=lambda seen, _: (seen.body, seen.json) == (b"{}", {}),
    ),
    Row(
        kind="redirect",
        outcome=("TooManyRedirects", "TooManyRedirects", "exit 47"),
        attempts=(3, 4, 4),  # as each of them counts three hops
    ),
    *(
        Row(
            kind="redirect",
            effect={"status": status, "hops": 2},
            check=leads,
            attempts=(2, 2, 2),
        )
        for status in (301, 302, 303, 307, 308)
    ),
    Row(
        kind="redirect",
        effect={"location": "http://127.0.0.1:9/"},
        outcome=("ClientConnectorError", "ConnectionError", "exit 7"),
        check=lambda seen, _: seen.status in (None, 302),
    ),
    drift("drop", value=...),
    drift("null", value=None),
    drift("retype", value=lambda was: [was]),
    drift("rename", to="name", new="name", value=...),
    drift("rename", new="account_name_new", value=...),
    drift("break", value="\0?"),
    drift("break", to=12, value=12),
    drift("add", to="x", value="x"),
    *(
        Row(
            kind="wrong_charset",
            effect={"encoding": encoding},
            reading=reading,
            check=partial(other_bytes, encoding=encoding),
        )
        for encoding, reading in (
            ("cp932", ("UnicodeDecodeError", READ, "UnicodeDecodeError")),
            ("euc_jp", ("UnicodeDecodeError", READ, "UnicodeDecodeError")),
            ("iso2022_jp", "JSONDecodeError"),
            ("utf_16", ("UnicodeDecodeError", "JSONDecodeError", "UnicodeDecodeError")),
            ("utf_8_sig", "JSONDecodeError"),
        )
    ),
    *(
        Row(
            kind="bad_compression",
            effect={"how": how},
            outcome=("ClientPayloadError", "ContentDecodingError", "exit 61"),
        )
        for how in ("corrupt", "not_compressed")
    ),
    Row(
        kind="bad_compression",
        effect={"how": "cut_off"},
        reading="JSONDecodeError",  # none of them finds out by itself
        check=cut_short,
    ),
    Row(
        kind="bad_compression",
        effect={"how": "swollen", "size_bytes": 1_000_000},
        check=partial(swollen, size=1_000_000),
    ),
    Row(
        kind="clock_skew",
        effect={"skew_ms": 300_000},
        check=partial(dated, date=LATE, time="10:00:00+09:00"),
    ),
    Row(
        kind="clock_skew",
        effect={"skew_ms": 300_000, "on": ["date"]},
        check=partial(dated, date=LATE, time="10:00:00+09:00"),
    ),
    Row(
        kind="clock_skew",
        effect={"skew_ms": -300_000, "on": ["body"]},
        check=partial(dated, date=RIGHT, time="09:55:00+09:00"),
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
async def test_each_client_reads_what_the_row_says(shared, row):
    usual = await CLIENTS["aiohttp"](await ask_accounts(shared))
    assert (usual.outcome, usual.reading) == ("200", READ)
    await strikes(shared, row, ask_accounts, usual)
    assert await shared.statuses(1) == [200], "gone at once"
