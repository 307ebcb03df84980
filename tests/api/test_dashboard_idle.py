"""A page that loads itself again is nobody's use of a world: an open tab keeps none alive."""

import pytest

from tests.support import run_sandbox

TWO_HOURS_S = 7_200.0


@pytest.fixture
async def idle(tmp_path, template):
    """A sandbox whose world ``left`` nobody has called for two hours: it may be idle for one."""
    async with run_sandbox(
        tmp_path, template=template, world_idle="1h", most_open_worlds="2"
    ) as running:
        await made(running, "left")
        running.sandbox.worlds.running["left"].used_at_s -= TWO_HOURS_S
        yield running


async def made(running, name):
    url = f"{running.sandbox.control_url}/api/v1/worlds"
    async with running.http.post(url, json={"name": name, "personas": ["taro"]}) as answer:
        assert answer.status == 200


async def opened(running, path):
    async with running.http.get(running.sandbox.control_url + path) as answer:
        return answer.status, await answer.text()


@pytest.mark.parametrize("seconds", ["5", "30"])
async def test_a_page_that_loads_itself_again_keeps_no_world_alive(idle, seconds):
    status, page = await opened(idle, f"/worlds/left?refresh={seconds}")
    assert status == 200
    assert f'content="{seconds}"' in page
    assert await idle.sandbox.worlds.delete_idle() == ["left"]
    status, page = await opened(idle, f"/worlds/left?refresh={seconds}")
    assert (status, "unknown-world" in page) == (404, True)


@pytest.mark.parametrize(
    "path", ["/worlds/left", "/worlds/left?refresh=7", "/api/v1/worlds/left/clock"]
)
async def test_somebody_who_looks_once_keeps_it_alive(idle, path):
    assert (await opened(idle, path))[0] == 200
    assert await idle.sandbox.worlds.delete_idle() == []


async def test_a_closed_world_is_not_opened_by_a_page_that_loads_itself_again(idle):
    for name in ("one", "two"):
        await made(idle, name)
    before = set(idle.sandbox.worlds.running)
    assert "left" not in before
    status, page = await opened(idle, "/worlds/left?refresh=5&lang=en")
    assert (status, "world-closed" in page) == (409, True)
    assert "It opens again with the next call" in page
    assert '<meta http-equiv="refresh" content="5">' in page  # it shows the world once it is open
    assert 'href="/worlds/left?lang=en"' in page
    assert set(idle.sandbox.worlds.running) == before
    assert (await opened(idle, "/worlds/left?lang=en"))[0] == 200
    assert (await opened(idle, "/worlds/left?refresh=5"))[0] == 200


async def test_a_world_that_never_was_is_unknown_to_such_a_page_too(idle):
    status, page = await opened(idle, "/worlds/nowhere?refresh=5")
    assert (status, "unknown-world" in page) == (404, True)
