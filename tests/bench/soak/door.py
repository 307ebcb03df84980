"""The HTTP side of the soak: calls, and what they tell of the bank's time."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp

from tests.bench.load import spent_s
from tests.bench.soak.record import Span
from tests.process import Server
from tests.support import bearer

SECOND = 1.0
MOST_A_SECOND, LEAST_A_SECOND = 400.0, 4.0


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: Any
    at: Span
    reason: str = ""

    def __str__(self) -> str:
        return f"{self.status} {self.reason} {self.body}"


@dataclass(slots=True)
class Pace:
    """Keeps server and load together at ``share`` of a core, and the calls below a limit."""

    pid: int
    share: float
    rate: float = 40.0
    used: float = 0.0
    _next: float = 0.0
    _seen: tuple[float, float] = (0.0, 0.0)

    async def turn(self) -> None:
        now = time.perf_counter()
        self._next = max(self._next + 1 / self.rate, now - SECOND / 5)
        if self._next > now:
            await asyncio.sleep(self._next - now)

    def adjust(self) -> None:
        """Compare what was used since the last look with what may be."""
        now, cpu = time.perf_counter(), spent_s(self.pid) + time.process_time()
        (then, before), self._seen = self._seen, (now, cpu)
        if not then:
            return
        self.used = (cpu - before) / (now - then)
        change = min(1.1, max(0.6, self.share / max(self.used, 0.001)))
        self.rate = min(MOST_A_SECOND, max(LEAST_A_SECOND, self.rate * change))


@dataclass(slots=True)
class Door:
    """Both doors of one server. ``now``: the latest that is known of the default world's time."""

    http: aiohttp.ClientSession
    server: Server
    now: float = 0.0
    calls: int = 0
    data_url: str = field(init=False)
    control_url: str = field(init=False)

    def __post_init__(self) -> None:
        self.data_url, self.control_url = self.server.data_url, self.server.control_url

    async def call(
        self, method: str, url: str, headers: Mapping[str, str] | None = None, **how: Any
    ) -> Answer:
        """Call the bank's door of the default world, whose answers tell its time."""
        low = self.now
        async with self.http.request(method, url, headers=headers, **how) as answer:
            body = await self._body(answer)
            date = parsedate_to_datetime(answer.headers["Date"]).timestamp()
            self.now = max(self.now, date)
            reason = answer.headers.get("X-Sandbox-Reason", "")
            return Answer(answer.status, body, Span(low, date + SECOND), reason)

    async def aside(self, method: str, url: str, token: str | None = None, **how: Any) -> Answer:
        """Call another world or another door: its times are no times of ours."""
        headers = None if token is None else bearer(token)
        async with self.http.request(method, url, headers=headers, **how) as answer:
            reason = answer.headers.get("X-Sandbox-Reason", "")
            return Answer(answer.status, await self._body(answer), Span(self.now, self.now), reason)

    async def visit(self, url: str) -> Answer:
        """Open a page in a browser of its own. Only an unsafe jar keeps cookies of an address."""
        async with (
            aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser,
            browser.get(url) as answer,
        ):
            if url.startswith(self.data_url):
                date = parsedate_to_datetime(answer.headers["Date"]).timestamp()
                self.now = max(self.now, date)
            return Answer(answer.status, await self._body(answer), Span(self.now, self.now))

    async def control(self, method: str, path: str, **body: Any) -> Answer:
        """Call the control door. ``path``: below its worlds."""
        how = {} if method == "GET" else {"json": body}
        return await self.aside(method, f"{self.control_url}/api/v1/worlds{path}", **how)

    async def _body(self, answer: aiohttp.ClientResponse) -> Any:
        self.calls += 1
        is_json = "json" in answer.content_type
        return await answer.json(content_type=None) if is_json else await answer.text()
