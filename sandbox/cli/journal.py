"""``bank-sandbox journal``: what was called at the bank door."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sandbox.cli.options import (
    CONTROL,
    EXIT_USAGE,
    WORLD,
    AsJson,
    Control,
    OnlyClient,
    OnlyPersona,
    WorldName,
    asking_world,
    fail,
)
from sandbox.cli.output import print_json, print_one, print_rows, shown

if TYPE_CHECKING:
    from sandbox.client import World
    from sandbox.client.answers import JournalEntry
    from sandbox.client.journal import Filters

COLUMNS = {"ID": "id", "AT": "at", "STATUS": "status", "OPERATION": "operation"}
COLUMNS |= {"METHOD": "method", "PATH": "path", "CLIENT": "client_id", "PERSONA": "persona"}
COLUMNS |= {"ERROR": "error_code", "REASON": "reason"}
NOTHING = "No calls. Make one: bank-sandbox login --headless"


def journal(
    bank: Annotated[str | None, typer.Option(help="Only calls of this bank")] = None,
    operation: Annotated[str | None, typer.Option(help="Only this operation")] = None,
    client: OnlyClient = None,
    persona: OnlyPersona = None,
    contractor: Annotated[
        str | None, typer.Option(metavar="CONTRACTOR_ID", help="Only this one's")
    ] = None,
    grant: Annotated[str | None, typer.Option(metavar="GRANT_ID", help="Only under it")] = None,
    status: Annotated[int | None, typer.Option(help="Only answers with this status")] = None,
    error_code: Annotated[str | None, typer.Option(help="Only this error of the bank")] = None,
    reason: Annotated[str | None, typer.Option(help="Only this X-Sandbox-Reason")] = None,
    since: Annotated[str | None, typer.Option(help="World time, as in 2026-12-01T09:00")] = None,
    until: Annotated[str | None, typer.Option(help="World time, itself not within")] = None,
    after: Annotated[int | None, typer.Option(metavar="ID", help="Only what follows it")] = None,
    last: Annotated[
        int | None, typer.Option("--last", "-n", min=0, max=1000, help="Only the newest")
    ] = None,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Print calls as they come")
    ] = False,
    har: Annotated[Path | None, typer.Option(help="Save as HTTP archive instead")] = None,
    clear: Annotated[bool, typer.Option("--clear", help="Forget all calls instead")] = False,
    world: WorldName = WORLD,
    control: Control = CONTROL,
    as_json: AsJson = False,
) -> None:
    """Show the calls at the bank door, oldest first. Secrets and tokens are masked."""
    if follow + clear + (har is not None) > 1:
        fail(EXIT_USAGE, "--follow, --har and --clear exclude each other")
    if after is not None and last is not None:
        fail(EXIT_USAGE, "--after and --last exclude each other")
    filters: Filters = {"bank": bank, "operation": operation, "client_id": client}
    filters |= {"persona": persona, "contractor_id": contractor, "grant_id": grant}
    filters |= {"status": status, "error_code": error_code, "reason": reason}
    filters |= {"since": since, "until": until}
    with asking_world(control, world) as found:
        if clear:
            found.journal.clear()
            print_one({}, f"The journal of {world} is empty.", as_json=as_json)
        elif har is not None:
            _save_har(found, har, filters, as_json=as_json)
        elif follow:
            _follow(_calls(found, filters, after, last), as_json=as_json)
        else:
            entries = _so_far(found, filters, after, last)
            print_rows(entries, COLUMNS, as_json=as_json, nothing=NOTHING)


def _so_far(
    world: "World", filters: "Filters", after: int | None, last: int | None
) -> "Sequence[JournalEntry]":
    if last is not None:
        return world.journal.last(last, **filters)
    return world.journal.list(after=after, **filters)


def _calls(
    world: "World", filters: "Filters", after: int | None, last: int | None
) -> "Iterator[JournalEntry]":
    """Yield the calls so far and then each that comes, without an end."""
    if last is not None:
        # The newest of all calls, also where the filters let none of them through.
        newest = world.journal.last(1)
        yield from world.journal.last(last, **filters)
        after = newest[-1].id if newest else None
    yield from world.journal.follow(after=after, **filters)


def _save_har(world: "World", file: Path, filters: "Filters", *, as_json: bool) -> None:
    content = world.journal.har(**filters)
    file.write_bytes(content)
    answer = {"file": str(file), "size_bytes": len(content)}
    text = f"{file}, {len(content)} bytes. Open it in a browser's network panel."
    print_one(answer, text, as_json=as_json)


def _follow(calls: "Iterator[JournalEntry]", *, as_json: bool) -> None:
    """Print one line a call until Ctrl+C; with ``--json`` one object a line."""
    try:
        for entry in calls:
            if as_json:
                print_json(entry)
            else:
                typer.echo(_line(entry))
    except KeyboardInterrupt:
        raise typer.Exit from None


def _line(entry: "JournalEntry") -> str:
    parts = entry.at, entry.status, entry.method, entry.path
    known = [each for each in (entry.client_id, entry.error_code) if each]
    return " ".join(map(shown, [*parts, *known]))
