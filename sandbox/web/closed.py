"""What a closed bank says to people: pages in place of forms and, if it does so, of answers."""

from aiohttp import web

from sandbox.domain.availability import LinkageEnded, ServiceStopped
from sandbox.domain.errors import OutsideServiceHours
from sandbox.domain.oauth.errors import ShownError
from sandbox.domain.time import SECOND, Instant, jst
from sandbox.services.journal import Entry
from sandbox.web.front import Front
from sandbox.web.pages import BankFace, page_response
from sandbox.web.wording import language_of

Closed = (LinkageEnded, ServiceStopped, OutsideServiceHours)
RETRY_AFTER = "Retry-After"


def shown(error: Exception, now: Instant) -> ShownError:
    """Return the page that says why the bank is closed, and from when on it is not."""
    if isinstance(error, OutsideServiceHours):
        opens_at = jst(now + error.retry_after_s * SECOND)
        return ShownError("outside_service_hours", 503, opens_at=opens_at)
    return ShownError(
        *("service_ended", 410) if isinstance(error, LinkageEnded) else ("service_unavailable", 503)
    )


def waiting(response: web.Response, error: Exception) -> web.Response:
    """Tell when to come back, where that is known."""
    if isinstance(error, (ServiceStopped, OutsideServiceHours)):
        response.headers[RETRY_AFTER] = str(error.retry_after_s)
    return response


def note(entry: Entry, error: Exception) -> None:
    """Write down which stop it was, and its cause (T-33): callers are not told."""
    if isinstance(error, (ServiceStopped, LinkageEnded)):
        entry.fault, entry.reason = error.stop.stop_id, error.stop.cause


def stopped_page(
    front: Front, face: BankFace, request: web.Request, error: ServiceStopped
) -> web.Response:
    """Return the page of HTML that a bank under maintenance answers even programs with."""
    html = front.pages.render(
        "error.html",
        language_of(request),
        bank=face,
        status=503,
        code="service_unavailable",
        details={},
    )
    return waiting(page_response(html, status=503), error)
