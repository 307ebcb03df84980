"""The command in processes of its own: what a person at a terminal and a CI job run."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

COMMAND = str(Path(sys.executable).with_name("bank-sandbox"))
FREE_PORTS = ("--port", "0", "--control-port", "0")
PATIENCE_S = 60


def environment(**more: str) -> dict[str, str]:
    """Return this process's environment without its own settings, and without colours."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SANDBOX_")}
    return {**kept, "NO_COLOR": "1", "TERM": "dumb", "COLUMNS": "120", **more}


def run(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [COMMAND, *arguments],
        env=environment(**env),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


@dataclass
class Server:
    """A running ``bank-sandbox serve``. ``said`` is what it printed until it was ready."""

    process: subprocess.Popen[str]
    said: list[str]

    @property
    def addresses(self) -> dict[str, Any]:
        return json.loads(self.said[0])

    def stop(self) -> tuple[str, str]:
        """Stop it as a container's manager does; return the rest of what it wrote."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.communicate(timeout=PATIENCE_S)


@contextmanager
def serving(*flags: str, until: str = "{", **env: str) -> Iterator[Server]:
    """Run ``serve`` on free ports and wait for the line that starts with ``until``."""
    command: Sequence[str] = [COMMAND, "serve", *flags]
    process = subprocess.Popen(
        command,
        env=environment(**env),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield Server(process, _lines_until(process, until))
        finally:
            if process.poll() is None:
                process.kill()


def _lines_until(process: subprocess.Popen[str], start: str) -> list[str]:
    assert process.stdout is not None
    lines: list[str] = []
    for line in process.stdout:
        lines.append(line.rstrip("\n"))
        if line.startswith(start):
            return lines
    assert process.stderr is not None
    raise AssertionError(f"it ended before it was ready: {lines} {process.stderr.read()}")
