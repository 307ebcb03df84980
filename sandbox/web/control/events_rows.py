"""The rows of the control API about what providers are told of, and where."""

from sandbox.web.control import events
from sandbox.web.control.endpoint import Answer, ControlEndpoint

WORLD = "/api/v1/worlds/{world}"
DELIVERY = f"{WORLD}/deliveries/{{id}}"
LISTENER = f"{WORLD}/clients/{{id}}/notifications"
PAGING = ("after", "limit")


def _row(
    method: str,
    path: str,
    answer: Answer,
    title: str,
    reply: str,
    request: str | None = None,
    *,
    query: tuple[str, ...] = (),
) -> ControlEndpoint:
    return ControlEndpoint(
        method=method,
        path=path,
        answer=answer,
        title=title,
        reply_schema=f"control/{reply}",
        request_schema=request and f"control/{request}",
        query=query,
    )


EVENT_ROWS = (
    _row(
        "GET",
        f"{WORLD}/events",
        events.list_events,
        "Events",
        "events",
        query=(*events.EVENT_FILTERS, *PAGING),
    ),
    _row("POST", f"{WORLD}/events", events.send_ping, "Send a ping", "event", "event_request"),
    _row(
        "GET",
        f"{WORLD}/deliveries",
        events.list_deliveries,
        "Deliveries",
        "deliveries",
        query=(*events.DELIVERY_FILTERS, *PAGING),
    ),
    _row("GET", DELIVERY, events.show_delivery, "One delivery", "delivery"),
    _row("POST", f"{DELIVERY}/redeliver", events.redeliver, "Send it once more", "delivery"),
    _row("GET", f"{WORLD}/mailbox", events.list_mail, "Mail", "mailbox", query=("bank",)),
    _row("GET", LISTENER, events.show_listener, "Where a client is told", "listener"),
    _row(
        "PUT",
        LISTENER,
        events.set_listener,
        "Tell a client of events",
        "listener",
        "listener_request",
    ),
    _row("DELETE", LISTENER, events.remove_listener, "Tell a client nothing", "done"),
)
