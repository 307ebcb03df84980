"""Lines and computers that are slow: the answer comes late, and is right (W-62)."""

import asyncio

import pytest

from tests.direct import Direct

DELAY_MS = 150


@pytest.mark.requirement("W-62")
@pytest.mark.parametrize("stage", ["before", "after_commit"])
async def test_an_answer_of_a_corporations_bank_comes_late_and_is_the_same(striker, stage):
    direct = Direct(striker.running)
    token = (await direct.log_in("shoji_maker"))["access_token"]
    clock = asyncio.get_running_loop().time
    plain = await direct.get("/accounts", token)
    rule = {"stage": stage, "match": {"bank": "web21"}}
    fault = await striker.add("fixed_delay", rule, delay_ms=DELAY_MS)
    began = clock()
    late = await direct.get("/accounts", token)
    assert (clock() - began) * 1000 >= DELAY_MS
    assert late[:2] == plain[:2]
    await striker.remove(fault)
    assert (await direct.get("/accounts", token))[:2] == plain[:2]
