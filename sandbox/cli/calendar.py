"""``bank-sandbox calendar``, ``maintenance``, ``notices`` and ``terms``: when a bank is open."""

import json
from typing import Annotated, Any

import typer

from sandbox.cli.options import (
    BANK,
    CONTROL,
    DIRECT_BANK,
    WORLD,
    AsJson,
    Bank,
    Control,
    WorldName,
    asking_world,
)
from sandbox.cli.output import print_json, print_one, print_rows, print_table, shown

calendar = typer.Typer(help="Hours and holidays.", no_args_is_help=True)
maintenance = typer.Typer(help="Stops, with notice and without.", no_args_is_help=True)
notices = typer.Typer(help="What the banks publish.", no_args_is_help=True)
terms = typer.Typer(help="Terms of use, and who objects.", no_args_is_help=True)

Announce = Annotated[
    str | None, typer.Option("--announce", metavar="WHEN", help="Publish a notice: now, +2h …")
]
Version = Annotated[str, typer.Argument(help="Version of the terms")]
Contractor = Annotated[str, typer.Argument(help="Contractor's id, from `contracts list`")]
HOLIDAYS = {"true": True, "false": False, "null": None}
NO_STOPS, NO_NOTICES = "Nothing is stopped.", "No notices."
NO_OBJECTIONS = "These terms ask no contractor."


@calendar.command("show")
def show_calendar(
    world: WorldName = WORLD, control: Control = CONTROL, as_json: AsJson = False
) -> None:
    """Show hours and holidays of every bank."""
    with asking_world(control, world) as found:
        _print_calendar(found.calendar.get(), as_json=as_json)


@calendar.command("set")
def set_calendar(
    hours: Annotated[
        str | None, typer.Option(help="A preset, JSON, or null for the setting's")
    ] = None,
    classes: Annotated[
        list[str] | None, typer.Option("--class", help="May be repeated [default: all]")
    ] = None,
    begin: Annotated[str | None, typer.Option("--from", help="From when on")] = None,
    holiday: Annotated[
        list[str] | None, typer.Option(metavar="DAY=true|false|null", help="May be repeated")
    ] = None,
    announce: Announce = None,
    bank: Bank = BANK,
    world: WorldName = WORLD,
    control: Control = CONTROL,
    as_json: AsJson = False,
) -> None:
    """Change hours or holidays: `calendar set --hours closed --class update --bank web21`."""
    change: dict[str, Any] = {}
    if hours is not None:
        change |= {"bank": bank, "hours": _hours(hours)}
        change |= {} if not classes else {"classes": classes}
        change |= {} if begin is None else {"from": begin}
        change |= _announced(announce)
    with asking_world(control, world) as found:
        if holiday:
            change["holidays"] = dict(_holiday(each) for each in holiday)
        _print_calendar(found.calendar.set(**change), as_json=as_json)


@maintenance.command("list")
def list_stops(
    world: WorldName = WORLD, control: Control = CONTROL, as_json: AsJson = False
) -> None:
    """List stops, those that are over included."""
    columns = {"ID": "id", "BANK": "bank", "KIND": "kind", "HOLDS": "holds", "CAUSE": "cause"}
    with asking_world(control, world) as found:
        print_rows(found.maintenance.list(), columns, as_json=as_json, nothing=NO_STOPS)


@maintenance.command("add")
def add_stop(
    kind: Annotated[str, typer.Option(help="maintenance, outage, narrow or end")] = "maintenance",
    begin: Annotated[str | None, typer.Option("--from", help="[default: now]")] = None,
    length: Annotated[str | None, typer.Option("--for", help="How long: 4h")] = None,
    until: Annotated[str | None, typer.Option(help="Instead of --for")] = None,
    overrun: Annotated[str | None, typer.Option(help="How much longer than told")] = None,
    classes: Annotated[list[str] | None, typer.Option("--class", help="Only this class")] = None,
    function: Annotated[list[str] | None, typer.Option(help="Only this function")] = None,
    operation: Annotated[list[str] | None, typer.Option(help="Only this operation")] = None,
    client: Annotated[str | None, typer.Option(metavar="ID", help="Only this client")] = None,
    cause: Annotated[str | None, typer.Option(help="For the journal: disaster …")] = None,
    announce: Announce = None,
    bank: Bank = BANK,
    world: WorldName = WORLD,
    control: Control = CONTROL,
    as_json: AsJson = False,
) -> None:
    """Stop a service: `maintenance add --from "tomorrow 01:00" --for 4h --announce now`."""
    stop: dict[str, Any] = {
        "kind": kind,
        "from": begin,
        "for": length,
        "until": until,
        "overrun": overrun,
    }
    stop |= {"classes": classes or None, "functions": function or None, "client_id": client}
    stop |= {"operations": operation or None, "cause": cause, **_announced(announce)}
    with asking_world(control, world) as found:
        added = found.maintenance.add(bank, **stop)
        print_one(added, f"Stop {added.id}: {added.kind} of {added.bank}.", as_json=as_json)


@maintenance.command("rm")
def remove_stop(
    stop_id: Annotated[str, typer.Argument(metavar="ID", help="See `maintenance list`")],
    world: WorldName = WORLD,
    control: Control = CONTROL,
    as_json: AsJson = False,
) -> None:
    """Take a stop away. Grants that lapsed with it stay dead."""
    with asking_world(control, world) as found:
        print_one(found.maintenance.remove(stop_id), f"Stop {stop_id} is gone.", as_json=as_json)


