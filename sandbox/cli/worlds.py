"""``bank-sandbox worlds``: which there are, what is in one, making and deleting them."""

from typing import TYPE_CHECKING, Annotated

import typer

from sandbox.cli.options import CONTROL, WORLD, AsJson, Control, asking
from sandbox.cli.output import print_json, print_one, print_rows, shown

if TYPE_CHECKING:
    from sandbox.client.answers import Bank, WorldDescription

app = typer.Typer(help="Worlds: banks beside each other that share nothing.", no_args_is_help=True)


@app.command("list")
def list_worlds(control: Control = CONTROL, as_json: AsJson = False) -> None:
    """List the worlds of the server."""
    columns = {"NAME": "name", "OPEN": "open", "SEED": "seed"}
    columns |= {"CLOCK": "clock.mode", "NOW": "clock.now"}
    with asking(control) as sandbox:
        print_rows(sandbox.worlds.list(), columns, as_json=as_json, nothing="No worlds.")


@app.command("create")
def create_world(
    name: Annotated[str | None, typer.Argument(help="Default: one is drawn")] = None,
    seed: Annotated[int | None, typer.Option(help="The same seed gives the same bank")] = None,
    clock: Annotated[
        str | None, typer.Option(help="real, frozen:2026-12-01T09:00, offset:91d, scaled:60")
    ] = None,
    persona: Annotated[
        list[str] | None, typer.Option(help="Who lives in it; once for each. Default: all")
    ] = None,
    from_snapshot: Annotated[
        str | None,
        typer.Option(metavar="[WORLD/]SNAPSHOT", help="Begin as this snapshot, with its clock"),
    ] = None,
    control: Control = CONTROL,
    as_json: AsJson = False,
) -> None:
    """Make a world: seeded, or from a snapshot."""
    with asking(control) as sandbox:
        made = sandbox.worlds.create(
            name, seed=seed, clock=clock, personas=persona or None, from_snapshot=from_snapshot
        )
        world = made.describe()
        issuers = "".join(f"\n  {bank.name}: {bank.issuer}" for bank in world.banks)
        print_one(world, f"World {world.name}, seed {world.seed}{issuers}", as_json=as_json)


@app.command("show")
def show_world(
    name: Annotated[str, typer.Argument(help="Which world")] = WORLD,
    control: Control = CONTROL,
    as_json: AsJson = False,
) -> None:
    """Show a world: its banks with addresses, ready clients and personas."""
    with asking(control) as sandbox:
        world = sandbox.world(name).describe()
        if as_json:
            print_json(world)
        else:
            _show(world)


def _show(world: "WorldDescription") -> None:
    clock = world.clock
    typer.echo(f"World {world.name}, seed {world.seed}, clock {clock.mode}, now {shown(clock.now)}")
    for bank in world.banks:
        _show_bank(bank)


def _show_bank(bank: "Bank") -> None:
    names = " / ".join(str(each) for each in bank.display_name.values())
    typer.echo(f"\n{bank.name}: {names}\n")
    for label in ("issuer", "authorization_endpoint", "token_endpoint", "revocation_endpoint"):
        typer.echo(f"  {label:<23} {getattr(bank, label)}")
    typer.echo()
    columns = {"CLIENT": "client_id", "SECRET": "client_secret", "SCOPES": "scopes"}
    columns |= {"PKCE": "pkce", "REDIRECT URIS": "redirect_uris"}
    print_rows(bank.clients, columns, as_json=False, nothing="No clients.")
    typer.echo()
    columns = {"PERSONA": "name", "KIND": "kind", "NAME": "holder_name", "TYPES": "login"}
    print_rows(bank.personas, columns, as_json=False, nothing="No personas.")


@app.command("delete")
def delete_world(
    name: Annotated[str, typer.Argument(help="Which world")],
    control: Control = CONTROL,
    as_json: AsJson = False,
) -> None:
    """Delete a world with all that is in it, its snapshots too."""
    with asking(control) as sandbox:
        sandbox.worlds.delete(name)
        print_one({}, f"World {name} is gone.", as_json=as_json)
