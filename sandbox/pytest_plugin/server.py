"""A sandbox of its own for a test process: started by its command, ended with the session."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sandbox.client import Sandbox
from sandbox.pytest_plugin.bank import CLOCK

STOP_SECONDS = 20
# Each process has its own address and directory; the bank's rules (SANDBOX_TOMATO_…) are kept.
OWN = frozenset(
    f"SANDBOX_{name}"
    for name in (
        *("HOST", "PORT", "TLS_PORT", "CONTROL_HOST", "CONTROL_PORT"),
        *("BASE_URL", "DATA", "WORLD_FILE", "READY_FILE"),
    )
)
COMMAND = (sys.executable, "-m", "sandbox", "serve", "--print-json")
FLAGS = ("--port", "0", "--tls-port", "0", "--control-port", "0", "--clock", CLOCK)


class NoServer(Exception):
    """The server did not start; the message holds what it wrote."""


@contextmanager
def sandbox_for(url: str | None, folder: Path) -> Iterator[Sandbox]:
    """Give the running server at ``url``, or one started for the block; its log is in ``folder``.

    Raises:
        NoServer, Unreachable: as their names say.
    """
    if url is not None:
        sandbox = Sandbox(url)
        sandbox.worlds.list()
        yield sandbox
        return
    log = folder / "server.log"
    with log.open("w", encoding="utf-8") as stderr:
        process = subprocess.Popen(
            [*COMMAND, *FLAGS],
            stdout=subprocess.PIPE,
            stderr=stderr,
            env=_environment(),
            text=True,
        )
        with process:
            try:
                yield Sandbox(_control_url(process, log))
            finally:
                _stop(process)


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in OWN}


def _control_url(process: subprocess.Popen[str], log: Path) -> str:
    """Wait for the line that the server prints once it is ready."""
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        process.wait()
        raise NoServer(f"bank-sandbox did not start: {log.read_text(encoding='utf-8')}")
    return str(json.loads(line)["control_url"])


def _stop(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
