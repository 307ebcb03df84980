"""What the commands that drive a running server have in common: options, errors, exit codes."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    from sandbox.client import ProblemError, Sandbox, World

EXIT_REFUSED = 1  # the server says no
EXIT_USAGE = 2  # the command line makes no sense
EXIT_UNREACHABLE = 3  # no server answers

Control = Annotated[
    str,
    typer.Option(
        "--control",
        envvar="SANDBOX_CONTROL",
        metavar="URL",
        help="Address of the server's control door. [default: http://127.0.0.1:8081]",
        show_default=False,
    ),
]
WorldName = Annotated[str, typer.Option("--world", metavar="NAME", help="Which world")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs")]
Bank = Annotated[str, typer.Option("--bank", help="Which bank")]
Scope = Annotated[str, typer.Option("--scope", help="Scopes, joined by spaces")]

CONTROL, WORLD, BANK, SCOPE = "", "default", "tomato", "accounts"

# What to do next, by the problem's type.
NEXT_STEPS = {
    "unknown-world": "See them all: bank-sandbox worlds list",
    "world-exists": "Take another name, or delete it: bank-sandbox worlds delete NAME",
    "unknown-snapshot": "See them all: bank-sandbox snapshot list",
    "unknown-persona": "See them all: bank-sandbox worlds show",
    "unknown-client": "See them all: bank-sandbox clients list",
    "client-exists": "Take another --id, or end it: bank-sandbox clients remove ID",
    "no-client-secret": "See how it authenticates: bank-sandbox clients show ID",
    "unknown-bank": "See them all: bank-sandbox worlds show",
    "unknown-subject": "See what there is: bank-sandbox tokens list, bank-sandbox grants list",
    "unknown-transfer": "See them all: bank-sandbox transfers list",
    "authorization-refused": "See redirect URIs and scopes: bank-sandbox worlds show",
    "unauthorized": "Put the server's token into SANDBOX_CONTROL_TOKEN",
    "unknown-fault": "See them all: bank-sandbox faults list",
    "unknown-delivery": "See them all: bank-sandbox events deliveries",
    "no-notifications": "Register one: bank-sandbox events listen CLIENT URL",
    "unknown-stop": "See them all: bank-sandbox maintenance list",
    "tls-off": "Start one with TLS: bank-sandbox serve --tls",
    "invalid-clock": "See what it reads: bank-sandbox clock show",
}
START_ONE = (
    "Start one with `bank-sandbox serve`, or say where it is with --control or SANDBOX_CONTROL"
)
SEE_NAMES = "See all names: bank-sandbox worlds show"


def fail(code: int, message: str, next_step: str | None = None) -> NoReturn:
    """End the command with ``code`` and one line, or two, on standard error."""
    typer.echo(f"bank-sandbox: {message}", err=True)
    if next_step:
        typer.echo(f"  {next_step}", err=True)
    raise typer.Exit(code)


@contextmanager
def asking(control: str) -> Iterator["Sandbox"]:
    """Give the server at ``control`` to the block; what goes wrong there ends the command."""
    from sandbox.client import ProblemError, Sandbox, UnknownName, Unreachable

    try:
        yield Sandbox(control or None)
    except ProblemError as problem:
        fail(EXIT_REFUSED, str(problem), _next_step(problem))
    except UnknownName as error:
        fail(EXIT_REFUSED, str(error), SEE_NAMES)
    except Unreachable as error:
        fail(EXIT_UNREACHABLE, str(error), START_ONE)
    except (ValueError, OSError) as error:
        fail(EXIT_USAGE, str(error))


@contextmanager
def asking_world(control: str, name: str) -> Iterator["World"]:
    """Give one world of the server to the block; else as ``asking``."""
    with asking(control) as sandbox:
        yield sandbox.world(name)


def _next_step(problem: "ProblemError") -> str | None:
    """Return which fields to mend, where the server names them, else what helps in general."""
    fields = [f"{each['field']}: {each['problem']}" for each in problem.more.get("errors", ())]
    return "\n  ".join(fields) or NEXT_STEPS.get(problem.slug)
