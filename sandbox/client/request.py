"""A request of the control API as a value, and what becomes of the answer.

Both faces of the client send the same values; neither knows a path or a field.
"""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar
from urllib.parse import quote, urlencode, urlsplit

from sandbox import __version__
from sandbox.client.answers import Page, read
from sandbox.client.errors import ProblemError, Unreachable

DEFAULT_URL = "http://127.0.0.1:8081"
TOKEN_VARIABLE = "SANDBOX_CONTROL_TOKEN"
# Moving a world's time by years takes seconds, nothing else does.
TIMEOUT_S = 60.0
JSON_TYPE, SQLITE_TYPE = "application/json", "application/vnd.sqlite3"
PAGE_SIZE = 1000

Answer = TypeVar("Answer")
Next = TypeVar("Next")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request(Generic[Answer]):
    """``path`` is quoted and begins below the door's address; ``content`` None: no body."""

    method: str
    path: str
    read: Callable[[bytes], Answer]
    query: Mapping[str, str] = field(default_factory=dict)
    content: bytes | None = None
    content_type: str = JSON_TYPE

    @property
    def target(self) -> str:
        return f"{self.path}?{urlencode(self.query)}" if self.query else self.path

    def from_page(self, after: str) -> "Request[Answer]":
        """Return the request for the part of a list that follows ``after``."""
        return replace(self, query={**self.query, "after": after})

    def then(self, pick: Callable[[Answer], Next]) -> "Request[Next]":
        """Return the same request, for a part of its answer."""
        return Request(
            method=self.method,
            path=self.path,
            read=lambda content: pick(self.read(content)),
            query=self.query,
            content=self.content,
            content_type=self.content_type,
        )


@dataclass(frozen=True, slots=True)
class Door:
    """Where the control door is, and what every request to it carries."""

    url: str
    token: str | None

    @classmethod
    def at(cls, url: str | None, token: str | None) -> "Door":
        """Return the door of ``url``; the token is taken from the environment unless given.

        Raises:
            ValueError: no http or https address.
        """
        address = (url or DEFAULT_URL).rstrip("/")
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0:
            raise ValueError(f"{address!r} is no address of a control door, such as {DEFAULT_URL}")
        return cls(address, token or os.environ.get(TOKEN_VARIABLE) or None)

    def headers(self, request: Request[Any]) -> dict[str, str]:
        headers = {"Accept": "application/json", "User-Agent": f"bank-sandbox/{__version__}"}
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token}"
        if request.content is not None:
            headers["Content-Type"] = request.content_type
        return headers

    def unreachable(self, error: BaseException) -> Unreachable:
        return Unreachable(f"{self.url} does not answer: {str(error) or type(error).__name__}")

    def answer(self, request: Request[Answer], status: int, content: bytes) -> Answer:
        """Return what a response means.

        Raises:
            ProblemError: the server refused.
            Unreachable: it is no bank-sandbox that answers.
        """
        try:
            if status >= 400:
                raise problem(json.loads(content))
            return request.read(content)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise Unreachable(
                f"{self.url} is no control door of bank-sandbox: it answers {status} to "
                f"{request.method} {request.path}"
            ) from error


def problem(body: Mapping[str, Any]) -> ProblemError:
    known = ("status", "type", "detail", "title")
    more = {name: value for name, value in body.items() if name not in known}
    return ProblemError(int(body["status"]), str(body["type"]), str(body["detail"]), more)


def path(*parts: str) -> str:
    """Return the path of a resource below ``/api/v1``."""
    return "/".join(["/api/v1", *(quote(part, safe="") for part in parts)])


def given(**values: Any) -> dict[str, Any]:
    """Return the fields that were given: all but None."""
    return {name: value for name, value in values.items() if value is not None}


def encoded(**values: Any) -> bytes:
    """Return the JSON body of the fields that were given."""
    return json.dumps(given(**values), ensure_ascii=False, default=_isoformat).encode()


def _isoformat(value: Any) -> str:
    return str(value.isoformat())


def one(kind: type[Answer]) -> Callable[[bytes], Answer]:
    """Return the reader of an answer that is one ``kind``."""
    return lambda content: read(kind, json.loads(content))


def page(name: str, kind: type[Answer]) -> Callable[[bytes], Page[Answer]]:
    """Return the reader of a list that stands under ``name``."""

    def reader(content: bytes) -> Page[Answer]:
        body = json.loads(content)
        after = body.get("next")
        return Page(
            items=tuple(read(kind, each) for each in body[name]),
            next=None if after is None else str(after),
            dropped=int(body.get("dropped", 0)),
        )

    return reader


def raw(content: bytes) -> bytes:
    return content
