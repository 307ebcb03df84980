"""Answering calls that write: once for each ``Idempotency-Key`` (SANDBOX; an option of the caller).

The key belongs to the client. It stands for one call: operation, path and contents, as they are
once encrypted fields are open, so that a repeat may encrypt them anew.
"""

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

import orjson
from aiohttp import web

from sandbox.domain.errors import InvalidParameter
from sandbox.services.aside import aside
from sandbox.services.idempotency import KEY_MAX, Memo
from sandbox.web.front import Front, json_response
from sandbox.web.noting import entry_of

if TYPE_CHECKING:
    from sandbox.web.endpoint import Call, Endpoint, Json
    from sandbox.web.profile import Profile

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"


async def answered_once(
    call: "Call", front: Front, profile: "Profile", row: "Endpoint"
) -> web.Response:
    """Answer ``call`` by ``row``, or give the first answer again.

    Raises:
        IdempotencyConflict: the key stands for another call.
        InvalidParameter: two keys, or one that is no key.
    """
    key = _key_of(call.request)
    if key is None:
        return await _answer(call, front, profile, row, await row.answer(call))
    client_id = call.access.standing.client_id
    fingerprint = await aside(_size(call), _fingerprint, call)
    async with call.bank.idempotency.turn(client_id, key, fingerprint) as found:
        if isinstance(found, Memo):
            body = await row.answer(replace(call, memo=found))
            return await _answer(call, front, profile, row, body)
    response = await _answer(call, front, profile, row, found)
    response.headers[REPLAYED] = "true"
    return response


async def _answer(
    call: "Call", front: Front, profile: "Profile", row: "Endpoint", body: "Json"
) -> web.Response:
    if front.is_strict:
        await aside(_size(call), front.schemas.check_reply, row.reply_schema, body)
    if profile.sealing is not None:
        body = await profile.sealing.sealed(call, body)
    entry_of(call.request).is_plain = True
    return json_response(body, now=call.bank.world.now())


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


def _size(call: "Call") -> int:
    """Return about how many items a call brings."""
    return (call.request.content_length or 0) // 256


def _fingerprint(call: "Call") -> bytes:
    """Return what tells this call from others; the order of a JSON object's fields does not."""
    place = {name: part for name, part in call.request.match_info.items() if name != "world"}
    named = [entry_of(call.request).operation, place, call.query, call.body]
    contents = orjson.dumps(named, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(contents + (call.file or b"")).digest()
