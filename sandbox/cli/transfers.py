"""``bank-sandbox transfers``: requests as the ledger holds them, and what staff do about them."""

from datetime import datetime
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
)
from sandbox.cli.output import print_json, print_one, print_rows, print_table, shown

if TYPE_CHECKING:
    from sandbox.client.corporate import Fees, TransferDetail

app = typer.Typer(help="Transfers: requests, their items, and fees.", no_args_is_help=True)
Reference = Annotated[str, typer.Argument(help="The request's id, from `transfers list`")]
ItemId = Annotated[str, typer.Argument(help="The item's id in the request")]
By = Annotated[str, typer.Option("--by", metavar="USER_ID", help="Who does it at the bank's page")]
Day = Annotated[
    datetime, typer.Option("--on", formats=["%Y-%m-%d"], help="The first day: 2026-12-01")
]
NO_TRANSFERS = "No transfer requests."
NO_SCRIPTS = "Nothing is scripted. Script an account: bank-sandbox transfers script"
REFUSED = "The holder keeps the money."


@app.command("list")
def list_transfers(
    contractor: Annotated[str | None, typer.Option(metavar="ID", help="Only this one's")] = None,
    kind: Annotated[str | None, typer.Option(help="transfer, bulk, payroll or bonus")] = None,
    status: Annotated[str | None, typer.Option(help="Such as awaiting_approval, settled")] = None,
    bank: OnlyBank = None,
    world: WorldName = WORLD,
    control: Control = CONTROL,
    as_json: AsJson = False,
) -> None:
    """List transfer requests, in the order in which they were first sent."""
    columns = {"ID": "reference", "KIND": "kind", "STATUS": "status", "ON": "designated_on"}
    columns |= {"ITEMS": "item_count", "YEN": "total_yen", "FEES": "fees_yen"}
    columns |= {"BY": "requester", "APPROVED BY": "approved_by", "CONTRACTOR": "contractor_id"}
    with asking_world(control, world) as found:
        listed = found.transfers.list(bank=bank, contractor_id=contractor, kind=kind, status=status)
        print_rows(listed, columns, as_json=as_json, nothing=NO_TRANSFERS)


@app.command("show")
def show_transfer(
    reference: Reference,
    world: WorldName = WORLD,
    control: Control = CONTROL,
    as_json: AsJson = False,
) -> None:
    """Show a request: what it is, what was done to it, and its items (the first thousand)."""
    with asking_world(control, world) as found:
        detail = found.transfers.get(reference)
        if as_json:
            print_json(detail)
        else:
            _show(detail)


def _show(detail: "TransferDetail") -> None:
    from sandbox.client.answers import plain

    request = plain(detail.transfer)
    print_table(["REQUEST", "VALUE"], [[name, shown(value)] for name, value in request.items()])
    typer.echo()
    columns = {"AT": "at", "EVENT": "event", "STATUS": "status", "BY": "user_code"}
    print_rows(detail.acts, columns, as_json=False, nothing="")
    typer.echo()
    columns = {"ITEM": "item_id", "STATUS": "status", "YEN": "amount_yen", "FEE": "fee_yen"}
    columns |= {"BANK": "bank_code", "BRANCH": "branch_code", "NUMBER": "account_number"}
    columns |= {"NAME": "beneficiary_name", "REASON": "reason"}
    print_rows(detail.items, columns, as_json=False, nothing="")


@app.command("ask-recall")
def ask_recall(
    reference: Reference,
    item_id: ItemId,
    by: By,
    bank: Bank = DIRECT_BANK,
    world: WorldName = WORLD,
    control: Control = CONTROL,
    as_json: AsJson = False,
) -> None:
    """Ask for a paid item back (組戻依頼), as a user at the bank's page."""
    with asking_world(control, world, listed_by="contracts list") as found:
        found.transfers.ask_recall(reference, item_id, by, bank=bank)
        print_one({}, f"Item {item_id} is asked back.", as_json=as_json)


@app.command("answer-recall")
def answer_recall(
    reference: Reference,
    item_id: ItemId,
    is_refused: Annotated[bool, typer.Option("--refuse", help=REFUSED)] = False,
    bank: Bank = DIRECT_BANK,
    world: WorldName = WORLD,
    control: Control = CONTROL,
    as_json: AsJson = False,
) -> None:
    """Answer a recall for the beneficiary's side: agreed, unless --refuse."""
    with asking_world(control, world) as found:
        found.transfers.answer_recall(reference, item_id, agreed=not is_refused, bank=bank)
        said = "refused" if is_refused else "agreed"
        print_one({}, f"The recall of item {item_id} is {said}.", as_json=as_json)


@app.command("report-unable")
def report_unable(
    reference: Reference,
    item_id: ItemId,
    reason: Annotated[str, typer.Option(help="Why")] = "account_closed",
    bank: Bank = DIRECT_BANK,
    world: WorldName = WORLD,
    control: Control = CONTROL,
    as_json: AsJson = False,
) -> None:
    """Let the beneficiary's bank report that it cannot pay (不能): the money comes back."""
    with asking_world(control, world) as found:
        found.transfers.report_unable(reference, item_id, reason, bank=bank)
        text = f"Item {item_id} comes back on the next business day."
        print_one({}, text, as_json=as_json)


