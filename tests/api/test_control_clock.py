"""The control door's clock: every mode, every refusal, and all that falls due on the way."""

import asyncio
from datetime import datetime, timedelta

import pytest

from tests.support import AGGREGATOR, NOW, run_sandbox

START = datetime.fromisoformat(NOW)


async def call(running, method, path, body=None):
    async with running.http.request(method, f"{running.control}{path}", json=body) as answer:
        return answer.status, await answer.json(content_type=None)


async def clock(running, **body):
    return await call(running, "PUT", "/clock", body)


async def advance(running, **body):
    return await call(running, "POST", "/clock/advance", body)


async def reading(running) -> datetime:
    status, shown = await call(running, "GET", "/clock")
    assert status == 200
    return datetime.fromisoformat(shown["now"])


# Modes


async def test_a_frozen_clock_stands_still(running):
    assert await call(running, "GET", "/clock") == (200, {"mode": "frozen", "now": NOW})
    await asyncio.sleep(0.01)
    assert await reading(running) == START


async def test_a_clock_can_be_frozen_at_a_time(running):
    status, shown = await clock(running, mode="frozen", at="2026-11-20T12:34")
    assert (status, shown["mode"], shown["now"]) == (200, "frozen", "2026-11-20T12:34:00+09:00")
    assert {event["kind"] for event in shown["events"]} >= {"closing_run", "posting"}


@pytest.mark.parametrize(
    ("body", "rate"),
    [
        ({"mode": "offset", "at": "2026-11-20T12:00:00"}, None),
        ({"mode": "offset", "at": "4d2h"}, None),
        ({"mode": "scaled", "at": "2026-11-20T12:00:00", "rate": 60}, 60),
        ({"mode": "scaled", "at": "4d2h", "rate": 0.5}, 0.5),
    ],
)
async def test_a_running_clock_starts_where_it_is_told(running, body, rate):
    status, shown = await clock(running, **body)
    assert (status, shown["mode"], shown.get("rate")) == (200, body["mode"], rate)
    first = await reading(running)
    assert timedelta() <= first - (START + timedelta(days=4, hours=2)) < timedelta(hours=1)
    await asyncio.sleep(0.02)
    assert await reading(running) > first


async def test_a_real_clock_can_be_stopped_moved_on_and_never_set_back(tmp_path):
    async with run_sandbox(tmp_path, clock="real") as running:
        assert (await call(running, "GET", "/clock"))[1]["mode"] == "real"
        assert (await clock(running, mode="real"))[0] == 200
        assert (await advance(running, by="1h"))[0] == 200
        assert (await call(running, "GET", "/clock"))[1]["mode"] == "offset"
        assert (await clock(running, mode="frozen"))[0] == 200
        assert (await clock(running, mode="real"))[0] == 422  # an hour back


@pytest.mark.parametrize("mode", ["frozen", "scaled", "offset"])
async def test_a_fast_clock_can_be_stopped_where_it_is(running, mode):
    """A million times real time: whatever is read first is long past a moment later."""
    await clock(running, mode="scaled", rate=1_000_000)
    body = {"frozen": {}, "scaled": {"rate": 1}, "offset": {"at": "0s"}}[mode]
    status, shown = await clock(running, mode=mode, **body)
    assert (status, shown["mode"]) == (200, mode)


async def test_an_advanced_clock_keeps_its_mode(running):
    await clock(running, mode="scaled", rate=2)
    status, _ = await advance(running, by="1h")
    assert status == 200
    assert (await call(running, "GET", "/clock"))[1]["mode"] == "scaled"


async def test_the_clock_is_where_it_was_after_a_restart(tmp_path, template):
    async with run_sandbox(tmp_path, template=template) as first:
        await advance(first, by="3d")
    async with run_sandbox(tmp_path) as second:
        assert await reading(second) == START + timedelta(days=3)


# Refusals

