"""``bank-sandbox journal``: what was called at the bank door."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sandbox.cli.options import (
    CONTROL,
    EXIT_USAGE,
    WORLD,
    AsJson,
    Control,
    WorldName,
    asking_world,
    fail,
)
from sandbox.cli.output import print_json, print_one, print_rows, shown

if TYPE_CHECKING:
    from sandbox.client import World
    from sandbox.client.answers import JournalEntry
    from sandbox.client.journal import Filters

COLUMNS = {"ID": "id", "AT": "at", "STATUS": "status", "METHOD": "method", "PATH": "path"}
COLUMNS |= {"CLIENT": "client_id", "ERROR": "error_code"}
NOTHING = "No calls. Make one: bank-sandbox login --headless"


def journal(
    operation: Annotated[str | None, typer.Option(help="Only this operation")] = None,
    client: Annotated[str | None, typer.Option(metavar="CLIENT_ID", help="Only its calls")] = None,
    status: Annotated[str | None, typer.Option(help="Only answers with this status")] = None,
    error_code: Annotated[str | None, typer.Option(help="Only this error of the bank")] = None,
    after: Annotated[str | None, typer.Option(metavar="ID", help="Only what follows it")] = None,
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
    filters: Filters = {"operation": operation, "client_id": client}
    filters |= {"status": status, "error_code": error_code}
    with asking_world(control, world) as found:
        if clear:
            found.journal.clear()
            print_one({}, f"The journal of {world} is empty.", as_json=as_json)
        elif har is not None:
            _save_har(found, har, as_json=as_json)
        elif follow:
            _follow(found, after, filters, as_json=as_json)
        else:
            entries = found.journal.list(after=after, **filters)
            print_rows(entries, COLUMNS, as_json=as_json, nothing=NOTHING)


def _save_har(world: "World", file: Path, *, as_json: bool) -> None:
    content = world.journal.har()
    file.write_bytes(content)
    answer = {"file": str(file), "size_bytes": len(content)}
    text = f"{file}, {len(content)} bytes. Open it in a browser's network panel."
    print_one(answer, text, as_json=as_json)


def _follow(world: "World", after: str | None, filters: "Filters", *, as_json: bool) -> None:
    """Print one line a call until Ctrl+C; with ``--json`` one object a line."""
    try:
        for entry in world.journal.follow(after=after, **filters):
            if as_json:
                print_json(entry)
            else:
                typer.echo(_line(entry))
    except KeyboardInterrupt:
        raise typer.Exit from None


def _line(entry: "JournalEntry") -> str:
    parts = shown(entry.at), shown(entry.status), entry.method, entry.path
    known = [each for each in (entry.client_id, entry.error_code) if each]
    return " ".join([*parts, *known])
