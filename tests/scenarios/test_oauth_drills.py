"""The drills D-1 … D-40 (faults §5): the careful provider passes them, the careless one fails."""

import asyncio
import re
from collections.abc import Iterator

import pytest

from sandbox.scenarios.app import App
from sandbox.scenarios.library import names, text_of
from sandbox.scenarios.model import Verdict
from sandbox.scenarios.running import Run
from tests.process import Server, serving
from tests.scenarios.drilling import drilled, example_app, fresh_world, shipped, shown

# What tells on the careless provider in each drill: steps that fail, as they are called in
# English, and conduct checks that find something. It may fail in more.
TELLTALES: dict[str, tuple[set[str], set[str]]] = {
    "d01_standard_flow": ({"State, PKCE and redirect URI are in order"}, {"C-11"}),
    "d02_user_denies": ({"The app does not link", "Not linked, and no token request"}, {"C-1"}),
    "d03_wrong_password": ({"Each attempt had a state of its own"}, set()),
    "d04_sign_in_timeout": ({"The second attempt has a state and a challenge of its own"}, set()),
    "d05_fewer_functions": (
        {
            "Balances are there, transactions are said to be missing",
            "Neither a refresh nor a new consent",
        },
        {"C-1"},
    ),
    "d06_scope_omitted": ({"The link works without a scope"}, set()),
    "d07_wider_scope": ({"The link works with a wider scope"}, set()),
    "d08_state_altered": (
        {"Another state is refused", "A missing state is refused", "There was no token request"},
        {"C-12"},
    ),
    "d09_callback_replayed": (
        {"The second time is refused", "The code was used once", "The link goes on"},
        {"C-1", "C-8"},
    ),
    "d10_foreign_state": ({"Refused in Taro's browser", "There was no token request"}, set()),
    "d11_error_and_code": ({"It is an error", "The code is not used"}, set()),
    "d12_code_missing": ({"It is an error", "There was no token request"}, {"C-1"}),
    "d13_code_expired": ({"Consent is asked for again", "One token request"}, {"C-1"}),
    "d14_code_reused": (
        {"Consent is asked for", "The dead tokens are gone, and one message was sent"},
        {"C-1", "C-8", "C-20"},
    ),
    "d15_wrong_redirect_uri": ({"One token request"}, {"C-1"}),
    "d16_wrong_verifier": ({"One token request"}, {"C-1"}),
    "d17_wrong_client_secret": ({"One token request, and the link stays"}, {"C-6"}),
    "d18_token_endpoint_down": ({"Retry-After was waited for"}, {"C-5"}),
    "d19_broken_token_answer": (
        {
            "An answer without a token is a failure",
            "The old tokens stay, and no empty one is used",
        },
        set(),
    ),
    "d20_no_refresh_token": ({"Then it asks for consent"}, {"C-1", "C-6"}),
    "d21_short_lifetime": ({"No more refreshes than needed"}, {"C-6"}),
    "d22_refresh_refused": (
        {"Consent is asked for", "One refresh, and one message"},
        {"C-1", "C-6"},
    ),
    "d23_refresh_unavailable": ({"The link stays, with three tries at most"}, {"C-6"}),
    "d24_refresh_answer_lost": ({"Consent is asked for", "No loop"}, {"C-1", "C-6"}),
    "d25_refresh_at_once": ({"One refresh"}, {"C-7"}),
    "d26_refresh_stolen": ({"Consent is asked for", "The dead grant is left alone"}, {"C-8"}),
    "d27_revoked_mid_use": (
        {"It stops and asks for consent", "One 401, and one message"},
        {"C-8", "C-20"},
    ),
    "d28_right_removed": (
        {
            "Balances go on, transactions are said to be missing",
            "Neither a refresh nor a new consent",
        },
        {"C-1"},
    ),
    "d29_right_added": ({"Transactions are said to be missing"}, {"C-1"}),
    "d30_superseded": ({"The first link is over", "One message, and no fight"}, {"C-8"}),
    "d31_disconnect": ({"It is revoked at the bank"}, set()),
    "d32_too_many_requests": (
        {"It waits for the seconds", "It waits until the date", "No call came too early"},
        {"C-5"},
    ),
    "d33_clock_skew": ({"Five minutes slow", "As before"}, set()),
    "d34_open_redirect": ({"Not to an absolute address", "Not by two slashes"}, set()),
    "d35_secrets_in_logs": ({"The log holds no secret"}, set()),
    "d36_three_clocks": (
        {
            "Refresh: consent is asked for",
            "The user is told that it was not used",
            "Grant: its time is over",
            "The user is told that the consent is over",
        },
        {"C-8"},
    ),
    "d37_token_leak": (
        {
            "Consent is asked for",
            "The tokens are given up, and one message was sent",
            "New consent with the new secret",
            "It goes on with the new consent",
            "The new grant alone is alive",
        },
        {"C-8", "C-20"},
    ),
    "d38_token_forgery": (set(), {"C-11"}),
    "d39_provider_outage": ({"Nobody was written to"}, {"C-6", "C-8"}),
    "d40_revocation_storm": (
        {"One message and one refresh per user", "The company too got one message"},
        {"C-6", "C-8", "C-20"},
    ),
    "refresh_outage": ({"It was not stormed"}, set()),
}
JAPANESE = re.compile(r"[ぁ-んァ-ヶ一-龠]")
DRILLS = [name for name in names() if re.match(r"d\d\d_", name)]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving("--strict") as running:
        yield running


