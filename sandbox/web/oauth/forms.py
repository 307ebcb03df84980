"""Reading what browsers and clients post: bounded in size and time, forms only."""

import asyncio

from aiohttp import web

from sandbox.domain.oauth.errors import InvalidRequest
from sandbox.domain.oauth.parameters import Parameters, TooManyFields, parse_parameters
from sandbox.web.noting import entry_of

BODY_MAX_BYTES = 64 * 1024
BODY_SECONDS = 10.0
_FORM = "application/x-www-form-urlencoded"


async def read_form(request: web.Request) -> Parameters:
    """Return the fields of a form body.

    Raises:
        InvalidRequest: another content type, too many fields, or a body that came too slowly or
            is not encoded as it says.
        HTTPRequestEntityTooLarge: more than ``BODY_MAX_BYTES``.
    """
    if request.content_type != _FORM:
        raise InvalidRequest(f"the body must be {_FORM}")
    length = request.content_length
    if length is not None and length > BODY_MAX_BYTES:
        raise web.HTTPRequestEntityTooLarge(max_size=BODY_MAX_BYTES, actual_size=length)
    try:
        if request.content.is_eof():  # all of it came with the head: there is nothing to wait for
            body = await request.read()
        else:
            async with asyncio.timeout(BODY_SECONDS):
                body = await request.read()
        entry = entry_of(request)
        entry.request_type, entry.request_body = request.content_type, body
    except TimeoutError:
        raise InvalidRequest("the body came too slowly") from None
    except web.RequestPayloadError:
        raise InvalidRequest("the body is not encoded as it says") from None
    try:
        return parse_parameters(body.decode("utf-8", "replace"), errors="replace")
    except TooManyFields:
        raise InvalidRequest("too many fields") from None


async def exact_form(request: web.Request) -> Parameters:
    """Return the fields of a form body byte for byte, whatever is no UTF-8 as surrogate escapes.

    For authorization requests: their ``state`` goes back as it came (O-8). Raises: as ``read_form``
    does.
    """
    await read_form(request)
    return parse_parameters((await request.read()).decode("utf-8", "surrogateescape"))


def once_each(form: Parameters) -> Parameters:
    """Return ``form``, or refuse a field given twice (O-27)."""
    if form.duplicated:
        raise InvalidRequest(f"given twice: {sorted(form.duplicated)[0]!a}")
    return form
