"""A person at the bank's pages: signs in, ticks, presses a button. Plain HTTP, without scripts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from types import TracebackType
from urllib.parse import urljoin, urlsplit

import aiohttp
from yarl import URL

from sandbox.scenarios.app import TIMEOUT_S
from sandbox.scenarios.back import Back

MOST_REDIRECTS = 10
# What is typed is kept secret by its form's own type, whatever a bank calls it.
SECRETS = ("pin", "password")
WRONG = "0000"


class BankShows(Exception):
    """The bank shows a page that leads nowhere for this person."""


@dataclass(slots=True)
class Form:
    """A page's own form: the first. ``fields``: what it sends if nobody touches it."""

    action: str = ""
    fields: dict[str, str] = field(default_factory=dict)
    boxes: list[tuple[str, str]] = field(default_factory=list)


class _Reader(HTMLParser):
    """Gathers a page's first form, its links and what it alerts to."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.form = Form()
        self.links: list[str] = []
        self.said = ""
        self._forms = 0
        self._speaks = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self._speaks = self._speaks or given.get("role") == "alert" or tag == "h1"
        self._forms += tag == "form"
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        elif self._forms == 1 and tag == "form":
            self.form.action = given.get("action", "")
        elif self._forms == 1 and tag == "input":
            self._input(given)

    def handle_endtag(self, tag: str) -> None:
        self._speaks = self._speaks and tag not in ("p", "h1", "div")

    def handle_data(self, data: str) -> None:
        if self._speaks and data.strip():
            self.said = f"{self.said} {data.strip()}".strip()

    def _input(self, given: Mapping[str, str]) -> None:
        name, value = given.get("name", ""), given.get("value", "")
        if given.get("type") == "checkbox":
            self.form.boxes.append((name, value))
        else:
            self.form.fields[name] = value


@dataclass(frozen=True, slots=True)
class Page:
    """``location``: where a redirect sends the browser; None where the page is to be read."""

    url: str
    status: int
    text: str
    location: str | None

    @property
    def said(self) -> str:
        return f"{self.status} {_Reader(self.text).said}".strip()

    @property
    def back(self) -> Back | None:
        """How this page sends the browser to the app, as its script or a person would."""
        if self.location is not None:
            return Back(address=self.location)
        form = _Reader(self.text).form
        if urlsplit(form.action).netloc in ("", urlsplit(self.url).netloc):
            return None  # one of the bank's own
        return Back(address=form.action, posted=tuple(form.fields.items()))


class Person:
    """Somebody in front of a browser. ``login``: what its forms are filled in with."""

    def __init__(self, login: Mapping[str, str], kind: str) -> None:
        self._login = login
        self._kind = kind
        self._http = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=TIMEOUT_S),
            cookie_jar=aiohttp.CookieJar(unsafe=True),  # banks under test have no names
        )

    async def __aenter__(self) -> "Person":
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None
    ) -> None:
        await self._http.close()

    async def open(self, address: str) -> Page:
        """Go where the app sends the browser, up to the log-in or back."""
        page = await self._visit("GET", address)
        if page.back is None and not self.is_asked(page):
            tabs = [link for link in _Reader(page.text).links if f"kind={self._kind}" in link]
            if tabs:
                return await self._visit("GET", urljoin(page.url, tabs[0]))
        return page

    async def sign_in(self, page: Page, *, is_wrong: bool = False) -> Page:
        """Fill in the log-in. ``is_wrong``: with another PIN or password than the true one."""
        if not self.is_asked(page):
            raise BankShows(f"the bank wants no log-in: {page.said}")
        wrong = {name: WRONG for name in SECRETS if is_wrong and name in self._login}
        return await self._press(page, "sign_in", {**self._login, **wrong}, ())

    async def allow(self, page: Page, functions: Sequence[str] | None) -> Page:
        """Tick what is offered, of functions only those that are named, and allow."""
        ticked = [
            box
            for box in _Reader(page.text).form.boxes
            if box[0] != "function" or functions is None or box[1] in functions
        ]
        return await self._press(page, "allow", {}, ticked)

    async def deny(self, page: Page) -> Page:
        return await self._press(page, "deny", {}, ())

    def is_asked(self, page: Page) -> bool:
        """Tell whether the page wants this person's log-in."""
        return self._login.keys() <= _Reader(page.text).form.fields.keys()

    async def _press(
        self,
        page: Page,
        decision: str,
        typed: Mapping[str, str],
        ticked: Sequence[tuple[str, str]],
    ) -> Page:
        form = _Reader(page.text).form
        if page.back is not None or not form.action:
            raise BankShows(f"the bank's page has nothing to press: {page.said}")
        filled = {**form.fields, **{name: typed[name] for name in form.fields if name in typed}}
        data = [*filled.items(), *ticked, ("decision", decision)]
        return await self._visit("POST", urljoin(page.url, form.action), data)

    async def _visit(
        self, method: str, address: str, data: Sequence[tuple[str, str]] | None = None
    ) -> Page:
        """Load a page; follow the bank's redirects as long as they stay with the bank."""
        for _ in range(MOST_REDIRECTS):
            form = None if data is None else aiohttp.FormData(data)
            url = URL(address, encoded=True)
            async with self._http.request(method, url, data=form, allow_redirects=False) as answer:
                location = answer.headers.get("Location")
                text = await answer.text(errors="replace")
                page = Page(address, answer.status, text, location)
            if location is None or urlsplit(location).netloc not in ("", urlsplit(address).netloc):
                return page
            method, address, data = "GET", urljoin(address, location), None
        raise BankShows(f"the bank's pages redirect more than {MOST_REDIRECTS} times")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a person does at the bank. ``decision``: allow, deny or leave (shut the browser)."""

    decision: str = "allow"
    wrong_tries: int = 0
    functions: Sequence[str] | None = None


async def go_through(person: Person, address: str, wish: Wish) -> Back | None:
    """Return how the bank sends the browser back; None: the person has left.

    Raises:
        BankShows: the bank lets this person go no further.
    """
    page = await person.open(address)
    for _ in range(wish.wrong_tries):
        page = await person.sign_in(page, is_wrong=True)
    if wish.decision == "leave":
        return None
    if page.back is None:
        page = await person.sign_in(page)
    if page.back is None and not person.is_asked(page):
        is_denying = wish.decision == "deny"
        page = await (person.deny(page) if is_denying else person.allow(page, wish.functions))
    if page.back is None:
        raise BankShows(f"the bank does not send the browser back: {page.said}")
    return page.back