@app.command("delete")
def delete_transfer(
    reference: Reference,
    by: By,
    bank: Bank = DIRECT_BANK,
    world: WorldName = WORLD,
    control: Control = CONTROL,
    as_json: AsJson = False,
) -> None:
    """Delete a request that could be sent again, as a user at the bank's page."""
    with asking_world(control, world, listed_by="contracts list") as found:
        found.transfers.delete(reference, by, bank=bank)
        print_one({}, f"Request {reference} is deleted; its record stays.", as_json=as_json)


@app.command("script")
def script(
    bank_code: Annotated[str, typer.Argument(help="Four digits")],
    branch_code: Annotated[str, typer.Argument(help="Three digits")],
    account_number: Annotated[str, typer.Argument(help="Seven digits")],
    unable: Annotated[
        str | None, typer.Option(metavar="REASON", help="Nothing can be paid: account_closed")
    ] = None,
    recall: Annotated[str | None, typer.Option(help="agreed, refused or none")] = None,
    bank: Bank = DIRECT_BANK,
    world: WorldName = WORLD,
    control: Control = CONTROL,
    as_json: AsJson = False,
) -> None:
    """Decide what becomes of payments to an account, wherever it is."""
    with asking_world(control, world) as found:
        found.transfers.script(
            bank_code,
            branch_code,
            account_number,
            unable_reason=unable,
            recall_answer=recall,
            bank=bank,
        )
        place = f"{bank_code}-{branch_code}-{account_number}"
        print_one({}, f"Payments to {place} are scripted.", as_json=as_json)


@app.command("scripts")
def list_scripts(
    bank: Bank = DIRECT_BANK,
    world: WorldName = WORLD,
    control: Control = CONTROL,
    as_json: AsJson = False,
) -> None:
    """List what is scripted of payments to accounts."""
    columns = {"BANK": "bank_code", "BRANCH": "branch_code", "NUMBER": "account_number"}
    columns |= {"UNABLE": "unable_reason", "RECALL": "recall_answer"}
    with asking_world(control, world) as found:
        scripts = found.transfers.scripts(bank=bank)
        print_rows(scripts, columns, as_json=as_json, nothing=NO_SCRIPTS)


@app.command("fees")
def show_fees(
    bank: Bank = DIRECT_BANK,
    world: WorldName = WORLD,
    control: Control = CONTROL,
    as_json: AsJson = False,
) -> None:
    """Show fees and consumption tax, each by its first day."""
    with asking_world(control, world) as found:
        _show_fees(found.transfers.fees(bank=bank), as_json=as_json)


@app.command("set-fees")
def set_fees(
    first_day: Day,
    band: Annotated[
        list[str] | None,
        typer.Option(metavar="FROM:OWN:OTHER", help="Yen: 1:0:330, 30000:0:660; once for each"),
    ] = None,
    contract_yen: Annotated[
        int | None, typer.Option(help="Contract fee of a month, without tax; with --band")
    ] = None,
    tax: Annotated[int | None, typer.Option(help="Consumption tax in percent")] = None,
    bank: Bank = DIRECT_BANK,
    world: WorldName = WORLD,
    control: Control = CONTROL,
    as_json: AsJson = False,
) -> None:
    """Change fees, tax or both from a day on."""
    with asking_world(control, world) as found:
        changed = found.transfers.set_fees(
            first_day.date(),
            bands=[_band(text) for text in band] if band else None,
            contract_yen=contract_yen,
            tax_percent=tax,
            bank=bank,
        )
        _show_fees(changed, as_json=as_json)


def _band(text: str) -> dict[str, int]:
    """Return a fee band. Raises ``ValueError`` where it is not three numbers."""
    parts = text.split(":")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() for part in parts):
        raise ValueError(f"{text!r} is no fee band: write FROM:OWN:OTHER, such as 1:0:330")
    names = ("from_yen", "own_bank_yen", "other_bank_yen")
    return dict(zip(names, map(int, parts), strict=True))


def _show_fees(fees: "Fees", *, as_json: bool) -> None:
    if as_json:
        print_json(fees)
        return
    rows: list[list[Any]] = [
        [schedule["effective_on"], schedule["contract_yen"], *band.values()]
        for schedule in fees.schedules
        for band in schedule["bands"]
    ]
    headings = ["FROM DAY", "CONTRACT FEE", "FROM YEN", "OWN BANK", "OTHER BANK"]
    print_table(headings, [list(map(shown, row)) for row in rows])
    typer.echo()
    taxes = [[shown(each["effective_on"]), shown(each["percent"])] for each in fees.tax_rates]
    print_table(["FROM DAY", "TAX %"], taxes)
