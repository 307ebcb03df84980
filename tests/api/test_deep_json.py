"""JSON that nests deeper than any validator follows is refused, never a 500."""

import json

import pytest

from tests.direct import Direct
from tests.ordering import NO_CHECKS, Orders, code_of, request_data
from tests.support import run_sandbox

LEVELS = [100, 253, 254, 255, 256, 900]


def deep(levels):
    body = "bottom"
    for _ in range(levels):
        body = {"x": body}
    return body


@pytest.mark.parametrize("levels", LEVELS)
async def test_an_order_of_any_depth_is_refused_in_the_banks_shape(running, levels):
    orders = await Orders.of(Direct(running))
    answer = await orders.send(orders.path, deep(levels))
    assert code_of(answer) == (400, "invalid_parameter")
    assert answer[1]["error_details"]


@pytest.mark.parametrize("levels", LEVELS)
async def test_an_unknown_key_may_hold_what_it_likes_unless_the_call_is_to_be_told_again(
    running, levels
):
    orders = await Orders.of(Direct(running))
    body = {"warning_check_type": NO_CHECKS, "fixed_request_data": request_data()}
    unknown = {**body, "unknown": deep(levels)}
    assert (await orders.send(orders.path, unknown))[0] == 200
    status, answer, _ = await orders.send(orders.path, unknown, Idempotency_Key=f"deep-{levels}")
    if levels < 250:
        assert status == 200
    else:
        assert (status, answer["error_details"][0]["message"]) == (400, "nested too deeply")


@pytest.mark.parametrize("levels", LEVELS)
async def test_the_control_door_refuses_it_as_a_problem(running, levels):
    url = f"{running.sandbox.control_url}/api/v1/worlds"
    async with running.http.post(url, json=deep(levels)) as answer:
        assert (answer.status, answer.content_type) == (422, "application/problem+json")


@pytest.mark.parametrize("levels", LEVELS)
async def test_a_registration_refuses_it_as_client_metadata(tmp_path, template, levels):
    async with run_sandbox(
        tmp_path, template=template, tomato_dynamic_registration="open"
    ) as running:
        body = {"redirect_uris": deep(levels)}
        async with running.http.post(f"{running.base}/oauth/register", json=body) as answer:
            found = json.loads(await answer.text())
            assert answer.status == 400
    assert found["error"].startswith("invalid_")
