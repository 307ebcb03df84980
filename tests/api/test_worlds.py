"""Worlds over the control API: made, found by a request, kept apart, closed and deleted."""

import asyncio
import sqlite3
from contextlib import asynccontextmanager

import pytest

from sandbox.services.worlds import tag_of
from tests.support import AGGREGATOR, BASE, NOW, REDIRECT_URI, basic, bearer, run_sandbox

FROZEN = {"mode": "frozen", "at": NOW}


async def ask(running, method, path, body=None, **options):
    url = f"{running.sandbox.control_url}/api/v1/worlds{path}"
    headers = {"Content-Type": "application/json"}
    async with running.http.request(method, url, json=body, headers=headers, **options) as answer:
        return answer.status, await answer.json(content_type=None)


async def make(running, name, **body):
    status, world = await ask(running, "POST", "", {"name": name, "clock": FROZEN, **body})
    assert status == 200, world
    return world


async def mint(running, world, persona="taro"):
    body = {"bank": "tomato", "client_id": AGGREGATOR, "persona": persona, "scope": "accounts"}
    status, tokens = await ask(running, "POST", f"/{world}/tokens", body)
    assert status == 200, tokens
    return tokens["access_token"]


async def accounts(running, token, prefix="", **headers):
    url = f"{running.url}{prefix}{BASE}/accounts"
    async with running.http.get(url, headers=bearer(token) | headers) as answer:
        return answer.status, await answer.json()


async def test_a_new_world_describes_itself_under_its_own_prefix(running):
    world = await make(running, "green", seed=7)
    bank = world["banks"][0]
    assert (world["name"], world["seed"]) == ("green", 7)
    assert world["clock"] == {"mode": "frozen", "now": NOW}
    assert world["base_url"] == f"{running.url}/w/green"
    assert bank["issuer"] == f"{running.url}/w/green/tomato"
    assert bank["token_endpoint"].startswith(f"{bank['issuer']}/")
    assert (await ask(running, "GET", "/green")) == (200, world)


async def test_a_world_without_a_name_gets_one(running):
    _, first = await ask(running, "POST", "", {})
    _, second = await ask(running, "POST", "", {})
    assert first["name"] != second["name"]
    assert first["clock"]["mode"] == "real"


@pytest.mark.parametrize("name", ["Green", "-a", "a/b", "..", "a" * 64, "a b", "ä", "_x"])
async def test_a_bad_name_is_refused_and_nothing_is_made(running, name):
    status, problem = await ask(running, "POST", "", {"name": name})
    assert (status, problem["status"]) == (422, 422)
    assert len((await ask(running, "GET", ""))[1]["worlds"]) == 1


async def test_the_longest_name_works(running):
    await make(running, "a" * 63)
    assert (await ask(running, "GET", f"/{'a' * 63}"))[0] == 200


async def test_a_taken_name_is_refused(running):
    await make(running, "green")
    status, problem = await ask(running, "POST", "", {"name": "green"})
    assert (status, problem["type"]) == (409, "urn:bank-sandbox:problem:world-exists")


async def test_the_number_of_worlds_is_limited(tmp_path, template):
    async with run_sandbox(tmp_path, template=template, most_worlds="3") as running:
        await make(running, "a")
        await make(running, "b")
        status, problem = await ask(running, "POST", "", {"name": "c"})
        assert (status, problem["type"]) == (422, "urn:bank-sandbox:problem:world-refused")
        assert "SANDBOX_MOST_WORLDS" in problem["detail"]
        assert (await ask(running, "DELETE", "/a"))[0] == 200
        await make(running, "c")


async def test_deleting_a_world_is_final_and_may_be_repeated(running, tmp_path):
    await make(running, "green")
    token = await mint(running, "green")
    for _ in range(2):
        assert await ask(running, "DELETE", "/green") == (200, {})
    assert (await ask(running, "GET", "/green"))[0] == 404
    assert not list(tmp_path.glob("green.db*"))
    assert (await accounts(running, token))[0] == 401
    assert (await accounts(running, token, "/w/green"))[0] == 404


async def test_the_default_world_stays(running):
    assert (await ask(running, "DELETE", "/default"))[0] == 409
    assert (await ask(running, "GET", "/default"))[0] == 200


# How a request finds its world (DESIGN §4)


