"""Somebody with the app's token at another address: who can be told apart, and what it opens."""

import pytest

from sandbox.scenarios.mistakes import ScenarioInvalid
from sandbox.scenarios.model import Verdict
from sandbox.scenarios.reading import read_scenario
from tests.scenarios.drilling import played, shown

HEAD = "name: a\ntitle: {ja: 題, en: t}\nstory: {ja: 話, en: s}\ntimeline:\n"
LINK = '  - link: {persona: taro, path: "/link?user=taro", status: 200}\n'
SYNC = '  - app: {path: "/sync?user=taro", status: 200}\n'
ROGUE = "  - rogue: {persona: taro, path: /accounts, calls: 4}\n"
DEAD = "  - rogue: {persona: taro, path: /accounts, calls: 2, status: 401}\n"


async def run(running, steps: str) -> tuple[Verdict, list[dict]]:
    return await played(running.sandbox.control_url, read_scenario(HEAD + steps), "careful")


async def problem(running, steps: str) -> str:
    """Return what is wrong with the last step, where all others are as they should be."""
    verdict, _ = await run(running, steps)
    assert [each.is_ok for each in verdict.steps][:-1] == [True] * (len(verdict.steps) - 1), shown(
        verdict
    )
    return verdict.steps[-1].problem or ""


async def test_its_calls_are_answered_as_the_client_s_and_come_from_elsewhere(running):
    verdict, journal = await run(running, LINK + SYNC + ROGUE)
    assert shown(verdict) == ""
    rogue = [row for row in journal if row.get("user_agent") == "rogue"]
    own = [row for row in journal if row.get("operation") == "token"]
    assert [row["remote"] for row in rogue] == ["127.0.0.2"] * 4
    assert {row["remote"] for row in own} == {"127.0.0.1"}
    assert {(row["client_id"], row["status"]) for row in rogue} == {("sandbox-aggregator", 200)}
    assert {row["grant_id"] for row in rogue} == {row["grant_id"] for row in own}


async def test_the_bank_flags_exactly_them(running):
    incident = "json: {kind: leak, client_id: sandbox-aggregator}"
    keep = "keep: {last: entries.0.detail.calls.3}, answer: {entries.0.detail.calls.4: null}"
    steps = (
        f"{LINK}{SYNC}{ROGUE}{SYNC}  - act: {{path: bank/tomato/incidents, {incident}, {keep}}}\n"
    )
    assert await problem(running, steps) == ""


async def test_what_was_stolen_once_is_tried_again_and_dies_with_its_grant(running):
    revoked = "  - act: {path: bank/tomato/revoke, json: {client_id: sandbox-aggregator}}\n"
    assert await problem(running, LINK + ROGUE + revoked + DEAD) == ""
    # Neither does a new consent bring the old token back.
    assert await problem(running, LINK + ROGUE + revoked + LINK + DEAD) == ""


async def test_a_refresh_ends_it_as_it_ends_the_client_s_own(running):
    stolen, synced = f"  - at: 29m\n    {ROGUE[4:]}", f"  - at: 31m\n    {SYNC[4:]}"
    assert await problem(running, LINK + SYNC + stolen + synced + DEAD) == ""


async def test_the_app_is_not_judged_by_it(running):
    """Twelve calls in a minute, and nine with a token that was refused before: not the app's."""
    revoked = "  - act: {path: bank/tomato/revoke, json: {client_id: sandbox-aggregator}}\n"
    many = ROGUE.replace("calls: 4", "calls: 12")
    dead = DEAD.replace("calls: 2", "calls: 9")
    verdict, _ = await run(running, LINK + SYNC + many + revoked + dead)
    assert shown(verdict) == ""
    assert {each["id"] for each in verdict.findings} & {"C-8", "C-10", "C-20"} == set()


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        (ROGUE, "taro has no live grant at tomato: there is nothing to leak"),
        (LINK + ROGUE.replace("/accounts", "/nothing"), "the bank answers 404 to rogue call 1"),
        (LINK + DEAD, "the bank answers 200 to rogue call 1"),
        (LINK + ROGUE.replace("calls: 4", "client_id: other"), "taro has no live grant"),
        (
            LINK + ROGUE.replace("calls: 4", "from: 192.0.2.7"),
            "no call from 192.0.2.7 reaches the bank: ",
        ),
    ],
)
async def test_what_goes_another_way_is_said(running, steps, said):
    assert said in await problem(running, steps)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ("path: /accounts", "`persona` is missing"),
        ("persona: taro", "`path` is missing"),
        ("persona: taro, path: accounts", "'accounts' is not of the right form"),
        ("persona: taro, path: /x, from: elsewhere", "'elsewhere' is not of the right form"),
        ("persona: taro, path: /x, calls: 0", "0 is less than 1"),
        ("persona: taro, path: /x, calls: 1001", "1001 is more than 1000"),
        ("persona: taro, path: /x, bank: moon", "there is no bank 'moon'"),
        ("persona: taro, path: /x, bank: web21", "there is no persona at web21, 'taro'"),
        ("persona: taro, path: /x, token: abc", "there is no `token` here"),
    ],
)
def test_its_fields_are_checked(fields, said):
    with pytest.raises(ScenarioInvalid, match="line 5") as caught:
        read_scenario(f"{HEAD}  - rogue: {{{fields}}}\n")
    assert said in str(caught.value)


async def test_an_act_says_what_its_answer_must_be(running):
    keep = "keep: {grant: grants.0.grant_id}, answer: {grants.0.is_live: true}"
    steps = f"{LINK}  - act: {{method: GET, path: grants, {keep}}}\n"
    assert await problem(running, steps) == ""
    wrong = steps.replace("is_live: true", "persona: hanako")
    assert await problem(running, wrong) == "grants.0.persona of the answer is 'taro', not 'hanako'"
