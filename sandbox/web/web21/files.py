"""Files of the Zengin format in and out of ``web21`` (specs: web21 §5.3, §11)."""

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from sandbox.domain.transfer.contract import Caller
from sandbox.domain.transfer.window import Kind
from sandbox.web.call import Call, Json
from sandbox.web.front import SERVER, http_date
from sandbox.web.web21 import request_wire

CONTENT_TYPE = "text/plain; charset=Shift_JIS"
# What no file has a place for goes in the query, called as in a JSON body.
BESIDE = (
    "transaction_notes",
    "approval_pattern_type",
    "first_approver_code",
    "second_approver_code",
    "comment",
)


async def register(
    call: Call,
    kind: Kind,
    caller: Caller,
    write: Callable[[Any, Any], Awaitable[Json]],
) -> Json:
    """Register the file that a call brings.

    ``write``: makes the answer of an outcome, given what reads the database, for the repeat of
    a call with an ``Idempotency-Key``.
    """
    from sandbox.services.transfers.files import Wish  # the format is imported with the first file

    assert call.file is not None  # whoever brings none is not sent here
    query = call.query
    wish = Wish(
        warning_check_type=query["warning_check_type"],
        accepts_warnings=query.get("warning_data_fixed_flag") == "true",
        replaces=query.get("temporary_transaction_id", ""),
        more={name: query[name] for name in BESIDE if name in query},
    )
    outcome = await call.bank.transfers.files.register(
        caller, kind, call.file, wish, call.keeping(write)
    )
    return request_wire.registered(outcome)


def text_response(call: Call, data: bytes) -> web.Response:
    """Return a file as an answer: never cached, dated by the world's clock."""
    headers = {
        "Content-Type": CONTENT_TYPE,
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "Server": SERVER,
        "Date": http_date(call.bank.world.now()),
    }
    return web.Response(body=data, headers=headers)
