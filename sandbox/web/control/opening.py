"""The rows of the control API that say when the banks are open, and what they publish."""

from sandbox.web.control import calendar, maintenance, notices
from sandbox.web.control.endpoint import row

WORLD = "/api/v1/worlds/{world}"
MAINTENANCE = f"{WORLD}/maintenance"
NOTICES = f"{WORLD}/notices"
TERMS = f"{WORLD}/bank/{{bank}}/terms"
OBJECTIONS = f"{TERMS}/{{version}}/objections"


OPENING_ROWS = (
    row("GET", f"{WORLD}/calendar", calendar.show_calendar, "Hours and holidays", "calendar"),
    row(
        "PUT",
        f"{WORLD}/calendar",
        calendar.set_calendar,
        "Change hours or holidays",
        "calendar",
        "calendar_request",
    ),
    row("GET", MAINTENANCE, maintenance.list_stops, "Stops", "maintenance"),
    row("POST", MAINTENANCE, maintenance.add_stop, "Stop a service", "stop", "stop_request"),
    row("GET", f"{MAINTENANCE}/{{id}}", maintenance.show_stop, "One stop", "stop"),
    row("DELETE", f"{MAINTENANCE}/{{id}}", maintenance.remove_stop, "Take a stop away", "done"),
    row("GET", NOTICES, notices.list_notices, "Notices", "notices"),
    row("POST", NOTICES, notices.publish_notice, "Publish a notice", "notice", "notice_request"),
    row("DELETE", f"{NOTICES}/{{id}}", notices.remove_notice, "Take a notice down", "done"),
    row("GET", TERMS, notices.list_terms, "Terms of use", "terms"),
    row("POST", TERMS, notices.publish_terms, "Change the terms", "terms_change", "terms_request"),
    row("GET", OBJECTIONS, notices.list_objections, "Who agrees", "objections"),
    row("POST", OBJECTIONS, notices.add_objection, "Object to terms", "done", "objection_request"),
    row(
        "POST",
        f"{OBJECTIONS}/{{contractor_id}}/terminate",
        notices.terminate_objector,
        "End an objector's contract",
        "done",
    ),
)
