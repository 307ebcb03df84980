"""Every method of the client, by both of its faces, against a server of another process."""

import asyncio
import json
import sqlite3
from datetime import timedelta

import aiohttp
import pytest

from sandbox.client import AsyncSandbox, ProblemError, Sandbox, journal
from sandbox.client.answers import plain
from sandbox.web.control.journal import FILTERS
from tests.api.driven import FACES, got
from tests.support import AGGREGATOR, CHALLENGE, NOW, REDIRECT_URI, answer_of, bearer, secret_of

CLOCK = f"frozen:{NOW}"
TARO = "00000000000000000010112345670001"


@pytest.fixture(params=FACES, ids=["blocking", "asynchronous"])
def sandbox(request, driven):
    return request.param(driven.control_url)


@pytest.fixture
async def world(sandbox):
    made = await got(sandbox.worlds.create(clock=CLOCK))
    yield made
    await got(made.delete())


# Worlds


async def test_a_world_is_made_listed_described_and_deleted(sandbox):
    world = await got(sandbox.worlds.create("its-own", seed=7, clock=CLOCK))
    assert world.name == "its-own"
    summaries = {each.name: each for each in await got(sandbox.worlds.list())}
    assert summaries["its-own"].seed == 7
    assert summaries["its-own"].clock.mode == "frozen"
    described = await got(world.describe())
    assert (described.name, described.seed) == ("its-own", 7)
    assert described.clock.now.isoformat() == NOW
    await got(sandbox.worlds.delete("its-own"))
    await got(sandbox.worlds.delete("its-own"))
    assert "its-own" not in {each.name for each in await got(sandbox.worlds.list())}


async def test_a_world_without_a_name_gets_one(world, sandbox):
    assert world.name.startswith("w-")
    assert world.name in repr(world)
    assert (await got(sandbox.world(world.name).clock.get())).now.isoformat() == NOW


async def test_a_world_begins_as_a_snapshot_of_another(world, sandbox):
    await got(world.clock.advance("2d"))
    await got(world.snapshots.take("two-days-on"))
    fork = await got(sandbox.worlds.create(from_snapshot=f"{world.name}/two-days-on"))
    assert await got(fork.clock.get()) == await got(world.clock.get())
    await got(fork.delete())


async def test_a_bank_knows_its_clients_and_personas(world, driven):
    bank = await got(world.bank())
    assert bank.issuer == f"{driven.data_url}/w/{world.name}/tomato"
    assert bank.token_endpoint == f"{bank.api_base}/oauth/token"
    assert bank.display_name["en"] == "Sandbox Bank (Regional)"
    client = await got(world.client(AGGREGATOR))
    assert client == bank.client(AGGREGATOR)
    assert client.client_secret == secret_of(AGGREGATOR)
    assert REDIRECT_URI in client.redirect_uris
    assert client in await got(world.clients())
    persona = await got(world.persona("taro"))
    assert persona == bank.persona("taro")
    expected = {"branch_code": "001", "account_number": "1234567", "pin": "1234"}
    assert (persona.holder_name, persona.login) == ("架空 太郎", expected)


async def test_a_client_is_registered_changed_blocked_and_ended(world):
    metadata = {"client_id": "app", "redirect_uris": [REDIRECT_URI], "client_name": "試験"}
    made = await got(world.clients.register(metadata))
    assert (made.client_id, made.client_name, made.status) == ("app", "試験", "active")
    assert made.client_secret
    assert made.more["pkce"] == "optional"
    shown = await got(world.clients.get("app"))
    assert plain(shown) == {k: v for k, v in plain(made).items() if k != "client_secret"}
    changed = await got(world.clients.update("app", {**metadata, "client_name": "改名"}))
    assert (changed.client_name, changed.client_secret) == ("改名", None)
    assert (await got(world.clients.rotate_secret("app"))).client_secret != made.client_secret
    for act, status in ((world.clients.block, "blocked"), (world.clients.unblock, "active")):
        assert (await got(act("app"))).status == status
    await got(world.clients.end("app"))
    (ended,) = await got(world.clients.list(status="ended", bank="tomato"))
    assert (ended.client_id, ended.is_ready) == ("app", False)
    assert (await got(world.clients.list()))[0].client_id == AGGREGATOR


# Consent, tokens, grants, accounts


