"""Signing keys and ID tokens, as the Python client shows them, by both of its faces."""

from datetime import timedelta

import pytest

from sandbox.client import ProblemError
from tests.api.driven import FACES, got
from tests.support import AGGREGATOR, NOW


@pytest.fixture(params=FACES, ids=["blocking", "asynchronous"])
async def world(request, driven):
    made = await got(request.param(driven.control_url).worlds.create(clock=f"frozen:{NOW}"))
    yield made
    await got(made.delete())


@pytest.mark.requirement("O-31")
async def test_keys_are_rotated_and_listed(world):
    assert await got(world.keys.list()) == ()
    (first,) = await got(world.keys.rotate())
    assert (first.bank, first.alg, first.is_signing) == ("tomato", "ES256", True)
    old, new = await got(world.keys.rotate("ES256"))
    assert (old.kid, old.is_signing, old.retired_at) == (first.kid, False, first.created_at)
    assert old.published_until - old.retired_at == timedelta(minutes=30)
    assert (new.is_signing, new.retired_at) == (True, None)
    assert await got(world.keys.list()) == (old, new)
    with pytest.raises(ProblemError) as refused:
        await got(world.keys.rotate(bank="nobody"))
    assert refused.value.slug == "unknown-bank"


async def test_minted_tokens_of_openid_name_the_person(world):
    minted = await got(world.tokens.mint("sandbox-openid", "taro", scope="openid accounts"))
    assert minted.id_token.count(".") == 2
    assert (await got(world.tokens.mint(AGGREGATOR, "taro"))).id_token is None
