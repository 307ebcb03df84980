"""No query of ``web21``'s calls gives a 500, and none opens what is another's."""

from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from yarl import URL

from sandbox.web.web21 import ENDPOINTS
from tests.direct import LOGI, MAIN_ACCOUNT, SHOJI, Direct
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
paths = st.sampled_from([row.path.format(account_id=MAIN_ACCOUNT) for row in ENDPOINTS])


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
    assert status in (200, 400, 403), (sent, body)
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