@notices.command("list")
def list_notices(
    world: WorldName = WORLD, control: Control = CONTROL, as_json: AsJson = False
) -> None:
    """List notices, newest first, those still to come included."""
    columns = {"ID": "id", "BANK": "bank", "KIND": "kind", "TITLE": "title"}
    columns |= {"PUBLISHED": "published_at", "READABLE": "is_published"}
    with asking_world(control, world) as found:
        print_rows(found.notices.list(), columns, as_json=as_json, nothing=NO_NOTICES)


@notices.command("publish")
def publish_notice(
    ja: Annotated[str, typer.Argument(help="Title in Japanese")],
    en: Annotated[str, typer.Argument(help="Title in English")],
    at: Annotated[str | None, typer.Option(help="When it can be read [default: now]")] = None,
    channel: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=WHEN", help="page, api, mailbox or webhook, and when, or never"),
    ] = None,
    bank: Bank = BANK,
    world: WorldName = WORLD,
    control: Control = CONTROL,
    as_json: AsJson = False,
) -> None:
    """Publish a notice, now or at a moment to come: `--channel api=never`."""
    with asking_world(control, world) as found:
        parts = [each.partition("=") for each in channel or ()]
        channels = {name: when not in ("never", "") and when for name, _, when in parts}
        notice = found.notices.publish(ja, en, at=at, bank=bank, channels=channels or None)
        print_one(notice, f"Notice {notice.id} of {bank}.", as_json=as_json)


@notices.command("rm")
def remove_notice(
    notice_id: Annotated[str, typer.Argument(metavar="ID", help="See `notices list`")],
    world: WorldName = WORLD,
    control: Control = CONTROL,
    as_json: AsJson = False,
) -> None:
    """Take a notice down."""
    with asking_world(control, world) as found:
        print_one(found.notices.remove(notice_id), f"Notice {notice_id} is gone.", as_json=as_json)


@terms.command("list")
def list_terms(
    bank: Bank = BANK,
    world: WorldName = WORLD,
    control: Control = CONTROL,
    as_json: AsJson = False,
) -> None:
    """List the versions of a bank's terms."""
    columns = {"VERSION": "version", "EFFECTIVE": "effective_on", "IN FORCE": "in_force"}
    with asking_world(control, world) as found:
        listed = found.terms.list(bank=bank)
        print_rows(listed, columns, as_json=as_json, nothing="No terms.")


@terms.command("publish")
def publish_terms(
    version: Version,
    effective: Annotated[
        str | None, typer.Option(metavar="DAY", help="From when on [default: today]")
    ] = None,
    objection_until: Annotated[
        str | None, typer.Option(metavar="DAY", help="At least seven days on")
    ] = None,
    reconsent: Annotated[
        bool, typer.Option("--reconsent", help="Suspend grants until their users agree")
    ] = False,
    bank: Bank = BANK,
    world: WorldName = WORLD,
    control: Control = CONTROL,
    as_json: AsJson = False,
) -> None:
    """Publish a version of the terms: `terms publish 2.0 --reconsent`."""
    with asking_world(control, world) as found:
        day = effective or found.clock.get().now.date().isoformat()
        made = found.terms.publish(
            version, day, bank=bank, objection_until=objection_until, reconsent=reconsent
        )
        print_one(made, f"Terms {version} hold from {made.effective_on}.", as_json=as_json)


@terms.command("objections")
def list_objections(
    version: Version,
    bank: Bank = DIRECT_BANK,
    world: WorldName = WORLD,
    control: Control = CONTROL,
    as_json: AsJson = False,
) -> None:
    """List where each contractor stands."""
    columns = {"CONTRACTOR": "contractor_id", "NAME": "name", "ANSWER": "answer", "AT": "at"}
    with asking_world(control, world, listed_by="terms list") as found:
        listed = found.terms.objections(version, bank=bank)
        print_rows(listed, columns, as_json=as_json, nothing=NO_OBJECTIONS)


@terms.command("object")
def object_to_terms(
    version: Version,
    contractor: Contractor,
    bank: Bank = DIRECT_BANK,
    world: WorldName = WORLD,
    control: Control = CONTROL,
    as_json: AsJson = False,
) -> None:
    """Object as a contractor."""
    with asking_world(control, world, listed_by="terms list") as found:
        done = found.terms.object(version, contractor, bank=bank)
        print_one(done, f"{contractor} objects to {version}.", as_json=as_json)


@terms.command("terminate")
def terminate_objector(
    version: Version,
    contractor: Contractor,
    bank: Bank = DIRECT_BANK,
    world: WorldName = WORLD,
    control: Control = CONTROL,
    as_json: AsJson = False,
) -> None:
    """End the contract of a contractor who objected."""
    with asking_world(control, world, listed_by="terms list") as found:
        done = found.terms.terminate(version, contractor, bank=bank)
        print_one(done, f"The contract of {contractor} has ended.", as_json=as_json)


def _announced(when: str | None) -> dict[str, Any]:
    if when is None:
        return {}
    return {"announce": {} if when == "now" else {"at": when}}


def _hours(text: str) -> Any:
    """Return hours as the API takes them: JSON where it is some, else a preset's name."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _holiday(text: str) -> tuple[str, bool | None]:
    """Return a day and whether it is a holiday. Raises ``ValueError``."""
    day, _, word = text.partition("=")
    if word not in HOLIDAYS:
        raise ValueError(f"{text!r} is no holiday: write 2026-12-30=true, =false or =null")
    return day, HOLIDAYS[word]


def _print_calendar(found: Any, *, as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    rows = [
        [bank["bank"], each["class"], shown(each["is_open"]), shown(each["hours"])]
        for bank in found.banks
        for each in bank["hours"]
    ]
    print_table(["BANK", "CLASS", "OPEN", "HOURS"], rows)
    if found.holidays:
        typer.echo(f"holidays  {shown(found.holidays)}")
