"""``Idempotency-Key``: a call that is sent twice and done once."""

import asyncio

import pytest

from tests.direct import LOGI, Direct
from tests.ordering import APPROVAL, Orders, code_of, item
from tests.support import run_sandbox

KEY = {"Idempotency_Key": "b3f1c9e2-4d0a-4a34-9a8e-5f1f0c6f1d11"}


@pytest.fixture
async def orders(running):
    return await Orders.of(Direct(running))


async def count(orders):
    _, listed, _ = await orders.direct.get(f"{orders.path}/list", orders.token)
    return listed["count"]


async def test_the_same_call_is_done_once_and_answered_twice(orders):
    first = await orders.try_register(headers=KEY)
    again = await orders.try_register(headers=KEY)
    assert (first[0], first[1]) == (again[0], again[1])
    assert "Idempotency-Replayed" not in first[2]
    assert again[2]["Idempotency-Replayed"] == "true"
    assert await count(orders) == 1


async def test_without_a_key_it_is_done_twice(orders):
    assert (await orders.register())["transaction_id"] != (await orders.register())[
        "transaction_id"
    ]
    assert await count(orders) == 2


async def test_the_order_of_fields_is_no_other_content(orders):
    body = {"warning_check_type": "0000000000", "temporary_transaction_id": ""}
    first = await orders.try_register(body=body, headers=KEY)
    again = await orders.try_register(body=dict(reversed(body.items())), headers=KEY)
    assert first[1] == again[1]


async def test_the_same_key_with_other_contents_is_refused_and_does_nothing(orders):
    await orders.try_register(headers=KEY)
    other = await orders.try_register(item(transfer_amount=1), headers=KEY)
    assert code_of(other) == (409, "idempotency_conflict")
    assert await count(orders) == 1


async def test_a_key_belongs_to_one_operation(orders):
    reference = (await orders.try_register(headers=KEY))[1]["transaction_id"]
    path = f"{orders.path}/{reference}/withdrawal"
    refused = await orders.send(path, {}, **KEY)
    assert code_of(refused) == (409, "idempotency_conflict")
    assert (await orders.detail(reference))["transaction_status"] == "10"


async def test_a_key_belongs_to_one_client(running, orders):
    await orders.try_register(headers=KEY)
    logi = await Orders.of(Direct(running, LOGI), "logi_maker", "web21.upd")
    payer = {"remitting_branch_code": "003", "remitting_account_number": "1000101"}
    answer = await logi.try_register(remitter_name="ｻﾝﾌﾟﾙﾌﾞﾂﾘﾕｳ(ｶ", headers=KEY, **payer)
    assert (answer[0], answer[1].get("transaction_status")) == (200, "10"), answer[1]
    assert "Idempotency-Replayed" not in answer[2]


async def test_a_refused_call_leaves_its_key_free(orders):
    refused = await orders.try_register(effort_date="11-23", headers=KEY)
    assert code_of(refused) == (400, "not_business_day")
    assert (await orders.try_register(headers=KEY))[0] == 200


@pytest.mark.parametrize("act", ["submissions", "withdrawal", "return", "deletion"])
async def test_acts_are_repeated_without_harm(orders, act):
    checker = await Orders.of(orders.direct, "shoji_checker", APPROVAL)
    reference = (await orders.register())["transaction_id"]
    if act == "deletion":
        await orders.act(reference, "withdrawal")
    actor = checker if act in ("submissions", "return") else orders
    path = f"{orders.path}/{reference}/{act}"
    first = await actor.send(path, {}, **KEY)
    again = await actor.send(path, {}, **KEY)
    assert first[0] == 200, first[1]
    assert (again[0], again[1]) == (first[0], first[1])
    assert code_of(await actor.send(path, {})) == (409, "illegal_status")


async def test_of_many_at_once_one_does_the_work(orders):
    answers = await asyncio.gather(*[orders.try_register(headers=KEY) for _ in range(10)])
    assert {answer[0] for answer in answers} == {200}
    assert len({answer[1]["transaction_id"] for answer in answers}) == 1
    assert sum("Idempotency-Replayed" in answer[2] for answer in answers) == 9
    assert await count(orders) == 1


async def test_a_key_lasts_a_day_of_the_worlds_time(running, orders):
    first = (await orders.try_register(headers=KEY))[1]
    await running.advance("23h59m59s999ms")
    orders = await Orders.of(Direct(running))
    assert (await orders.try_register(headers=KEY))[1] == first
    await running.advance("1ms")
    again = (await orders.try_register(headers=KEY))[1]
    assert again["transaction_id"] != first["transaction_id"]


async def test_an_answer_lasts_over_a_restart(tmp_path, template):
    async with run_sandbox(tmp_path, template=template) as running:
        orders = await Orders.of(Direct(running))
        first = await orders.try_register(headers=KEY)
    async with run_sandbox(tmp_path) as running:
        again = Orders(Direct(running), orders.token)
        assert (await again.try_register(headers=KEY))[1] == first[1]
        assert await count(again) == 1


@pytest.mark.parametrize("key", ["", " ", "k" * 256, "鍵", "a\tb"])
async def test_what_is_no_key(orders, key):
    answer = await orders.try_register(headers={"Idempotency_Key": key})
    assert code_of(answer) == (400, "invalid_parameter")
    assert answer[1]["error_details"][0]["field"] == "Idempotency-Key"
    assert await count(orders) == 0


async def test_the_longest_key(orders):
    headers = {"Idempotency_Key": "k" * 255}
    assert (await orders.try_register(headers=headers))[0] == 200
