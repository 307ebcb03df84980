"""When the money of unable items comes back (資金返却): together for each 250 of a request."""

from collections import Counter

import pytest

from sandbox.services.transfers.settling import CHUNK
from tests.faults.test_results import DAY, NAME, NEXT, struck_world
from tests.transfers.world import OPENING_YEN, item, own_item

CLOSED = 6  # an account of the own bank


@pytest.fixture
async def bank(tmp_path):
    async with struck_world(tmp_path) as found:
        yield found


async def counted(bank, request):
    return Counter(each for each in await bank.states(request) if each[1] is not None)


async def test_what_cannot_be_paid_among_250_items_comes_back_together(bank):
    """docs/web21.md: the delay of a rule holds for the 250 items that it strikes one of."""
    assert CHUNK == 250  # as documented
    own = {2, CHUNK, CHUNK + 1}  # those that the bank itself cannot pay
    made = [
        own_item(number, 1, to=CLOSED) if number in own else item(number, 1)
        for number in range(1, CHUNK + 2)
    ]
    await bank.rule(NAME, kind="partial_bulk", items=["1"], delay="1h")

    request = await bank.settled(*made)

    waiting = ("waiting", "account_closed")
    assert await counted(bank, request) == {("paid", "name_mismatch"): 1, waiting: 3}
    assert await bank.advance_to(DAY, 8, 59) == []
    (event,) = await bank.advance_to(DAY, 9)
    assert (event["kind"], event["items"]) == ("transfer_refunded", 3)
    back = {("refunded", "name_mismatch"): 1, ("refunded", "account_closed"): 2}
    assert await counted(bank, request) == {**back, waiting: 1}
    (event,) = await bank.advance_to(NEXT, 8)
    assert event["items"] == 1
    assert sum((await counted(bank, request)).values()) == 4
    assert await bank.balance(1) < OPENING_YEN
