"""Reading the journal as a tester would, and filling it quickly."""

import asyncio
from typing import Any
from urllib.parse import urlsplit

from tests.support import BASE, Running

READ_MAX = 2**20


def address(running: Running, world: str = "default", tail: str = "") -> str:
    return f"{running.sandbox.control_url}/api/v1/worlds/{world}/journal{tail}"


async def page(running: Running, world: str = "default", **query: Any) -> dict[str, Any]:
    params = {name: str(value) for name, value in query.items()}
    async with running.http.get(address(running, world), params=params) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.json()


async def entries(running: Running, world: str = "default", **query: Any) -> list[dict[str, Any]]:
    return (await page(running, world, **query))["journal"]


async def har(running: Running, world: str = "default", **query: str) -> dict[str, Any]:
    async with running.http.get(address(running, world, "/export.har"), params=query) as answer:
        assert answer.status == 200, await answer.text()
        return (await answer.json())["log"]


async def empty(running: Running, world: str = "default") -> None:
    async with running.http.delete(address(running, world)) as answer:
        assert (answer.status, await answer.json()) == (200, {})


async def call_often(running: Running, path: str, token: str, times: int) -> int:
    """GET a path over and over on one connection, many requests under way; count the 200s."""
    at = urlsplit(running.url)
    head = f"Host: {at.netloc}\r\nAuthorization: Bearer {token}\r\n\r\n"
    request = f"GET {BASE}{path} HTTP/1.1\r\n{head}".encode()
    reader, writer = await asyncio.open_connection(at.hostname, at.port)
    done = b"HTTP/1.1 200 OK\r\n"
    found, rest = 0, b""
    for begun in range(0, times, 50):
        batch = min(50, times - begun)
        writer.write(request * batch)
        while found < begun + batch:
            data = await reader.read(READ_MAX)
            assert data, "the server closed the connection"
            rest += data
            found += rest.count(done)
            rest = rest[rest.rfind(done) + len(done) :] if done in rest else rest[-len(done) :]
    writer.close()
    return found
