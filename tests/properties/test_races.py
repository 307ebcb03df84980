"""Codes and refresh tokens under many callers at once (O-5, O-12).

Each seed is one interleaving: who comes when, and who lets others go first in between. The books
must come out the same as if the callers had come one after the other.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

import pytest

from sandbox.domain.errors import TokenRejected
from sandbox.domain.oauth.errors import InvalidGrant
from sandbox.storage import clients
from tests.properties.pace import FACTOR
from tests.properties.test_token_machine import TokenMachine

INTERLEAVINGS = 1_000 * FACTOR
CLIENT, CONTRACTOR = "first-provider", "taro"


@dataclass
class Callers:
    """Callers of one interleaving. ``given``: the answers; ``refused``: how often it said no."""

    dice: random.Random

    async def all_at_once(self, count: int, act: Callable[[], Awaitable]) -> tuple[list, int]:
        outcomes = await asyncio.gather(*(self._one(act) for _ in range(count)))
        given = [outcome for outcome in outcomes if outcome is not None]
        return given, count - len(given)

    async def _one(self, act):
        for _ in range(self.dice.randrange(4)):
            await asyncio.sleep(0)
        if self.dice.random() < 0.2:
            await asyncio.sleep(self.dice.random() / 2_000)
        try:
            return await act()
        except InvalidGrant:
            return None


@pytest.fixture
def machine():
    machine = TokenMachine()
    yield machine
    machine.teardown()


async def is_live(machine, token: str) -> bool:
    try:
        await machine.bank.access.check(token, None)
    except TokenRejected:
        return False
    return True


@pytest.mark.requirement("O-5")
def test_a_code_is_exchanged_once_however_many_bring_it(machine):
    async def interleaving(seed: int) -> None:
        dice = random.Random(seed)
        code = await machine._consent(CONTRACTOR, CLIENT)
        count = dice.randrange(2, 7)
        given, refused = await Callers(dice).all_at_once(
            count, lambda: machine._exchange(code, CLIENT)
        )
        assert (len(given), refused) == (1, count - 1), seed
        # The others replayed it: whoever was first has nothing left either.
        assert not await is_live(machine, given[0].access_token), seed
        with pytest.raises(InvalidGrant):
            await machine._refresh(given[0].refresh_token, CLIENT)

    for seed in range(INTERLEAVINGS):
        machine.run(interleaving(seed))


@pytest.mark.requirement("O-12")
def test_a_refresh_token_that_many_bring_serves_one_and_ends_the_family(machine):
    async def interleaving(seed: int) -> None:
        dice = random.Random(seed)
        pair = await machine._exchange(await machine._consent(CONTRACTOR, CLIENT), CLIENT)
        count = dice.randrange(2, 7)
        given, refused = await Callers(dice).all_at_once(
            count, lambda: machine._refresh(pair.refresh_token, CLIENT)
        )
        assert (len(given), refused) == (1, count - 1), seed
        assert not await is_live(machine, given[0].access_token), seed
        assert not await is_live(machine, pair.access_token), seed

    for seed in range(INTERLEAVINGS):
        machine.run(interleaving(seed))


@pytest.mark.requirement("O-12")
def test_within_the_grace_many_refresh_and_stay_one_family(machine):
    async def let_grace(client_id: str) -> None:
        async with machine.world.database.transaction() as db:
            client = await clients.find(db, "tomato", client_id)
            options = replace(client.options, rotation="grace", rotation_grace_s=5)
            await clients.save(db, replace(client, options=options))

    async def interleaving(seed: int) -> None:
        dice = random.Random(seed)
        pair = await machine._exchange(await machine._consent(CONTRACTOR, CLIENT), CLIENT)
        count = dice.randrange(2, 7)
        given, refused = await Callers(dice).all_at_once(
            count, lambda: machine._refresh(pair.refresh_token, CLIENT)
        )
        assert refused == 0, seed
        assert {each.holder.grant_id for each in given} == {pair.holder.grant_id}
        assert all([await is_live(machine, each.access_token) for each in given]), seed
        # Using a new one ends the grace: the old one coming back is a theft again.
        later = await machine._refresh(dice.choice(given).refresh_token, CLIENT)
        with pytest.raises(InvalidGrant):
            await machine._refresh(pair.refresh_token, CLIENT)
        assert not await is_live(machine, later.access_token), seed

    machine.run(let_grace(CLIENT))
    for seed in range(INTERLEAVINGS):
        machine.run(interleaving(seed))
