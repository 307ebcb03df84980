"""``bank-sandbox events``: what providers are told, by which deliveries, and where."""

from typing import TYPE_CHECKING, Annotated

import typer

from sandbox.cli.options import (
    CONTROL,
    WORLD,
    AsJson,
    Control,
    OnlyBank,
    OnlyClient,
    WorldName,
    asking_world,
)
from sandbox.cli.output import print_json, print_one, print_rows, print_table, shown

if TYPE_CHECKING:
    from sandbox.client.events import Delivery

app = typer.Typer(
    help="Events: what providers are told by web hooks (the sandbox's own).", no_args_is_help=True
)
Client = Annotated[str, typer.Argument(metavar="CLIENT", help="The client's id")]
DeliveryId = Annotated[str, typer.Argument(metavar="ID", help="From `events deliveries`")]
NO_EVENTS = "No events yet. Send one: bank-sandbox events ping CLIENT"
NO_DELIVERIES = "No deliveries: nobody listens. Register: bank-sandbox events listen CLIENT URL"
TOLD_ONCE = "The secret is told only now. It signs what is sent."


@app.command("list")
def list_events(
    kind: Annotated[str | None, typer.Option("--type", help="grant.revoked, ping …")] = None,
    client: OnlyClient = None,
    world: WorldName = WORLD,
    control: Control = CONTROL,
    as_json: AsJson = False,
) -> None:
    """List the events, told or not, oldest first."""
    columns = {"NO": "number", "AT": "occurred_at", "TYPE": "type", "BANK": "bank"}
    columns |= {"CLIENT": "client_id", "DELIVERIES": "deliveries", "DATA": "data"}
    with asking_world(control, world) as found:
        listed = found.events.list(type=kind, client_id=client)
        print_rows(list(listed), columns, as_json=as_json, nothing=NO_EVENTS)


@app.command("listen")
def listen(
    client: Client,
    url: Annotated[
        str, typer.Argument(help="https, or http on loopback or to a name without dots")
    ],
    secret: Annotated[
        str | None, typer.Option(help="16 to 128 characters [default: one is drawn]")
    ] = None,
    world: WorldName = WORLD,
    control: Control = CONTROL,
    as_json: AsJson = False,
) -> None:
    """Tell a client of events at an address from now on."""
    with asking_world(control, world) as found:
        made = found.events.listen(client, url, secret=secret)
        said = f"{client} is told at {made.url}."
        drawn = "" if made.secret is None else f"\nsecret  {made.secret}\n{TOLD_ONCE}"
        print_one(made, said + drawn, as_json=as_json)


@app.command("listener")
def show_listener(
    client: Client, world: WorldName = WORLD, control: Control = CONTROL, as_json: AsJson = False
) -> None:
    """Show where a client is told."""
    with asking_world(control, world) as found:
        shown_one = found.events.listener(client)
        state = "stopped: register it again" if shown_one.is_stopped else "told"
        print_one(shown_one, f"{client}: {shown_one.url} ({state})", as_json=as_json)


@app.command("silence")
def fall_silent(
    client: Client, world: WorldName = WORLD, control: Control = CONTROL, as_json: AsJson = False
) -> None:
    """Tell a client nothing any more; what waits is stopped."""
    with asking_world(control, world) as found:
        done = found.events.fall_silent(client)
        print_one(done, f"{client} is told nothing any more.", as_json=as_json)


@app.command("ping")
def ping(
    client: Client, world: WorldName = WORLD, control: Control = CONTROL, as_json: AsJson = False
) -> None:
    """Send an event that says nothing, to see whether it is heard."""
    with asking_world(control, world) as found:
        sent = found.events.ping(client)
        print_one(sent, f"Event {sent.id} is on its way to {client}.", as_json=as_json)


@app.command("deliveries")
def list_deliveries(
    client: OnlyClient = None,
    status: Annotated[
        str | None, typer.Option(help="waiting, held, delivered, given_up, stopped, dropped")
    ] = None,
    world: WorldName = WORLD,
    control: Control = CONTROL,
    as_json: AsJson = False,
) -> None:
    """List the deliveries, in the order in which they were queued."""
    columns = {"ID": "id", "TYPE": "type", "CLIENT": "client_id", "STATUS": "status"}
    columns |= {"ATTEMPTS": "attempts", "ANSWER": "answer", "NEXT": "next_at"}
    with asking_world(control, world) as found:
        listed = found.events.deliveries(client_id=client, status=status)
        print_rows(list(listed), columns, as_json=as_json, nothing=NO_DELIVERIES)


@app.command("show")
def show_delivery(
    delivery_id: DeliveryId,
    world: WorldName = WORLD,
    control: Control = CONTROL,
    as_json: AsJson = False,
) -> None:
    """Show a delivery: its body, and each attempt."""
    with asking_world(control, world) as found:
        delivery = found.events.delivery(delivery_id)
        if as_json:
            print_json(delivery)
        else:
            _show(delivery)


def _show(delivery: "Delivery") -> None:
    typer.echo(f"{delivery.type} to {delivery.client_id}: {delivery.status}")
    typer.echo(shown(delivery.body))
    rows = [
        [str(each.number), shown(each.at), shown(each.answer or each.problem), f"{each.took_ms} ms"]
        for each in delivery.tries
    ]
    print_table(["TRY", "AT", "ANSWER", "TOOK"], rows)


@app.command("redeliver")
def redeliver(
    delivery_id: DeliveryId,
    world: WorldName = WORLD,
    control: Control = CONTROL,
    as_json: AsJson = False,
) -> None:
    """Send a delivery once more, without its fault."""
    with asking_world(control, world) as found:
        again = found.events.redeliver(delivery_id)
        print_one(again, f"Delivery {delivery_id} is on its way again.", as_json=as_json)


@app.command("mail")
def list_mail(
    bank: OnlyBank = None,
    world: WorldName = WORLD,
    control: Control = CONTROL,
    as_json: AsJson = False,
) -> None:
    """List the notices that have come by mail."""
    columns = {"AT": "at", "BANK": "bank", "KIND": "kind", "TITLE": "title"}
    with asking_world(control, world) as found:
        listed = found.events.mail(bank=bank)
        print_rows(listed, columns, as_json=as_json, nothing="No mail.")
