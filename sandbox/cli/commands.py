"""The commands, for people: help, completion and messages by Typer."""

import inspect
import os
import sys
import time
from typing import Annotated, Any

import typer

from sandbox import __version__
from sandbox.cli.serve import EXIT_USAGE, run_server
from sandbox.settings import SETTINGS, Setting

app = typer.Typer(
    name="bank-sandbox",
    help="A sandbox of a Japanese bank's open API: OAuth pages, accounts, statements.",
    no_args_is_help=True,
    rich_markup_mode=None,  # Rich costs a tenth of a second before the first line of help
    pretty_exceptions_enable=False,
)
ControlOption = Annotated[
    str,
    typer.Option("--control", envvar="SANDBOX_CONTROL", help="Address of the control door"),
]
DEFAULT_CONTROL = "http://127.0.0.1:8081"


def _parameter(setting: Setting) -> inspect.Parameter:
    """Return the option that stands for a setting, as Typer reads it from a signature."""
    text = f"{setting.help} [{setting.env}]"
    kind: Any = bool if setting.is_switch else str
    default = None if setting.is_switch else setting.default or None
    shown = typer.Option(
        default, setting.flag, help=text, show_default=bool(setting.default), is_flag=None
    )
    return inspect.Parameter(
        setting.name, inspect.Parameter.KEYWORD_ONLY, default=shown, annotation=kind
    )


def serve(**given: Any) -> None:
    """Run the bank. Settings come from flags, then from SANDBOX_* variables."""
    flags = {
        name: ("1" if value else "0") if isinstance(value, bool) else value
        for name, value in given.items()
        if value is not None
    }
    raise typer.Exit(run_server(flags))


app.command()(serve)


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(f"bank-sandbox {__version__}")
