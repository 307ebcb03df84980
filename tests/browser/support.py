"""The small language of the browser tests: a provider's web server, and a person at a browser."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import urlencode

from aiohttp import web
from playwright.async_api import BrowserContext, Page, Response

from sandbox.resources import data_root
from tests.support import AGGREGATOR, CHALLENGE, NATIVE, REDIRECT_URI, Running, answer_of

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
)
STATE = "st-1 +&=/?#%ü架空"
FIELDS = {
    "individual": ("branch_code", "account_number", "pin"),
    "corporate": ("contractor_id", "user_id", "password"),
}
TEST_LINE = "これは試験用の環境です"


class NoBrowser(Exception):
    """No Chromium on the PATH starts."""


async def find_chromium() -> str:
    """Return the path of the system's Chromium: run, not only looked up, for it may be a stub.

    Raises:
        NoBrowser: says how to get one.
    """
    for path in filter(None, map(shutil.which, BROWSERS)):
        quiet = asyncio.subprocess.DEVNULL
        process = await asyncio.create_subprocess_exec(
            path, "--version", stdout=quiet, stderr=quiet
        )
        if await process.wait() == 0:
            return path
    raise NoBrowser(
        f"the browser tests need one of {', '.join(BROWSERS)} and found none that starts; "
        "scripts/test-setup installs Chromium, or say 'apt-get install chromium fonts-noto-cjk'"
    )


@cache
def personas() -> dict[str, dict[str, Any]]:
    text = (data_root() / "fixtures" / "personas" / "tomato.json").read_text("utf-8")
    return {each["persona"]: each for each in json.loads(text)["personas"]}


@dataclass
class Provider:
    """接続事業者: where the bank sends the browser back to, and any other site of the web.

    ``calls`` are the queries and forms that came back; ``pages`` are further pages, by path.
    """

    port: int = 0
    calls: list[dict[str, str]] = field(default_factory=list)
    pages: dict[str, str] = field(default_factory=dict)

    @property
    def native_uri(self) -> str:
        """The redirect URI of a native client: any loopback port will do (RFC 8252 §7.3)."""
        return f"http://127.0.0.1:{self.port}/callback"

    def site(self, path: str) -> str:
        """Another site than the bank's, by the browser's measure: localhost is not 127.0.0.1."""
        return f"http://localhost:8000{path}"

    async def answer(self, request: web.Request) -> web.Response:
        if request.path == "/callback":
            posted = await request.post() if request.method == "POST" else {}
            self.calls.append({**request.query, **{n: str(v) for n, v in posted.items()}})
        body = self.pages.get(request.path, "<!DOCTYPE html><title>provider</title><p>ok</p>")
        return web.Response(text=body, content_type="text/html")


@asynccontextmanager
async def provider_site() -> AsyncIterator[Provider]:
    """Serve a provider on a free loopback port."""
    provider = Provider()
    app = web.Application()
    app.router.add_get("/{path:.*}", provider.answer)
    app.router.add_post("/callback", provider.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        provider.port = runner.addresses[0][1]
        yield provider
    finally:
        await runner.cleanup()


@dataclass
class Person:
    """Somebody at a browser of their own, whom a provider sends to the bank."""

    page: Page
    running: Running
    provider: Provider
    statuses: list[int] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    asked_for: list[str] = field(default_factory=list)

    @property
    def context(self) -> BrowserContext:
        return self.page.context

    def watch(self) -> None:
        """Take down what every page of the tab answers, asks for and complains of."""
        self.page.on("response", self._note)
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("request", lambda request: self.asked_for.append(request.url))

    def _note(self, response: Response) -> None:
        if response.request.is_navigation_request():
            self.statuses.append(response.status)

    def address(self, client_id: str = AGGREGATOR, **changes: str) -> str:
        """Return where a provider sends its customer; ``changes`` go into the query."""
        query = {
            "response_type": "code",
            "client_id": client_id,
            "redirect_uri": self.provider.native_uri if client_id == NATIVE else REDIRECT_URI,
            "state": STATE,
            "scope": "accounts",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        }
        return f"{self.running.base}/oauth/auth?{urlencode(query | changes)}"

    async def begin(self, client_id: str = AGGREGATOR, **changes: str) -> None:
        await self.page.goto(self.address(client_id, **changes))

    async def another_tab(self) -> "Person":
        """Return the same person at a second tab of the same browser."""
        other = Person(await self.context.new_page(), self.running, self.provider)
        other.watch()
        return other

    async def type_in(self, persona: str, **changes: str) -> None:
        """Fill the sign-in form; ``changes`` are what is typed instead."""
        found = personas()[persona]
        if found["kind"] == "corporate" and not await self.page.locator("#password").count():
            await self.page.click(".tabs a[href*='kind=corporate']")
        for name in FIELDS[found["kind"]]:
            await self.page.fill(f"#{name}", (found["login"] | changes)[name])

    async def press(self, decision: str) -> None:
        """Press a button of the page and wait for the page that it leads to."""
        async with self.page.expect_navigation():
            await self.page.click(f"button[value={decision}]")

    async def sign_in(self, persona: str = "taro", **changes: str) -> None:
        await self.type_in(persona, **changes)
        await self.press("sign_in")

    async def reach_consent(self, persona: str = "taro", client_id: str = AGGREGATOR) -> None:
        await self.begin(client_id)
        await self.sign_in(persona)
        assert await self.is_at("consent")

    async def allow(self) -> dict[str, str]:
        await self.press("allow")
        return await self.landed()

    async def deny(self) -> dict[str, str]:
        await self.press("deny")
        return await self.landed()

    async def landed(self) -> dict[str, str]:
        """Return what the browser carried back to the provider."""
        await self.page.wait_for_url("**/callback?**")
        answer = answer_of(self.page.url)
        assert self.provider.calls[-1] == answer
        return answer

    async def is_at(self, where: str) -> bool:
        """Say whether the page is ``sign_in`` or ``consent``."""
        button = {"sign_in": "sign_in", "consent": "allow"}[where]
        return bool(await self.page.locator(f"button[value={button}]").count())

    async def heading(self) -> str:
        return await self.page.locator("h1").inner_text()

    async def text(self) -> str:
        return await self.page.locator("main").inner_text()

    async def cookie(self) -> dict[str, Any]:
        """Return the cookie of the interaction that the tab shows."""
        (cookie,) = [
            each
            for each in await self.context.cookies(self.page.url)
            if each["name"] == "interaction"
        ]
        return dict(cookie)

    async def page_says(self, status: int, *words: str) -> None:
        """Hold the page to a status, to ``words``, and to what every page of the bank says."""
        assert self.statuses[-1] == status
        assert self.page.url.startswith(self.running.url)
        body = await self.page.locator("body").inner_text()
        for word in (TEST_LINE, *words):
            assert word in body, body


async def contractor_of(running: Running, persona: str) -> str:
    row = await running.sandbox.world.database.fetchrow(
        "SELECT contractor_id FROM contractor WHERE persona = $1", persona
    )
    assert row is not None
    return row[0]


async def account_ids_of(running: Running, persona: str) -> list[str]:
    rows = await running.sandbox.world.database.fetch(
        "SELECT account_id FROM account WHERE contractor_id = $1 ORDER BY account",
        await contractor_of(running, persona),
    )
    return [row[0] for row in rows]


async def count_grants(running: Running) -> int:
    row = await running.sandbox.world.database.fetchrow("SELECT count(*) FROM access_grant")
    assert row is not None
    return row[0]