BAD_CLOCKS = [
    {"mode": "frozen", "at": "2026-11-15T10:00"},  # backwards
    {"mode": "offset", "at": "-1d"},
    {"mode": "frozen", "at": "2031-12-31T10:00"},  # beyond the calendar
    {"mode": "frozen", "at": "2026-02-30"},
    {"mode": "frozen", "at": "soon"},
    {"mode": "frozen", "rate": 2},
    {"mode": "offset"},
    {"mode": "real", "at": "2026-12-01"},
    {"mode": "scaled"},
    {"mode": "scaled", "rate": 1e9},
]
UNSOUND_CLOCKS = [
    {},
    {"mode": "backwards"},
    {"mode": "scaled", "rate": 0},
    {"mode": "scaled", "rate": -1},
    {"mode": "scaled", "rate": "fast"},
    {"mode": "frozen", "at": 5},
    {"mode": "frozen", "at": "x" * 65},
    {"mode": "frozen", "tz": "Asia/Tokyo"},
]
BAD_ADVANCES = [
    {"to": "2026-11-15T10:00"},
    {"to": "2026-11-16T09:59:59"},
    {"to": "2031-12-31T10:00"},
    {"to": "2199-01-01"},
    {"to": "someday"},
    {"to": "next_business_day 25:00"},
    {"by": "-1d"},
    {"by": "6000d"},
    {"by": "200y"},
    {"by": "a while"},
    {"by": "ten days"},
    {"by": "\u0661\u0660d"},
]
UNSOUND_ADVANCES = [
    {},
    {"by": "1d", "to": "tomorrow"},
    {"by": 86_400},
    {"by": ""},
    {"to": None},
    {"by": "1d", "quietly": True},
]


@pytest.mark.parametrize("body", BAD_CLOCKS, ids=str)
async def test_a_clock_that_cannot_be_is_refused_and_nothing_moves(running, body):
    status, problem = await clock(running, **body)
    assert (status, problem["type"]) == (422, "urn:bank-sandbox:problem:invalid-clock")
    assert await call(running, "GET", "/clock") == (200, {"mode": "frozen", "now": NOW})


@pytest.mark.parametrize("body", BAD_ADVANCES, ids=str)
async def test_an_impossible_advance_is_refused_and_nothing_moves(running, body):
    status, problem = await advance(running, **body)
    assert (status, problem["type"]) == (422, "urn:bank-sandbox:problem:invalid-clock")
    assert await reading(running) == START


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [("PUT", "/clock", body) for body in UNSOUND_CLOCKS]
    + [("POST", "/clock/advance", body) for body in UNSOUND_ADVANCES],
    ids=str,
)
async def test_a_body_that_breaks_its_schema_is_told_where(running, method, path, body):
    status, problem = await call(running, method, path, body)
    assert (status, problem["type"]) == (422, "urn:bank-sandbox:problem:invalid-request")
    assert all(set(error) == {"field", "problem"} for error in problem["errors"])
    assert problem["errors"]


async def test_the_end_of_the_calendar_is_a_wall(tmp_path):
    async with run_sandbox(tmp_path, clock="frozen:2099-12-30T10:00") as running:
        status, problem = await advance(running, to="next_business_day")
        assert (status, problem["type"]) == (422, "urn:bank-sandbox:problem:invalid-clock")
        status, answer = await advance(running, to="18:00")
        assert (status, answer["now"]) == (200, "2099-12-30T18:00:00+09:00")


# Targets


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"by": "91d"}, "2027-02-15T10:00:00+09:00"),
        ({"by": "PT45S"}, "2026-11-16T10:00:45+09:00"),
        ({"by": "0s"}, NOW),
        ({"to": "2026-12-01"}, "2026-12-01T09:00:00+09:00"),
        ({"to": "2026-12-01T00:00:00Z"}, "2026-12-01T09:00:00+09:00"),
        ({"to": "18:00"}, "2026-11-16T18:00:00+09:00"),
        ({"to": "09:00"}, "2026-11-17T09:00:00+09:00"),
        ({"to": "tomorrow"}, "2026-11-17T09:00:00+09:00"),
        ({"to": "next_business_day 08:30"}, "2026-11-17T08:30:00+09:00"),
        ({"to": "next_month_start"}, "2026-12-01T09:00:00+09:00"),
        ({"to": "next_month_end 23:59"}, "2026-11-30T23:59:00+09:00"),
    ],
    ids=str,
)
async def test_time_moves_to_what_was_named(running, body, expected):
    status, answer = await advance(running, **body)
    assert (status, answer["now"]) == (200, expected)
    assert await reading(running) == datetime.fromisoformat(expected)


