"""Runs of small scenarios: what each action does, and what each expectation finds missing."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from sandbox.client import AsyncSandbox, Unreachable
from sandbox.scenarios.app import App, AppUnreachable
from sandbox.scenarios.bank import Bank
from sandbox.scenarios.forging import altered, invented
from sandbox.scenarios.model import Scenario, Verdict
from sandbox.scenarios.reading import read_scenario
from sandbox.scenarios.running import Run
from tests.scenarios.drilling import fresh_world, played, shipped, shown

HEAD = "name: a\ntitle: {ja: 題, en: t}\nstory: {ja: 話, en: s}\ntimeline:\n"
LINK = '  - link: {persona: taro, path: "/link?user=taro", status: 200}\n'
SYNC = '  - app: {path: "/sync?user=taro", status: 200}\n'


def scenario(steps: str, head: str = HEAD) -> Scenario:
    return read_scenario(head + steps)


async def run(running, steps: str, head: str = HEAD, kind: str = "careful") -> Verdict:
    """Play steps in a world of their own, against the example provider."""
    return (await played(running.sandbox.control_url, scenario(steps, head), kind))[0]


async def problem(running, steps: str) -> str:
    """Return what is wrong with the last step, where all others are as they should be."""
    verdict = await run(running, steps)
    assert [each.is_ok for each in verdict.steps][:-1] == [True] * (len(verdict.steps) - 1), shown(
        verdict
    )
    return verdict.steps[-1].problem or ""


async def test_a_run_goes_from_step_to_step_by_the_world_clock(running):
    verdict = await run(running, f"{LINK}  - at: 31m\n    {SYNC[4:]}  - at: 2d\n    {SYNC[4:]}")
    assert shown(verdict) == ""
    assert verdict.has_passed
    days = [outcome.at[:16] for outcome in verdict.steps]
    assert days == ["2026-11-16T10:00", "2026-11-16T10:31", "2026-11-18T10:00"]
    assert set(verdict.reports) == {"conduct.html", "conduct.xml"}


async def test_after_a_failed_step_the_others_are_taken_all_the_same(running):
    verdict = await run(running, SYNC + LINK + SYNC)
    assert [outcome.is_ok for outcome in verdict.steps] == [False, True, True]
    assert not verdict.has_passed
    assert "the app answers 409, not 200" in (verdict.steps[0].problem or "")


# People at the bank


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("status: 403", "the app answers 200, not 403"),
        ("answer: {linked: hanako}", "linked of the app's answer is 'taro', not 'hanako'"),
        ("answer: {linked.0.x: 1}", "is None, not 1"),
        ("wrong_tries: 5", "the bank wants no log-in: 403"),
        ("change: {response_type: null}", "the app answers 403, not 200"),
        ("change: {client_id: nobody}", "the bank wants no log-in: 400"),
    ],
)
async def test_a_link_that_goes_another_way_says_so(running, how, said):
    fields = 'persona: taro, path: "/link?user=taro"'
    status = "" if "status" in how or "answer" in how else ", status: 200"
    assert said in await problem(running, f"  - link: {{{fields}, {how}{status}}}\n")


@pytest.mark.parametrize(("decision", "live"), [("allow", True), ("deny", False), ("leave", False)])
async def test_what_a_person_decides_is_what_the_bank_has(running, decision, live):
    steps = (
        f'  - link: {{persona: shoji, path: "/link?user=x", decision: {decision}}}\n'
        f"  - expect: {{grants: {{where: {{is_live: true}}, count: {int(live)}}}}}\n"
    )
    assert await problem(running, steps) == ""


async def test_an_app_that_sends_nobody_to_the_bank(running):
    steps = "  - link: {persona: taro, path: /accounts?user=taro}\n"
    assert "the app redirects nowhere: it answers 200" in await problem(running, steps)


async def test_a_callback_wants_somebody_who_was_sent_back(running):
    assert await problem(running, "  - callback: {}\n") == (
        "nobody was sent back by the bank before"
    )


async def test_each_browser_has_its_own_cookies(running):
    begun = LINK.replace("status: 200", "returns: false")
    steps = f"{begun}  - callback: {{browser: other, status: 400}}\n  - callback: {{status: 200}}\n"
    assert await problem(running, steps) == ""


async def test_a_callback_may_come_changed(running):
    steps = (
        LINK.replace("status: 200", "returns: false")
        + "  - callback: {change: {state: other}, status: 400}\n"
        + "  - callback: {change: {code: null, error: denied}, status: 403,"
        + " answer: {error: denied}}\n"
    )
    assert await problem(running, steps) == ""


# Acts and faults


async def test_a_fault_is_in_force_until_it_is_taken_away(running):
    steps = (
        f"{LINK}  - fault: {{name: x, rule: {{match: {{operation: list_accounts}},"
        " effect: {kind: status, status: 404}}}\n"
        '  - app: {path: "/sync?user=taro", status: 502}\n'
        "  - expect: {journal: {where: {status: 404}, count: 1}}\n"
        f"  - unfault: {{name: x}}\n{SYNC}"
    )
    assert await problem(running, steps) == ""


async def test_an_act_that_the_bank_refuses_is_a_failed_step(running):
    assert "404 unknown-client" in await problem(running, "  - act: {path: clients/x/block}\n")


async def test_calls_at_once_are_each_looked_at(running):
    steps = LINK + '  - app: {path: "/sync?user=taro", at_once: 3, status: 200}\n'
    verdict = await run(running, steps)
    assert verdict.has_passed, shown(verdict)
    steps = LINK + '  - app: {path: "/sync?user=hanako", at_once: 3, status: 200}\n'
    assert "409" in await problem(running, steps)


@pytest.mark.parametrize("kind", ["invented", "altered"])
async def test_forged_tokens_are_tried_one_by_one(running, kind):
    steps = (
        f"  - forge: {{kind: {kind}, path: /accounts, tokens: 3}}\n"
        "  - expect: {journal: {where: {status: 401}, count: 3}}\n"
        f"  - forge: {{kind: {kind}, path: /accounts, tokens: 2, status: 404}}\n"
    )
    assert await problem(running, steps) == "the bank answers 401 to forged token 1"


def test_a_forged_token_is_like_a_real_one_and_no_other():
    tokens = [invented(number) for number in range(50)]
    assert {len(token) for token in tokens} == {51}
    assert len(set(tokens)) == 50
    changed = [altered(tokens[0], number) for number in range(51)]
    assert all(sum(a != b for a, b in zip(tokens[0], each, strict=True)) == 1 for each in changed)
    assert len(set(changed)) == 51


# Expectations


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("journal: {where: {operation: token}, count: 2}", "1 with operation=token, expected"),
        ("journal: {where: {operation: token}, at_least: 2}", "expected at least 2"),
        ("journal: {where: {operation: token}, at_most: 0}", "expected at most 0"),
        ("journal: {where: {operation: revoke}}", "expected at least 1"),
        ("grants: {where: {persona: hanako}}", "0 with persona=hanako"),
        ("transfers: {at_least: 1}", "0 with anything"),
        ("account: {account_id: x}", "there is no account x"),
        ("conduct: {findings: [C-2]}", "C-2 found nothing"),
        ('app: {path: "/status?user=taro", answer: {state: lost}}', "'linked', not 'lost'"),
    ],
)
async def test_what_is_not_as_expected_is_named(running, what, said):
    assert said in await problem(running, f"{LINK}  - expect: {{{what}}}\n")


async def test_counts_are_right_at_their_edges(running):
    bounds = ("count: 1", "at_least: 1", "at_most: 1", "at_least: 0, at_most: 9")
    steps = "".join(
        f"  - expect: {{journal: {{where: {{operation: token}}, {bound}}}}}\n" for bound in bounds
    )
    assert (await run(running, LINK + steps)).has_passed


async def test_conduct_that_was_not_expected_fails_the_run_and_allowed_conduct_does_not(running):
    steps = (
        '  - link: {persona: taro, path: "/link?user=taro",'
        ' change: {redirect_uri: "https://aggregator.example/callback"}}\n'
    )
    verdict = await run(running, steps)
    assert verdict.problems == ("conduct: C-15 found something",)
    head = HEAD.replace("timeline", "conduct: {allow: [C-15]}\ntimeline")
    assert (await run(running, steps, head)).has_passed
    head = HEAD.replace("timeline", "conduct: {expect: [C-15]}\ntimeline")
    assert (await run(running, steps, head)).has_passed
    head = HEAD.replace("timeline", "conduct: {expect: [C-2, C-15]}\ntimeline")
    verdict = await run(running, steps, head)
    assert verdict.problems == ("conduct: C-2 should have found something",)


# Apps that are no good


@asynccontextmanager
async def answering(running, text: str, location: str = "") -> AsyncIterator[tuple[Bank, App]]:
    """Run an app that says one thing, whatever it is asked."""

    async def answer(_request: web.Request) -> web.Response:
        headers = {"Location": location} if location else {}
        return web.Response(text=text, headers=headers)

    made = web.Application()
    made.router.add_route("*", "/{any:.*}", answer)
    steps = scenario(LINK)
    async with (
        fresh_world(running.sandbox.control_url, steps) as bank,
        TestServer(made) as server,
        App(str(server.make_url("/"))) as app,
    ):
        yield bank, app


def _consent_address(base_url: str) -> str:
    return (
        f"{base_url}/tomato/parasol/v1/banks/0566/oauth/auth?response_type=code"
        "&client_id=sandbox-aggregator&scope=accounts&state=1234567890123456"
        "&redirect_uri=http://localhost:8000/callback"
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", None),
        ("sandbox-aggregator-secret", "the secret of sandbox-aggregator is in it"),
        ("c2FuZGJveC1hZ2dyZWdhdG9yOnNhbmRib3gtYWdncmVnYXRvci1zZWNyZXQ=", "the secret of"),
    ],
)
async def test_secrets_are_found_in_what_an_app_shows(running, text, said):
    async with answering(running, text) as (bank, app):
        verdict = await Run(scenario("  - expect: {secrets: {path: /log}}\n"), bank, app).play()
        found = verdict.steps[0].problem
        assert found is None if said is None else said in (found or "")


@pytest.mark.parametrize(("cut", "said"), [(99, "an authorization code"), (20, "there is a token")])
async def test_codes_and_tokens_are_found_too(running, cut, said):
    async with answering(running, "") as (bank, app):
        description = await bank.world.describe()
        address = _consent_address(description.base_url)
        steps = f'{LINK}  - expect: {{secrets: {{path: "/log"}}}}\n'
        run = Run(scenario(steps), bank, _Leaking(app, address, cut))
        assert said in ((await run.play()).steps[-1].problem or "")


class _Leaking(App):
    """An app that begins at ``address`` and shows the code that came back, up to ``cut``."""

    def __init__(self, app: App, address: str, cut: int) -> None:
        super().__init__(app.url)
        self._address, self._cut, self._seen = address, cut, ""
        self._app = app

    async def call(self, method: str, path: str, body: Any = None, *, browser: str = "") -> Any:
        answer = await self._app.call(method, path, body, browser=browser)
        if path.startswith("/link"):
            return type(answer)(status=302, text="", location=self._address)
        if "code=" in path:
            self._seen = path.partition("code=")[2].partition("&")[0][: self._cut]
        return type(answer)(status=200, text=f"a line with {self._seen}", location=None)


@pytest.mark.parametrize(
    ("location", "is_ok"),
    [("/start", True), ("https://thief.example/", False), ("//thief.example/", False), ("", True)],
)
async def test_an_app_that_sends_people_off_its_host_is_found_out(running, location, is_ok):
    async with answering(running, "x", location) as (bank, app):
        verdict = await Run(scenario("  - app: {path: /x, stays: true}\n"), bank, app).play()
        assert verdict.steps[0].is_ok is is_ok


async def test_an_app_that_nobody_runs_fails_each_step_with_its_address(running):
    nowhere = "http://127.0.0.1:9"
    async with (
        fresh_world(running.sandbox.control_url, scenario(SYNC)) as bank,
        App(nowhere) as app,
    ):
        verdict = await Run(scenario(SYNC + LINK), bank, app).play()
        with pytest.raises(AppUnreachable, match="no app answers at http"):
            await app.reach()
    assert all(nowhere in (each.problem or "") for each in verdict.steps)


@pytest.mark.parametrize("address", ["http://127.0.0.1:99999", "http://[", "nothing", ""])
async def test_what_is_no_address_is_no_app(address):
    with pytest.raises(AppUnreachable, match="no app answers at"):
        async with App(address) as app:
            await app.reach()


async def test_a_sandbox_that_is_gone_ends_the_run():
    async with AsyncSandbox("http://127.0.0.1:9") as sandbox, App("http://127.0.0.1:9") as app:
        with pytest.raises(Unreachable):
            await Run(scenario(SYNC), Bank(sandbox, sandbox.world()), app).play()


# The same seed


@pytest.fixture
def counted(monkeypatch):
    """An app whose secrets are counted, so that two runs of it send the same."""

    def begin() -> None:
        numbers = count()
        monkeypatch.setattr(
            secrets, "token_urlsafe", lambda size=32: f"{next(numbers):0{max(size, 43)}d}"
        )

    return begin


@pytest.mark.parametrize("name", ["d23_refresh_unavailable", "d32_too_many_requests"])
async def test_the_same_seed_gives_the_same_run_byte_for_byte(running, counted, name):
    first, second = [await facts(running, shipped(name), counted) for _ in range(2)]
    assert first == second
    assert len(first) > 10


async def facts(running, scenario: Scenario, begin: Any) -> list[dict[str, Any]]:
    """Return the journal of a run without what the machine's own clock says."""
    begin()
    _, rows = await played(running.sandbox.control_url, scenario, "careful", world="same")
    return [
        {name: row[name] for name in row if name not in ("real_at", "latency_us")} for row in rows
    ]
