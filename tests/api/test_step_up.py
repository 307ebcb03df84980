"""A bank that wants a recent log-in for statements says so, and how recent (RFC 9470, O-32)."""

import pytest

from tests.direct import Direct
from tests.ordering import APPROVAL, Orders, code_of
from tests.support import bearer, run_sandbox

MAX_AGE_S = 600


@pytest.fixture
async def strict(tmp_path, template):
    async with run_sandbox(tmp_path, template=template, tomato_step_up_max_age="10m") as running:
        yield running


async def statement(running, token):
    _, body, _ = await running.get("/accounts", token)
    path = f"/accounts/{body['accounts'][0]['account_id']}/transactions"
    async with running.http.get(f"{running.base}{path}", headers=bearer(token)) as answer:
        return answer.status, await answer.json(), answer.headers


@pytest.mark.requirement("O-32")
async def test_a_log_in_serves_for_so_long_and_then_another_is_needed(strict):
    first = (await strict.log_in("taro"))["access_token"]
    await strict.advance("10m")
    assert (await statement(strict, first))[0] == 200
    await strict.advance("1s")
    status, body, headers = await statement(strict, first)
    assert (status, body["error_code"]) == (401, "insufficient_user_authentication")
    challenge = headers["WWW-Authenticate"]
    assert challenge.startswith('Bearer error="insufficient_user_authentication"')
    assert f'max_age="{MAX_AGE_S}"' in challenge
    assert (await strict.get("/accounts", first))[0] == 200  # the token itself is good
    second = (await strict.log_in("taro"))["access_token"]
    assert (await statement(strict, second))[0] == 200


@pytest.mark.requirement("O-32")
async def test_a_refresh_is_no_log_in(strict):
    tokens = await strict.log_in("taro")
    await strict.advance("11m")
    _, renewed, _ = await strict.refresh(tokens["refresh_token"])
    assert (await statement(strict, renewed["access_token"]))[0] == 401


@pytest.mark.requirement("O-32")
async def test_an_approval_may_want_a_fresh_log_in_too(tmp_path, template):
    async with run_sandbox(tmp_path, template=template, web21_step_up_max_age="5m") as running:
        direct = Direct(running)
        maker = await Orders.of(direct)
        reference = (await maker.register())["transaction_id"]
        checker = await Orders.of(direct, "shoji_checker", APPROVAL)
        await running.advance("5m1s")
        refused = await checker.act(reference, "submissions")
        assert code_of(refused) == (401, "insufficient_user_authentication")
        assert (await maker.detail(reference))["transaction_status"] == "10"
        again = await Orders.of(direct, "shoji_checker", APPROVAL)
        status, answer = await again.act(reference, "submissions")
        assert (status, answer["transaction_status"]) == (200, "30")


@pytest.mark.requirement("O-32", "T-13")
async def test_no_bank_asks_for_it_by_itself(running):
    token = (await running.log_in("taro"))["access_token"]
    await running.advance("29m")
    assert (await statement(running, token))[0] == 200
