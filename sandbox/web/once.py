"""Answering calls that write: once for each ``Idempotency-Key`` (SANDBOX; an option of the caller).

The key belongs to the client. It stands for one call: operation, path and contents, as they are
once encrypted fields are open, so that a repeat may encrypt them anew.
"""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeAlias

import orjson
from aiohttp import web

from sandbox.domain.errors import InvalidParameter
from sandbox.services.aside import aside
from sandbox.services.idempotency import KEY_MAX, Memo
from sandbox.web.call import Answer, Call, Json
from sandbox.web.noting import entry_of
from sandbox.web.schema import TOO_DEEP

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"


Finish: TypeAlias = Callable[[Json], Awaitable[web.Response]]


async def answered_once(call: Call, answer: Answer, finish: Finish) -> web.Response:
    """Answer ``call``, or give the first answer again; ``finish`` sends it off.

    Raises:
        IdempotencyConflict: the key stands for another call.
        InvalidParameter: two keys, or one that is no key.
    """
    key = _key_of(call.request)
    if key is None:
        return await finish(await answer(call))
    client_id = call.access.standing.client_id
    fingerprint = await aside(size_of(call), _fingerprint, call)
    async with call.bank.idempotency.turn(client_id, key, fingerprint) as found:
        if isinstance(found, Memo):
            return await finish(await answer(replace(call, memo=found)))
    response = await finish(found)
    response.headers[REPLAYED] = "true"
    return response


def _key_of(request: web.Request) -> str | None:
    keys = request.headers.getall(HEADER, ())
    if not keys:
        return None
    key = keys[0].strip()
    is_key = key.isascii() and key.isprintable() and 0 < len(key) <= KEY_MAX
    if len(keys) > 1 or not is_key:
        problem = f"one key of 1 to {KEY_MAX} printable ASCII characters"
        raise InvalidParameter(HEADER, [{"field": HEADER, "problem": problem}])
    return key


def size_of(call: Call) -> int:
    """Return about how many items a call brings."""
    return (call.request.content_length or 0) // 256


def _fingerprint(call: Call) -> bytes:
    """Return what tells this call from others; the order of a JSON object's fields does not."""
    place = {name: part for name, part in call.request.match_info.items() if name != "world"}
    named = [entry_of(call.request).operation, place, call.query, call.body]
    try:
        contents = orjson.dumps(named, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:  # an unknown key, which no schema has looked into
        raise InvalidParameter(TOO_DEEP, [{"field": "", "problem": TOO_DEEP}]) from None
    return hashlib.sha256(contents + (call.file or b"")).digest()
