"""``bank-sandbox contracts``: contractors with several users, and what is done about them."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from sandbox.cli.options import (
    CONTROL,
    DIRECT_BANK,
    WORLD,
    AsJson,
    Bank,
    Control,
    OnlyBank,
    WorldName,
    asking_world,
    named_value,
)
from sandbox.cli.output import print_json, print_one, print_rows, print_table, shown

if TYPE_CHECKING:
    from sandbox.client.corporate import Contract

app = typer.Typer(
    help="Contracts: contractors with several users, and their rights.", no_args_is_help=True
)
ContractorId = Annotated[str, typer.Argument(help="The contractor's id, from `contracts list`")]
NO_CONTRACTS = "No such contractors."
# What stands for a list, though it may have one member only.
LISTS = frozenset({"services", "refused", "rights", "web_servers", "accounts"})
WORDS = {"true": True, "false": False, "null": None}


@app.command("list")
def list_contracts(
    status: Annotated[
        str | None, typer.Option(help="applied, active, refused, terminated or none")
    ] = None,
    bank: OnlyBank = None,
    world: WorldName = WORLD,
    control: Control = CONTROL,
    as_json: AsJson = False,
) -> None:
    """List contractors: contract, services, client id, and which stage they are at."""
    columns = {"ID": "contractor_id", "PERSONA": "persona", "STATUS": "status"}
    columns |= {"SERVICES": "services", "CLIENT": "client_id", "STAGE": "stage.name"}
    with asking_world(control, world) as found:
        listed = found.contracts.list(bank=bank, status=status)
        print_rows(listed, columns, as_json=as_json, nothing=NO_CONTRACTS)


@app.command("show")
def show_contract(
    contractor_id: ContractorId,
    world: WorldName = WORLD,
    control: Control = CONTROL,
    as_json: AsJson = False,
) -> None:
    """Show a contract with its users and their rights, and what comes next."""
    with asking_world(control, world, listed_by="contracts list") as found:
        contract = found.contracts.get(contractor_id)
        if as_json:
            print_json(contract)
        else:
            _show(contract)


def _show(contract: "Contract") -> None:
    from sandbox.client.answers import plain

    fields = plain(contract)
    users = fields.pop("users")
    fields["stage"] = f"{contract.stage.name}: {contract.stage.en}"
    print_table(["CONTRACT", "VALUE"], [[name, shown(value)] for name, value in fields.items()])
    typer.echo()
    columns = {"USER": "user_id", "CODE": "user_code", "PERSONA": "persona", "ROLE": "role"}
    columns |= {"SECURITY": "is_security_administrator", "SERVICE RIGHT": "has_service_right"}
    columns |= {"RIGHTS": "rights"}
    rows = [[shown(user.get(name)) for name in columns.values()] for user in users]
    print_table(list(columns), rows)


@app.command("act")
def act_on_contract(
    contractor_id: ContractorId,
    act: Annotated[str, typer.Argument(help="apply, accept, set_rights … as in the control API")],
    fields: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME=VALUE]...", help="What the act takes; lists by commas"),
    ] = None,
    bank: Bank = DIRECT_BANK,
    world: WorldName = WORLD,
    control: Control = CONTROL,
    as_json: AsJson = False,
) -> None:
    """Do something about a contract: `contracts act ID accept refused=approval`."""
    with asking_world(control, world, listed_by="contracts list") as found:
        given: Any = dict(_field(text) for text in fields or ())
        done = found.contracts.act(contractor_id, act, bank, **given)
        text = f"Done: {act}."
        if done.client_id is not None:
            text += f"\nclient_id       {done.client_id}"
        if done.encryption_key is not None:
            text += f"\nencryption_key  {done.encryption_key}\nThe key is told only now."
        print_one(done, text, as_json=as_json)


def _field(text: str) -> tuple[str, Any]:
    """Return a field of an act as the API takes it. Raises ``ValueError``: see ``named_value``."""
    name, value = named_value(text)
    if name in LISTS and value not in WORDS:
        return name, [each for each in value.split(",") if each]
    if name.endswith("_yen") and value.isdecimal():
        return name, int(value)
    return name, WORDS.get(value, value)
