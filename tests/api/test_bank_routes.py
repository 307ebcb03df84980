"""What a bank answers where it has no API, at its own address and at a world's (bank_routes)."""

import pytest

from sandbox.web.bank_routes import around
from tests.api.test_journal import told
from tests.api.test_worlds import make
from tests.support import BASE

PREFIXES = ["", "/w/default", "/w/green"]
BANKS = ["tomato", "web21"]


async def asked(running, method, path):
    async with running.http.request(method, f"{running.url}{path}") as answer:
        body = await answer.json() if method != "HEAD" else None
        return answer.status, body, answer.headers


@pytest.mark.parametrize("bank", BANKS)
async def test_an_unknown_path_below_a_bank_is_404_in_its_shape(running, bank):
    await make(running, "green")
    for prefix in PREFIXES:
        for rest in ("", "/", "/nothing", "//", "/parasol/v1/banks/0566", "/w/green"):
            status, body, headers = await asked(running, "GET", f"{prefix}/{bank}{rest}")
            assert status == 404, (prefix, rest)
            assert "error_code" in body or "error" in body, body
            assert headers["Content-Type"] == "application/json; charset=utf-8"


async def test_beside_the_banks_there_is_nothing(running):
    for path in ("/tomatoes", "/tomat", "/web2", "/accounts"):
        async with running.http.get(f"{running.url}{path}") as answer:
            assert (answer.status, answer.content_type) == (404, "text/plain"), path


@pytest.mark.parametrize("prefix", PREFIXES)
async def test_another_method_is_405_with_those_that_would_do(running, prefix):
    await make(running, "green")
    for method in ("HEAD", "PUT", "POST"):
        status, body, headers = await asked(running, method, f"{prefix}{BASE}/accounts")
        assert (status, headers["Allow"]) == (405, "GET"), method
        assert body is None or body["error_code"] == "method_not_allowed"


async def test_each_bank_names_its_own_methods_alone(running):
    """Both have an OAuth door; a method of the one is none of the other's."""
    for bank, base in (("tomato", BASE), ("web21", "/web21")):
        _, _, headers = await asked(running, "DELETE", f"{base}/oauth/token")
        assert headers.get("Allow") in ("OPTIONS,POST", None), bank
    status, body, _ = await asked(running, "GET", "/web21/parasol/v1/banks/0566/accounts")
    assert (status, body["error_code"]) == (404, "not_found")


async def test_what_no_api_answers_is_in_the_journal_once(running):
    for path in ("/tomato/nothing", "/w/default/tomato/nothing"):
        await asked(running, "GET", path)
    assert await told(running) == [(None, 404, "not_found")] * 2


async def test_the_first_of_what_surrounds_a_handler_is_outermost():
    seen = []

    def noting(name):
        async def middleware(request, handler):
            seen.append(f"{name} in")
            answer = await handler(request)
            seen.append(f"{name} out")
            return answer

        return middleware

    async def handler(request):
        seen.append(request)
        return "answer"

    assert await around(noting("a"), noting("b"))(handler)("request") == "answer"
    assert seen == ["a in", "b in", "request", "b out", "a out"]
