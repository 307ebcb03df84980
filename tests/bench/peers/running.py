"""A peer in its process: how long until it answers, and what it holds."""

import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench.load import spent_s
from tests.process import environment

PATIENCE_S = 120.0
LOOK_S = 0.01
STOP_S = 10.0


@dataclass(frozen=True, slots=True)
class Started:
    """``wall_ms``, ``cpu_ms``: from the start of the process to its first answer."""

    pid: int
    url: str
    wall_ms: float
    cpu_ms: float

    @property
    def memory_mb(self) -> float:
        """Resident memory of now."""
        with open(f"/proc/{self.pid}/status", encoding="ascii") as status:
            lines = dict(line.split(":", 1) for line in status)
        return int(lines["VmRSS"].split()[0]) * 1024 / 1e6


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def started(
    command: list[str], port: int, path: str, folder: Path, **env: str
) -> Iterator[Started]:
    """Run ``command`` until it answers at ``path``, and for the block."""
    url = f"http://127.0.0.1:{port}"
    begun = time.perf_counter()
    with (folder / "peer.log").open("w") as log:
        process = subprocess.Popen(
            command, cwd=folder, stdout=log, stderr=log, env=environment(**env)
        )
    with process:
        try:
            while not answers(url + path):
                if process.poll() is not None or time.perf_counter() > begun + PATIENCE_S:
                    said = (folder / "peer.log").read_text(encoding="utf-8")
                    raise RuntimeError(f"{command} does not answer: {said[-2000:]}")
                time.sleep(LOOK_S)
            wall_ms = (time.perf_counter() - begun) * 1000
            yield Started(process.pid, url, wall_ms, spent_s(process.pid) * 1000)
        finally:
            stop(process)


def stop(process: subprocess.Popen[bytes]) -> None:
    """Let it tidy up, if it does so soon."""
    process.terminate()
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()


def answers(url: str) -> bool:
    """Whether anything is said there at all: a refusal is an answer too."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            answer.read()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True
