"""The small language of the tests about hours, stops and notices: the control door's acts."""

from typing import Any

from tests.support import Running


async def ask(
    running: Running, method: str, path: str, body: dict[str, Any] | None = None
) -> tuple[int, dict[str, Any]]:
    """Call the control door below the default world."""
    url = f"{running.control}{path}"
    async with running.http.request(method, url, json=body) as answer:
        return answer.status, await answer.json(content_type=None)


async def set_calendar(running: Running, bank: str = "tomato", **change: Any) -> dict[str, Any]:
    status, shown = await ask(running, "PUT", "/calendar", {"bank": bank, **change})
    assert status == 200, shown
    return shown


async def stop(running: Running, bank: str = "tomato", **wish: Any) -> dict[str, Any]:
    """Add a stop; ``from_`` stands for ``from``, ``for_`` for ``for``."""
    body = {name.rstrip("_"): value for name, value in wish.items()}
    status, shown = await ask(running, "POST", "/maintenance", {"bank": bank, **body})
    assert status == 200, shown
    return shown


async def take_away(running: Running, stopped: dict[str, Any]) -> None:
    assert await ask(running, "DELETE", f"/maintenance/{stopped['id']}") == (200, {})


async def published(running: Running, bank: str = "tomato", prefix: str = "") -> list[Any]:
    """Return the notices that anybody can read, newest first."""
    async with running.http.get(f"{running.url}{prefix}/{bank}/notices") as answer:
        assert answer.status == 200
        found: list[Any] = (await answer.json())["notices"]
        return found


async def journalled(running: Running, **filters: str) -> list[dict[str, Any]]:
    query = "&".join(f"{name}={value}" for name, value in filters.items())
    _, found = await ask(running, "GET", f"/journal?{query}")
    entries: list[dict[str, Any]] = found["journal"]
    return entries
