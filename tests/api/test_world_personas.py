"""Worlds in which only some of the personas live."""

from tests.api.test_worlds import FROZEN, ask, make, mint


async def people(running, world: str) -> set[str]:
    _, body = await ask(running, "GET", f"/{world}/accounts?limit=1000")
    return {account["persona"] for account in body["accounts"] if "persona" in account}


async def test_only_the_chosen_personas_live_in_a_world(running):
    world = await make(running, "few", personas=["taro", "shoji"])
    described = {persona["name"] for persona in world["banks"][0]["personas"]}
    assert described == await people(running, "few") == {"taro", "shoji"}
    assert await mint(running, "few", "taro")
    body = {"bank": "tomato", "client_id": "sandbox-aggregator", "scope": "accounts"}
    status, problem = await ask(running, "POST", "/few/tokens", {**body, "persona": "hanako"})
    assert (status, problem["type"]) == (404, "urn:bank-sandbox:problem:unknown-persona")


async def test_whoever_stays_away_changes_nothing_for_the_others(running):
    await make(running, "all")
    await make(running, "few", personas=["shoji"])
    await make(running, "none", personas=[])
    accounts = {}
    for name in ("all", "few", "none"):
        _, body = await ask(running, "GET", f"/{name}/accounts?limit=1000")
        accounts[name] = {each["account_id"]: each for each in body["accounts"]}
    assert accounts["few"].items() <= accounts["all"].items()
    assert accounts["none"].items() <= accounts["few"].items()
    assert await people(running, "none") == set()
    assert len(accounts["none"]) > 0  # the generated customers


async def test_resets_and_snapshots_keep_the_choice(running):
    await make(running, "few", personas=["taro"])
    for what in ("data", "all"):
        status, _ = await ask(running, "POST", "/few/reset", {"what": what})
        assert status == 200
        assert await people(running, "few") == {"taro"}
    await ask(running, "POST", "/few/snapshots", {"name": "s"})
    _, fork = await ask(running, "POST", "", {"name": "fork", "from_snapshot": "few/s"})
    assert [persona["name"] for persona in fork["banks"][0]["personas"]] == ["taro"]


async def test_an_unknown_persona_is_named_and_nothing_is_made(running):
    body = {"name": "few", "clock": FROZEN, "personas": ["taro", "nobody"]}
    status, problem = await ask(running, "POST", "", body)
    assert (status, problem["type"]) == (422, "urn:bank-sandbox:problem:unknown-persona")
    assert "nobody" in problem["detail"]
    assert (await ask(running, "GET", "/few"))[0] == 404
