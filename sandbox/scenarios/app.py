"""The app under test, as a browser and a scheduler see it. It knows nothing of the sandbox."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any
from urllib.parse import urljoin, urlsplit

import aiohttp

TIMEOUT_S = 60.0


class AppUnreachable(Exception):
    """Nothing answers at the app's address, or the connection broke."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """``body``: parsed JSON, or None where it is none. ``location``: where it redirects to."""

    status: int
    body: Any
    location: str | None


class App:
    """``url``: where the app under test listens."""

    def __init__(self, url: str, *, timeout_s: float = TIMEOUT_S) -> None:
        self.url = url.rstrip("/")
        self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=timeout_s))

    async def __aenter__(self) -> "App":
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None
    ) -> None:
        await self._http.close()

    async def call(self, method: str, path: str, body: Any = None) -> Answer:
        """Call the app and return its answer; redirects are not followed.

        Raises:
            AppUnreachable: there is no answer.
        """
        url = f"{self.url}{path}"
        sent: Mapping[str, Any] = {} if body is None else {"json": body}
        try:
            async with self._http.request(method, url, allow_redirects=False, **sent) as answer:
                return Answer(
                    status=answer.status,
                    body=await _json(answer),
                    location=answer.headers.get("Location"),
                )
        except (aiohttp.ClientError, TimeoutError) as error:
            problem = str(error) or type(error).__name__
            raise AppUnreachable(f"{method} {url}: {problem}") from error

    async def come_back(self, redirect_to: str) -> Answer:
        """Do what the browser does whom the bank has sent back: at this app, wherever it runs."""
        parts = urlsplit(urljoin(self.url, redirect_to))
        return await self.call("GET", f"{parts.path}?{parts.query}")


async def _json(answer: aiohttp.ClientResponse) -> Any:
    try:
        return await answer.json(content_type=None)
    except ValueError:
        return None


def found_at(body: Any, place: str) -> Any:
    """Return what stands at a dotted place of a JSON answer; None where nothing does."""
    for part in place.split("."):
        if isinstance(body, Mapping):
            body = body.get(part)
        elif isinstance(body, list) and part.isdecimal() and int(part) < len(body):
            body = body[int(part)]
        else:
            return None
    return body


def mismatch(answer: Answer, what: Mapping[str, Any]) -> str | None:
    """Return what of an answer is not as ``status`` and ``answer`` of a step say, or None."""
    wanted = what.get("status")
    if wanted is not None and answer.status != wanted:
        return f"the app answers {answer.status}, not {wanted}"
    for place, value in what.get("answer", {}).items():
        found = found_at(answer.body, place)
        if found != value:
            return f"{place} of the app's answer is {found!r}, not {value!r}"
    return None
