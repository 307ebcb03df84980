"""The banner of live rules on the bank's own pages (R-2), and its absence (``strict_realism``)."""

import re
from types import SimpleNamespace

import pytest

from sandbox.clock import machine_now
from sandbox.domain.time import HOUR, MINUTE, SECOND
from sandbox.services.faults import Wanted
from sandbox.web.faults.banner import MOST_SHOWN, banner_of
from tests.browsing import browsing
from tests.desk import visiting
from tests.support import run_sandbox

BANNER = re.compile(r'<aside class="fault-banner".*?</aside>', re.DOTALL)
STYLE = '<link rel="stylesheet" href="/assets/sandbox.css'
NEVER = {"kind": "status", "status": 503}
ELSEWHERE = {"client_id": "nobody"}  # so that the pages themselves are not struck


async def add(running, ttl_ms=9 * MINUTE, effect=NEVER, name="f1"):
    wanted = Wanted(match=ELSEWHERE, effect=effect, stage="before", times=None, ttl_ms=ttl_ms)
    await running.sandbox.world.faults.add(name, wanted)


def told(page) -> str:
    (banner,) = BANNER.findall(page.text)
    assert STYLE in page.text
    return " ".join(re.sub("<[^>]+>", " ", banner).split())


async def test_the_bank_s_pages_tell_of_rules_and_how_long_they_go_on(running):
    async with browsing(running) as browser:
        assert not BANNER.findall((await browser.open()).text)
        await add(running)
        page = await browser.open()
        said = told(page)
        assert "サンドボックスの障害ルールが有効です（1件）" in said
        assert "Fault rules of the sandbox are in force (1)" in said
        assert re.search(r"status 残り(8:5\d|9:00)（これまで0回）", said), said
        consent = await browser.sign_in()
        assert "status" in told(consent)
        await running.sandbox.world.faults.clear()
        assert not BANNER.findall((await browser.open()).text)


async def test_a_rule_that_is_used_up_is_told_of_no_more(running):
    wanted = Wanted(match={}, effect=NEVER, stage="before", times=1, ttl_ms=0)
    await running.sandbox.world.faults.add("f1", wanted)
    async with browsing(running) as browser:
        assert (await browser.open()).status == 503
        assert not BANNER.findall((await browser.open()).text)
        await add(running, name="f2")
        assert "ルールが有効です（1件）" in told(await browser.open())


async def test_the_contractor_s_pages_tell_of_them_too(running):
    await add(running, ttl_ms=0)
    async with visiting(running) as visitor:
        assert "外すまで有効（これまで0回）" in told(await visitor.open("/sign-in"))
        assert "until it is taken away" in told(await visitor.sign_in("shoji_maker"))


async def test_a_bank_that_is_to_look_real_says_nothing(tmp_path, template):
    strict = {"tomato_strict_realism": "1", "web21_strict_realism": "1"}
    async with run_sandbox(tmp_path, template=template, **strict) as running:
        await add(running)
        async with browsing(running) as browser, visiting(running) as visitor:
            for page in (await browser.open(), await visitor.open("/sign-in")):
                assert page.status == 200
                assert not BANNER.findall(page.text)


async def test_a_long_list_is_cut(running):
    for number in range(MOST_SHOWN + 2):
        await add(running, name=f"f{number}", effect={"kind": "reset"})
    async with browsing(running) as browser:
        said = told(await browser.open())
    assert said.count("reset") == MOST_SHOWN
    assert "ほか2件" in said
    assert "and others: 2" in said


@pytest.mark.parametrize(
    ("left_ms", "shown"),
    [
        (1, "0:01"),
        (SECOND, "0:01"),
        (59 * SECOND + 1, "1:00"),
        (MINUTE, "1:00"),
        (HOUR - 1, "1:00:00"),
        (HOUR + MINUTE + SECOND, "1:01:01"),
    ],
)
async def test_the_time_that_is_left(running, monkeypatch, left_ms, shown):
    now = machine_now()
    monkeypatch.setattr("sandbox.web.faults.banner.machine_now", lambda: now)
    rule = SimpleNamespace(ends_at=now + left_ms, kind="reset", struck=3, is_spent=False)
    world = SimpleNamespace(faults=SimpleNamespace(rules=[rule], list_live=lambda: [rule]))
    profile = SimpleNamespace(policy=SimpleNamespace(strict_realism=False))
    (line,) = banner_of(world, profile).lines
    assert (line.left, line.struck) == (shown, 3)
    assert banner_of(None, profile) is None
