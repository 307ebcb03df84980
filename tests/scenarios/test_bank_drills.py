"""The bank drills: the careful firm passes them, the careless one fails where it is said here."""

import asyncio
import secrets
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestServer

from sandbox.scenarios.app import App
from sandbox.scenarios.library import names, text_of
from sandbox.scenarios.model import Scenario, Verdict
from sandbox.scenarios.reading import read_scenario
from sandbox.scenarios.running import Run
from tests.process import Server, serving
from tests.scenarios.drilling import fresh_world, shipped, shown
from tests.support import Running, run_sandbox

# The example firm stands beside the tests of the clients, and knows nothing of either.
sys.path.append(str(Path(__file__).parents[1] / "clients"))

from example_firm.__main__ import settings_for
from example_firm.app import FirmServer, make_app
from example_firm.careless import CarelessFirm

KINDS: dict[str, type[FirmServer]] = {"careful": FirmServer, "careless": CarelessFirm}
# What tells on the careless firm in each drill: steps that fail, as they are called in English,
# and conduct checks that fail the run. It may fail in more.
TELLTALES: dict[str, tuple[set[str], set[str]]] = {
    "b01_lost_answer": (
        {"There is one request", "Nothing is paid twice", "There are two requests"},
        {"C-1", "C-2"},
    ),
    "b02_double_submit": ({"There is one request", "Nothing is paid twice"}, set()),
    "b03_partial_bulk": (
        {
            "Reserved after twenty minutes",
            "Accepted is not shown as paid",
            "Item 2 could not be paid",
        },
        set(),
    ),
    "b04_stale_balance": (
        {
            "Sums go by the transaction date",
            "The newer balance stays and is marked as not current",
        },
        set(),
    ),
    "b05_approval_expiry": (
        {"It is shown as expired", "The approval was sent once"},
        {"C-1"},
    ),
    "b06_cut_off_and_holiday": ({"Refused twice, and no more"}, {"C-1"}),
    "b07_maintenance_overrun": ({"The closed bank was called twice, and no more"}, {"C-5"}),
    "b08_revocation_storm": (
        {"One refresh and one message per user", "The viewer too got one message"},
        {"C-6", "C-8", "C-20"},
    ),
    "b09_leak_incident": (
        {"Nothing is sent before it is set up anew", "No more calls once it is stopped"},
        {"C-6", "C-8", "C-20"},
    ),
    "b10_consent_lapse": ({"One try, and one message"}, {"C-6", "C-8"}),
    "b11_superseded_consent": ({"One message, and no fight"}, {"C-8", "C-20"}),
    "b12_rights_shrink": ({"No refresh, and no repeat"}, {"C-1"}),
    "b13_accepted_then_failed": (
        {
            "Accepted is not shown as paid",
            "It is shown as failed",
            "It was never shown as paid",
        },
        set(),
    ),
}
REQUIREMENTS = {
    "b08_revocation_storm": ("W-58", "W-59"),
    "b09_leak_incident": ("W-58",),
    "b10_consent_lapse": ("W-51", "W-52", "W-53"),
    "b11_superseded_consent": ("W-57",),
    "b12_rights_shrink": ("W-46",),
}
DRILLS = [
    pytest.param(name, marks=[pytest.mark.requirement(each) for each in REQUIREMENTS.get(name, ())])
    for name in TELLTALES
]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving("--strict") as running:
        yield running


@asynccontextmanager
async def example_firm(bank_url: str, kind: str) -> AsyncIterator[TestServer]:
    """Run the example firm on a socket."""
    async with TestServer(make_app(settings_for(bank_url), KINDS[kind])) as found:
        yield found


async def played(
    control_url: str, scenario: Scenario, kind: str = "careful", *, world: str | None = None
) -> tuple[Verdict, dict[str, Any]]:
    """Return the verdict on one version of the firm, and what the world then holds."""
    async with fresh_world(control_url, scenario, world) as bank:
        base_url = (await bank.world.describe()).base_url
        async with example_firm(base_url, kind) as firm, App(str(firm.make_url("/"))) as app:
            verdict = await Run(scenario, bank, app).play()
        lists = ("journal", "transfers", "accounts")
        return verdict, {name: await bank.list_all(name, name, {}) for name in lists}


