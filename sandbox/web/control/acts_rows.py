"""The rows of the control API about acts of people and of the bank, and about incidents."""

from sandbox.web.control import acts, acts_incidents
from sandbox.web.control.endpoint import row

BANK = "/api/v1/worlds/{world}/bank/{bank}"
INCIDENTS = f"{BANK}/incidents"


ACT_ROWS = (
    row("POST", f"{BANK}/acts", acts.act, "Act as people or the bank", "act", "act_request"),
    row("GET", INCIDENTS, acts_incidents.list_incidents, "Incidents", "incidents"),
    row(
        "POST",
        INCIDENTS,
        acts_incidents.report_incident,
        "Report a leak or misuse",
        "incident",
        "incident_request",
    ),
    row("GET", f"{INCIDENTS}/{{id}}", acts_incidents.show_incident, "One incident", "incident"),
    row(
        "POST",
        f"{INCIDENTS}/{{id}}",
        acts_incidents.act_on_incident,
        "Act on an incident",
        "incident",
        "incident_act_request",
    ),
    row(
        "GET",
        f"{BANK}/disclosures",
        acts_incidents.list_disclosures,
        "What providers were told",
        "disclosures",
        query=("contractor_id",),
    ),
)