async def test_authorize_answers_the_redirect(world):
    consent = await got(
        world.authorize(
            AGGREGATOR,
            "taro",
            state="s1",
            redirect_uri=REDIRECT_URI,
            code_challenge=CHALLENGE,
            accounts=[TARO],
            functions=["balances"],
        )
    )
    answer = answer_of(consent.redirect_to)
    assert consent.redirect_to.startswith(REDIRECT_URI)
    assert (answer["code"], answer["state"]) == (consent.code, "s1")
    (grant,) = await got(world.grants.list())
    assert (grant.accounts, grant.functions) == ((TARO,), ("balances",))


async def test_approve_does_what_the_address_asks_for(world):
    bank = await got(world.bank())
    address = (
        f"{bank.authorization_endpoint}?response_type=code&client_id={AGGREGATOR}&scope=accounts"
        f"&redirect_uri=http%3A%2F%2Flocalhost%3A8000%2Fcallback&state=a%20b"
        f"&code_challenge={CHALLENGE}&code_challenge_method=S256"
    )
    consent = await got(world.approve(address, "hanako"))
    assert consent.state == "a b"
    (grant,) = await got(world.grants.list(persona="hanako"))
    assert (grant.client_id, grant.scope, grant.is_live) == (AGGREGATOR, "accounts", True)


@pytest.mark.parametrize("query", ["", "?client_id=x", "?response_type=token&client_id=x"])
async def test_approve_takes_no_address_that_asks_for_no_code(world, query):
    with pytest.raises(ValueError, match="no authorization request"):
        await got(world.approve(f"https://bank.example/auth{query}", "taro"))


async def test_minted_tokens_are_listed_expired_and_revoked(world):
    minted = await got(world.tokens.mint(AGGREGATOR, "taro"))
    assert (minted.token_type, minted.scope, minted.expires_in) == ("Bearer", "accounts", 1800)
    access, refresh = sorted(await got(world.tokens.list()), key=lambda each: each.kind)
    assert (access.kind, refresh.kind) == ("access", "refresh")
    assert access.expires_at - access.issued_at == timedelta(seconds=minted.expires_in)
    assert minted.access_token not in str(plain(access))

    await got(world.tokens.expire(access.id))
    live = {each.kind: each.is_live for each in await got(world.tokens.list())}
    assert live == {"access": False, "refresh": True}

    await got(world.tokens.revoke(refresh.id))
    assert not any(each.is_live for each in await got(world.tokens.list()))
    assert await got(world.tokens.list(client_id="sandbox-native")) == []
    assert len(await got(world.tokens.list(grant_id=access.grant_id))) == 2


async def test_grants_are_listed_revoked_and_expired(world):
    for persona in ("taro", "hanako"):
        await got(world.tokens.mint(AGGREGATOR, persona))
    grants = {each.persona: each for each in await got(world.grants.list())}
    assert set(grants) == {"taro", "hanako"}
    await got(world.grants.revoke(grants["taro"].grant_id, by="user", reason="password_changed"))
    await got(world.grants.expire(grants["hanako"].grant_id))
    (taro,) = await got(world.grants.list(persona="taro", client_id=AGGREGATOR))
    assert (taro.is_live, taro.end_reason) == (False, "password_changed")
    assert taro.ended_at.isoformat() == NOW
    (hanako,) = await got(world.grants.list(persona="hanako"))
    assert (hanako.is_live, hanako.expires_at.isoformat()) == (False, NOW)


async def test_a_grant_revoked_with_a_lag_lives_until_then(world):
    await got(world.tokens.mint(AGGREGATOR, "taro"))
    (grant,) = await got(world.grants.list())
    await got(world.grants.revoke(grant.grant_id, lag="90s"))
    assert (await got(world.grants.list()))[0].is_live
    await got(world.clock.advance("90s"))
    assert not (await got(world.grants.list()))[0].is_live


async def test_a_locked_login_or_address_is_unlocked(world):
    answer = await got(world.unlock(login="card:001:1234567", address="192.0.2.1"))
    assert plain(answer) == {}
    with pytest.raises(ProblemError, match="address"):
        await got(world.unlock(address="nowhere"))
    with pytest.raises(ProblemError) as refused:
        await got(world.unlock(login="x", bank="nobody"))
    assert refused.value.slug == "unknown-bank"


