"""``bank-sandbox acts``: what people and the bank do that ends grants, and incidents."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from sandbox.cli.options import (
    BANK,
    CONTROL,
    WORLD,
    AsJson,
    Bank,
    Control,
    WorldName,
    asking_world,
    named_value,
)
from sandbox.cli.output import print_one, print_rows

if TYPE_CHECKING:
    from sandbox.client.acts import Acted, Incident

app = typer.Typer(
    help="Acts of people and of the bank that end grants; leaks and misuse.", no_args_is_help=True
)
IncidentId = Annotated[str, typer.Argument(metavar="ID", help="See `acts incidents`")]
NO_INCIDENTS = "No incidents. Report one: bank-sandbox acts report leak --client CLIENT_ID"
NO_DISCLOSURES = "Nothing was disclosed."


@app.command("do")
def do(
    act: Annotated[str, typer.Argument(help="change_password, lose_card, merge_branch …")],
    fields: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME=VALUE]...", help="Whom, and what it takes: persona=taro"),
    ] = None,
    bank: Bank = BANK,
    world: WorldName = WORLD,
    control: Control = CONTROL,
    as_json: AsJson = False,
) -> None:
    """Do what a person or the bank does: `acts do change_password persona=taro secret=8642`."""
    with asking_world(control, world) as found:
        given: Any = dict(named_value(text) for text in fields or ())
        done = found.act(act, bank, **given)
        print_one(done, _told(done, given.get("lag")), as_json=as_json)


@app.command("report")
def report(
    kind: Annotated[str, typer.Argument(help="leak or misuse")],
    token: Annotated[str | None, typer.Option(metavar="TOKEN_ID", help="Of this token")] = None,
    grant: Annotated[str | None, typer.Option(metavar="GRANT_ID", help="Of this grant")] = None,
    client: Annotated[str | None, typer.Option(metavar="ID", help="All of this client")] = None,
    contractor: Annotated[
        str | None, typer.Option(metavar="ID", help="All of this contractor")
    ] = None,
    freeze: Annotated[
        str | None, typer.Option(help="grants, client or nothing [default: grants]")
    ] = None,
    deadline: Annotated[
        str | None, typer.Option(help="How long the provider has to report [default: 3d]")
    ] = None,
    bank: Bank = BANK,
    world: WorldName = WORLD,
    control: Control = CONTROL,
    as_json: AsJson = False,
) -> None:
    """Report a leak or misuse: the bank flags calls, freezes, and tells the provider."""
    with asking_world(control, world) as found:
        incident = found.incidents.report(
            kind,
            token_id=token,
            grant_id=grant,
            client_id=client,
            contractor_id=contractor,
            freeze=freeze,
            deadline=deadline,
            bank=bank,
        )
        print_one(incident, _shown(incident), as_json=as_json)


@app.command("incidents")
def list_incidents(
    bank: Bank = BANK,
    world: WorldName = WORLD,
    control: Control = CONTROL,
    as_json: AsJson = False,
) -> None:
    """List a bank's incidents, newest first."""
    columns = {"ID": "id", "KIND": "kind", "STATUS": "status", "CLIENT": "client_id"}
    columns |= {"FREEZE": "freeze", "REPORT UNTIL": "report_until"}
    with asking_world(control, world) as found:
        listed = found.incidents.list(bank=bank)
        print_rows(listed, columns, as_json=as_json, nothing=NO_INCIDENTS)


@app.command("disclose")
def disclose(
    incident_id: IncidentId,
    contractor: Annotated[str, typer.Argument(help="Whose data")],
    what: Annotated[list[str], typer.Argument(help="Which data, in words")],
    bank: Bank = BANK,
    world: WorldName = WORLD,
    control: Control = CONTROL,
    as_json: AsJson = False,
) -> None:
    """Tell the provider of a contractor's data, for good."""
    with asking_world(control, world, listed_by="acts incidents") as found:
        incident = found.incidents.disclose(incident_id, contractor, what, bank=bank)
        print_one(incident, _shown(incident), as_json=as_json)


@app.command("rotate")
def rotate(
    incident_id: IncidentId,
    bank: Bank = BANK,
    world: WorldName = WORLD,
    control: Control = CONTROL,
    as_json: AsJson = False,
) -> None:
    """Draw a new client secret for the provider, and print it this once."""
    with asking_world(control, world, listed_by="acts incidents") as found:
        incident = found.incidents.rotate(incident_id, bank=bank)
        text = f"client_secret  {incident.client_secret}\n{_shown(incident)}"
        print_one(incident, text, as_json=as_json)


@app.command("answer")
def answer(
    incident_id: IncidentId,
    text: Annotated[str, typer.Argument(help="What the provider found and did")],
    bank: Bank = BANK,
    world: WorldName = WORLD,
    control: Control = CONTROL,
    as_json: AsJson = False,
) -> None:
    """Report as the provider, before the deadline."""
    with asking_world(control, world, listed_by="acts incidents") as found:
        incident = found.incidents.answer(incident_id, text, bank=bank)
        print_one(incident, _shown(incident), as_json=as_json)


@app.command("close")
def close(
    incident_id: IncidentId,
    release: Annotated[
        bool, typer.Option("--release", help="A false alarm: the grants work again")
    ] = False,
    bank: Bank = BANK,
    world: WorldName = WORLD,
    control: Control = CONTROL,
    as_json: AsJson = False,
) -> None:
    """Close an incident: the grants concerned are revoked."""
    with asking_world(control, world, listed_by="acts incidents") as found:
        outcome = "release" if release else None
        incident = found.incidents.close(incident_id, outcome=outcome, bank=bank)
        print_one(incident, _shown(incident), as_json=as_json)


@app.command("disclosures")
def disclosures(
    contractor: Annotated[str | None, typer.Option(metavar="ID", help="Only of this one")] = None,
    bank: Bank = BANK,
    world: WorldName = WORLD,
    control: Control = CONTROL,
    as_json: AsJson = False,
) -> None:
    """List what providers were told of contractors."""
    columns = {"AT": "at", "CONTRACTOR": "contractor_id", "DETAIL": "detail"}
    columns |= {"INCIDENT": "incident_id"}
    with asking_world(control, world) as found:
        listed = found.incidents.disclosures(contractor_id=contractor, bank=bank)
        print_rows(listed, columns, as_json=as_json, nothing=NO_DISCLOSURES)


def _told(done: "Acted", lag: str | None = None) -> str:
    lines = [f"{done.ended} grants have ended."]
    if lag is not None:
        ending = (
            "Grants are suspended" if done.suspended is not None else f"{done.ended} grants end"
        )
        lines = [f"{ending} after {lag}."]
    elif done.suspended is not None:
        lines = [f"{done.suspended} grants are suspended."]
    if done.resumed is not None:
        lines = [f"{done.resumed} grants work again."]
    lines += [f"{each['old_id']} is now {each['new_id']}" for each in done.moved or ()]
    return "\n".join(lines)


def _shown(incident: "Incident") -> str:
    head = f"Incident {incident.id}: {incident.kind}, {incident.status}."
    return f"{head} {incident.client_id} reports until {incident.report_until.isoformat()}."
