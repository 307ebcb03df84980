"""The small language of the tests of events: a receiver on a socket, and what it is told."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from sandbox.resources import data_root
from tests.acting import sent
from tests.support import AGGREGATOR, Running

SECRET = "a-secret-that-signs-what-is-sent"
PATIENCE_S = 8.0
GUIDE = Path(__file__).parents[1] / "docs" / "events.md"


@dataclass
class Received:
    """One POST as it came."""

    headers: dict[str, str]
    body: bytes

    @property
    def event(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found

    @property
    def type(self) -> str:
        return str(self.event["type"])

    @property
    def delivery_id(self) -> str:
        return self.headers["X-Sandbox-Delivery-Id"]

    @property
    def signature(self) -> str:
        return self.headers["X-Webhook-Signature"]


@dataclass
class Receiver:
    """``answers``: the statuses of the next answers; then 204. Closed, it keeps callers waiting."""

    url: str = ""
    got: list[Received] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    is_open: asyncio.Event = field(default_factory=asyncio.Event)
    at_once: int = 0
    most_at_once: int = 0

    async def take(self, request: web.Request) -> web.Response:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            body = await request.read()
            await self.is_open.wait()
            self.got.append(Received(dict(request.headers), body))
            status = self.answers.pop(0) if self.answers else 204
            location = {"Location": "/elsewhere"} if status in (302, 307) else {}
            return web.Response(status=status, headers=location)
        finally:
            self.at_once -= 1

    async def until(self, count: int) -> list[Received]:
        """Return what came, once it is so much."""
        await until(lambda: len(self.got) >= count, lambda: f"{self.types} came, not {count}")
        return self.got

    @property
    def types(self) -> list[str]:
        return [each.type for each in self.got]


async def until(
    holds: Callable[[], bool], what: Callable[[], str] = lambda: "it did not happen"
) -> None:
    for _ in range(int(PATIENCE_S / 0.01)):
        if holds():
            return
        await asyncio.sleep(0.01)
    raise AssertionError(what())


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """A provider's server that takes events."""
    receiver = Receiver()
    receiver.is_open.set()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", receiver.take)
    runner = web.AppRunner(app, shutdown_timeout=0.2)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    receiver.url = f"http://127.0.0.1:{site.port}/events?of=the-bank"
    try:
        yield receiver
    finally:
        await runner.cleanup()


async def listen(
    running: Running, url: str, client_id: str = AGGREGATOR, secret: str = SECRET
) -> dict[str, Any]:
    path = f"/clients/{client_id}/notifications"
    status, answer = await sent(running, "PUT", path, url=url, secret=secret)
    assert status == 200, answer
    return answer


async def ping(running: Running, client_id: str = AGGREGATOR) -> str:
    """Send a ping and return its event's id."""
    status, answer = await sent(running, "POST", "/events", client_id=client_id)
    assert status == 200, answer
    return str(answer["id"])


async def events(running: Running, query: str = "") -> list[dict[str, Any]]:
    status, answer = await sent(running, "GET", f"/events{query}")
    assert status == 200, answer
    return list(answer["events"])


async def deliveries(running: Running, query: str = "") -> list[dict[str, Any]]:
    status, answer = await sent(running, "GET", f"/deliveries{query}")
    assert status == 200, answer
    return list(answer["deliveries"])


async def settled(running: Running, status: str, count: int = 1) -> list[dict[str, Any]]:
    """Return the deliveries, once so many of them are ``status``."""
    found: list[dict[str, Any]] = []
    for _ in range(int(PATIENCE_S / 0.02)):
        found = await deliveries(running)
        if sum(each["status"] == status for each in found) >= count:
            return found
        await asyncio.sleep(0.02)
    raise AssertionError(f"not {count} {status}: {found}")


async def attempted(running: Running, times: int) -> dict[str, Any]:
    """Return the only delivery, once it was attempted so often."""
    for _ in range(int(PATIENCE_S / 0.02)):
        (found,) = await deliveries(running)
        if found["attempts"] >= times:
            return found
        await asyncio.sleep(0.02)
    raise AssertionError(f"not attempted {times} times: {found}")


def event_schema() -> dict[str, Any]:
    text = data_root().joinpath("schemas", "event", "event.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def recipe() -> Callable[..., bool]:
    """Return ``is_genuine`` of the guide: the very text that integrators copy."""
    (code,) = re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)
    found: Callable[..., bool] = names["is_genuine"]
    return found
