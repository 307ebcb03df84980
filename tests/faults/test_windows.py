"""Rules that come and go by cron and by the bank's calendar, on either clock."""

import json

import pytest

from sandbox.clock import machine_now
from sandbox.domain.time import HOUR, MINUTE, iso, jst
from tests.api.test_hours_control import set_calendar
from tests.api.test_snapshots import restore, take
from tests.api.test_worlds import ask
from tests.faults.striking import Striker, timed
from tests.support import run_sandbox

FAULTS, EXPLAIN = "/default/faults", "/default/faults/explain"
ALWAYS = {"ttl": "0s"}
ELEVEN = {"cron": "0 11 * * mon", "duration": "1h"}  # the world stands at Monday 10:00


async def told(striker) -> list[str | None]:
    """Return why each rule would not strike a call."""
    _, found = await ask(striker.running, "POST", EXPLAIN, {"request": {"bank": "tomato"}})
    return [each.get("why_not") for each in found["rules"]]


@pytest.mark.requirement("T-30")
async def test_an_outage_by_cron_begins_and_ends_to_the_millisecond_and_comes_again(striker):
    await striker.add("outage", {"window": ELEVEN, **ALWAYS})
    seen = []
    for by in ("59m59s999ms", "1ms", "59m59s", "999ms", "1ms", "6d22h59m59s999ms", "1ms"):
        await striker.running.advance(by)
        status, _, headers = await striker.call()
        seen.append((status == 503, headers.get("Retry-After")))
    hour = [(False, None), (True, "3600"), (True, "1"), (True, "1"), (False, None)]
    assert seen == [*hour, (False, None), (True, "3600")]


async def test_explain_says_when_a_closed_window_opens(striker):
    await striker.add("status", {"window": ELEVEN}, status=503)
    await striker.add("status", {"window": {"to": "2026-11-16T10:00"}}, status=503)
    await striker.add("status", {"window": {"day_types": ["national_holiday"]}}, status=503)
    never = {"day_types": ["weekend"], "to": "2026-11-20"}
    await striker.add("status", {"window": never}, status=503)
    assert await told(striker) == [
        "it is outside its window until 2026-11-16T11:00:00+09:00",
        "it is outside its window and never again",
        "it is outside its window until 2026-11-23T00:00:00+09:00",
        "it is outside its window and nobody knows when again",
    ]
    assert await striker.statuses(1) == [200]
    await striker.running.advance("1h")
    assert (await told(striker))[0] is None
    assert await striker.statuses(1) == [503]


async def test_month_end_and_holidays(striker):
    last_day = {"cron": "0 9 L * *", "duration": "8h"}
    month = await striker.add("status", {"window": last_day, **ALWAYS}, status=501)
    closed = {"window": {"day_types": ["national_holiday", "weekend"]}, **ALWAYS}
    days = await striker.add("status", closed, status=502)
    seen = {}
    for by in ("4d", "1d", "2d", "1d", "5d", "1d", "6h59m59s", "1s"):  # from Monday 16, at 10:00
        await striker.running.advance(by)
        at = iso(striker.running.sandbox.world.now())[8:16]
        seen[at] = (await striker.call())[0]
    struck = {at: status for at, status in seen.items() if status in (501, 502)}
    assert struck == {
        "21T10:00": 502,
        "23T10:00": 502,  # 勤労感謝の日
        "29T10:00": 502,
        "30T10:00": 501,
        "30T16:59": 501,
    }
    assert list(seen)[-1] == "30T17:00"
    assert [(await striker.show(each))["struck"] for each in (month, days)] == [2, 3]


async def test_a_day_that_becomes_a_holiday_is_one_for_rules_too(striker):
    await striker.add("status", {"window": {"day_types": ["national_holiday"]}}, status=503)
    assert await striker.statuses(1) == [200]
    await set_calendar(striker.running, holidays={"2026-11-16": True})
    assert await striker.statuses(1) == [503]


async def test_a_ramp_climbs_anew_with_every_begin(striker):
    window = {"cron": "0,30 10 * * *", "duration": "20m"}
    fault = await striker.add("ramp_delay", {"window": window}, from_ms=0, to_ms=400)
    found = []
    for by in ("0s", "18m", "7m", "5m"):  # 10:00, 10:18, 10:25, 10:30
        await striker.running.advance(by)
        async with timed() as taken:
            await striker.call()
        found.append(taken[0])
    assert found[1] >= 0.36
    assert max(found[0], found[2], found[3]) < 0.3
    assert (await striker.show(fault))["struck"] == 3


async def test_cron_on_the_machines_clock_does_not_care_for_the_worlds(striker):
    """The hour that is now, and one that is not: the world's clock stands still all the same."""
    now = machine_now()
    begun, later = jst(now - MINUTE), jst(now + 2 * HOUR)
    for at, expected in ((begun, 503), (later, 200)):
        cron = f"{at.minute} {at.hour} * * *"
        window = {"cron": cron, "duration": "1h", "clock": "machine"}
        fault = await striker.add("status", {"window": window}, status=503)
        assert await striker.statuses(1) == [expected]
        if expected == 200:
            (why,) = await told(striker)
            assert why == f"it is outside its window until {iso_minute(at)}, machine time"
        await striker.remove(fault)


def iso_minute(at) -> str:
    return at.replace(second=0, microsecond=0).isoformat(timespec="seconds")


async def test_a_rule_by_cron_outlives_a_restart_and_a_snapshot(tmp_path, template):
    async with run_sandbox(tmp_path, template=template) as running:
        striker = Striker(running)
        fault = await striker.add("outage", {"window": ELEVEN, **ALWAYS})
    async with run_sandbox(tmp_path) as running:
        striker = Striker(running)
        assert (await striker.show(fault))["window"] == ELEVEN
        await take(running, "here")
        await striker.clear()
        await restore(running, "here")
        assert (await striker.call())[0] == 401
        await running.advance("1h")
        assert (await striker.call())[0] == 503


@pytest.mark.parametrize(
    ("window", "said"),
    [
        ({"cron": "0 25 * * *", "duration": "1h"}, "there is no such hour"),
        ({"cron": "0 22 * *", "duration": "1h"}, "write five fields"),
        ({"cron": "0 0 30 2 *", "duration": "1h"}, "there is no such day-of-month"),
        ({"cron": "0 0 */31 * mon#5", "duration": "1h"}, "never comes"),
        ({"cron": "0 22 * * *"}, "cron and duration go together"),
        ({"duration": "1h"}, "cron and duration go together"),
        ({"cron": "0 22 * * *", "duration": "soon"}, "is no length of time"),
        ({"cron": "0 22 * * *", "duration": "32d"}, "up to 31d"),
        ({"cron": "0 22 * * *", "duration": "1h", "weekdays": ["mon"]}, "leave weekdays out"),
        ({"cron": "0" * 101, "duration": "1h"}, "longer than 100"),
        ({"cron": 5, "duration": "1h"}, "string"),
        ({"day_types": []}, "day_types"),
        ({"day_types": ["sunny"]}, "sunny"),
    ],
    ids=str,
)
async def test_a_cron_that_cannot_be_is_refused_with_a_reason(running, window, said):
    rule = {"effect": {"kind": "reset"}, "window": window}
    status, problem = await ask(running, "POST", FAULTS, rule)
    assert (status, problem["type"].rpartition(":")[2]) == (422, "invalid-request"), problem
    assert said in json.dumps(problem), problem
    assert all(each["field"].startswith("window") for each in problem["errors"])
    assert await ask(running, "GET", FAULTS) == (200, {"faults": []})