async def test_accounts_are_what_the_ledger_holds(world):
    (account,) = await got(world.accounts.list(bank="tomato", persona="taro"))
    assert (account.account_id, account.holder_name) == (TARO, "架空 太郎")
    assert (account.state, account.account_type) == ("open", "ordinary")
    assert account.balance_yen > 0
    everybody = await got(world.accounts.list())
    assert account in everybody
    assert len({each.account_id for each in everybody}) == len(everybody) > 10


async def test_a_list_of_several_pages_is_fetched_to_its_end(world, monkeypatch):
    everybody = await got(world.accounts.list())
    monkeypatch.setattr("sandbox.client.calls.PAGE_SIZE", 7)
    assert len(everybody) > 14
    assert await got(world.accounts.list()) == everybody


# Clock


async def test_the_clock_is_shown_set_and_advanced(world):
    clock = await got(world.clock.get())
    assert (clock.mode, clock.now.isoformat(), clock.rate) == ("frozen", NOW, None)
    advance = await got(world.clock.advance("1d"))
    assert advance.now - clock.now == timedelta(days=1)
    times = [event.at for event in advance.events]
    assert times == sorted(times)
    assert {"posting", "closing_run"} <= {event.kind for event in advance.events}
    later = await got(world.clock.advance(to="next_business_day 09:00"))
    assert f"{later.now:%H:%M}" == "09:00"
    target = later.now + timedelta(hours=1)
    assert (await got(world.clock.advance(to=target))).now == target


@pytest.mark.parametrize(
    ("clock", "mode", "rate"),
    [
        ("real", "real", None),
        ("offset:91d", "offset", None),
        ("scaled:60", "scaled", 60),
        ("scaled:2@2027-01-01T09:00", "scaled", 2),
        ("frozen", "frozen", None),
        ("2027-01-01", "frozen", None),
        ({"mode": "frozen", "at": "2027-01-01T09:00"}, "frozen", None),
    ],
)
async def test_a_clock_is_set_as_it_is_written(world, clock, mode, rate):
    answer = await got(world.clock.set(clock))
    assert (answer.mode, answer.rate) == (mode, rate)


async def test_setting_the_clock_answers_what_fell_due(world):
    answer = await got(world.clock.set("frozen:2026-11-18T10:00"))
    assert "posting" in {event.kind for event in answer.events}


# Snapshots and resets


async def test_a_snapshot_is_taken_listed_restored_and_deleted(world):
    taken = await got(world.snapshots.take("before"))
    assert (taken.name, taken.now.isoformat(), taken.automatic) == ("before", NOW, False)
    await got(world.tokens.mint(AGGREGATOR, "taro"))
    await got(world.clock.advance("91d"))
    names = [each.name for each in await got(world.snapshots.list())]
    assert names == ["before", "before-advance-0001"]
    clock = await got(world.snapshots.restore("before"))
    assert clock.now == taken.now
    assert await got(world.grants.list()) == []
    await got(world.snapshots.delete("before"))
    await got(world.snapshots.delete("before"))
    assert [each.automatic for each in await got(world.snapshots.list())] == [True]


async def test_a_snapshot_goes_out_and_in_again(world, tmp_path):
    await got(world.tokens.mint(AGGREGATOR, "taro"))
    await got(world.snapshots.take("out"))
    content = await got(world.snapshots.download("out"))
    file = tmp_path / "world.db"
    file.write_bytes(content)
    with sqlite3.connect(file) as connection:
        assert connection.execute("SELECT COUNT(*) FROM access_grant").fetchone() == (1,)
    connection.close()
    for name, given in (("bytes", content), ("file", file)):
        taken = await got(world.snapshots.upload(name, given))
        assert (taken.name, taken.size_bytes) == (name, len(content))
    await got(world.reset("tokens"))
    await got(world.snapshots.restore("file"))
    assert len(await got(world.grants.list())) == 1


async def test_a_reset_sets_back_what_is_asked(world):
    await got(world.tokens.mint(AGGREGATOR, "taro"))
    await got(world.clock.advance("1d"))
    answer = await got(world.reset("tokens"))
    assert (answer.what, await got(world.grants.list())) == ("tokens", [])
    assert answer.clock.now.isoformat() != NOW
    assert (await got(world.reset("clock"))).clock.now.isoformat() == NOW


# Journal


