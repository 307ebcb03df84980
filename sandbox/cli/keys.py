"""``bank-sandbox keys``: what the banks sign with."""

from typing import Annotated

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
)
from sandbox.cli.output import print_rows

app = typer.Typer(help="The banks' signing keys: of ID tokens and the like.", no_args_is_help=True)

COLUMNS = {"KID": "kid", "BANK": "bank", "ALG": "alg", "SIGNS": "is_signing"}
COLUMNS |= {"MADE": "created_at", "PUBLISHED UNTIL": "published_until"}
NO_KEYS = "No keys: the first one is made when something is to be signed, or the key set is read."


@app.command("list")
def list_keys(
    world: WorldName = WORLD, control: Control = CONTROL, as_json: AsJson = False
) -> None:
    """List the keys that the banks publish, oldest first."""
    with asking_world(control, world) as found:
        print_rows(found.keys.list(), COLUMNS, as_json=as_json, nothing=NO_KEYS)


@app.command("rotate")
def rotate(
    alg: Annotated[
        str | None, typer.Option(help="One algorithm alone: ES256 [default: all in use]")
    ] = None,
    bank: Bank = BANK,
    world: WorldName = WORLD,
    control: Control = CONTROL,
    as_json: AsJson = False,
) -> None:
    """Let new keys sign. The old ones stay published until their tokens have ended."""
    with asking_world(control, world) as found:
        print_rows(found.keys.rotate(alg, bank=bank), COLUMNS, as_json=as_json, nothing=NO_KEYS)
