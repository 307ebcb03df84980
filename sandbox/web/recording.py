"""Every call at a bank's door becomes an entry of its world's journal, whatever came of it."""

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from sandbox.clock import machine_now, monotonic_s
from sandbox.services.world import World
from sandbox.web.host_watch import HostWatch
from sandbox.web.metrics import CallCounter
from sandbox.web.noting import ENTRY, CallEntry


def recorded(counter: CallCounter, bank: str, watch: HostWatch) -> Middleware:
    """Return what surrounds every call of ``bank``, outside everything else.

    Attempts whose answer never left count as well (R-16). A call that finds no world is in no
    journal: there is none that it would belong to.
    """

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        entry = request[ENTRY] = CallEntry()
        entry.real_at = machine_now()
        entry.started_s = monotonic_s()
        try:
            response = await handler(request)
            if entry.dpop_nonce is not None:
                response.headers["DPoP-Nonce"] = entry.dpop_nonce
            _note_answer(entry, response)
            return response
        except web.HTTPException as redirect:
            _note_answer(entry, redirect)
            raise
        finally:
            if (world := entry.world) is not None:
                entry.bank = bank
                if not watch.is_content(request.headers.get("Host"), world.base_url()):
                    _look(watch, request, world.base_url())
                _add(entry, request, world)
                seconds = entry.latency_us / 1_000_000
                counter.count(bank, entry.operation or "unknown", entry.status or 0, seconds)

    return middleware


def _look(watch: HostWatch, request: web.Request, base_url: str) -> None:
    # The TLS door beside a plain one is by nature another address than the issuer's.
    if not (request.secure and base_url.startswith("http:")):
        watch.look(request.headers.get("Host"), base_url)


def _note_answer(entry: CallEntry, response: web.StreamResponse) -> None:
    if entry.is_lost:
        return  # nobody gets it
    entry.status = response.status
    entry.response_type = response.headers.get("Content-Type")
    body = getattr(response, "body", None)
    entry.response_body = body if isinstance(body, bytes) else None
    if 300 <= response.status < 400:
        entry.location = response.headers.get("Location")
    elif response.status >= 400:
        entry.retry_after = response.headers.get("Retry-After")


def _add(entry: CallEntry, request: web.Request, world: World) -> None:
    """Put the entry into its world's journal, and let go of the world."""
    now_s = monotonic_s()
    entry.latency_us = int((now_s - entry.started_s) * 1_000_000)
    entry.at = world.now()
    entry.method = request.method
    entry.path = request.raw_path
    entry.remote = request.remote
    headers = request.headers
    entry.user_agent = headers.get("User-Agent")
    entry.authorization = headers.get("Authorization")
    entry.referer = headers.get("Referer")
    if request.method == "POST":
        entry.idempotency_key = headers.get("Idempotency-Key")
    entry.world = None  # it is closed when others need room
    world.journal.add(entry)
    world.users -= 1
    world.used_at_s = now_s


def recorded_alone(counter: CallCounter, bank: str, watch: HostWatch, handler: Handler) -> Handler:
    """Return a handler outside every bank's application, recorded like those within."""
    surround = recorded(counter, bank, watch)

    async def handle(request: web.Request) -> web.StreamResponse:
        return await surround(request, handler)

    return handle
