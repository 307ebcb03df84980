"""Three clients that others wrote, and what each lets its caller see of one answer."""

import asyncio
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import requests

MAX_HOPS = 3
READ = "read"  # a body that is JSON for the client at hand


@dataclass(frozen=True, kw_only=True)
class Ask:
    """A request. ``form``: what a POST carries. ``patience_s``: then they give up."""

    url: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] | None = None
    follows: bool = True
    patience_s: float = 10
    ca: str | None = None  # file of the CA that is trusted


@dataclass(kw_only=True)
class Seen:
    """``error``: the client's own exception, or curl's exit code. ``status`` None: none came.

    ``reading``: ``READ`` where the client takes the body for JSON, which is ``json``; else the name
    of its exception. curl has no reader: there it is a program that expects UTF-8, as declared.
    """

    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    error: str | None = None
    reading: str | None = None
    json: Any = None

    @property
    def outcome(self) -> str:
        """Return the error, else the status."""
        return self.error or str(self.status)

    def began(self, status: int, headers: Mapping[str, str]) -> None:
        self.status, self.headers = status, {name.lower(): headers[name] for name in headers}

    def failed(self, error: Exception) -> None:
        self.error = type(error).__name__


async def by_aiohttp(ask: Ask) -> Seen:
    seen, timeout = Seen(), aiohttp.ClientTimeout(total=ask.patience_s)
    trust = True if ask.ca is None else ssl.create_default_context(cafile=ask.ca)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        try:
            async with session.request(
                ask.method,
                ask.url,
                headers=ask.headers,
                data=ask.form,
                allow_redirects=ask.follows,
                max_redirects=MAX_HOPS,
                ssl=trust,
            ) as answer:
                seen.began(answer.status, answer.headers)
                async for piece in answer.content.iter_any():
                    seen.body += piece
                answer._body = seen.body
                try:
                    seen.json, seen.reading = await answer.json(), READ
                except (aiohttp.ContentTypeError, ValueError) as error:
                    seen.reading = type(error).__name__
        except (aiohttp.ClientError, TimeoutError) as error:
            seen.failed(error)
    return seen


async def by_requests(ask: Ask) -> Seen:
    return await asyncio.to_thread(_by_requests, ask)


def _by_requests(ask: Ask) -> Seen:
    seen = Seen()
    with requests.Session() as session:
        session.max_redirects = MAX_HOPS
        try:
            with session.request(
                ask.method,
                ask.url,
                headers=dict(ask.headers),
                data=ask.form,
                allow_redirects=ask.follows,
                timeout=ask.patience_s,
                verify=ask.ca or True,
                stream=True,
            ) as answer:
                seen.began(answer.status_code, answer.headers)
                for piece in answer.iter_content(None):
                    seen.body += piece
                answer._content, answer._content_consumed = seen.body, True
                try:
                    seen.json, seen.reading = answer.json(), READ
                except ValueError as error:
                    seen.reading = type(error).__name__
        except requests.RequestException as error:
            seen.failed(error)
    return seen


async def by_curl(ask: Ask) -> Seen:
    """The head goes to standard error, where curl (``-s``) says nothing else."""
    words = ["-s", "--compressed", "-D", "/dev/stderr", "--max-time", str(ask.patience_s)]
    words += ["-L", "--max-redirs", str(MAX_HOPS)] if ask.follows else []
    words += [] if ask.ca is None else ["--cacert", ask.ca]
    for name, value in ask.headers.items():
        words += ["-H", f"{name}: {value}"]
    for name, value in (ask.form or {}).items():
        words += ["--data-urlencode", f"{name}={value}"]
    if ask.form is None and ask.method != "GET":
        words += ["-X", ask.method]
    process = await asyncio.create_subprocess_exec(
        "curl", *words, ask.url, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    seen = Seen()
    seen.body, said = await process.communicate()
    heads = [head for head in said.decode("latin-1").split("\r\n\r\n") if head.strip()]
    if heads:
        status_line, *lines = heads[-1].lstrip().split("\r\n")
        pairs = (line.partition(": ") for line in lines)
        seen.began(int(status_line.split()[1]), {name: value for name, _, value in pairs})
    if process.returncode:
        seen.error = f"exit {process.returncode}"
        return seen
    try:
        seen.json, seen.reading = json.loads(seen.body.decode("utf-8")), READ
    except ValueError as error:
        seen.reading = type(error).__name__
    return seen


CLIENTS = {"aiohttp": by_aiohttp, "requests": by_requests, "curl": by_curl}
