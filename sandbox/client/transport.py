"""How requests are sent: by code that waits, and by code that awaits."""

import http.client
from contextlib import AsyncExitStack
from io import BytesIO
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from sandbox.client.answers import Page
from sandbox.client.request import Door, Request

if TYPE_CHECKING:
    import aiohttp

LARGE_BYTES = 64 * 1024

T = TypeVar("T")


class Transport:
    """Sends requests, each over a connection of its own: usable from several threads."""

    def __init__(self, door: Door, timeout_s: float) -> None:
        self._door = door
        self._timeout_s = timeout_s
        self._address = urlsplit(door.url)

    def send(self, request: Request[T]) -> T:
        """Return the answer. Raises ``ProblemError`` or ``Unreachable``."""
        connection = self._connection()
        headers = self._door.headers(request)
        try:
            connection.request(
                request.method, self._address.path + request.target, request.content, headers
            )
            response = connection.getresponse()
            status, content = response.status, response.read()
        except (OSError, http.client.HTTPException) as error:
            raise self._door.unreachable(error) from error
        finally:
            connection.close()
        return self._door.answer(request, status, content)

    def send_all(self, first: Request[Page[T]]) -> list[T]:
        """Return a list to its end, fetched a page at a time."""
        page = self.send(first)
        found = [*page.items]
        while page.next is not None:
            page = self.send(first.from_page(page.next))
            found += page.items
        return found

    def _connection(self) -> http.client.HTTPConnection:
        is_safe = self._address.scheme == "https"
        kind = http.client.HTTPSConnection if is_safe else http.client.HTTPConnection
        assert self._address.hostname is not None  # the door has checked it
        return kind(self._address.hostname, self._address.port, timeout=self._timeout_s)


class AsyncTransport:
    """Sends requests: over the connections it holds, or each over one of its own."""

    def __init__(self, door: Door, timeout_s: float) -> None:
        self._door = door
        self._timeout_s = timeout_s
        self.held: aiohttp.ClientSession | None = None

    def session(self) -> "aiohttp.ClientSession":
        import aiohttp

        return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=self._timeout_s))

    async def send(self, request: Request[T]) -> T:
        """Return the answer. Raises ``ProblemError`` or ``Unreachable``."""
        import aiohttp
        from yarl import URL

        url = URL(self._door.url + request.target, encoded=True)
        async with AsyncExitStack() as stack:
            session = self.held
            if session is None:
                session = await stack.enter_async_context(self.session())
            try:
                async with session.request(
                    request.method,
                    url,
                    data=_body(request.content),
                    headers=self._door.headers(request),
                    allow_redirects=False,
                ) as response:
                    status, content = response.status, await response.read()
            except (aiohttp.ClientError, TimeoutError) as error:
                raise self._door.unreachable(error) from error
        return self._door.answer(request, status, content)

    async def send_all(self, first: Request[Page[T]]) -> list[T]:
        """Return a list to its end, fetched a page at a time."""
        page = await self.send(first)
        found = [*page.items]
        while page.next is not None:
            page = await self.send(first.from_page(page.next))
            found += page.items
        return found


def _body(content: bytes | None) -> bytes | BytesIO | None:
    """Return what aiohttp sends piece by piece where it is large; it warns of large bytes."""
    return content if content is None or len(content) <= LARGE_BYTES else BytesIO(content)
