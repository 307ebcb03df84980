"""The small language of the fault tests: add a rule, call as different clients, say what came."""

import asyncio
import contextlib
import json
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from tests.faults.seeing import Ask, by_aiohttp, by_curl
from tests.support import BASE, Running, bearer

PATIENCE_S = 0.6  # of the clients: what hangs ends for them after this


class Striker:
    """One sandbox under fault rules. ``client``: what the bank's own session is for."""

    def __init__(self, running: Running) -> None:
        self.running = running
        self.rules = f"{running.control}/faults"
        self.token = ""
        self.account_id = ""

    async def log_in(self) -> "Striker":
        self.token = (await self.running.log_in())["access_token"]
        self.account_id = (await self.running.account_ids(self.token))[0]
        return self

    @property
    def url(self) -> str:
        return f"{self.running.base}/accounts"

    async def add(self, kind: str, rule: dict[str, Any] | None = None, **effect: Any) -> str:
        """Add a rule and return its id; ``rule`` holds what stands beside the effect."""
        body = {"effect": {"kind": kind, **effect}, **(rule or {})}
        async with self.running.http.post(self.rules, json=body) as answer:
            shown = await answer.json(content_type=None)
            assert answer.status == 200, shown
            return shown["id"]

    async def remove(self, fault_id: str) -> None:
        async with self.running.http.delete(f"{self.rules}/{fault_id}") as answer:
            assert answer.status == 200

    async def clear(self) -> None:
        async with self.running.http.delete(self.rules) as answer:
            assert answer.status == 200

    async def show(self, fault_id: str) -> dict[str, Any]:
        async with self.running.http.get(f"{self.rules}/{fault_id}") as answer:
            return await answer.json()

    async def journal(self, **query: str) -> list[dict[str, Any]]:
        address = f"{self.running.control}/journal"
        async with self.running.http.get(address, params=query) as answer:
            return (await answer.json())["journal"]

    async def statuses(self, count: int) -> list[int]:
        """Return what so many calls in a row are answered with, each on its own connection."""
        return [(await self.call())[0] for _ in range(count)]

    async def call(self, path: str = "/accounts", **more: Any) -> tuple[int, Any, Any]:
        """GET below the bank's base; returns status, JSON body (None where it is none), headers."""
        async with (
            aiohttp.ClientSession() as session,
            session.get(
                f"{self.running.base}{path}",
                headers={**bearer(self.token), **more.pop("headers", {})},
                allow_redirects=False,
                **more,
            ) as answer,
        ):
            text = await answer.read()
            with contextlib.suppress(ValueError):
                return answer.status, json.loads(text), answer.headers
            return answer.status, None, answer.headers

    # What clients make of it: a status, or the name of their error.

    async def seen_by_aiohttp(self, method: str = "GET") -> str:
        return (await by_aiohttp(self._ask(method))).outcome

    async def seen_by_curl(self) -> str:
        return (await by_curl(self._ask("GET"))).outcome

    def _ask(self, method: str) -> Ask:
        headers = bearer(self.token)
        return Ask(url=self.url, method=method, headers=headers, patience_s=PATIENCE_S)

    async def raw(self, *, method: str = "GET") -> bytes:
        """Return every byte that comes until the connection ends; ``b"RST"`` where it is reset."""
        at = urlsplit(self.running.url)
        reader, writer = await asyncio.open_connection(at.hostname, at.port)
        head = f"{method} {BASE}/accounts HTTP/1.1\r\nHost: {at.netloc}\r\n"
        writer.write(f"{head}Authorization: Bearer {self.token}\r\n\r\n".encode())
        try:
            async with asyncio.timeout(PATIENCE_S * 5):
                return await reader.read(-1)
        except ConnectionResetError:
            return b"RST"
        finally:
            writer.close()


@asynccontextmanager
async def timed():
    """Give a list that holds the seconds that the block took, once it is over."""
    loop = asyncio.get_running_loop()
    taken: list[float] = []
    begun = loop.time()
    yield taken
    taken.append(loop.time() - begun)
