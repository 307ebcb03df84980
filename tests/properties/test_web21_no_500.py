"""No query or body of ``web21``'s calls gives a 500, and none opens what is another's."""

import json
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from yarl import URL

from sandbox.web.web21 import ENDPOINTS
from tests.direct import LOGI, MAIN_ACCOUNT, SHOJI, Direct
from tests.ordering import NO_CHECKS, Orders, item, request_data
from tests.properties.pace import EXAMPLES
from tests.support import bearer

bounded = settings(
    max_examples=max(60, EXAMPLES),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
words = st.text(max_size=40) | st.sampled_from(
    ["", "10000001", "10000002", SHOJI, LOGI, "2026-11-01", "2026/02/31", "0000-00-00", "20", "９"]
)
names = st.sampled_from(["client_id", "contractor_id", "date_from", "date_to", "target_service"])
queries = st.dictionaries(names | st.text(max_size=8), words, max_size=6)
REFERENCE = "261116000000001"
PLACES = [
    (row, row.path.format(account_id=MAIN_ACCOUNT, transaction_id=REFERENCE)) for row in ENDPOINTS
]
paths = st.sampled_from([path for row, path in PLACES if row.method == "GET"])
posts = st.sampled_from([path for row, path in PLACES if row.method == "POST"])
# What takes the place of some value of a sound body, however deep it lies.
values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    words,
    st.sampled_from([10**30, -1, "ｶ" * 300, "01", "1" * 5000, [], {}, [[]], {"": None}]),
)


@pytest.fixture
async def direct(running):
    return Direct(running)


@bounded
@given(path=paths, query=queries, is_named=st.booleans())
@example(path=f"/accounts/{MAIN_ACCOUNT}", query={"client_id": "10000002"}, is_named=True)
@example(path="/users", query={"target_service": "é"}, is_named=True)
async def test_any_query_gets_an_answer_in_the_banks_shape(direct, path, query, is_named):
    token = (await direct.log_in("shoji_maker", "web21.ref web21.upd"))["access_token"]
    named = {"client_id": "10000001", "contractor_id": SHOJI} if is_named else {}
    sent = {**named, **query}
    text = urlencode(sent, errors="surrogatepass")
    url = URL(f"{direct.base}{path}?{text}", encoded=True)
    async with direct.running.http.get(url, headers=bearer(token)) as answer:
        body = await answer.json()
        status = answer.status
    assert status in (200, 400, 403, 404), (sent, body)
    if status == 200:
        assert (sent["client_id"], sent["contractor_id"]) == ("10000001", SHOJI)
    else:
        assert set(body) == {"error_code", "error_message", "error_details"}


@bounded
@given(account_id=st.text(min_size=1, max_size=20))
@example(account_id="0030110001010")
@example(account_id="0020110004010")  # another contractor's
@example(account_id="00000000000000000010112345670001")  # another bank's
async def test_no_account_id_opens_what_the_contract_does_not_hold(direct, account_id):
    token = (await direct.log_in("shoji_maker"))["access_token"]
    _, listed, _ = await direct.get("/accounts", token)
    known = {account["account_id"] for account in listed["accounts"]}
    query = {"client_id": "10000001", "contractor_id": SHOJI}
    address = f"{direct.base}/accounts/{quote(account_id, safe='', errors='replace')}"
    url = URL(f"{address}?{urlencode(query)}", encoded=True)
    async with direct.running.http.get(url, headers=bearer(token)) as answer:
        assert (answer.status == 200) == (account_id in known)
        assert answer.status in (200, 404)


def places_in(value: Any, path: tuple = ()) -> list[tuple]:
    """Return the place of every value in a body."""
    found = [path] if path else []
    inner = value.items() if isinstance(value, dict) else ()
    inner = enumerate(value) if isinstance(value, list) else inner
    return found + [place for name, each in inner for place in places_in(each, (*path, name))]


def replaced(body: Any, place: tuple, value: Any) -> Any:
    body = json.loads(json.dumps(body))
    *way, last = place
    inside = body
    for name in way:
        inside = inside[name]
    inside[last] = value
    return body


BODY = {
    "client_id": "10000001",
    "contractor_id": SHOJI,
    "warning_check_type": NO_CHECKS,
    "warning_data_fixed_flag": True,
    "temporary_transaction_id": "",
    "extension_edi_utilization_flag": False,
    "approval_cancel_type": "",
    "comment": "",
    "effort_date": "11-24",
    "transactions": [item()],
    "fixed_request_data": request_data(item(1), item(2), total_count=2, comment="c"),
}
bodies = st.builds(
    lambda place, value: replaced(BODY, place, value), st.sampled_from(places_in(BODY)), values
)


@bounded
@given(path=posts, body=bodies | values, persona=st.sampled_from(["shoji_maker", "shoji_checker"]))
@example(path="/bulk_transfers", body=BODY, persona="shoji_maker")
@example(path="/payroll_transfers", body=float("nan"), persona="shoji_maker")
async def test_any_body_gets_an_answer_in_the_banks_shape(direct, path, body, persona):
    scope = "web21.upd" if persona == "shoji_maker" else "web21.appr"
    orders = await Orders.of(direct, persona, scope)
    headers = {**bearer(orders.token), "Content-Type": "application/json"}
    url = f"{direct.base}{path}"
    async with direct.running.http.post(url, data=json.dumps(body), headers=headers) as answer:
        found = await answer.json()
        assert answer.status in (200, 400, 403, 404, 409), (body, found)
        if answer.status != 200:
            assert set(found) == {"error_code", "error_message", "error_details"}