async def test_a_token_finds_its_world_by_itself_and_opens_no_other(running):
    await make(running, "green", seed=2)
    token = await mint(running, "green")
    assert token.startswith(tag_of("green"))
    assert (await accounts(running, token))[0] == 200
    assert (await accounts(running, token, "/w/green"))[0] == 200
    assert (await accounts(running, token, "/w/default"))[0] == 401
    status, _ = await accounts(running, token, **{"X-Sandbox-World": "default"})
    assert status == 200  # the token goes before the header


async def test_the_header_names_the_world_where_nothing_else_does(running):
    await make(running, "green")
    url = f"{running.url}/tomato/.well-known/oauth-authorization-server"
    headers = {"X-Sandbox-World": "green"}
    async with running.http.get(url, headers=headers) as answer:
        assert (await answer.json())["issuer"] == f"{running.url}/w/green/tomato"
    async with running.http.get(url) as answer:
        assert (await answer.json())["issuer"] == f"{running.url}/tomato"


async def test_both_places_of_the_metadata_know_the_world(running):
    await make(running, "green")
    for path in (
        "/w/green/tomato/.well-known/oauth-authorization-server",
        "/.well-known/oauth-authorization-server/w/green/tomato",
    ):
        async with running.http.get(running.url + path) as answer:
            assert (await answer.json())["issuer"] == f"{running.url}/w/green/tomato"


@pytest.mark.parametrize(
    "path",
    ["/w/nobody", "/w/default/w/default", "/w/Default", "/w", "/w/default//other.example"],
)
async def test_a_world_that_is_not_there_is_404_in_the_banks_shape(running, path):
    url = f"{running.url}{path}{BASE}/accounts"
    async with running.http.get(url) as answer:
        assert answer.status == 404


async def test_a_code_finds_its_world_at_the_token_endpoint(running):
    await make(running, "green")
    body = {"bank": "tomato", "client_id": AGGREGATOR, "persona": "taro", "scope": "accounts"}
    _, consent = await ask(running, "POST", "/green/authorize", body)
    assert (
        f"iss=http%3A%2F%2F{running.url[7:].replace(':', '%3A')}%2Fw%2Fgreen"
        in (consent["redirect_to"])
    )
    status, tokens, _ = await running.exchange(consent["code"])
    assert status == 200
    assert (await accounts(running, tokens["access_token"], "/w/green"))[0] == 200


async def test_the_pages_keep_the_prefix(running):
    await make(running, "green")
    query = {
        "response_type": "code",
        "client_id": AGGREGATOR,
        "redirect_uri": REDIRECT_URI,
        "scope": "accounts",
        "state": "s",
    }
    url = f"{running.url}/w/green{BASE}/oauth/auth"
    async with running.http.get(url, params=query, allow_redirects=False) as answer:
        location = answer.headers["Location"]
        assert location.startswith(f"/w/green{BASE}/oauth/auth/")
        assert answer.cookies["interaction"]["path"] == location
        cookie = answer.cookies["interaction"].value
    headers = {"Cookie": f"interaction={cookie}"}
    async with running.http.get(running.url + location, headers=headers) as answer:
        assert f'action="{location}?' in await answer.text()


# Apart from each other


async def test_same_seed_same_accounts_and_another_seed_other_people(running):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        await make(running, name, seed=seed)
    found = {n: (await ask(running, "GET", f"/{n}/accounts"))[1] for n in ("a", "b", "c")}
    assert found["a"] == found["b"]
    assert found["a"] != found["c"]


