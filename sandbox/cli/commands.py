"""The commands, for people: help, completion and messages by Typer."""

import inspect
from typing import Annotated, Any

import typer

from sandbox import __version__
from sandbox.cli import (
    access,
    accounts,
    acts,
    calendar,
    certs,
    clients,
    clock,
    contracts,
    events,
    faults,
    keys,
    snapshots,
    transfers,
    worlds,
)
from sandbox.cli.conduct import conduct
from sandbox.cli.health import run_health, run_wait
from sandbox.cli.journal import journal
from sandbox.cli.login import login
from sandbox.cli.run import run
from sandbox.cli.scenarios import scenarios
from sandbox.cli.serve import EXIT_USAGE, run_server
from sandbox.domain.duration import parse_duration
from sandbox.settings import SETTINGS, Setting

app = typer.Typer(
    name="bank-sandbox",
    help="A sandbox of a Japanese bank's open API: OAuth pages, accounts, statements.",
    no_args_is_help=True,
    rich_markup_mode=None,  # Rich costs a tenth of a second before the first line of help
    pretty_exceptions_enable=False,
)


def _option(setting: Setting) -> inspect.Parameter:
    """Return the option that stands for a setting, as Typer reads it from a signature."""
    shown = typer.Option(setting.flag, help=f"{setting.help} [{setting.env}; {_default(setting)}]")
    kind: Any = bool if setting.is_switch else str | None
    return inspect.Parameter(
        setting.name,
        inspect.Parameter.KEYWORD_ONLY,
        default=False if setting.is_switch else None,
        annotation=Annotated[kind, shown],
    )


def _default(setting: Setting) -> str:
    return f"default {setting.default}" if setting.default else "no default"


def serve(**given: Any) -> None:
    """Run the bank. Settings come from flags, then from SANDBOX_* variables."""
    flags = {name: "1" if value is True else value for name, value in given.items() if value}
    raise typer.Exit(run_server(flags))


# The options are the table's, so that no flag can be missing here or there.
serve.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
    [_option(setting) for setting in SETTINGS if setting.flag is not None]
)
serve.__annotations__ = {}
app.command()(serve)

UrlOption = Annotated[str, typer.Option(help="Address of the bank door, or of the control door")]


@app.command()
def health(url: UrlOption = "") -> None:
    """Ask a server once whether it is ready. Exit code 0 where it is, else 1."""
    raise typer.Exit(run_health(url))


@app.command()
def wait(
    url: UrlOption = "",
    timeout: Annotated[str, typer.Option(help="How long to wait: 30s, 2m")] = "30s",
) -> None:
    """Wait until a server is ready. Exit code 0 once it is, 1 when the time is over."""
    try:
        timeout_s = parse_duration(timeout) / 1000
    except ValueError as error:
        typer.echo(f"bank-sandbox: --timeout: {error}", err=True)
        raise typer.Exit(EXIT_USAGE) from None
    raise typer.Exit(run_wait(url, timeout_s))


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(f"bank-sandbox {__version__}")


# What drives a running server, over its control door.
app.add_typer(worlds.app, name="worlds")
app.add_typer(clients.app, name="clients")
app.add_typer(snapshots.app, name="snapshot")
app.command()(clock.reset)
app.add_typer(clock.app, name="clock")
app.command()(login)
app.add_typer(access.tokens, name="tokens")
app.add_typer(access.grants, name="grants")
app.command()(access.authorize)
app.add_typer(accounts.app, name="accounts")
app.add_typer(contracts.app, name="contracts")
app.add_typer(transfers.app, name="transfers")
app.command()(access.unlock)
app.command()(access.revoke)
app.command()(journal)
app.command()(conduct)
app.add_typer(certs.app, name="certs")
app.add_typer(keys.app, name="keys")
app.command()(run)
app.add_typer(scenarios, name="scenarios")
app.add_typer(faults.app, name="faults")
app.add_typer(acts.app, name="acts")
app.add_typer(calendar.calendar, name="calendar")
app.add_typer(calendar.maintenance, name="maintenance")
app.add_typer(calendar.notices, name="notices")
app.add_typer(calendar.terms, name="terms")
app.add_typer(events.app, name="events")
