"""Which calls a rule strikes: every key of a match, on the socket."""

import pytest

from sandbox.domain.fault import AMOUNT_KEYS, MATCH_KEYS
from tests.api.test_worlds import ask
from tests.direct import LOGI, Direct
from tests.faults.striking import Striker
from tests.ordering import Orders, item
from tests.support import AGGREGATOR, basic

TEAPOT = {"status": 418}


async def is_struck(striker, match, path="/accounts") -> bool:
    fault = await striker.add("status", {"match": match}, **TEAPOT)
    status, _, _ = await striker.call(path)
    await striker.remove(fault)
    return status == 418


async def token_id(striker, kind: str) -> str:
    """Return the id of taro's token as the control API lists it."""
    _, body = await ask(striker.running, "GET", "/default/tokens")
    (found,) = [each["id"] for each in body["tokens"] if each["kind"] == kind]
    return found


@pytest.fixture
async def holder(striker) -> dict:
    """Return who taro's token stands for."""
    _, body = await ask(striker.running, "GET", "/default/grants")
    (grant,) = body["grants"]
    (login,) = {entry["user"] for entry in await striker.journal() if entry.get("user")}
    return {**grant, "user": login}


async def test_each_key_strikes_what_it_names_and_nothing_else(striker, holder):
    there = {
        "bank": "tomato",
        "operation": "show_balance",
        "class": "reference",
        "function": "balances",
        "method": "GET",
        "path": f"*/accounts/{striker.account_id}",
        "address": "127.0.0.1",
        "client_id": AGGREGATOR,
        "contractor_id": holder["contractor_id"],
        "user": holder["user"],
        "signed_in": "nowhere",
        "grant_id": holder["grant_id"],
        "scope": "accounts",
        "token": await token_id(striker, "access"),
        "account_id": striker.account_id,
        "branch_code": "001",
        "day_type": "business_day",
        "hour_phase": "counter",
    }
    elsewhere = {
        "bank": "web21",
        "operation": "list_accounts",
        "class": "update",
        "function": "transactions",
        "path": "/tomato/other",
        "address": "127.0.0.9",
        "signed_in": "pages",
        "day_type": "weekend",
        "hour_phase": "night",
    }
    assert set(MATCH_KEYS) - set(there) == {"grant_type", "beneficiary_bank", "kind", "event"}
    path = f"/accounts/{striker.account_id}"
    branch = (await striker.call(path))[1]["branch_code"]
    for key, value in {**there, "branch_code": branch}.items():
        assert await is_struck(striker, {key: value}, path), key
        assert not await is_struck(striker, {key: elsewhere.get(key, "other")}, path), key
    assert await is_struck(striker, {**there, "branch_code": branch}, path)
    assert not await is_struck(striker, {**there, "branch_code": "000"}, path)
    assert not await is_struck(striker, {"account_id": striker.account_id})


@pytest.mark.parametrize(
    ("by", "day_type", "hour_phase"),
    [
        ("4h59m", "business_day", "counter"),
        ("5h", "business_day", "evening"),
        ("11h", "business_day", "late"),
        ("14h", "business_day", "night"),
        ("20h", "business_day", "early"),
        ("23h", "business_day", "counter"),
        ("120h", "weekend", "counter"),
        ("168h", "national_holiday", "counter"),
    ],
)
async def test_day_and_hour_are_the_worlds(striker, by, day_type, hour_phase):
    await striker.running.advance(by)
    match = {"day_type": day_type, "hour_phase": hour_phase}
    assert await is_struck(striker, match)
    assert not await is_struck(striker, {**match, "hour_phase": other(hour_phase)})


def other(hour_phase: str) -> str:
    return "night" if hour_phase != "night" else "counter"


async def test_clients_are_told_apart_at_the_token_endpoint_by_header_and_by_form(striker):
    running = striker.running
    match = {"operation": "token", "client_id": AGGREGATOR, "grant_type": "refresh_token"}
    await striker.add("status", {"match": match}, **TEAPOT)
    form = {"grant_type": "refresh_token", "refresh_token": "x"}
    assert (await running.token(**form))[0] == 418
    assert (await running.token(client="sandbox-openid", **form))[0] != 418
    assert (await running.exchange("x"))[0] == 400
    posted = {**form, "client_id": AGGREGATOR}
    async with running.http.post(f"{running.base}/oauth/token", data=posted) as answer:
        assert answer.status == 418


async def test_oauth_paths_have_their_operations(striker):
    running = striker.running
    await striker.add("status", {"match": {"class": "oauth"}}, **TEAPOT)
    paths = {
        "authorize": ("GET", "/oauth/auth"),
        "revoke": ("POST", "/oauth/revoke"),
        "introspect": ("POST", "/oauth/introspect"),
        "par": ("POST", "/oauth/par"),
        "jwks": ("GET", "/oauth/jwks"),
        "userinfo": ("GET", "/oauth/userinfo"),
    }
    for method, path in paths.values():
        async with running.http.request(
            method, f"{running.base}{path}", headers=basic(AGGREGATOR)
        ) as answer:
            assert answer.status == 418, path
    found = [entry.get("operation") for entry in await striker.journal() if entry.get("fault")]
    assert found == list(paths)


# Transfers


@pytest.fixture
async def orders(running) -> Orders:
    return await Orders.of(Direct(running), kind="transfer")