def test_every_drill_for_providers_has_its_scenario():
    assert [int(name[1:3]) for name in DRILLS] == [*range(1, 41)]


@pytest.mark.parametrize("name", DRILLS)
def test_each_drill_names_its_number_and_tells_its_story_twice(name):
    assert text_of(name).startswith(f"# D-{int(name[1:3])}\n")
    found = shipped(name)
    said = [found.title, found.story, *(step.say for step in found.timeline if step.say)]
    assert all(JAPANESE.search(text.ja) and not JAPANESE.search(text.en) for text in said)


@pytest.mark.parametrize("name", DRILLS)
def test_each_drill_begins_with_an_app_that_knows_nobody(name):
    first = shipped(name).timeline[0]
    assert (first.action, first.what["path"]) == ("app", "/reset")


async def test_an_app_that_goes_on_running_passes_them_one_after_the_other(server):
    """Nothing of an earlier drill is left: not its users, its messages, its log or its time."""
    some = ("d36_three_clocks", "d01_standard_flow", "d40_revocation_storm", "d03_wrong_password")
    async with example_app(f"{server.data_url}/w/again") as provider:
        for scenario in map(shipped, some):
            async with (
                fresh_world(server.control_url, scenario, "again") as bank,
                App(str(provider.make_url("/"))) as app,
            ):
                assert shown(await Run(scenario, bank, app).play()) == ""


@pytest.mark.parametrize("name", DRILLS)
def test_each_drill_ends_in_a_verdict(name):
    """Something is expected after the last thing that is done to the app."""
    last = shipped(name).timeline[-1]
    assert last.action == "expect" or {"status", "stays"} & last.what.keys()


@pytest.mark.parametrize("name", TELLTALES)
async def test_the_careful_provider_passes(server, name):
    verdict = await drilled(server.control_url, name, "careful")
    assert verdict.has_passed, shown(verdict)


@pytest.mark.parametrize("name", TELLTALES)
async def test_the_careless_provider_fails_in_what_the_drill_is_there_for(server, name):
    verdict = await drilled(server.control_url, name, "careless")
    steps, checks = TELLTALES[name]
    assert not verdict.has_passed
    assert steps - failed_steps(verdict) == set(), shown(verdict)
    assert checks - failed_checks(verdict) == set(), shown(verdict)


def failed_steps(verdict: Verdict) -> set[str]:
    return {
        outcome.step.title if outcome.step.say is None else outcome.step.say.en
        for outcome in verdict.steps
        if not outcome.is_ok
    }


def failed_checks(verdict: Verdict) -> set[str]:
    return {problem.split()[1] for problem in verdict.problems}


def test_the_table_has_every_drill():
    assert set(DRILLS) < TELLTALES.keys() <= set(names())


async def test_drills_run_side_by_side_and_do_not_disturb_each_other(server):
    some = ("d01_standard_flow", "d27_revoked_mid_use", "d32_too_many_requests")
    verdicts = await asyncio.gather(
        *(drilled(server.control_url, name, "careful") for name in some * 2)
    )
    assert [shown(verdict) for verdict in verdicts] == [""] * 6
