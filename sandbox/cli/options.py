"""What the commands that drive a running server have in common: options, errors, exit codes."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from sandbox.domain.printable import printable

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
OnlyBank = Annotated[str | None, typer.Option("--bank", help="Only this bank's")]
OnlyClient = Annotated[
    str | None, typer.Option("--client", metavar="CLIENT_ID", help="Only this client's")
]
OnlyPersona = Annotated[
    str | None, typer.Option("--persona", metavar="NAME", help="Only this one's")
]

CONTROL, WORLD, BANK, SCOPE = "", "default", "tomato", "accounts"
DIRECT_BANK = "web21"  # the one whose contractors have contracts

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
    "unknown-scenario": "See them all: bank-sandbox scenarios runs",
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
    typer.echo(printable(f"bank-sandbox: {message}"), err=True)
    if next_step:
        typer.echo(f"  {next_step}", err=True)
    raise typer.Exit(code)


@contextmanager
def asking(control: str, *, listed_by: str | None = None) -> Iterator["Sandbox"]:
    """Give the server at ``control`` to the block; what goes wrong there ends the command.

    ``listed_by``: the command that lists what the block names, for a name that there is not.
    """
    from sandbox.client import ProblemError, Sandbox, UnknownName, Unreachable

    try:
        yield Sandbox(control or None)
    except ProblemError as problem:
        fail(EXIT_REFUSED, str(problem), _next_step(problem, listed_by))
    except UnknownName as error:
        fail(EXIT_REFUSED, str(error), SEE_NAMES)
    except Unreachable as error:
        fail(EXIT_UNREACHABLE, str(error), START_ONE)
    except BrokenPipeError:  # whoever read the answer is gone: nothing is wrong with the command
        raise
    except (ValueError, OSError) as error:
        fail(EXIT_USAGE, str(error))


@contextmanager
def asking_world(control: str, name: str, *, listed_by: str | None = None) -> Iterator["World"]:
    """Give one world of the server to the block; else as ``asking``."""
    with asking(control, listed_by=listed_by) as sandbox:
        yield sandbox.world(name)


def named_value(text: str) -> tuple[str, str]:
    """Return name and value of ``NAME=VALUE``. Raises ``ValueError`` for anything else."""
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise ValueError(f"{text!r} is no NAME=VALUE")
    return name, value


def _next_step(problem: "ProblemError", listed_by: str | None) -> str | None:
    """Return which fields to mend, where the server names them, else what helps in general."""
    errors = problem.more.get("errors", ())
    if errors:
        # The whole request has no name, and what is wrong with it stands by itself.
        told = [f"{each['field']}: {each['problem']}".removeprefix(": ") for each in errors]
        return "\n  ".join(each for each in told if each != problem.detail) or None
    if problem.slug == "unknown-subject" and listed_by is not None:
        return f"See them all: bank-sandbox {listed_by}"
    return NEXT_STEPS.get(problem.slug)
