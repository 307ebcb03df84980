"""``/w/{world}`` in front of any path of the bank door: the same APIs and pages, in that world."""

import re
from collections.abc import Iterator
from typing import Any, NoReturn

from aiohttp import web
from aiohttp.web_urldispatcher import AbstractResource, UrlMappingMatchInfo
from yarl import URL

_PREFIXED = re.compile(r"/w/([^/]+)(/.*)")


class WorldPrefix(AbstractResource):
    """Resolves the rest of the path as if it stood alone, and keeps the world's name beside it.

    A resource and not a handler, so that the answer is the bank's own sub-application's: its
    routes, its errors, its shape.
    """

    def __init__(self, router: web.UrlDispatcher) -> None:
        super().__init__(name="world")
        self._router = router

    @property
    def canonical(self) -> str:
        return "/w"

    async def resolve(self, request: web.Request) -> tuple[UrlMappingMatchInfo | None, set[str]]:
        match = _PREFIXED.fullmatch(request.rel_url.raw_path)
        if match is None or match[2].startswith(("/w/", "//")):  # "//host/path" names a host
            return None, set()
        inner = request.clone(rel_url=URL(match[2], encoded=True))
        found = await self._router.resolve(inner)
        found["world"] = match[1]
        return found, set()

    def add_prefix(self, prefix: str) -> NoReturn:
        raise RuntimeError("worlds stand at the root")

    def get_info(self) -> Any:
        return {"path": "/w/{world}"}

    def raw_match(self, path: str) -> bool:
        return path == "/w"

    def url_for(self, **_kwargs: str) -> NoReturn:
        raise RuntimeError("a world's addresses are made by its issuer")

    def __len__(self) -> int:
        return 0

    def __iter__(self) -> Iterator[Any]:
        return iter(())
