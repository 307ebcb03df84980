"""Answers of a moment ago, kept so that a double click gets the same one twice.

A code is stored as a hash, so the answer to "allow" cannot be made again from what is stored. It
is remembered here: in this process alone, for ``KEEP_S`` real seconds, for whoever sends the very
same fields with the very same cookie to the very same interaction.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from http.cookies import SimpleCookie
from weakref import WeakValueDictionary

from aiohttp import web

from sandbox.web.oauth.redirects import KEEP_S, see_other

MOST = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """Where the browser was sent, and the cookies that it was given on the way.

    ``page``: what takes it there by a form, with its headers; None: a redirect does.
    """

    location: str
    cookies: SimpleCookie
    page: tuple[bytes, Mapping[str, str]] | None = None

    @classmethod
    def of(cls, response: web.Response, posted_to: str | None = None) -> "Given":
        """``posted_to``: the answer of a page with a form, as an address."""
        if posted_to is None:
            return cls(location=response.headers["Location"], cookies=response.cookies)
        assert isinstance(response.body, bytes)  # pages are
        page = response.body, dict(response.headers)
        return cls(location=posted_to, cookies=response.cookies, page=page)

    def again(self) -> web.Response:
        """Return the same answer once more."""
        if self.page is None:
            response = see_other(self.location)
        else:
            body, headers = self.page
            response = web.Response(body=body, headers=headers)
        response.cookies.update(self.cookies)
        return response


def answer_key(world: str, interaction_id: str, cookie: str, body: bytes) -> bytes:
    """Return what tells one pressed button from every other one."""
    # A cookie may hold bytes that are no UTF-8: it is nobody's then, and finds nothing.
    sent = cookie.encode("utf-8", "surrogateescape")
    parts = (world.encode(), interaction_id.encode(), sent, body)
    # Each part hashed by itself: none can run over into the next.
    return sha256(b"".join(sha256(part).digest() for part in parts)).digest()


class Answered:
    def __init__(self, monotonic_s: Callable[[], float]) -> None:
        self._monotonic_s = monotonic_s
        self._given: dict[bytes, tuple[float, Given]] = {}  # oldest first
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def turn(self, interaction_id: str) -> asyncio.Lock:
        """Return the lock under which the buttons of one interaction take turns.

        The second click of two waits, and then finds the answer of the first.
        """
        return self._turns.setdefault(interaction_id, asyncio.Lock())

    def find(self, key: bytes) -> Given | None:
        self._forget()
        found = self._given.get(key)
        return None if found is None else found[1]

    def keep(self, key: bytes, given: Given) -> None:
        self._forget()
        if len(self._given) >= MOST:
            del self._given[next(iter(self._given))]
        self._given[key] = (self._monotonic_s(), given)

    def _forget(self) -> None:
        """Drop what has been kept for long enough."""
        over = self._monotonic_s() - KEEP_S
        while self._given and self._given[oldest := next(iter(self._given))][0] <= over:
            del self._given[oldest]
