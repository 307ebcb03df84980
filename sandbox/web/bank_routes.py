"""One bank's routes at the root of its door, and what it answers where it has none.

No sub-application: that would search every path twice and wrap every call once more, a tenth of
what a small call costs. So what surrounds a bank's calls is put around each handler here.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, NoReturn, TypeAlias

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from aiohttp.web_urldispatcher import AbstractResource, ResourceRoute, UrlMappingMatchInfo

Around: TypeAlias = Callable[[Handler], Handler]


def around(*middlewares: Middleware) -> Around:
    """Return what puts ``middlewares`` around a handler, the first outermost."""

    def surround(handler: Handler) -> Handler:
        for middleware in reversed(middlewares):
            handler = partial(middleware, handler=handler)
        return handler

    return surround


class BankRoutes(AbstractResource):
    """Adds a bank's routes to ``router`` below ``/{bank}``, and answers what none of them takes."""

    def __init__(self, router: web.UrlDispatcher, bank: str, surround: Around) -> None:
        super().__init__(name=f"elsewhere-{bank}")
        self._router = router
        self._prefix = f"/{bank}"
        self._surround = surround
        self._resources: list[AbstractResource] = []

    def add(self, routes: Iterable[web.RouteDef]) -> None:
        for route in routes:
            path, handler = self._prefix + route.path, self._surround(route.handler)
            added = web.RouteDef(route.method, path, handler, route.kwargs).register(self._router)
            self._resources += [each.resource for each in added if each.resource is not None]

    @property
    def canonical(self) -> str:
        return self._prefix

    async def resolve(self, request: web.Request) -> tuple[UrlMappingMatchInfo | None, set[str]]:
        """Return what says no in the bank's own shape: 405 where other methods would do, or 404."""
        allowed: set[str] = set()
        for resource in self._resources:
            allowed |= (await resource.resolve(request))[1]

        async def refuse(_request: web.Request) -> NoReturn:
            if allowed:
                raise web.HTTPMethodNotAllowed(request.method, allowed)
            raise web.HTTPNotFound

        return UrlMappingMatchInfo({}, ResourceRoute("*", self._surround(refuse), self)), set()

    def add_prefix(self, prefix: str) -> NoReturn:
        raise RuntimeError("banks stand at the root")

    def get_info(self) -> Any:
        return {"path": self._prefix}

    def raw_match(self, path: str) -> bool:
        return path == self._prefix

    def url_for(self, **_kwargs: str) -> NoReturn:
        raise RuntimeError("there is nothing at this address")

    def __len__(self) -> int:
        return 0

    def __iter__(self) -> Iterator[Any]:
        return iter(())