@pytest.mark.parametrize(
    ("match", "expected"),
    [
        ({"amount_from_yen": 30_000}, True),
        ({"amount_from_yen": 30_001}, False),
        ({"amount_to_yen": 30_000}, True),
        ({"amount_to_yen": 29_999}, False),
        ({"amount_from_yen": 29_999, "amount_to_yen": 30_001}, True),
        ({"beneficiary_bank": "9999"}, True),
        ({"beneficiary_bank": "9998"}, True),
        ({"beneficiary_bank": "9997"}, False),
        ({"branch_code": "001"}, True),
        ({"branch_code": "002"}, False),
        ({"class": "update"}, True),
        ({"class": "approval"}, False),
        ({"operation": "register_transfer"}, True),
    ],
)
async def test_transfers_are_matched_by_their_total_and_where_they_go(
    striker, orders, match, expected
):
    await striker.add("status", {"match": match}, **TEAPOT)
    items = (
        item(1, transfer_amount=10_000),
        item(2, transfer_amount="20000", beneficiary_bank_code="9998"),
    )
    status, body, _ = await orders.try_register(*items)
    assert (status == 418) is expected, body
    if not expected:
        assert status == 200, body


async def test_a_call_without_an_amount_matches_no_amount(striker):
    for key in AMOUNT_KEYS:
        assert not await is_struck(striker, {key: 0})


async def test_a_body_that_was_looked_at_ahead_is_still_read_and_checked(striker, orders):
    await striker.add("status", {"match": {"amount_from_yen": 10**9}}, **TEAPOT)
    assert (await orders.try_register())[0] == 200
    for body in (b"{", b"[]", b"\xff", b""):
        async with striker.running.http.post(
            f"{orders.direct.base}{orders.path}",
            data=body,
            headers={"Authorization": f"Bearer {orders.token}", "Content-Type": "application/json"},
        ) as answer:
            assert answer.status == 400, body


# A part of the service (F-39)


@pytest.mark.requirement("T-30")
@pytest.mark.parametrize(
    ("part", "balance", "statement"),
    [
        ({"function": "balances"}, 503, 200),
        ({"function": "transactions"}, 200, 503),
        ({"class": "reference"}, 503, 503),
        ({"client_id": AGGREGATOR}, 503, 503),
        ({"client_id": "sandbox-accounting"}, 200, 200),
        ({"branch_code": "000"}, 200, 200),
        ({"account_id": "no such"}, 200, 200),
    ],
)
async def test_a_part_is_out_unannounced_and_the_rest_goes_on(striker, part, balance, statement):
    window = {"daily": {"from": "09:00", "to": "10:30"}}
    await striker.add("outage", {"match": part, "window": window})
    path = f"/accounts/{striker.account_id}"
    found = [await striker.call(path), await striker.call(f"{path}/transactions")]
    assert [status for status, _, _ in found] == [balance, statement]
    for status, _, headers in found:
        assert headers.get("Retry-After") == ("1800" if status == 503 else None)


# Worlds and windows


async def test_a_rule_stays_in_its_world(striker):
    running = striker.running
    assert (await ask(running, "POST", "", {"name": "other"}))[0] == 200
    rule = {"effect": {"kind": "status", **TEAPOT}}
    assert (await ask(running, "POST", "/other/faults", rule))[0] == 200
    assert await striker.statuses(1) == [200]
    path = striker.url.removeprefix(running.url)
    async with running.http.get(f"{running.url}/w/other{path}") as answer:
        assert answer.status == 418
    headers = {"X-Sandbox-World": "other"}
    async with running.http.get(f"{running.url}{path}", headers=headers) as answer:
        assert answer.status == 418


async def test_a_token_of_web21_finds_its_world_by_the_client_that_is_named(striker):
    logi = Direct(striker.running, LOGI)
    token = (await logi.log_in("logi_maker"))["access_token"]
    match = {"client_id": logi.client_id, "operation": "list_contract_accounts"}
    await striker.add("status", {"match": match}, **TEAPOT)
    assert (await logi.get("/accounts", token))[0] == 418


async def test_a_window_opens_and_closes_to_the_millisecond(striker):
    hours = {"from": "2026-11-16T10:00:01+09:00", "to": "2026-11-16T10:00:02+09:00"}
    await striker.add("status", {"window": hours}, **TEAPOT)
    found = []
    for by in ("999ms", "1ms", "999ms", "1ms"):
        await striker.running.advance(by)
        found.append((await striker.call())[0])
    assert found == [200, 418, 418, 200]


async def test_a_rule_is_in_force_for_the_very_next_call_and_gone_with_the_one_after(striker):
    for _ in range(5):
        fault = await striker.add("status", **TEAPOT)
        assert await striker.statuses(1) == [418]
        await striker.remove(fault)
        assert await striker.statuses(1) == [200]


async def test_one_token_is_struck_and_another_of_the_same_grant_is_not(running):
    striker = Striker(running)
    tokens = await running.log_in()
    striker.token = tokens["access_token"]
    await striker.add("status", {"match": {"token": await token_id(striker, "access")}}, **TEAPOT)
    assert (await striker.call())[0] == 418
    status, again, _ = await running.refresh(tokens["refresh_token"])
    assert status == 200
    striker.token = again["access_token"]
    assert (await striker.call())[0] == 200


async def test_a_refresh_token_is_known_in_its_form(running):
    striker = Striker(running)
    tokens = await running.log_in()
    await striker.add("status", {"match": {"token": await token_id(striker, "refresh")}}, **TEAPOT)
    assert (await running.refresh(tokens["refresh_token"]))[0] == 418
