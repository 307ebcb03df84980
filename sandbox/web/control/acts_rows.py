"""The rows of the control API about acts of people and of the bank, and about incidents."""

from sandbox.web.control import acts, acts_incidents
from sandbox.web.control.endpoint import Answer, ControlEndpoint

BANK = "/api/v1/worlds/{world}/bank/{bank}"
INCIDENTS = f"{BANK}/incidents"


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


ACT_ROWS = (
    _row("POST", f"{BANK}/acts", acts.act, "Act as people or the bank", "act", "act_request"),
    _row("GET", INCIDENTS, acts_incidents.list_incidents, "Incidents", "incidents"),
    _row(
        "POST",
        INCIDENTS,
        acts_incidents.report_incident,
        "Report a leak or misuse",
        "incident",
        "incident_request",
    ),
    _row("GET", f"{INCIDENTS}/{{id}}", acts_incidents.show_incident, "One incident", "incident"),
    _row(
        "POST",
        f"{INCIDENTS}/{{id}}",
        acts_incidents.act_on_incident,
        "Act on an incident",
        "incident",
        "incident_act_request",
    ),
    _row(
        "GET",
        f"{BANK}/disclosures",
        acts_incidents.list_disclosures,
        "What providers were told",
        "disclosures",
        query=("contractor_id",),
    ),
)