async def test_the_journal_is_listed_filtered_exported_and_emptied(world, driven):
    await call_the_bank(world, AGGREGATOR, REDIRECT_URI)
    authorize, metadata = await got(world.journal.list())
    assert (authorize.operation, authorize.status) == ("authorize", 400)
    assert (authorize.at.isoformat(), authorize.bank, authorize.method) == (NOW, "tomato", "GET")
    assert authorize.latency_us > 0
    assert authorize.more["user_agent"]
    assert metadata.path.endswith("/.well-known/oauth-authorization-server")
    assert await got(world.journal.list(after=authorize.id)) == [metadata]
    assert await got(world.journal.last(1)) == (metadata,)
    assert await got(world.journal.list(status=400, until=authorize.at)) == []
    assert await got(world.journal.list(operation="authorize", since=NOW)) == [authorize]
    page = await got(world.journal.page(limit=1))
    assert (page.items, page.next, page.dropped) == ((authorize,), str(authorize.id), 0)
    har = json.loads(await got(world.journal.har(status=200)))
    assert [entry["response"]["status"] for entry in har["log"]["entries"]] == [200]
    await got(world.journal.clear())
    assert await got(world.journal.list()) == []


def test_the_journal_has_the_filters_of_the_control_api():
    assert set(journal.Filters.__annotations__) == set(FILTERS)


@pytest.mark.parametrize(
    "name",
    ["bank", "client_id", "contractor_id", "persona", "grant_id", "error_code", "reason", "status"],
)
async def test_each_filter_of_the_journal_shows_what_has_it_and_nothing_else(world, name):
    pair = await got(world.tokens.mint(AGGREGATOR, "taro"))
    bank = await got(world.bank())
    async with aiohttp.ClientSession() as http:
        for token in (pair.access_token, "no-token"):
            url, headers = f"{bank.api_base}/accounts", bearer(token)
            async with http.get(url, headers=headers) as answer:
                assert answer.status in (200, 401)
    calls = await got(world.journal.list())
    (value,) = {getattr(call, name) for call in calls} - {None, 200}
    wanted = [call for call in calls if getattr(call, name) == value]
    assert len(wanted) == (2 if name == "bank" else 1)
    assert await got(world.journal.list(**{name: value})) == wanted
    assert await got(world.journal.last(9, **{name: value})) == tuple(wanted)
    assert (await got(world.journal.page(**{name: value}))).items == tuple(wanted)
    exported = json.loads(await got(world.journal.har(**{name: value})))
    assert len(exported["log"]["entries"]) == len(wanted)
    nothing = 999 if name == "status" else "none"
    assert await got(world.journal.list(**{name: nothing})) == []


async def call_the_bank(world, client_id: str, redirect_uri: str) -> None:
    """Make two calls at the bank door: one that it refuses, one that it answers."""
    bank = await got(world.bank())
    async with aiohttp.ClientSession() as http:
        query = {"client_id": client_id, "redirect_uri": redirect_uri + "/elsewhere"}
        async with http.get(bank.authorization_endpoint, params=query) as answer:
            assert answer.status == 400
        async with http.get(f"{bank.issuer}/.well-known/oauth-authorization-server") as answer:
            assert answer.status == 200


async def test_following_yields_what_was_and_what_comes_blocking(driven):
    world = Sandbox(driven.control_url).worlds.create(clock=CLOCK)
    await call_the_bank(world, AGGREGATOR, REDIRECT_URI)
    calls = world.journal.follow(pause_s=0.01)
    assert [next(calls).status, next(calls).status] == [400, 200]
    await call_the_bank(world, AGGREGATOR, REDIRECT_URI)
    assert [next(calls).status, next(calls).status] == [400, 200]
    world.delete()


async def test_following_yields_what_was_and_what_comes_asynchronous(driven):
    world = await AsyncSandbox(driven.control_url).worlds.create(clock=CLOCK)
    await call_the_bank(world, AGGREGATOR, REDIRECT_URI)
    calls = world.journal.follow(pause_s=0.01, operation="authorize")
    first = await anext(calls)
    later = asyncio.create_task(anext(calls))
    await asyncio.sleep(0.05)
    assert not later.done()
    await call_the_bank(world, AGGREGATOR, REDIRECT_URI)
    assert (await later).id == first.id + 2
    await world.delete()


# Connections


async def test_within_a_block_the_client_serves_many_calls(driven):
    async with AsyncSandbox(driven.control_url) as sandbox:
        clocks = [await sandbox.world().clock.get() for _ in range(3)]
    assert clocks[0] == clocks[2]
    with Sandbox(driven.control_url) as sandbox:
        assert sandbox.world().clock.get() == clocks[0]
