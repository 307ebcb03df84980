"""How several consents live together, and when a revocation takes effect: the bank's switches."""

import pytest

from tests.support import AGGREGATOR, basic, run_sandbox

MANUAL = "sandbox-manual"
REVOKED, SUPERSEDED = "revoked_by_provider", "superseded"


async def standing(running, token):
    """Return None for a token that opens the door, or the reason why not."""
    status, _, headers = await running.get("/accounts", token)
    return None if status == 200 else headers["X-Sandbox-Reason"]


async def tokens(running, persona, client_id):
    code = (await running.authorize(persona, client_id=client_id))["code"]
    status, body, _ = await running.exchange(code, client=client_id)
    assert status == 200, body
    return body["access_token"]


# Which of the earlier grants a new one ends: those of taro at both providers, and hanako's.
RULES = {
    (): {"same provider": SUPERSEDED, "other provider": None},
    ("one_grant_per_contractor",): {"same provider": SUPERSEDED, "other provider": SUPERSEDED},
    ("last_grant_only",): {"same provider": SUPERSEDED, "other provider": SUPERSEDED},
    ("not one_grant_per_provider",): {"same provider": None, "other provider": None},
    ("not one_grant_per_provider", "last_grant_only"): {
        "same provider": SUPERSEDED,
        "other provider": SUPERSEDED,
    },
}


@pytest.mark.requirement("T-7", "T-11", "T-12")
@pytest.mark.parametrize("switches", RULES)
async def test_a_new_consent_ends_what_the_bank_says(tmp_path, template, switches):
    settings = {
        f"tomato_{switch.removeprefix('not ')}": "0" if switch.startswith("not ") else "1"
        for switch in switches
    }
    async with run_sandbox(tmp_path, template=template, **settings) as running:
        earlier = {
            "same provider": await tokens(running, "taro", AGGREGATOR),
            "other provider": await tokens(running, "taro", MANUAL),
        }
        others = await tokens(running, "hanako", AGGREGATOR)
        if RULES[switches]["other provider"] == SUPERSEDED:  # the second ended the first already
            assert await standing(running, earlier["same provider"]) == SUPERSEDED
        latest = await tokens(running, "taro", AGGREGATOR)
        found = {name: await standing(running, token) for name, token in earlier.items()}
        assert found == RULES[switches]
        assert await standing(running, latest) is None
        assert await standing(running, others) is None


async def revoke(running, token):
    async with running.http.post(
        f"{running.base}/oauth/revoke", data={"token": token}, headers=basic(AGGREGATOR)
    ) as answer:
        assert answer.status == 200


@pytest.mark.requirement("O-13", "O-34", "T-23")
async def test_a_revocation_takes_effect_when_its_lag_is_over(tmp_path, template):
    async with run_sandbox(tmp_path, template=template, tomato_revocation_lag="90s") as running:
        pair = await running.log_in("taro")
        await revoke(running, pair["refresh_token"])
        assert await standing(running, pair["access_token"]) is None
        await running.advance("45s")
        await revoke(running, pair["access_token"])  # asking again starts no new lag
        await running.advance("44s")
        assert await standing(running, pair["access_token"]) is None
        await running.advance("1s")
        assert await standing(running, pair["access_token"]) == REVOKED
        status, body, headers = await running.refresh(pair["refresh_token"])
        assert (status, body["error"]) == (400, "invalid_grant")
        assert headers["X-Sandbox-Reason"] == REVOKED
