"""A browser without scripts for the tests, and bare sockets for what no client would send."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

import aiohttp
from yarl import URL

from tests.support import AGGREGATOR, BASE, REDIRECT_URI, Running

LOGINS = {
    "taro": {"kind": "individual", "branch_code": "001", "account_number": "1234567"},
    "hanako": {"kind": "individual", "branch_code": "002", "account_number": "2345678"},
    "lapsed": {"kind": "individual", "branch_code": "001", "account_number": "1810001"},
    "shoji": {"kind": "corporate", "contractor_id": "0566000001", "user_id": "tanaka"},
}
SECRETS = {
    "taro": {"pin": "1234"},
    "hanako": {"pin": "2345"},
    "lapsed": {"pin": "7890"},
    "shoji": {"password": "shoji-pass-1"},
}


def request_query(**changes: str | None) -> str:
    """Return a sound authorization request as a query; a change to None leaves a field out."""
    asked: dict[str, str | None] = {
        "response_type": "code",
        "client_id": AGGREGATOR,
        "redirect_uri": REDIRECT_URI,
        "scope": "accounts",
        "state": "tab-1",
        **changes,
    }
    return urlencode({name: value for name, value in asked.items() if value is not None})


class Form(HTMLParser):
    """A page's own form: where it goes, and what it sends if nobody touches it.

    The first one. The tester's bar, where there is one, comes after it.
    """

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms = 0
        self.action = ""
        self.fields: list[tuple[str, str]] = []
        self.boxes: list[tuple[str, str]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.forms += tag == "form"
        if self.forms > 1:
            return
        if tag == "form":
            self.action = found["action"] or ""
        elif tag == "input" and found.get("type") == "hidden":
            self.fields.append((found["name"] or "", found.get("value") or ""))
        elif tag == "input" and found.get("type") == "checkbox":
            self.boxes.append((found["name"] or "", found.get("value") or ""))


@dataclass(frozen=True, kw_only=True)
class Page:
    status: int
    headers: Any
    text: str
    url: str

    @property
    def location(self) -> str:
        return str(self.headers.get("Location", ""))

    @property
    def form(self) -> Form:
        return Form(self.text)


@dataclass
class Browser:
    """Keeps cookies and the page that it is on; follows redirects of the bank, not beyond."""

    running: Running
    http: aiohttp.ClientSession
    page: Page = field(init=False)

    async def visit(self, url: str, **options: Any) -> Page:
        """Load one page as it is, without following it anywhere."""
        method = options.pop("method", "GET")
        address = URL(urljoin(self.running.url, url), encoded=True)
        options = {"allow_redirects": False, **options}
        async with self.http.request(method, address, **options) as answer:
            text = await answer.text()
            headers, status = answer.headers, answer.status
        self.page = Page(status=status, headers=headers, text=text, url=str(address))
        return self.page

    async def begin(self, query: str | None = None, **changes: str | None) -> Page:
        """Go to the authorization endpoint, as a provider sends a person there."""
        asked = request_query(**changes) if query is None else query
        return await self.visit(f"{BASE}/oauth/auth?{asked}")

    async def follow(self) -> Page:
        """Follow redirects as long as they lead to the bank itself."""
        while self.page.location and not urlsplit(self.page.location).netloc:
            await self.visit(self.page.location)
        return self.page

    async def open(self, query: str | None = None, **changes: str | None) -> Page:
        await self.begin(query, **changes)
        return await self.follow()

    async def press(self, decision: str, *typed: tuple[str, str], ticks: bool = True) -> Page:
        """Press a button of the page; ``ticks``: with every box of it ticked."""
        form = self.page.form
        boxes = form.boxes if ticks else []
        data = [*form.fields, *boxes, *typed, ("decision", decision)]
        return await self.visit(
            form.action,
            method="POST",
            data=urlencode(data),
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )

    async def test(self, outcome: str, *fields: tuple[str, str]) -> Page:
        """Press a button of the tester's bar."""
        form = self.page.form
        return await self.visit(
            form.action,
            method="POST",
            data=urlencode([*form.fields[:1], ("tester", outcome), *fields]),
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )

    async def sign_in(self, persona: str = "taro", **changes: str) -> Page:
        """Type a persona's login into the sign-in page, and follow to what comes next."""
        login = {**LOGINS[persona], **SECRETS[persona], **changes}
        page = self.page.form.action.split("?")[0]
        await self.visit(f"{page}?kind={login['kind']}")
        await self.press("sign_in", *((n, v) for n, v in login.items() if n != "kind"))
        return await self.follow()

    async def consent(self, persona: str = "taro", **changes: str | None) -> str:
        """Walk all pages and allow everything; return where the browser is sent in the end."""
        await self.open(**changes)
        await self.sign_in(persona)
        page = await self.press("allow")
        assert page.status == 303, page.text
        return page.location


@asynccontextmanager
async def browsing(running: Running) -> AsyncIterator[Browser]:
    # unsafe: cookies of an address instead of a name.
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(cookie_jar=jar) as http:
        yield Browser(running=running, http=http)


async def send_bytes(url: str, data: bytes, *, wait_s: float = 5.0) -> tuple[int, bytes, bytes]:
    """Write ``data`` to the server as it is; return (status, header block, body) of its answer."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        writer.write(data)
        async with asyncio.timeout(wait_s):
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(
                int(line.split(b":")[1])
                for line in head.lower().split(b"\r\n")
                if line.startswith(b"content-length:")
            )
            body = await reader.readexactly(length)
    finally:
        writer.close()
    return int(head.split(b" ", 2)[1]), head, body
