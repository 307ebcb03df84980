"""The app under test, as a browser and a scheduler see it. It knows nothing of the sandbox."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

import aiohttp

from sandbox.scenarios.back import Back

TIMEOUT_S = 60.0
FORM = "application/x-www-form-urlencoded"


class AppUnreachable(Exception):
    """Nothing answers at the app's address, or the connection broke."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """``location``: where it redirects to."""

    status: int
    text: str
    location: str | None

    @property
    def body(self) -> Any:
        """The parsed JSON, or None where it is none."""
        try:
            return json.loads(self.text)
        except ValueError:
            return None


class App:
    """``url``: where the app under test listens. Each browser has cookies of its own."""

    def __init__(self, url: str, *, timeout_s: float = TIMEOUT_S) -> None:
        self.url = url.rstrip("/")
        self._timeout_s = timeout_s
        self._browsers: dict[str, aiohttp.ClientSession] = {}

    async def __aenter__(self) -> "App":
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None
    ) -> None:
        for browser in self._browsers.values():
            await browser.close()

    def _browser(self, name: str) -> aiohttp.ClientSession:
        if name not in self._browsers:
            self._browsers[name] = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=self._timeout_s),
                cookie_jar=aiohttp.CookieJar(unsafe=True),  # apps under test have no names
            )
        return self._browsers[name]

    async def reach(self) -> None:
        """Find out whether anybody listens at the app's address; nothing is asked.

        Raises:
            AppUnreachable: nobody does, or it is no address.
        """
        try:
            parts = urlsplit(self.url)
            port = parts.port or (443 if parts.scheme == "https" else 80)
            _, writer = await asyncio.open_connection(parts.hostname or "", port)
        except (OSError, ValueError) as error:
            raise AppUnreachable(f"no app answers at {self.url}: {error}") from error
        writer.close()

    async def call(self, method: str, path: str, body: Any = None, *, browser: str = "") -> Answer:
        """Call the app and return its answer; redirects are not followed.

        Raises:
            AppUnreachable: there is no answer.
        """
        sent = {} if body is None else {"json": body}
        return await self._send(method, path, browser, **sent)

    async def _send(self, method: str, path: str, browser: str, **sent: Any) -> Answer:
        url, http = f"{self.url}{path}", self._browser(browser)
        if "data" in sent:
            sent["headers"] = {"Content-Type": FORM}
        try:
            async with http.request(method, url, allow_redirects=False, **sent) as answer:
                return Answer(
                    status=answer.status,
                    text=await answer.text(errors="replace"),
                    location=answer.headers.get("Location"),
                )
        except (aiohttp.ClientError, TimeoutError) as error:
            problem = str(error) or type(error).__name__
            raise AppUnreachable(f"{method} {url}: {problem}") from error

    async def come_back(self, back: Back, *, browser: str = "") -> Answer:
        """Do what the browser does whom the bank has sent back: at this app, wherever it runs.

        A form is posted with all cookies, also those that ``SameSite`` would keep at home.
        """
        parts = urlsplit(urljoin(self.url, back.address))
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        if back.posted is None:
            return await self.call("GET", path, browser=browser)
        return await self._send("POST", path, browser, data=urlencode(back.posted))


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
    """Return what of an answer is not as a step says, or None.

    ``status``; ``answer``: what stands at places of its JSON; ``stays``: it leads nowhere else.
    """
    wanted = what.get("status")
    if wanted is not None and answer.status != wanted:
        return f"the app answers {answer.status}, not {wanted}: {answer.text[:200]}"
    if what.get("stays") and answer.location is not None and urlsplit(answer.location).netloc:
        return f"the app redirects to {answer.location}"
    return misplaced(answer.body, what.get("answer", {}), "the app's answer")


def misplaced(body: Any, wanted: Mapping[str, Any], whose: str) -> str | None:
    """Return what does not stand at its dotted place of a JSON answer, or None."""
    for place, value in wanted.items():
        found = found_at(body, place)
        if found != value:
            return f"{place} of {whose} is {found!r}, not {value!r}"
    return None
