"""The command ``bank-sandbox``.

``serve`` and ``health`` are read without Typer: importing it costs more than opening the bank does,
and a server has to be ready soon. Whatever is not plainly right is left to Typer, which explains.
"""

import os
import sys


def main() -> None:
    """Run the command line."""
    try:
        _run()
    except BrokenPipeError:  # whoever read the answer is gone; Typer ends its commands like this
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


def _run() -> None:
    if sys.argv[1:2] == ["health"]:
        from sandbox.cli.health import plain_url, run_health

        url = plain_url(sys.argv[2:])
        if url is not None:
            sys.exit(run_health(url))
    from sandbox.cli.serve import plain_flags, run_server

    if sys.argv[1:2] == ["serve"]:
        flags = plain_flags(sys.argv[2:])
        if flags is not None:
            sys.exit(run_server(flags))
    from sandbox.cli.commands import app

    app()
