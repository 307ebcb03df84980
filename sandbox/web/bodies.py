"""Bodies of data calls: JSON, or a file of the Zengin format; bounded in size and in time."""

import asyncio
from dataclasses import dataclass
from typing import Any

import orjson
from aiohttp import StreamReader, web

from sandbox.domain.errors import InvalidParameter
from sandbox.web.noting import entry_of

# Twenty thousand items, each with every field at its longest, are some twelve megabytes.
BODY_MAX_BYTES = 16 * 1024 * 1024
BODY_SECONDS = 60.0
# From here on parsing and checking hold the loop up longer than a thread costs.
THREAD_BYTES = 64 * 1024
JSON_TYPE, FILE_TYPE = "application/json", "text/plain"


@dataclass(frozen=True, slots=True)
class Sent:
    """What came with a call: ``body`` as parsed JSON, or the bytes of a ``file``."""

    body: Any = None
    file: bytes | None = None
    is_long: bool = False
    problem: Exception | None = None  # told only to a caller who may call at all

    def named(self, field: str) -> str | None:
        """Return a text of the body's top level."""
        found = self.body.get(field) if isinstance(self.body, dict) else None
        return found if isinstance(found, str) else None


NOTHING_SENT = Sent()


async def read_body(request: web.Request, *, takes_file: bool) -> Sent:
    """Return the body of ``request``, or the problem of it.

    A problem is one of ``_read``'s.
    """
    try:
        return await _read(request, takes_file)
    except (InvalidParameter, web.HTTPClientError) as problem:
        return Sent(problem=problem)


async def _read(request: web.Request, takes_file: bool) -> Sent:
    """Return the body of ``request``.

    Raises:
        InvalidParameter: no JSON, or a body that came too slowly or is not encoded as it says.
        HTTPRequestEntityTooLarge: more than ``BODY_MAX_BYTES``.
        HTTPUnsupportedMediaType: neither JSON nor, where it ``takes_file``, a text.
    """
    kind = request.content_type
    if kind != JSON_TYPE and not (takes_file and kind == FILE_TYPE):
        raise web.HTTPUnsupportedMediaType
    entry = entry_of(request)
    body = await body_bytes(request) if entry.peeked is None else entry.peeked
    entry.request_type, entry.request_body = kind, body
    is_long = len(body) > THREAD_BYTES
    if kind == FILE_TYPE:
        return Sent(file=body, is_long=is_long)
    try:
        parsed = await asyncio.to_thread(orjson.loads, body) if is_long else orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise _wrong(f"no JSON: {error.msg} at character {error.pos}") from None
    return Sent(body=parsed, is_long=is_long)


async def body_bytes(request: web.Request) -> bytes:
    """Return the whole body, once. Raises as ``read_body`` does."""
    length = request.content_length
    if length is not None and length > BODY_MAX_BYTES:
        raise web.HTTPRequestEntityTooLarge(max_size=BODY_MAX_BYTES, actual_size=length)
    content = request.content
    # Most come with their head: there is nothing to wait for.
    is_here = content.is_eof() and content.exception() is None
    body = content.read_nowait() if is_here else await _arriving(content)
    if len(body) > BODY_MAX_BYTES:
        raise web.HTTPRequestEntityTooLarge(max_size=BODY_MAX_BYTES, actual_size=len(body))
    return body


async def _arriving(content: StreamReader) -> bytes:
    """Return a body as it comes in, not much further than it may be long."""
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in content.iter_any():
                size += len(chunk)
                chunks.append(chunk)
                if size > BODY_MAX_BYTES:
                    break
    except TimeoutError:
        raise _wrong("the body came too slowly") from None
    except web.RequestPayloadError:
        raise _wrong("the body is not encoded as it says") from None
    return b"".join(chunks)


def _wrong(problem: str) -> InvalidParameter:
    return InvalidParameter(problem, [{"field": "", "problem": problem}])


def wants_file(request: web.Request) -> bool:
    """Tell whether the caller asks for a text by name, and not for anything at all."""
    ranges = request.headers.get("Accept", "").lower().split(",")
    return any(each.partition(";")[0].strip() == FILE_TYPE for each in ranges)
