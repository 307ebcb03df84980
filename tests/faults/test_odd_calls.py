"""Rules look at calls ahead of everybody else: whatever comes, that alone changes no answer."""

import gzip
import json
import logging

import pytest

from tests.direct import Direct
from tests.ordering import Orders, item, request_data
from tests.support import AGGREGATOR, basic, bearer

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/json"}
# Asks for every fact that there is, and strikes nothing.
ASKING = {
    "account_id": "no such",
    "amount_from_yen": 10**15,
    "beneficiary_bank": "0000",
    "branch_code": "no such",
    "client_id": "no such",
    "day_type": "year_end",
    "grant_id": "no such",
    "scope": "no such",
}


async def answers(running, calls) -> list[tuple[int, bytes]]:
    found = []
    for method, path, headers, data in calls:
        async with running.http.request(
            method, f"{running.url}{path}", headers=headers, data=data, allow_redirects=False
        ) as answer:
            body = await answer.read()
            found.append((answer.status, body if "json" in answer.content_type else b""))
    return found


def odd_calls(base: str, token: str) -> list[tuple]:
    good = basic(AGGREGATOR)
    form = "grant_type=refresh_token&refresh_token=x"
    return [
        ("GET", f"{base}/accounts", {"Authorization": "Bearer"}, None),
        ("GET", f"{base}/accounts", {"Authorization": "Bearer é"}, None),
        ("GET", f"{base}/accounts", bearer("." * 300), None),
        ("GET", f"{base}/accounts", bearer(f"{token}x"), None),
        ("GET", f"{base}/accounts/%2e%2e%2f", bearer(token), None),
        ("GET", f"{base}/accounts?client_id=%ff&client_id=2", bearer(token), None),
        ("GET", f"{base}/accounts?access_token=x", {}, None),
        ("GET", f"/w/nowhere{base}/accounts", bearer(token), None),
        ("GET", f"{base}/accounts", {"X-Sandbox-World": "../x"}, None),
        ("GET", f"{base}/nothing", {}, None),
        ("DELETE", f"{base}/accounts", {}, None),
        ("OPTIONS", f"{base}/oauth/token", {}, None),
        ("HEAD", f"{base}/oauth/jwks", {}, None),
        ("POST", f"{base}/oauth/token", {**good, **FORM}, form),
        ("POST", f"{base}/oauth/token", {**good, **FORM}, form * 2),
        ("POST", f"{base}/oauth/token", {**good, **FORM}, "&".join("ab")),
        ("POST", f"{base}/oauth/token", {**good, **FORM}, "&".join(["a=1"] * 100)),
        ("POST", f"{base}/oauth/token", {**good, **FORM}, "a" * 70_000),
        ("POST", f"{base}/oauth/token", {**good, **FORM}, b"\xff\xfe=\xff"),
        ("POST", f"{base}/oauth/token", {"Authorization": "Basic !", **FORM}, form),
        ("POST", f"{base}/oauth/token", FORM, "client_assertion=a.b.c"),
        ("POST", f"{base}/oauth/token", FORM, "client_assertion=x&client_id="),
        ("POST", f"{base}/oauth/token", {**good, **JSON}, "{}"),
        ("POST", f"{base}/oauth/token", good, None),
        ("POST", f"{base}/oauth/revoke", {**good, **FORM}, "token=x"),
        ("GET", f"{base}/oauth/auth?scope=%00&client_id=x", {}, None),
        ("POST", f"{base}/oauth/auth", FORM, "state=%ff"),
    ]


async def test_no_answer_changes_because_a_rule_looked_ahead(striker, caplog):
    base = striker.running.base.removeprefix(striker.running.url)
    calls = odd_calls(base, striker.token)
    before = await answers(striker.running, calls)
    await striker.add("status", {"match": ASKING}, status=418)
    with caplog.at_level(logging.ERROR):
        after = await answers(striker.running, calls)
    for call, was, now in zip(calls, before, after, strict=True):
        assert now == was, call
    assert all(status < 500 for status, _ in after)
    assert caplog.records == []


def bodies() -> list[bytes]:
    data = request_data(item(), kind="transfer")
    odd = [
        {},
        [],
        {"fixed_request_data": 3},
        {"fixed_request_data": {"transactions": 3}},
        {"fixed_request_data": {"transactions": [3, None, {}]}},
        {"fixed_request_data": {**data, "transactions": [item(transfer_amount="-1")]}},
        {"fixed_request_data": {**data, "transactions": [item(transfer_amount=1.5)]}},
        {"fixed_request_data": {**data, "transactions": [item(transfer_amount="９")]}},
        {"fixed_request_data": {**data, "transactions": [item(transfer_amount="9" * 400)]}},
        {"client_id": 7, "contractor_id": None},
    ]
    return [b"", b"{", b"\xff", b'"x"', *(json.dumps(each).encode() for each in odd)]


async def test_bodies_are_read_once_and_refused_as_ever(striker):
    orders = await Orders.of(Direct(striker.running), kind="transfer")
    path = f"{orders.direct.base}{orders.path}".removeprefix(striker.running.url)
    sent, blanks = {**bearer(orders.token), **JSON}, b" " * 500_000
    packed = {**sent, "Content-Encoding": "gzip"}
    calls = [("POST", path, sent, body) for body in bodies()]
    calls += [
        ("POST", path, packed, gzip.compress(b"{}")),
        ("POST", path, {**bearer(orders.token), "Content-Type": "text/html"}, b"{}"),
        ("POST", path, sent, blanks),
    ]
    before = await answers(striker.running, calls)
    await striker.add("status", {"match": ASKING}, status=418)
    assert await answers(striker.running, calls) == before
    assert all(400 <= status < 500 for status, _ in before)


@pytest.mark.parametrize("status", [200, 204, 205, 304, 404, 599])
async def test_any_status_is_a_sound_answer(striker, status):
    await striker.add("status", status=status)
    assert await striker.statuses(2) == [status, status]


async def test_an_answer_to_head_has_no_body_under_a_rule_either(striker):
    url = f"{striker.running.base}/oauth/jwks"
    for kind, effect in (("dribble", {"total_ms": 20}), ("status", {"status": 503})):
        fault = await striker.add(kind, **effect)
        async with striker.running.http.head(url) as answer:
            assert (answer.status, await answer.read()) == (effect.get("status", 200), b"")
        await striker.remove(fault)


@pytest.mark.parametrize("content_type", ["a\r\nb: c", " text/html", "text/html\n", ""])
async def test_a_content_type_brings_no_header_of_its_own(striker, content_type):
    rule = {"effect": {"kind": "maintenance_page", "content_type": content_type}}
    async with striker.running.http.post(striker.rules, json=rule) as answer:
        assert answer.status == 422


async def test_what_belongs_to_no_bank_is_never_struck(striker):
    await striker.add("never_answer")
    for path in ("/healthz", "/readyz", "/reasons"):
        async with striker.running.http.get(f"{striker.running.url}{path}") as answer:
            assert answer.status == 200
