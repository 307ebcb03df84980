"""The bank's side of a run, over the control API."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from sandbox.client import AsyncSandbox, AsyncWorld
from sandbox.client.request import PAGE_SIZE, Request, path

Json = Mapping[str, Any]


class Bank:
    """One world of a running sandbox."""

    def __init__(self, sandbox: AsyncSandbox, world: AsyncWorld) -> None:
        self._sandbox = sandbox
        self.world = world

    async def call(
        self, method: str, resource: str, body: Any = None, query: Mapping[str, str] | None = None
    ) -> Any:
        """Call a resource below the world and return its answer.

        Raises:
            ProblemError: the server refuses.
            Unreachable: it does not answer.
        """
        where, _, more = resource.partition("?")
        parts = [quote(part, safe="%~-_.") for part in where.split("/")]
        asked = dict(each.partition("=")[::2] for each in more.split("&") if each)
        content = None if method == "GET" else json.dumps({} if body is None else body).encode()
        request = Request(
            method=method,
            path="/".join([path("worlds", self.world.name), *parts]),
            read=_answer,
            query={**asked, **(query or {})},
            content=content,
        )
        return await self._sandbox.send(request)

    async def raw(self, resource: str, body: Json, **query: str) -> bytes:
        """Post to a resource and return what comes: a report, a page."""
        request = Request(
            method="POST",
            path="/".join([path("worlds", self.world.name), resource]),
            read=bytes,
            query=query,
            content=json.dumps(body).encode(),
        )
        return await self._sandbox.send(request)

    async def list_all(self, resource: str, items: str, query: Mapping[str, str]) -> list[Json]:
        """Return every row of a list that comes in pages."""
        found: list[Json] = []
        asked = {**query, "limit": str(PAGE_SIZE)}
        while True:
            page = await self.call("GET", resource, query=asked)
            found += page[items]
            if page.get("next") is None:
                return found
            asked = {**asked, "after": str(page["next"])}


def _answer(content: bytes) -> Any:
    return json.loads(content) if content else None
