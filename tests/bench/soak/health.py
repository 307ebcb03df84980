"""How the server does over time: memory, open handles, threads, tasks; and the verdict on it."""

import os
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

SLACK = {"handles": 8, "threads": 6, "tasks": 8}


@dataclass(frozen=True, slots=True)
class Sample:
    """``at_s``: since the load began."""

    at_s: float
    rss_mib: float
    handles: int
    threads: int
    tasks: int


def sample(pid: int, note: Path, at_s: float) -> Sample:
    """Look at the process from outside; ``note`` is where it writes how many tasks it has."""
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        lines = dict(line.split(":", 1) for line in status)
    return Sample(
        at_s=at_s,
        rss_mib=int(lines["VmRSS"].split()[0]) / 1024,
        handles=len(os.listdir(f"/proc/{pid}/fd")),
        threads=int(lines["Threads"]),
        tasks=_tasks(pid, note),
    )


def _tasks(pid: int, note: Path) -> int:
    """Ask for the number, and wait for it as long as a loop that is held up may take."""
    note.unlink(missing_ok=True)
    os.kill(pid, signal.SIGUSR1)
    for _ in range(3_000):
        if note.exists():
            return int(note.read_text(encoding="ascii"))
        time.sleep(0.02)
    raise AssertionError("the server does not tell how many tasks it has")


@dataclass(frozen=True, slots=True)
class Growth:
    """One quantity after the warm-up and at the end: the median of a fifth of the samples each."""

    name: str
    before: float
    after: float
    limit: float

    @property
    def is_fine(self) -> bool:
        return self.after <= self.limit

    def __str__(self) -> str:
        change = 100 * (self.after / self.before - 1) if self.before else 0.0
        verdict = "" if self.is_fine else f" — MORE THAN {self.limit:.1f}"
        return f"{self.name}: {self.before:.1f} → {self.after:.1f} ({change:+.1f} %){verdict}"


def growths(samples: Sequence[Sample], *, warm_s: float, percent: float) -> list[Growth]:
    """Compare the end with the time right after the warm-up.

    Raises:
        ValueError: too few samples to tell.
    """
    warm = [one for one in samples if one.at_s >= warm_s]
    if len(warm) < 5:
        raise ValueError(f"{len(warm)} samples after the warm-up are too few")
    fifth = len(warm) // 5
    found = []
    for name in ("rss_mib", "handles", "threads", "tasks"):
        before = median(getattr(one, name) for one in warm[:fifth])
        after = median(getattr(one, name) for one in warm[-fifth:])
        limit = before * (1 + percent / 100) if name == "rss_mib" else before + SLACK[name]
        found.append(Growth(name, before, after, limit))
    return found
