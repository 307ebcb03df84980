"""``bank-sandbox accounts``: what the ledger holds, and what the staff do about an account."""

from typing import Annotated

import typer

from sandbox.cli.options import (
    BANK,
    CONTROL,
    WORLD,
    AsJson,
    Bank,
    Control,
    OnlyBank,
    OnlyPersona,
    WorldName,
    asking_world,
)
from sandbox.cli.output import print_one, print_rows

app = typer.Typer(help="Accounts: balances, entries, and shutting one.", no_args_is_help=True)
AccountId = Annotated[str, typer.Argument(help="The account's id, from `accounts list`")]
DONE = {"freeze": "frozen", "restrict": "restricted", "open": "open", "close": "closed"}


@app.command("list")
def list_accounts(
    persona: OnlyPersona = None,
    bank: OnlyBank = None,
    world: WorldName = WORLD,
    control: Control = CONTROL,
    as_json: AsJson = False,
) -> None:
    """List accounts by id, with what the ledger holds."""
    columns = {"ID": "account_id", "BANK": "bank", "PERSONA": "persona", "HOLDER": "holder_name"}
    columns |= {"TYPE": "account_type", "STATE": "state", "YEN": "balance_yen"}
    with asking_world(control, world) as found:
        listed = found.accounts.list(bank=bank, persona=persona)
        print_rows(listed, columns, as_json=as_json, nothing="No such accounts.")


@app.command("post", context_settings={"ignore_unknown_options": True})
def post_entry(
    account_id: AccountId,
    amount_yen: Annotated[int, typer.Argument(help="Deposits above 0, withdrawals below")],
    abstract: Annotated[str, typer.Option(help="摘要, in kana")] = "ﾃｽﾄ",
    bank: Bank = BANK,
    world: WorldName = WORLD,
    control: Control = CONTROL,
    as_json: AsJson = False,
) -> None:
    """Book a line on an account, and print the balance after it."""
    with asking_world(control, world, listed_by="accounts list") as found:
        booked = found.accounts.post(account_id, amount_yen, abstract, bank=bank)
        text = f"Booked; the balance is {booked.balance_yen} yen."
        print_one(booked, text, as_json=as_json)


def _add(act: str, done: str) -> None:
    """Add the command that puts an account into a state."""

    def turn(
        account_id: AccountId,
        bank: Bank = BANK,
        world: WorldName = WORLD,
        control: Control = CONTROL,
        as_json: AsJson = False,
    ) -> None:
        with asking_world(control, world, listed_by="accounts list") as found:
            found.accounts.set_state(account_id, act, bank=bank)
            print_one({}, f"Account {account_id} is {done}.", as_json=as_json)

    app.command(act, help=f"Let an account be {done} from the next call on.")(turn)


for _act, _done in DONE.items():
    _add(_act, _done)
