"""A grant's token that leaks: a twin of the client's own, which no report holds against it."""

import asyncio
from functools import partial

import pytest

from sandbox.client import AsyncSandbox, ProblemError, Sandbox
from tests.acting import Tomato, Web21, called_from, journalled, sent
from tests.clientele import register
from tests.keys import Key
from tests.process import run
from tests.support import AGGREGATOR

SIDES = {"tomato": Tomato, "web21": Web21}


@pytest.fixture(params=SIDES)
def side(running, request):
    return SIDES[request.param](running)


async def grant_of(running, persona):
    _, found = await sent(running, "GET", f"/grants?persona={persona}")
    return next(each["grant_id"] for each in found["grants"] if each["is_live"])


async def leaked(running, persona="taro"):
    status, answer = await sent(running, "POST", f"/grants/{await grant_of(running, persona)}/leak")
    assert status == 200, answer
    return answer


@pytest.mark.requirement("T-18")
async def test_the_twin_opens_what_the_client_s_own_opens_and_leaves_that_alone(side):
    tokens = await side.log_in()
    twin = await leaked(side.running, side.persona)
    assert twin["access_token"] != tokens["access_token"]
    assert len(twin["access_token"]) == len(tokens["access_token"])
    assert (twin["scope"], twin["is_bound"]) == (tokens["scope"], False)
    assert twin["expires_in"] == tokens["expires_in"]
    for token in (twin["access_token"], tokens["access_token"]):
        assert await side.verdict(token) == (200, None)


async def test_the_bank_tells_it_apart_by_its_address_alone(running):
    tokens = await Tomato(running).log_in()
    await Tomato(running).verdict(tokens["access_token"])
    twin = await leaked(running)
    assert await called_from(running, "127.0.0.2", twin["access_token"]) == 200
    _, answer = await sent(
        running, "POST", "/bank/tomato/incidents", kind="leak", client_id=AGGREGATOR
    )
    (flagged,) = answer["entries"][0]["detail"]["calls"]
    _, journal = await sent(running, "GET", "/journal")
    (entry,) = [each for each in journal["journal"] if each["id"] == flagged]
    assert (entry["remote"], entry["client_id"]) == ("127.0.0.2", AGGREGATOR)


@pytest.mark.parametrize("how", ["refresh", "revoke", "freeze", "block", "time"])
async def test_it_ends_with_the_client_s_own(running, how):
    side = Tomato(running)
    tokens = await side.log_in()
    twin = await leaked(running)
    grant_id = await grant_of(running, "taro")
    if how == "refresh":
        assert (await side.refresh(tokens["refresh_token"]))[0] == 200
    elif how == "revoke":
        await sent(running, "POST", f"/grants/{grant_id}/revoke")
    elif how == "freeze":
        await sent(running, "POST", "/bank/tomato/incidents", kind="leak", grant_id=grant_id)
    elif how == "block":
        await sent(running, "POST", f"/clients/{AGGREGATOR}/block")
    else:
        await sent(running, "POST", "/clock/advance", by="30m")
    assert (await side.verdict(twin["access_token"]))[0] == 401


@pytest.mark.parametrize("why", ["lapsed", "revoked", "frozen"])
async def test_where_nothing_lives_nothing_leaks(running, why):
    await Tomato(running).log_in()
    grant_id = await grant_of(running, "taro")
    if why == "lapsed":
        await sent(running, "POST", "/clock/advance", by="30m")
    elif why == "revoked":
        await sent(running, "POST", f"/grants/{grant_id}/revoke")
    else:
        await sent(running, "POST", "/bank/tomato/incidents", kind="leak", grant_id=grant_id)
    status, problem = await sent(running, "POST", f"/grants/{grant_id}/leak")
    assert (status, problem["type"].rpartition(":")[2]) == (409, "refused")
    assert problem["detail"].startswith("there is no live access token to leak: ")


async def test_of_an_unknown_grant_there_is_none(running):
    status, problem = await sent(running, "POST", "/grants/nothing/leak")
    assert (status, problem["type"].rpartition(":")[2]) == (404, "unknown-subject")


async def test_a_bound_token_is_of_no_use_to_whoever_has_it(running):
    key = Key()
    await register(running, "app", "client_secret_basic", dpop_bound=True)
    _, consent = await sent(
        running,
        "POST",
        "/tokens",
        bank="tomato",
        client_id="app",
        persona="taro",
        scope="accounts",
        dpop_jkt=key.thumbprint,
    )
    assert consent["token_type"] == "DPoP", consent
    twin = await leaked(running)
    assert twin["is_bound"] is True
    assert (await Tomato(running).verdict(twin["access_token"]))[0] == 401


async def test_the_journal_tells_of_it_by_a_mark_and_never_by_the_token(side):
    await side.log_in()
    twin = await leaked(side.running, side.persona)
    await side.verdict(twin["access_token"])
    (entry,) = await journalled(side.running, "leak")
    assert entry["bank"] == side.bank
    _, found = await sent(side.running, "GET", "/journal")
    assert found["journal"][-1]["traits"]["token"] == entry["traits"]["leaked"]
    assert twin["access_token"] not in str(found)


async def verdicts(running, query=""):
    _, report = await sent(running, "GET", f"/conduct{query}")
    return {each["id"] for each in report["findings"]}


async def test_no_report_holds_its_calls_against_the_client(side):
    tokens = await side.log_in()
    await side.verdict(tokens["access_token"])
    twin = await leaked(side.running, side.persona)
    grant_id = await grant_of(side.running, side.persona)
    await sent(side.running, "POST", f"/grants/{grant_id}/revoke")
    for _ in range(6):
        assert (await side.verdict(twin["access_token"]))[0] == 401
    client = "10000001" if side.bank == "web21" else AGGREGATOR
    for query in ("", f"?bank={side.bank}", f"?client_id={client}"):
        assert await verdicts(side.running, query) & {"C-8", "C-20"} == set()
    for _ in range(6):
        await side.verdict(tokens["access_token"])
    assert {"C-8", "C-20"} <= await verdicts(side.running)


# Clients and the command line


async def test_both_clients_leak(running):
    await Tomato(running).log_in()
    grant_id = await grant_of(running, "taro")
    url = running.sandbox.control_url
    async with AsyncSandbox(url) as sandbox:
        twin = await sandbox.world().grants.leak(grant_id)
    assert (await Tomato(running).verdict(twin.access_token))[0] == 200
    assert twin.access_token not in repr(twin)

    def blocking():
        with Sandbox(url) as sandbox:
            with pytest.raises(ProblemError, match="unknown-subject"):
                sandbox.world().grants.leak("nothing")
            return sandbox.world().grants.leak(grant_id)

    assert (await asyncio.to_thread(blocking)).scope == "accounts"


async def test_the_command_line_leaks(running):
    await Tomato(running).log_in()
    call = partial(run, SANDBOX_CONTROL=running.sandbox.control_url)
    found = await asyncio.to_thread(call, "grants", "leak", await grant_of(running, "taro"))
    assert found.returncode == 0, found
    token = found.stdout.split()[1]
    assert (await Tomato(running).verdict(token))[0] == 200
    lost = await asyncio.to_thread(call, "grants", "leak", "nothing")
    assert (lost.returncode, "unknown-subject" in lost.stderr) == (1, True), lost
