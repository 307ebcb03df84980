"""A sandbox in a process of its own: started by its command, ended by a signal."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support import BASE, NOW

# Far more than either ever takes; they only keep a hanging server from hanging the tests.
START_SECONDS = 60
STOP_SECONDS = 20
FLAGS = ("serve", "--port", "0", "--control-port", "0", "--print-json")


@dataclass
class Server:
    """``data_url`` and ``control_url`` are what the process printed when it was ready."""

    process: subprocess.Popen[str]
    data_url: str
    control_url: str
    tls_url: str | None = None

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

    def kill(self) -> None:
        """End the process by the signal that it does not even see."""
        self.send(signal.SIGKILL)
        assert self.ended()[0] == -signal.SIGKILL


def spawn(*flags: str, **environment: str) -> subprocess.Popen[str]:
    """Start ``bank-sandbox serve`` on free ports, with no setting but these."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("SANDBOX_")}
    return subprocess.Popen(
        [Path(sys.executable).with_name("bank-sandbox"), *FLAGS, *flags],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=inherited | environment,
    )


def start(*flags: str, clock: str | None = f"frozen:{NOW}", **environment: str) -> Server:
    """Start a server and return it once it is ready. ``clock`` None: as the default is."""
    clock_flags = () if clock is None else ("--clock", clock)
    process = spawn(*clock_flags, *flags, **environment)
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise AssertionError(f"no server: {process.communicate(timeout=START_SECONDS)}")
    ready: dict[str, Any] = json.loads(line)
    assert ready["pid"] == process.pid
    return Server(
        process=process,
        data_url=ready["data_url"],
        control_url=ready["control_url"],
        tls_url=ready.get("tls_url"),
    )


@contextmanager
def serving(*flags: str, **how: str) -> Iterator[Server]:
    """Run a server for the block and stop it cleanly; a failed block kills it."""
    server = start(*flags, **how)
    try:
        yield server
        if server.process.poll() is None:
            server.stop()
    finally:
        if server.process.poll() is None:
            server.process.kill()
            server.process.communicate()
