"""The rows of the control API about what providers are told of, and where."""

from sandbox.web.control import events
from sandbox.web.control.endpoint import row

WORLD = "/api/v1/worlds/{world}"
DELIVERY = f"{WORLD}/deliveries/{{id}}"
LISTENER = f"{WORLD}/clients/{{id}}/notifications"
PAGING = ("after", "limit")


EVENT_ROWS = (
    row(
        "GET",
        f"{WORLD}/events",
        events.list_events,
        "Events",
        "events",
        query=(*events.EVENT_FILTERS, *PAGING),
    ),
    row("POST", f"{WORLD}/events", events.send_ping, "Send a ping", "event", "event_request"),
    row(
        "GET",
        f"{WORLD}/deliveries",
        events.list_deliveries,
        "Deliveries",
        "deliveries",
        query=(*events.DELIVERY_FILTERS, *PAGING),
    ),
    row("GET", DELIVERY, events.show_delivery, "One delivery", "delivery"),
    row("POST", f"{DELIVERY}/redeliver", events.redeliver, "Send it once more", "delivery"),
    row("GET", f"{WORLD}/mailbox", events.list_mail, "Mail", "mailbox", query=("bank",)),
    row("GET", LISTENER, events.show_listener, "Where a client is told", "listener"),
    row(
        "PUT",
        LISTENER,
        events.set_listener,
        "Tell a client of events",
        "listener",
        "listener_request",
    ),
    row("DELETE", LISTENER, events.remove_listener, "Tell a client nothing", "done"),
)
