"""What worlds cost over the control door: making, keeping, going back; and many of them alive."""

import json
import time
import urllib.request
from functools import cache
from statistics import median
from typing import Any

from tests.bench.load import cpu_s
from tests.process import Server, serving

Figures = tuple[float, float, float]
Found = dict[str, Figures]
ALIVE = 200
OPEN = 32  # the default of SANDBOX_MOST_OPEN_WORLDS
FROZEN = {"mode": "frozen", "at": "2026-11-16T10:00:00+09:00"}


@cache
def figures(rounds: int) -> Found:
    """Return ms of wall time and (``… cpu``) of CPU for each act, and MB with ``ALIVE`` worlds."""
    with serving(clock=None, SANDBOX_MOST_WORLDS=str(ALIVE + 10)) as server:
        base = f"{server.control_url}/api/v1/worlds"
        post_json(base, {"name": "warm", "clock": FROZEN})  # the template is made once
        taken: dict[str, list[float]] = {}
        snapshots = f"{base}/default/snapshots"  # of one world, as a suite of tests has it

        def timed(name: str, url: str, body: dict[str, Any]) -> None:
            cpu, begun = cpu_s(server.process.pid), time.perf_counter()
            post_json(url, body)
            taken.setdefault(name, []).append((time.perf_counter() - begun) * 1000)
            used_ms = (cpu_s(server.process.pid) - cpu) * 1000
            taken.setdefault(f"{name} cpu", []).append(used_ms)

        for number in range(rounds * 4):
            timed("new world", base, {"name": f"n{number}", "clock": FROZEN})
            timed("snapshot", snapshots, {"name": f"s{number}"})
            timed("restore", f"{snapshots}/s{number}/restore", {})
        for number in range(rounds * 4, ALIVE - 2):
            post_json(base, {"name": f"n{number}", "clock": FROZEN})
        found = {name: (median(ms), min(ms), max(ms)) for name, ms in taken.items()}
        rss = resident_mb(server)
        return {**found, "alive": (rss, rss, rss)}


def resident_mb(server: Server) -> float:
    with open(f"/proc/{server.process.pid}/status", encoding="ascii") as status:
        lines = dict(line.split(":", 1) for line in status)
    return int(lines["VmRSS"].split()[0]) * 1024 / 1e6


def post_json(url: str, body: dict[str, Any]) -> None:
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        answer.read()
