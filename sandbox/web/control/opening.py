"""The rows of the control API that say when the banks are open, and what they publish."""

from sandbox.web.control import calendar, maintenance, notices
from sandbox.web.control.endpoint import Answer, ControlEndpoint

WORLD = "/api/v1/worlds/{world}"
MAINTENANCE = f"{WORLD}/maintenance"
NOTICES = f"{WORLD}/notices"
TERMS = f"{WORLD}/bank/{{bank}}/terms"
OBJECTIONS = f"{TERMS}/{{version}}/objections"


def _row(
    method: str, path: str, answer: Answer, title: str, reply: str, request: str | None = None
) -> ControlEndpoint:
    return ControlEndpoint(
        method=method,
        path=path,
        answer=answer,
        title=title,
        reply_schema=f"control/{reply}",
        request_schema=request and f"control/{request}",
    )


OPENING_ROWS = (
    _row("GET", f"{WORLD}/calendar", calendar.show_calendar, "Hours and holidays", "calendar"),
    _row(
        "PUT",
        f"{WORLD}/calendar",
        calendar.set_calendar,
        "Change hours or holidays",
        "calendar",
        "calendar_request",
    ),
    _row("GET", MAINTENANCE, maintenance.list_stops, "Stops", "maintenance"),
    _row("POST", MAINTENANCE, maintenance.add_stop, "Stop a service", "stop", "stop_request"),
    _row("GET", f"{MAINTENANCE}/{{id}}", maintenance.show_stop, "One stop", "stop"),
    _row("DELETE", f"{MAINTENANCE}/{{id}}", maintenance.remove_stop, "Take a stop away", "done"),
    _row("GET", NOTICES, notices.list_notices, "Notices", "notices"),
    _row("POST", NOTICES, notices.publish_notice, "Publish a notice", "notice", "notice_request"),
    _row("DELETE", f"{NOTICES}/{{id}}", notices.remove_notice, "Take a notice down", "done"),
    _row("GET", TERMS, notices.list_terms, "Terms of use", "terms"),
    _row("POST", TERMS, notices.publish_terms, "Change the terms", "terms_change", "terms_request"),
    _row("GET", OBJECTIONS, notices.list_objections, "Who agrees", "objections"),
    _row("POST", OBJECTIONS, notices.add_objection, "Object to terms", "done", "objection_request"),
    _row(
        "POST",
        f"{OBJECTIONS}/{{contractor_id}}/terminate",
        notices.terminate_objector,
        "End an objector's contract",
        "done",
    ),
)
