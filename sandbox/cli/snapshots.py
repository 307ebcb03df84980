"""``bank-sandbox snapshot``: keeping a world, going back, carrying it elsewhere."""

from pathlib import Path
from typing import Annotated

import typer

from sandbox.cli.options import CONTROL, WORLD, AsJson, Control, WorldName, asking_world
from sandbox.cli.output import print_one, print_rows, shown

app = typer.Typer(help="Snapshots: a world as it stood, to go back to.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The snapshot's name")]
NOTHING = "No snapshots. Take one: bank-sandbox snapshot take NAME"


@app.command("take")
def take(
    name: Name, world: WorldName = WORLD, control: Control = CONTROL, as_json: AsJson = False
) -> None:
    """Keep the world as it stands. A snapshot of the same name is replaced."""
    with asking_world(control, world) as found:
        taken = found.snapshots.take(name)
        text = f"Snapshot {name} of {world}, {taken.size_bytes} bytes, at {shown(taken.now)}."
        print_one(taken, text, as_json=as_json)


@app.command("list")
def list_snapshots(
    world: WorldName = WORLD, control: Control = CONTROL, as_json: AsJson = False
) -> None:
    """List the world's snapshots, oldest first."""
    columns = {"NAME": "name", "WORLD TIME": "now", "TAKEN": "taken_at"}
    columns |= {"BYTES": "size_bytes", "AUTOMATIC": "automatic"}
    with asking_world(control, world) as found:
        print_rows(found.snapshots.list(), columns, as_json=as_json, nothing=NOTHING)


@app.command("restore")
def restore(
    name: Name, world: WorldName = WORLD, control: Control = CONTROL, as_json: AsJson = False
) -> None:
    """Bring back data, tokens, grants and clock together."""
    with asking_world(control, world) as found:
        clock = found.snapshots.restore(name)
        text = f"World {world} is as in {name}: clock {clock.mode}, now {shown(clock.now)}."
        print_one(clock, text, as_json=as_json)


@app.command("download")
def download(
    name: Name,
    file: Annotated[Path | None, typer.Argument(help="Where to. Default: NAME.db here")] = None,
    world: WorldName = WORLD,
    control: Control = CONTROL,
    as_json: AsJson = False,
) -> None:
    """Save the snapshot as a file: a SQLite database that `serve --world-file` opens."""
    target = file or Path(f"{name}.db")
    with asking_world(control, world) as found:
        content = found.snapshots.download(name)
        target.write_bytes(content)
        answer = {"file": str(target), "size_bytes": len(content)}
        text = f"{target}, {len(content)} bytes. Open it: bank-sandbox serve --world-file {target}"
        print_one(answer, text, as_json=as_json)


@app.command("upload")
def upload(
    name: Name,
    file: Annotated[Path, typer.Argument(help="A downloaded snapshot")],
    world: WorldName = WORLD,
    control: Control = CONTROL,
    as_json: AsJson = False,
) -> None:
    """Take in a snapshot that was downloaded here or elsewhere."""
    with asking_world(control, world) as found:
        taken = found.snapshots.upload(name, file)
        text = f"Snapshot {name}. Go to it: bank-sandbox snapshot restore {name} --world {world}"
        print_one(taken, text, as_json=as_json)


@app.command("delete")
def delete(
    name: Name, world: WorldName = WORLD, control: Control = CONTROL, as_json: AsJson = False
) -> None:
    """Delete a snapshot."""
    with asking_world(control, world) as found:
        found.snapshots.delete(name)
        print_one({}, f"Snapshot {name} is gone.", as_json=as_json)
