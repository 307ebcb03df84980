"""``bank-sandbox clients``: the providers that a world knows, as OAuth clients."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sandbox.cli.options import CONTROL, WORLD, AsJson, Control, OnlyBank, WorldName, asking_world
from sandbox.cli.output import print_json, print_one, print_rows, print_table, shown

if TYPE_CHECKING:
    from sandbox.client.answers import RegisteredClient

app = typer.Typer(
    help="Clients: the providers that the bank has registered (RFC 7591).", no_args_is_help=True
)
ClientId = Annotated[str, typer.Argument(help="The client's id, from `clients list`")]
NO_CLIENTS = "No clients. Register one: bank-sandbox clients add --redirect-uri URI"
TOLD_ONCE = "The secret is told only now: the bank keeps no more than its hash."


@app.command("list")
def list_clients(
    status: Annotated[str | None, typer.Option(help="active, blocked or ended")] = None,
    bank: OnlyBank = None,
    world: WorldName = WORLD,
    control: Control = CONTROL,
    as_json: AsJson = False,
) -> None:
    """List the world's clients, ready ones first."""
    columns = {"ID": "client_id", "NAME": "client_name", "STATUS": "status", "READY": "is_ready"}
    columns |= {"PROFILE": "security_profile", "BY": "token_endpoint_auth_method"}
    columns |= {"SCOPE": "scope", "REDIRECT URIS": "redirect_uris"}
    with asking_world(control, world) as found:
        listed = found.clients.list(bank=bank, status=status)
        print_rows(listed, columns, as_json=as_json, nothing=NO_CLIENTS)


@app.command("add")
def add_client(
    file: Annotated[
        str | None,
        typer.Argument(help="JSON metadata as in RFC 7591, one client or a list; - is stdin"),
    ] = None,
    client_id: Annotated[str | None, typer.Option("--id", help="Default: one is drawn")] = None,
    name: Annotated[str | None, typer.Option(help="Shown on the consent page")] = None,
    redirect_uri: Annotated[
        list[str] | None, typer.Option(help="Where codes go; once for each")
    ] = None,
    scope: Annotated[str | None, typer.Option(help="Scopes, joined by spaces")] = None,
    auth_method: Annotated[
        str | None, typer.Option(help="private_key_jwt, none … [default: client_secret_basic]")
    ] = None,
    profile: Annotated[str | None, typer.Option(help="bank, bcp or fapi2 [default: bank]")] = None,
    jwks: Annotated[Path | None, typer.Option(help="File of its public keys")] = None,
    world: WorldName = WORLD,
    control: Control = CONTROL,
    as_json: AsJson = False,
) -> None:
    """Register a client, and print its id and secret."""
    with asking_world(control, world) as found:
        given = {
            "client_id": client_id,
            "client_name": name,
            "redirect_uris": redirect_uri or None,
            "scope": scope,
            "token_endpoint_auth_method": auth_method,
            "security_profile": profile,
            "jwks": None if jwks is None else json.loads(jwks.read_text(encoding="utf-8")),
        }
        said = {field: value for field, value in given.items() if value is not None}
        entries = [{}] if file is None else _entries(file)
        made = [found.clients.register({**entry, **said}) for entry in entries]
        if as_json:
            print_json(made if len(made) > 1 else made[0])
        else:
            typer.echo("\n\n".join(map(_registered, made)))


def _entries(file: str) -> list[dict[str, Any]]:
    """Return what a file registers. Raises ``ValueError`` where it is no JSON metadata."""
    text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    try:
        document = json.loads(text)
    except ValueError as error:
        raise ValueError(f"{file} is not JSON: {error}") from None
    entries = document if isinstance(document, list) else [document]
    if not entries or not all(isinstance(entry, dict) for entry in entries):
        raise ValueError(f"{file} holds no client: write an object, or a list of objects")
    return entries


def _registered(client: "RegisteredClient") -> str:
    lines = [f"client_id      {client.client_id}"]
    if client.client_secret is not None:
        lines += [f"client_secret  {client.client_secret}", TOLD_ONCE]
    return "\n".join(lines)


@app.command("show")
def show_client(
    client_id: ClientId,
    private_keys: Annotated[
        bool, typer.Option("--private-keys", help="Print the JWK set of a ready client, whole")
    ] = False,
    world: WorldName = WORLD,
    control: Control = CONTROL,
    as_json: AsJson = False,
) -> None:
    """Show what is registered of a client."""
    with asking_world(control, world) as found:
        client = found.clients.get(client_id)
        if private_keys:
            print_json(found.client(client_id, bank=client.bank).more.get("jwks", {"keys": []}))
        elif as_json:
            print_json(client)
        else:
            _show(client)


def _show(client: "RegisteredClient") -> None:
    from sandbox.client.answers import plain

    fields = plain(client)
    if "jwks" in fields:
        fields["jwks"] = [key.get("kid", key.get("kty")) for key in fields["jwks"]["keys"]]
    print_table(["METADATA", "VALUE"], [[name, shown(value)] for name, value in fields.items()])


@app.command("block")
def block_client(
    client_id: ClientId,
    world: WorldName = WORLD,
    control: Control = CONTROL,
    as_json: AsJson = False,
) -> None:
    """Block a provider as a whole: from its next call on nothing works."""
    with asking_world(control, world) as found:
        client = found.clients.block(client_id)
        print_one(client, f"Client {client_id} is blocked.", as_json=as_json)


@app.command("unblock")
def unblock_client(
    client_id: ClientId,
    world: WorldName = WORLD,
    control: Control = CONTROL,
    as_json: AsJson = False,
) -> None:
    """Let a blocked provider in again, with what was granted before."""
    with asking_world(control, world) as found:
        client = found.clients.unblock(client_id)
        print_one(client, f"Client {client_id} is let in again.", as_json=as_json)


@app.command("remove")
def remove_client(
    client_id: ClientId,
    world: WorldName = WORLD,
    control: Control = CONTROL,
    as_json: AsJson = False,
) -> None:
    """End a client with all that it was granted; it stays in the list, as ended."""
    with asking_world(control, world) as found:
        found.clients.end(client_id)
        print_one({}, f"Client {client_id} has ended, with all its grants.", as_json=as_json)


@app.command("rotate-secret")
def rotate_secret(
    client_id: ClientId,
    world: WorldName = WORLD,
    control: Control = CONTROL,
    as_json: AsJson = False,
) -> None:
    """Draw a new secret and print it; the one before is over."""
    with asking_world(control, world) as found:
        drawn = found.clients.rotate_secret(client_id)
        print_one(drawn, f"client_secret  {drawn.client_secret}\n{TOLD_ONCE}", as_json=as_json)