async def one_worker(running, number: int, operations: int) -> tuple[set[str], list[str]]:
    """Work in a world of its own; return its tokens' heads and its account ids."""
    name = f"worker-{number}"
    await make(running, name, seed=5)
    heads, ids = set(), []
    for step in range(operations // 4):
        token = await mint(running, name, "hanako" if step % 2 else "taro")
        heads.add(token[:8])
        status, body = await accounts(running, token)
        assert status == 200
        ids.append(body["accounts"][0]["account_id"])
        await ask(running, "POST", f"/{name}/clock/advance", {"by": f"{number + 1}m"})
        assert (await accounts(running, token, "/w/default"))[0] == 401
    return heads, ids


async def test_fifty_workers_do_not_meet(tmp_path, template):
    """50 workers x 100 operations, with room for a few open worlds only."""
    workers, operations = 50, 100
    async with run_sandbox(tmp_path, template=template, most_open_worlds="8") as running:
        gate = asyncio.Semaphore(10)

        async def work(number):
            async with gate:
                return await one_worker(running, number, operations)

        results = await asyncio.gather(*(work(number) for number in range(workers)))
        clocks = [(await ask(running, "GET", f"/worker-{n}/clock"))[1] for n in range(workers)]
        assert len(running.sandbox.worlds.running) <= 8
        for number in range(workers):
            await check_journal(running, f"worker-{number}", calls=operations // 4)
    heads = [head for found, _ in results for head in found]
    assert len(set(heads)) == len(heads) == workers  # one tag a world, none shared
    assert len({tuple(ids) for _, ids in results}) == 1  # identical account numbers
    assert len({clock["now"] for clock in clocks}) == workers
    for number in range(workers):
        assert_only_its_own(tmp_path / f"worker-{number}.db", operations // 4)
    assert_only_its_own(tmp_path / "default.db", 0)


async def check_journal(running, name: str, calls: int) -> None:
    """Every line of a world's journal is of a grant of that world, or of nobody."""
    _, found = await ask(running, "GET", f"/{name}/grants?limit=1000")
    own = {grant["grant_id"] for grant in found["grants"]}
    _, found = await ask(running, "GET", f"/{name}/journal?limit=1000")
    lines = found["journal"]
    assert {line["grant_id"] for line in lines if "grant_id" in line} == own
    assert [line["status"] for line in lines] == [200] * calls


def assert_only_its_own(path, grants: int) -> None:
    connection = sqlite3.connect(path)
    found = connection.execute("SELECT COUNT(*) FROM access_grant").fetchone()[0]
    assert found == grants, path.name
    connection.close()


async def test_a_closed_world_opens_again_as_it_was(tmp_path, template):
    async with run_sandbox(tmp_path, template=template, most_open_worlds="2") as running:
        await make(running, "a")
        token = await mint(running, "a")
        for name in ("b", "c", "d"):
            await make(running, name)
        assert "a" not in running.sandbox.worlds.running
        assert (await accounts(running, token))[0] == 200
        listed = (await ask(running, "GET", ""))[1]["worlds"]
        assert sum(world["open"] for world in listed) <= 2
        assert len(listed) == 5


async def test_a_world_in_use_is_not_closed_under_its_callers(tmp_path, template):
    async with run_sandbox(tmp_path, template=template, most_open_worlds="1") as running:
        await make(running, "a")
        token = await mint(running, "a")
        answers = await asyncio.gather(
            *(accounts(running, token) for _ in range(20)),
            *(make(running, f"n{number}") for number in range(5)),
            *(accounts(running, token) for _ in range(20)),
        )
    assert all(answer[0] == 200 for answer in answers if isinstance(answer, tuple))


async def until_gone(running, name: str) -> None:
    """Ask now and then: asking keeps no world alive for longer than it takes."""
    for _ in range(40):
        if (await ask(running, "GET", f"/{name}"))[0] == 404:
            return
        await asyncio.sleep(0.5)
    raise AssertionError(f"{name} is still there")


async def test_an_idle_world_is_deleted_and_a_busy_one_is_not(tmp_path, template, caplog):
    async with run_sandbox(
        tmp_path, template=template, world_idle="300ms", most_open_worlds="2"
    ) as running:
        for name in ("a", "b", "c"):  # one of them is closed already
            await make(running, name)
        await asyncio.gather(*(until_gone(running, name) for name in ("a", "b", "c")))
        await make(running, "busy")
        token = await mint(running, "busy")
        for _ in range(15):
            assert (await accounts(running, token))[0] == 200
            await asyncio.sleep(0.05)
        names = [world["name"] for world in (await ask(running, "GET", ""))[1]["worlds"]]
        assert "default" in names
        assert "busy" in names
    assert "the world a was idle for too long" in caplog.text


@asynccontextmanager
async def restarted(directory):
    async with run_sandbox(directory) as running:
        yield running


async def test_worlds_survive_a_restart(tmp_path, template):
    async with run_sandbox(tmp_path, template=template) as running:
        await make(running, "green", seed=3)
        token = await mint(running, "green")
    async with restarted(tmp_path) as running:
        assert (await accounts(running, token))[0] == 200
        revoke = {"token": token}
        url = f"{running.base}/oauth/revoke"
        async with running.http.post(url, data=revoke, headers=basic(AGGREGATOR)) as answer:
            assert answer.status == 200
        assert (await accounts(running, token))[0] == 401
