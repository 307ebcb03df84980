"""The pages of a world of its own, in a real browser."""

from urllib.parse import urlsplit

from tests.support import VERIFIER


async def test_the_browser_stays_in_the_world_all_the_way(person):
    running = person.running
    body = {"name": "green", "seed": 3, "clock": {"mode": "frozen", "at": "2027-03-01"}}
    url = f"{running.sandbox.control_url}/api/v1/worlds"
    async with running.http.post(url, json=body) as answer:
        issuer = (await answer.json())["banks"][0]["issuer"]
    assert issuer == f"{running.url}/w/green/tomato"

    address = person.address()
    assert address.startswith(f"{running.url}/tomato/")
    await person.page.goto(address.replace(running.url, f"{running.url}/w/green", 1))
    await person.sign_in("hanako")
    assert urlsplit(person.page.url).path.startswith("/w/green/tomato/")
    assert "2027年5月30日" in await person.text()  # ninety days by that world's clock
    landed = await person.allow()

    assert landed["iss"] == issuer
    status, tokens, _ = await running.exchange(landed["code"], code_verifier=VERIFIER)
    assert status == 200, tokens
    async with running.http.get(f"{url}/green/grants") as answer:
        assert [grant["persona"] for grant in (await answer.json())["grants"]] == ["hanako"]
    async with running.http.get(f"{url}/default/grants") as answer:
        assert (await answer.json())["grants"] == []