async def drilled(control_url: str, name: str, kind: str) -> Verdict:
    return (await played(control_url, shipped(name), kind))[0]


def failed_steps(verdict: Verdict) -> set[str]:
    return {
        outcome.step.title if outcome.step.say is None else outcome.step.say.en
        for outcome in verdict.steps
        if not outcome.is_ok
    }


def test_the_table_has_every_bank_drill():
    assert {name for name in names() if name.startswith("b")} == TELLTALES.keys()


@pytest.mark.parametrize("name", DRILLS)
async def test_the_careful_firm_passes(server, name):
    verdict = await drilled(server.control_url, name, "careful")
    assert verdict.has_passed, shown(verdict)


@pytest.mark.parametrize("name", TELLTALES)
async def test_the_careless_firm_fails_in_what_the_drill_is_there_for(server, name):
    verdict = await drilled(server.control_url, name, "careless")
    steps, checks = TELLTALES[name]
    assert not verdict.has_passed
    assert steps - failed_steps(verdict) == set(), shown(verdict)
    assert checks - {problem.split()[1] for problem in verdict.problems} == set(), shown(verdict)


@pytest.mark.parametrize("name", TELLTALES)
def test_each_drill_ends_in_a_verdict(name):
    """Something is expected after the last thing that is done to the firm."""
    last = shipped(name).timeline[-1]
    assert last.action == "expect" or "status" in last.what


@pytest.mark.parametrize("name", ["b01_lost_answer", "b03_partial_bulk"])
async def test_the_same_seed_gives_the_same_run_byte_for_byte(running, monkeypatch, name):
    first, second = [await _left(running, monkeypatch, name) for _ in range(2)]
    assert first["journal"] == second["journal"]
    assert len(first["journal"]) > 10
    assert first == second


async def _left(running: Running, monkeypatch: Any, name: str) -> dict[str, Any]:
    """Return what a run leaves, but for the machine's own clock; all secrets are counted."""
    numbers = count()
    monkeypatch.setattr(
        secrets, "token_urlsafe", lambda size=32: f"{next(numbers):0{max(size, 43)}d}"
    )
    _, left = await played(running.sandbox.control_url, shipped(name), world="same")
    return {**left, "journal": [_facts(row) for row in left["journal"]]}


def _facts(row: dict[str, Any]) -> dict[str, Any]:
    """Return a call without what the machine's own clock says of it."""
    return {name: value for name, value in row.items() if name not in ("real_at", "latency_us")}


async def test_another_seed_gives_other_books(server):
    scenario = shipped("b12_rights_shrink")
    verdict, first = await played(server.control_url, scenario)
    other = replace(scenario, seed=scenario.seed + 1)
    other_verdict, second = await played(server.control_url, other)
    assert shown(verdict) == shown(other_verdict) == ""
    assert first["accounts"] != second["accounts"]


async def test_drills_run_side_by_side_and_do_not_disturb_each_other(server):
    some = ("b01_lost_answer", "b08_revocation_storm", "b12_rights_shrink")
    verdicts = await asyncio.gather(
        *(drilled(server.control_url, name, "careful") for name in some)
    )
    assert [shown(verdict) for verdict in verdicts] == [""] * 3


ACT = "act: {path: bank/web21/revoke, json: {contractor_id: 0000000000000000AG0000000001A001, "
ACT += "user_id: keiri01, reason: superseded}}"
ELSEWHERE = "link: {persona: shoji_maker, bank: web21, browser: elsewhere, status: 200, "
ELSEWHERE += 'path: "/link?user=other&scope=web21.ref"}'


@pytest.mark.requirement("W-48")
@pytest.mark.parametrize("kind", KINDS)
async def test_a_bank_that_keeps_the_last_grant_alone_is_the_same_drill(tmp_path, template, kind):
    """b11, where the bank's own setting ends the older grant at a second consent."""
    text = text_of("b11_superseded_consent")
    assert text.count(ACT) == text.count("is_live: true}, count: 1}") == 1
    text = text.replace(ACT, ELSEWHERE).replace("true}, count: 1}", "true}, count: 2}")
    async with run_sandbox(tmp_path, template=template, web21_last_grant_only="1") as running:
        verdict, _ = await played(running.sandbox.control_url, read_scenario(text), kind)
    assert verdict.has_passed is (kind == "careful"), shown(verdict)
