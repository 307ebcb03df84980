"""The command in processes of its own: what a person at a terminal and a CI job run."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tests.nursery import Nursery, is_known
from tests.support import BASE, NOW

COMMAND = str(Path(sys.executable).with_name("bank-sandbox"))
FREE_PORTS = ("--port", "0", "--control-port", "0")
AS_JSON = (*FREE_PORTS, "--print-json")
# Far more than either ever takes; they only keep a hanging process from hanging the tests.
PATIENCE_S = 60
STOP_SECONDS = 20
# TMPDIR, once tests/conftest.py has set it: a server that is killed leaves its folder behind.
TEMPORARY: dict[str, str] = {}


def environment(**more: str) -> dict[str, str]:
    """Return this process's environment without its own settings, and without colours."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SANDBOX_")}
    return {**kept, "NO_COLOR": "1", "TERM": "dumb", "COLUMNS": "120", **TEMPORARY, **more}


@cache
def nursery() -> Nursery:
    return Nursery(environment())


def run(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, in a process of its own that need not import it again."""
    command, whole = [COMMAND, *arguments], environment(**env)
    if is_known(whole, nursery().env):
        return nursery().run(command, whole, PATIENCE_S)
    return run_anew(*arguments, **env)


def run_anew(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end as a person's shell does: Python is started for it."""
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
        """Return what ``--print-json`` printed."""
        return json.loads(self.said[0])

    @property
    def data_url(self) -> str:
        return self.addresses["data_url"]

    @property
    def control_url(self) -> str:
        return self.addresses["control_url"]

    @property
    def tls_url(self) -> str:
        return self.addresses["tls_url"]

    @property
    def base(self) -> str:
        return self.data_url + BASE

    @property
    def issuer(self) -> str:
        return f"{self.data_url}/tomato"

    @property
    def control(self) -> str:
        return f"{self.control_url}/api/v1/worlds/default"

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def ended(self, within_s: float = STOP_SECONDS) -> tuple[int, str]:
        """Wait for the end of the process; return its exit code and what it wrote to stderr."""
        _, stderr = self.process.communicate(timeout=within_s)
        return self.process.returncode, stderr

    def stop(self, number: signal.Signals = signal.SIGTERM, within_s: float = STOP_SECONDS) -> None:
        """End the process by a signal that it obeys, without an error and without a word."""
        self.send(number)
        assert self.ended(within_s) == (0, "")

    def last_words(self) -> tuple[str, str]:
        """Stop it as a container's manager does; return the rest of what it wrote."""
        self.send(signal.SIGTERM)
        return self.process.communicate(timeout=STOP_SECONDS)

    def kill(self) -> None:
        """End the process by the signal that it does not even see."""
        self.send(signal.SIGKILL)
        assert self.ended()[0] == -signal.SIGKILL


def spawn(*flags: str, **env: str) -> subprocess.Popen[str]:
    """Start ``bank-sandbox serve`` with no setting but these."""
    return subprocess.Popen(
        [COMMAND, "serve", *flags],
        env=environment(**env),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@contextmanager
def serving(*flags: str, clock: str | None = f"frozen:{NOW}", **env: str) -> Iterator[Server]:
    """Run a server on free ports for the block and stop it cleanly; a failed block kills it.

    ``clock`` None: as the default is.
    """
    clock_flags = () if clock is None else ("--clock", clock)
    with printing(*AS_JSON, *clock_flags, *flags, **env) as server:
        assert server.addresses["pid"] == server.process.pid
        yield server
        if server.process.poll() is None:
            server.stop()


@contextmanager
def printing(*flags: str, until: str = "{", **env: str) -> Iterator[Server]:
    """Run ``serve`` with these flags alone; wait for its line that starts with ``until``."""
    process = spawn(*flags, **env)
    with process:
        try:
            yield Server(process, _lines_until(process, until))
        finally:
            if process.poll() is None:
                _end(process)


def _end(process: subprocess.Popen[str]) -> None:
    """Let it tidy up behind itself, if it can."""
    process.terminate()
    try:
        process.communicate(timeout=STOP_SECONDS)
    except subprocess.TimeoutExpired:
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
