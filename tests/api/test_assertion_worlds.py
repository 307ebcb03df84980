"""private_key_jwt in several worlds: an assertion is addressed to one of them."""

import pytest

from sandbox.storage import clients
from tests.clientele import post, register
from tests.keys import Key, by_assertion
from tests.support import BASE, NOW

CLIENT, KEY = "signer", Key()


@pytest.mark.requirement("O-11")
async def test_assertions_know_the_issuer_of_their_world(running):
    await register(running, CLIENT, "private_key_jwt", profile="fapi2", jwks=KEY.jwks)
    url = f"{running.sandbox.control_url}/api/v1/worlds"
    async with running.http.post(url, json={"name": "second"}) as answer:
        assert answer.ok
    default, second = running.sandbox.world, running.sandbox.worlds.running["second"]
    model = await clients.find(default.database, "tomato", CLIENT)
    async with second.database.transaction() as db:
        await clients.insert(db, [model])
    base = f"{running.url}/w/second{BASE}"
    statuses = []
    for aud in (default.issuer("tomato"), second.issuer("tomato")):
        form = {"token": "x", **by_assertion(KEY.assertion(second, CLIENT, aud=aud))}
        statuses.append((await post(running, form, path="revoke", base=base))[0])
    assert statuses == [401, 200]


@pytest.mark.requirement("O-11")
async def test_an_assertion_to_an_address_is_good_in_one_world_alone(running):
    await register(running, CLIENT, "private_key_jwt", jwks=KEY.jwks)
    url = f"{running.sandbox.control_url}/api/v1/worlds"
    made = {"name": "second", "clock": {"mode": "frozen", "at": NOW}}
    async with running.http.post(url, json=made) as answer:
        assert answer.ok
    default, second = running.sandbox.world, running.sandbox.worlds.running["second"]
    model = await clients.find(default.database, "tomato", CLIENT)
    async with second.database.transaction() as db:
        await clients.insert(db, [model])
    plain, prefixed = f"{running.url}{BASE}", f"{running.url}/w/second{BASE}"

    async def statuses(aud, jti):
        """Send one assertion to the default world, to the second by its path, and by its header."""
        form = {"token": "x", **by_assertion(KEY.assertion(default, CLIENT, aud=aud, jti=jti))}
        named = {"X-Sandbox-World": "second"}
        return [
            (await post(running, form, path="revoke", base=plain))[0],
            (await post(running, form, path="revoke", base=prefixed))[0],
            (await post(running, form, path="revoke", base=plain, headers=named))[0],
        ]

    assert await statuses(f"{plain}/oauth/token", "one") == [200, 401, 401]
    assert await statuses(f"{plain}/oauth/revoke", "two") == [200, 401, 401]
    assert await statuses(f"{prefixed}/oauth/token", "three") == [401, 200, 401]  # used by then
    form = {"token": "x"} | by_assertion(
        KEY.assertion(second, CLIENT, aud=f"{prefixed}/oauth/revoke", jti="four")
    )
    named = {"X-Sandbox-World": "second"}
    assert (await post(running, form, path="revoke", base=plain, headers=named))[0] == 200