async def test_of_two_advances_at_once_neither_takes_time_back(running):
    answers = await asyncio.gather(
        advance(running, to="2026-12-20"),
        advance(running, to="2026-11-25"),
        advance(running, by="1d"),
    )
    assert answers[0][0] == 200
    assert await reading(running) >= datetime.fromisoformat("2026-12-20T09:00:00+09:00")
    assert {status for status, _ in answers} <= {200, 422}


async def test_two_lengths_at_once_add_up(running):
    await asyncio.gather(*(advance(running, by="2d") for _ in range(5)))
    assert await reading(running) == START + timedelta(days=10)


# What falls due


async def life_postings(running) -> int:
    database = running.sandbox.world.database
    row = await database.fetchrow("SELECT count(*) FROM posting WHERE kind = 'life'")
    return row[0]


def key(event):
    return datetime.fromisoformat(event["at"])


@pytest.mark.requirement("T-12")
async def test_ninety_one_days_name_each_closing_run_posting_and_expiry_in_order(running):
    await running.log_in("taro")
    postings = await life_postings(running)
    status, answer = await advance(running, by="91d")
    events = answer["events"]
    assert status == 200
    assert [key(event) for event in events] == sorted(map(key, events))
    assert all(START < key(event) <= START + timedelta(days=91) for event in events)
    closed = [event["subject"] for event in events if event["kind"] == "closing_run"]
    days = [(START + timedelta(days=n)).date().isoformat() for n in range(1, 92)]
    assert closed == days
    assert [
        (event["kind"], key(event) - START, event["client_id"])
        for event in events
        if event["kind"].endswith("_expired")
    ] == [
        ("access_token_expired", timedelta(minutes=30), AGGREGATOR),
        ("refresh_token_expired", timedelta(days=30), AGGREGATOR),
        ("grant_expired", timedelta(days=90), AGGREGATOR),
    ]
    postings = await life_postings(running) - postings
    assert sum(event["kind"] == "posting" for event in events) == postings > 91


@pytest.mark.requirement("T-12")
async def test_after_ninety_one_days_the_consent_has_lapsed(running):
    tokens = await running.log_in("taro")
    await advance(running, by="91d")
    status, _, headers = await running.get("/accounts", tokens["access_token"])
    assert (status, headers["X-Sandbox-Reason"]) == (401, "grant_expired")
    status, answer, _ = await running.refresh(tokens["refresh_token"])
    assert (status, answer["error"]) == (400, "invalid_grant")


async def test_day_by_day_is_the_same_as_all_at_once(tmp_path, template):
    (tmp_path / "steps").mkdir()
    async with (
        run_sandbox(tmp_path, template=template) as whole,
        run_sandbox(tmp_path / "steps", template=template) as steps,
    ):
        await whole.log_in("taro")
        await steps.log_in("taro")
        _, at_once = await advance(whole, by="91d")
        stepwise = []
        for _ in range(91):
            _, answer = await advance(steps, by="1d")
            stepwise += answer["events"]
        assert [anonymous(event) for event in at_once["events"]] == [
            anonymous(event) for event in stepwise
        ]
        for table in ("line", "contra", "posting", "agenda"):
            query = f"SELECT * FROM {table} ORDER BY 1, 2, 3"
            assert await whole.sandbox.world.database.fetch(query) == (
                await steps.sandbox.world.database.fetch(query)
            )


def anonymous(event):
    """Leave out what chance draws: the ids of grants."""
    return {
        k: v for k, v in event.items() if k != "subject" or not event["kind"].endswith("expired")
    }
