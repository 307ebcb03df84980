"""``…/journal``: every call at the bank door, filtered, emptied, or as an HTTP archive."""

from collections.abc import AsyncIterator

import orjson
from aiohttp import web

from sandbox.domain.moment import parse_instant
from sandbox.domain.time import Instant
from sandbox.services.journal import Filters, Found, readable
from sandbox.web.control import har
from sandbox.web.control.endpoint import ControlCall, Json
from sandbox.web.control.paging import LIMIT_MAX, filter_of, page_of
from sandbox.web.control.problem import Problem

TEXT_FILTERS = (
    "bank",
    "operation",
    "client_id",
    "contractor_id",
    "grant_id",
    "error_code",
    "reason",
)
FILTERS = (*TEXT_FILTERS, "persona", "status", "since", "until")
ID_MAX = 2**53


async def list_journal(call: ControlCall) -> Json:
    """List calls, oldest first; ``last=50`` lists the newest 50. Secrets are ``***``."""
    page, last = page_of(call.request), _number(call, "last", LIMIT_MAX)
    filters = filters_of(call)
    journal = (await call.world()).journal
    if last is None:
        after = _number(call, "after", ID_MAX) or 0
        found = await journal.read(filters, after=after, limit=page.limit)
    else:
        found = await journal.read_last(filters, count=last)
    answer: Json = {
        "journal": [readable(entry) for entry in found],
        "dropped": await journal.dropped(),
    }
    if last is None and len(found) == page.limit:
        answer["next"] = str(found[-1]["id"])
    return answer


async def clear_journal(call: ControlCall) -> Json:
    """Forget the calls so far. Numbers go on, so that no new entry is taken for an old one."""
    await (await call.world()).journal.clear()
    return {}


async def export_har(call: ControlCall) -> web.StreamResponse:
    """Send the journal as HAR 1.2, which browsers' network panels open. Filters as in the list."""
    filters, world = filters_of(call), await call.world()
    response = web.StreamResponse(
        headers={
            "Content-Type": "application/json; charset=utf-8",
            "Content-Disposition": f'attachment; filename="{world.name}.har"',
            "Cache-Control": "no-store",
        }
    )
    await response.prepare(call.request)
    async for chunk in _har(world.journal.pages(filters), world.base_url()):
        await response.write(chunk)
    await response.write_eof()
    return response


async def _har(pages: AsyncIterator[list[Found]], base_url: str) -> AsyncIterator[bytes]:
    """Yield the archive piece by piece: it may be many times what should be held at once."""
    yield har.HEAD
    separator = b""
    async for page in pages:
        entries = [orjson.dumps(har.entry(each, base_url)) for each in page]
        yield separator + b",\n".join(entries)
        separator = b",\n"
    yield har.TAIL


def filters_of(call: ControlCall) -> Filters:
    equal = {name: filter_of(call.request, name) for name in TEXT_FILTERS}
    status = _number(call, "status", 999)
    return Filters(
        equal={
            name: value for name, value in {**equal, "status": status}.items() if value is not None
        },
        persona=filter_of(call.request, "persona"),
        since=_instant(call, "since"),
        until=_instant(call, "until"),
    )


def _number(call: ControlCall, name: str, most: int) -> int | None:
    text = filter_of(call.request, name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 17 and int(text) <= most):
        raise Problem(422, "invalid-request", f"{name} must be a number from 0 to {most}")
    return int(text)


def _instant(call: ControlCall, name: str) -> Instant | None:
    text = filter_of(call.request, name)
    if text is None:
        return None
    try:
        return parse_instant(text)
    except ValueError as error:
        raise Problem(422, "invalid-request", f"{name}: {error}") from error
